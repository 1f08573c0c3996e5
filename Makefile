# Every target makes the virtual environment itself when it is missing: on a fresh machine `make demo` is enough.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-unit test-servers test-faults nightly pairs check fmt lock bench bench-quick bench-guard clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UNIT := not servers and not redis and not kafka and not faults and not e2e and not nightly
SERVERS := (servers or redis or kafka or e2e) and not faults and not nightly
PYTEST_ARGS ?=
PAIRS := tests/core/test_oracle_agreement.py::test_a_hundred_thousand_pairs_of_rules_and_histories_agree_with_the_oracle
# percent of the lines and branches of the pure rooms that the whole run reaches; a part of it is held to nothing
FLOOR := 99
COVER := --cov --cov-report=term
HELD := $(if $(strip $(PYTEST_ARGS)),,--cov-fail-under=$(FLOOR))
# so many processes share the files of tests; each starts the servers that its tests need. JOBS=0: all in one
JOBS ?= 2
SHARED := -n $(JOBS) --dist loadfile --no-loadscope-reorder
ARGS ?=

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(READY): requirements-dev.lock pyproject.toml
	@python=$$(for p in python3.11 python3.12 python3.13 python3; do \
	    "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done || true); \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed; none of python3.11, python3.12, python3.13, python3 is. Install one (Debian: apt-get install python3 python3-venv)." >&2; exit 1; fi; \
	if [ ! -x $(BIN)/python ]; then "$$python" -m venv $(VENV) || { echo "$$python cannot make a virtual environment (Debian: apt-get install python3-venv)." >&2; exit 1; }; fi
	@echo "setting up $(VENV) (once; about a minute)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) ## make .venv from the locked, hashed requirements; git asks scripts/pre-commit before a commit
	@hook=$$(git rev-parse --git-path hooks/pre-commit 2>/dev/null) && [ ! -e "$$hook" ] || exit 0; \
	mkdir -p "$${hook%/*}" && printf '#!/bin/sh\n[ ! -f scripts/pre-commit ] || exec sh scripts/pre-commit\n' > "$$hook" && chmod +x "$$hook"

demo: $(READY) ## real customers moving through their segments; ARGS="--until-caught-up --json"
	@$(BIN)/segments demo $(ARGS)

test: $(READY) ## all tests but the nightly ones: unit, servers, faults; says what this machine could not run, holds the coverage floor
	@$(BIN)/python -m pytest $(SHARED) $(COVER) $(HELD) $(PYTEST_ARGS)

test-unit: $(READY) ## only what needs no server, with branch coverage of the pure packages
	@$(BIN)/python -m pytest $(SHARED) -m "$(UNIT)" $(COVER) $(PYTEST_ARGS)

test-servers: $(READY) ## embedded Valkey and mock broker always; real Redis and Kafka where they can run
	@$(BIN)/python -m pytest -m "$(SERVERS)" $(PYTEST_ARGS)

test-faults: $(READY) ## kill, pause and cut servers and workers
	@$(BIN)/python -m pytest -m "faults and not nightly" $(PYTEST_ARGS)

nightly: $(READY) ## everything, with many more examples; without PYTEST_ARGS the 100,000 pairs too
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -m "" --timeout=3600 --deselect $(PAIRS) $(PYTEST_ARGS)
	@$(if $(strip $(PYTEST_ARGS)),,$(MAKE) --no-print-directory pairs)

pairs: $(READY) ## engine and oracle on 100,000 pairs of rules and histories, on all cores: two hours of one core
	@seq 0 99 | xargs -P "$$(nproc)" -I{} $(BIN)/python -m pytest -q --no-header -m nightly --timeout=3600 "$(PAIRS)[{}]"

check: $(READY) ## style, types, import arrows, Dockerfile, compose.yaml, locks, pages that are made from the code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict stream
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	@$(BIN)/python -m pytest -q --no-header tests/house

fmt: $(READY) ## put the code in order, and write the pages and schemas that are made from it
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .
	@$(BIN)/python -m scripts.pages

lock: $(READY) ## write the locks anew: what runs, what builds the wheel, and both with what checks
	@compile="$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --quiet"; \
	export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	$$compile --output-file requirements.lock pyproject.toml; \
	$$compile --group build --output-file requirements-build.lock; \
	$$compile --extra dev --constraint requirements.lock --constraint requirements-build.lock --output-file requirements-dev.lock pyproject.toml

bench: $(READY) ## all benchmarks; a table each, and --json
	@$(BIN)/python -m bench $(ARGS)

bench-quick: $(READY) ## the same, small: does it run at all
	@$(BIN)/python -m bench --quick $(ARGS)

bench-guard: $(READY) ## does a record take more instructions than recorded
	@$(BIN)/python -m bench.guard $(ARGS)

clean: ## remove what the tools left behind, not .venv
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage dist build
