PYTHON ?= .venv/bin/python
RUN = $(PYTHON) -m

.PHONY: check fmt test run bench dist

check:
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(dir $(PYTHON))lint-imports --no-cache
	$(RUN) pytest -q

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
