#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keras layers over sequences: masks, states, cells, attention, against numpy.

usage: keras_sequences.py MOTE [--write FOLDER]
"""
import sys

sys.dont_write_bytecode = True
from keras_models import *  # noqa: E402, F403

CELL = {"cell/": [0, 1, 2]}


def hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def lstm_steps(x, w, r, b, mask=None, h=None, c=None, gate=sigmoid, act=np.tanh, zeroes=False):
    """Outputs of all steps, the last states."""
    n = r.shape[0]
    h, c = np.zeros(n) if h is None else h, np.zeros(n) if c is None else c
    last, out = np.zeros(n), []
    for t, row in enumerate(x):
        i, f, g, o = np.split(row @ w + h @ r + b, 4)
        new_c = gate(f) * c + gate(i) * act(g)
        new_h = gate(o) * act(new_c)
        counts = mask is None or mask[t]
        h, c = (new_h, new_c) if counts else (h, c)
        last = new_h if counts else 0 * last if zeroes else last
        out.append(last)
    return np.array(out), h, c


def gru_steps(x, w, r, b, mask):
    """Resets after the product."""
    n, out = r.shape[0], []
    h = np.zeros(n)
    for t, row in enumerate(x):
        a, s = row @ w + b[0], h @ r + b[1]
        z, q = sigmoid(a[:n] + s[:n]), sigmoid(a[n:2 * n] + s[n:2 * n])
        h = z * h + (1 - z) * np.tanh(a[2 * n:] + q * s[2 * n:]) if mask[t] else h
        out.append(h)
    return np.array(out)


def masks():
    table, w, r, b = weights(6, 3), weights(3, 8), weights(2, 8), weights(8)
    gw, gr, gb = weights(3, 6), weights(2, 6), weights(2, 6)
    ids, counts = np.array([[0, 3, 2, 0, 5, 0]], np.int32), np.array([0, 1, 1, 0, 1, 0], bool)
    embedding = layer("Embedding", "e", [table], input_dim=6, output_dim=3, mask_zero=True)
    x = table[ids[0]]
    check("mask of categories", (6,), [embedding, layer("LSTM", "l", [w, r, b], CELL, units=2)],
          lambda _: lstm_steps(x, w, r, b, counts)[0][-1], "int32", ids)
    check("all steps of a mask", (6,), [embedding, layer("Dropout", "d", rate=0.5), layer(
        "LSTM", "l", [w, r, b], CELL, units=2, return_sequences=True)],
          lambda _: lstm_steps(x, w, r, b, counts)[0], "int32", ids)
    check("zeros where masked", (6,), [embedding, layer("LSTM", "l", [w, r, b], CELL, units=2, return_sequences=True,
                                                        zero_output_for_mask=True)],
          lambda _: lstm_steps(x, w, r, b, counts, zeroes=True)[0], "int32", ids)
    check("mean of what counts", (6,), [embedding, layer("GlobalAveragePooling1D", "g")],
          lambda _: x[counts].mean(0), "int32", ids)
    check("a mask is lost", (6,), [embedding, layer("Reshape", "r", target_shape=[6, 3]), layer("GlobalAveragePooling1D", "g")],
          lambda _: x.mean(0), "int32", ids)
    both = {"forward_layer/cell/": [0, 1, 2], "backward_layer/cell/": [3, 4, 5]}
    w2, r2, b2 = weights(3, 8), weights(2, 8), weights(8)
    inner = {"class_name": "LSTM", "config": {"name": "l", "units": 2, "return_sequences": True}}
    two = layer("Bidirectional", "b", [w, r, b, w2, r2, b2], both, layer=inner, merge_mode="concat")
    check("a mask both ways", (6,), [embedding, two],
          lambda _: np.concatenate([lstm_steps(x, w, r, b, counts)[0],
                                    lstm_steps(x[::-1], w2, r2, b2, counts[::-1])[0][::-1]], 1), "int32", ids)
    values = np.array([[[-9, -9, -9], [1, 2, 3], [-9, 1, -9], [-9, -9, -9]]], np.float32) / 4
    there = np.array([0, 1, 1, 0], bool)
    masking = layer("Masking", "m", mask_value=-2.25)
    check("masking", (4, 3), [masking, layer("GRU", "g", [gw, gr, gb], CELL, units=2, return_sequences=True)],
          lambda v: gru_steps(v[0] * there[:, None], gw, gr, gb, there), x=values)
    k, kb = weights(3, 3), weights(3)
    check("a mask goes through dense layers", (4, 3), [
        masking, layer("Dense", "k", [k, kb], units=3, activation="tanh"), layer("GlobalAveragePooling1D", "g")],
          lambda v: np.tanh(v[0] * there[:, None] @ k + kb)[there].mean(0), x=values)
    other = np.array([[0, 1, 0, 0, 2, 2]], np.int32)
    layers = [entry("a", 6, dtype="int32"), entry("b", 6, dtype="int32"), embedding, layer("Add", "add"),
              layer("Concatenate", "cat", axis=1), layer("Concatenate", "wide", axis=-1)]
    pools = [layer("GlobalAveragePooling1D", n + "_mean") for n in ("add", "cat", "wide")]
    calls = {"e": [["a"], ["b"]], **{n: [[("e", 0), ("e", 1)]] for n in ("add", "cat", "wide")},
             **{n + "_mean": [[n]] for n in ("add", "cat", "wide")}}
    y, counts_too = table[other[0]], other[0] != 0
    check_graph("masks joined", layers + pools, calls, ["a", "b"], ["add_mean", "cat_mean", "wide_mean"], [ids, other],
                [(x + y)[counts & counts_too].mean(0), np.concatenate([x[counts], y[counts_too]]).mean(0),
                 np.concatenate([x, y], 1)[counts | counts_too].mean(0)])


def states():
    w, r, b = weights(3, 8), weights(2, 8), weights(8)
    for suffix, version, gate in ((".h5", "2.4.0", hard_sigmoid), (".keras", "2.13.1", hard_sigmoid),
                                  (".h5", "3.4.1", lambda x: np.clip(x + 3, 0, 6) / 6)):
        check("old activations " + version, (5, 3), [
            layer("LSTM", "l", [w, r, b], CELL, units=2, activation="softsign", recurrent_activation="hard_sigmoid",
                  return_sequences=True, go_backwards=True)],
              lambda x: lstm_steps(x[0, ::-1], w, r, b, gate=gate, act=lambda v: v / (1 + abs(v)))[0],
              suffixes=(suffix,), version=version)
    w2, r2, b2 = weights(4, 8), weights(2, 8), weights(8)
    layers = [entry("a", 5, 3), entry("b", 4, 4), layer("LSTM", "encoder", [w, r, b], CELL, units=2, return_state=True),
              layer("LSTM", "decoder", [w2, r2, b2], CELL, units=2, return_sequences=True, return_state=True),
              layer("Add", "sum")]
    x, y = weights(1, 5, 3), weights(1, 4, 4)
    _, h, c = lstm_steps(x[0], w, r, b)
    out, last, cell = lstm_steps(y[0], w2, r2, b2, h=h, c=c)
    calls = {"encoder": [["a"]], "decoder": [["b", ("encoder", 0, 1), ("encoder", 0, 2)]],
             "sum": [[("decoder", 0, 1), ("decoder", 0, 2)]]}
    check_graph("encoder and decoder", layers, calls, ["a", "b"], ["decoder", "sum"], [x, y], [out, last + cell])
    calls["decoder"] = [(["b"], {"initial_state": [("encoder", 0, 1), ("encoder", 0, 2)]})]
    check_graph("states by name", layers, calls, ["a", "b"], ["decoder", "sum"], [x, y], [out, last + cell])
    sw, sr, sb = weights(3, 2), weights(2, 2), weights(2)
    for kind, all_weights, reference in (
            ("LSTM", [w, r, b], lambda v: lstm_steps(v, w, r, b)[0][-1]),
            ("SimpleRNN", [sw, sr, sb], lambda v: rnn(v, sw, sr, sb)[-1])):
        config, layers = sequential((2, 3), [layer(kind, "s", all_weights, CELL, units=2, stateful=True)])
        write_h5(WORK / "stateful.h5", config, layers)
        if "--write" not in sys.argv:
            steps = weights(3, 2, 3)  # three invokes of two steps
            run("stateful " + kind, WORK / "stateful.h5", [steps],
                [reference(steps[:n + 1].reshape(-1, 3)) for n in range(3)])


def cells():
    w, r, b, w2, r2, b2 = weights(3, 8), weights(2, 8), weights(8), weights(2, 9), weights(3, 9), weights(2, 9)
    one = {"class_name": "LSTMCell", "config": {"name": "one", "units": 2}}
    two = {"class_name": "GRUCell", "config": {"name": "two", "units": 3}}
    check("a cell", (4, 3), [layer("RNN", "r", [w, r, b], CELL, cell=one, return_sequences=True)],
          lambda x: lstm(x[0], w, r, b))
    stack = {"class_name": "StackedRNNCells", "config": {"name": "s", "cells": [one, two]}}
    places = {"cell/cells/lstm_cell/": [0, 1, 2], "cell/cells/gru_cell/": [3, 4, 5]}
    for back in (False, True):
        check(f"cells on cells {back}", (4, 3), [layer("RNN", "r", [w, r, b, w2, r2, b2], places, cell=stack,
                                                       return_sequences=True, go_backwards=back)],
              lambda x: gru(lstm(x[0, ::-1] if back else x[0], w, r, b), w2, r2, b2, True))


def images_in_time():
    """ConvLSTM: the products are convolutions."""
    for axes in (1, 2):
        size = (3, 2)[:axes]
        w, r, b = weights(*size, 2, 12), weights(*size, 3, 12), weights(12)

        def reference(x, keeps, gate=sigmoid):
            x, ww, rr = (x[:, :, None], w[None], r[None]) if axes == 1 else (x, w, r)
            stride = (1, 2) if axes == 1 else (2, 2)
            h = c = 0
            out = []
            for t in range(x.shape[1]):
                sums = conv2d(x[:, t], ww, b, stride, padding="same")
                sums = sums + (conv2d(h, rr, padding="same") if t else 0)
                i, f, g, o = np.split(sums, 4, -1)
                c = gate(f) * c + gate(i) * np.tanh(g)
                h = gate(o) * np.tanh(c)
                out.append(h)
            return np.array(out) if keeps else h
        shape = (4, 5, 4, 2) if axes == 2 else (4, 5, 2)
        for keeps in (False, True):
            check(f"conv lstm {axes} {keeps}", shape, [
                layer(f"ConvLSTM{axes}D", "c", [w, r, b], CELL, filters=3, kernel_size=list(size), strides=[2] * axes,
                      padding="same", return_sequences=keeps, activation="tanh", recurrent_activation="sigmoid")],
                  lambda x: reference(x, keeps))


def attend(q, k, v, scale, mask=None):
    scores = q @ k.swapaxes(-1, -2) * scale
    return softmax(scores if mask is None else np.where(mask, scores, -1e9)) @ v


def attention():
    x, y = weights(1, 5, 4), weights(1, 6, 4)
    scale, one, factor = weights(4), np.float32(0.75), np.float32(-1.5)
    layers = [entry("a", 5, 4), entry("b", 6, 4), layer("AdditiveAttention", "s", [scale], use_scale=True),
              layer("Attention", "c", [one, factor], use_scale=True, score_mode="concat"),
              layer("Attention", "t", use_scale=False, score_mode="dot")]
    sums = np.tanh(x[:, :, None] + y[:, None]) @ scale
    more = factor * np.tanh(one * (x[:, :, None] + y[:, None])).sum(-1)
    causal = np.tril(np.ones((5, 5), bool))
    calls = {"s": [["a", "b"]], "c": [["a", "b"]], "t": [(["a", "a"], {"use_causal_mask": True})]}
    check_graph("scores by sums", layers, calls, ["a", "b"], ["s", "c", "t"], [x, y],
                [softmax(sums) @ y, softmax(more) @ y, attend(x, x, x, 1, causal)])
    heads, width, depth = 4, 3, 4
    for kind, pairs in (("MultiHeadAttention", 4), ("GroupQueryAttention", 2)):
        w = [weights(depth, heads, width), weights(heads, width), weights(depth, pairs, width), weights(pairs, width),
             weights(depth, pairs, width), weights(pairs, width), weights(heads, width, depth), weights(depth)]
        inner = {f"{part}_dense/": [2 * i, 2 * i + 1] for i, part in enumerate(["query", "key", "value", "output"])}
        config = {"num_heads": heads, "key_dim": width} if pairs == 4 else {
            "num_query_heads": heads, "num_key_value_heads": pairs, "head_dim": width}

        def many(q, v, mask=None):
            q, k, v = (np.einsum("bsd,dhw->bhsw", t, w[2 * i]) + w[2 * i + 1][:, None] for i, t in enumerate([q, v, v]))
            k, v = (t.repeat(heads // pairs, 1) for t in (k, v))
            return np.einsum("bhsw,hwd->bsd", attend(q, k, v, width ** -0.5, mask), w[6]) + w[7]
        layers = [entry("a", 5, 4), entry("b", 6, 4), layer(kind, "m", w, inner, use_bias=True, **config)]
        calls = {"m": [(["a"], {"value": ["b"]}), (["a"], {"value": ["a"], "use_causal_mask": True})]}
        check_graph(kind, layers, calls, ["a", "b"], [("m", 0), ("m", 1)], [x, y], [many(x, y), many(x, x, causal)])
        ids, counts = np.array([[2, 0, 1, 3, 0]], np.int32), np.array([1, 0, 1, 1, 0], bool)
        table = weights(4, 4)
        layers = [entry("a", 5, dtype="int32"), layer("Embedding", "e", [table], input_dim=4, output_dim=4, mask_zero=True),
                  layers[2], layer("GlobalAveragePooling1D", "g")]
        calls = {"e": [["a"]], "m": [(["e"], {"value": ["e"]})], "g": [["m"]]}
        t = table[ids]
        check_graph("masked " + kind, layers, calls, ["a"], ["g"], [ids],
                    [many(t, t, counts[:, None] & counts[None])[0, counts].mean(0)])


def refused():
    w, r, b = weights(3, 8), weights(2, 8), weights(8)
    odd = {"class_name": "OddCell", "config": {"units": 2}}
    check_refused([layer("RNN", "r", [w, r, b], CELL, cell=odd)], "has a cell \"OddCell\"", (4, 3))
    check_refused([layer("LSTM", "l", [w, r, b], CELL, units=2, stateful=True, activation="relu")], "is stateful, and",
                  (4, 3))
    check_refused([layer("LSTM", "l", [w, r, b], CELL, units=2, activation="relu")], "want at most 1024", (1025, 3))
    check_refused([layer("Masking", "m", mask_value=0.0)], "want [batch, steps, ...]")


start()
masks()
states()
cells()
images_in_time()
attention()
if "--write" not in sys.argv:
    refused()
finish()
