# One verb a line. Each makes .venv and installs what it needs; none needs root.
PYTHON ?= python3
PHOTOS ?=
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test check bench reports docs clean

help: ## Say what each verb does
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run ## Recognise the built-in portraits, or PHOTOS=DIR; then serve them, with web pages
	@$(BIN)/visavis demo --serve --out out $(if $(PHOTOS),--photos "$(PHOTOS)")

test: .venv/dev ## Run the tests
	@$(BIN)/python -m pytest -q

check: .venv/dev ## Lint, formatting and types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv/bench ## Measure every claim of the README (needs VISAVIS_TEST_DATA)
	@$(BIN)/python benchmarks/run.py

reports: .venv/bench ## Measure again and rewrite docs/reports (needs VISAVIS_TEST_DATA)
	@$(BIN)/python benchmarks/reports.py

docs: .venv/dev ## Regenerate the reference pages
	@$(BIN)/python docs/generate.py

clean: ## Remove everything that was made
	rm -rf .venv out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/run .venv/dev .venv/bench: .venv/%: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what 'make $(firstword $(MAKECMDGOALS))' needs into .venv (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRA_$*)]'
	@touch $@
EXTRA_run := demo,ui
EXTRA_dev := dev
EXTRA_bench := dev
