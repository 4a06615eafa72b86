# Everything a developer or CI does. Needs make and Python 3.11 or newer; `make backends` and `make jaeger` also want Go
# (or Docker), `make backends` Java and Maven as well. The first target that needs it makes .venv from constraints.txt.

UV_VERSION := 0.13.9
VENV := .venv/.installed
RUN := .venv/bin
# The first Python that is new enough; `make PYTHON=…` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: demo test soak bench lint format golden docs screenshots recording wheel jaeger backends lock clean

demo: $(VENV) ## a sample agent: its run as a tree, its files, its trace
	@$(RUN)/runspan demo

test: $(VENV) ## all tests, with the real Collector, Jaeger and Kafka
	@$(RUN)/python -m tests.reliability.tools
	@$(RUN)/python -m tests.backends.build --optional
	$(RUN)/pytest --numprocesses 2 --cov

soak: $(VENV) ## the guarantees at full counts; writes docs/guarantees.md
	@$(RUN)/python -m tests.reliability.tools
	@$(RUN)/python -m tests.backends.build --optional
	$(RUN)/pytest --soak -o faulthandler_timeout=3600 tests/reliability

bench: $(VENV) ## what recording costs, beside the bare SDK and the alternatives; writes docs/performance.md
	$(RUN)/python -m benchmarks

lint: $(VENV) ## what must hold before a commit
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports --no-logo

format: $(VENV) ## sort imports, lay out the code
	$(RUN)/ruff check --fix-only .
	$(RUN)/ruff format .

golden: $(VENV) ## write anew what tests compare with: tests/golden and the generated pages
	$(RUN)/pytest --golden -m golden

docs: golden ## the documentation in build/site, its generated pages written anew
	NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict

screenshots: $(VENV) ## the pages' pictures in docs/images; needs chromium
	$(RUN)/python -m tests.screenshots

recording: $(VENV) ## list, watch, show and insights as docs/images/terminal.svg plays them
	$(RUN)/python -m tests.recording

wheel: $(VENV) ## the distribution in dist, tried out where nothing else is installed
	rm -rf dist build
	$(RUN)/python -m build --no-isolation
	$(RUN)/uv venv --quiet --python $(RUN)/python build/venv
	$(RUN)/uv pip install --quiet --python build/venv --constraints constraints.txt dist/*.whl
	cd build && venv/bin/runspan demo --storage runs

jaeger: $(VENV) ## Collector and Jaeger on this machine, until Ctrl-C
	@$(RUN)/python -m tests.backends.serve

backends: $(VENV) ## have the Collector, Jaeger and Kafka that the tests use
	@$(RUN)/python -m tests.backends.build

lock: $(VENV) ## choose anew what .venv holds
	$(RUN)/uv pip compile --quiet --universal --upgrade --all-extras --group dev \
		--custom-compile-command "make lock" --output-file constraints.txt pyproject.toml

clean: ## forget everything that can be made again, except the built backends
	rm -rf .venv build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache tests/.ruff_cache

$(VENV): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(RUN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(RUN)/uv pip install --quiet --python $(RUN)/python --requirements constraints.txt --editable .
	@touch $@
