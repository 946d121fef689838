# SPDX-License-Identifier: MIT
"""Keras models of both formats, written by hand, and the definitions of what they compute, for keras*.py."""
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
    return {k: v for k, v in item.items() if k not in ("w", "inner", "layers", "v3")}


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


def write_h5(path, config, layers, version="2.15.0"):
    with h5py.File(path, "w") as f:
        f.attrs["keras_version"] = version
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


def write_keras(path, config, layers, version="3.4.1"):
    with h5py.File(WORK / "w.h5", "w") as f:
        write_places(f, "", layers)
        if version < "2.14":
            f.move("layers", "_layer_checkpoint_dependencies")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("metadata.json", json.dumps({"keras_version": version}))
        z.writestr("config.json", json.dumps(config))
        z.write(WORK / "w.h5", "model.weights.h5")


def sequential(shape, layers, name="model", dtype="float32"):
    first = layer("InputLayer", "input", batch_input_shape=[None, *shape], batch_shape=[None, *shape], dtype=dtype)
    layers = [first] + layers
    config = {"class_name": "Sequential", "config": {"name": name, "layers": [plain(l) for l in layers]}}
    return config, layers


def functional(layers, calls, inputs, outputs, v3):
    """calls: {layer: [inputs of a call, or (those, arguments by name), ...]}; an input is the name of a layer, or with the
    numbers of its call and of its output. A list of them is an argument, other arguments are as they are."""
    def reference(n, plain=False):
        n, call, output = n if isinstance(n, tuple) and len(n) == 3 else (*n, 0) if isinstance(n, tuple) else (n, 0, 0)
        if v3:
            return {"class_name": "__keras_tensor__", "config": {"shape": [], "keras_history": [n, call, output]}}
        return [n, call, output] if plain else [n, call, output, {}]

    def argument(value):
        if not isinstance(value, list):
            return value
        refs = [reference(n, True) for n in value]
        return refs if len(refs) > 1 else refs[0]

    def operand(n):
        return n if isinstance(n, float) else reference(n)

    def node(call):
        names, named = call if isinstance(call, tuple) else (call, {})
        refs, named = [operand(n) for n in names], {k: argument(v) for k, v in named.items()}
        if v3:
            bare = any(isinstance(n, float) for n in names)
            return {"args": refs if len(refs) == 1 or bare else [refs], "kwargs": named}
        if not named:
            return refs
        return [[*refs[0][:3], named], *refs[1:]]
    out = []
    for l in layers:
        name = l["config"]["name"]
        out.append({**plain(l), "name": name, "inbound_nodes": [node(c) for c in calls.get(name, [])]})
    ends = [[[*n, 0] if isinstance(n, tuple) else [n, 0, 0] for n in side] for side in (inputs, outputs)]
    ends = [e[0] if v3 and len(e) == 1 else e for e in ends]
    return {"class_name": "Functional", "config": {"name": "model", "layers": out, "input_layers": ends[0],
                                                    "output_layers": ends[1]}}


def write(path, config, layers, **how):
    (write_keras if path.suffix == ".keras" else write_h5)(path, config, layers, **how)


def tally(name, ok, said=""):
    """One test more; `said`: what to print if it failed."""
    global passed
    passed += ok
    if not ok:
        failures.append(name)
        print(f"FAILED: {name}: {said}")


def run(name, path, x, want):
    (WORK / "in").write_bytes(b"".join(a.tobytes() for a in x))
    p = subprocess.run([MOTE, "run", path, "--input", WORK / "in", "--output", WORK / "out"], capture_output=True)
    if p.returncode != 0:
        return tally(name, False, p.stderr.decode().strip())
    got = np.fromfile(WORK / "out", np.float32)
    want = np.concatenate([np.asarray(w, np.float64).ravel() for w in want])
    ok = got.shape == want.shape and want.any() and np.all(np.abs(got - want) <= 2e-5 * max(1e-30, np.abs(want).max()))
    tally(name, bool(ok), f"want {want[:8]}, got {got[:8]} ({got.shape} of {want.shape})")


def where(name, suffix):
    return (pathlib.Path(sys.argv[3]) if "--write" in sys.argv else WORK) / (name.replace(" ", "_") + suffix)


def check(name, shape, layers, reference, dtype="float32", x=None, suffixes=(".h5", ".keras"), **how):
    x = weights(1, *shape) if x is None else x
    for suffix in suffixes:
        path = where(name, suffix)
        config, all_layers = sequential(shape, layers, dtype=dtype)
        write(path, config, all_layers, **how)
        if "--write" not in sys.argv:
            run(name + suffix, path, [x], [reference(x.astype(np.float64) if dtype == "float32" else x)])


def check_graph(name, layers, calls, inputs, outputs, x, want):
    """A functional model."""
    for suffix in (".h5", ".keras"):
        path = where(name, suffix)
        write(path, functional(layers, calls, inputs, outputs, suffix == ".keras"), layers)
        if "--write" not in sys.argv:
            run(name + suffix, path, x, want)


def entry(name, *shape, dtype="float32"):
    return layer("InputLayer", name, batch_input_shape=[None, *shape], batch_shape=[None, *shape], dtype=dtype)


def check_refused(layers, text, shape=(3,)):
    """One line that names the layer and what to do."""
    config, all_layers = sequential(shape, layers)
    write_h5(WORK / "refused.h5", config, all_layers)
    p = subprocess.run([MOTE, "inspect", WORK / "refused.h5"], capture_output=True)
    said = p.stderr.decode()
    tally(text, p.returncode == 1 and text in said and said.count("\n") == 1, f"got {p.returncode} {said.strip()}")


def start():
    if subprocess.run([MOTE, "inspect", "/dev/null"], capture_output=True).returncode != 1:
        sys.exit("no mote there")
    (WORK / "probe.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    if b"built without" in subprocess.run([MOTE, "inspect", WORK / "probe.h5"], capture_output=True).stderr:
        print("SKIPPED: mote was built without Keras")
        sys.exit(77)


def finish():
    subprocess.run(["rm", "-rf", WORK], check=True)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(len(failures) > 0)


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
