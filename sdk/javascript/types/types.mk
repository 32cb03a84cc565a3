# SPDX-License-Identifier: Apache-2.0
#
# The package @fn0/types, for the editors of people who write functions.

build/sdk/javascript/types/index.d.ts: $(wildcard sdk/javascript/types/*) sdk/javascript/builder/assets.mjs | set-up-sdk
	$(call SHOW,TYPES,$@)
	@node sdk/javascript/types/generate.mjs $(@D)
