# SPDX-License-Identifier: AGPL-3.0-only
#
# The guests that tests and benchmarks serve, built from source into build/guests/. Included by the Makefile.

GUESTS := build/guests
GUESTS_WORK := build/guests-work

RUST_GUESTS := hello probe
JAVASCRIPT_GUESTS := fetch-event handler
# The C guest is built for several versions of WASI 0.2: each has to link.
C_GUEST_VERSIONS := 0 1 2 3 4 5 6 7 8 9 10 11 12
# And so has all that a command or a proxy may import, in the first of these versions and in the last.
WORLD_VERSIONS := 0 12
WAT_GUESTS := $(patsubst tests/guests/wat/%.wat,%,$(sort $(wildcard tests/guests/wat/*.wat)))

GUEST_FILES := $(RUST_GUESTS:%=$(GUESTS)/%.wasm) $(GUESTS)/c.wasm $(GUESTS)/snapshot.wasm \
	$(JAVASCRIPT_GUESTS:%=$(GUESTS)/javascript-%.wasm) \
	$(C_GUEST_VERSIONS:%=$(GUESTS)/versions/c-0.2.%.wasm) $(WORLD_VERSIONS:%=$(GUESTS)/versions/world-0.2.%.wasm) \
	$(WAT_GUESTS:%=$(GUESTS)/wat/%.wasm)

RUST_GUEST_SOURCES := $(shell find tests/guests/rust -name target -prune -o -type f -print)

$(RUST_GUESTS:%=$(GUESTS)/%.wasm) &: $(RUST_GUEST_SOURCES) tools/cargo-guest | set-up-test
	$(call SHOW,RUST,$(RUST_GUESTS:%=$(GUESTS)/%.wasm))
	@tools/cargo-guest tests/guests/rust $(GUESTS) $(RUST_GUESTS)

$(GUESTS_WORK)/wit-c-%/world.wit: tests/guests/c/world.wit tests/guests/rust/Cargo.lock tools/wasi-wit | set-up-test
	@tools/wasi-wit $< $* $(@D)

$(GUESTS_WORK)/wit-javascript/world.wit: tests/guests/javascript/world.wit tests/guests/rust/Cargo.lock tools/wasi-wit \
		| set-up-test
	@tools/wasi-wit $< 10 $(@D)

$(GUESTS)/versions/c-0.2.%.wasm: tests/guests/c/guest.c $(GUESTS_WORK)/wit-c-%/world.wit tools/clang-guest | set-up-test
	$(call SHOW,CLANG,$@)
	@tools/clang-guest $< $(GUESTS_WORK)/wit-c-$* guest $@

$(GUESTS)/c.wasm: $(GUESTS)/versions/c-0.2.12.wasm
	@cp $< $@

$(GUESTS_WORK)/wit-world-%/world.wit: tests/guests/world.wit tests/guests/rust/Cargo.lock tools/wasi-wit | set-up-test
	@tools/wasi-wit $< $* $(@D)

$(GUESTS)/versions/world-0.2.%.wasm: $(GUESTS_WORK)/wit-world-%/world.wit | set-up-test
	$(call SHOW,WASM,$@)
	@mkdir -p $(@D)
	@build/deps/guest-tools/import-world $(<D) guest $@

$(GUESTS_WORK)/wit-snapshot/world.wit: tests/guests/snapshot/world.wit tests/guests/rust/Cargo.lock tools/wasi-wit \
		| set-up-test
	@tools/wasi-wit $< 10 $(@D)

$(GUESTS)/snapshot.wasm: tests/guests/snapshot/guest.c $(GUESTS_WORK)/wit-snapshot/world.wit tools/clang-guest | set-up-test
	$(call SHOW,CLANG,$@)
	@tools/clang-guest $< $(GUESTS_WORK)/wit-snapshot guest $@

$(GUESTS)/javascript-%.wasm: tests/guests/javascript/%.js $(GUESTS_WORK)/wit-javascript/world.wit \
		tests/guests/javascript/package-lock.json | set-up-test
	$(call SHOW,JS,$@)
	@mkdir -p $(@D)
	@node build/deps/javascript/node_modules/.bin/componentize-js $< --wit $(CURDIR)/$(GUESTS_WORK)/wit-javascript \
		-n guest -o $@

$(GUESTS)/wat/%.wasm: tests/guests/wat/%.wat | set-up-test
	@mkdir -p $(@D)
	@build/deps/guest-tools/assemble $< $@

build/examples/hello.wasm: $(wildcard examples/hello/Cargo.*) examples/hello/src/lib.rs tools/cargo-guest | set-up-run
	$(call SHOW,RUST,$@)
	@tools/cargo-guest examples/hello build/examples hello
