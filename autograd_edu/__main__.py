"""The command line: `python -m autograd_edu`."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
