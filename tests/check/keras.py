#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keras models of both formats, made here, against what numpy works out from the definition of each layer.

usage: keras.py MOTE [--write FOLDER]     the second form only writes the models, for the fuzzers to start from
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

try:
    import h5py
    import numpy as np
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("SKIPPED: no python3-h5py, no python3-numpy")
    sys.exit(77)

WORK = pathlib.Path(tempfile.mkdtemp())
MOTE = sys.argv[1]
failures = []
passed = 0
rng = np.random.RandomState(1)


def weights(*shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


# ------------------------------------------------------------------------------------------------- files


def layer(kind, name, w=(), inner=None, **config):
    """w: weights in Keras' order; inner: {"": indices} by the part of the place where Keras 3 has them."""
    return {"class_name": kind, "config": {"name": name, **config}, "w": list(w), "inner": inner or {"": range(len(w))}}


def plain(item):
    return {k: v for k, v in item.items() if k not in ("w", "inner", "layers")}


def snake(name):
    special = {"ReLU": "re_lu", "RMSNormalization": "rms_normalization", "PReLU": "p_re_lu", "LeakyReLU": "leaky_re_lu", "SimpleRNN": "simple_rnn"}
    out = special.get(name, "")
    for i, c in enumerate(name if not out else ""):
        if i and c.isupper() and (name[i + 1:i + 2].islower() or name[i - 1].islower()):
            out += "_"
        out += c.lower()
    return out


def all_weights(item):
    if "layers" in item:
        return [(f"{l['config']['name']}/{n}", w) for l in item["layers"] for n, w in all_weights(l)]
    return [(f"w{i}:0", w) for i, w in enumerate(item["w"])]


def write_h5(path, config, layers):
    with h5py.File(path, "w") as f:
        f.attrs["model_config"] = json.dumps(config)
        group = f.create_group("model_weights")
        for item in layers:
            name = item["config"]["name"]
            g = group.create_group(name)
            named = [(n if "layers" in item else f"{name}/{n}", w) for n, w in all_weights(item)]
            g.attrs["weight_names"] = np.array([n.encode() for n, _ in named], dtype="S64")
            for n, w in named:
                g.create_dataset(n, data=w)


def write_places(f, prefix, layers):
    counts = {}
    for item in layers:
        place = snake(item["class_name"])
        n = counts.get(place, 0)
        counts[place] = n + 1
        base = f"{prefix}layers/{place}_{n}" if n else f"{prefix}layers/{place}"
        if "layers" in item:
            write_places(f, base + "/", item["layers"])
        for part, indices in item["inner"].items():
            for k, i in enumerate(indices):
                if item["w"]:
                    f.create_dataset(f"{base}/{part}vars/{k}", data=item["w"][i])


def write_keras(path, config, layers):
    with h5py.File(WORK / "w.h5", "w") as f:
        write_places(f, "", layers)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("metadata.json", "{}")
        z.writestr("config.json", json.dumps(config))
        z.write(WORK / "w.h5", "model.weights.h5")


def sequential(shape, layers, name="model", dtype="float32"):
    first = layer("InputLayer", "input", batch_input_shape=[None, *shape], batch_shape=[None, *shape], dtype=dtype)
    layers = [first] + layers
    config = {"class_name": "Sequential", "config": {"name": name, "layers": [plain(l) for l in layers]}}
    return config, layers


def functional(layers, calls, inputs, outputs, v3):
    """calls: {layer: [[names of its inputs], ...]}"""
    def reference(n):
        n, call = n if isinstance(n, tuple) else (n, 0)
        if v3:
            return {"class_name": "__keras_tensor__", "config": {"shape": [], "keras_history": [n, call, 0]}}
        return [n, call, 0, {}]

    def node(names):
        refs = [reference(n) for n in names]
        if v3:
            return {"args": refs if len(refs) == 1 else [refs], "kwargs": {}}
        return refs
    out = []
    for l in layers:
        name = l["config"]["name"]
        out.append({**plain(l), "name": name, "inbound_nodes": [node(c) for c in calls.get(name, [])]})
    ends = [[n, 0, 0] for n in inputs], [[n, 0, 0] for n in outputs]
    ends = [e[0] if v3 and len(e) == 1 else e for e in ends]
    return {"class_name": "Functional", "config": {"name": "model", "layers": out, "input_layers": ends[0],
                                                    "output_layers": ends[1]}}


def write(path, config, layers):
    (write_keras if path.suffix == ".keras" else write_h5)(path, config, layers)


def run(name, path, x, want):
    global passed
    (WORK / "in").write_bytes(b"".join(a.tobytes() for a in x))
    p = subprocess.run([MOTE, "run", path, "--input", WORK / "in", "--output", WORK / "out"], capture_output=True)
    if p.returncode != 0:
        failures.append(name)
        print(f"FAILED: {name}: {p.stderr.decode().strip()}")
        return
    got = np.fromfile(WORK / "out", np.float32)
    want = np.concatenate([np.asarray(w, np.float64).ravel() for w in want])
    if got.shape != want.shape or not np.all(np.abs(got - want) <= 2e-5 * max(1e-30, np.abs(want).max())):
        failures.append(name)
        print(f"FAILED: {name}: want {want[:8]}, got {got[:8]} ({got.shape} of {want.shape})")
        return
    passed += 1


def check(name, shape, layers, reference, dtype="float32", x=None):
    x = weights(1, *shape) if x is None else x
    for suffix in (".h5", ".keras"):
        path = (pathlib.Path(sys.argv[3]) if "--write" in sys.argv else WORK) / (name.replace(" ", "_") + suffix)
        config, all_layers = sequential(shape, layers, dtype=dtype)
        write(path, config, all_layers)
        if "--write" not in sys.argv:
            run(name + suffix, path, [x], [reference(x.astype(np.float64) if dtype == "float32" else x)])


# --------------------------------------------------------------------------------------------- definitions


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def same(n, k, s, d=1):
    out = -(-n // s)
    return max((out - 1) * s + (k - 1) * d + 1 - n, 0)


def windows(x, k, s, d, padding, fill=0.0):
    """[b, h, w, c] to [b, oh, ow, kh, kw, c]"""
    if padding == "same":
        pads = [same(x.shape[1 + i], k[i], s[i], d[i]) for i in range(2)]
        x = np.pad(x, [(0, 0)] + [(p // 2, p - p // 2) for p in pads] + [(0, 0)], constant_values=fill)
    oh, ow = [(x.shape[1 + i] - (k[i] - 1) * d[i] - 1) // s[i] + 1 for i in range(2)]
    out = np.zeros((x.shape[0], oh, ow, k[0], k[1], x.shape[3]))
    for y in range(oh):
        for z in range(ow):
            out[:, y, z] = x[:, y * s[0]:y * s[0] + (k[0] - 1) * d[0] + 1:d[0],
                             z * s[1]:z * s[1] + (k[1] - 1) * d[1] + 1:d[1]]
    return out


def conv2d(x, w, b=0, s=(1, 1), d=(1, 1), padding="valid"):
    return np.einsum("byzklc,klco->byzo", windows(x, w.shape[:2], s, d, padding), w) + b


def depthwise(x, w, b=0, s=(1, 1), padding="valid"):
    out = np.einsum("byzklc,klcm->byzcm", windows(x, w.shape[:2], s, (1, 1), padding), w)
    return out.reshape(*out.shape[:3], -1) + b


def transpose(x, w, b, s, padding):
    k = w.shape[:2]
    full = np.zeros((x.shape[0], (x.shape[1] - 1) * s[0] + k[0], (x.shape[2] - 1) * s[1] + k[1], w.shape[2]))
    for y in range(x.shape[1]):
        for z in range(x.shape[2]):
            full[:, y * s[0]:y * s[0] + k[0], z * s[1]:z * s[1] + k[1]] += np.einsum("bc,kloc->bklo", x[:, y, z], w)
    size = [x.shape[1 + i] * s[i] + (max(k[i] - s[i], 0) if padding == "valid" else 0) for i in range(2)]
    if padding == "same":
        cut = [max(k[i] - s[i], 0) // 2 for i in range(2)]
        full = full[:, cut[0]:, cut[1]:]
    full = np.pad(full, [(0, 0)] + [(0, max(0, size[i] - full.shape[1 + i])) for i in range(2)] + [(0, 0)])
    return full[:, :size[0], :size[1]] + b


def lstm(x, w, r, b, h=None):
    n = r.shape[0]
    h = c = np.zeros(n)
    out = []
    for t in x:
        i, f, g, o = np.split(t @ w + h @ r + b, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


def gru(x, w, r, b, after):
    n = r.shape[0]
    h, out = np.zeros(n), []
    bias = b if after else [b, 0 * b]
    for t in x:
        a, s = t @ w + bias[0], h @ r + bias[1]
        z, q = sigmoid(a[:n] + s[:n]), sigmoid(a[n:2 * n] + s[n:2 * n])
        fresh = np.tanh(a[2 * n:] + (q * s[2 * n:] if after else (q * h) @ r[:, 2 * n:]))
        h = z * h + (1 - z) * fresh
        out.append(h)
    return np.array(out)


def rnn(x, w, r, b, act=np.tanh):
    h, out = np.zeros(r.shape[0]), []
    for t in x:
        h = act(t @ w + h @ r + b)
        out.append(h)
    return np.array(out)


def relu(x):
    return np.maximum(x, 0)


# -------------------------------------------------------------------------------------------------- models


def images():
    w, b = weights(3, 3, 2, 4), weights(4)
    check("conv2d", (7, 6, 2), [layer("Conv2D", "c", [w, b], filters=4, kernel_size=[3, 3], strides=[2, 1], padding="same",
                                      activation="relu", use_bias=True, dilation_rate=[1, 1])],
          lambda x: relu(conv2d(x, w, b, (2, 1), padding="same")))
    w2 = weights(2, 3, 1, 6)
    check("groups and dilation", (7, 9, 3),
          [layer("Conv2D", "c", [w2], filters=6, kernel_size=[2, 3], use_bias=False, groups=3, dilation_rate=[2, 1])],
          lambda x: np.concatenate([conv2d(x[..., g:g + 1], w2[..., 2 * g:2 * g + 2], d=(2, 1)) for g in range(3)], -1))
    dw, db, pw, pb = weights(3, 3, 2, 2), weights(4), weights(1, 1, 4, 3), weights(3)
    check("depthwise", (5, 5, 2), [layer("DepthwiseConv2D", "d", [dw, db], kernel_size=[3, 3], strides=[1, 1],
                                         padding="same", depth_multiplier=2, activation="relu6")],
          lambda x: np.clip(depthwise(x, dw, db, padding="same"), 0, 6))
    check("separable", (5, 6, 2), [layer("SeparableConv2D", "s", [dw, pw, pb], filters=3, kernel_size=[3, 3],
                                         depth_multiplier=2, activation="sigmoid")],
          lambda x: sigmoid(conv2d(depthwise(x, dw), pw, pb)))
    for padding in ("same", "valid"):
        tw, tb = weights(3, 2, 3, 2), weights(3)
        check("transposed " + padding, (3, 4, 2),
              [layer("Conv2DTranspose", "t", [tw, tb], filters=3, kernel_size=[3, 2], strides=[2, 3], padding=padding)],
              lambda x: transpose(x, tw, tb, (2, 3), padding))
    gamma, beta, mean, variance = weights(2), weights(2), weights(2), np.abs(weights(2)) + 0.5
    check("batch normalisation", (3, 3, 2),
          [layer("BatchNormalization", "n", [gamma, beta, mean, variance], axis=[3], epsilon=0.01)],
          lambda x: (x - mean) / np.sqrt(variance + 0.01) * gamma + beta)
    check("batch normalisation alone", (2, 2), [layer("BatchNormalization", "n", [mean, variance], axis=-1, epsilon=0.001,
                                                      scale=False, center=False)],
          lambda x: (x - mean) / np.sqrt(variance + 0.001))
    check("pooling", (7, 7, 2), [
        layer("MaxPooling2D", "m", pool_size=[2, 2], strides=None, padding="valid"),
        layer("ZeroPadding2D", "z", padding=[[1, 0], [2, 1]]),
        layer("AveragePooling2D", "a", pool_size=[3, 2], strides=[1, 2], padding="valid")],
        lambda x: windows(np.pad(windows(x, (2, 2), (2, 2), (1, 1), "valid").max((3, 4)), [(0, 0), (1, 0), (2, 1), (0, 0)]),
                          (3, 2), (1, 2), (1, 1), "valid").mean((3, 4)))
    check("crop and scale up", (5, 6, 2), [
        layer("Cropping2D", "c", cropping=[[1, 0], [2, 1]]),
        layer("UpSampling2D", "u", size=[2, 3], interpolation="nearest"),
        layer("GlobalMaxPooling2D", "g", keepdims=True)],
        lambda x: x[:, 1:, 2:-1].max((1, 2), keepdims=True))
    k, kb = weights(6, 3), weights(3)
    check("to classes", (4, 3, 2), [
        layer("Rescaling", "r", scale=0.5, offset=-1.0), layer("Permute", "p", dims=[2, 1, 3]),
        layer("Dropout", "d", rate=0.5), layer("Reshape", "s", target_shape=[4, -1]),
        layer("GlobalAveragePooling1D", "a"), layer("Dense", "k", [k, kb], units=3, activation="softmax")],
        lambda x: softmax((x * 0.5 - 1).transpose(0, 2, 1, 3).reshape(1, 4, 6).mean(1) @ k + kb))


def lines():
    w, b = weights(3, 2, 4), weights(4)
    check("conv1d causal", (6, 2), [layer("Conv1D", "c", [w, b], filters=4, kernel_size=[3], strides=[1], padding="causal",
                                         dilation_rate=[2], activation="tanh")],
          lambda x: np.tanh(conv2d(np.pad(x, [(0, 0), (4, 0), (0, 0)])[:, None], w[None], b, d=(1, 2))[:, 0]))
    dw, pw = weights(3, 2, 1), weights(1, 2, 3)
    check("lines of all kinds", (12, 2), [
        layer("SeparableConv1D", "s", [dw, pw], filters=3, kernel_size=[3], padding="same", use_bias=False),
        layer("ZeroPadding1D", "z", padding=[1, 2]), layer("MaxPooling1D", "m", pool_size=[2], strides=[2]),
        layer("Cropping1D", "c", cropping=[1, 0]), layer("UpSampling1D", "u", size=2),
        layer("AveragePooling1D", "a", pool_size=[3], strides=[3], padding="valid"),
        layer("Flatten", "f")],
        lambda x: windows(np.repeat(windows(np.pad(conv2d(depthwise(x[:, None], dw[None], padding="same"), pw[None])[:, 0],
                                                   [(0, 0), (1, 2), (0, 0)])[:, None], (1, 2), (1, 2), (1, 1),
                                            "valid").max((3, 4))[:, 0, 1:], 2, 1)[:, None], (1, 3), (1, 3), (1, 1),
                          "valid").mean((3, 4)).reshape(1, -1))
    k, kb, table = weights(3, 2), weights(2), weights(5, 3)
    check("embedding", (4,), [layer("Embedding", "e", [table], input_dim=5, output_dim=3),
                              layer("TimeDistributed", "t", [k, kb], {"layer/": [0, 1]},
                                    layer={"class_name": "Dense", "config": {"name": "i", "units": 2}})],
          lambda x: table[x] @ k + kb, "int32", np.array([[4, 0, 3, 3]], np.int32))
    g, o = weights(3), weights(3)
    check("layer normalisation", (4, 3), [layer("LayerNormalization", "n", [g, o], axis=[2], epsilon=0.001)],
          lambda x: (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 0.001) * g + o)
    mean, variance = weights(3), np.abs(weights(3)) + 0.25
    check("normalisation", (2, 3), [layer("Normalization", "n", [mean, variance, np.float32(7)], axis=[-1])],
          lambda x: (x - mean) / np.sqrt(variance))
    check("repeat", (3,), [layer("Dense", "k", [k, kb], units=2), layer("RepeatVector", "r", n=3)],
          lambda x: np.repeat((x @ k + kb)[:, None], 3, 1))
    a = weights(4)
    check("activations", (4,), [
        layer("PReLU", "p", [a], shared_axes=None), layer("LeakyReLU", "l", alpha=0.2), layer("ELU", "e", alpha=0.5),
        layer("Activation", "s", activation="swish"), layer("Activation", "p2", activation="softplus"),
        layer("ReLU", "r", max_value=0.9, negative_slope=0.0, threshold=0.0)],
        lambda x: np.minimum(np.log1p(np.exp((lambda v: v * sigmoid(v))((lambda v: np.where(v > 0, v, 0.5 * np.expm1(v)))(
            (lambda v: np.where(v > 0, v, 0.2 * v))(np.where(x > 0, x, a * x)))))), 0.9))
    check("more activations", (4,), [layer("Activation", "s", activation="selu"), layer("Activation", "g", activation="gelu"),
                                     layer("Activation", "i", activation="softsign"),
                                     layer("Activation", "x", activation="exponential")],
          lambda x: np.exp((lambda v: v / (1 + abs(v)))((lambda v: 0.5 * v * (1 + np.vectorize(__import__("math").erf)(
              v / np.sqrt(2))))(1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))))))


def recurrent():
    w, r, b = weights(3, 8), weights(2, 8), weights(8)
    cell = {"cell/": [0, 1, 2]}
    check("lstm", (5, 3), [layer("LSTM", "l", [w, r, b], cell, units=2, activation="tanh", recurrent_activation="sigmoid")],
          lambda x: lstm(x[0], w, r, b)[-1])
    check("lstm back", (5, 3), [layer("LSTM", "l", [w, r, b], cell, units=2, return_sequences=True, go_backwards=True)],
          lambda x: lstm(x[0, ::-1], w, r, b))
    for after in (True, False):
        gw, gr, gb = weights(3, 6), weights(2, 6), weights(2, 6) if after else weights(6)
        check(f"gru {after}", (4, 3), [layer("GRU", "g", [gw, gr, gb], cell, units=2, reset_after=after,
                                             return_sequences=True)],
              lambda x: gru(x[0], gw, gr, gb, after))
    sw, sr, sb = weights(3, 2), weights(2, 2), weights(2)
    check("simple rnn", (4, 3), [layer("SimpleRNN", "s", [sw, sr, sb], cell, units=2, activation="relu")],
          lambda x: rnn(x[0], sw, sr, sb, relu)[-1])
    w2, r2, b2 = weights(3, 8), weights(2, 8), weights(8)
    both = {"forward_layer/cell/": [0, 1, 2], "backward_layer/cell/": [3, 4, 5]}
    inner = {"class_name": "LSTM", "config": {"name": "l", "units": 2, "return_sequences": True}}
    check("both directions", (4, 3), [layer("Bidirectional", "b", [w, r, b, w2, r2, b2], both, layer=inner,
                                            merge_mode="concat")],
          lambda x: np.concatenate([lstm(x[0], w, r, b), lstm(x[0, ::-1], w2, r2, b2)[::-1]], 1))
    last = {"class_name": "LSTM", "config": {"name": "l", "units": 2}}
    check("both directions added", (4, 3), [layer("Bidirectional", "b", [w, r, b, w2, r2, b2], both, layer=last,
                                                  merge_mode="sum")],
          lambda x: lstm(x[0], w, r, b)[-1] + lstm(x[0, ::-1], w2, r2, b2)[-1])


def attention():
    """Of many heads, with a value of its own; without weights; products of two inputs."""
    heads, width, depth = 2, 3, 4
    w = [weights(depth, heads, width), weights(heads, width), weights(depth, heads, width), weights(heads, width),
         weights(depth, heads, width), weights(heads, width), weights(heads, width, depth), weights(depth)]
    inner = {f"{part}_dense/": [2 * i, 2 * i + 1] for i, part in enumerate(["query", "key", "value", "output"])}
    layers = [layer("InputLayer", "a", batch_input_shape=[None, 5, depth], batch_shape=[None, 5, depth]),
              layer("InputLayer", "b", batch_input_shape=[None, 6, depth], batch_shape=[None, 6, depth]),
              layer("MultiHeadAttention", "m", w, inner, num_heads=heads, key_dim=width, value_dim=width, use_bias=True),
              layer("Attention", "s", use_scale=False, score_mode="dot"), layer("Dot", "d", axes=[2, 2]),
              layer("Dot", "n", axes=-1, normalize=True)]
    calls = {"m": [["a", "b"]], "s": [["a", "b"]], "d": [["m", "s"]], "n": [["a", "b"]]}
    x, y = weights(1, 5, depth), weights(1, 6, depth)

    def attend(q, k, v, scale):
        return softmax(q @ k.swapaxes(-1, -2) * scale) @ v
    q, k, v = (np.einsum("bsd,dhw->bhsw", t, w[2 * i]) + w[2 * i + 1][:, None] for i, t in enumerate([x, y, y]))
    many = np.einsum("bhsw,hwd->bsd", attend(q, k, v, width ** -0.5), w[6]) + w[7]
    one = attend(x, y, y, 1)
    unit = [t / np.sqrt((t ** 2).sum(-1, keepdims=True)) for t in (x, y)]
    want = [many @ one.swapaxes(1, 2), unit[0] @ unit[1].swapaxes(1, 2)]
    for suffix in (".h5", ".keras"):
        path = (pathlib.Path(sys.argv[3]) if "--write" in sys.argv else WORK) / ("attention" + suffix)
        write(path, functional(layers, calls, ["a", "b"], ["d", "n"], suffix == ".keras"), layers)
        if "--write" not in sys.argv:
            run("attention" + suffix, path, [x, y], want)


def image_tools():
    g, o = weights(6), weights(6)

    def group_norm(x):
        v = x.reshape(1, 3, 4, 2, 3)
        mean = v.mean((1, 2, 4), keepdims=True)
        return ((v - mean) / np.sqrt(v.var((1, 2, 4), keepdims=True) + 0.001)).reshape(x.shape) * g + o
    check("group normalisation", (3, 4, 6), [layer("GroupNormalization", "n", [g, o], groups=2, axis=-1, epsilon=0.001)],
          group_norm)
    check("cut and scaled", (6, 8, 2), [
        layer("RandomFlip", "f", mode="horizontal"), layer("CenterCrop", "c", height=3, width=4), layer("Identity", "i"),
        layer("Resizing", "r", height=6, width=8, interpolation="nearest"), layer("ThresholdedReLU", "t", theta=0.25)],
        lambda x: (lambda v: np.where(v > 0.25, v, 0))(x[:, 1:4, 2:6].repeat(2, 1).repeat(2, 2)))
    check("by the root of the mean square", (3, 6), [layer("RMSNormalization", "r", [g], axis=-1, epsilon=0.001)],
          lambda x: x / np.sqrt((x * x).mean(-1, keepdims=True) + 0.001) * g)
    check("of length 1", (3, 4), [layer("UnitNormalization", "u", axis=-1)],
          lambda x: x / np.sqrt((x ** 2).sum(-1, keepdims=True)))


def boxes(x, k, s, padding, fill=0.0):
    """[b, d, h, w, c] to [b, od, oh, ow, kd * kh * kw, c]"""
    if padding == "same":
        pads = [same(x.shape[1 + i], k[i], s[i]) for i in range(3)]
        x = np.pad(x, [(0, 0)] + [(p // 2, p - p // 2) for p in pads] + [(0, 0)], constant_values=fill)
    out = np.zeros([x.shape[0]] + [(x.shape[1 + i] - k[i]) // s[i] + 1 for i in range(3)] + [np.prod(k), x.shape[4]])
    for at in np.ndindex(*out.shape[1:4]):
        box = tuple(slice(a * t, a * t + n) for a, t, n in zip(at, s, k))
        out[(slice(None),) + at] = x[(slice(None),) + box].reshape(x.shape[0], -1, x.shape[4])
    return out


def volumes():
    for padding in ("same", "valid"):
        w, b = weights(2, 3, 2, 2, 4), weights(4)
        check("conv3d " + padding, (4, 5, 6, 2),
              [layer("Conv3D", "c", [w, b], filters=4, kernel_size=[2, 3, 2], strides=[1, 2, 2], padding=padding,
                     activation="relu")],
              lambda x: relu(np.einsum("bdhwkc,kco->bdhwo", boxes(x, (2, 3, 2), (1, 2, 2), padding),
                                       w.reshape(-1, 2, 4)) + b))
        check("pooling of volumes " + padding, (5, 7, 4, 2),
              [layer("MaxPooling3D", "m", pool_size=[2, 3, 2], strides=[2, 2, 1], padding=padding)],
              lambda x: boxes(x, (2, 3, 2), (2, 2, 1), padding, -np.inf).max(4))
        check("means of volumes " + padding, (5, 7, 4, 2),
              [layer("AveragePooling3D", "m", pool_size=[2, 3, 2], strides=None, padding=padding)],
              lambda x: np.nanmean(boxes(x, (2, 3, 2), (2, 3, 2), padding, np.nan), 4))
    w, b = weights(2, 2, 3, 3, 2), weights(3)  # strides as large as filters: each box by itself
    check("conv3d transposed", (2, 3, 2, 2),
          [layer("Conv3DTranspose", "t", [w, b], filters=3, kernel_size=[2, 2, 3], strides=[2, 2, 3])],
          lambda x: np.einsum("bdhwc,ijkoc->bdihjwko", x, w).reshape(1, 4, 6, 6, 3) + b)
    check("cut, padded and repeated", (4, 5, 6, 2),
          [layer("Cropping3D", "c", cropping=[[1, 0], [1, 2], [0, 3]]), layer("ZeroPadding3D", "z", padding=[1, 0, 2]),
           layer("UpSampling3D", "u", size=[2, 3, 1])],
          lambda x: np.pad(x[:, 1:, 1:-2, :-3], [(0, 0), (1, 1), (0, 0), (2, 2), (0, 0)]).repeat(2, 1).repeat(3, 2))
    check("of a whole volume", (3, 4, 2, 3), [layer("GlobalAveragePooling3D", "g")], lambda x: x.mean((1, 2, 3)))
    check("the most of a whole volume", (3, 4, 2, 3), [layer("GlobalMaxPooling3D", "g", keepdims=True)],
          lambda x: x.max((1, 2, 3), keepdims=True))


def categories():
    bounds, table = [-0.5, 0.0, 0.25], weights(4, 3)
    check("in ranges", (5,), [layer("Discretization", "d", bin_boundaries=bounds, output_mode="int"),
                              layer("Embedding", "e", [table], input_dim=4, output_dim=3)],
          lambda x: table[np.digitize(x, bounds)])
    check("one range hot", (1,), [layer("Discretization", "d", bin_boundaries=bounds, output_mode="one_hot")],
          lambda x: np.eye(4)[np.digitize(x[:, 0], bounds)])
    for how, join in (("multi_hot", np.max), ("count", np.sum)):
        check("categories by " + how, (5,), [layer("Discretization", "d", bin_boundaries=bounds, output_mode="int"),
                                             layer("CategoryEncoding", "c", num_tokens=6, output_mode=how)],
              lambda x: join(np.eye(6)[np.digitize(x, bounds)], 1))


def graphs():
    """Two inputs, two outputs, a layer used twice, joins, a model in the model."""
    k, b, k2 = weights(3, 4), weights(4), weights(4, 2)
    inner_config, inner_layers = sequential((4,), [layer("Dense", "deep", [k2], units=2, use_bias=False)], name="inner")
    inner = {"class_name": "Sequential", "config": inner_config["config"], "w": [], "inner": {}, "layers": inner_layers}
    layers = [layer("InputLayer", "a", batch_input_shape=[None, 3], batch_shape=[None, 3]),
              layer("InputLayer", "b", batch_input_shape=[None, 3], batch_shape=[None, 3]),
              layer("Dense", "shared", [k, b], units=4, activation="relu"), inner,
              layer("Subtract", "sub"), layer("Average", "ave"), layer("Maximum", "max"), layer("Multiply", "mul"),
              layer("Concatenate", "cat", axis=-1), layer("Add", "add")]
    s0, s1 = ("shared", 0), ("shared", 1)
    calls = {"shared": [["a"], ["b"]], "sub": [[s0, s1]], "ave": [[s0, s1]], "max": [["sub", "ave"]],
             "mul": [["max", s0]], "inner": [["mul"]], "cat": [["sub", "mul", "inner"]], "add": [[s0, s1, "ave"]]}
    x, y = weights(1, 3), weights(1, 3)
    p, q = relu(x @ k + b), relu(y @ k + b)
    product = np.maximum(p - q, (p + q) / 2) * p
    want = [np.concatenate([p - q, product, product @ k2], 1), p + q + (p + q) / 2]
    for suffix in (".h5", ".keras"):
        path = (pathlib.Path(sys.argv[3]) if "--write" in sys.argv else WORK) / ("functional" + suffix)
        write(path, functional(layers, calls, ["a", "b"], ["cat", "add"], suffix == ".keras"), layers)
        if "--write" not in sys.argv:
            run("functional" + suffix, path, [x, y], want)


def refused():
    """One line that names the layer and what to do."""
    global passed
    cases = [([layer("Lambda", "odd")], "layer \"odd\" (Lambda): mote has no such layer"),
             ([layer("Dense", "k", [weights(2, 2)], units=2)], "weight 0"),
             ([layer("Dense", "k", [], units=2)], "is missing"),
             ([layer("Conv2D", "c", [], filters=1, kernel_size=[1, 1])], "input has 2 dims, want 4"),
             ([layer("Activation", "c", activation="odd")], "activation \"odd\""),
             ([layer("Dense", "k", [], units=1e30)], "no number")]
    for layers, text in cases:
        config, all_layers = sequential((3,), layers)
        write_h5(WORK / "refused.h5", config, all_layers)
        p = subprocess.run([MOTE, "inspect", WORK / "refused.h5"], capture_output=True)
        said = p.stderr.decode()
        if p.returncode != 1 or text not in said or said.count("\n") != 1:
            failures.append(text)
            print(f"FAILED: want \"{text}\", got {p.returncode} {said.strip()}")
        else:
            passed += 1


def all_that_is_missing():
    global passed
    config, layers = sequential((3,), [layer("Lambda", "odd"), layer("Dense", "k", [weights(3, 2)], units=2),
                                       layer("TimeDistributed", "t", layer={"class_name": "Odder", "config": {}})])
    write_h5(WORK / "missing.h5", config, layers)
    said = subprocess.run([MOTE, "inspect", WORK / "missing.h5"], capture_output=True).stderr.decode().splitlines()
    if len(said) != 3 or "lacks 2 things" not in said[0] or "Lambda" not in said[1] or "Odder" not in said[2]:
        failures.append("all that is missing")
        print("FAILED: all that is missing:", said)
    else:
        passed += 1


if subprocess.run([MOTE, "inspect", "/dev/null"], capture_output=True).returncode != 1:
    sys.exit("no mote there")
images()
lines()
recurrent()
attention()
image_tools()
volumes()
categories()
graphs()
if "--write" not in sys.argv:
    (WORK / "probe.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    if b"built without" in subprocess.run([MOTE, "inspect", WORK / "probe.h5"], capture_output=True).stderr:
        print("SKIPPED: mote was built without Keras")
        sys.exit(77)
    refused()
    all_that_is_missing()
subprocess.run(["rm", "-rf", WORK], check=True)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(len(failures) > 0)
