"""``python -m countenance`` is the ``countenance`` command."""

import sys

from countenance.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
