PYTHON ?= .venv/bin/python
RUN = $(PYTHON) -m

.PHONY: check lint fmt test run bench dist

check: lint test

lint:
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(dir $(PYTHON))lint-imports --no-cache

fmt:
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

test:
	$(RUN) pytest -q

run:
	$(PYTHON) inboxd.py serve

bench:
	$(RUN) tests.bench

dist:
	$(RUN) build
