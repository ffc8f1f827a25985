# Everything a person or a machine does with this repository. `make help` lists it.

CONFIG ?= debug
PREFIX ?= /usr/local
FUZZ_CASES ?= 1000000
FUZZER ?= FuzzCBORMessage
FUZZ_SECONDS ?= 60
CHAOS_SECONDS ?= 120
CHAOS_SEEDS ?= 10
SOAK_SECONDS ?= 3600
ARGS ?=
PYTEST_ARGS ?=

# Where set-up puts DuckDB's header when it has no right to install for everybody.
export PKG_CONFIG_PATH := $(HOME)/.local/lib/pkgconfig:$(PKG_CONFIG_PATH)

SWIFT := swift
# One scratch folder for everything, Examples/ included; a second one would build the dependencies again.
SCRATCH := .build
TSAN := .build-tsan
PYTHON := $(CURDIR)/.venv/bin/python
REMBUS_BIN ?= $(CURDIR)/$(SCRATCH)/$(CONFIG)/rembus

SWIFT_TREES := $(wildcard Sources Tests Benchmarks Examples Fuzz/Sources Fuzz/Package.swift Package.swift)
# Most of these tests wait for something most of the time: three files are run at a time, the longest first, so that none of
# them is left over at the end.
WORKERS ?= -n 3 --dist loadfile --no-loadscope-reorder
LONGEST := $(addprefix Tests/Interop/test_,values.py docs_blocks.py hostile_queries.py storage_writer.py authentication.py \
    cli_replay.py light_sdk.py state_loss.py python_identity.py mqtt_protocol.py)
# These measure a broker, so nothing runs beside them.
ALONE := $(addprefix Tests/Interop/test_,chaos.py memory_limit.py soak.py)
# A choice of tests (`PYTEST_ARGS='-k …'`) may leave none for one of several calls.
OR_NONE = $(if $(PYTEST_ARGS),|| [ $$? -eq 5 ])
PYTEST = REMBUS_BIN="$(REMBUS_BIN)" $(PYTHON) -m pytest -p no:cacheprovider $(PYTEST_ARGS)

UNIT = REMBUS_PYTHON="$(PYTHON)" REMBUS_BIN="$(REMBUS_BIN)" $(SWIFT) test --scratch-path $(SCRATCH) -c $(CONFIG) --parallel
# Storage, slow hashes, other processes and long computing hold the threads they are tested on: tests that talk to
# something with a clock of its own would wait for them in the same process.
BLOCKING_TESTS := ^(RembusLakeTests|RembusStoreTests|RembusIdentityTests|RembusTrustTests)
COMPUTING_TESTS := ^(RembusSupportTests|RembusWireTests|DataFramesTests|RembusTablesTests|RembusBrokerTests|RembusMQTTTests)
# Whole brokers with their storage, which components in the same process talk to.
SERVER_TESTS := ^RembusServerTests
REFERENCE_TESTS := ^InteropTests

.DEFAULT_GOAL := help
.PHONY: help run setup peers build release test unit frames interop crash chaos soak tsan websocket examples lint format fuzz libfuzzer bench storagebench gatewaybench microbench install clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' \
	    | while IFS="$$(printf '\t')" read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

run: ## set up, build and start a broker on ws://127.0.0.1:8338; ARGS='…' adds options
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory release
	@exec $(SCRATCH)/release/rembus broker $(ARGS)

setup: ## install what building and testing need and is missing here
	@scripts/setup.sh test

peers:
	@scripts/setup.sh peers

build: ## build every target and the tests (CONFIG=debug or release)
	@scripts/build.sh $(SCRATCH) $(CONFIG) --build-tests

release: ## build the optimised command
	@scripts/build.sh $(SCRATCH) release --product rembus

test: ## set up, build and run every check and test
	@scripts/setup.sh run
	@# What the tests talk to is fetched while the compiler works.
	@$(MAKE) --no-print-directory -j 2 build peers
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory frames
	@$(MAKE) --no-print-directory interop
	@$(MAKE) --no-print-directory websocket
	@$(MAKE) --no-print-directory examples

unit: ## run the Swift tests
	$(UNIT) --skip '$(BLOCKING_TESTS)' --skip '$(COMPUTING_TESTS)' --skip '$(SERVER_TESTS)' --skip '$(REFERENCE_TESTS)'
	$(UNIT) --filter '$(COMPUTING_TESTS)'
	$(UNIT) --filter '$(BLOCKING_TESTS)'
	$(UNIT) --filter '$(SERVER_TESTS)'
	$(UNIT) --filter '$(REFERENCE_TESTS)'

frames: ## exchange DataFrames of every type with pyarrow, Polars and pandas
	$(PYTEST) Tests/DataFrames

interop: ## run the Python package and raw clients against the built broker and command
	$(PYTEST) $(WORKERS) $(LONGEST) $(filter-out $(ALONE) $(LONGEST),$(wildcard Tests/Interop/test_*.py)) $(OR_NONE)
	$(PYTEST) $(ALONE) $(OR_NONE)
	# Again with more event loops than a small machine has, for the paths between them.
	TEST_THREADS=3 $(PYTEST) $(WORKERS) $(addprefix Tests/Interop/test_,publish.py rpc.py identity.py tenants.py authentication.py private_topics.py) $(OR_NONE)

crash: ## kill a broker under load 200 times, stop it as often, and compare what it answered with what is there
	CRASH_ROUNDS=200 $(PYTEST) Tests/Interop/test_crash.py

chaos: ## put a bad network between SDK and broker for CHAOS_SECONDS in each of CHAOS_SEEDS scenarios
	CHAOS_SECONDS=$(CHAOS_SECONDS) CHAOS_SEEDS=$(CHAOS_SEEDS) $(PYTEST) Tests/Interop/test_chaos.py

soak: ## mixed load for SOAK_SECONDS: memory and file descriptors must stay where they are
	SOAK_SECONDS=$(SOAK_SECONDS) $(PYTEST) Tests/Interop/test_soak.py

tsan: ## build with the Thread Sanitizer; run the tests of everything with threads and a short system test under it
	@scripts/setup.sh test
	$(SWIFT) build --scratch-path $(TSAN) --sanitize=thread --build-tests
	scripts/tsan.sh $(TSAN)

websocket: ## run the RFC 6455 cases against the broker's listener and the SDK's dialer
	$(PYTEST) Tests/WebSocket

examples: ## build the programs of Examples/ as a package of their own, and run them
	@# With the versions that this package has: others would be compiled again.
	@cp Package.resolved Examples/Package.resolved
	@# Whatever becomes of them, SwiftPM's plan is that of this package again at the end.
	scripts/build.sh $(SCRATCH) $(CONFIG) --package-path Examples --build-tests \
	    && REMBUS_EXAMPLES="$(CURDIR)/$(SCRATCH)/$(CONFIG)" $(PYTEST) Tests/Interop/test_examples.py; status=$$?; \
	    scripts/build.sh $(SCRATCH) $(CONFIG) --build-tests && exit $$status

lint: ## check the format of the Swift code, the paths, the citations and the modules
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_TREES)
	@scripts/check-paths.sh
	@scripts/check-citations
	@scripts/check-modules
	@scripts/check-locks.sh

format: ## rewrite the Swift code in the project's format
	$(SWIFT) format format --in-place --parallel --recursive $(SWIFT_TREES)

fuzz: ## run the decoders on FUZZ_CASES generated inputs each
	REMBUS_FUZZ_CASES=$(FUZZ_CASES) $(SWIFT) test --scratch-path $(SCRATCH) -c $(CONFIG) --filter '[Ff]uzz'

libfuzzer: ## run a decoder under libFuzzer (FUZZER=FuzzCBORMessage, FUZZ_SECONDS=60)
	cd Fuzz && $(SWIFT) run -c release -Xswiftc -sanitize=fuzzer $(FUZZER) -max_total_time=$(FUZZ_SECONDS)

storagebench: release ## measure tables and queries; ARGS='rows --reference', …
	REMBUS_BIN="$(CURDIR)/$(SCRATCH)/release/rembus" $(PYTHON) Benchmarks/Storage/storage_bench.py $(ARGS)

gatewaybench: release ## measure every gateway, and mosquitto; ARGS='tcp ws --rounds 5', …
	REMBUS_BIN="$(CURDIR)/$(SCRATCH)/release/rembus" $(PYTHON) Benchmarks/Gateways/gateways.py $(ARGS)

microbench: ## time the hot pieces one by one
	$(SWIFT) run --scratch-path $(SCRATCH) -c release rembus-microbench $(ARGS)

bench: release ## measure a broker with the load generator; ARGS='pub --size 256', …
	$(SCRATCH)/release/rembus bench $(ARGS)

install: release ## install the command in PREFIX/bin (PREFIX=/usr/local)
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(SCRATCH)/release/rembus "$(DESTDIR)$(PREFIX)/bin/rembus"

clean: ## remove what was built and the Python environment
	rm -rf $(SCRATCH) $(TSAN) Fuzz/.build .venv
	find Tests -name __pycache__ -type d -prune -exec rm -rf {} +
