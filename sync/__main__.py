"""``python -m sync``: the same as ``roster-sync``."""

from __future__ import annotations

import sys

from sync.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
