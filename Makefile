# One command a job; CONTRIBUTING.md says which.
#
# Each installs the Debian packages that it needs and that are missing, and nothing otherwise.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := build

# ISA-L compresses three times as fast as zlib, where Debian has it for the architecture.
LIBRARIES := libcurl4-openssl-dev libssl-dev zlib1g-dev \
  $(if $(filter amd64 arm64,$(shell dpkg --print-architecture 2>/dev/null)),libisal-dev)
TEST_PACKAGES := python3-venv apache2-utils strace libfaketime prometheus chromium chromium-driver \
  fonts-dejavu-core
BENCH_PACKAGES := nginx haproxy caddy wrk gcc curl openssl

SYSTEM_TESTS := Tests/SystemTests
CHECKED_TESTS := test_body_combinations.py test_c8_sizes.py test_tunnels.py test_request_buffering.py \
  test_execute_fetch.py test_execute_uploads.py test_execute_long_answers.py
RELEASE := .build/release
VENV := .build/venv
PYTHON := $(VENV)/bin/python

# Imports that Package.swift does not declare are errors.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
# What is shipped needs no Swift where it runs; calls into the runtime are 4 % cheaper, too.
RELEASE_FLAGS := -c release --static-swift-stdlib $(SWIFT_FLAGS)

.PHONY: run build test unit system lint bench sanitize fuzz fuzz-smoke clean libraries

run: libraries
	swift build $(RELEASE_FLAGS) --product penstock
	exec $(RELEASE)/penstock demo

build: libraries
	swift build $(RELEASE_FLAGS)

# Both suites run, whatever the first one says; their closing lines stand at the end.
test: build $(VENV)/installed
	@result=0; \
	$(MAKE) --no-print-directory unit || result=1; \
	$(MAKE) --no-print-directory system || result=1; \
	echo; \
	grep -h 'Test run with' .build/unit.log || echo 'unit tests: no result'; \
	tail -n 1 .build/system.log; \
	exit $$result

unit: libraries
	@rm -f .build/unit.log
	swift build --build-tests --disable-xctest $(SWIFT_FLAGS)
	swift test --skip-build --disable-xctest 2>&1 | tee .build/unit.log \
	  | grep --line-buffered -v -e ' started\.$$' -e '^✔ Suite' -e '^✔ Test [A-Za-z0-9_]*[("]'

# At first the bodies once more on the debug build, which checks what release builds trust.
system: build $(VENV)/installed
	swift build --product penstock $(SWIFT_FLAGS)
	cd $(SYSTEM_TESTS) && PENSTOCK_BIN=$(CURDIR)/.build/debug/penstock PENSTOCK_TEST_PATIENCE=3 \
	  ../../$(PYTHON) -m pytest -q $(CHECKED_TESTS)
	cd $(SYSTEM_TESTS) && ../../$(PYTHON) -m pytest -q 2>&1 | tee ../../.build/system.log

lint: $(VENV)/installed
	swift format lint --strict --recursive Sources Tests Package.swift
	$(PYTHON) -m pyflakes $(SYSTEM_TESTS) benchmarks dashboards

bench: build
	@for package in $(BENCH_PACKAGES); do \
	  $(call install,$$package) || echo "$$package is not to be had, and left out"; \
	done
	python3 benchmarks/side_by_side.py --penstock $(RELEASE)/penstock $(BENCH)

sanitize: libraries
	swift test --disable-xctest --sanitize=address --scratch-path .build/address \
	  --skip TidyTests

# Each program of Tests/Fuzz for a while, from what it learnt the last time.
FUZZ_SECONDS := 60
FUZZ_PROGRAMS := InflateFuzz DecodeFuzz EncodeFuzz ValidateFuzz EscapeFuzz FieldFuzz
fuzz: libraries
	swift build -c release --package-path Tests/Fuzz --scratch-path .build/fuzz/build \
	  --sanitize fuzzer \
	  -Xswiftc -sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table
	@for program in $(FUZZ_PROGRAMS); do \
	  mkdir -p .build/fuzz/$$program; \
	  echo "$$program, $(FUZZ_SECONDS) s"; \
	  SWIFT_BACKTRACE=enable=no .build/fuzz/build/release/$$program \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=20 -print_final_stats=1 \
	    -verbosity=0 -artifact_prefix=.build/fuzz/$$program- .build/fuzz/$$program; \
	done

fuzz-smoke:
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=4

clean:
	rm -rf .build

libraries:
	@$(call install,$(LIBRARIES))

$(VENV)/installed: $(SYSTEM_TESTS)/requirements.txt
	@$(call install,$(TEST_PACKAGES))
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Installs those of the packages that are missing. Debian would run a Prometheus at once and at every
# start, on the demonstration's own port: one that was not there before does not stay up.
define install
missing=$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(1) 2>/dev/null \
    | awk '$$2 == "installed" {print $$1}' \
    | grep -vxF -f - <(printf '%s\n' $(1)) || true); \
  if [ -n "$$missing" ]; then \
    sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
    $$sudo apt-get update -q; \
    $$sudo env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends $$missing; \
    case $$missing in *prometheus*) \
      [ ! -d /run/systemd/system ] || $$sudo systemctl disable -q --now prometheus;; \
    esac; \
  fi
endef
