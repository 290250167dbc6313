"""``python -m flmcore``."""

import sys

from flmcore.cli import main

sys.exit(main())
