"""``python -m countenance.check``: the same as the command ``countenance-check``."""

import sys

from countenance.check import main

sys.exit(main())
