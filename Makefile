PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install run smoke test explore coverage mutants format clean

install: $(STAMP)

# An exact pin, in a call of its own: without it pip prefers the CUDA packages.
$(STAMP): constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet torch==2.13.0 -c constraints.txt $(TORCH_FLAGS)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[test]"
	touch $(STAMP)

run: install
	$(BIN)/python -m spacy project run all

smoke: install
	$(BIN)/python -m spacy project run smoke

test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --hypothesis-profile repeatable

# Property tests alone, with other examples than the last time.
explore: install
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile -m hypothesis

coverage: install
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile --hypothesis-profile repeatable \
		--cov --cov-fail-under=95 --cov-report=term-missing:skip-covered

mutants: install
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/mutants.py

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv corpus training metrics report project.lock
