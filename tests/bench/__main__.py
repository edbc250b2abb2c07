"""`python -m tests.bench [--quick]`: exits 1 when what was stored or delivered does not add up,
never because something was slow."""

import argparse
import os
import sys
import time

from tests.bench.dashboard import dashboard
from tests.bench.deliveries import alone, latency, while_posting
from tests.bench.footprint import footprint
from tests.bench.isolation import isolation
from tests.bench.posting import check_stored, many_webhooks, posting
from tests.bench.processes import step_aside
from tests.bench.report import Report
from tests.bench.rules import rules
from tests.bench.scale import indexing, scale
from tests.bench.world import CONVERSATIONS, world


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, about 3 minutes instead of 10")
    quick = parser.parse_args().quick
    began = time.monotonic()
    pinned = step_aside()
    report = Report()
    with world() as made:
        if quick:
            posting(made, report, 3, (1, 32))
        else:
            posting(made, report, 5)
        while_posting(made, report, 1 if quick else 3, 1 if quick else 2, check_stored)
        latency(made, report, 50 if quick else 300)
        alone(made, report, 1 if quick else 3)
        isolation(made, report, 1 if quick else 3, 100 if quick else 300)
        many_webhooks(made, report, 1 if quick else 3)
        rules(made, report, 1 if quick else 3)
        scale(made, report, *((1, (4_000, 100_000)) if quick else (5,)))
        dashboard(made, report, *((1, 2_000, 20) if quick else (3,)))
        indexing(made, report, *((1, (4_000, 60_000)) if quick else (3,)))
        footprint(made, report, 3 if quick else 5, 2 if quick else 5)
        name = made.load.name
    sys.stdout.write(
        f"load: {name}, {CONVERSATIONS} conversations; {os.cpu_count()} cores, "
        f"{'servers pinned apart' if pinned else 'shared by servers and load'}; {time.monotonic() - began:.0f} s\n\n"
    )
    report.write()
    return 1 if report.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
