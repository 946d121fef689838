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
FLOOR = 1.0  # cycles per MAC on an M4 with SMLAD: 0.5 for the products, as much for loads and unpacking


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


def layers(mote, golden, core_name):
    print(f'## {core_name}, layer by layer\n')
    for name, peer in PEER.items():
        core = bench(mote, os.path.join(golden, name, 'model.tflite'), core_name)
        at = CORES[core_name]
        versus = ''
        if at is not None and peer[at] is not None:
            what = 'instructions' if core_name == 'cortex-m55' else 'cycles'
            versus = f'; the peer needs {peer[at] / 1e6:.2f} M {what}, {peer[at] / core[what]:.1f} times as many'
        print(f'{name}: {core["instructions"] / 1e6:.3f} M instructions, {core["cycles"] / 1e6:.3f} M cycles{versus}.\n')
        print('| # | operator | MACs | instructions | cycles | cycles per MAC |' + (' of the limit |' if at == 0 else ''))
        print('|---|---|---|---|---|---|' + ('---|' if at == 0 else ''))
        for i, layer in enumerate(core['layers']):
            per_mac = layer['cycles'] / layer['macs'] if layer['macs'] else None
            row = f'| {i} | {layer["operator"]} | {layer["macs"]:,} | {layer["instructions"]:,} | {layer["cycles"]:,} | '
            row += f'{per_mac:.2f} |' if per_mac else '|'
            if at == 0:
                row += f' {100 * FLOOR / per_mac:.0f} % |' if per_mac else ' |'
            print(row)
        print()


def main():
    mote, golden = sys.argv[1:3]
    print('# Cortex-M\n\nMade by `make bench-cortex`. Instructions are exact; cycles are estimated from the core\'s manual, without '
          'wait states of\nflash and without caches, for mote and the peer alike. The limit on Cortex-M4 is taken as 1 cycle per '
          'MAC: half for SMLAD,\nhalf for loads and unpacking.\n')
    summary(mote, golden)
    for core in CORES:
        layers(mote, golden, core)


main()
