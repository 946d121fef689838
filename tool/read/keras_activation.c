/* SPDX-License-Identifier: MIT
 *
 * Activations of Keras, by name, and the layers that are nothing else.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <math.h>
#include <string.h>

static int32_t leaky(struct keras_layer *l, int32_t x, double slope)
{
    return KERAS_ADD(l, OP_LEAKY_RELU, &(struct attr){.alpha = (float)slope}, x);
}

static int32_t softmax(struct keras_layer *l, int32_t x)
{
    return KERAS_ADD(l, OP_SOFTMAX, &(struct attr){.beta = 1}, x);
}

static int32_t relu(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_RELU, NULL, x); }
static int32_t relu6(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_RELU6, NULL, x); }
static int32_t elu(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_ELU, NULL, x); }
static int32_t tanh_of(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_TANH, NULL, x); }
static int32_t sigmoid(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_LOGISTIC, NULL, x); }
static int32_t exponential(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_EXP, NULL, x); }
static int32_t linear(struct keras_layer *l, int32_t x)
{
    (void)l;
    return x;
}

static int32_t gelu(struct keras_layer *l, int32_t x)
{
    return KERAS_ADD(l, OP_GELU, &(struct attr){.approximate = keras_flag(l, "approximate", false)}, x);
}

static int32_t swish(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_MUL, NULL, x, sigmoid(l, x)); }
static int32_t hard_swish(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_HARD_SWISH, NULL, x); }

/* Keras 2: 0.2 x + 0.5 within [0, 1]; Keras 3: relu6(x + 3) / 6 */
static int32_t hard_sigmoid(struct keras_layer *l, int32_t x)
{
    if (l->k->file->version > 2) {
        return keras_scaled(l, relu6(l, keras_shifted(l, x, 3)), 1.0 / 6);
    }
    return KERAS_ADD(l, OP_RELU_0_TO_1, NULL, keras_shifted(l, keras_scaled(l, x, 0.2), 0.5));
}

/* log(1 + exp(x)) = relu(x) + log(1 + exp(-|x|)) */
static int32_t softplus(struct keras_layer *l, int32_t x)
{
    const int32_t small = exponential(l, keras_scaled(l, KERAS_ADD(l, OP_ABS, NULL, x), -1));
    return KERAS_ADD(l, OP_ADD, NULL, relu(l, x), KERAS_ADD(l, OP_LOG, NULL, keras_shifted(l, small, 1)));
}

static int32_t softsign(struct keras_layer *l, int32_t x)
{
    return KERAS_ADD(l, OP_DIV, NULL, x, keras_shifted(l, KERAS_ADD(l, OP_ABS, NULL, x), 1));
}

/* alpha * (exp(x) - 1) below 0, times a factor all over: elu(x) - relu(x) is what is below */
static int32_t scaled_elu(struct keras_layer *l, int32_t x, double alpha, double factor)
{
    const int32_t above = relu(l, x), below = KERAS_ADD(l, OP_SUB, NULL, elu(l, x), above);
    return KERAS_ADD(l, OP_ADD, NULL, keras_scaled(l, above, factor), keras_scaled(l, below, alpha * factor));
}

/* Between -1/2 and 1/2 shrinking activations are 0; beyond, what is left of x, or all of it. */
static int32_t soft_shrink(struct keras_layer *l, int32_t x)
{
    const int32_t middle = KERAS_ADD(l, OP_RELU_N1_TO_1, NULL, keras_scaled(l, x, 2));
    return middle != NO_TENSOR ? KERAS_ADD(l, OP_SUB, NULL, x, keras_scaled(l, middle, 0.5)) : middle;
}

static int32_t hard_shrink(struct keras_layer *l, int32_t x)
{
    const int32_t size[] = {KERAS_ADD(l, OP_ABS, NULL, x), keras_add_number(l, 0.5)};
    const int32_t is_far = keras_add_typed(l, OP_GREATER, TYPE_BOOL, 2, size, NULL);
    return is_far != NO_TENSOR ? keras_where(l, is_far, x, NO_TENSOR) : is_far;
}

static int32_t tanh_shrink(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_SUB, NULL, x, tanh_of(l, x)); }
static int32_t hard_tanh(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_RELU_N1_TO_1, NULL, x); }
static int32_t log_softmax(struct keras_layer *l, int32_t x) { return KERAS_ADD(l, OP_LOG_SOFTMAX, NULL, x); }
static int32_t log_sigmoid(struct keras_layer *l, int32_t x)
{
    return keras_scaled(l, softplus(l, keras_scaled(l, x, -1)), -1);
}

static int32_t mish(struct keras_layer *l, int32_t x)
{
    return KERAS_ADD(l, OP_MUL, NULL, x, tanh_of(l, softplus(l, x)));
}

/* (x + sqrt(x^2 + 4)) / 2 */
static int32_t squareplus(struct keras_layer *l, int32_t x)
{
    const int32_t root = KERAS_ADD(l, OP_SQRT, NULL, keras_shifted(l, KERAS_ADD(l, OP_SQUARE, NULL, x), 4));
    return keras_scaled(l, KERAS_ADD(l, OP_ADD, NULL, x, root), 0.5);
}

/* The first half of the channels, by the sigmoid of the others. */
static int32_t glu(struct keras_layer *l, int32_t x)
{
    const int32_t axis = keras_tensor(l, x)->rank - 1;
    const int32_t part = keras_add_many(l, OP_SPLIT, TYPE_F32, 2, (int32_t[]){keras_add_ints(l, 0, &axis), x}, 2, NULL);
    return part != NO_TENSOR ? KERAS_ADD(l, OP_MUL, NULL, part, sigmoid(l, part + 1)) : part;
}

static int32_t selu(struct keras_layer *l, int32_t x)
{
    return scaled_elu(l, x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946);
}

static int32_t leaky_by_name(struct keras_layer *l, int32_t x) { return leaky(l, x, 0.2); }

static const struct activation_name {
    const char *name;
    int32_t (*make)(struct keras_layer *l, int32_t x);
} activations[] = {
    {"linear", linear},
    {"relu", relu},
    {"relu6", relu6},
    {"sigmoid", sigmoid},
    {"tanh", tanh_of},
    {"softmax", softmax},
    {"elu", elu},
    {"selu", selu},
    {"gelu", gelu},
    {"swish", swish},
    {"silu", swish},
    {"hard_sigmoid", hard_sigmoid},
    {"hard_swish", hard_swish},
    {"hard_silu", hard_swish},
    {"softplus", softplus},
    {"softsign", softsign},
    {"exponential", exponential},
    {"leaky_relu", leaky_by_name},
    {"celu", elu},
    {"glu", glu},
    {"mish", mish},
    {"hard_tanh", hard_tanh},
    {"soft_shrink", soft_shrink},
    {"hard_shrink", hard_shrink},
    {"tanh_shrink", tanh_shrink},
    {"log_sigmoid", log_sigmoid},
    {"log_softmax", log_softmax},
    {"squareplus", squareplus},
};

int32_t keras_activated_as(struct keras_layer *l, const char *name, int32_t x)
{
    for (size_t i = 0; i < COUNT_OF(activations) && x != NO_TENSOR; i++) {
        if (strcmp(activations[i].name, name) == 0) {
            return activations[i].make(l, x);
        }
    }
    return x == NO_TENSOR ? x : keras_fail(l, "has the activation \"%.40s\", which mote lacks", name);
}

int32_t keras_activated(struct keras_layer *l, const char *key, int32_t x)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(l->config, key);
    const char *name = cJSON_GetStringValue(item);
    if (x == NO_TENSOR || item == NULL || cJSON_IsNull(item)) {
        return x;
    }
    if (name == NULL) { /* {"class_name": "function", "config": "relu"} */
        name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "config"));
    }
    if (name == NULL) { /* {"class_name": "ReLU", "config": {...}} */
        struct keras_layer inner;
        return keras_inner_layer(l, key, "", 0, &inner) ? keras_convert(&inner, &x, 1) : NO_TENSOR;
    }
    return keras_activated_as(l, name, x);
}

/*** Layers ***/

int32_t keras_activation(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return keras_activated(l, "activation", in[0]);
}

/* Along its last axis; what is masked is far below all else. */
int32_t keras_softmax(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const cJSON *list = keras_get(l->config, "axis");
    const int32_t axis = cJSON_IsArray(list) ? (int32_t)cJSON_GetNumberValue(list->child) : keras_int(l, "axis", -1);
    const int32_t rank = keras_tensor(l, in[0])->rank, along = axis < 0 ? axis + rank : axis;
    int32_t x = in[0], order[IR_MAX_RANK];
    if (!keras_check_call(l, (const char *const[]){"mask", NULL}) || along < 0 || along >= rank ||
        (cJSON_IsArray(list) && cJSON_GetArraySize(list) != 1)) {
        return keras_fail(l, "along axis %d of %d dims, or several", axis, rank);
    }
    const int32_t named = keras_named(l, "mask"), mask = named != NO_TENSOR ? named : keras_mask(l, x);
    x = mask != NO_TENSOR ? keras_where(l, mask, x, keras_add_number(l, -1e9)) : x;
    for (int32_t d = 0; d < rank; d++) {
        order[d] = d == along ? rank - 1 : d == rank - 1 ? along : d;
    }
    if (along == rank - 1) {
        x = softmax(l, x);
    } else {
        x = softmax(l, KERAS_ADD(l, OP_TRANSPOSE, NULL, x, keras_add_ints(l, rank, order)));
        x = KERAS_ADD(l, OP_TRANSPOSE, NULL, x, keras_add_ints(l, rank, order));
    }
    keras_set_mask(l, x, keras_mask(l, in[0]));
    return x;
}

int32_t keras_relu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const double slope = keras_real(l, "negative_slope", 0), most = keras_real(l, "max_value", INFINITY);
    const double threshold = keras_real(l, "threshold", 0);
    if (slope == 0 && most == 6 && threshold == 0) {
        return relu6(l, in[0]);
    }
    int32_t x = in[0];
    if (threshold != 0) {
        const int32_t below = slope != 0 ? keras_scaled(l, keras_shifted(l, x, -threshold), slope) : NO_TENSOR;
        const int32_t sides[] = {x, keras_add_number(l, threshold)};
        const int32_t is_above = keras_add_typed(l, OP_GREATER_EQUAL, TYPE_BOOL, 2, sides, NULL);
        x = is_above != NO_TENSOR ? keras_where(l, is_above, x, below) : NO_TENSOR;
    } else {
        x = slope == 0 ? relu(l, x) : leaky(l, x, slope);
    }
    return !isfinite(most) || x == NO_TENSOR ? x : KERAS_ADD(l, OP_MINIMUM, NULL, x, keras_add_number(l, most));
}

/* x above theta, else 0 */
int32_t keras_thresholded_relu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t sides[] = {in[0], keras_add_number(l, keras_real(l, "theta", 1))};
    const int32_t above = keras_add_typed(l, OP_GREATER, TYPE_BOOL, 2, sides, NULL);
    return above == NO_TENSOR ? NO_TENSOR : keras_where(l, above, in[0], NO_TENSOR);
}

int32_t keras_leaky_relu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return leaky(l, in[0], keras_real(l, "negative_slope", keras_real(l, "alpha", 0.3)));
}

int32_t keras_elu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const double alpha = keras_real(l, "alpha", 1);
    return alpha == 1 ? elu(l, in[0]) : scaled_elu(l, in[0], alpha, 1);
}

int32_t keras_prelu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const struct tensor *x = keras_tensor(l, in[0]);
    const cJSON *shared = cJSON_GetObjectItemCaseSensitive(l->config, "shared_axes"), *axis;
    int32_t dim[IR_MAX_RANK];
    for (int32_t d = 1; d < x->rank; d++) {
        dim[d - 1] = x->dim[d];
    }
    cJSON_ArrayForEach(axis, shared)
    {
        if (cJSON_IsNumber(axis) && axis->valuedouble >= 1 && axis->valuedouble < x->rank) {
            dim[(int)axis->valuedouble - 1] = 1;
        }
    }
    const int32_t rank = x->rank - 1;
    return KERAS_ADD(l, OP_PRELU, NULL, in[0], keras_add_floats(l, rank, dim, keras_weight(l, 0, rank, dim)));
}

#endif
