/* SPDX-License-Identifier: MIT
 *
 * Constants of an .onnx file.
 */
#include <generated/onnx.pb-c.h>
#include <string.h>

#include "onnx_file.h"

/* TensorProto.DataType. */
enum { STRING = 8, DOUBLE = 11, BFLOAT16 = 16 };

static const struct {
    const char *name;
    int type; /* -1: mote lacks it */
} types[] = {
    [0] = {"undefined", -1},       [1] = {"float32", TYPE_F32},  [2] = {"uint8", TYPE_U8},
    [3] = {"int8", TYPE_S8},       [4] = {"uint16", TYPE_U16},   [5] = {"int16", TYPE_S16},
    [6] = {"int32", TYPE_S32},     [7] = {"int64", TYPE_S64},    [8] = {"string", -1},
    [9] = {"bool", TYPE_BOOL},     [10] = {"float16", TYPE_F16}, [11] = {"float64", TYPE_F64},
    [12] = {"uint32", TYPE_U32},   [13] = {"uint64", TYPE_U64},  [14] = {"complex64", -1},
    [15] = {"complex128", -1},     [16] = {"bfloat16", -1},      [17] = {"float8e4m3fn", -1},
    [18] = {"float8e4m3fnuz", -1}, [19] = {"float8e5m2", -1},    [20] = {"float8e5m2fnuz", -1},
    [21] = {"uint4", -1},          [22] = {"int4", -1},          [23] = {"float4e2m1", -1},
};

bool onnx_find_type(int32_t code, enum type *type)
{
    const bool found = code >= 0 && (size_t)code < COUNT_OF(types) && types[code].type >= 0;
    *type = found ? (enum type)types[code].type : TYPE_F32;
    return found;
}

const char *onnx_type_name(int32_t code)
{
    return code >= 0 && (size_t)code < COUNT_OF(types) ? types[code].name : "of an unknown code";
}

/* Where the file keeps the values of a tensor that has no raw bytes: `count` elements of `size` bytes. */
struct values {
    const void *data;
    size_t count, size;
};

static struct values find_values(const Onnx__TensorProto *p, enum type type)
{
    switch (type) {
    case TYPE_F32:
        return p->data_type == DOUBLE     ? (struct values){p->double_data, p->n_double_data, sizeof(double)}
               : p->data_type == BFLOAT16 ? (struct values){p->int32_data, p->n_int32_data, sizeof(int32_t)}
                                          : (struct values){p->float_data, p->n_float_data, sizeof(float)};
    case TYPE_S64:
        return (struct values){p->int64_data, p->n_int64_data, sizeof(int64_t)};
    case TYPE_U32:
    case TYPE_U64:
        return (struct values){p->uint64_data, p->n_uint64_data, sizeof(uint64_t)};
    default:
        return (struct values){p->int32_data, p->n_int32_data, sizeof(int32_t)};
    }
}

/* Whole numbers keep their low bytes. */
static void narrow(const struct values *from, uint8_t *to, size_t bytes)
{
    for (size_t i = 0; i < from->count; i++) {
        memcpy(to + i * bytes, (const uint8_t *)from->data + i * from->size, bytes);
    }
}

static void round_doubles(const void *from, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, (const uint8_t *)from + i * sizeof value, sizeof value);
        to[i] = (float)value;
    }
}

/* The upper halves of floats, `step` bytes apart. */
static void widen_halves(const void *from, size_t step, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, (const uint8_t *)from + i * step, sizeof half);
        const uint32_t bits = (uint32_t)half << 16;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static bool read_dims(struct onnx *o, const Onnx__TensorProto *p, struct tensor *t)
{
    if (p->n_dims > IR_MAX_RANK) {
        return diag_fail(o->diag, "tensor \"%.80s\": has %zu dims, want at most %d", p->name, p->n_dims, IR_MAX_RANK);
    }
    t->rank = (int32_t)p->n_dims;
    for (int32_t d = 0; d < t->rank; d++) {
        if (p->dims[d] < 0 || p->dims[d] > INT32_MAX) {
            return diag_fail(o->diag, "tensor \"%.80s\": dim %d is %lld", p->name, d, (long long)p->dims[d]);
        }
        t->dim[d] = (int32_t)p->dims[d];
    }
    return true;
}

/* The values, as many as the shape says. */
static const void *read_values(struct onnx *o, const Onnx__TensorProto *p, const struct tensor *t)
{
    const size_t count = (size_t)ir_count(t), bytes = (size_t)ir_type_bits(t->type) / 8;
    const bool is_double = p->data_type == DOUBLE, is_half = p->data_type == BFLOAT16;
    const size_t raw_bytes = is_double ? sizeof(double) : is_half ? sizeof(uint16_t) : bytes;
    const struct values v = find_values(p, t->type);
    if (p->raw_data.len > 0 ? p->raw_data.len != count * raw_bytes : v.count != count) {
        diag_fail(o->diag, "tensor \"%.80s\": holds %zu bytes of values, but its shape needs %zu", p->name,
                  p->raw_data.len > 0 ? p->raw_data.len : v.count * raw_bytes, count * raw_bytes);
        return NULL;
    }
    const void *from = p->raw_data.len > 0 ? p->raw_data.data : v.data;
    if (count > 0 && !is_double && !is_half && (p->raw_data.len > 0 || v.size == bytes)) {
        return from; /* protobuf-c aligns for every type */
    }
    void *to = arena_array(o->arena, count, bytes);
    if (is_double) {
        round_doubles(from, to, count);
    } else if (is_half) {
        widen_halves(from, p->raw_data.len > 0 ? raw_bytes : v.size, to, count);
    } else {
        narrow(&v, to, bytes);
    }
    return to;
}

/* There are no texts on a device: they are the names of classes, whose numbers go on. */
static int32_t read_texts(struct onnx *o, const Onnx__TensorProto *p, struct tensor *t)
{
    const int64_t count = p->n_string_data < INT32_MAX ? (int64_t)p->n_string_data : -1;
    t->type = TYPE_S64;
    if (!read_dims(o, p, t) || ir_count(t) != count) {
        diag_fail(o->diag, "tensor \"%.80s\": holds %zu texts, but its shape needs another number", p->name,
                  p->n_string_data);
        return NO_TENSOR;
    }
    int64_t *numbers = ARENA_ARRAY(o->arena, count, int64_t);
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = i;
    }
    t->data = numbers;
    const int32_t index = ir_add_tensor(o->g);
    o->g->tensors[index] = *t;
    onnx_set_classes(o, p->string_data, (size_t)count);
    return ir_check_tensor(o->g, index, o->diag) ? index : NO_TENSOR;
}

int32_t onnx_read_tensor(struct onnx *o, const Onnx__TensorProto *p)
{
    struct tensor t = {.name = p->name};
    if (p->data_location != 0) {
        diag_fail(o->diag, "tensor \"%.80s\": its values are in another file; save the model as a single file",
                  p->name);
        return NO_TENSOR;
    }
    if (p->data_type == STRING) {
        return read_texts(o, p, &t);
    }
    if (!onnx_find_type(p->data_type, &t.type) && p->data_type != BFLOAT16) {
        diag_fail(o->diag, "tensor \"%.80s\": has the type %s, which mote lacks; export it as float32", p->name,
                  onnx_type_name(p->data_type));
        return NO_TENSOR;
    }
    t.type = p->data_type == DOUBLE || p->data_type == BFLOAT16 ? TYPE_F32 : t.type; /* at once */
    const int32_t index = ir_add_tensor(o->g);
    if (!read_dims(o, p, &t)) {
        return NO_TENSOR;
    }
    o->g->tensors[index] = t;
    if (!ir_check_tensor(o->g, index, o->diag)) {
        return NO_TENSOR;
    }
    const void *data = read_values(o, p, &t);
    o->g->tensors[index].data = data;
    return data == NULL ? NO_TENSOR : onnx_to_single(o, index);
}
