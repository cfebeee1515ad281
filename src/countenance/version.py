"""Which version this is. Kept apart from the package itself, so that lower rooms need not import what lies above."""

VERSION = "0.1.0"
