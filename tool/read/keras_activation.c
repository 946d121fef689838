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
    if (l->k->file->is_v3) {
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
};

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
    for (size_t i = 0; i < COUNT_OF(activations); i++) {
        if (strcmp(activations[i].name, name) == 0) {
            return activations[i].make(l, x);
        }
    }
    return keras_fail(l, "has the activation \"%.40s\", which mote lacks", name);
}

/*** Layers ***/

int32_t keras_activation(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    return keras_activated(l, "activation", in[0]);
}

int32_t keras_softmax(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t axis = keras_int(l, "axis", -1);
    return axis == -1 || axis == keras_tensor(l, in[0])->rank - 1 ? softmax(l, in[0])
                                                                  : keras_fail(l, "along axis %d; want the last", axis);
}

int32_t keras_relu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const double slope = keras_real(l, "negative_slope", 0), most = keras_real(l, "max_value", INFINITY);
    if (keras_real(l, "threshold", 0) != 0) {
        return keras_fail(l, "has a threshold, which mote lacks");
    }
    if (slope == 0 && most == 6) {
        return relu6(l, in[0]);
    }
    const int32_t x = slope == 0 ? relu(l, in[0]) : leaky(l, in[0], slope);
    if (!isfinite(most)) {
        return x;
    }
    const float limit = (float)most;
    return KERAS_ADD(l, OP_MINIMUM, NULL, x,
                     keras_add_floats(l, 0, NULL, arena_copy(l->k->arena, &limit, sizeof limit)));
}

/* x above theta, else 0 */
int32_t keras_thresholded_relu(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const float theta = (float)keras_real(l, "theta", 1), zero = 0;
    const int32_t limit = keras_add_floats(l, 0, NULL, arena_copy(l->k->arena, &theta, sizeof theta));
    const int32_t above = keras_add_typed(l, OP_GREATER, TYPE_BOOL, 2, (int32_t[]){in[0], limit}, NULL);
    const int32_t nothing = keras_add_floats(l, 0, NULL, arena_copy(l->k->arena, &zero, sizeof zero));
    return above == NO_TENSOR ? NO_TENSOR : KERAS_ADD(l, OP_SELECT_V2, NULL, above, in[0], nothing);
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
