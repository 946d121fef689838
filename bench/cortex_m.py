#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prices models on emulated Cortex-M cores and holds them against TensorFlow Lite Micro with CMSIS-NN.

    cortex_m.py MOTE GOLDEN_DIR > bench/cortex_m.md

GOLDEN_DIR holds a folder for each model, with model.tflite. The peer's figures were measured with tflite-micro of 2026-08
and its pinned CMSIS-NN, arm-none-eabi-gcc 12.2, its Makefile's own release flags, on the same emulated boards and with
the same table of costs. Its RAM is arena, static data and the deepest stack; its flash is code and constants without the model.
"""
import json
import os
import subprocess
import sys
import textwrap

# model: peer's cycles, RAM and flash on Cortex-M4; cycles on M3; instructions on M55.
PEER = {
    'mlperf_kws_int8': (9.22e6, 25.3, 53.2, 17.9e6, 1.816e6),
    'mlperf_vww_int8': (29.1e6, 103, 53.2, 53.7e6, 6.558e6),
    'mlperf_resnet8_int8': (38.2e6, 57.5, 51.0, 77.3e6, 4.913e6),
    'mlperf_ad_int8': (0.727e6, 4.6, 28.7, 1.78e6, 0.150e6),
    'tflm_person_detect_int8': (27.4e6, 84.8, 43.5, 50.6e6, 6.508e6),
    'tflm_micro_speech_int8': (2.03e6, 9.4, 44.0, None, None),
}
CORES = {'cortex-m4f': 0, 'cortex-m3': 3, 'cortex-m0': None, 'cortex-m55': 4}

# What the comments in a kernel count, in cycles per MAC: products and their sums alone, which is the limit of the core;
# the whole inner loop, loads and unpacking included; then cycles to make an output of a sum. None: not counted.
KERNELS = {
    'conv2d_s8__arm_dsp': (0.5, 0.97, 10.6),
    'conv2d_s8_offset__arm_dsp': (0.5, 0.97, 10.6),
    'conv2d_plain_s8__arm_dsp': (0.5, 31 / 16, 40),
    'fully_connected_s8__arm_dsp': (0.5, 1.30, 17.5),
    'depthwise_s8__arm_dsp': (0.5, 14 / 9, 13),
    'depthwise_narrow_s8__arm_dsp': (0.5, 70 / 45, 7),
    'depthwise_taps_s8__arm_dsp': (0.5, 3.75, 15),
    'conv2d_s8__arm_v7m': (1.5, 2.44, 15),
    'fully_connected_s8__arm_v7m': (2, 3.8, 15),
    'depthwise_s8__arm_v7m': (2, 117 / 36, 12.5),
    'depthwise_taps_s8__arm_v7m': (2, None, None),
    'conv2d_s8__arm_v6m': (1.75, 3.0, 27),
    'fully_connected_s8__arm_v6m': (2, 4.3, 28),
    'depthwise_s8__arm_v6m': (2, 52 / 9, 40),
    'depthwise_taps_s8__arm_v6m': (2, None, None),
    'conv2d_s8__arm_mve': (0.125, None, None),
    'depthwise_s8__arm_mve': (0.125, None, None),
}

WHY = {
    'cortex-m4f': """SMLAD makes two products a cycle: 0.5 cycles per MAC is the limit. Weights and inputs must be loaded and widened, and 14
registers hold sums of two pixels by four filters at most, so that this costs as much again: 0.97 with the loop. A single
pixel, in a dense layer or at the end of an odd row, shares its weights with nobody: 1.3. A depthwise output has nine
products, six instructions of them, against as many of loads, 13 for the output, and a share of what a channel takes to
begin; that is why such layers reach 10 to 15 % of the limit. Narrow maps, few channels and few inputs for each output
(first layers, 1x1 on 8 channels) pay for gathering windows and for outputs.""",
    'cortex-m3': """Without SIMD a product and its sum take two cycles. Two pixels in one word make four products of two multiplications, and
taking their sums apart leaves 1.5 cycles per MAC; loads of single bytes bring that to 2.44. A depthwise output cannot be
paired (each channel has weights of its own): two cycles for each MAC, loads of three rows, 12 for the output.""",
    'cortex-m0': """As on Cortex-M3, two pixels share a multiplication: 1.75 cycles per MAC for products and sums. Eight registers hold the
operands of two filters at most, weights take 1.25 cycles each to unpack, loads two cycles or more: 3.0. A depthwise weight
waits in a high register or on the stack and is copied for each product: 5.8. Without a long product an output takes 17
cycles from its sum, and 10 more for its factor and its place.""",
    'cortex-m55': """VMLADAVA takes 16 products in two beats of a cycle each: 0.125 cycles per MAC. Emulation counts instructions; that loads
overlap with products on the real core is not in the estimate. Layers of few channels cannot fill 16 lanes, and the
requantisation of an output is as long as 64 of its MACs. What has no kernel for Helium runs by those of the DSP extension.""",
}

# Models of other types and operators.
OTHERS = ['coral_mobilenet_v1_025_128_uint8', 'mcunet_vww_int8', 'mlperf_streaming_ww_int8', 'mww_v1_alexa',
          'tflm_mnist_lstm_int8', 'tflm_keyword_scrambled_8bit', 'tinymaix_mnist_dw_q', 'seanet_conv1', 'seanet_conv10',
          'seanet_transpose_conv1', 'seanet_add0', 'seanet_sub0', 'seanet_leaky_relu0']

WHY_OTHERS = """A uint8 model runs as int8. Where weights may lie in any order or be few - a single filter, groups, dilation, transposed
convolutions, long int16 sums - they stay as they are and pay for their unpacking: 2 cycles per MAC, 3 with int16 inputs, more
where a row has few inputs for a filter. What still runs portable loops: SOFTMAX where it is under 2 % of the model, else a
table takes 47 cycles an element; QUANTIZE of floats, where the division alone takes 14 cycles of an element's; LEAKY_RELU of
int16, where constants for either side of zero have to be loaded, so that a kernel of its own wins a fifth only; copies. LSTM
and SVDF pay for gates and states: of 650 cycles that a unit of LSTM takes, the products of its few inputs are 300."""


def bench(mote, model, core, *options):
    run = subprocess.run([mote, 'bench', model, '--on', core, '--json', *options], capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr.strip())
    return json.loads(run.stdout)['cores'][0]


def summary(mote, golden):
    print('## Against TensorFlow Lite Micro with CMSIS-NN, Cortex-M4\n')
    print('| model | MACs | cycles | peer | ratio | RAM bytes | peer | ratio | flash beside weights | at size | peer |')
    print('|---|---|---|---|---|---|---|---|---|---|---|')
    for name, peer in PEER.items():
        path = os.path.join(golden, name, 'model.tflite')
        core, small = bench(mote, path, 'cortex-m4f'), bench(mote, path, 'cortex-m4f', '--optimize', 'size')
        ram = core['arena_bytes'] + core['static_bytes'] + core['stack_bytes']
        macs = sum(layer['macs'] for layer in core['layers'])
        flash = [c['table_bytes'] + c['code_bytes'] for c in (core, small)]
        print(f'| {name} | {macs:,} | {core["cycles"] / 1e6:.2f} M | {peer[0] / 1e6:.2f} M | '
              f'{peer[0] / core["cycles"]:.1f} | {ram:,} | {peer[1] * 1024:,.0f} | {peer[1] * 1024 / ram:.1f} | '
              f'{flash[0]:,} | {flash[1]:,} | {peer[2] * 1024:,.0f} |')
    print()


def parts(layer):
    """Of a layer: (cycles per MAC, fraction of the limit, what is over it in percent of the layer's cycles, or '')."""
    kernel, macs, cycles = layer['kernel'], layer['macs'], layer['cycles']
    if macs == 0 or cycles == 0:
        return '', '', ''
    per_mac = f'{cycles / macs:.2f}'
    if kernel not in KERNELS:
        return per_mac, '', 'portable kernel'
    limit, loop, output = KERNELS[kernel]
    reached = f'{100 * limit * macs / cycles:.0f} %'
    if loop is None:
        return per_mac, reached, ''
    loads, outputs = (loop - limit) * macs / cycles, output * layer['outputs'] / cycles
    rest = 1 - limit * macs / cycles - loads - outputs
    return per_mac, reached, f'loads {100 * loads:.0f}, outputs {100 * outputs:.0f}, rest {max(0, 100 * rest):.0f}'


def layers(mote, golden, core_name):
    print(f'## {core_name}, layer by layer\n\n{WHY[core_name]}\n')
    for name, peer in PEER.items():
        core = bench(mote, os.path.join(golden, name, 'model.tflite'), core_name)
        at = CORES[core_name]
        versus = ''
        if at is not None and peer[at] is not None:
            what = 'instructions' if core_name == 'cortex-m55' else 'cycles'
            versus = f'; the peer needs {peer[at] / 1e6:.2f} M {what}, {peer[at] / core[what]:.1f} times as many'
        macs = sum(layer['macs'] for layer in core['layers'])
        ram = core['arena_bytes'] + core['static_bytes'] + core['stack_bytes']
        print(f'{name}: {core["instructions"] / 1e6:.3f} M instructions, {core["cycles"] / 1e6:.3f} M cycles, '
              f'{core["cycles"] / macs:.2f} per MAC{versus}. RAM {ram:,} bytes, flash beside the weights '
              f'{core["table_bytes"] + core["code_bytes"]:,}.\n')
        print('| # | operator | kernel | MACs | instructions | cycles | per MAC | of the limit | over it, % |')
        print('|---|---|---|---|---|---|---|---|---|')
        for i, layer in enumerate(core['layers']):
            print(f'| {i} | {layer["operator"]} | {layer["kernel"]} | {layer["macs"]:,} | {layer["instructions"]:,} | '
                  f'{layer["cycles"]:,} | ' + ' | '.join(parts(layer)) + ' |')
        print()


def others(mote, golden):
    models = textwrap.fill(f'Sums over {", ".join(OTHERS)}.', 120)
    print(f'## Other operators, cortex-m4f\n\n{models}\n\n{WHY_OTHERS}\n')
    rows = {}
    for name in OTHERS:
        for layer in bench(mote, os.path.join(golden, name, 'model.tflite'), 'cortex-m4f')['layers']:
            row = rows.setdefault((layer['operator'], layer['kernel']), [0, 0, 0])
            for i, what in enumerate(('cycles', 'macs', 'outputs')):
                row[i] += layer[what]
    print('| operator | kernel | cycles | MACs | per MAC | outputs | per output |')
    print('|---|---|---|---|---|---|---|')
    for (operator, kernel), (cycles, macs, outputs) in sorted(rows.items(), key=lambda row: -row[1][0]):
        per_mac = f'{cycles / macs:.2f}' if macs else ''
        print(f'| {operator} | {kernel} | {cycles:,} | {macs:,} | {per_mac} | {outputs:,} | {cycles / max(outputs, 1):.1f} |')
    print()


def main():
    mote, golden = sys.argv[1:3]
    print("""# Cortex-M

Made by `make bench-cortex`. Instructions are exact; cycles are estimated from the core's manual, without wait states of
flash and without caches, for mote and the peer alike. For each layer: how much of the limit it reaches, which is products
and their sums alone, all operands in registers; then which parts of its cycles are over that, in percent: loads and
unpacking in the inner loop, making outputs of sums, and the rest, which is gathering windows, borders, the last pixel of an
odd row, what a row or a channel takes to begin. Counts are those in the comments of the kernels.
""")
    summary(mote, golden)
    for core in CORES:
        layers(mote, golden, core)
    others(mote, golden)


main()
