# Every target builds .venv itself where it is missing or older than what it is built from.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is installed: the package alone, the tools of its developers, and those of the documentation.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
READY_DOCS := $(VENV)/.ready-docs
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable

.PHONY: help setup demo test coverage test-all check lint counts tables docs course bench clean

help:
	@echo "make demo      train one network for four tasks on built-in pictures, measure it, write a report (some minutes)"
	@echo "make test      every check: ruff, pyright, pytest"
	@echo "make coverage  the tests, and which lines none of them runs"
	@echo "make test-all  the slow and real-data tests too"
	@echo "make docs      the documentation, into docs/_build"
	@echo "make course    the same with the course's cells run, into docs/_build/course"
	@echo "make bench     speed beside torchvision, as ratios"

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) .
	@touch $@

$(READY_DEV): $(READY)
	$(INSTALL) '.[dev]'
	@touch $@

$(READY_DOCS): $(READY)
	$(INSTALL) '.[docs]'
	@touch $@

setup: $(READY_DEV)

demo: $(READY)
	$(BIN)/saccade demo

check: lint
	$(BIN)/pyright

lint: $(READY_DEV)
	$(BIN)/ruff format --check src tests bench examples docs
	$(BIN)/ruff check src tests bench examples docs

# As many processes as cores, each with one thread: torch's threads would only wait for one another. Types are checked
# meanwhile, by the one core that pyright uses, and told at the end.
test: lint
	$(BIN)/pyright > $(VENV)/types.txt & types=$$!; \
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal -m "not slow and not real_data and not gpu"; tests=$$?; \
	wait $$types; types=$$?; cat $(VENV)/types.txt; exit $$((tests | types))

# The same, and which lines no test runs: tracing takes a third of the time again.
coverage: $(READY_DEV)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal -m "not slow and not real_data and not gpu" \
		--cov --cov-report=term:skip-covered

test-all: check
	HYPOTHESIS_PROFILE=search $(BIN)/pytest

# What `saccade systems` says of every system: it has no time to count.
counts: $(READY)
	$(BIN)/python -m saccade.analysis.count_systems

# Tables of settings, systems, recipes and scores, in the pages; and where everything of the lectures is.
tables: $(READY)
	$(BIN)/python docs/_ext/page_tables.py
	$(BIN)/python docs/_ext/course_coverage.py

docs: $(READY_DOCS)
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

# Each chapter is run once; what ran is kept beside the pages, and finished trainings in docs/course/runs. `make clean`
# forgets both.
course: $(READY_DOCS)
	$(BIN)/sphinx-build -W --keep-going -D nb_execution_mode=cache -b html docs docs/_build/course

bench: $(READY)
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) docs/_build docs/course/runs .coverage
