# Everything a newcomer needs, with only python3 (3.11 or newer, with venv) and make installed before:
#
#   make demo    lint the demo project, show and apply its fixes, count its queries before and after
#   make test    run all tests
#   make lint    check our own code: ruff, mypy, flake8 with our own plugin
#   make bench   measure its speed on published packages, beside flake8 alone (BENCH="PATH ..." for other code)
#   make docs    write the rule pages again from the docstrings of the rules
#   make clean   remove what the other targets made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTING := $(VENV)/.ready-for-test
LINTING := $(VENV)/.ready-for-lint
PYTEST_OPTIONS ?= -q -n 2

.PHONY: demo test lint bench docs clean
.DEFAULT_GOAL := test

demo: $(TESTING)
	@$(BIN)/python -m tests.demo

test: $(TESTING)
	@FLAKE8_DJANGO_ORM_PYTHONS="$$($(BIN)/python -m tests.other_djangos)" \
		$(BIN)/python -m pytest $(PYTEST_OPTIONS)

lint: $(LINTING)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/flake8 flake8_django_orm tests docs benchmarks

bench: $(TESTING)
	$(BIN)/python -m benchmarks $(BENCH)

docs: $(TESTING)
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) .venv-django-* .pytest_cache .mypy_cache .ruff_cache

$(TESTING): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11: name a newer one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(LINTING): $(TESTING)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
