/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "inputs.h"

/* Begins with a field that a ModelProto has: ir_version, names, graph, opset_import. */
static bool is_onnx(const struct file *file)
{
    static const uint8_t tags[] = {0x08, 0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42};
    return file->size >= 8 && memcmp(file->data + 4, "TFL3", 4) != 0 &&
           memchr(tags, file->data[0], sizeof tags) != NULL;
}

/* A HDF5 file, or a zip archive. */
static bool is_keras(const struct file *file)
{
    return file->size >= 8 && (memcmp(file->data, "\x89HDF\r\n\x1a\n", 8) == 0 || memcmp(file->data, "PK\3\4", 4) == 0);
}

bool read_is_fragile(const struct file *file) { return is_keras(file); }

/* Constants and room for activations. Those of an ONNX file are copied out of it and turned, and small files may have
 * operators fill large weights. */
size_t read_memory_limit(const struct file *file)
{
    enum { FACTOR = 3, BASE = 48 << 20, ONNX_FACTOR = 5, ONNX_BASE = 512 << 20 };
    return is_onnx(file) ? file->size * ONNX_FACTOR + ONNX_BASE : file->size * FACTOR + BASE;
}

/* For weights, and for small filters on large images. */
double read_work_limit(const struct file *file)
{
    enum { FACTOR = 2048, BASE = 512 << 20, ONNX_TIMES = 16 };
    return (double)file->size * FACTOR + (double)BASE * (is_onnx(file) ? ONNX_TIMES : 1);
}

static bool read_any(const struct file *file, const struct read_request *request, struct arena *arena,
                     struct model *model, struct diag *diag)
{
    if (file->size >= 8 && memcmp(file->data + 4, "TFL3", 4) == 0) {
        return read_tflite(file, request, arena, model, diag);
    }
    if (is_keras(file)) {
#ifdef HAVE_KERAS
        return read_keras(file, request, arena, model, diag);
#else
        return diag_fail(diag, "looks like a Keras model, which this mote was built without; install libhdf5-dev, "
                               "libzip-dev and libcjson-dev, and build it again");
#endif
    }
    if (is_onnx(file)) {
#ifdef HAVE_ONNX
        return read_onnx(file, request, arena, model, diag);
#else
        return diag_fail(diag,
                         "looks like an ONNX file, which this mote was built without; install libprotobuf-c-dev and "
                         "protobuf-c-compiler, and build it again");
#endif
    }
    return diag_fail(diag, "is not a model that mote reads; want a .tflite, .onnx, .keras or .h5 file");
}

bool read_model(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
                struct diag *diag)
{
    if (!read_any(file, request, arena, model, diag)) {
        return false;
    }
    for (int i = 0; request != NULL && i < model->graph_count; i++) {
        model->graphs[i].max_work = request->evaluator.max_work;
    }
    return read_check_shapes(request, &model->graphs[0], diag);
}
