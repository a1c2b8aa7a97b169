# `make demo` shows Warmline at work, `make test` checks all of it. Both set up what they
# need from a fresh clone; repeated, they start at once.

PYTHON ?= python3
# Which torch to install is pip's choice; on Linux with no NVIDIA GPU the smaller build is
#   make demo PIP_TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu"
PIP_TORCH_ARGS ?=
# More arguments for pytest, such as ARGS="-k documents".
ARGS ?=

MODEL := qwen2.5-coder-0.5b
BIN := .venv/bin
# Stamps live in the environment they speak of, so that both go together.
STAMPS := .venv/stamps
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test setup weights analysers bench-peers format lint types imports unit e2e extension vsix test-editors editor-figures pictures clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: weights  ## set up, then show the live cache at work on a real file
	@$(BIN)/warmline demo

test: setup weights analysers lint types imports unit e2e extension  ## set up, then run every check

setup: $(STAMPS)/packages  ## make .venv with everything installed

$(STAMPS)/environment:
	@command -v $(PYTHON) >/dev/null || { echo "Warmline needs Python 3.11 or newer, and there is no $(PYTHON) here; install it, or name another with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Warmline needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name another with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; install its venv module (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@mkdir -p $(STAMPS) && touch $@

# Torch comes first and by itself: only pip looks where its processor-only build lies.
$(STAMPS)/torch: $(STAMPS)/environment constraints.txt
	@echo "installing torch (the largest download; a minute or more, once)"
	@$(PIP_INSTALL) $(PIP_TORCH_ARGS) torch
	@touch $@

$(STAMPS)/packages: $(STAMPS)/torch pyproject.toml
	@echo "installing Warmline and its tools (a minute, once)"
	@$(PIP_INSTALL) setuptools
	@$(PIP_INSTALL) --no-build-isolation -e '.[dev]'
	@touch $@

weights: setup  ## have the default model on this machine
	@$(BIN)/warmline models pull $(MODEL) || echo "the model $(MODEL) could not be had; tests that need it are skipped, the demo cannot run" >&2

analysers: setup  ## have what checks names on this machine
	@$(BIN)/warmline analysers install || echo "the analysers could not be installed; tests that need them are skipped" >&2

bench-peers: $(STAMPS)/bench-peers  ## what `warmline bench` compares with, built for this processor

# Compiled here: the wheels that others built leave out what this processor has of its own.
$(STAMPS)/bench-peers: $(STAMPS)/packages
	@echo "compiling llama.cpp (ten minutes or more, once)"
	@CMAKE_ARGS="-DGGML_NATIVE=on" $(PIP_INSTALL) -e '.[bench]'
	@touch $@

format: setup  ## format the Python code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

lint: setup  ## formatting and lint rules
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .

types: setup  ## static types
	@$(BIN)/mypy --no-error-summary

imports: setup  ## which room may import which
	@$(BIN)/lint-imports

unit: setup  ## fast tests on tiny models, and contracts
	@$(BIN)/python -m pytest -q tests/unit tests/contracts $(ARGS)

e2e: weights analysers  ## real processes, real weights
	@$(BIN)/python -m pytest -q tests/e2e $(ARGS)

extension: vscode-extension/node_modules/.installed  ## the VS Code extension: types, lint, tests
	@npm --prefix vscode-extension run --silent lint
	@npm --prefix vscode-extension run --silent test
	@node --test tests/editors/figures/ tests/editors/pictures/

vsix: setup vscode-extension/node_modules/.installed  ## pack the VS Code extension, with the server's wheel in it
	@rm -rf vscode-extension/server && mkdir vscode-extension/server
	@$(BIN)/python -m pip wheel -qq --disable-pip-version-check --no-deps --no-build-isolation -w vscode-extension/server .
	@cp constraints.txt vscode-extension/server/
	@npm --prefix vscode-extension run package

vscode-extension/node_modules/.installed: vscode-extension/package-lock.json
	@command -v npm >/dev/null || { echo "the VS Code extension needs Node 20 or newer with npm, and there is no npm here; install it" >&2; exit 1; }
	@npm --prefix vscode-extension ci --silent --no-audit --no-fund
	@touch $@

test-editors: vsix  ## the VS Code extension in a real workbench, in headless Chromium
	@PYTHON=$(abspath $(BIN)/python) tests/editors/run

editor-figures: weights vsix  ## measure in the real workbench: key to ghost text, activation (ARGS=--quick)
	@PYTHON=$(abspath $(BIN)/python) tests/editors/run figures $(ARGS) docs/results/editors

pictures: weights vsix  ## take the documentation's pictures in the real workbench
	@PYTHON=$(abspath $(BIN)/python) tests/editors/run pictures docs/pictures

clean:  ## remove the environment and every cache (models stay)
	rm -rf .venv vscode-extension/node_modules vscode-extension/server build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
