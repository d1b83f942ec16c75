# make            set up the environment and reproduce everything         make test     set it up and run the tests
# make env        the environment alone (.venv)                           make report   everything as one HTML page
# make bench      the value engine, timed                                 make lint     style of code and rules
# Needs Python >= 3.11 with pip and venv. Another interpreter: make PYTHON=python3.12. Fewer cores: make CORES=2.

PYTHON ?= python3
CORES ?= all
TEST_JOBS ?= 2
BIN := .venv/bin
STEPS = --require-hashes --disable-pip-version-check

.PHONY: all env test bench report lint schema clean env-pypsa test-pypsa lock
.DELETE_ON_ERROR:

all: env
	$(BIN)/snakemake --cores $(CORES)

env: .venv/done

# connection-pool, which snakemake needs, exists as source only: without the pinned setuptools of the first step pip would fetch
# any newest one to build it. -e is refused together with hashes, so the package itself comes last.
.venv/done: envs/build.txt envs/requirements.txt pyproject.toml
	@$(call check_python)
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install $(STEPS) -r envs/build.txt
	$(BIN)/python -m pip install $(STEPS) --no-build-isolation -r envs/requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Test files are shared by processes with one thread each; a test file stays in one, as its tests share what they computed.
test: env
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -rs -n $(TEST_JOBS) --dist loadfile

bench: env
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python workflow/bench/value_engine.py

report: all
	$(BIN)/snakemake --cores 1 --report report.html

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --line-length 120 --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

# Names and options of study files, for editors; tests compare it with the code.
schema: env
	$(BIN)/python -c "import json; from sharegrid import config; print(json.dumps(config.json_schema(), indent=2))" > config/study.schema.json

clean:
	rm -rf results logs benchmarks report.html .snakemake

# A second environment, with PyPSA, to read its networks; the core does without.
env-pypsa: .venv-pypsa/done

.venv-pypsa/done: envs/build.txt envs/pypsa.txt pyproject.toml
	@$(call check_python)
	$(PYTHON) -m venv --clear .venv-pypsa
	.venv-pypsa/bin/python -m pip install $(STEPS) -r envs/build.txt
	.venv-pypsa/bin/python -m pip install $(STEPS) --no-build-isolation -r envs/pypsa.txt
	.venv-pypsa/bin/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test-pypsa: env-pypsa
	.venv-pypsa/bin/python -m pytest -rs tests/readers tests/markets

# For maintainers, with uv: from the ranges in pyproject.toml to the pins in envs/. The lists hold hashes and no index address.
UV ?= uv
EXPORT = $(UV) export --no-emit-project --no-header --format requirements-txt --quiet
lock:
	$(UV) lock
	$(EXPORT) --group dev --output-file envs/requirements.txt
	$(EXPORT) --only-group build --output-file envs/build.txt
	$(UV) pip compile --universal --generate-hashes --no-header --no-emit-index-url --quiet \
		--output-file envs/pypsa.txt pyproject.toml envs/pypsa.in

define check_python
case "$(CURDIR)" in *" "*) \
	echo "sharegrid: '$(CURDIR)' has a space in it, and Snakemake cannot start an interpreter from there; move the folder" >&2; exit 1;; esac; \
command -v $(PYTHON) > /dev/null || { echo "sharegrid: no '$(PYTHON)' found; name a Python >= 3.11: make PYTHON=/path/to/python3" >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "sharegrid needs Python >= 3.11, and $(PYTHON) is $$($(PYTHON) -V); name another: make PYTHON=python3.12" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' || { \
	echo "sharegrid: $(PYTHON) comes without venv or pip (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
endef
