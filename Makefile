# Every target sets up .venv by itself. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TRAINERS := .venv-trainers
READY := $(VENV)/.ready
SAMPLES := data/samples/chatgpt-export.zip data/samples/chatgpt-shards.zip data/samples/claude-export.zip

# Where `make e2e-moon` keeps the agents.
AGENTS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/moonshine/agents

# For `make fuzz`.
SEED ?= 1
CASES ?= 10000
CASE ?=

.DEFAULT_GOAL := help
.PHONY: help run ui test test-slow test-kills plant fuzz test-browser test-trainers check format docs bench clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed; set PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q moonshine_assets moonshine_resources sensors
	@touch $@

run: $(READY) ## take the bundled samples through the whole graph
	$(BIN)/moonshine run $(SAMPLES)

ui: $(READY) ## the Dagster UI on http://127.0.0.1:3000, with sensors and schedules
	$(BIN)/moonshine ui

test: $(READY) ## the tests, one worker a core
	$(BIN)/python -m pytest -m 'not slow and not browser and not trainers and not kills and not moon' -n auto --maxprocesses 4

test-slow: $(READY) ## soak and scale tests
	$(BIN)/python -m pytest -m slow --timeout 3600

test-kills: $(READY) ## archive, merge, rollback and forget killed with -9 at two hundred random times
	$(BIN)/python -m pytest -m kills --timeout 3600 -s

plant: $(READY) ## precision and recall of the lanes on planted truth
	PYTHONPATH=tests $(BIN)/python -m lanes.plant --times 20

fuzz: $(READY) ## 10,000 mutated exports through the intake; again one of them: make fuzz SEED=1 CASE=4711
	PYTHONPATH=tests $(BIN)/python -m fuzz --seed $(SEED) $(if $(CASE),--case $(CASE),--cases $(CASES))

test-browser: $(READY) ## the UI in a real headless Chromium (needs `chromium` on the PATH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,browser]'
	$(BIN)/python -m pytest -m browser

test-trainers: ## lanes through datasets and TRL with a tiny model, in an environment of its own
	$(PYTHON) -m venv $(TRAINERS)
	$(TRAINERS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint constraints-trainers.txt --editable '.[dev,trainers]'
	HF_HUB_OFFLINE=1 $(TRAINERS)/bin/python -m pytest -m trainers tests/lanes/trainers

e2e-moon: $(READY) ## the real OpenClaw, Claude Code, Codex and QMD (npm, 1.9 GB into a cache) against a model on loopback
	@command -v npm >/dev/null || { echo "error: npm is needed to install the agents" >&2; exit 2; }
	mkdir -p $(AGENTS)/qmd
	cp tests/e2e/moon/tools/package.json $(AGENTS)/ && cp tests/e2e/moon/qmd/package.json $(AGENTS)/qmd/
	npm install --prefix $(AGENTS) --ignore-scripts --no-audit --no-fund --loglevel=error
	npm install --prefix $(AGENTS)/qmd --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error
	PYTHONPATH=tests MOONSHINE_E2E_TOOLS=$(AGENTS) $(BIN)/python -m e2e.moon.alone $(BIN)/python -m pytest tests/e2e/moon -m moon --timeout 1200

check: $(READY) ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY) ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## docs/tables.md and docs/contracts.md from the declarations
	$(BIN)/python docs/make_tables.py
	$(BIN)/python docs/make_contracts.py

bench: $(READY) ## measure ingest against a plain script, into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.ingest

clean: ## remove the environment and caches; never data
	rm -rf $(VENV) $(TRAINERS) build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
