"""`python -m inboxd` is the command line."""

from inboxd.cli import main

raise SystemExit(main())
