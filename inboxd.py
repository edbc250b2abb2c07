#!/usr/bin/env python3
"""inboxd from a checkout: `python3 inboxd.py demo`. The code is in the package beside this file."""

import sys

try:
    # A Ctrl-C may come while any of this is imported.
    from pathlib import Path

    root = Path(__file__).resolve().parent
    # `python -P` leaves the script's own folder out.
    sys.path.insert(0, str(root))

    from inboxd.bootstrap import run

    code = run(root)
except KeyboardInterrupt:
    code = 130
raise SystemExit(code)
