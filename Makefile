# Everything needs only make and CPython 3.11 or later with pip.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Compiled modules are kept, as an installed package has them: without, each of the many
# processes that the tests start would compile all of them again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test test-long faults check bench lock

setup: $(STAMP)

# Reinstalls only when the lock or the packaging has changed.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup
	$(BIN)/roster-sync demo

test: setup
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not long and not faults"

# What takes minutes by itself. Three at once on two cores, here and with the faults,
# since much of it waits.
test-long: setup
	$(BIN)/python -m pytest -q -n 3 --dist load -m "long and not faults"

# Kills, lost answers, full disks, hostile files and servers; prints what was measured.
# FAULT_ROUNDS=10 is the long form.
faults: setup
	$(BIN)/python -m pytest -q -n 3 --dist worksteal tests/faults

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# FULL=1 takes the large sizes.
bench: setup
	$(BIN)/python -m benchmarks $(if $(FULL),--full)

# Pins every dependency with hashes and without addresses.
lock: setup
	$(BIN)/pip-compile --quiet --upgrade --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
