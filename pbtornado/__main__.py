"""`python -m pbtornado`."""

import sys

from .cli import main

sys.exit(main())
