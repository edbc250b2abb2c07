"""`python -m tests.bench`: the figures of performance.md, each beside its target, in one run."""
