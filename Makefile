# One target per step. `make` alone lists them.
# PLUMBLINE_CONFIG=file  PLUMBLINE_DATA=folder  AS_OF=2026-09-30  STRICT=1  FORCE=1  WAIT=seconds  Q=-q
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3.12 python3.11 python3; do "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && echo "$$p" && break; done)
export PLUMBLINE_CONFIG PLUMBLINE_DATA AS_OF STRICT FORCE WAIT
export DO_NOT_TRACK := 1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp holds the lock's hash: an environment is made anew only when the lock changed.
# Byte code is compiled once here; without it every start costs double.
define install
	@[ -n "$(PYTHON)" ] || { echo "plumbline: Python 3.11 or 3.12 is needed; set PYTHON=." >&2; exit 1; }
	@want=$$($(PYTHON) -c 'import hashlib; print(hashlib.sha256(open("$(1)", "rb").read()).hexdigest())'); \
	if [ "$$(cat $(VENV)/$(2) 2>/dev/null)" != "$$want" ]; then \
	  echo "installing what $(1) names into $(VENV)"; \
	  [ -x $(PY) ] || $(PYTHON) -m venv $(VENV) || exit 1; \
	  $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1) || exit 1; \
	  PYTHONDONTWRITEBYTECODE= $(PY) -m compileall -q -j 2 $(VENV)/lib > /dev/null; \
	  echo "$$want" > $(VENV)/$(2); \
	fi
endef

.PHONY: environment test-environment
environment:
	$(call install,requirements.lock,base.stamp)
test-environment: environment
	$(call install,requirements-test.lock,test.stamp)

.PHONY: build ingest gate-raw transform measure gate-marts publish scorecard rollback
build: environment ## all steps: files and APIs to a published, gated scorecard
	@$(PY) pipeline.py build $(Q)
ingest: environment ## systems and files into raw
	@$(PY) pipeline.py ingest $(Q)
gate-raw: environment ## the gate on raw
	@$(PY) pipeline.py gate-raw $(Q)
transform: environment ## dbt: raw into marts
	@$(PY) pipeline.py transform $(Q)
measure: environment ## metrics, goals, trust
	@$(PY) pipeline.py measure $(Q)
gate-marts: environment ## the gate on marts and metrics
	@$(PY) pipeline.py gate-marts $(Q)
publish: environment ## serve what passed
	@$(PY) pipeline.py publish $(Q)
scorecard: environment ## print the served scorecard
	@$(PY) pipeline.py scorecard
rollback: environment ## serve the publication before (or TO=run id)
	@$(PY) pipeline.py rollback $(TO)

.PHONY: dashboards plan-dashboards verify-dashboards metabase
dashboards: environment ## bring the Metabase of the settings to the definitions
	@$(PY) -m metrics dashboards apply $(Q) || [ $$? -eq 3 ]
plan-dashboards: environment ## say what `make dashboards` would do
	@$(PY) -m metrics dashboards plan || [ $$? -eq 4 ]
verify-dashboards: environment ## compare every card with the served copy
	@$(PY) -m metrics dashboards verify
metabase: ## start a Metabase with PostgreSQL on this machine (docker)
	@docker compose version > /dev/null 2>&1 || { echo "plumbline: docker with its compose plugin is needed for this; or point [metabase] url at a server." >&2; exit 1; }
	@mkdir -p $${PLUMBLINE_DATA:-data}/publications
	@PLUMBLINE_DATA_FOLDER=$$(realpath $${PLUMBLINE_DATA:-data}) docker compose --file deploy/metabase/compose.yml up --detach --wait

.PHONY: check feed replay docs lint test bench clean
check: environment ## say what a file would load: make check FILE=...
	@$(PY) -m ingestion check $(FILE)
feed: environment ## recognise a file and write its mapping: make feed FILE=... [WITH="--yes --set account=us"]
	@$(PY) -m ingestion feed $(FILE) $(WITH)
replay: environment ## write quarantined rows to correct, or take corrected ones: make replay [FILE=...]
	@$(PY) -m ingestion replay $(FILE) $(WITH)
docs: environment ## write the metric dictionary
	@$(PY) -m metrics dictionary
lint: test-environment ## ruff
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .
test: test-environment ## everything that must hold
	@$(PY) -m pytest $(if $(T),$(T),-n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder)
bench: test-environment ## measure, and write the figures into docs
	@$(PY) -m bench
clean: ## forget builds and the sample; publications stay
	rm -rf data/build data/sample
