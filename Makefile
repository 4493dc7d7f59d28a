# Two commands on a fresh machine: `make run` opens the console, `make test` runs all checks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests

.PHONY: run test check lint mypy pyright unit test-all bench oracles wheel messages clean

run: $(VENV)/.run
	@$(BIN)/maestro $(ARGS)

test: check unit wheel

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo 'Making a virtual environment in $(VENV)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements/run.txt pyproject.toml
	@echo 'Installing into $(VENV): about a minute, this once and after an update.'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

# Two at a time: the two type checkers take most of it, and a core each.
check: $(VENV)/.dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target pyright mypy lint

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry .

mypy pyright:
	$(BIN)/$@

unit: $(VENV)/.dev
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not slow" --hypothesis-profile=gate --cov --cov-report= $(TESTS)
	$(BIN)/python -m tests.coverage_gate

test-all: check
	$(BIN)/python -m pytest -n 2 $(TESTS)

wheel: $(VENV)/.dev
	$(BIN)/python -m tests.wheel

messages: $(VENV)/.dev
	$(BIN)/python -m tests.messages

oracles: .venv-oracles/.done
.venv-oracles/.done: requirements/oracles.txt
	$(PYTHON) -m venv .venv-oracles
	.venv-oracles/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/oracles.txt
	@touch $@

bench: $(VENV)/.dev oracles
	@for each in benchmarks/*.py; do \
	  name=$$(basename $$each .py); \
	  case $$name in __init__|_*) continue;; esac; \
	  $(BIN)/python -m benchmarks.$$name || exit 1; \
	done

clean:
	rm -rf $(VENV) .venv-oracles dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
