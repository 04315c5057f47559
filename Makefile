# Two commands on a fresh machine: `make demo` runs the main job, `make test` the tests.
# Each makes .venv if needed.
PYTHON ?= python3
PACKAGE ?= .
BIN = .venv/bin
WORKERS ?= -n 2 --dist worksteal
SOURCES = $(shell find autograd_edu -name "*.py" -o -name "*.js" -o -name "*.css")

.PHONY: demo test test-fast lint notebooks notebooks-check docs bench clean

demo: .venv/demo
	@mkdir -p out
	$(BIN)/autograd-edu explain "v = u**2; exp(sin(v) * log(v))" u=1.5 \
		--svg out/explain.svg --html out/explain.html --latex out/explain.tex

# two processes, each of which begins with a half of the tests and then takes from the other
test: .venv/test
	$(BIN)/pytest tests README.md --pyargs autograd_edu $(WORKERS) $(ARGS)

# most cases, in under a minute
test-fast: .venv/test
	$(BIN)/pytest tests README.md --pyargs autograd_edu \
		-m "not browser and not random and not frameworks and not slow" $(WORKERS) $(ARGS)

lint: .venv/lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

# execute the notebooks and write them with their outputs
notebooks: .venv/test
	$(BIN)/python notebooks/notebook.py run

# execute the notebooks and compare them with what is committed
notebooks-check: .venv/test
	$(BIN)/python notebooks/notebook.py check

# build the site into out/site
docs: .venv/docs
	$(BIN)/python docs/build.py out/site

# peers.py writes the table of the speed page
bench: .venv/bench
	$(BIN)/python tests/benchmarks/peers.py --markdown docs/speed.md
	$(BIN)/python tests/benchmarks/engine.py
	$(BIN)/python tests/benchmarks/program.py
	$(BIN)/python tests/benchmarks/program.py --cost
	$(BIN)/python tests/benchmarks/irregular.py
	$(BIN)/python tests/benchmarks/drawing.py
	$(BIN)/python tests/benchmarks/gpt.py
	$(BIN)/python tests/benchmarks/gpt.py --compare

.venv:
	$(PYTHON) -m venv .venv

# A file in .venv says that a set of packages is installed. The package itself is built and
# installed as a wheel.
.venv/demo: pyproject.toml $(SOURCES) | .venv
	$(BIN)/pip install -q --disable-pip-version-check "$(PACKAGE)"
	@touch $@

.venv/test: pyproject.toml $(SOURCES) | .venv
	$(BIN)/pip install -q --disable-pip-version-check "$(PACKAGE)[test]"
	@touch $@

.venv/lint: pyproject.toml | .venv
	$(BIN)/pip install -q --disable-pip-version-check "$(PACKAGE)[dev]"
	@touch $@

.venv/docs: pyproject.toml $(SOURCES) | .venv
	$(BIN)/pip install -q --disable-pip-version-check "$(PACKAGE)[docs]"
	@touch $@

.venv/bench: pyproject.toml $(SOURCES) | .venv
	$(BIN)/pip install -q --disable-pip-version-check "$(PACKAGE)[bench]"
	@touch $@

clean:
	rm -rf .venv dist build out .pytest_cache .mypy_cache .ruff_cache .hypothesis
