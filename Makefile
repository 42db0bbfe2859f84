# make site: build the portal.  make test: everything the tests need, and all of them.  make serve: look at it.
# make crash: one real crash in QEMU, captured and read back.  make audit: what we depend on; STRICT=1 to need the network.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
BUILD_OPTIONS ?=

.PHONY: site serve check test crash lint audit bench clean

site: $(VENV)/site.stamp
	$(BIN)/kdump-portal sync
	$(BIN)/kdump-portal build $(BUILD_OPTIONS)
	@echo "Look at it: make serve, or any web server over site/."

serve: $(VENV)/site.stamp
	$(BIN)/kdump-portal serve

check: $(VENV)/site.stamp
	$(BIN)/kdump-portal check

test: $(VENV)/test.stamp $(VENV)/audit.stamp
	./tests/prepare
	$(BIN)/python -m pytest

crash: $(VENV)/site.stamp
	./tests/crash

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell content docs generator benchmarks ci *.md *.yml
	$(BIN)/pymarkdown scan -r content *.md requirements/README.md

audit: $(VENV)/site.stamp $(VENV)/audit.stamp
	$(BIN)/python requirements/audit.py $(if $(STRICT),--strict)

bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .cache site site.new site.old .site.spare

$(VENV)/site.stamp: requirements/site.txt pyproject.toml
	@# Debian keeps venv in a package of its own; as root it is installed when it is missing.
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
		{ apt-get -qq update && apt-get -qq install --yes python3-venv && $(PYTHON) -m venv --clear $(VENV); }
	$(PIP) --require-hashes -r requirements/site.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/test.stamp: $(VENV)/site.stamp requirements/test.txt
	$(PIP) --require-hashes -r requirements/test.txt
	touch $@

# In an environment of its own, so that nothing is installed beside what we need.
$(VENV)/audit.stamp: $(VENV)/site.stamp requirements/audit.txt
	$(PYTHON) -m venv --clear $(VENV)/audit
	$(VENV)/audit/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/audit.txt
	touch $@
