/* SPDX-License-Identifier: MIT
 *
 * Source: TensorFlow Lite's tools/versioning/op_version.cc.
 */
#include "version.h"

#include <string.h>

enum type write_type(const struct tensor *t) { return t->is_int4 ? TYPE_S4 : t->type; }

static bool is_type(const struct tensor *t, enum type type) { return t != NULL && write_type(t) == type; }

static int32_t scales(const struct tensor *t) { return t == NULL ? 0 : t->quant.count; }

static bool same_dims(const struct tensor *a, const struct tensor *b)
{
    return a != NULL && b != NULL && a->rank == b->rank &&
           memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

/* What MUL multiplies the product by; 0 for what is not quantised. */
static float product_scale(const struct graph *g, const struct node *n)
{
    const struct tensor *x = ir_in(g, n, 0), *y = ir_in(g, n, 1), *out = ir_out(g, n, 0);
    return scales(x) == 0 || scales(y) == 0 || scales(out) == 0 ? 0 : ir_scale(x) * ir_scale(y) / ir_scale(out);
}

int32_t write_version(const struct graph *g, const struct node *n)
{
    const struct tensor *first = ir_in(g, n, 0), *second = ir_in(g, n, 1);
#define IN(i, type) is_type(ir_in(g, n, i), TYPE_##type)
#define OUT(i, type) is_type(ir_out(g, n, i), TYPE_##type)
#define A(member) n->attr.member
#define RANK (first == NULL ? 0 : first->rank)
#define PER_CHANNEL(i) (scales(ir_in(g, n, i)) > 1)
#define QUANTISED(i) (scales(ir_in(g, n, i)) > 0)
#define BROADCASTS (!same_dims(first, second))
#define HYBRID(i) (IN(0, F32) && IN(i, S8))
#define GROUPED (first != NULL && second != NULL && ir_dim(first, 3) != ir_dim(second, 3))
#define PRODUCT_SCALE product_scale(g, n)
#define VERSION(name, version, when) \
    if (n->op == OP_##name && (when)) { \
        return version; \
    }
#include "version.def"
    return 1;
}
