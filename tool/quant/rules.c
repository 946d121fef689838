/* SPDX-License-Identifier: MIT */
#include "work.h"

#define WEIGHTS \
    RULE_WEIGHTS, { 0 }
#define FREE \
    RULE_FREE, { 0 }
#define SAME \
    RULE_SAME, { 0 }
#define FIXED(scale, zero) \
    RULE_FIXED, { scale, zero }
#define LSTM \
    RULE_LSTM, { 0 }
#define S8 true, false, false
#define S8_S16 true, true, false
#define S4_S8_S16 true, true, true

static const struct quant_op ops[OP_COUNT] = {
#define QUANT(name, rule, types) [OP_##name] = {rule, types},
#include "quant_ops.def"
#undef QUANT
};

const struct quant_op *quant_op(enum op op) { return &ops[op]; }

struct quant_ports quant_ports(enum op op)
{
    switch (op) {
    case OP_DEPTHWISE_CONV_2D:
        return (struct quant_ports){0, 1, 2, 3};
    case OP_TRANSPOSE_CONV:
        return (struct quant_ports){2, 1, 3, 0};
    default:
        return (struct quant_ports){0, 1, 2, 0};
    }
}
