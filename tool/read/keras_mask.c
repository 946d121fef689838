/* SPDX-License-Identifier: MIT
 *
 * Masks: which steps of a sequence count. They go with a tensor from layer to layer, as keras_layers.def says.
 */
#include "keras.h"

#ifdef HAVE_KERAS

int32_t keras_mask(const struct keras_layer *l, int32_t tensor)
{
    for (int32_t i = l->k->mask_count - 1; i >= 0; i--) {
        if (l->k->masks[i].of == tensor) {
            return l->k->masks[i].mask;
        }
    }
    return NO_TENSOR;
}

void keras_set_mask(struct keras_layer *l, int32_t tensor, int32_t mask)
{
    struct keras *k = l->k;
    if (tensor != NO_TENSOR && mask != NO_TENSOR) {
        ARENA_GROW(k->arena, k->masks, k->mask_count, k->mask_capacity);
        k->masks[k->mask_count++] = (struct keras_mask){tensor, mask};
    }
}

int32_t keras_both_masks(struct keras_layer *l, int32_t a, int32_t b)
{
    return a == NO_TENSOR || a == b ? b
           : b == NO_TENSOR         ? a
                                    : keras_add_typed(l, OP_LOGICAL_AND, TYPE_BOOL, 2, (int32_t[]){a, b}, NULL);
}

int32_t keras_where(struct keras_layer *l, int32_t mask, int32_t now, int32_t ended)
{
    return KERAS_ADD(l, OP_SELECT_V2, NULL, mask, now, ended != NO_TENSOR ? ended : keras_add_number(l, 0));
}

int32_t keras_expanded(struct keras_layer *l, int32_t mask, int32_t axis)
{
    if (mask == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t in[] = {mask, keras_add_ints(l, 1, &axis)};
    return keras_add_typed(l, OP_EXPAND_DIMS, TYPE_BOOL, 2, in, NULL);
}

/* Steps whose values all are one certain number do not count, and become 0. */
int32_t keras_masking(struct keras_layer *l, const int32_t in[], int32_t in_count)
{
    (void)in_count;
    const int32_t number = keras_add_number(l, keras_real(l, "mask_value", 0)), last = -1;
    if (keras_tensor(l, in[0])->rank < 3) {
        return keras_fail(l, "input has %d dims, want [batch, steps, ...]", keras_tensor(l, in[0])->rank);
    }
    const int32_t other = keras_add_typed(l, OP_NOT_EQUAL, TYPE_BOOL, 2, (int32_t[]){in[0], number}, NULL);
    const int32_t axis = keras_add_ints(l, 1, &last);
    const struct attr keep = {.keep_dims = true};
    const int32_t counts = keras_add_typed(l, OP_REDUCE_ANY, TYPE_BOOL, 2, (int32_t[]){other, axis}, &keep);
    if (counts == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t out = keras_where(l, counts, in[0], NO_TENSOR);
    const struct attr squeeze = {.list = arena_copy(l->k->arena, &last, sizeof last), .list_count = 1};
    keras_set_mask(l, out, keras_add_typed(l, OP_SQUEEZE, TYPE_BOOL, 1, &counts, &squeeze));
    return out;
}

/* The mean over the steps that count: [batch, steps, features] to [batch, features]. */
int32_t keras_masked_mean(struct keras_layer *l, int32_t x, int32_t mask, bool keeps)
{
    const struct attr attr = {.keep_dims = keeps};
    const int32_t axis = 1, counts = keras_expanded(l, mask, -1);
    if (counts == NO_TENSOR) {
        return NO_TENSOR;
    }
    const int32_t as_float = KERAS_ADD(l, OP_CAST, &(struct attr){.type = TYPE_F32}, counts);
    const int32_t sum = KERAS_ADD(l, OP_SUM, &attr, keras_where(l, counts, x, NO_TENSOR), keras_add_ints(l, 1, &axis));
    return KERAS_ADD(l, OP_DIV, NULL, sum, KERAS_ADD(l, OP_SUM, &attr, as_float, keras_add_ints(l, 1, &axis)));
}

#endif
