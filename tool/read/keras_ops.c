/* SPDX-License-Identifier: MIT
 *
 * Bare operations between layers of a functional model: x + y, x / 255, ops.mean(x). Keras 3 has them by class and module, Keras 2
 * as a TFOpLambda of a function. Operands are tensors and numbers.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <string.h>

enum kind { BINARY, UNARY, REDUCTION, ACTIVATION, RESHAPED, TRANSPOSED };

static const struct operation {
    const char *name, *functions[2]; /* of Keras 3, of Keras 2 */
    enum kind kind;
    enum op op;
} operations[] = {
    {"Add", {"math.add", "__operators__.add"}, BINARY, OP_ADD},
    {"Subtract", {"math.subtract", "__operators__.sub"}, BINARY, OP_SUB},
    {"Multiply", {"math.multiply", "__operators__.mul"}, BINARY, OP_MUL},
    {"TrueDivide", {"math.truediv", "__operators__.truediv"}, BINARY, OP_DIV},
    {"Divide", {"math.divide", NULL}, BINARY, OP_DIV},
    {"Maximum", {"math.maximum", NULL}, BINARY, OP_MAXIMUM},
    {"Minimum", {"math.minimum", NULL}, BINARY, OP_MINIMUM},
    {"Power", {"math.pow", "__operators__.pow"}, BINARY, OP_POW},
    {"Absolute", {"math.abs", NULL}, UNARY, OP_ABS},
    {"Negative", {"math.negative", "__operators__.neg"}, UNARY, OP_NEG},
    {"Sqrt", {"math.sqrt", NULL}, UNARY, OP_SQRT},
    {"Rsqrt", {"math.rsqrt", NULL}, UNARY, OP_RSQRT},
    {"Square", {"math.square", NULL}, UNARY, OP_SQUARE},
    {"Exp", {"math.exp", NULL}, UNARY, OP_EXP},
    {"Log", {"math.log", NULL}, UNARY, OP_LOG},
    {"Sin", {"math.sin", NULL}, UNARY, OP_SIN},
    {"Cos", {"math.cos", NULL}, UNARY, OP_COS},
    {"Tanh", {"math.tanh", "nn.tanh"}, UNARY, OP_TANH},
    {"Sigmoid", {"math.sigmoid", "nn.sigmoid"}, UNARY, OP_LOGISTIC},
    {"Relu", {"nn.relu", NULL}, UNARY, OP_RELU},
    {"Relu6", {"nn.relu6", NULL}, UNARY, OP_RELU6},
    {"Silu", {"nn.silu", "nn.swish"}, ACTIVATION, OP_COUNT},
    {"Elu", {"nn.elu", NULL}, UNARY, OP_ELU},
    {"Softplus", {"nn.softplus", "math.softplus"}, ACTIVATION, OP_COUNT},
    {"Softsign", {"nn.softsign", "math.softsign"}, ACTIVATION, OP_COUNT},
    {"Mean", {"math.reduce_mean", NULL}, REDUCTION, OP_MEAN},
    {"Sum", {"math.reduce_sum", NULL}, REDUCTION, OP_SUM},
    {"Max", {"math.reduce_max", NULL}, REDUCTION, OP_REDUCE_MAX},
    {"Min", {"math.reduce_min", NULL}, REDUCTION, OP_REDUCE_MIN},
    {"Reshape", {"reshape", NULL}, RESHAPED, OP_RESHAPE},
    {"Transpose", {"transpose", NULL}, TRANSPOSED, OP_TRANSPOSE},
};

static const struct operation *find_operation(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        const struct operation *o = &operations[i];
        for (int k = 0; k < 2; k++) {
            if (strcmp(o->name, name) == 0 || (o->functions[k] != NULL && strcmp(o->functions[k], name) == 0)) {
                return o;
            }
        }
    }
    return NULL;
}

bool keras_is_operation(const cJSON *layer)
{
    return strcmp(keras_get_text(layer, "class_name"), "TFOpLambda") == 0 ||
           strstr(keras_get_text(layer, "module"), ".ops.") != NULL;
}

const char *keras_operation_name(const cJSON *layer)
{
    const char *name = keras_get_text(layer, "class_name");
    return strcmp(name, "TFOpLambda") == 0 ? keras_get_text(keras_get(layer, "config"), "function") : name;
}

bool keras_has_operation(const char *name) { return find_operation(name) != NULL; }

/*** Operands ***/

/* An argument that is no tensor: ["_CONSTANT_VALUE", -1, 2.0, {}] is a number, too. */
static const cJSON *number_of(const cJSON *argument)
{
    const cJSON *list = cJSON_IsArray(argument) ? argument : NULL;
    const char *first = cJSON_GetStringValue(cJSON_GetArrayItem(list, 0));
    const cJSON *number =
        first != NULL && strcmp(first, "_CONSTANT_VALUE") == 0 ? cJSON_GetArrayItem(list, 2) : argument;
    return cJSON_IsNumber(number) ? number : NULL;
}

/* The operand of a place: a number there, or else the next of the tensors. */
static int32_t take_operand(struct keras_layer *l, const cJSON *argument, const int32_t in[], int32_t in_count,
                            int32_t *taken)
{
    const cJSON *number = number_of(argument);
    if (number != NULL) {
        return keras_add_number(l, number->valuedouble);
    }
    const int32_t place = (*taken)++, rest = place - in_count;
    if (place < in_count) {
        return in[place];
    }
    return rest < l->named_count ? l->named[rest].tensor : keras_fail(l, "has operands that are no tensors or numbers");
}

static int32_t binary(struct keras_layer *l, enum op op, const int32_t in[], int32_t in_count)
{
    const bool is_v3 = cJSON_IsObject(l->call);
    const cJSON *list = is_v3 ? keras_get(l->call, "args") : l->call;
    const cJSON *first = cJSON_GetArrayItem(list, 0), *second = is_v3 ? cJSON_GetArrayItem(list, 1) : NULL;
    static const char *const names[] = {"y", "x2"};
    for (size_t i = 0; i < COUNT_OF(names) && second == NULL; i++) {
        second = keras_get(l->arguments, names[i]);
    }
    int32_t taken = 0;
    const int32_t x = take_operand(l, first, in, in_count, &taken), y = take_operand(l, second, in, in_count, &taken);
    return x == NO_TENSOR || y == NO_TENSOR ? NO_TENSOR : KERAS_ADD(l, op, NULL, x, y);
}

/*** Attributes: in the config of the operation, or among the arguments of its call ***/

static const cJSON *find_attribute(const struct keras_layer *l, const char *const names[])
{
    const cJSON *found = NULL;
    for (; *names != NULL && found == NULL; names++) {
        found = keras_get(l->config, *names);
        found = found != NULL ? found : keras_get(l->arguments, *names);
    }
    return cJSON_IsNull(found) ? NULL : found;
}

/* Numbers of an attribute; returns how many, or -1. */
static int32_t find_numbers(struct keras_layer *l, const char *const names[], int32_t values[IR_MAX_RANK])
{
    const cJSON *item = find_attribute(l, names), *entry;
    int32_t count = 0;
    for (entry = cJSON_IsArray(item) ? item->child : item; entry != NULL; entry = entry->next) {
        const double value = cJSON_IsNumber(entry) ? entry->valuedouble : cJSON_IsNull(entry) ? -1 : 1e10;
        if (count == IR_MAX_RANK || !(value >= INT32_MIN && value <= INT32_MAX)) {
            keras_fail(l, "has \"%s\" of no %d numbers", names[0], IR_MAX_RANK);
            return -1;
        }
        values[count++] = (int32_t)value;
        if (entry == item) {
            break;
        }
    }
    return count;
}

static int32_t reduction(struct keras_layer *l, enum op op, int32_t x)
{
    int32_t axes[IR_MAX_RANK], count = find_numbers(l, (const char *const[]){"axis", NULL}, axes);
    const int32_t rank = keras_tensor(l, x)->rank;
    for (int32_t d = 0; count == 0 && d < rank; d++) {
        axes[d] = d;
    }
    const struct attr attr = {.keep_dims = cJSON_IsTrue(find_attribute(l, (const char *const[]){"keepdims", NULL}))};
    return count < 0 ? NO_TENSOR : KERAS_ADD(l, op, &attr, x, keras_add_ints(l, count > 0 ? count : rank, axes));
}

static int32_t transposed(struct keras_layer *l, int32_t x)
{
    const int32_t rank = keras_tensor(l, x)->rank;
    int32_t order[IR_MAX_RANK], count = find_numbers(l, (const char *const[]){"axes", "perm", NULL}, order);
    for (int32_t d = 0; count == 0 && d < rank; d++) {
        order[d] = rank - 1 - d;
    }
    return count < 0 ? NO_TENSOR
                     : KERAS_ADD(l, OP_TRANSPOSE, NULL, x, keras_add_ints(l, count > 0 ? count : rank, order));
}

static int32_t reshaped(struct keras_layer *l, int32_t x)
{
    int32_t dim[IR_MAX_RANK], count = find_numbers(l, (const char *const[]){"newshape", "shape", NULL}, dim);
    return count < 1 ? keras_fail(l, "has no shape that is known") : keras_reshaped(l, x, count, dim);
}

int32_t keras_convert_operation(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    const struct operation *o = find_operation(l->class_name);
    if (o == NULL) {
        return keras_fail(l, "mote has no such operation; replace it in the model");
    }
    switch (o->kind) {
    case BINARY:
        return binary(l, o->op, in, in_count);
    case UNARY:
        return KERAS_ADD(l, o->op, NULL, in[0]);
    case REDUCTION:
        return reduction(l, o->op, in[0]);
    case RESHAPED:
        return reshaped(l, in[0]);
    case TRANSPOSED:
        return transposed(l, in[0]);
    default:
        return keras_activated_as(l, o->functions[0] + strlen("nn."), in[0]);
    }
}

#endif
