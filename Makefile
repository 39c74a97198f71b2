# `make help` lists the commands.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
RUNS := $(VENV)/.runs

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset check format test torture mutations scan audit package deploy status logs restore pause resume destroy pictures translations bench bench-pages bench-sqlite clean

help: ## shows this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(READY) ## makes the virtual environment with all dependencies

$(READY): requirements.txt requirements-demo.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(RUNS): requirements.txt requirements-demo.txt
	@echo "Setting up $(VENV), once: $$(cat $^ | grep -c ==) packages, about 12 MB to download and 90 MB on the disk …"
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-demo.txt
	@touch $@

demo: $(RUNS) ## runs the whole product on this machine (PORT, SHEETS_PORT, DISCORD_PORT, SYNC_SECONDS, DEMO_NOW, DEMO_EMPTY)
	@exec $(RUN) -m local.demo

demo-reset: ## deletes what the demo has recorded
	rm -rf .local

check: $(READY) ## checks formatting, lint and types
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy

format: $(READY) ## formats the code, and fixes what the linter can fix
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

test: $(READY) ## runs all tests; those in a browser need Chromium
	$(RUN) -m pytest -n auto

torture: $(READY) ## makes everything go wrong for long, against a model, into docs/RELIABILITY.md (PARTS, OPERATIONS, SEED)
	@$(RUN) -m tests.torture $(PARTS)

mutations: $(READY) ## puts faults into a copy of the code, and writes into docs/RELIABILITY.md which test finds each
	@$(RUN) -m tests.mutations

scan: $(READY) ## lets checkov look at the template, with all options off and on; installs it once, in .checkov
	@$(RUN) -m tests.scan

audit: $(READY) ## asks whether vulnerabilities of what runs are known; needs the network, and installs pip-audit once, in .audit
	@$(RUN) -m tests.audit

package: $(READY) ## makes the deployment package in dist/ (STAGE, ARCHITECTURE)
	$(RUN) -m deploy package dist

deploy: $(READY) ## deploys or upgrades a stage in AWS (STAGE, PACKAGE, and the variables of docs/OPERATIONS.md)
	@$(RUN) -m deploy deploy

status: $(READY) ## shows a stage's addresses and state (STAGE)
	@$(RUN) -m deploy status

logs: $(READY) ## shows what a stage has logged in the last minutes, or for one request (STAGE, MINUTES, REQUEST)
	@$(RUN) -m deploy logs

restore: $(READY) ## brings a stage's table to what another table holds, after asking; all else stays (STAGE, FROM, DRY_RUN)
	@$(RUN) -m deploy restore

pause: $(READY) ## stops a stage's functions, so that nothing uses its table (STAGE)
	@$(RUN) -m deploy pause

resume: $(READY) ## ends a pause (STAGE)
	@$(RUN) -m deploy resume

destroy: $(READY) ## deletes a stage after asking; its table is kept (STAGE)
	@$(RUN) -m deploy destroy

pictures: $(READY) ## takes the README's pictures of a made-up campaign
	$(RUN) -m local.pictures

translations: $(READY) ## brings the catalogues of the pages up to date with their texts, and compiles them
	$(RUN) -m local.translations

bench: $(READY) ## measures costs, next to other ways to do the same, and how good projections are, into docs/
	$(RUN) -m bench

bench-pages: $(READY) ## prints the bytes and requests of each page, in each language; needs Chromium
	$(RUN) -m bench.pages

bench-sqlite: $(READY) ## measures SQLite, the demo and `./muster serve` on this machine: reports a second, and 100 kills under load; takes minutes
	$(RUN) -m bench.throughput
	$(RUN) -m bench.demo
	$(RUN) -m bench.serve
	$(RUN) -m bench.kills

clean: ## deletes everything that was built, but not what the demo recorded
	rm -rf $(VENV) .bench .torture .checkov .audit .emulator dist .chalice/deployments .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
