# Tuneward. `make help` lists the commands.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ ##/' | awk -F ' ## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tuneward needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "venv is missing; on Debian: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

install: $(STAMP)  ## create .venv and install everything into it

demo: $(STAMP)  ## one fine-tune from end to end on real servers, then stop
	$(BIN)/tuneward demo

dev: $(STAMP)  ## the same stack, stays up until Ctrl-C
	$(BIN)/tuneward dev

test: $(STAMP)  ## every test, on servers of its own
	$(BIN)/python -m pytest -n $${PYTEST_WORKERS:-4} --dist worksteal tests

test-matrix:  ## the tests on every Python from 3.11 to 3.13 that this machine has
	@deploy/test-matrix.sh

lint: $(STAMP)  ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP)  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## each figure beside its reference, written to docs/benchmarks.md
	$(BIN)/python -m benchmarks

requirements:  ## resolve pyproject.toml anew into hashed requirements
	deploy/compile-requirements.sh

.PHONY: help install demo dev test test-matrix lint format bench requirements
