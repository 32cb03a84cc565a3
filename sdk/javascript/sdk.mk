# SPDX-License-Identifier: Apache-2.0
#
# The JavaScript SDK in build/sdk/javascript/: the engine component, built once and the same for every function, and what
# bundles an author's sources for it. Included by the Makefile.

SDK := build/sdk/javascript
ENGINE := sdk/javascript/engine
ENGINE_NATIVE_TESTS := tests/javascript/native
# The crate's sources with engine/quickjs.patch.
QUICKJS := $(SDK)/quickjs
# What is compiled of QuickJS-ng itself, which may warn; quickjs.c comes in by engine/quickjs_engine.c.
QUICKJS_FILES := libregexp libunicode dtoa
ENGINE_SOURCES := $(sort $(wildcard $(ENGINE)/*.c))
# What only the component has: WASI, exports, memory that is wiped.
ENGINE_WASM_ONLY := $(addprefix $(ENGINE)/,host_wasi.c component.c wiped_memory.c)
ENGINE_SHARED := $(filter-out $(ENGINE_WASM_ONLY) $(ENGINE)/quickjs_engine.c,$(ENGINE_SOURCES))

.PHONY: sdk
sdk: $(SDK)/engine.wasm $(SDK)/builder $(SDK)/types/index.d.ts ## the JavaScript SDK, in build/sdk/javascript/
	@:

# Objects name it before the bar: which files they include is found when they are compiled.
$(QUICKJS)/patched: $(ENGINE)/quickjs.patch $(ENGINE)/source/Cargo.lock | set-up-sdk
	@rm -rf $(QUICKJS) && mkdir -p $(QUICKJS) && cp build/deps/quickjs/*.[ch] $(QUICKJS)/
	@patch --quiet --strip 1 --directory $(QUICKJS) <$< && touch $@

# ---- The library: one script --------------------------------------------------------------------------------------------

$(SDK)/library.js: $(wildcard sdk/javascript/library/* sdk/javascript/library/parts/*) sdk/javascript/builder/source-map.mjs sdk/javascript/package-lock.json tools/javascript-library | set-up-sdk
	$(call SHOW,JS,$@)
	@tools/javascript-library

$(SDK)/builder: $(wildcard sdk/javascript/builder/*) sdk/javascript/package-lock.json | set-up-sdk
	@mkdir -p $@ && cp sdk/javascript/builder/*.mjs $@/
	@ln -sfnT ../../deps/javascript-sdk/node_modules $(SDK)/node_modules
	@touch $@

# ---- The engine as a component ------------------------------------------------------------------------------------------

ENGINE_WASM := $(SDK)/engine-work/wasm
ENGINE_BINDINGS := $(SDK)/engine-work/bindings
NATIVE_LIBRARY_SOURCES := $(shell find sdk/javascript/native -name target -prune -o -type f -print)
WASM_CC := clang-22 --target=wasm32-wasip2 --sysroot=build/deps/wasi-libc/usr
WASM_CFLAGS := -std=gnu17 -O3 -DNDEBUG -D_GNU_SOURCE -ffunction-sections -fdata-sections -I$(ENGINE) -I$(QUICKJS) \
	-I$(ENGINE_BINDINGS) -Isdk/javascript/native/include -I$(SDK)/native/wasm/ada -MMD -MP
# The stack lies first, so that running over its end traps. QuickJS checks 1.5 MB of it; the rest is for C.
WASM_LDFLAGS := -mexec-model=reactor -Wl,--skip-wit-component -Wl,--strip-debug -Wl,--gc-sections -Wl,-z,stack-size=1835008 -Wl,--stack-first \
	-Wl,--wrap=free -Wl,--wrap=realloc

# What few calls run: for size.
ENGINE_COLD := body body_input component compression content_coding crypto encoding engine execution_context fetch introspection natives parts stages \
	timers wiped_memory

# QuickJS for size, but for what is hot, and for what engine/quickjs/ replaces because it is: a third less, and as fast.
# (All words of its functions' first lines: those that name none do no harm.)
QUICKJS_HOT := $(sort $(shell sed '/^\#/d' $(ENGINE)/hot_functions; \
	grep -h '^[a-z]' $(filter-out %/strip.c,$(wildcard $(ENGINE)/quickjs/*.c)) | tr -cs 'a-zA-Z0-9_' '\n'))
QUICKJS_CFLAGS := $(foreach attribute,optsize minsize,-mllvm -force-attribute=$(attribute) \
	$(foreach function,$(QUICKJS_HOT),-mllvm -force-remove-attribute=$(function):$(attribute)))

$(ENGINE_BINDINGS)/function.h: sdk/javascript/wit/world.wit tools/wasi-wit | set-up-sdk
	@tools/wasi-wit $< 0 $(SDK)/engine-work/wit
	@mkdir -p $(@D) && build/deps/guest-tools/generate-c-bindings $(SDK)/engine-work/wit function $(@D)

$(SDK)/native/wasm/libfn0_javascript_native.a: $(NATIVE_LIBRARY_SOURCES) tools/javascript-native | set-up-sdk
	@tools/javascript-native wasm && touch $@

$(ENGINE_WASM)/quickjs_engine.o: $(ENGINE)/hot_functions
$(ENGINE_WASM)/%.o: $(ENGINE)/%.c sdk/javascript/sdk.mk $(QUICKJS)/patched | $(ENGINE_BINDINGS)/function.h \
		$(SDK)/native/wasm/libfn0_javascript_native.a
	@mkdir -p $(@D)
	$(call SHOW,WASM,$@)
	@$(WASM_CC) $(WASM_CFLAGS) $(if $(filter quickjs_engine,$*),-w $(QUICKJS_CFLAGS),-Wall -Wextra -Werror) \
		$(if $(filter $(ENGINE_COLD),$*),-Os) -c $< -o $@

$(ENGINE_WASM)/quickjs/%.o: $(QUICKJS)/patched sdk/javascript/sdk.mk $(ENGINE)/hot_functions | set-up-sdk
	@mkdir -p $(@D)
	$(call SHOW,WASM,$@)
	@$(WASM_CC) $(WASM_CFLAGS) $(QUICKJS_CFLAGS) -w -c $(QUICKJS)/$*.c -o $@

$(ENGINE_WASM)/bindings.o: $(ENGINE_BINDINGS)/function.h
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_CFLAGS) -w -c $(ENGINE_BINDINGS)/function.c -o $@

ENGINE_WASM_OBJECTS := $(ENGINE_SOURCES:$(ENGINE)/%.c=$(ENGINE_WASM)/%.o) $(QUICKJS_FILES:%=$(ENGINE_WASM)/quickjs/%.o) \
	$(ENGINE_WASM)/bindings.o

# Rust brings the linker's driver for this target.
$(SDK)/engine-work/linked.wasm: $(ENGINE_WASM_OBJECTS) $(SDK)/native/wasm/libfn0_javascript_native.a
	$(call SHOW,LINK,$@)
	@PATH=$$PATH:$$(dirname "$$(find -L "$$(MAKEFLAGS= rustc --print sysroot)/lib/rustlib" -name wasm-component-ld | head -n 1)") \
		$(WASM_CC) $(WASM_LDFLAGS) $^ $(ENGINE_BINDINGS)/function_component_type.o -lm -lc-printscan-no-floating-point -o $@

WASM_OPT := build/deps/javascript-engine/node_modules/.bin/wasm-opt --enable-bulk-memory --enable-sign-ext \
	--enable-nontrapping-float-to-int --enable-mutable-globals --enable-multivalue --enable-reference-types

$(SDK)/engine-work/named.wasm: $(SDK)/engine-work/linked.wasm
	$(call SHOW,OPT,$@)
	@$(WASM_OPT) -Os --debuginfo $< -o $@

# The names of the engine's own functions would take 0.2 MB of every component, and twice that of its artifact. What a
# backtrace calls <wasm function N> is function N of named.wasm.
$(SDK)/engine-work/engine.wasm: $(SDK)/engine-work/named.wasm
	$(call SHOW,COMP,$@)
	@$(WASM_OPT) --strip-debug $< -o $(SDK)/engine-work/unnamed.wasm
	@build/deps/guest-tools/make-component function $(SDK)/engine-work/unnamed.wasm $@

$(SDK)/engine.wasm: $(SDK)/engine-work/engine.wasm $(SDK)/library.js build/fn0
	$(call SHOW,SNAP,$@)
	@build/fn0 build-engine $(SDK)/engine-work/engine.wasm $(SDK)/library.js -o $@

-include $(ENGINE_WASM_OBJECTS:.o=.d)

# ---- The engine natively: a shell for tests, and a fuzzer ---------------------------------------------------------------

# X(variant): plain, or with sanitizers. QuickJS itself is compiled without them: it is not ours.
ENGINE_CC_plain := gcc
ENGINE_CFLAGS_plain := -O1 -g
ENGINE_CC_asan := $(CLANG)
ENGINE_CFLAGS_asan := -O1 -g $(SANITIZERS) -DSTACK_BYTES_MAX=6291456
ENGINE_CC_fuzz := $(CLANG)
ENGINE_CFLAGS_fuzz := $(ENGINE_CFLAGS_asan) -fsanitize=fuzzer-no-link
ENGINE_CFLAGS := -std=gnu17 -D_GNU_SOURCE -I$(ENGINE) -I$(ENGINE_NATIVE_TESTS) -isystem $(QUICKJS) \
	-Isdk/javascript/native/include -isystem $(SDK)/native/host/ada -MMD -MP
ENGINE_LIBRARIES := $(SDK)/native/host/libfn0_javascript_native.a -lpthread -ldl -lm

$(SDK)/native/host/libfn0_javascript_native.a: $(NATIVE_LIBRARY_SOURCES) tools/javascript-native | set-up-sdk
	@tools/javascript-native host && touch $@

$(SDK)/engine-work/quickjs/%.o: $(QUICKJS)/patched sdk/javascript/sdk.mk | set-up-sdk
	@mkdir -p $(@D)
	$(call SHOW,CC,$@)
	@gcc -std=gnu17 -O2 -g -DNDEBUG -D_GNU_SOURCE -w -c $(QUICKJS)/$*.c -o $@

$(SDK)/engine-work/quickjs/quickjs_engine.o: $(ENGINE)/quickjs_engine.c $(ENGINE)/quickjs_engine.h $(wildcard $(ENGINE)/quickjs/*.c) $(QUICKJS)/patched | set-up-sdk
	@mkdir -p $(@D)
	$(call SHOW,CC,$@)
	@gcc -std=gnu17 -O2 -g -DNDEBUG -D_GNU_SOURCE -w -I$(QUICKJS) -c $< -o $@

define ENGINE_VARIANT
$(SDK)/engine-work/$(1)/%.o: %.c sdk/javascript/sdk.mk $(QUICKJS)/patched | $(SDK)/native/host/libfn0_javascript_native.a
	@mkdir -p $$(@D)
	$$(call SHOW,CC,$$@)
	@$$(ENGINE_CC_$(1)) $$(ENGINE_CFLAGS) $$(ENGINE_CFLAGS_$(1)) -Wall -Wextra -Werror -c $$< -o $$@

ENGINE_OBJECTS_$(1) := $(patsubst %.c,$(SDK)/engine-work/$(1)/%.o,$(ENGINE_SHARED) $(addprefix $(ENGINE_NATIVE_TESTS)/,host_memory.c stage_input.c)) \
	$(SDK)/engine-work/quickjs/quickjs_engine.o $(QUICKJS_FILES:%=$(SDK)/engine-work/quickjs/%.o)

$(SDK)/native/shell$(if $(filter plain,$(1)),,-$(1)): $(SDK)/engine-work/$(1)/$(ENGINE_NATIVE_TESTS)/shell.o $$(ENGINE_OBJECTS_$(1)) \
		$(SDK)/native/host/libfn0_javascript_native.a
	$$(call SHOW,LINK,$$@)
	@$$(ENGINE_CC_$(1)) $$(ENGINE_CFLAGS_$(1)) $$(filter %.o,$$^) $$(ENGINE_LIBRARIES) -o $$@

-include $$(ENGINE_OBJECTS_$(1):.o=.d) $(SDK)/engine-work/$(1)/$(ENGINE_NATIVE_TESTS)/shell.d
endef
$(foreach variant,plain asan fuzz,$(eval $(call ENGINE_VARIANT,$(variant))))

build/fuzz/tests/fuzz/fuzz_javascript_%: $(SDK)/engine-work/fuzz/tests/fuzz/fuzz_javascript_%.o $(ENGINE_OBJECTS_fuzz) \
		$(SDK)/native/host/libfn0_javascript_native.a | set-up-test
	@mkdir -p $(@D)
	$(call SHOW,LINK,$@)
	@$(ENGINE_CC_fuzz) $(ENGINE_CFLAGS_fuzz) -fsanitize=fuzzer $(LLD) $(filter %.o,$^) $(ENGINE_LIBRARIES) -o $@

-include $(patsubst %,$(SDK)/engine-work/fuzz/tests/fuzz/%.d,$(filter fuzz_javascript_%,$(FUZZERS)))
