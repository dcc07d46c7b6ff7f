# LTT Collab: `make demo` to see it, `make test` to prove it. Each sets up everything it needs in .venv.
PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ltt-installed
BROWSER := $(VENV)/.ltt-browser
ASSETS := $(VENV)/.ltt-assets
NODE := $(VENV)/.ltt-node
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Where a shell forbids it, our own source would be compiled anew at every start: some 2 s of each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test soak test-fast lint matrix bench docs clean
.DEFAULT_GOAL := help

help: ## Show the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml deploy/learner/pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "LTT Collab needs Python 3.11 or newer; say which with: make PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable deploy/learner --editable '.[dev]'
	@touch $@

$(BROWSER): $(STAMP)
	@sh .ci/install-browser $(BIN)/python
	@touch $@

$(ASSETS): $(STAMP) ltt_collab/web/assets.py
	@$(BIN)/python -m ltt_collab.web.assets && touch $@ \
	  || echo "The pages will say what they miss; everything else works without them." >&2

$(NODE): $(STAMP) tests/support/node/package.json
	@$(BIN)/python -m tests.support.node_packages && touch $@

setup: $(STAMP) $(BROWSER) $(ASSETS) $(NODE) ## Set up .venv, a browser, the pages' assets and the tests' Node packages

demo: $(STAMP) $(ASSETS) ## Start a real JupyterLab with the tutor in it, and open it
	$(BIN)/ltt demo $(ARGS)

test: $(STAMP) $(BROWSER) $(ASSETS) $(NODE) promtool ## Run every test, real JupyterLab and browser included
	sh .ci/test $(BIN)/python $(WORKERS) $(ARGS)

soak: $(STAMP) $(BROWSER) $(ASSETS) $(NODE) ## Run the few tests that take minutes each
	$(BIN)/python -m pytest -m soak $(ARGS)

test-fast: $(STAMP) $(ASSETS) $(NODE) ## Run the tests that need no server and no browser
	$(BIN)/python -m pytest tests/unit tests/contracts tests/architecture $(ARGS)

lint: $(STAMP) ## Check style, types and the Downhill rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p ltt_collab -p agent -p tests
	$(BIN)/mypy deploy/learner/ltt_learner
	$(BIN)/lint-imports

matrix: $(BROWSER) ## Run the main job against every supported version of JupyterLab
	sh -c ./.ci/matrix

promtool:
	@sh .ci/install-promtool

deploy-check: $(STAMP) promtool ## Check images, chart, values, alerts and dashboard without a cluster
	$(BIN)/python -m pytest tests/deploy $(ARGS)

bench: $(STAMP) ## Measure, each figure beside a baseline of the same run
	$(BIN)/ltt bench all $(ARGS)

docs: $(STAMP) ## Rewrite the generated reference pages
	$(BIN)/python -m ltt_collab.settings > docs/reference/settings.md

clean: ## Remove what set-up and tests made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache test-artifacts tests/support/node/node_modules
