#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keras models of both formats, made here, against what numpy works out from the definition of each layer.

usage: keras.py MOTE [--write FOLDER]     the second form only writes the models, for the fuzzers to start from
"""
import resource
import sys

sys.dont_write_bytecode = True
from keras_models import *  # noqa: E402, F403


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
    layers = [entry("a", 5, depth),
              entry("b", 6, depth),
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
    check_graph("attention", layers, calls, ["a", "b"], ["d", "n"], [x, y], want)


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
    layers = [entry("a", 3),
              entry("b", 3),
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
    check_graph("functional", layers, calls, ["a", "b"], ["cat", "add"], [x, y], want)


def einsum():
    for equation, shape, out, kernel, axes, of in (
            ("abc,cde->abde", (3, 4), [None, 2, 5], (4, 2, 5), "de", (2, 5)),
            ("abcd,cde->abe", (3, 4, 2), [None, 5], (4, 2, 5), "e", (5,)),
            ("abc,bd->adc", (3, 4), [5, 4], (3, 5), "d", (5, 1)),
            ("...x,xy->...y", (2, 3, 4), 5, (4, 5), "y", (5,))):
        w, b = weights(*kernel), weights(*of)
        check("einsum " + equation.replace(",", " ").replace(">", "").replace(".", ""), shape,
              [layer("EinsumDense", "e", [w, b], equation=equation, output_shape=out, bias_axes=axes, activation="tanh")],
              lambda x: np.tanh(np.einsum(equation, x, w) + b))


def more_images():
    w, b = weights(2, 1, 2, 2, 6), weights(6)
    check("conv3d in groups", (3, 4, 5, 4), [layer("Conv3D", "c", [w, b], filters=6, kernel_size=[2, 1, 2], groups=2)],
          lambda x: np.concatenate([np.einsum("bdhwkc,kco->bdhwo", boxes(x[..., 2 * g:2 * g + 2], (2, 1, 2), (1, 1, 1), "valid"),
                                              w[..., 3 * g:3 * g + 3].reshape(-1, 2, 3)) for g in (0, 1)], -1) + b)
    check("adaptive mean", (6, 4, 2), [layer("AdaptiveAveragePooling2D", "a", output_size=[3, 2])],
          lambda x: x.reshape(1, 3, 2, 2, 2, 2).mean((2, 4)))
    check("adaptive most", (6, 2), [layer("AdaptiveMaxPooling1D", "a", output_size=2)],
          lambda x: x.reshape(1, 2, 3, 2).max(2))
    w, b = weights(3 * 2, 2 * 2 * 2, 3), weights(3, 2, 3)
    check("locally connected", (4, 5, 2), [layer("LocallyConnected2D", "l", [w, b], filters=3, kernel_size=[2, 2],
                                                 strides=[1, 2], implementation=1)],
          lambda x: np.einsum("bpk,pkf->bpf", windows(x, (2, 2), (1, 2), (1, 1), "valid").reshape(1, 6, 8), w).reshape(
              1, 3, 2, 3) + b)
    w1 = weights(4, 3, 2)
    check("locally connected line", (6, 1), [layer("LocallyConnected1D", "l", [w1], filters=2, kernel_size=[3],
                                                   use_bias=False)],
          lambda x: np.einsum("bpk,pkf->bpf", windows(x[:, None], (1, 3), (1, 1), (1, 1), "valid").reshape(1, 4, 3), w1))
    k, kb, u = weights(3, 2), weights(2), weights(1, 2)
    check("spectral", (3,), [layer("SpectralNormalization", "s", [k, kb, u], {"layer/": [0, 1], "": [2]},
                                   layer={"class_name": "Dense", "config": {"name": "d", "units": 2}})], lambda x: x @ k + kb)


def rarer_activations():
    def softplus(x):
        return np.log1p(np.exp(x))
    for name, f in {"mish": lambda x: x * np.tanh(softplus(x)), "hard_tanh": lambda x: np.clip(x, -1, 1),
                    "soft_shrink": lambda x: x - np.clip(x, -0.5, 0.5), "tanh_shrink": lambda x: x - np.tanh(x),
                    "hard_shrink": lambda x: np.where(abs(x) > 0.5, x, 0), "log_sigmoid": lambda x: -softplus(-x),
                    "log_softmax": lambda x: np.log(softmax(x)), "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
                    "glu": lambda x: x[:, :3] * sigmoid(x[:, 3:])}.items():
        check("activation " + name, (6,), [layer("Activation", "a", activation=name)], f, x=2 * weights(1, 6))
    check("relu with a threshold", (6,), [layer("ReLU", "r", threshold=0.25, negative_slope=0.5, max_value=0.75)],
          lambda x: np.minimum(np.where(x >= 0.25, x, 0.5 * (x - 0.25)), 0.75))
    check("softmax along an axis", (3, 4), [layer("Softmax", "s", axis=1)],
          lambda x: softmax(x.swapaxes(1, 2)).swapaxes(1, 2))


def operation(name, kind, function, **config):
    """x + y in both versions of Keras: a class of a module, a function."""
    return {**layer("TFOpLambda", name, function=function, **config), "v3": {"class_name": kind, "module": "keras.src.ops.numpy"}}


def operations():
    layers = [entry("a", 3, 4), entry("b", 3, 4), operation("scaled", "TrueDivide", "math.truediv"),
              operation("sum", "Add", "__operators__.add"), operation("less", "Subtract", "math.subtract"),
              operation("mean", "Mean", "math.reduce_mean", axis=1, keepdims=True),
              operation("turned", "Transpose", "transpose", axes=[0, 2, 1]),
              operation("flat", "Reshape", "reshape", newshape=[-1, 12]), operation("act", "Silu", "nn.silu")]
    x, y = weights(1, 3, 4), weights(1, 3, 4)
    middle = (x / 4 + y) - 0.5
    want = [middle.mean(1, keepdims=True), (lambda v: v * sigmoid(v))(middle.swapaxes(1, 2).reshape(1, 12))]
    calls = {"sum": [["scaled", "b"]], "mean": [["less"]], "turned": [["less"]], "flat": [["turned"]], "act": [["flat"]]}
    ends = ["a", "b"], ["mean", "act"]
    calls["scaled"], calls["less"] = [["a", 4.0]], [["sum", 0.5]]
    new = [{**l, **l.get("v3", {})} for l in layers]
    if "--write" not in sys.argv:
        write_keras(WORK / "operations.keras", functional(new, calls, *ends, True), [])
        run("operations.keras", WORK / "operations.keras", [x, y], want)
        calls["scaled"], calls["less"] = [(["a"], {"y": 4.0})], [(["sum"], {"y": 0.5})]
        calls["sum"] = [(["scaled"], {"y": ["b"]})]
        write_h5(WORK / "operations.h5", functional(layers, calls, *ends, False), [])
        run("operations.h5", WORK / "operations.h5", [x, y], want)


def refused():
    check_refused([layer("Lambda", "odd")], "layer \"odd\" (Lambda): mote has no such layer")
    check_refused([layer("Dense", "k", [weights(2, 2)], units=2)], "weight 0")
    check_refused([layer("Dense", "k", [], units=2)], "is missing")
    check_refused([layer("Conv2D", "c", [], filters=1, kernel_size=[1, 1])], "input has 2 dims, want 4")
    check_refused([layer("Activation", "c", activation="odd")], "activation \"odd\"")
    check_refused([layer("Dense", "k", [], units=1e30)], "no number")


def deadly():
    """A string whose place in its heap is out of all bounds: libhdf5 does not look."""
    config, layers = sequential((3,), [layer("Dense", "k", [weights(3, 2)], units=2, use_bias=False)])
    write_h5(WORK / "deadly.h5", config, layers)
    data = (WORK / "deadly.h5").read_bytes()
    heap = data.index(b"GCOL").to_bytes(8, "little")
    for verb in (["inspect"], ["compile", "-o", WORK / "out"]):
        for place in range(1, 3):
            (WORK / "deadly.h5").write_bytes(data.replace(heap + bytes([place, 0]), heap + bytes([place, 237])))
            p = subprocess.run([MOTE, verb[0], WORK / "deadly.h5", *verb[1:]], capture_output=True)
            said = p.stderr.decode()
            tally("deadly", p.returncode == 1 and "does not survive it" in said and said.count("\n") == 1,
                  f"got {p.returncode} {said}")


def is_sanitized():
    """AddressSanitizer does not start within so much memory."""
    return subprocess.run([MOTE, "--version"], capture_output=True, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_DATA, (1 << 30, 1 << 30))).returncode != 0


def greedy():
    """Strings that claim 4 GiB: libhdf5 makes room before it looks."""
    config, layers = sequential((3,), [layer("Dense", "k", [weights(3, 2)], units=2, use_bias=False)])
    write_h5(WORK / "greedy.h5", config, layers)
    data = (WORK / "greedy.h5").read_bytes()
    heap = data.index(b"GCOL").to_bytes(8, "little")
    for place in range(1, 3):
        at = data.index(heap + bytes([place, 0])) - 4
        (WORK / "greedy.h5").write_bytes(data[:at] + b"\xff" * 4 + data[at + 4:])
        p = subprocess.run([MOTE, "inspect", WORK / "greedy.h5"], capture_output=True, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_AS, (3 << 30, 3 << 30)))
        said = p.stderr.decode()
        tally("greedy", p.returncode == 1 and "MiB of memory" in said and said.count("\n") == 1,
              f"got {p.returncode} {said}")


def all_that_is_missing():
    config, layers = sequential((3,), [layer("Lambda", "odd"), layer("Dense", "k", [weights(3, 2)], units=2),
                                       layer("TimeDistributed", "t", layer={"class_name": "Odder", "config": {}})])
    write_h5(WORK / "missing.h5", config, layers)
    said = subprocess.run([MOTE, "inspect", WORK / "missing.h5"], capture_output=True).stderr.decode().splitlines()
    tally("all that is missing", len(said) == 3 and "lacks 2 things" in said[0] and "Lambda" in said[1] and
          "Odder" in said[2], said)


start()
images()
lines()
recurrent()
attention()
image_tools()
volumes()
categories()
graphs()
einsum()
more_images()
rarer_activations()
operations()
if "--write" not in sys.argv:
    refused()
    if not is_sanitized():  # which reports what libhdf5 does, and has no limit
        deadly()
        greedy()
    all_that_is_missing()
finish()
