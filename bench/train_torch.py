#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The peer of bench/train.sh: seconds that PyTorch takes for an epoch of the keyword DS-CNN, the best of a few.

usage: train_torch.py WINDOWS THREADS EPOCHS
"""
import sys
import time

import torch
from torch import nn


def block(channels):
    return [nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False), nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]


def main():
    windows, threads, epochs = (int(a) for a in sys.argv[1:])
    torch.manual_seed(1)
    torch.set_num_threads(threads)
    layers = [nn.ZeroPad2d((1, 1, 4, 5)), nn.Conv2d(1, 64, (10, 4), stride=2, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    for _ in range(4):
        layers += block(64)
    network = nn.Sequential(*layers, nn.AvgPool2d((25, 5)), nn.Flatten(), nn.Linear(64, 12))
    inputs, labels = torch.randn(windows, 1, 49, 10), torch.randint(0, 12, (windows,))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loss_of = nn.CrossEntropyLoss()
    best = float("inf")
    for _ in range(epochs):
        start = time.perf_counter()
        order = torch.randperm(windows)
        for at in range(0, windows, 100):
            pick = order[at:at + 100]
            optimizer.zero_grad()
            loss_of(network(inputs[pick]), labels[pick]).backward()
            optimizer.step()
        best = min(best, time.perf_counter() - start)
    print(f"{best:.2f}")


main()
