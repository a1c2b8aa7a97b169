"""`python -I -m warmline`: the same as the installed command."""

import sys

from warmline.main import main

if __name__ == "__main__":
    sys.exit(main())
