# Two commands: `make reports` and `make test`.  `make help` lists the rest.
VENV ?= .venv
BIN := $(VENV)/bin
PLACE := data/dezhou
MONTH := 2020-12
BEFORE := 2020-11
RR := $(BIN)/relapse-risk
export VENV
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev reports demo test check lint types lab lab-check trials trial-office mutants floors bench docs lock clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: ## virtual environment with what the program needs
	@tools/setup.sh requirements/run.txt

setup-dev: ## virtual environment with what the tests need too
	@tools/setup.sh requirements/dev.txt

demo: setup ## the demo register of Dezhou, scored, ranked and assessed
	@$(BIN)/python -c "from relapse_risk.register import Register; Register.open('$(PLACE)/register')" 2>/dev/null \
	  || { rm -rf $(PLACE); $(RR) demo --out $(PLACE)/register; } # none yet, or one of an older schema
	@$(RR) score --register $(PLACE)/register --month $(MONTH) --out $(PLACE)/scores
	@$(RR) rank --register $(PLACE)/register --month $(MONTH) --out $(PLACE)/scores
	@$(RR) facts --register $(PLACE)/register --month $(BEFORE) --out $(PLACE)/facts # what the issue ledger and the bulletin compare with
	@$(RR) issues --register $(PLACE)/register --month $(BEFORE) --facts $(PLACE)/facts --out $(PLACE)/issues --invent
	@$(RR) facts --register $(PLACE)/register --month $(MONTH) --scores $(PLACE)/scores --out $(PLACE)/facts
	@$(RR) issues --register $(PLACE)/register --month $(MONTH) --facts $(PLACE)/facts --out $(PLACE)/issues

reports: demo ## every county's report, the city's, the bulletin and the model card, HTML and PDF, Chinese and English
	@for edition in dezhou city bulletin model_card; do $(RR) render params/editions/$$edition.yaml || exit $$?; done

test: setup-dev ## lint, types and every test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile -m "not long" # a file to a worker, one thread each

trials: setup-dev ## the long trials: hundreds of kills, big data
	@$(BIN)/pytest -m long

trial-office: setup-dev ## an invented prefecture of 8 counties, 12 departments and 24 months against its hidden books (docs/testing.md)
	@rm -rf build/trial_office && mkdir -p build
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.trial_office build/trial_office --counties 8 --months 24 --households 40

mutants: setup-dev ## a seeded sample of 300 faults put into the rules, and how many the tests find (docs/testing.md)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/mutants.txt
	@$(BIN)/python tools/mutants.py

bench: setup-dev ## benchmarks, each compared with a peer in the same run
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

floors: setup-dev ## the lowest versions that pyproject.toml allows: the tests of measures, indexes and the register
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python build/lowest
	@$(BIN)/uv pip install --quiet --python build/lowest/bin/python --resolution lowest-direct --group dev -e ".[scale]"
	@build/lowest/bin/python -m pytest -q -p no:cacheprovider -m "not long and not city and not shared and not browser" tests/poverty tests/hardship tests/predicates tests/register

docs: setup-dev ## the documentation site, its links checked, and its archive, in build/docs
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tools.docs_site

lab-check: setup-dev ## every notebook run in JupyterLab by a real browser (docs/testing.md)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -m long tests/lab

lab: demo ## JupyterLab on the exploration notebooks
	@$(BIN)/jupyter lab notebooks/explore/01_register.ipynb

lock: setup-dev ## compile the hash locks anew (names no registry host)
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --group build -o requirements/run.txt
	@$(BIN)/uv pip compile pyproject.toml --extra scale --group dev --group build --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/dev.txt
	@$(BIN)/uv pip compile --group mutation -c requirements/dev.txt --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/mutants.txt
	@$(BIN)/uv pip compile --group docs -c requirements/dev.txt --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/docs.txt

clean: ## remove data, reports and caches (not the environment)
	@rm -rf data build dist mutants .pytest_cache .mypy_cache .ruff_cache reports/*/
