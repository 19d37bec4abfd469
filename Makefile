# The commands of this repository; `make` lists them. Those that need .venv make it from the locked requirements.

PYTHON ?= python3
CONFIG ?= config.yaml
BIN := .venv/bin
PHOTOGRAPHS ?=
LISTED ?=

.PHONY: help demo study status watch test test-fast lint docs bench gpu lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed ## the paper in miniature, on handwritten digits, into results/demo
	$(BIN)/snakemake --profile demo
	$(BIN)/snakemake --profile demo --report results/demo/report.html
	$(BIN)/python -m demo.summary demo/config.yaml

study: .venv/installed data/patches.zip ## what two cores can answer in two hours; PHOTOGRAPHS=folder the first time
	$(BIN)/snakemake --profile study
	$(BIN)/snakemake --profile study --report results/study/photographs/report.html
	$(BIN)/snakemake --profile study --configfile study/digits.yaml
	$(BIN)/snakemake --profile study --configfile study/digits.yaml --report results/study/digits/report.html

data/patches.zip: | .venv/installed
	@test -n "$(PHOTOGRAPHS)" || { echo "The study needs photographs: make study PHOTOGRAPHS=/path/to/folder"; exit 1; }
	mkdir -p data
	$(BIN)/python -m study.patches "$(PHOTOGRAPHS)" $@ $(if $(LISTED),--listed $(LISTED))

status: .venv/installed ## where each run is; CONFIG=demo/config.yaml for the demo
	@$(BIN)/python -m wngan.status $(CONFIG)

watch: .venv/installed ## the same, again every few seconds, until Ctrl-C
	@$(BIN)/python -m wngan.status $(CONFIG) --watch

# Of three processes one often waits: for SLURM, or for a job to be killed.
test: .venv/installed ## all tests but those of `make gpu`
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder -m "not gpu"

test-fast: .venv/installed ## the unit tests without the slow ones, in under two minutes
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow" tests/unit

lint: .venv/installed ## style, types and Snakemake's own advice
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/snakemake --lint

docs: .venv/installed ## the site: guides, results and API reference, into site/index.html
	$(BIN)/python -m sphinx --fresh-env --fail-on-warning --keep-going --quiet \
		--conf-dir docs/site . site

bench: .venv/installed ## speed on this machine, beside a plain reference, also as results/speed.csv
	$(BIN)/python -m benchmarks.speed --output results/speed.csv

# Where a GPU is, torch often is as well, and sometimes no network: with a PYTHON that is given, .venv is not made.
ifeq ($(origin PYTHON),file)
gpu: .venv/installed ## whether what is for GPUs works on one, and how fast, in ten minutes; PYTHON=one that has torch
	@$(BIN)/python -m benchmarks.gpu
else
gpu:
	@$(PYTHON) -c 'import sys, importlib.util as found; \
		sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed" or \
		not found.find_spec("torch") and "$(PYTHON) has no torch; without PYTHON=, .venv is used")'
	@$(PYTHON) -m benchmarks.gpu
endif

lock: .venv/installed ## new versions into envs/, from envs/requirements.in
	$(BIN)/uv pip compile --system-certs --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header envs/requirements.in --output-file envs/requirements.txt
	$(BIN)/python envs/derive.py

# uv comes first, from its own hashes; it then installs everything at once, itself included.
.venv/installed: envs/requirements.txt envs/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement envs/uv.txt
	$(BIN)/uv pip sync --system-certs --python $(BIN)/python --compile-bytecode --require-hashes envs/requirements.txt
	touch $@

clean: ## what the demo made, the site, and .venv
	rm -rf results/demo site .venv
