# heed: `make setup`, `make demo`, `make test`, `make check`. Needs Python 3.11 or newer; the demo and the broker
# tests also Docker, or Java 17 and Maven.

SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.setup

# The first of these that is Python 3.11 or newer; `make setup PYTHON=...` names another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)

.PHONY: setup demo test faults overload monitoring fuzz prometheus dashboards check bench bench-full lock clean

setup: $(STAMP)  ## a .venv with .venv/bin/heed; does nothing when nothing changed
	@:

# --no-deps: a lock file names everything, and older pips look for the newest `coverage[toml]` although `coverage` is locked.
$(STAMP): requirements-dev.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "heed needs Python 3.11 or newer: install it, or name it with make setup PYTHON=/path/to/python3" >&2; exit 2; fi
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv: install it (Debian, Ubuntu: the package python3-venv)" >&2; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "setting up .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## a hospital day on a local Kafka; make demo ARGS=--once ends by itself
	@$(BIN)/heed demo $(ARGS)

test: setup  ## all tests but those of make monitoring, with a real broker; make test ARGS="-k name" for some
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(ARGS)

monitoring: setup  ## real faults, scraped by a real Prometheus: some 20 minutes; needs prometheus, promtool, faketime
	@TESTS_NEED_PROMETHEUS=1 $(BIN)/python -m pytest -m monitoring -rP $(ARGS) tests/monitoring

prometheus:  ## beside make demo: a Prometheus at 127.0.0.1:9090 with our rules (Debian, Ubuntu: the package prometheus)
	@command -v prometheus >/dev/null || { echo "prometheus is not installed (Debian, Ubuntu: apt-get install prometheus)" >&2; exit 2; }
	@mkdir -p .heed/targets && prometheus --config.file=deploy/prometheus/laptop.yaml --storage.tsdb.path=.heed/prometheus \
		--web.listen-address=127.0.0.1:9090 --log.level=warn

dashboards: setup  ## the dashboards with the data of that Prometheus, as pages; make dashboards ARGS="--minutes 5"
	@$(BIN)/python -m scripts.draw_dashboards $(ARGS)

faults: setup  ## an hour and a quarter on three brokers while things break; make faults FAULTS="--seed 7 --size 0.1" a tenth
	@$(BIN)/python -m tests.fault $(FAULTS)

overload: setup  ## four times what a worker can take, for five minutes; make overload OVERLOAD="--seconds 60 --times 3"
	@$(BIN)/python -m tests.fault.overload $(OVERLOAD)

fuzz: setup  ## damaged bytes and absurd events, ten minutes; make fuzz FUZZ="--seconds 60 --seed 7"
	@$(BIN)/python -m tests.fuzz $(FUZZ)

check: setup  ## what can be told in about a minute, without a broker
	@scripts/check

bench: setup  ## Heed against its peers, and every target: 20 to 30 minutes on a machine with nothing else to do
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m bench $(ARGS)

bench-full: setup  ## the same with more rounds and longer windows: hours
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m bench --full $(ARGS)

lock: setup  ## write the lock files anew; make lock ARGS=--upgrade takes newer versions
	@for extra in "" "dev"; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			--no-emit-index-url --no-emit-find-links $${extra:+--extra $$extra} $(ARGS) \
			-o requirements$${extra:+-$$extra}.lock pyproject.toml || exit 1; \
	done
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --extra dev --extra bench -c requirements-dev.lock $(ARGS) \
		-o requirements-bench.lock pyproject.toml

clean:  ## everything that can be made again; stops the local Kafka first
	@[ ! -x $(BIN)/heed ] || $(BIN)/heed kafka down
	rm -rf .venv .heed .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage *.egg-info
