# Builds libsvft.so, the command line tool and what goes with them into build/; see `make help`.
#
# The shared object carries its own static Swift runtime and exports svft_* only. The flags for that
# stand here and not in Package.swift, because a package with unsafe flags cannot be depended on by
# version. The library and the tool share one scratch folder, apart from the one of the tests: other
# flags, and the two would throw away each other's work.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := all

PREFIX ?= /usr/local
DESTDIR ?=

VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' bindings/python/pyproject.toml)
SCRATCH := .build-so
BUILD := swift build -c release --scratch-path $(SCRATCH) --disable-local-rpath \
  -Xswiftc -static-stdlib -Xswiftc -use-ld=lld -Xlinker -s
# Never unloaded: its sleeping threads, thread-end and fork handlers live in its code.
LINK_LIBRARY := -Xlinker -soname=libsvft.so.0 -Xlinker -z -Xlinker nodelete \
  -Xlinker --version-script=$(CURDIR)/Sources/SVFTC/exports.map
RELEASE := $(SCRATCH)/release
TEST := swift test -c release
INSTALL := install -C

# Where the tests and the demo find what was built.
export SVFT_BUILD := $(CURDIR)/build
export SVFT_LIBRARY := $(CURDIR)/build/lib/libsvft.so.0
export PYTHONPATH := $(CURDIR)/bindings/python
# Compiled Python beside Swift files would be files that no target of Package.swift knows.
export PYTHONDONTWRITEBYTECODE := 1
PYTHON := build/venv/bin/python

# What `make test` runs, one target test-… each; the last line of each says how it went.
SUITES := swift hosts install python scenario package

.PHONY: all library tool header setup test $(SUITES:%=test-%) test-wheel test-readme test-all \
  bench bench-roofline bench-ops bench-growth demo install uninstall wheel format lint clean help

## all: the library, the tool, the header and svft.pc, in build/ (the default)
all: library tool header

library:
	$(BUILD) --product svft $(LINK_LIBRARY)
	mkdir -p build/lib
	$(INSTALL) -m 755 $(RELEASE)/libsvft.so build/lib/libsvft.so.0
	ln -sf libsvft.so.0 build/lib/libsvft.so

tool: | library
	$(BUILD) --product svft-cli
	mkdir -p build/bin
	$(INSTALL) -m 755 $(RELEASE)/svft-cli build/bin/svft

header:
	mkdir -p build/include build/lib/pkgconfig
	$(INSTALL) -m 644 include/svft.h build/include/svft.h
	sed -e 's|@PREFIX@|$(CURDIR)/build|' -e 's|@VERSION@|$(VERSION)|' packaging/svft.pc.in \
	  > build/lib/pkgconfig/svft.pc

## setup: install what is missing (apt; Python packages into build/venv)
setup:
	Setup/system.sh
	Setup/python.sh

## test: set up, build, and run every test
test: setup
	$(MAKE) --no-print-directory all
	mkdir -p build/log
	for suite in $(SUITES); do \
	  $(MAKE) --no-print-directory test-$$suite 2>&1 | tee build/log/$$suite.log; \
	done
	@echo
	@grep -hE 'Test run with' build/log/swift.log
	@for suite in $(filter-out swift,$(SUITES)); do tail -n 1 build/log/$$suite.log; done
	@echo "make test: all passed"

test-swift:
	$(TEST)

test-hosts:
	packaging/check-library.sh $(SVFT_LIBRARY)
	Tests/run-hosts.sh

test-python:
	$(PYTHON) Demo/corpus.py --check
	$(PYTHON) -m pytest -q bindings/python/tests

test-scenario:
	$(BUILD) --product ScenarioHost
	mkdir -p build/scenario
	$(INSTALL) -m 755 $(RELEASE)/ScenarioHost build/scenario/swift
	$(PYTHON) -m pytest -q Tests/Scenario

test-install:
	Tests/run-install.sh

test-package:
	Tests/run-package.sh

test-wheel: wheel
	Tests/run-wheel.sh

test-readme:
	Tests/run-readme.sh

PEERS ?= build/peers
BENCH ?= build/bench

$(PEERS)/bin/python:
	Benchmarks/setup.sh $(PEERS)

## bench: speed beside llama.cpp, transformers, PEFT and PyTorch; BENCH_FLAGS, into BENCH
bench: library | $(PEERS)/bin/python
	$(PEERS)/bin/python Benchmarks/speed.py --out $(BENCH) $(BENCH_FLAGS)

## bench-roofline: each kernel beside what the processor can do
bench-roofline: | $(PEERS)/bin/python
	$(PEERS)/bin/python Benchmarks/roofline.py --out $(BENCH)/roofline $(BENCH_FLAGS)

$(BENCH)/135M/config.json: | $(PEERS)/bin/python
	$(PEERS)/bin/python Benchmarks/random_model.py 135M $(BENCH)/135M

## bench-ops: where a prompt, a token and a training step go
bench-ops: library $(BENCH)/135M/config.json
	$(PEERS)/bin/python Benchmarks/ops.py --model $(BENCH)/135M --out $(BENCH)/ops $(BENCH_FLAGS)

## bench-growth: speed and memory by context, batch and threads
bench-growth: library $(BENCH)/135M/config.json
	$(PEERS)/bin/python Benchmarks/growth.py --model $(BENCH)/135M --out $(BENCH)/growth \
	  $(BENCH_FLAGS)

# Programs that end by exit() leave what main holds: that is no leak.
## test-all: test, wheel, README, address sanitiser, every instruction set, long fault loops
test-all: test
	$(MAKE) --no-print-directory test-wheel test-readme
	ASAN_OPTIONS=detect_leaks=0 $(TEST) --scratch-path .build-asan --sanitize=address
	for isa in portable avx2 avx512 avx512bf16; do \
	  echo "test-all: instruction set $$isa"; SVFT_ISA=$$isa $(TEST) --skip-build; \
	done
	SVFT_TEST_LONG=1 $(TEST) --skip-build
	SVFT_TEST_LONG=1 Tests/run-hosts.sh
	@echo "make test-all: all passed"

## demo: set up, build, and run the whole job on the tiny model in Demo/
demo: setup
	$(MAKE) --no-print-directory all
	Demo/run

build/bin/svft build/lib/libsvft.so.0:
	$(MAKE) --no-print-directory all

INTO = $(DESTDIR)$(PREFIX)
# The shells' completions: the tool writes its own.
COMPLETIONS := bash:bash-completion/completions/svft zsh:zsh/site-functions/_svft \
  fish:fish/vendor_completions.d/svft.fish

# What `svft demo` needs beside the tool.
DEMO := $(wildcard Demo/model/* Demo/data/reports-*.jsonl)
DEMO_SHARE := share/svft/demo

## install: install what is built into PREFIX (default /usr/local) below DESTDIR
install: | build/bin/svft build/lib/libsvft.so.0
	install -d $(INTO)/bin $(INTO)/lib/pkgconfig $(INTO)/include
	install -m 755 build/bin/svft $(INTO)/bin/svft
	install -m 755 build/lib/libsvft.so.0 $(INTO)/lib/libsvft.so.0
	ln -sf libsvft.so.0 $(INTO)/lib/libsvft.so
	install -m 644 include/svft.h $(INTO)/include/svft.h
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' packaging/svft.pc.in \
	  > $(INTO)/lib/pkgconfig/svft.pc
	chmod 644 $(INTO)/lib/pkgconfig/svft.pc
	for each in $(DEMO:Demo/%=%); do \
	  install -D -m 644 Demo/$$each $(INTO)/$(DEMO_SHARE)/$$each; \
	done
	for each in $(COMPLETIONS); do \
	  target=$(INTO)/share/$${each#*:}; \
	  install -D -m 644 <(build/bin/svft --generate-completion-script $${each%%:*}) $$target; \
	done

## uninstall: remove what install put there
uninstall:
	rm -f $(addprefix $(INTO)/, bin/svft lib/libsvft.so.0 lib/libsvft.so include/svft.h \
	  lib/pkgconfig/svft.pc $(DEMO:Demo/%=$(DEMO_SHARE)/%) \
	  $(foreach each,$(COMPLETIONS),share/$(lastword $(subst :, ,$(each)))))

SWIFT_FILES := Package.swift Sources Tests

## format: bring Swift code and comments into the house's form
format:
	swift format -i -r -p --configuration .swift-format $(SWIFT_FILES)
	python3 Setup/wrap_comments.py $(shell git ls-files '*.swift' '*.c' '*.h')

## lint: check the form without changing anything
lint:
	swift format lint -r -p --strict --configuration .swift-format $(SWIFT_FILES)

## wheel: the Python package with the library inside, in build/wheel
wheel: library
	rm -rf build/wheel-source build/wheel
	mkdir -p build
	cp -r bindings/python build/wheel-source
	rm -rf build/wheel-source/tests
	install -m 644 build/lib/libsvft.so.0 build/wheel-source/svft/libsvft.so.0
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir build/wheel build/wheel-source \
	  --config-settings=--build-option=--plat-name=$$(packaging/wheel-platform.sh $(SVFT_LIBRARY))

## clean: remove everything that was built
clean:
	rm -rf build .build .build-so .build-asan

## help: this list
help:
	@sed -n 's/^## \([^:]*\): /\1|/p' Makefile | \
	  while IFS='|' read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done
