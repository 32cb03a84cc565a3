# SPDX-License-Identifier: AGPL-3.0-only
#
# The front door. `make help` lists what it can do; docs/architecture.md says what is where.

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := build

# ---- What is where ------------------------------------------------------------------------------------------------------

SOURCES := $(shell find src -name '*.c' 2>/dev/null | sort)
LIBRARY_SOURCES := $(filter-out src/main.c,$(SOURCES))
UNIT_TESTS := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_HELPERS := $(sort $(wildcard tests/unit/lib/*.c))
# Tests of the bridge through its C header; they run real guests.
BRIDGE_TESTS := $(sort $(wildcard tests/bridge/test_*.c))
BRIDGE_HELPERS := $(filter-out $(BRIDGE_TESTS),$(sort $(wildcard tests/bridge/*.c)))
TEST_SOURCES := $(UNIT_TESTS) $(UNIT_HELPERS) $(BRIDGE_TESTS) $(BRIDGE_HELPERS)
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
C_FILES := $(sort $(shell find src bridge/include sdk templates tests bench examples -name '*.[ch]' 2>/dev/null))
BRIDGE_SOURCES := $(shell find bridge -path bridge/target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print 2>/dev/null)

# The program is linked with a bridge that is optimised across crates; after a change in bridge/ BRIDGE_PROFILE=quick
# saves some minutes.
BRIDGE_PROFILE ?= fast
BRIDGE := build/bridge/libfn0_bridge_$(BRIDGE_PROFILE).a
# What tests are linked with: a third of the size, as there are many of them.
BRIDGE_STRIPPED := build/bridge/libfn0_bridge_stripped.a
LLHTTP := build/deps/llhttp/usr
PYTHON := build/deps/python/bin/python

# ---- How C is compiled: three variants, each in its folder --------------------------------------------------------------

CLANG := clang-14
WARNINGS := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings -Werror
CFLAGS_COMMON := -std=c17 -D_GNU_SOURCE $(WARNINGS) -g -fno-omit-frame-pointer -ffunction-sections -fdata-sections \
	-Isrc -Ibridge/include -isystem $(LLHTTP)/include -MMD -MP
# lld links in a quarter of the time, but only tests can rely on it: `make build` needs no more than gcc.
LLD := -B/usr/lib/llvm-22/bin -fuse-ld=lld
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all

CC_release := gcc
CFLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now -Wl,--gc-sections
BRIDGE_release := $(BRIDGE) build/bridge/profile
MALLOC_release := -Wl,--no-as-needed -lmimalloc -Wl,--as-needed

CC_asan := $(CLANG)
CFLAGS_asan := -O1 $(SANITIZERS)
LDFLAGS_asan := $(SANITIZERS) $(LLD)
BRIDGE_asan := $(BRIDGE_STRIPPED)
MALLOC_asan :=

CC_fuzz := $(CLANG)
CFLAGS_fuzz := -O1 -fsanitize=fuzzer-no-link $(SANITIZERS)
LDFLAGS_fuzz := -fsanitize=fuzzer $(SANITIZERS) $(LLD)
BRIDGE_fuzz := $(BRIDGE_STRIPPED)
MALLOC_fuzz :=

MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null)
LIBRARIES := $(LLHTTP)/lib/$(MULTIARCH)/libllhttp.a -luv -lcurl -lssl -lcrypto -lpthread -ldl -lm

ASAN_ENVIRONMENT := ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0:abort_on_error=1 \
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-14/bin/llvm-symbolizer

define VARIANT
LIBRARY_$(1) := build/$(1)/libfn0.a
PROGRAM_$(1) := build/$(1)/fn0
UNITS_$(1) := $$(UNIT_TESTS:%.c=build/$(1)/%)
BRIDGE_TESTS_$(1) := $$(BRIDGE_TESTS:%.c=build/$(1)/%)

build/$(1)/%.o: %.c Makefile | set-up-build
	@mkdir -p $$(@D)
	$$(call SHOW,CC,$$@)
	@$$(CC_$(1)) $$(CFLAGS_COMMON) $$(CFLAGS_$(1)) -c $$< -o $$@

build/$(1)/libfn0.a: $$(LIBRARY_SOURCES:%.c=build/$(1)/%.o)
	$$(call SHOW,AR,$$@)
	@rm -f $$@ && ar rcs $$@ $$^

build/$(1)/fn0: build/$(1)/src/main.o build/$(1)/libfn0.a $$(BRIDGE_$(1))
	$$(call SHOW,LINK,$$@)
	@$$(CC_$(1)) $$(LDFLAGS_$(1)) $$(filter %.o %.a,$$^) $$(MALLOC_$(1)) $$(LIBRARIES) -o $$@

$$(UNITS_$(1)): $$(UNIT_HELPERS:%.c=build/$(1)/%.o)
$$(BRIDGE_TESTS_$(1)): $$(BRIDGE_HELPERS:%.c=build/$(1)/%.o)
$$(UNITS_$(1)) $$(BRIDGE_TESTS_$(1)): %: %.o build/$(1)/libfn0.a $$(BRIDGE_STRIPPED) | set-up-test
	$$(call SHOW,LINK,$$@)
	@$$(CC_$(1)) $$(LDFLAGS_$(1)) $$(LLD) $$(filter %.o,$$^) $$(filter %.a,$$^) -lcmocka $$(MALLOC_$(1)) \
		$$(LIBRARIES) -o $$@

-include $$(SOURCES:%.c=build/$(1)/%.d) $$(TEST_SOURCES:%.c=build/$(1)/%.d)
endef

SHOW = @printf '  %-5s %s\n' $(1) $(2)

$(foreach variant,release asan,$(eval $(call VARIANT,$(variant))))
$(eval $(call VARIANT,fuzz))

-include $(FUZZERS:%=build/fuzz/tests/fuzz/%.d)

build/fuzz/tests/fuzz/%: build/fuzz/tests/fuzz/%.o build/fuzz/libfn0.a $(BRIDGE_fuzz) | set-up-test
	$(call SHOW,LINK,$@)
	@$(CC_fuzz) $(LDFLAGS_fuzz) $^ $(LIBRARIES) -o $@

build/bridge/libfn0_bridge_%.a: $(BRIDGE_SOURCES) tools/build-bridge | set-up-build
	@tools/build-bridge $*

# What the program was linked with last: it is linked anew when that is to be the other one.
build/bridge/profile: always
	@mkdir -p $(@D)
	@echo $(BRIDGE_PROFILE) | cmp -s - $@ || echo $(BRIDGE_PROFILE) >$@

$(BRIDGE_STRIPPED): build/bridge/libfn0_bridge_quick.a
	@strip --strip-debug -o $@ $<

# ---- What one asks for --------------------------------------------------------------------------------------------------

.PHONY: always help build run test test-asan units units-asan bridge-tests bridge-tests-asan sdk-tests whole whole-asan bench bench-bridge fuzz guests screenshots lint format clean \
	set-up-build set-up-run set-up-sdk set-up-test set-up-bench

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

build: build/fn0 sdk sdk-c sdk-python build/templates ## the program, build/fn0, and beside it the SDKs and the templates

include tests/guests/guests.mk
include sdk/javascript/types/types.mk
include sdk/javascript/sdk.mk
include sdk/c/sdk.mk
include sdk/python/sdk.mk

# What `fn0 init` makes projects of.
TEMPLATE_FILES := $(shell find templates \( -name node_modules -o -name target -o -name .fn0 \) -prune -o -type f -print)

build/templates: $(TEMPLATE_FILES)
	$(call SHOW,COPY,$@)
	@rm -rf $@ && cp --parents -t build $(TEMPLATE_FILES) && touch $@

build/fn0: $(PROGRAM_release)
	@cp $< $@.aside && mv $@.aside $@

set-up-build set-up-run set-up-sdk set-up-test set-up-bench: set-up-%:
	@tools/setup $*

run: build/fn0 build/examples/hello.wasm ## set-up, build, and an example served at http://127.0.0.1:8080
	@echo 'Try:  curl "http://127.0.0.1:8080/?name=Ada"     (its source: examples/hello; Ctrl-C ends it)'
	@build/fn0 serve build/examples/hello.wasm

# SECONDS_EACH: how long each fuzzer runs. TESTS: what of the tests of the whole program to run (a path, or -k words).
SECONDS_EACH ?= 60
TESTS ?= tests
BENCH_OPTIONS ?=
JOBS := $(shell nproc)
CLANG_FORMAT := clang-format-14
RUST_FOLDERS := bridge sdk/javascript/native tests/guests/rust tools/guest-tools examples/hello examples/image-resizing templates/rust tests/cli/axum
PYTEST = $(PYTHON) -m pytest $(TESTS) --ignore=tests/house

test: ## lint, unit tests, tests of the whole program, 10 seconds of each fuzzer
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j$(JOBS) build/fn0 $(UNITS_release) $(BRIDGE_TESTS_release) guests sdk $(SDK)/native/shell
	@$(MAKE) --no-print-directory units
	@$(MAKE) --no-print-directory bridge-tests
	@$(MAKE) --no-print-directory sdk-tests
	@$(MAKE) --no-print-directory whole
	@$(MAKE) --no-print-directory fuzz SECONDS_EACH=10

test-asan: ## unit tests and tests of the whole program under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory -j$(JOBS) $(PROGRAM_asan) $(UNITS_asan) $(BRIDGE_TESTS_asan) guests
	@$(MAKE) --no-print-directory units-asan
	@$(MAKE) --no-print-directory bridge-tests-asan
	@$(MAKE) --no-print-directory whole-asan

units: $(UNITS_release) | set-up-test ## unit tests only
	@tools/run-unit-tests $(UNITS_release)

units-asan: $(UNITS_asan) | set-up-test
	@$(ASAN_ENVIRONMENT) tools/run-unit-tests $(UNITS_asan)

bridge-tests: $(BRIDGE_TESTS_release) guests | set-up-test ## the bridge's tests only, through its C header
	@tools/build-bridge check
	@FN0_GUESTS=$(CURDIR)/build/guests tools/run-unit-tests $(BRIDGE_TESTS_release)

bridge-tests-asan: $(BRIDGE_TESTS_asan) guests | set-up-test
	@$(ASAN_ENVIRONMENT) FN0_GUESTS=$(CURDIR)/build/guests tools/run-unit-tests $(BRIDGE_TESTS_asan)

sdk-tests: | set-up-sdk ## the tests of the engine's native library, and what clippy says of it
	@tools/javascript-native check

whole: build/fn0 guests sdk sdk-c sdk-python build/templates $(SDK)/native/shell | set-up-test ## tests of the whole program only; TESTS=tests/http narrows them
	@FN0_PROGRAM=$(CURDIR)/build/fn0 FN0_GUESTS=$(CURDIR)/build/guests $(PYTEST)

whole-asan: $(PROGRAM_asan) guests sdk sdk-c sdk-python build/templates $(SDK)/native/shell-asan | set-up-test
	@$(ASAN_ENVIRONMENT) FN0_SANITIZED=1 FN0_PROGRAM=$(CURDIR)/$(PROGRAM_asan) \
		FN0_JAVASCRIPT_SHELL=$(CURDIR)/$(SDK)/native/shell-asan FN0_GUESTS=$(CURDIR)/build/guests $(PYTEST)

screenshots: build/fn0 sdk | set-up-test ## the pictures of examples in their READMEs, anew, by a real browser
	@UPDATE_SCREENSHOTS=1 FN0_PROGRAM=$(CURDIR)/build/fn0 $(PYTHON) -m pytest tests/examples -k screenshot

guests: $(GUEST_FILES) ## the components that the tests serve, in build/guests/
	@:

fuzz: $(FUZZERS:%=build/fuzz/tests/fuzz/%) $(SDK)/library.js | set-up-test ## each fuzzer for SECONDS_EACH=60 seconds
	@$(ASAN_ENVIRONMENT) tools/run-fuzzers $(SECONDS_EACH) $(FUZZERS)

bench: build/fn0 guests sdk | set-up-bench ## fn0 beside wasmtime serve and nginx, and beside workerd: tables and pictures in bench/results/
	@$(PYTHON) bench/compare.py $(BENCH_OPTIONS)
	@$(PYTHON) bench/javascript.py

build/release/bench/bridge/bridge: build/release/bench/bridge/bridge.o $(BRIDGE_release)
	$(call SHOW,LINK,$@)
	@$(CC_release) $(LDFLAGS_release) $(filter %.o %.a,$^) $(MALLOC_release) -lpthread -ldl -lm -o $@

bench-bridge: build/release/bench/bridge/bridge guests ## what a call costs in the bridge alone
	@$< build/guests/hello.wasm
	@$< build/guests/probe.wasm

lint: | set-up-test ## the form of C, Rust and Python, and the rules of the house
	@for file in $(C_FILES); do $(CLANG_FORMAT) $$file | cmp -s - $$file || echo "$$file: make format"; done | tee build/misformed
	@test ! -s build/misformed
	@for folder in $(RUST_FOLDERS); do cargo fmt --all --check --manifest-path $$folder/Cargo.toml; done
	@$(PYTHON) -m ruff check --quiet
	@$(PYTHON) -m ruff format --check --quiet
	@$(PYTHON) -m pytest tests/house

format: | set-up-test ## rewrites C, Rust and Python in their form
	@$(CLANG_FORMAT) -i $(C_FILES)
	@for folder in $(RUST_FOLDERS); do cargo fmt --all --manifest-path $$folder/Cargo.toml; done
	@$(PYTHON) -m ruff check --quiet --fix
	@$(PYTHON) -m ruff format --quiet

clean: ## removes build/; the cache folder outside of the clone stays
	rm -rf build
