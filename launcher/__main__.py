"""Entry point of `python -m launcher`, called by the `jalon` shell script."""

import sys

from launcher.cli import entry

sys.exit(entry(sys.argv[1:]))
