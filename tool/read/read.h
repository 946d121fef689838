/* SPDX-License-Identifier: MIT
 *
 * Readers: model files become graphs. A file is untrusted; whatever it holds, a reader returns a
 * model that ir_check accepts, or false with one message.
 */
#ifndef READ_H
#define READ_H

#include "../ir/ir.h"

/* The shape of an input, for dims that the file leaves open. */
struct read_shape {
    const char *input; /* its name; NULL: that of the only one */
    int32_t rank, dim[IR_MAX_RANK];
};

/* What an input always is: it becomes a constant. */
struct read_value {
    const char *input; /* its name */
    const double *numbers;
    int32_t count; /* 1: for all elements; else as many as there are */
};

/* What a reader may use beside the file. */
struct read_request {
    struct ir_evaluator evaluator; /* computes what shapes depend on; none: that only refuses more models */
    const struct read_shape *shapes;
    int32_t shape_count;
    const struct read_value *values;
    int32_t value_count;
    size_t input_size; /* bytes of the values of all inputs, which may tell a dim that is open; 0: not known */
};

/* Reads a model in the format that its content shows. Constants point into `file` where they are
 * aligned for their type. All else is allocated in `arena`. `request` may be NULL. */
bool read_model(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
                struct diag *diag);

/* Whether another's library reads the file, which a damaged one may bring down: HDF5. */
bool read_is_fragile(const struct file *file);

/* What a model in such a file may need, with all that is made of it: bytes of memory, and steps of computation, of which
 * one takes about a nanosecond (plan/limits.c). */
size_t read_memory_limit(const struct file *file);
double read_work_limit(const struct file *file);

/* A .tflite file (flatbuffer "TFL3", schema version 3). */
bool read_tflite(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
                 struct diag *diag);

/* An .onnx file (protobuf ModelProto, operators of version 7 to 21). */
bool read_onnx(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
               struct diag *diag);

/* A Keras model: a .h5 file of Keras 2 or 3, or a .keras file of Keras 3. Only where HAVE_KERAS is defined. */
bool read_keras(const struct file *file, const struct read_request *request, struct arena *arena, struct model *model,
                struct diag *diag);

#endif
