# Everything lives in .venv, set up from pinned, hashed requirements. `make demo` and `make test` need nothing before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.runtime-ready
DEV_READY := $(VENV)/.dev-ready
CLIENTS := $(VENV)/clients
CLIENTS_READY := $(VENV)/.clients-ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Where `make install` puts the command: for everybody as root, else for this account alone.
PREFIX ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
COMMAND := "$(PREFIX)/bin/platbook"

.DEFAULT_GOAL := help
.PHONY: help demo up install uninstall wheel test check soak bench format schema lock clean clients

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(READY) ## 50 living listings behind an API, on an embedded PostgreSQL
	$(BIN)/platbook demo $(ARGS)

up: $(READY) ## server, worker and schedule in one process
	$(BIN)/platbook up $(ARGS)

install: $(READY) ## the command platbook on PATH, in PREFIX/bin (root: /usr/local, else ~/.local), with shell completion
	@if [ -e $(COMMAND) ] && ! [ $(COMMAND) -ef $(BIN)/platbook ]; then \
		echo $(COMMAND)" is another installation: remove it first, or choose another PREFIX" >&2; exit 1; fi
	@mkdir -p "$(PREFIX)/bin" && ln -sf "$$(cd $(BIN) && pwd)/platbook" $(COMMAND)
	@set -e; write() { mkdir -p "$(PREFIX)/share/$$2"; $(BIN)/platbook completion $$1 >"$(PREFIX)/share/$$2/$$3"; }; \
	write bash bash-completion/completions platbook; \
	write zsh zsh/site-functions _platbook; \
	write fish fish/vendor_completions.d platbook.fish
	@[ "$$(command -v platbook)" -ef $(COMMAND) ] || echo "Add $(PREFIX)/bin to PATH: the shell does not find platbook there yet"

uninstall: ## take away what make install put there
	@if [ -e $(COMMAND) ] && ! [ $(COMMAND) -ef $(BIN)/platbook ]; then \
		echo $(COMMAND)" is another installation: it stays" >&2; exit 1; fi
	@rm -f $(COMMAND) "$(PREFIX)/share/bash-completion/completions/platbook" \
		"$(PREFIX)/share/zsh/site-functions/_platbook" "$(PREFIX)/share/fish/vendor_completions.d/platbook.fish"

wheel: $(READY) ## dist/platbook-*.whl, for pipx or uv tool
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

test: $(DEV_READY) ## every test that is quick enough for every change
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadgroup $(ARGS)

soak: $(DEV_READY) ## what is too long for every change: kill -9 by the dozen, big volumes
	$(BIN)/python -m pytest -m soak $(ARGS)

bench: $(DEV_READY) ## comparisons against peers, as ratios
	$(BIN)/python -m benchmarks $(ARGS)

clients: $(CLIENTS_READY) ## clients of other people, which judge the simulated RETS server and the API in tests

check: $(DEV_READY) ## style, types, the stack of imports, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(DEV_READY) ## style, fixed where a machine can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schema: $(DEV_READY) ## write db/schema.sql after a new migration
	$(BIN)/python -m tests.structure.schema

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

# Each in a folder of its own: two of them have the same package name. Without Node the third is left out.
$(CLIENTS_READY): $(wildcard requirements/clients/*.txt requirements/clients/*/*.json) $(DEV_READY)
	rm -rf $(CLIENTS)
	for name in rets-continued rets-python openapi-python-client; do \
		$(PIP) install --require-hashes --target $(CLIENTS)/$$name -r requirements/clients/$$name.txt || exit 1; \
	done
	if command -v npm >/dev/null; then \
		for name in rets-client openapi-typescript; do \
			mkdir -p $(CLIENTS)/$$name && cp requirements/clients/$$name/*.json $(CLIENTS)/$$name && \
			(cd $(CLIENTS)/$$name && npm ci --omit=dev --no-audit --no-fund --loglevel=error) || exit 1; \
		done; \
	fi
	touch $@

lock: ## pin anew; needs uv, and npm for one
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q pyproject.toml -o requirements/runtime.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --group build -c requirements/runtime.txt -o requirements/build.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q pyproject.toml --group dev --group build -c requirements/runtime.txt -o requirements/dev.txt
	for name in rets-continued==2.0.1 rets-python==0.4.12 openapi-python-client==0.29.1; do \
		echo $$name | uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q - -o requirements/clients/$${name%%=*}.txt; \
	done
	for name in rets-client openapi-typescript; do \
		(cd requirements/clients/$$name && npm install --package-lock-only --omit-lockfile-registry-resolved=true --loglevel=error); \
	done

clean: ## remove the virtual environment
	rm -rf $(VENV)
