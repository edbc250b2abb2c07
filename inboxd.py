#!/usr/bin/env python3
"""inboxd from a checkout: `python3 inboxd.py demo`. The code is in the package beside this file."""

import sys
from pathlib import Path

# `python -P` leaves the script's own folder out.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from inboxd.bootstrap import run

raise SystemExit(run(Path(__file__).resolve().parent))
