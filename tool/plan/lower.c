/* SPDX-License-Identifier: MIT
 *
 * What the lowering rules share.
 */
#include "lower.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../mote/kernel/state.h"
#include "stages.h"

const struct lower_window lower_each_line = {.count = 1, .stride = 1, .dilation = 1};

const struct tensor *lower_in(const struct lower *l, int i) { return ir_in(l->graph, l->node, i); }
const struct tensor *lower_out(const struct lower *l, int i) { return ir_out(l->graph, l->node, i); }

void *lower_alloc(struct lower *l, size_t count, size_t size) { return plan_alloc_table(l->plan, count, size); }

void lower_begin_step(struct lower *l)
{
    if (l->step->kernel != KERNEL_COUNT && l->step->params != NULL) {
        l->plan->step_count++;
    }
    l->step = &l->plan->steps[l->plan->step_count];
    *l->step = (struct plan_step){.node = l->node, .kernel = KERNEL_COUNT, .in_place = NO_BUFFER};
}

void *lower_kernel(struct lower *l, enum kernel kernel)
{
    l->step->kernel = kernel;
    l->step->params = arena_alloc(l->plan->arena, plan_kernels[kernel].params_size);
    return l->step->params;
}

struct lower_lines lower_lines(const struct tensor *t)
{
    const int32_t images = t->rank >= 3 ? t->dim[0] : 1;
    const int32_t lines = t->rank >= 3 ? t->dim[1] : t->rank == 2 ? t->dim[0] : 1;
    const int32_t all = images * lines;
    return (struct lower_lines){images, lines, all > 0 ? (int32_t)(ir_size(t) / all) : 0};
}

static struct lower_lines whole(const struct tensor *t) { return (struct lower_lines){1, 1, (int32_t)ir_size(t)}; }

static struct mote_port *add_port(struct lower *l, struct mote_port **ports, int32_t *count, int32_t buffer)
{
    if ((*count & (*count - 1)) == 0) { /* full: 0, 1, 2, 4, 8... */
        struct mote_port *grown = ARENA_ARRAY(l->plan->arena, 2 * *count + 1, struct mote_port);
        if (*count > 0) {
            memcpy(grown, *ports, (size_t)*count * sizeof *grown);
        }
        *ports = grown;
    }
    if (*count == UINT16_MAX) {
        ir_fail(l->node, l->diag, "has more than %d inputs or outputs", UINT16_MAX);
    }
    struct mote_port *port = &(*ports)[(*count)++];
    port->buffer = (uint16_t)buffer;
    return port;
}

static void add_out(struct lower *l, int32_t buffer, struct lower_lines view)
{
    struct plan_step *s = l->step;
    struct mote_port *port = add_port(l, &s->out, &s->out_count, buffer);
    port->count = 1;
    port->row_bytes = view.line_bytes;
    port->rows = view.images * view.lines;
    port->stride = 1;
    if (s->out_count == 1) {
        s->rows = view.images * view.lines;
        s->image_rows = view.lines;
    } else if (port->rows != s->rows) {
        port->stride = 0; /* a state, or an output of another rhythm: always the same row */
    }
}

void lower_out_view(struct lower *l, int i, struct lower_lines view)
{
    add_out(l, l->plan->buffer_of[l->node->out[i]], view);
}

void lower_out_lines(struct lower *l, int i) { lower_out_view(l, i, lower_lines(lower_out(l, i))); }
void lower_out_whole(struct lower *l, int i) { lower_out_view(l, i, whole(lower_out(l, i))); }

void lower_state(struct lower *l, int input)
{
    add_out(l, l->plan->buffer_of[l->node->in[input]], whole(lower_in(l, input)));
}

bool lower_own_state(struct lower *l, int64_t size)
{
    if (size > INT32_MAX) {
        return ir_fail(l->node, l->diag, "its state would take %lld bytes, more than 2 GiB", (long long)size);
    }
    struct plan *plan = l->plan;
    plan->buffers[plan->buffer_count] = (struct plan_buffer){
        .name = l->node->name,
        .type = TYPE_U8,
        .size = (size_t)size,
        .is_state = true,
    };
    add_out(l, plan->buffer_count++, (struct lower_lines){1, 1, (int32_t)size});
    return true;
}

void lower_in_view(struct lower *l, int i, struct lower_lines view, struct lower_window window)
{
    struct mote_port *port = add_port(l, &l->step->in, &l->step->in_count, l->plan->buffer_of[l->node->in[i]]);
    if (window.count < 0 || window.count > UINT16_MAX) {
        ir_fail(l->node, l->diag, "its window has %d rows, want at most %d", window.count, UINT16_MAX);
    }
    port->count = (uint16_t)window.count;
    port->row_bytes = view.line_bytes;
    port->rows = view.lines;
    port->image_step = view.images > 1 ? view.lines : 0;
    port->stride = window.stride;
    port->dilation = window.dilation;
    port->pad = window.pad;
    port->lines = window.lines;
}

void lower_in_lines(struct lower *l, int i, struct lower_window window)
{
    lower_in_view(l, i, lower_lines(lower_in(l, i)), window);
}

void lower_in_whole(struct lower *l, int i)
{
    lower_in_view(l, i, whole(lower_in(l, i)), (struct lower_window){.count = 1});
}

void lower_in_weights(struct lower *l, int i)
{
    if ((l->plan->features & PLAN_FLASH) != 0) {
        ir_fail(l->node, l->diag,
                "its weights are known only at run time; kernels for this core read weights from flash");
    }
    lower_in_whole(l, i);
}

int32_t lower_written_bytes(const struct lower *l, int i)
{
    const int32_t buffer = l->plan->buffer_of[l->node->in[i]];
    for (int s = 0; s < l->plan->step_count; s++) {
        const struct plan_step *step = &l->plan->steps[s];
        for (int k = 0; k < step->out_count; k++) {
            if (step->out[k].buffer == buffer && step->out[k].stride == 1) {
                return step->out[k].row_bytes;
            }
        }
    }
    return 0;
}

void lower_in_folded(struct lower *l, int i, struct lower_lines view)
{
    struct plan_step *s = l->step;
    s->rows = s->image_rows = view.lines;
    for (int k = 0; k < s->out_count; k++) {
        s->out[k].stride = 0;
    }
    lower_in_view(l, i, view, lower_each_line);
}

void lower_accumulator(struct lower *l, size_t size)
{
    if (size == 0) {
        return;
    }
    struct plan *plan = l->plan;
    const int32_t buffer = plan->buffer_count++;
    plan->buffers[buffer] = (struct plan_buffer){.name = "accumulator", .type = TYPE_S64, .size = size};
    struct mote_port *port = add_port(l, &l->step->out, &l->step->out_count, buffer);
    *port = (struct mote_port){.buffer = (uint16_t)buffer, .count = 1, .row_bytes = (int32_t)size, .rows = 1};
}

void lower_scratch(struct lower *l, size_t size) { l->step->scratch_size = size; }
void lower_in_place(struct lower *l, int i) { l->step->in_place = l->plan->buffer_of[l->node->in[i]]; }

bool lower_copy(struct lower *l, int i)
{
    struct mote_assign *p = lower_kernel(l, KERNEL_assign);
    const struct lower_lines lines = lower_lines(lower_out(l, 0));
    p->bytes = lines.line_bytes;
    lower_out_view(l, 0, lines);
    lower_in_view(l, i, lines, lower_each_line);
    return true;
}

static bool is_graph_output(const struct graph *g, int32_t tensor)
{
    for (int i = 0; i < g->output_count; i++) {
        if (g->outputs[i] == tensor) {
            return true;
        }
    }
    return false;
}

bool lower_alias(struct lower *l, int i)
{
    const struct plan_buffer *from = &l->plan->buffers[l->plan->buffer_of[l->node->in[i]]];
    if (from->is_state || (from->is_input && is_graph_output(l->graph, l->node->out[0]))) {
        return lower_copy(l, i);
    }
    l->plan->buffer_of[l->node->out[0]] = l->plan->buffer_of[l->node->in[i]];
    return true;
}

void lower_constant(struct lower *l, int i, const void *data)
{
    l->plan->buffers[l->plan->buffer_of[l->node->out[i]]].data = data;
}

void lower_multiplier(double real, int32_t *multiplier, int32_t *shift)
{
    int exponent;
    int64_t fixed = llround(frexp(real, &exponent) * (double)(INT64_C(1) << 31));
    if (fixed == INT64_C(1) << 31) {
        fixed /= 2;
        exponent++;
    }
    if (exponent < -31) { /* too small to matter: flushed to zero */
        fixed = 0;
        exponent = 0;
    }
    *multiplier = (int32_t)fixed;
    *shift = fixed == 0 ? 0 : exponent;
}

void lower_activation_range_f32(enum activation activation, float *low, float *high)
{
    *low = activation == ACT_NONE ? -FLT_MAX : activation == ACT_RELU_N1_TO_1 ? -1.0F : 0.0F;
    *high = activation == ACT_RELU6 ? 6.0F : activation == ACT_RELU_N1_TO_1 ? 1.0F : FLT_MAX;
}

bool lower_factor(struct lower *l, double real, int32_t most, int32_t *multiplier, int32_t *shift)
{
    if (!isfinite(real) || real < 0 || real >= ldexp(1, most)) {
        return ir_fail(l->node, l->diag, "the scales make a factor of %g, want 0 to 2^%d", real, most);
    }
    lower_multiplier(real, multiplier, shift);
    return true;
}

void lower_type_range(enum type type, int32_t *low, int32_t *high)
{
    const int bits = ir_type_bits(type);
    const bool is_unsigned = type == TYPE_U8 || type == TYPE_U16;
    *low = is_unsigned ? 0 : -(1 << (bits - 1));
    *high = is_unsigned ? (1 << bits) - 1 : (1 << (bits - 1)) - 1;
}

bool lower_quantised(struct lower *l, const struct tensor *t, const char *what)
{
    if (t->quant.count == 0) {
        return ir_fail(l->node, l->diag, "%s is %s without a scale; quantise the model fully", what,
                       ir_type_text(t->type));
    }
    if (t->quant.count > 1) {
        return ir_fail(l->node, l->diag, "%s has %d scales, want 1", what, t->quant.count);
    }
    if (!(ir_scale(t) > 0)) {
        return ir_fail(l->node, l->diag, "%s has scale %g, want more than 0", what, (double)ir_scale(t));
    }
    int32_t low, high;
    lower_type_range(t->type, &low, &high);
    if (ir_zero_point(t) < low || ir_zero_point(t) > high) {
        return ir_fail(l->node, l->diag, "%s is %s with zero point %d, want %d to %d", what, ir_type_text(t->type),
                       ir_zero_point(t), low, high);
    }
    return true;
}

void lower_activation_range(enum activation activation, const struct tensor *out, int32_t *low, int32_t *high)
{
    int32_t type_low, type_high;
    lower_type_range(out->type, &type_low, &type_high);
    float real_low, real_high;
    lower_activation_range_f32(activation, &real_low, &real_high);
    const double scale = (double)ir_scale(out);
    *low = type_low;
    *high = type_high;
    if (real_low > -FLT_MAX) {
        *low = (int32_t)fmax(type_low, ir_zero_point(out) + (double)roundf((float)(real_low / scale)));
    }
    if (real_high < FLT_MAX) {
        *high = (int32_t)fmin(type_high, ir_zero_point(out) + (double)roundf((float)(real_high / scale)));
    }
}

bool lower_no_kernel(struct lower *l, const char *want)
{
    char types[120] = "";
    size_t n = 0;
    for (int i = 0; i < l->node->in_count && n < sizeof types - 16; i++) {
        const struct tensor *t = lower_in(l, i);
        n += (size_t)snprintf(types + n, sizeof types - n, "%s%s", i > 0 ? ", " : "",
                              t == NULL ? "-" : ir_type_text(t->type));
    }
    const struct tensor *out = lower_out(l, 0);
    return ir_fail(l->node, l->diag, "has types (%s) -> %s; mote has %s", types, ir_type_text(out->type), want);
}
