# Barycenter Jobs. `make` alone prints what there is.

VENV := .venv
PYTHON := $(VENV)/bin/python
ROWS ?= 200000
LOCAL := .local
# Each worker has a PostgreSQL of its own. More of them than cores: tests wait for pg_cron's minute most of the time.
PARALLEL := -n 3 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run db db-stop psql migrate seed test test-matrix lint format faults audits fuzz bench bench-full bench-api wheel freeze lock clean

help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run ## The product: an embedded PostgreSQL with pg_cron (or DATABASE_URL's), migrated, and the admin API
	@deploy/run $(LOCAL)

db: ## The embedded database alone, in the background
	@deploy/embedded start $(LOCAL)

db-stop: ## Stop it; the data stays
	@deploy/embedded stop $(LOCAL)

psql: ## psql on the embedded database (or DATABASE_URL's), as its owner
	@deploy/embedded psql $(LOCAL)

migrate: $(VENV)/run ## alembic upgrade head on the embedded database (or DATABASE_URL's)
	@url=$$(deploy/embedded url $(LOCAL)) && env -u DATABASE_URL_FILE DATABASE_URL="$$url" $(VENV)/bin/alembic upgrade head

seed: ## Fill the four identity tables with ROWS=200000 rows each, half of them expired
	@deploy/embedded psql $(LOCAL) -X -q -v rows=$(ROWS) -f deploy/seed.sql

test: $(VENV)/dev $(VENV)/npm ## The whole test suite, on a PostgreSQL with pg_cron of its own
	@deploy/install testing
	@$(VENV)/bin/pytest $(PARALLEL) $(TESTS)

test-matrix: $(VENV)/dev $(VENV)/npm ## The same suite on every supported PostgreSQL and pg_cron, in containers
	@deploy/install testing
	@tests/with_docker $(PYTHON) -m tests.matrix $(PARALLEL) $(TESTS)

lint: $(VENV)/dev ## ruff, mypy, and the SQL tools: pgspot, squawk, plpgsql_check
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tests/lint_sql
	@deploy/install testing
	@$(VENV)/bin/pytest -q tests/sql/test_plpgsql_check.py

format: $(VENV)/dev ## Format the Python code
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

faults: $(VENV)/dev ## A random walk through KILLS=300 kill points, with a tally
	@deploy/install testing
	@$(PYTHON) -m tests.faults.walk $(or $(KILLS),300)

audits: $(VENV)/dev $(VENV)/npm ## GraphQL over HTTP's audits, and graphql-cop's checks, with their tallies
	@$(VENV)/bin/pytest -q -s tests/api/test_clients.py -k audits
	@$(VENV)/bin/pytest -q tests/api/test_limits.py -k graphql_cop

fuzz: $(VENV)/dev ## CASES=5000 requests that schemathesis makes of the schema, with a tally
	@CASES=$(or $(CASES),5000) $(VENV)/bin/pytest -q -s tests/api/test_fuzz.py

bench: $(VENV)/dev ## A run beside what people use today, on BENCH_ROWS=2000000 rows; writes docs/benchmarks.md
	@ROWS=$(or $(BENCH_ROWS),2000000) ROUNDS=$(or $(ROUNDS),5) $(PYTHON) -m tests.bench.purge

bench-full: $(VENV)/dev ## The same, up to ten million live rows and ten million rows of history
	@LIVE=10000,100000,1000000,10000000 HISTORY=1000,10000,100000,1000000,10000000 \
		ROWS=$(or $(BENCH_ROWS),2000000) ROUNDS=$(or $(ROUNDS),5) $(PYTHON) -m tests.bench.purge

bench-api: $(VENV)/dev ## The admin API beside Strawberry and Ariadne: requests a second
	@ROUNDS=$(or $(ROUNDS),5) $(PYTHON) -m tests.bench.api

wheel: $(VENV)/dev ## The wheel, in .local/dist; the same bytes each time
	@$(PYTHON) -m build --wheel --no-isolation --outdir $(LOCAL)/dist

freeze: $(VENV)/run ## Copy what has changed in sql/ into migrations/frozen/$(rev)/: make freeze rev=0002
	@$(PYTHON) -m barycenter_jobs.install.freeze $(rev)

lock: $(VENV)/dev ## Resolve the dependencies anew into requirements*.txt
	@$(VENV)/bin/uv pip compile $(LOCK) -o requirements.txt pyproject.toml
	@$(VENV)/bin/uv pip compile $(LOCK) -o requirements-dev.txt -c requirements.txt --group dev pyproject.toml
	@$(VENV)/bin/uv pip compile $(LOCK) -o requirements-build.txt -c requirements-dev.txt --group build
LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate

clean: ## Stop and delete the embedded databases, and delete the virtual environment
	@for each in $(LOCAL) $(LOCAL)/*/; do [ ! -e "$$each/postgresql" ] || deploy/embedded drop "$$each"; done
	@rm -rf $(LOCAL) $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Made anew when the lock file has changed. --require-hashes: what is installed is what was locked.
$(VENV)/run: requirements.txt | $(VENV)/bin/pip
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(LINK)
	@touch $@

$(VENV)/dev: requirements-dev.txt | $(VENV)/bin/pip
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(LINK)
	@touch $@ $(VENV)/run

# In a checkout, as in the wheel, app/ is imported as barycenter_jobs.
LINK := ln -sfn "$(CURDIR)/app" "$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/barycenter_jobs"

# npm's clients and audits, which the suite runs.
$(VENV)/npm: tests/api/npm/package-lock.json | $(VENV)/dev
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm ci --silent --prefix tests/api/npm
	@touch $@

$(VENV)/bin/pip:
	@deploy/install python
	@python3 -m venv $(VENV)
