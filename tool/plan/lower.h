/* SPDX-License-Identifier: MIT
 *
 * Lowering: a rule for each operator turns a node into a step. A rule picks the kernel for the types at
 * hand, fills its parameters, and says which rows of each input an output row needs:
 *
 *     bool lower_relu(struct lower *l)
 *     {
 *         struct mote_relu *p = lower_kernel(l, KERNEL_relu_s8);
 *         p->... = ...;
 *         lower_out_lines(l, 0);
 *         lower_in_lines(l, 0, lower_each_line);
 *         return true;
 *     }
 *
 * One function for each name in the `lower` column of op.def. What the kernel cannot do is refused here, with
 * ir_fail and a cure; kernels do not check.
 */
#ifndef PLAN_LOWER_H
#define PLAN_LOWER_H

#include "plan.h"

struct lower {
    struct plan *plan;
    struct graph *graph;
    struct node *node;
    struct plan_step *step;
    struct diag *diag;
};

typedef bool lower_rule(struct lower *l);

#define OP(name, code, in_min, in_max, out_min, out_max, shape, lower, ...) lower_rule lower_##lower;
#include "../ir/op.def"
#undef OP

/* The tensors of the node; NULL: an optional one left out. */
const struct tensor *lower_in(const struct lower *l, int i);
const struct tensor *lower_out(const struct lower *l, int i);

/* Memory that lives as long as the plan: for tables that parameters point to. */
void *lower_alloc(struct lower *l, size_t count, size_t size);

/* The step that the calls below fill: the node's first when a rule starts. A rule with several outputs that have
 * nothing in common makes one step for each. A step without a kernel vanishes. */
void lower_begin_step(struct lower *l);

/* Chooses the kernel; returns its zeroed parameters. */
void *lower_kernel(struct lower *l, enum kernel kernel);

/*** Rows ***/

/* A tensor as rows: [N, H, ...] has N images of H lines, [H, C] is one image of H lines, [C] and a scalar are
 * one line. */
struct lower_lines {
    int32_t images, lines;
    int32_t line_bytes;
};

struct lower_lines lower_lines(const struct tensor *t);

/* Which lines of an input the output line v of the same image needs: v * stride - pad + k * dilation for
 * k = 0 .. count - 1, or lines[v] + k * dilation. Lines outside of the image come as NULL. */
struct lower_window {
    int32_t count, stride, dilation, pad;
    const int32_t *lines;
};

extern const struct lower_window lower_each_line; /* line v needs line v */

/* The ports of the step. First the outputs, then the inputs, each in the order the kernel reads them in `io`.
 *   _lines: row by row     _whole: all of it at once, as one row */
void lower_out_lines(struct lower *l, int i);
void lower_out_whole(struct lower *l, int i);
void lower_in_lines(struct lower *l, int i, struct lower_window window);
void lower_in_whole(struct lower *l, int i);

/* Weights that the kernel takes as one row, since they are not constant; refused where weights have to lie in flash. */
void lower_in_weights(struct lower *l, int i);

/* The same with a row structure of the rule's own: `lines` lines an image of `line_bytes` bytes. */
void lower_out_view(struct lower *l, int i, struct lower_lines view);
void lower_in_view(struct lower *l, int i, struct lower_lines view, struct lower_window window);

/* Folding: all of the output is one line, and the kernel takes the lines of an input one after the other, one each
 * firing; io->y counts them. So no more than one of them has to be alive. After the output. */
void lower_in_folded(struct lower *l, int i, struct lower_lines view);

/* Bytes of a line of input i as the step before writes it; 0 if that is unknown. */
int32_t lower_written_bytes(const struct lower *l, int i);

/* Memory that keeps what it holds from the first firing of the step to the last: a further output. 0: none. */
void lower_accumulator(struct lower *l, size_t size);

/* A state tensor among the node's inputs becomes an output that the kernel reads and writes. */
void lower_state(struct lower *l, int input);

/* A state of the operator's own, `size` bytes, 0 at first; another output that the kernel reads and writes. Fails where
 * it is too large. */
bool lower_own_state(struct lower *l, int64_t size);

/* Bytes of scratch memory for each firing. */
void lower_scratch(struct lower *l, size_t size);

/* Output 0 may lie on top of this input: the kernel has read each input row before it writes the output row of the
 * same number, and both have the same size (or the output's is smaller). */
void lower_in_place(struct lower *l, int i);

/* The output has the bytes of the input. */
bool lower_copy(struct lower *l, int i);

/* The output is a view of the input: the same bytes, no step at all. Where that is not safe - a state, which may
 * change before the output is read; an input that is an output of the model, too - it is copied. */
bool lower_alias(struct lower *l, int i);

/* The value of output i is known already: `data`, which lives as long as the plan. */
void lower_constant(struct lower *l, int i, const void *data);

/*** Quantisation ***/

/* real -> multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0. The factor must be finite and not negative. */
void lower_multiplier(double real, int32_t *multiplier, int32_t *shift);

/* The same with a factor that may be too large: more than 2^most (at most 30), not finite or negative is refused. */
bool lower_factor(struct lower *l, double real, int32_t most, int32_t *multiplier, int32_t *shift);

/* `t` has one scale greater than 0, and a zero point that its type (8 or 16 bits) can hold. `what` names it: "input". */
bool lower_quantised(struct lower *l, const struct tensor *t, const char *what);

/* The least and the greatest value of an integer type of up to 16 bits. */
void lower_type_range(enum type type, int32_t *low, int32_t *high);

/* The range that a fused activation allows in the output's quantised values (8 and 16 bits). */
void lower_activation_range(enum activation activation, const struct tensor *out, int32_t *low, int32_t *high);

/* The same for float, which without one ends at the greatest finite values: infinities become those. */
void lower_activation_range_f32(enum activation activation, float *low, float *high);

/* Fails, naming the types at hand and `want`, the combinations there are. */
bool lower_no_kernel(struct lower *l, const char *want);

#endif
