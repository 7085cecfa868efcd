# Everything lives in .venv, set up from pinned, hashed requirements. `make demo` and `make test` need nothing before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.runtime-ready
DEV_READY := $(VENV)/.dev-ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo up test check soak bench format lock clean

demo: $(READY) ## 50 living listings behind an API, on an embedded PostgreSQL
	$(BIN)/platbook demo $(ARGS)

up: $(READY) ## server, worker and schedule in one process
	$(BIN)/platbook up $(ARGS)

test: $(DEV_READY) ## every test that is quick enough for every change
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadgroup $(ARGS)

soak: $(DEV_READY) ## what is too long for every change: kill -9 by the dozen, big volumes
	$(BIN)/python -m pytest -m soak $(ARGS)

bench: $(DEV_READY) ## comparisons against peers, as ratios
	$(BIN)/python -m benchmarks $(ARGS)

check: $(DEV_READY) ## style, types, the stack of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(DEV_READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Platbook needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)

$(READY): requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(DEV_READY): requirements/dev.txt $(READY)
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@

lock: ## pin anew; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q pyproject.toml -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --group build -c requirements/runtime.txt -o requirements/build.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q pyproject.toml --group dev --group build -c requirements/runtime.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV)
