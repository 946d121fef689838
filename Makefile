# SPDX-License-Identifier: MIT
#
# The usual ways in; CMake does the work. `make help` lists them.
SHELL := /bin/bash
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
CORES ?= cortex-m0 cortex-m4 cortex-m55 riscv32
GOLDEN ?= ../shared/golden
JOBS ?= $(shell nproc 2> /dev/null || echo 2)
BUILD := cmake --build --preset
SOURCES = $(shell git ls-files '*.c' '*.h')

.PHONY: all help test test-all test-cores test-valgrind test-onnx demo demo-faces bench bench-cortex bench-quantise bench-train fuzz \
	install format check-format setup clean

all: build/build.ninja  ## build the program build/mote and the library build/libmote.a
	@$(BUILD) host -j $(JOBS)

help:  ## print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'

test:  ## build, then run every test (under 10 minutes on two cores)
	@scripts/setup.sh build test
	@$(MAKE) --no-print-directory all
	@test -d ../shared/golden || echo "no ../shared/golden here: check_golden, real models with known outputs, is skipped"
	@ctest --preset host -j $(JOBS)

test-all: test test-cores  ## the same again with more kernels' shapes, by clang, and under AddressSanitizer and UndefinedBehaviorSanitizer
	@MOTE_KERNEL_SEEDS=20 tests/check/kernels.sh . build/mote build/kernel_model build/test_op
	@for preset in clang sanitizers; do \
	    cmake --preset $$preset > /dev/null && $(BUILD) $$preset -j $(JOBS) && \
	    ctest --preset $$preset -j $(JOBS) -LE device || exit 1; \
	done

test-cores: all  ## every case of every operator as emitted C on emulated cores: make test-cores [CORES="cortex-m4 avr"]
	@scripts/setup.sh build test
	@for core in $(CORES); do for part in 0 1; do \
	    echo "$$core $$part/2"; \
	done; done | xargs -L 1 -P $(JOBS) sh -c 'build/test_emit --on $$0 --part $$1 || exit 255'

test-valgrind: all  ## the test programs and the program itself under valgrind
	@scripts/setup.sh build test
	@scripts/valgrind.sh build

test-onnx: all  ## the conformance tests of ONNX (Debian package libonnx-testdata)
	@scripts/setup.sh build onnx
	@build/test_onnx --at-least 987

demo:  ## words spoken in many voices, a model trained on them, proved on an emulated Cortex-M4
	@scripts/setup.sh build
	@scripts/setup.sh demo || true
	@$(MAKE) --no-print-directory all
	@examples/demo.sh build/mote build/demo

demo-faces:  ## a published model finds the faces in a photograph: make demo-faces [PICTURE=me.png]
	@scripts/setup.sh build
	@scripts/setup.sh faces || true
	@$(MAKE) --no-print-directory all
	@examples/faces.sh build/mote build/demo $(PICTURE)

bench: all  ## time models: make bench MODELS="a.tflite b.tflite" [MOTE_PEER=program]
	@bench/bench.sh $(MODELS)

bench-quantise: all  ## mote's int8 models against MLPerf's: signal to noise
	@build/bench/bench_quantise $(GOLDEN)/..

bench-cortex: all  ## price models on emulated Cortex-M cores, write bench/cortex_m.md: GOLDEN=../shared/golden
	@bench/cortex_m.py build/mote $(GOLDEN) > build/cortex_m.md && mv build/cortex_m.md bench/cortex_m.md

bench-train: all  ## time an epoch of training, and PyTorch's beside it where python3-torch is
	@bench/train.sh

fuzz:  ## feed the readers broken models: make fuzz [FUZZ_SECONDS=60]
	@scripts/setup.sh build test
	@scripts/fuzz.sh $(FUZZ_SECONDS)

install: all  ## install program, library, headers, manual page: make install [PREFIX=/usr/local] [DESTDIR=]
	@cmake --install build --prefix $(PREFIX)

format:  ## format the C sources in place
	@clang-format -i $(SOURCES)

check-format:  ## fail if `make format` would change anything
	@clang-format --dry-run --Werror $(SOURCES)

setup:  ## install all Debian packages that any of these need
	@scripts/setup.sh build test onnx demo faces

clean:  ## remove everything that was built
	@rm -rf build

build/build.ninja:
	@scripts/setup.sh build
	@cmake --preset host > /dev/null
