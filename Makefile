# `make help` lists what there is to do.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
RUNS := $(VENV)/.runs

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset check format test package deploy status logs destroy pictures bench bench-sqlite clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(READY) ## the virtual environment with everything in it

$(READY): requirements.txt requirements-demo.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(RUNS): requirements.txt requirements-demo.txt
	@echo "Setting up $(VENV), once: $$(cat $^ | grep -c ==) packages, about 12 MB to download and 90 MB on the disk …"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-demo.txt
	@touch $@

demo: $(RUNS) ## the whole product on this machine (PORT, SHEETS_PORT, SYNC_SECONDS, DEMO_NOW, DEMO_EMPTY)
	@exec $(RUN) -m local.demo

demo-reset: ## forgets what the demo has recorded
	rm -rf .local

check: $(READY) ## formatting, lint, types
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

format: $(READY) ## formats, and mends what lint can mend
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

test: $(READY) ## all tests; those in a browser need Chromium
	$(RUN) -m pytest -n auto

package: $(READY) ## the deployment package, into dist/
	$(RUN) -m deploy package dist

deploy: $(READY) ## a stage into AWS, or an upgrade of it (STAGE; ALARM_EMAIL, SHEETS_API_URL, RESERVED_CONCURRENCY)
	@$(RUN) -m deploy deploy

status: $(READY) ## where a stage is, and how it is (STAGE)
	@$(RUN) -m deploy status

logs: $(READY) ## what a stage has logged in the last minutes (STAGE, MINUTES)
	@$(RUN) -m deploy logs

destroy: $(READY) ## deletes a stage after asking; its table is kept (STAGE)
	@$(RUN) -m deploy destroy

pictures: $(READY) ## the README's pictures, of a made-up campaign
	$(RUN) -m local.pictures

bench: $(READY) ## counted costs and ratios, and how projections do, into docs/
	$(RUN) -m bench

bench-sqlite: $(READY) ## reports a second on SQLite and to the demo, and 100 kills under load; minutes, and of this machine
	$(RUN) -m bench.throughput
	$(RUN) -m bench.demo
	$(RUN) -m bench.kills

clean: ## removes what was made, but not what the demo recorded
	rm -rf $(VENV) .emulator dist .chalice/deployments .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
