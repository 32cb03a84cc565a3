# SPDX-License-Identifier: Apache-2.0
#
# The Python SDK in build/sdk/python/: the module fn0, and the world of WIT that componentize-py makes components for.
# Included by the Makefile.

SDK_PYTHON := build/sdk/python

.PHONY: sdk-python
sdk-python: $(SDK_PYTHON)/fn0.py $(SDK_PYTHON)/wit/world.wit
	@:

$(SDK_PYTHON)/fn0.py: sdk/python/fn0.py
	@mkdir -p $(@D) && cp $< $@

$(SDK_PYTHON)/wit/world.wit: sdk/python/wit/world.wit tools/wasi-wit | set-up-sdk
	@mkdir -p $(SDK_PYTHON)
	@tools/wasi-wit $< 0 $(@D)
