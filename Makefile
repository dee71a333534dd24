# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= .demo
# The CPU build. Where pip would pick a build with CUDA packages, point pip at PyTorch's
# CPU index (see docs/install.md) before running make.
TORCH ?= torch==2.13.0

.PHONY: help install browser demo test check docs vendor clean

help:
	@echo "make demo    install, ingest the sample archive, ask it three questions"
	@echo "make test    install the test tools and Chromium (as root or with sudo, on Debian),"
	@echo "             run every check and test"
	@echo "make check   ruff, mypy, import-linter only"
	@echo "make docs    write the generated part of docs/cli.md"
	@echo "make clean   remove the virtual environment and the demo's data"

$(VENV)/.footnote: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Footnote needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[models]"
	@touch $@

$(VENV)/.footnote-test: $(VENV)/.footnote
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[models,test]"
	@touch $@

install: $(VENV)/.footnote

# The page is tested in the system's Chromium; without it those tests are skipped and say so.
browser:
	@for name in chromium chromium-browser google-chrome; do \
	    command -v $$name >/dev/null && exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ]; then root=; else root="sudo -n"; fi; \
	echo "installing chromium, which the tests of the page drive"; \
	{ $$root apt-get -qq update && $$root apt-get -qq install -y --no-install-recommends chromium; } >/dev/null \
	    || { echo "chromium could not be installed; 'apt-get install chromium' does it" >&2; test -z "$$CI"; }

demo: install
	$(BIN)/footnote ingest eval/archive --data $(DEMO)
	$(BIN)/footnote ask --data $(DEMO) \
		"How many guests attended UNIDO Day 2024?" \
		"Since when has UNIDO cooperated with China?" \
		"How much money did Huawei donate to UNIDO?"

test: $(VENV)/.footnote-test check browser
	# A file's tests stay together, since they share what is slow to make, in conftest's order.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.footnote-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: install
	$(BIN)/python deploy/make_docs.py

# The page's one library, as npm has it; SHA256SUMS says what must come out.
LIT_HTML := 3.3.3
VENDOR := server/page/vendor
vendor:
	rm -rf $(VENDOR)/lit-html && mkdir -p $(VENDOR)/lit-html
	npm pack --silent --pack-destination $(VENDOR) lit-html@$(LIT_HTML)
	tar -xzf $(VENDOR)/lit-html-$(LIT_HTML).tgz -C $(VENDOR)/lit-html --strip-components 1 \
		package/LICENSE package/lit-html.js package/directive.js package/directive-helpers.js \
		package/directives/repeat.js
	rm $(VENDOR)/lit-html-$(LIT_HTML).tgz
	cd $(VENDOR) && sha256sum --check --quiet SHA256SUMS

clean:
	rm -rf $(VENV) $(DEMO)
