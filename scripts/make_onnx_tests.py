#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_onnx_tests.py FOLDER: writes the models of tests/onnx, with inputs and outputs, in the form of ONNX's node tests.

Expected values are the standard's formulas in numpy, in double precision. Needs Debian's python3-onnx.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64, np.dtype(np.bool_): TensorProto.BOOL,
         np.dtype(np.uint8): TensorProto.UINT8, np.dtype(np.int8): TensorProto.INT8, np.dtype(np.int32): TensorProto.INT32}
random = np.random.RandomState(1)


def real(*shape):
    return random.uniform(-1, 1, shape).astype(np.float32)


def info(name, value):
    return helper.make_tensor_value_info(name, TYPES[value.dtype], value.shape)


def write(name, nodes, inputs, outputs, constants=None):
    """One test: inputs, outputs and constants are {name: array}."""
    folder = os.path.join(sys.argv[1], "test_" + name)
    data = os.path.join(folder, "test_data_set_0")
    os.makedirs(data, exist_ok=True)
    graph = helper.make_graph(nodes, name, [info(k, v) for k, v in inputs.items()], [info(k, v) for k, v in outputs.items()],
                              [v if isinstance(v, TensorProto) else numpy_helper.from_array(v, k)
                               for k, v in (constants or {}).items()])
    model = helper.make_model(graph, opset_imports=OPSET, producer_name="mote")
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString())
    for kind, values in (("input", inputs), ("output", outputs)):
        for i, (k, v) in enumerate(values.items()):
            with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as f:
                f.write(numpy_helper.from_array(v, k).SerializeToString())


def f32(x):
    return np.asarray(x, dtype=np.float32)


# Recurrent layers with constant weights.

def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, w, r, b):
    units = r.shape[1]
    h = c = np.zeros((x.shape[1], units))
    steps = []
    for t in x.astype(float):
        i, o, f, g = np.split(t @ w.T + h @ r.T + b[:4 * units] + b[4 * units:], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        steps.append(h)
    return np.array(steps), h


def gru(x, w, r, b, before):
    units = r.shape[1]
    h = np.zeros((x.shape[1], units))
    wb, rb = b[:3 * units], b[3 * units:]
    steps = []
    for t in x.astype(float):
        wz, wr, wn = np.split(t @ w.T + wb, 3, axis=1)
        rz, rr, rn = np.split(h @ r.T + rb, 3, axis=1)
        z, reset = sigmoid(wz + rz), sigmoid(wr + rr)
        inner = reset * rn if before else (reset * h) @ r[2 * units:].T + rb[2 * units:]
        n = np.tanh(wn + inner)
        h = (1 - z) * n + z * h
        steps.append(h)
    return np.array(steps), h


def recurrent():
    x, w, r, b = real(5, 2, 3), real(2, 16, 3), real(2, 16, 4), real(2, 32)
    (ya, ha), (yb, hb) = lstm(x, w[0], r[0], b[0]), lstm(x[::-1], w[1], r[1], b[1])
    write("lstm_both_directions", [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h"], hidden_size=4,
                                                    direction="bidirectional")],
          {"x": x}, {"y": f32(np.stack([ya, yb[::-1]], 1)), "h": f32(np.stack([ha, hb]))}, {"w": w, "r": r, "b": b})
    for before in (0, 1):
        w, r, b = real(1, 12, 3), real(1, 12, 4), real(1, 24)
        y, h = gru(x, w[0], r[0], b[0], before)
        write(f"gru_constant_{before}", [helper.make_node("GRU", ["x", "w", "r", "b"], ["y", "h"], hidden_size=4,
                                                          linear_before_reset=before)],
              {"x": x}, {"y": f32(y[:, None]), "h": f32(h[None])}, {"w": w, "r": r, "b": b})
    w, r, b = real(1, 4, 3), real(1, 4, 4), real(1, 8)
    h = np.zeros((2, 4))
    for t in x[::-1].astype(float):
        h = np.tanh(t @ w[0].T + h @ r[0].T + b[0, :4] + b[0, 4:])
    write("rnn_reverse", [helper.make_node("RNN", ["x", "w", "r", "b"], ["", "h"], hidden_size=4, direction="reverse")],
          {"x": x}, {"h": f32(h[None])}, {"w": w, "r": r, "b": b})


# Trees: (feature, mode, value, yes, no), or the weights of a leaf as {output: weight}.

def walk(tree, x):
    node = tree[0]
    while isinstance(node, tuple):
        f, mode, value, yes, no = node
        holds = {"BRANCH_LEQ": x[f] <= value, "BRANCH_LT": x[f] < value, "BRANCH_GTE": x[f] >= value,
                 "BRANCH_GT": x[f] > value}[mode]
        node = tree[yes if holds else no]
    return node


def tree_attributes(trees, prefix):
    a = {k: [] for k in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
                         "nodes_truenodeids", "nodes_falsenodeids", prefix + "_treeids", prefix + "_nodeids",
                         prefix + "_ids", prefix + "_weights")}
    for t, tree in enumerate(trees):
        for i, node in enumerate(tree):
            leaf = not isinstance(node, tuple)
            f, mode, value, yes, no = (0, "LEAF", 0.0, 0, 0) if leaf else node
            for k, v in zip(list(a)[:7], (t, i, f, mode, value, yes, no)):
                a[k].append(v)
            for output, weight in (node.items() if leaf else ()):
                for k, v in zip(list(a)[7:], (t, i, output, weight)):
                    a[k].append(v)
    return a


def forest():
    x = real(16, 3)
    x[0, 0] = 0.25  # on the threshold
    trees = [[(0, "BRANCH_LEQ", 0.25, 1, 2), {0: 0.5, 2: 0.25}, (1, "BRANCH_GT", -0.5, 3, 4), {1: 0.5}, {2: 0.5}],
             [(2, "BRANCH_LT", 0.0, 2, 1), {0: 0.125, 1: 0.125}, {2: 0.25}]]
    scores = np.zeros((16, 3))
    for n in range(16):
        for tree in trees:
            for output, weight in walk(tree, x[n]).items():
                scores[n, output] += weight
    a = tree_attributes(trees, "class")
    labels = np.array([7, 3, 5])
    write("forest_classifier", [helper.make_node("TreeEnsembleClassifier", ["x"], ["label", "p"], domain="ai.onnx.ml",
                                                 classlabels_int64s=labels.tolist(), **a)],
          {"x": x}, {"label": labels[scores.argmax(1)].astype(np.int64), "p": f32(scores)})
    trees = [[(0, "BRANCH_LEQ", 0.25, 1, 2), {0: 0.5}, (1, "BRANCH_GTE", -0.5, 3, 4), {0: -1.5}, {0: 2.5}],
             [{0: 0.75}], [(2, "BRANCH_LT", 0.0, 2, 1), {0: -0.125}, {0: 1.0}]]
    sums = np.array([[sum(walk(tree, row)[0] for tree in trees)] for row in x])
    write("boosted_regressor", [helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1,
                                                 base_values=[0.5], **tree_attributes(trees, "target"))],
          {"x": x}, {"y": f32(sums + 0.5)})
    p = sigmoid(sums - 1)
    write("boosted_classifier", [helper.make_node("TreeEnsembleClassifier", ["x"], ["label", "p"], domain="ai.onnx.ml",
                                                  classlabels_int64s=[0, 1], base_values=[-1.0], post_transform="LOGISTIC",
                                                  **tree_attributes(trees, "class"))],
          {"x": x}, {"label": (sums[:, 0] > 1).astype(np.int64), "p": f32(np.hstack([1 - p, p]))})


def linear():
    x, c, b = real(6, 4), real(3, 4), real(3)
    offset, scale = real(4), real(4)
    s = (x.astype(float) - offset) * scale @ c.T + b
    e = np.exp(s - s.max(1, keepdims=True))
    write("scaler_linear_classifier",
          [helper.make_node("Scaler", ["x"], ["s"], domain="ai.onnx.ml", offset=offset.tolist(), scale=scale.tolist()),
           helper.make_node("LinearClassifier", ["s"], ["label", "p"], domain="ai.onnx.ml", coefficients=c.ravel().tolist(),
                            intercepts=b.tolist(), post_transform="SOFTMAX", classlabels_ints=[0, 1, 2])],
          {"x": x}, {"label": s.argmax(1).astype(np.int64), "p": f32(e / e.sum(1, keepdims=True))})
    write("normalizer_linear_regressor",
          [helper.make_node("Normalizer", ["x"], ["n"], domain="ai.onnx.ml", norm="L2"),
           helper.make_node("LinearRegressor", ["n"], ["y"], domain="ai.onnx.ml", coefficients=c[:2].ravel().tolist(),
                            intercepts=b[:2].tolist(), targets=2)],
          {"x": x}, {"y": f32(x / np.linalg.norm(x.astype(float), axis=1, keepdims=True) @ c[:2].T + b[:2])})


def kernel(x, v, gamma):
    return np.exp(-gamma * ((x[:, None].astype(float) - v[None]) ** 2).sum(2))


def support_vectors():
    x, v = real(6, 3), real(5, 3)
    c, rho = real(5), real(1)
    common = dict(domain="ai.onnx.ml", kernel_type="RBF", kernel_params=[0.5, 0.0, 3.0],
                  support_vectors=v.ravel().tolist())
    write("svm_regressor", [helper.make_node("SVMRegressor", ["x"], ["y"], n_supports=5, coefficients=c.tolist(),
                                             rho=rho.tolist(), **common)],
          {"x": x}, {"y": f32(kernel(x, v, 0.5) @ c[:, None] + rho)})
    per_class, c, rho = [2, 2, 1], real(2, 5), real(3)
    k, start = kernel(x, v, 0.5), [0, 2, 4, 5]
    decisions, votes = [], np.zeros((6, 3))
    for i in range(3):
        for j in range(i + 1, 3):
            a, b = slice(start[i], start[i + 1]), slice(start[j], start[j + 1])
            d = k[:, a] @ c[j - 1, a] + k[:, b] @ c[i, b] + rho[len(decisions)]
            decisions.append(d)
            votes[:, i] += d > 0
            votes[:, j] += d <= 0
    write("svm_classifier", [helper.make_node("SVMClassifier", ["x"], ["label", "d"], vectors_per_class=per_class,
                                              coefficients=c.ravel().tolist(), rho=rho.tolist(),
                                              classlabels_ints=[0, 1, 2], **common)],
          {"x": x}, {"label": votes.argmax(1).astype(np.int64), "d": f32(np.stack(decisions, 1))})


def couple(pairs, k):
    """Wu, Lin and Weng 2004, second method, as LIBSVM has it; pairs: {(i, j): probability of i}."""
    r = np.zeros((k, k))
    for (i, j), v in pairs.items():
        r[i, j], r[j, i] = v, 1 - v
    q = -r.T * r
    q[np.diag_indices(k)] = (r * r).sum(0)
    p = np.full(k, 1 / k)
    for _ in range(100):
        qp, pqp = q @ p, p @ q @ p
        if np.abs(qp - pqp).max() < 0.005 / k:
            break
        for i in range(k):
            step = (pqp - qp[i]) / q[i, i]
            p[i] += step
            pqp = (pqp + step * (step * q[i, i] + 2 * qp[i])) / (1 + step) ** 2
            qp, p = (qp + step * q[i]) / (1 + step), p / (1 + step)
    return p


def svc_with_probabilities():
    x, v, k = real(6, 3), real(8, 3), 4
    per_class, c, rho, a, b = [2, 2, 1, 3], real(3, 8), real(6), -2 - real(6), real(6)
    values, start = kernel(x, v, 0.5), np.cumsum([0] + per_class)
    votes, pairs = np.zeros((6, k)), {}
    for n, (i, j) in enumerate((i, j) for i in range(k) for j in range(i + 1, k)):
        first, second = slice(start[i], start[i + 1]), slice(start[j], start[j + 1])
        d = values[:, first] @ c[j - 1, first] + values[:, second] @ c[i, second] + rho[n]
        votes[:, i] += d > 0
        votes[:, j] += d <= 0
        pairs[i, j] = np.clip(1 / (1 + np.exp(a[n] * d + b[n])), 1e-7, 1 - 1e-7)
    p = [couple({key: value[s] for key, value in pairs.items()}, k) for s in range(6)]
    write("svc_probabilities",
          [helper.make_node("SVMClassifier", ["x"], ["label", "p"], vectors_per_class=per_class, kernel_type="RBF",
                            kernel_params=[0.5, 0.0, 3.0], support_vectors=v.ravel().tolist(), domain="ai.onnx.ml",
                            coefficients=c.ravel().tolist(), rho=rho.tolist(), prob_a=a.tolist(), prob_b=b.tolist(),
                            classlabels_ints=list(range(k)))],
          {"x": x}, {"label": votes.argmax(1).astype(np.int64), "p": f32(p)})


# Networks in the layout of images with channels first.

def convolve(x, w, b, stride, pad, groups):
    n, c, h, width = x.shape
    x = np.pad(x.astype(float), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    k = w.shape[2]
    oh, ow = (h + 2 * pad - k) // stride + 1, (width + 2 * pad - w.shape[3]) // stride + 1
    out = np.zeros((n, w.shape[0], oh, ow))
    per_group = w.shape[0] // groups
    for o in range(w.shape[0]):
        part = x[:, o // per_group * w.shape[1]:(o // per_group + 1) * w.shape[1]]
        for y in range(oh):
            for z in range(ow):
                window = part[:, :, y * stride:y * stride + k, z * stride:z * stride + w.shape[3]]
                out[:, o, y, z] = (window * w[o]).sum((1, 2, 3)) + (b[o] if b is not None else 0)
    return out


def networks():
    x, a, b, c = real(1, 3, 7, 6), real(4, 3, 3, 3), real(4, 1, 3, 3), real(6, 2, 1, 1)
    scale, shift, mean, variance = real(4), real(4), real(4), np.abs(real(4))
    dense = real(6, 5)
    t = convolve(x, a, None, 2, 1, 1)
    factor = scale / np.sqrt(variance.astype(float) + 1e-5)
    t = np.maximum(t * factor[:, None, None] + (shift - mean * factor)[:, None, None], 0)
    t = convolve(t, b, None, 1, 1, 4) + t
    t = convolve(t, c, None, 1, 0, 2)
    y = t.mean((2, 3)) @ dense
    write("small_network",
          [helper.make_node("Conv", ["x", "a"], ["t0"], strides=[2, 2], pads=[1, 1, 1, 1]),
           helper.make_node("BatchNormalization", ["t0", "scale", "shift", "mean", "variance"], ["t1"]),
           helper.make_node("Relu", ["t1"], ["t2"]),
           helper.make_node("Conv", ["t2", "b"], ["t3"], pads=[1, 1, 1, 1], group=4),
           helper.make_node("Add", ["t3", "t2"], ["t4"]),
           helper.make_node("Conv", ["t4", "c"], ["t5"], group=2),
           helper.make_node("GlobalAveragePool", ["t5"], ["t6"]),
           helper.make_node("Flatten", ["t6"], ["t7"]),
           helper.make_node("MatMul", ["t7", "dense"], ["y"])],
          {"x": x}, {"y": f32(y)},
          dict(a=a, b=b, c=c, scale=scale, shift=shift, mean=mean, variance=variance, dense=dense))
    x, w, b, dense = real(1, 2, 9), real(3, 2, 3), real(3), real(4, 3 * 5)
    padded = np.pad(x.astype(float), ((0, 0), (0, 0), (1, 1)))
    t = np.array([[[(padded[0, :, 2 * i:2 * i + 3] * w[o]).sum() + b[o] for i in range(5)] for o in range(3)]])
    y = np.maximum(t, 0).reshape(1, -1) @ dense.T.astype(float)
    write("sequence_network",
          [helper.make_node("Conv", ["x", "w", "b"], ["t0"], strides=[2], pads=[1, 1]),
           helper.make_node("Relu", ["t0"], ["t1"]),
           helper.make_node("Flatten", ["t1"], ["t2"]),
           helper.make_node("Gemm", ["t2", "dense"], ["y"], transB=1)],
          {"x": x}, {"y": f32(y)}, dict(w=w, b=b, dense=dense))


def flow():
    x = real(4)
    yes = helper.make_graph([helper.make_node("Neg", ["x"], ["a"])], "yes", [], [info("a", x)])
    no = helper.make_graph([helper.make_node("Add", ["x", "x"], ["b"])], "no", [], [info("b", x)])
    for condition in (True, False):
        write(f"if_at_run_time_{int(condition)}", [helper.make_node("If", ["c"], ["y"], then_branch=yes, else_branch=no)],
              {"c": np.array(condition), "x": x}, {"y": -x if condition else x + x})


def loop_of_pieces(x):
    """A loop that appends its carried value, doubled each turn, to a sequence."""
    body = helper.make_graph(
        [helper.make_node("SequenceInsert", ["s", "v"], ["s2"]), helper.make_node("Add", ["v", "v"], ["v2"]),
         helper.make_node("Identity", ["go"], ["go2"])], "body",
        [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []),
         info("v", x), helper.make_tensor_sequence_value_info("s", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("go2", TensorProto.BOOL, []), info("v2", x),
         helper.make_tensor_sequence_value_info("s2", TensorProto.FLOAT, None)])
    write("sequence_in_loop",
          [helper.make_node("SequenceEmpty", [], ["s0"]),
           helper.make_node("Loop", ["n", "", "x", "s0"], ["v", "s"], body=body),
           helper.make_node("SequenceErase", ["s", "one"], ["s1"]),
           helper.make_node("ConcatFromSequence", ["s1"], ["y"], axis=-1, new_axis=1)],
          {"x": x}, {"y": np.stack([x, 4 * x], -1)}, {"n": np.array(3), "one": np.array(-2)})


def sequences():
    x, z = real(4), real(3, 4)
    kind = helper.make_tensor_sequence_value_info
    yes = helper.make_graph([helper.make_node("SequenceConstruct", ["x", "x"], ["a"])], "yes", [],
                            [kind("a", TensorProto.FLOAT, None)])
    no = helper.make_graph([helper.make_node("Neg", ["x"], ["m"]), helper.make_node("SequenceConstruct", ["m", "x"], ["b"])],
                           "no", [], [kind("b", TensorProto.FLOAT, None)])
    write("sequence_of_branches",
          [helper.make_node("If", ["c"], ["s"], then_branch=yes, else_branch=no),
           helper.make_node("SequenceAt", ["s", "zero"], ["y"]), helper.make_node("SequenceLength", ["s"], ["n"])],
          {"c": np.array(False), "x": x}, {"y": -x, "n": np.array(2)}, {"zero": np.array(0)})
    loop_of_pieces(x)
    body = helper.make_graph([helper.make_node("Mul", ["p", "q"], ["r"])], "body", [info("p", x), info("q", x)],
                             [info("r", x)])
    write("sequence_map",
          [helper.make_node("SplitToSequence", ["z"], ["s"], axis=0, keepdims=0),
           helper.make_node("SequenceMap", ["s", "x"], ["t"], body=body),
           helper.make_node("Optional", ["t"], ["o"]), helper.make_node("OptionalHasElement", ["o"], ["has"]),
           helper.make_node("OptionalGetElement", ["o"], ["u"]),
           helper.make_node("ConcatFromSequence", ["u"], ["y"], axis=0, new_axis=1)],
          {"z": z, "x": x}, {"y": z * x, "has": np.array(True)})


# Quantised: what the formulas of QuantizeLinear and DequantizeLinear give round float operators.

def steps(x, scale, zero, kind):
    limits = np.iinfo(kind)
    return np.clip(np.rint(x / float(scale)) + zero, limits.min, limits.max).astype(kind)


def quantised():
    scales = dict(xs=np.float32(0.0625), ys=np.float32(0.03125), zs=np.float32(0.125))
    zeros = dict(xz=np.uint8(120), yz=np.uint8(3), zz=np.uint8(117), wz=np.int8(0))
    x = random.randint(0, 256, (1, 3, 6, 6)).astype(np.uint8)
    w, dense = (random.randint(-127, 128, s).astype(np.int8) for s in ((4, 3, 3, 3), (5, 4 * 9)))
    ws = np.array([0.0078125, 0.015625, 0.00390625, 0.0078125], np.float32)
    b = random.randint(-500, 500, 4).astype(np.int32)
    bs = ws * scales["xs"]
    real_x, real_w = (x.astype(float) - 120) * 0.0625, w * ws.astype(float)[:, None, None, None]
    y = np.maximum(convolve(real_x, real_w, b * bs.astype(float), 2, 1, 1), 0)
    real_y = (steps(y, 0.03125, 3, np.uint8).astype(float) - 3) * 0.03125
    z = steps(real_y.reshape(1, -1) @ dense.T * 0.0078125, 0.125, 117, np.uint8)
    dequantise, quantise = "DequantizeLinear", "QuantizeLinear"
    write("qdq_network",
          [helper.make_node(dequantise, ["x", "xs", "xz"], ["rx"]),
           helper.make_node(dequantise, ["w", "ws"], ["rw"], axis=0),
           helper.make_node(dequantise, ["b", "bs"], ["rb"], axis=0),
           helper.make_node("Conv", ["rx", "rw", "rb"], ["t0"], strides=[2, 2], pads=[1, 1, 1, 1]),
           helper.make_node("Relu", ["t0"], ["t1"]),
           helper.make_node(quantise, ["t1", "ys", "yz"], ["y"]),
           helper.make_node(dequantise, ["y", "ys", "yz"], ["ry"]),
           helper.make_node("Flatten", ["ry"], ["f"]),
           helper.make_node(dequantise, ["dense", "ds", "wz"], ["rd"]),
           helper.make_node("Gemm", ["f", "rd"], ["t2"], transB=1),
           helper.make_node(quantise, ["t2", "zs", "zz"], ["z"])],
          {"x": x}, {"z": z},
          dict(w=w, ws=ws, b=b, bs=bs, dense=dense, ds=np.float32(0.0078125), **{k: np.array(v) for k, v in scales.items()},
               **{k: np.array(v) for k, v in zeros.items()}))


def halves():
    """Constants in bfloat16, the upper halves of floats: as bytes, and as a list of numbers."""
    x, bits = real(2, 3), np.array([0x3FC0, 0xC000, 0x3E80], np.uint16)
    a = TensorProto(name="a", data_type=TensorProto.BFLOAT16, dims=[3], raw_data=bits.tobytes())
    b = TensorProto(name="b", data_type=TensorProto.BFLOAT16, dims=[3], int32_data=bits.tolist())
    values = np.array([1.5, -2, 0.25])
    write("bfloat16_constants", [helper.make_node("Mul", ["x", "a"], ["t"]), helper.make_node("Add", ["t", "b"], ["y"])],
          {"x": x}, {"y": f32(x * values + values)}, {"a": a, "b": b})


def main():
    recurrent()
    forest()
    linear()
    support_vectors()
    networks()
    flow()
    quantised()
    sequences()
    svc_with_probabilities()
    halves()


main()
