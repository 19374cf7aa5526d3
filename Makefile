# The targets a person runs. `make demo` and `make test` need python3 (3.11 or newer) and make, nothing
# else: each brings its own environment in .venv up to date first, from the locked requirements.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV = $(or $(wildcard $(BIN)/uv),$(shell command -v uv),pipx run uv)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(LOCK_FLAGS) pyproject.toml

PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL = $(PIP) install --require-hashes --requirement

.PHONY: demo test check bench templates oracles lock clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	$(BIN)/xlperf demo -o out/

# Tests that share one LibreOffice are one group and stay on one worker.
test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	@command -v npm >/dev/null && cd benchmarks/node_peers && npm ci --silent || true
	$(BIN)/python -m benchmarks

templates: $(VENV)/.dev
	$(BIN)/python workbook_templates/build.py

oracles:
	tests/oracles/install.sh

# Keeps the versions that are locked already; `make lock LOCK_FLAGS=--upgrade` takes the newest.
lock:
	$(COMPILE) --group build --output-file requirements/runtime.txt
	$(COMPILE) --extra server --extra recalc --group build --constraint requirements/runtime.txt \
		--output-file requirements/server.txt
	$(COMPILE) --group dev --constraint requirements/server.txt --output-file requirements/dev.txt

clean:
	rm -rf $(VENV) .oracles out dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "xlperf needs Python 3.11 or newer, and $(PYTHON) is not there: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("xlperf needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make PYTHON=/path/to/python3" % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing xlperf into $(VENV) (the first time takes a minute or two)"
	@$(INSTALL) requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing the development tools into $(VENV)"
	@$(INSTALL) requirements/dev.txt
	@touch $@
