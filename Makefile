# Sailpass. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests wait more than they compute: more of them at a time than there are cores.
WORKERS ?= 4
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
# Compiled modules are kept, whatever this shell prefers: every worker and every command would compile all of them again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench soak faults fuzz verdicts screenshots lock why-docs messages mutants dist sbom images docs clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(RUNTIME) ## Make .venv from the hashed lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Sailpass needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock requirements-build.lock | $(BIN)/python
	@echo 'Installing the locked packages into $(VENV). This takes about half a minute, once …'
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock -r requirements-build.lock
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo 'Installing what the tests need …'
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(RUNTIME) ## Start the sandbox and the console on it, until Ctrl-C
	@echo 'Starting the sandbox and the console …'
	@exec $(BIN)/sailpass demo

test: $(DEV) ## Set up all that the tests need, browser included, and run every test
	@$(BIN)/python tools/browser.py
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEV) ## ruff (rules and format) and mypy in strict mode
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(DEV) ## Let ruff order and format everything
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(DEV) ## Run the benchmarks, print the table, write benchmarks/results/
	@$(BIN)/python -m benchmarks

soak: $(DEV) ## An hour of open dialogs and grants: what memory does (MINUTES=…)
	@$(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes '$(MINUTES)') $(ARGS)

faults: $(DEV) ## Play the fault campaign (SEED=… plays one run again, LONG=1 spoils 100,000 answers)
	@$(BIN)/python -m campaign $(if $(SEED),--seed '$(SEED)') $(if $(LONG),--long) $(ARGS)

fuzz: $(DEV) ## Send wrong requests to every route of the API (ARGS="--cases 3000 --seed 1")
	@$(BIN)/python -m tests.api.fuzz $(ARGS)

verdicts: $(DEV) ## Compare verdicts with an independent IAM simulator (needs node and npm; ARGS="--cases 3000 --seed 1")
	@npm ci --prefix tools/compare_simulator --no-audit --no-fund --silent
	@$(BIN)/python -m tools.compare_simulator $(ARGS)

screenshots: $(DEV) ## Render the pictures of the README and docs/
	@$(BIN)/python tools/browser.py
	@$(BIN)/python tools/screenshots.py

mutants: $(DEV) ## Make small faults in the code, one at a time, and count those that the tests notice
	@$(BIN)/python -m tools.mutants $(ARGS)

why-docs: $(DEV) ## Write docs/why.md from the code
	@$(BIN)/python -m tools.why_docs

messages: $(DEV) ## Extract the words on screen into the catalogues
	@$(BIN)/python tools/messages.py

lock: $(DEV) ## Resolve the dependencies again (needs uv on the PATH)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header $(UPGRADE) pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header $(UPGRADE) --group build -c requirements.lock -o requirements-build.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header $(UPGRADE) pyproject.toml --group build --group dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock

clean: ## Remove .venv and everything generated
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis benchmarks/results dist site

dist: $(DEV) ## Build wheel and sdist into dist/
	@rm -f dist/*.whl dist/*.tar.gz
	@$(BIN)/python -m hatchling build --directory dist

sbom: $(DEV) ## Write dist/sailpass.cdx.json, what the lock installs (CycloneDX)
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application --of JSON -o dist/sailpass.cdx.json

images: $(DEV) ## Pin the images of Dockerfile and compose.yaml to their tags' present digests
	@$(BIN)/python tools/images.py

docs: $(DEV) ## Build the documentation site into site/
	@$(BIN)/mkdocs build --strict
	@echo 'Open site/index.html'
