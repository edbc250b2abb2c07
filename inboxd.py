#!/usr/bin/env python3
"""inboxd from a checkout: `python3 inboxd.py demo`. The code is in the package beside this file."""

from pathlib import Path

from inboxd.bootstrap import run

raise SystemExit(run(Path(__file__).resolve().parent))
