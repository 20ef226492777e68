# pgx: `make demo` runs the main job on real input, `make test` proves it. Both install what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SHARED ?= ../shared
WORKERS ?= 2
OUT ?= demo-report
SEED ?= 1
N ?= 100
MINUTES ?= 5
# Where Python may not write bytecode (PYTHONDONTWRITEBYTECODE), each start would compile the whole package again.
COMPILE = $(BIN)/python -m compileall -q pgx

.DEFAULT_GOAL := help
.PHONY: help demo install lock sbom vulnerabilities test test-long test-hpc fuzz mutants mutated check lint types layers bench accuracy knowledge examples test-data models clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("pgx needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
ifdef LOCKED
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
endif
	$(COMPILE)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(if $(LOCKED),$(VENV)/.installed) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]' --group dev
	$(COMPILE)
	@touch $(VENV)/.installed $@

install: $(VENV)/.installed  ## Install pgx into .venv; LOCKED=1 takes the versions and hashes of requirements.lock

lock: $(VENV)/.installed  ## Write requirements.lock anew, with hashes and without an index address
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile pyproject.toml .packaging/build.in --generate-hashes --no-emit-index-url --universal \
		--python-version 3.11 --no-header --no-annotate --upgrade --quiet --output-file requirements.lock

sbom: $(VENV)/.installed  ## Write sbom.json (CycloneDX): every package of requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom
	$(BIN)/cyclonedx-py requirements requirements.lock --output-reproducible --output-file sbom.json

vulnerabilities: $(VENV)/.installed  ## Look up known vulnerabilities of requirements.lock (needs the network)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --strict --require-hashes --requirement requirements.lock

demo: $(VENV)/.installed  ## Report on a real person's variants with a made-up clinical history
	$(BIN)/pgx report data/examples/HG00652.GRCh38.vcf.gz --clinical data/examples/HG00652.clinical.json -o $(OUT)
	@echo "Next: . $(VENV)/bin/activate, then pgx --help. The report for a browser:" >&2
	@echo "file://$(abspath $(OUT))/HG00652.report.html" >&2

test: $(VENV)/.installed-dev check  ## Lint, types, import layers, knowledge and all tests
	PGX_SHARED=$(SHARED) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests

test-long: $(VENV)/.installed-dev  ## All tests, each at its full size: more draws, lists, events and worlds
	PGX_LONG=1 PGX_SHARED=$(SHARED) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests

$(VENV)/.installed-hpc: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group hpc
	@touch $@

test-hpc: $(VENV)/.installed-hpc  ## A cohort on a Slurm cluster of this machine, Snakemake, Dask, Spark, and 200 random kills of a cohort and of reports; skips what is not installed
	$(BIN)/python -m pytest -m hpc tests/hpc
	$(BIN)/python -m tests.hpc.kills -n 200 --seed $(SEED)
	$(BIN)/python -m tests.hpc.report_kills -n 200 --seed $(SEED)

fuzz: $(VENV)/.installed-dev  ## Change real inputs and read them for MINUTES of the processor (5, SEED 1), then the property tests with new examples
	$(BIN)/python -m tests.tools.fuzz --minutes $(MINUTES) --seed $(SEED)
	PGX_HYPOTHESIS=fuzz $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m hypothesis tests

mutants: $(VENV)/.installed-dev  ## Make N small changes (default 100, SEED 1) in the code that decides: do the related tests notice? The same command again goes on
	$(BIN)/python -m tests.tools.mutants --seed $(SEED) -n $(N)

mutated: $(VENV)/.installed-dev  ## 2,000 changed clinical records (SEED 1): is each read the same, or is the change named?
	PGX_MUTATED=2000 PGX_MUTATED_SEED=$(SEED) $(BIN)/python -m pytest -q -n $(WORKERS) tests/clinical/test_mutated.py

check: $(VENV)/.installed-dev  ## What needs no run: lint, types, import layers, the knowledge's own consistency
	@$(MAKE) --no-print-directory --jobs=$(WORKERS) lint types layers
	$(BIN)/pgx kb validate

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check pgx tests
	$(BIN)/ruff format --check pgx tests

types: $(VENV)/.installed-dev
	$(BIN)/mypy

layers: $(VENV)/.installed-dev
	$(BIN)/lint-imports
	$(BIN)/python -m tests.tools.check_house

bench: $(VENV)/.installed-dev  ## Speed as ratios in one run, and accuracy against the consensus and the peers
	$(BIN)/python -m tests.benchmarks.bench_cli
	$(BIN)/python -m tests.benchmarks.bench_knowledge
	$(BIN)/python -m tests.benchmarks.bench_variants
	$(BIN)/python -m tests.benchmarks.bench_calling
	$(BIN)/python -m tests.benchmarks.bench_serve
	$(BIN)/python -m tests.benchmarks.bench_reports
	$(BIN)/python -m tests.benchmarks.bench_cohort
	$(BIN)/python -m tests.benchmarks.bench_exposure

accuracy: $(VENV)/.installed-dev  ## Calls against the consensus, the peers, phase, gaps, families and builds
	$(BIN)/python -m tests.benchmarks.accuracy

knowledge: $(VENV)/.installed  ## Rebuild data/knowledge from the curated fact tables
	$(BIN)/pgx kb build $(SHARED)/facts -o data/knowledge
	$(BIN)/pgx kb validate

examples: $(VENV)/.installed  ## Rewrite the example genomes from the panels
	$(BIN)/python -m tests.tools.make_examples $(SHARED)/genomes data/examples

test-data: $(VENV)/.installed-dev  ## Rewrite the small cuts of facts and panels in tests/data
	$(BIN)/python -m tests.tools.make_data $(SHARED) tests/data

$(VENV)/.installed-train: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[train]'
	@touch $@

models: $(VENV)/.installed-train  ## Retrain the shipped models and compare with their checksums
	$(BIN)/python -m pgx.build_data.models --isoniazid $(SHARED)/clinical/cohorts/isoniazid_nat2_pk/isoniazid_auc.csv

clean:  ## Remove what the targets made
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
