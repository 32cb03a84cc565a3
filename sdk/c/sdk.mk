# SPDX-License-Identifier: Apache-2.0
#
# The C SDK in build/sdk/c/: fn0.h, the library behind it, and the libc and the linker that make a component of both.
# Included by the Makefile.

SDK_C := build/sdk/c
SDK_C_WORK := build/sdk/c/work

.PHONY: sdk-c
sdk-c: $(SDK_C)/lib/fn0.o $(SDK_C)/include/fn0.h $(SDK_C)/sysroot $(SDK_C)/bin
	@:

$(SDK_C_WORK)/function.h: sdk/c/wit/world.wit tools/wasi-wit | set-up-sdk
	@tools/wasi-wit $< 0 $(SDK_C_WORK)/wit
	@build/deps/guest-tools/generate-c-bindings $(SDK_C_WORK)/wit function $(SDK_C_WORK)

# Objects and no archive: that would need LLVM's own ar. The linker takes what is used of them.
$(SDK_C)/lib/fn0.o: $(wildcard sdk/c/*.[ch]) sdk/c/include/fn0.h $(SDK_C_WORK)/function.h sdk/c/sdk.mk | set-up-sdk
	$(call SHOW,WASM,$@)
	@mkdir -p $(@D)
	@$(WASM_CC) -std=c17 -O2 -w -ffunction-sections -I$(SDK_C_WORK) -c $(SDK_C_WORK)/function.c -o $(@D)/bindings.o
	@cp $(SDK_C_WORK)/function_component_type.o $(@D)/component_type.o
	@for file in fetch fn0; do \
		$(WASM_CC) -std=c17 -O2 -Wall -Wextra -Werror -ffunction-sections -Isdk/c/include -I$(SDK_C_WORK) \
			-c sdk/c/$$file.c -o $(@D)/$$file.o; done

$(SDK_C)/include/fn0.h: sdk/c/include/fn0.h
	@mkdir -p $(@D) && cp $< $@

$(SDK_C)/sysroot: | set-up-sdk
	@mkdir -p $(@D) && ln -sfnT ../../deps/wasi-libc/usr $@

# Rust brings the tool that makes a component of what the linker made.
$(SDK_C)/bin: | set-up-sdk
	@mkdir -p $@
	@ln -sf "$$(find -L "$$(rustc --print sysroot)/lib/rustlib" -name wasm-component-ld | head -n 1)" $@/wasm-component-ld
