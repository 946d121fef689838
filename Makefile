# SPDX-License-Identifier: MIT
all:
	@cmake -S . -B build -G Ninja > /dev/null
	@cmake --build build
.PHONY: all
