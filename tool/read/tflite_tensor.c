/* SPDX-License-Identifier: MIT
 *
 * Tensors of a .tflite file, and the bytes of constants.
 */
#include "sparse.h"
#include "tflite.h"

static const int16_t type_codes[] = {
#define TYPE(name, bits, code, text) [TYPE_##name] = code,
#include "../ir/type.def"
#undef TYPE
};

/* Types that mote lacks. */
static const char *const other_types[] = {
    [11] = "complex128", [14] = "variant",       [18] = "bfloat16",    [19] = "int2",
    [20] = "uint4",      [21] = "float8_e4m3fn", [22] = "float8_e5m2",
};

bool tflite_find_type(int64_t code, enum type *type)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (type_codes[i] == code) {
            *type = (enum type)i;
            return true;
        }
    }
    return false;
}

const char *tflite_type_name(const struct tflite_reader *r, int64_t code)
{
    return code >= 0 && code < (int64_t)COUNT_OF(other_types) && other_types[code] != NULL
               ? other_types[code]
               : arena_printf(r->arena, "of code %lld", (long long)code);
}

/* A part of the file beyond the flatbuffer, as models over 2 GB have; the reader has checked that it is inside. */
bool tflite_read_span(struct tflite_reader *r, const struct fb_table *t, int offset_field, int size_field,
                      struct tflite_span *span)
{
    const int64_t offset = fb_int(t, offset_field, 8, 0), size = fb_int(t, size_field, 8, 0);
    *span = (struct tflite_span){0};
    if (offset >= 0 && offset <= 1) { /* 1 is a place holder */
        return true;
    }
    if (offset < 0 || size < 0 || (uint64_t)offset > r->fb.size || (uint64_t)size > r->fb.size - (uint64_t)offset) {
        return diag_fail(r->diag, "damaged file: %lld bytes at byte %lld reach beyond its end", (long long)size,
                         (long long)offset);
    }
    *span = (struct tflite_span){r->fb.data + offset, (size_t)size};
    return true;
}

int32_t *tflite_read_list(struct tflite_reader *r, const struct fb_vector *v)
{
    int32_t *list = ARENA_ARRAY(r->arena, v->count, int32_t);
    for (uint32_t i = 0; i < v->count; i++) {
        list[i] = (int32_t)fb_vector_int(v, i, 4);
    }
    return list;
}

static bool read_quant(struct tflite_reader *r, const struct fb_table *table, struct tensor *t)
{
    const struct fb_table q = fb_sub(table, TENSOR_QUANTIZATION);
    const struct fb_vector scale = fb_vector(&q, QUANT_SCALE, 4);
    const struct fb_vector zero = fb_vector(&q, QUANT_ZERO_POINT, 8);
    if (scale.count == 0) {
        return true;
    }
    if (zero.count > 1 && zero.count != scale.count) {
        return diag_fail(r->diag, "tensor \"%.80s\": has %u zero points for %u scales", t->name, zero.count,
                         scale.count);
    }
    float *scales = ARENA_ARRAY(r->arena, scale.count, float);
    int32_t *zero_points = ARENA_ARRAY(r->arena, scale.count, int32_t);
    for (uint32_t i = 0; i < scale.count; i++) {
        scales[i] = fb_vector_float(&scale, i);
        const int64_t z = fb_vector_int(&zero, zero.count == 1 ? 0 : i, 8);
        if (z < INT32_MIN || z > INT32_MAX) {
            return diag_fail(r->diag, "tensor \"%.80s\": zero point %lld does not fit 32 bits", t->name, (long long)z);
        }
        zero_points[i] = (int32_t)z;
    }
    int32_t axis = scale.count == 1 ? 0 : (int32_t)fb_int(&q, QUANT_AXIS, 4, 0);
    if (scale.count > 1 && (axis < 0 || axis >= t->rank || (uint32_t)t->dim[axis] != scale.count)) {
        /* Some converters leave the filter's axis on its one-dimensional bias. */
        for (axis = 0; axis < t->rank && (uint32_t)t->dim[axis] != scale.count; axis++) {
        }
        if (axis == t->rank) {
            return diag_fail(r->diag, "tensor \"%.80s\": %u scales fit none of its dims", t->name, scale.count);
        }
    }
    t->quant = (struct quant){(int32_t)scale.count, axis, scales, zero_points};
    return true;
}

/* int4 constants hold two values a byte, the low half first; kernels read bytes. */
static void unpack_int4(struct tflite_reader *r, struct tensor *t, const uint8_t *packed, int64_t count)
{
    int8_t *bytes = ARENA_ARRAY(r->arena, count, int8_t);
    for (int64_t i = 0; i < count; i++) {
        const int nibble = packed[i / 2] >> (i % 2 * 4) & 15;
        bytes[i] = (int8_t)(nibble >= 8 ? nibble - 16 : nibble);
    }
    t->data = bytes;
    t->type = TYPE_S8;
    t->is_int4 = true;
}

static bool find_data(struct tflite_reader *r, const struct fb_table *table, int32_t index, const struct tensor *t,
                      struct tflite_span *span)
{
    const uint32_t buffer = (uint32_t)fb_int(table, TENSOR_BUFFER, 4, 0);
    if (buffer >= r->buffers.count && buffer > 0) {
        return diag_fail(r->diag, "tensor %d \"%.80s\": has buffer %u of %u", index, t->name, buffer, r->buffers.count);
    }
    if (fb_int(table, TENSOR_EXTERNAL_BUFFER, 4, 0) != 0) {
        return diag_fail(r->diag, "tensor %d \"%.80s\": its values are in another file; convert to a single file",
                         index, t->name);
    }
    const struct fb_table b = fb_vector_table(&r->buffers, buffer);
    const struct fb_vector bytes = fb_vector(&b, BUFFER_DATA, 1);
    *span = (struct tflite_span){r->fb.data + bytes.at, bytes.count};
    return bytes.count > 0 || tflite_read_span(r, &b, BUFFER_OFFSET, BUFFER_SIZE, span);
}

/* A constant, or the first value of a state. */
static bool read_constant(struct tflite_reader *r, const struct fb_table *table, int32_t index, struct tensor *t)
{
    struct tflite_span span = {0};
    if (!find_data(r, table, index, t, &span)) {
        return false;
    }
    if (span.size == 0) {
        return true;
    }
    if (t->type == TYPE_STRING) {
        r->is_assumed[index] = true;
        return diag_miss(r->diag, "tensor %d \"%.80s\": holds strings; take the text processing out of the model",
                         index, t->name);
    }
    int64_t count = 1;
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0 || (t->dim[i] > 0 && count > INT32_MAX / t->dim[i])) {
            return diag_fail(r->diag, "tensor %d \"%.80s\": dim %d is %d", index, t->name, i, t->dim[i]);
        }
        count *= t->dim[i];
    }
    const struct fb_table sparsity = fb_sub(table, TENSOR_SPARSITY);
    if (sparsity.at != 0) {
        t->data = read_sparse(&sparsity, t, count, span.data, span.size, r->arena);
        return t->data != NULL ||
               diag_fail(r->diag, "tensor %d \"%.80s\": is sparse in a way that does not fit its shape", index,
                         t->name);
    }
    const int64_t want = (count * ir_type_bits(t->type) + 7) / 8;
    if ((uint64_t)want != span.size) {
        char shape[IR_SHAPE_TEXT];
        return diag_fail(r->diag, "tensor %d \"%.80s\": holds %zu bytes, but %s%s needs %lld", index, t->name,
                         span.size, ir_type_text(t->type), ir_shape_text(t, shape), (long long)want);
    }
    const int element = (ir_type_bits(t->type) + 7) / 8;
    if (t->type == TYPE_S4) {
        unpack_int4(r, t, span.data, count);
    } else if ((uintptr_t)span.data % (size_t)element == 0) {
        t->data = span.data;
    } else {
        t->data = arena_copy(r->arena, span.data, span.size);
    }
    if (t->is_state) {
        t->init = t->data;
        t->data = NULL;
    }
    return true;
}

bool tflite_read_tensor(struct tflite_reader *r, const struct fb_table *table, int32_t index, struct tensor *t)
{
    t->name = fb_string(table, TENSOR_NAME, r->arena);
    const int64_t code = fb_int(table, TENSOR_TYPE, 1, 0);
    if (!tflite_find_type(code, &t->type)) {
        t->type = TYPE_F32;
        r->is_assumed[index] = true;
        return diag_miss(r->diag, "tensor %d \"%.80s\": has the type %s, which mote lacks; convert to float32 or int8",
                         index, t->name, tflite_type_name(r, code));
    }
    const struct fb_vector shape = fb_vector(table, TENSOR_SHAPE, 4);
    if (shape.count > IR_MAX_RANK) {
        return diag_fail(r->diag, "tensor %d \"%.80s\": has %u dims, want at most %d", index, t->name, shape.count,
                         IR_MAX_RANK);
    }
    t->rank = (int32_t)shape.count;
    for (uint32_t i = 0; i < shape.count; i++) {
        const int32_t dim = (int32_t)fb_vector_int(&shape, i, 4);
        t->dim[i] = dim == -1 ? 1 : dim; /* an unknown batch is one */
    }
    t->is_state = fb_int(table, TENSOR_IS_VARIABLE, 1, 0) != 0;
    return read_quant(r, table, t) && read_constant(r, table, index, t) && !r->diag->failed;
}
