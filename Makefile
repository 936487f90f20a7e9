# Developer tasks. Needs Python 3.11 or newer with venv, and make; everything else is installed
# into virtual environments beside the sources, pinned and verified by hash.
#
#   make PYTHON=python3.12 …       use another interpreter
#   make test PYTEST_ARGS="-k …"   run some of the tests
#   make test WORKERS=8            run more of them at once
#   make lock LOCK_ARGS=--upgrade  take newer versions

PYTHON ?= python3
# More than cores: many tests wait.
WORKERS ?= 3
PYTEST_ARGS ?=
BENCH_ARGS ?=
SAFETY_ARGS ?=
ATTACKS_ARGS ?=
FUZZ_ARGS ?=
LOCK_ARGS ?=

DEV := .venv
PLAIN := .venv-demo
LOCKER := .venv-lock
CHECKED := $(wildcard src tests testing benchmarks campaigns docs)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP_INSTALL := -m pip install -qq --no-input --progress-bar off

.DEFAULT_GOAL := help
.PHONY: help demo check test lint docs bench safety fuzz attacks lock clean check-python

help: ## List the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) \
	    | while IFS="$$(printf '\t')" read -r target text; do printf 'make %-8s %s\n' "$$target" "$$text"; done

demo: $(PLAIN)/.installed ## Run the whole job against a simulated portal
	$(PLAIN)/bin/lastseen demo

# Unit tests don't wait, and every worker collects them all.
check: WORKERS = 2
check: lint ## Lint and unit tests, without a browser or PostgreSQL: under a minute
	$(DEV)/bin/python -m pytest -n $(WORKERS) -q -p no:playwright \
	    -m "not browser and not postgres" $(PYTEST_ARGS) tests/unit

test: lint ## Lint, then run every test
	$(DEV)/bin/python -m pytest -n $(WORKERS) --maxschedchunk 4 $(PYTEST_ARGS)

lint: $(DEV)/.installed ## Check style, types, structure and docstrings
	$(DEV)/bin/ruff check $(CHECKED)
	$(DEV)/bin/ruff format --check $(CHECKED)
	$(DEV)/bin/mypy $(CHECKED)
	$(DEV)/bin/lint-imports --no-logo
	$(DEV)/bin/interrogate --config pyproject.toml src
	$(BUILD_DOCS) --site-dir build/site

docs: $(DEV)/.installed ## Bring generated parts up to date and build the site in build/site
	$(DEV)/bin/python -m docs.reference
	$(BUILD_DOCS) --site-dir build/site

# Strict: a broken link, an anchor that isn't there or a page outside the navigation fails.
BUILD_DOCS = PYTHONPATH=. NO_MKDOCS_2_WARNING=1 $(DEV)/bin/mkdocs build --quiet

bench: $(DEV)/.installed ## Measure requests and time against the vendor's sample
	$(DEV)/bin/python -m benchmarks.bench $(BENCH_ARGS)

safety: $(DEV)/.installed ## Search for a portal on which it disables someone at work
	$(DEV)/bin/python -m campaigns.safety $(SAFETY_ARGS)
	$(DEV)/bin/python -m campaigns.rot --flips 200

fuzz: $(DEV)/.installed ## Feed it mutated answers, rosters, plans and settings, and rotten ledgers
	$(DEV)/bin/python -m campaigns.fuzz $(FUZZ_ARGS)
	$(DEV)/bin/python -m campaigns.rot

attacks: $(DEV)/.installed ## Attack plans, rosters, ledger, outputs and secrets: held or broke
	$(DEV)/bin/python -m campaigns.attacks $(ATTACKS_ARGS)

# The same versions everywhere: the smaller files are constrained by the largest.
lock: $(LOCKER)/.installed ## Rewrite requirements/*.txt from pyproject.toml
	$(COMPILE) --output-file requirements/dev.txt --all-extras pyproject.toml
	for extra in $(EXTRAS); do $(COMPILE) --output-file requirements/$$extra.txt --extra $$extra \
	    --constraints requirements/dev.txt pyproject.toml || exit 1; done
	$(COMPILE) --output-file requirements/plain.txt --constraints requirements/dev.txt pyproject.toml
	echo hatchling | $(COMPILE) --output-file requirements/build.txt --constraints requirements/dev.txt -

EXTRAS := fleet notices postgres sql xlsx

COMPILE = $(LOCKER)/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url \
    --no-annotate --universal --python-version 3.11 --custom-compile-command "make lock" $(LOCK_ARGS)

clean: ## Remove everything that make installed or built
	rm -rf $(DEV) $(PLAIN) $(LOCKER) build dist test-results .import_linter_cache .hypothesis
	find . -name '.*_cache' -prune -type d -exec rm -rf {} +
	find . -name __pycache__ -prune -type d -exec rm -rf {} +

$(DEV)/.installed: requirements/dev.txt pyproject.toml | check-python
	$(call make_venv,$(DEV))
	$(DEV)/bin/python $(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	$(DEV)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(PLAIN)/.installed: requirements/plain.txt requirements/build.txt pyproject.toml | check-python
	$(call make_venv,$(PLAIN))
	$(PLAIN)/bin/python $(PIP_INSTALL) --require-hashes -r requirements/plain.txt -r requirements/build.txt
	$(PLAIN)/bin/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(LOCKER)/.installed: | check-python
	$(call make_venv,$(LOCKER))
	$(LOCKER)/bin/python $(PIP_INSTALL) uv
	@touch $@

define make_venv
@echo "Creating $(1) (once; takes a minute or two)"
@$(PYTHON) -m venv $(1) || { \
    echo "Lastseen needs Python's venv module; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
endef

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Lastseen needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing)." \
	        "Choose another: make PYTHON=python3.12 …"; exit 1; }
