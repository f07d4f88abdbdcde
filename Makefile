# orderhub: every task of the project, by name. Needs make and Python 3.11 or newer; sets up all else itself.

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
STAMP := .venv/.complete
NOT_RUN := build/tests-not-run.txt
PEER := build/linuxforhealth

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv demo check fmt test coverage-floor bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  ARGS="…" is handed on: make demo ARGS="--orders 50 --exit", make test ARGS="tests/core -k retry"'

venv: $(STAMP) ## Set up .venv with the pinned packages and the hub itself

# The lock holds everything, so nothing is resolved here (a newer release of what a package asks for with extras
# would else end the installation); `pip check` says whether the lock does hold everything.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'orderhub needs Python 3.11 or newer, and $(PYTHON) is not that: make PYTHON=python3.12 …' >&2; exit 1; }
	@rm -f $@
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo '$(PYTHON) cannot make virtual environments: install its venv module (Debian: python3-venv)' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps -r requirements.txt
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip --disable-pip-version-check check
	@touch $@

demo: $(STAMP) ## Run the whole hub with simulated partners and watch orders move
	@$(BIN)/orderhub demo $(ARGS)

check: $(STAMP) ## Check format, lint, who imports whom, and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/pyright

fmt: $(STAMP) ## Format the code, and mend what the linter can mend safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# All of them run in a process for each core. A selection (ARGS) says nothing about coverage, so it runs without.
test: $(STAMP) ## Run the tests; with all of them, check that coverage has not fallen
ifeq ($(strip $(ARGS)),)
	@rm -f .coverage .coverage.* $(NOT_RUN)
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report= --not-run-file=$(NOT_RUN)
	@$(BIN)/python .ci/coverage_floor.py check --not-run-file $(NOT_RUN)
else
	$(BIN)/python -m pytest $(ARGS)
endif

coverage-floor: $(STAMP) ## Raise the coverage floor to what the last whole test run measured
	$(BIN)/python .ci/coverage_floor.py raise --not-run-file $(NOT_RUN)

bench: $(STAMP) $(PEER)/.complete ## Measure the hub beside what else one could use
	@$(BIN)/orderhub bench $(ARGS)

# One of the readers that ours is measured beside does not import beside what the hub needs.
$(PEER)/.complete: benchmarks/linuxforhealth/requirements.txt
	@rm -rf $(PEER)
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps -r $<
	@touch $@

UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: $(STAMP) ## Pin again what pyproject.toml asks for (ARGS=--upgrade: the newest that there is)
	$(UV_COMPILE) pyproject.toml --extra dev $(ARGS) --output-file requirements.txt
	$(UV_COMPILE) pyproject.toml --extra build --constraints requirements.txt --output-file requirements-run.txt
	$(UV_COMPILE) benchmarks/linuxforhealth/requirements.in $(ARGS) --output-file benchmarks/linuxforhealth/requirements.txt

clean: ## Remove everything that these tasks made
	rm -rf .venv build dist .coverage .coverage.* coverage.json htmlcov .hypothesis \
		.import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
