# Two commands do everything: make demo, make test. `make` alone lists the rest.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Where torch comes from, if not from pip's own index: set it to a package index of CPU builds.
TORCH_INDEX ?=
STUDY ?= examples/reviews.toml
# What examples/reviews.toml reads (a test compares the two), and what tests marked `model` read.
STUDY_STARTERS := minilm-l6 minilm-l6-sre minilm-l3 smollm2-135m reviews
TEST_STARTERS := $(STUDY_STARTERS) me5-small reviews-zh people-daily-ner conll2003 movielens-100k survey

BIN := .venv/bin
TORCH := $(BIN)/pip install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX) )"torch==2.13.0"
# Tests that compare how long things take: nothing runs beside them.
TIMED := tests/cli/test_start.py
# Tests that run whole commands, which mostly wait for imports: they run side by side.
# The longest stand first, so that neither process waits for them at the end.
COMMANDS := tests/docs tests/test_base_install.py tests/test_installation.py tests/store tests/faults
QUICK := not slow and not model and not web and not network

.DEFAULT_GOAL := help
.PHONY: help demo setup check fix test golden docs clean

help:  ## List these commands
	@awk -F ':.*## *' '/^[a-z]+:.*##/ { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.ready  ## Install, fetch real models and data, train several models, write one report
	$(BIN)/polyculture starter fetch $(STUDY_STARTERS)
	$(BIN)/polyculture study $(STUDY) --replace --keep-runs  # so a second call takes seconds

setup: .venv/.ready-dev  ## Install everything for development

check: setup  ## The fast loop: style, layers, types, spelling, quick tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/pytest -m "$(QUICK)" -n 2 --dist loadfile

fix: setup  ## Repair style where a tool can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: setup  ## Everything that CI runs, slow tests, models and browser too
	$(BIN)/polyculture starter fetch $(TEST_STARTERS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/pytest $(TIMED)
	$(BIN)/pytest $(addprefix --ignore=,$(TIMED) $(COMMANDS)) -n 2 --dist loadfile
	$(BIN)/pytest $(COMMANDS) -n 2

golden: setup  ## Accept what is produced now; read the diff before you commit
	$(BIN)/pytest --update-golden && git diff --stat tests/golden docs

docs: setup  ## Write the pages that are made from the code: recipes, commands, parts
	$(BIN)/pytest tests/docs --update-golden && git diff --stat docs

clean:  ## Remove the virtual environment and caches; runs, studies and audits stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

.venv:
	$(PYTHON) -m venv .venv

.venv/.ready: pyproject.toml | .venv
	$(TORCH)
	$(BIN)/pip install -e ".[all]"
	touch $@

.venv/.ready-dev: pyproject.toml | .venv
	$(TORCH)
	$(BIN)/pip install -e ".[all,dev]"
	touch $@ .venv/.ready
