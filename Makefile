# Proofolio: `make demo` shows everything, `make test` checks everything.
VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
DEMO := build/demo
CASES := $(wildcard case_studies/*/project.yaml)
export NO_ALBUMENTATIONS_UPDATE := 1
export HF_HUB_OFFLINE := 1
export NO_MKDOCS_2_WARNING := 1

.PHONY: help setup demo test lint site bench render clean

help:            ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/'

setup: $(VENV)/.ready   ## make .venv with the proofolio command and all extras but tracking

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Proofolio needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make setup PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints.txt -e '.[image,events,serve,tune,docs,dev]'
	touch $@

demo: setup      ## generate a project, train, evaluate, card, site, verify, grade (build/demo)
	rm -rf $(DEMO)
	$(BIN)/copier copy --quiet --defaults --vcs-ref HEAD . $(DEMO)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e $(DEMO)
	cd $(DEMO) && $(CURDIR)/$(BIN)/python -m my_project all
	cd $(DEMO) && $(CURDIR)/$(BIN)/mkdocs build --strict
	$(BIN)/proofolio claims check --strict $(DEMO)
	$(BIN)/proofolio grade $(DEMO)
	$(BIN)/proofolio grade $(DEMO) --format html --out $(DEMO)/site/grade.html
	@echo "demo: read $(DEMO)/README.md, open $(DEMO)/site/index.html and site/grade.html beside it"

test: setup      ## run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not alone"
	$(BIN)/python -m pytest -m alone

lint: setup      ## run every pre-commit hook on every file
	$(BIN)/pre-commit run --all-files

site: setup      ## build the site, strict, with a page for every case study
	$(BIN)/proofolio claims check --strict .
	@for case in $(dir $(CASES)); do \
	  name=$$(basename $$case); into=docs/case_studies/$$name; \
	  if [ -d $$case/data/raw ] && [ -f $$case/src/$$name/sheets.py ]; then \
	    (cd $$case && PYTHONPATH=src $(CURDIR)/$(BIN)/python -m $$name sheets \
	      --into $(CURDIR)/$$into) || exit 1; \
	  fi; \
	  $(BIN)/proofolio pages $$case --into $$into --notebooks || exit 1; \
	  $(BIN)/proofolio grade $$case --format json --out $$into/grade.json >/dev/null || exit 1; \
	  $(BIN)/proofolio grade $$case --format html --out $$into/grade.html >/dev/null || exit 1; \
	  if [ -f $$case/src/$$name/web.py ]; then \
	    (cd $$case && PYTHONPATH=src $(CURDIR)/$(BIN)/python -m $$name web \
	      --into $(CURDIR)/$$into/try) || exit 1; \
	  fi; \
	done
	$(BIN)/mkdocs build --strict

bench: setup     ## time everything against named peers (bench/results, docs/reference/benchmarks.md)
	$(BIN)/python bench/run.py $(if $(LARGE),--large)

render: setup    ## re-render the template-owned files of all case studies, and the second door
	$(BIN)/python case_studies/render.py
	$(BIN)/python cookiecutter/questions.py

clean:           ## remove what was built (never evidence)
	rm -rf build site $(VENV)
