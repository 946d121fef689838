/* SPDX-License-Identifier: MIT
 *
 * EinsumDense: "abc,cde->abde". Axes of the input that the output has not are summed over with those of the kernel, which
 * makes it a dense layer between two changes of the order of axes.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <ctype.h>
#include <string.h>

/* The axes of a tensor, a letter each; those that "..." stands for are 0 to 9. */
struct axes {
    char name[IR_MAX_RANK + 1];
    int32_t dim[IR_MAX_RANK], rank;
};

struct equation {
    struct axes in, kernel, out;
};

static int32_t find_axis(const struct axes *a, char name)
{
    const char *at = name != '\0' ? strchr(a->name, name) : NULL;
    return at != NULL ? (int32_t)(at - a->name) : -1;
}

/* One side up to `end`; "..." stands for `hidden` axes. */
static bool read_axes(const char *text, const char *end, int32_t hidden, struct axes *a)
{
    *a = (struct axes){.rank = 0};
    while (text < end) {
        const bool is_rest = *text == '.';
        for (int32_t i = 0; i < (is_rest ? hidden : 1); i++) {
            const char name = is_rest ? (char)('0' + i) : *text;
            if (a->rank == IR_MAX_RANK || (!is_rest && !isalpha((unsigned char)name)) || find_axis(a, name) >= 0) {
                return false;
            }
            a->name[a->rank++] = name;
        }
        text += is_rest ? 3 : 1;
    }
    return text == end;
}

static int32_t count_letters(const char *text, const char *end)
{
    int32_t count = 0;
    for (; text < end; text++) {
        count += isalpha((unsigned char)*text) != 0;
    }
    return count;
}

/* Dims of the input are known; those of the output are in the config, without batch and what "..." stands for. */
static bool find_dims(struct keras_layer *l, const struct tensor *x, struct equation *e)
{
    const cJSON *shape = keras_get(l->config, "output_shape");
    const int32_t given = cJSON_IsArray(shape) ? cJSON_GetArraySize(shape) : cJSON_IsNumber(shape);
    memcpy(e->in.dim, x->dim, sizeof e->in.dim);
    for (int32_t i = 0; i < e->out.rank; i++) {
        const int32_t from = find_axis(&e->in, e->out.name[i]), at = given - (e->out.rank - i);
        const cJSON *dim = cJSON_IsArray(shape) && at >= 0 ? cJSON_GetArrayItem(shape, at) : shape;
        const double value = cJSON_IsNumber(dim) ? dim->valuedouble : 0;
        if (from < 0 && !(value >= 1 && value <= 1 << 20)) {
            return false;
        }
        e->out.dim[i] = from >= 0 ? e->in.dim[from] : (int32_t)value;
    }
    for (int32_t i = 0; i < e->kernel.rank; i++) {
        const int32_t in = find_axis(&e->in, e->kernel.name[i]), out = find_axis(&e->out, e->kernel.name[i]);
        if ((in >= 0) == (out >= 0)) { /* not summed over, or in no other */
            return false;
        }
        e->kernel.dim[i] = in >= 0 ? e->in.dim[in] : e->out.dim[out];
    }
    for (int32_t i = 0; i < e->in.rank; i++) {
        if (find_axis(&e->out, e->in.name[i]) < 0 && find_axis(&e->kernel, e->in.name[i]) < 0) {
            return false;
        }
    }
    return true;
}

static bool read_equation(struct keras_layer *l, const struct tensor *x, struct equation *e)
{
    const char *text = keras_text(l, "equation"), *comma = strchr(text, ','), *arrow = strstr(text, "->");
    bool fits = comma != NULL && arrow != NULL && comma < arrow;
    if (fits) {
        const int32_t hidden = strstr(text, "...") != NULL ? x->rank - count_letters(text, comma) : 0;
        fits = hidden >= 0 && hidden < 10 && read_axes(text, comma, hidden, &e->in) && e->in.rank == x->rank &&
               read_axes(comma + 1, arrow, 0, &e->kernel) &&
               read_axes(arrow + 2, arrow + strlen(arrow), hidden, &e->out) && find_dims(l, x, e);
    }
    if (!fits) {
        keras_fail(l, "has the equation \"%.40s\" for an input of %d dims, which mote lacks", text, x->rank);
    }
    return fits;
}

/* The axes of `of` that `other` has, or those that it has not, behind `order`; returns how many axes there are now. */
static int32_t list_axes(const struct axes *of, const struct axes *other, bool has, int32_t order[], int32_t count)
{
    for (int32_t i = 0; i < of->rank; i++) {
        if ((find_axis(other, of->name[i]) >= 0) == has) {
            order[count++] = i;
        }
    }
    return count;
}

/* The kernel as [units, depth]: units in the order of the output's axes, depth in that of the input's. */
static const float *order_kernel(struct keras_layer *l, const struct equation *e, int32_t units, int32_t depth)
{
    const struct axes *k = &e->kernel;
    const float *from = keras_weight(l, 0, k->rank, k->dim);
    if (from == NULL) {
        return NULL;
    }
    float *to = ARENA_ARRAY(l->k->arena, (size_t)units * (size_t)depth, float);
    int32_t at[IR_MAX_RANK] = {0};
    for (int64_t n = 0; n < (int64_t)units * depth; n++) {
        int64_t row = 0, column = 0;
        for (int32_t i = 0; i < e->out.rank; i++) {
            const int32_t axis = find_axis(k, e->out.name[i]);
            row = axis >= 0 ? row * k->dim[axis] + at[axis] : row;
        }
        for (int32_t i = 0; i < e->in.rank; i++) {
            const int32_t axis = find_axis(k, e->in.name[i]);
            column = axis >= 0 ? column * k->dim[axis] + at[axis] : column;
        }
        to[row * depth + column] = from[n];
        for (int32_t i = k->rank - 1; i >= 0 && ++at[i] == k->dim[i]; i--) {
            at[i] = 0;
        }
    }
    return to;
}

static int32_t ordered(struct keras_layer *l, int32_t x, const int32_t order[], int32_t rank)
{
    bool is_same = true;
    for (int32_t i = 0; i < rank; i++) {
        is_same = is_same && order[i] == i;
    }
    return is_same || x == NO_TENSOR ? x : KERAS_ADD(l, OP_TRANSPOSE, NULL, x, keras_add_ints(l, rank, order));
}

/* A bias for the axes of the output that it names. */
static int32_t add_bias(struct keras_layer *l, const struct equation *e, int32_t y)
{
    const char *names = keras_text(l, "bias_axes");
    int32_t dim[IR_MAX_RANK], rank = 0;
    for (int32_t i = 0; i < e->out.rank; i++) {
        const bool has = strchr(names, e->out.name[i]) != NULL;
        if (has || rank > 0) {
            dim[rank++] = has ? e->out.dim[i] : 1;
        }
    }
    return rank == 0 || y == NO_TENSOR
               ? y
               : KERAS_ADD(l, OP_ADD, NULL, y, keras_add_floats(l, rank, dim, keras_weight(l, 1, rank, dim)));
}

int32_t keras_einsum_dense(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    struct equation e;
    const struct tensor x = *keras_tensor(l, in[0]);
    int32_t order[IR_MAX_RANK], made[IR_MAX_RANK], back[IR_MAX_RANK], dim[IR_MAX_RANK];
    int64_t rows = 1, depth = 1, units = 1;
    if (!read_equation(l, &x, &e)) {
        return NO_TENSOR;
    }
    const int32_t kept = list_axes(&e.in, &e.out, true, order, 0);
    list_axes(&e.in, &e.out, false, order, kept);
    for (int32_t i = 0; i < e.in.rank; i++) {
        *(i < kept ? &rows : &depth) *= e.in.dim[order[i]];
    }
    for (int32_t i = 0; i < kept; i++) { /* which axes of the output the layer makes, in its order */
        made[i] = find_axis(&e.out, e.in.name[order[i]]);
    }
    const int32_t rank = list_axes(&e.out, &e.in, false, made, kept);
    for (int32_t i = 0; i < rank; i++) {
        dim[i] = e.out.dim[made[i]];
        back[made[i]] = i;
        units *= i < kept || units > 1 << 24 ? 1 : dim[i];
    }
    if (rows > INT32_MAX || depth > 1 << 24 || units > 1 << 24 || depth * units > INT32_MAX) {
        return keras_fail(l, "is too large");
    }
    const float *kernel = order_kernel(l, &e, (int32_t)units, (int32_t)depth);
    int32_t y = ordered(l, in[0], order, e.in.rank);
    y = y != NO_TENSOR ? keras_reshaped(l, y, 2, (int32_t[]){(int32_t)rows, (int32_t)depth}) : y;
    const int32_t weights = keras_add_floats(l, 2, (int32_t[]){(int32_t)units, (int32_t)depth}, kernel);
    if (y == NO_TENSOR || weights == NO_TENSOR) {
        return NO_TENSOR;
    }
    y = keras_add(l, OP_FULLY_CONNECTED, 2, (int32_t[]){y, weights}, &(struct attr){.keep_num_dims = true});
    y = y != NO_TENSOR ? keras_reshaped(l, y, rank, dim) : y;
    return keras_activated(l, "activation", add_bias(l, &e, ordered(l, y, back, rank)));
}

#endif
