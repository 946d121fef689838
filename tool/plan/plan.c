/* SPDX-License-Identifier: MIT
 *
 * From graph to plan, in this order: buffers and steps, special kernels, order, rows, schedule, placement, code.
 */
#include "plan.h"

#include <string.h>

#include "lower.h"
#include "stages.h"

static lower_rule *const rules[] = {
#define OP(name, code, in_min, in_max, out_min, out_max, shape, lower, ...) [OP_##name] = lower_##lower,
#include "../ir/op.def"
#undef OP
};

void *plan_alloc_table(struct plan *plan, size_t count, size_t size)
{
    ARENA_GROW(plan->arena, plan->tables, plan->table_count, plan->table_capacity);
    void *data = arena_array(plan->arena, count, size);
    plan->tables[plan->table_count++] = (struct plan_table){data, count, size};
    return data;
}

static void make_buffer(struct plan *plan, int32_t tensor)
{
    const struct tensor *t = &plan->graph->tensors[tensor];
    if (plan->buffer_of[tensor] != NO_BUFFER) {
        return;
    }
    plan->buffer_of[tensor] = plan->buffer_count;
    plan->buffers[plan->buffer_count++] = (struct plan_buffer){
        .name = t->name,
        .type = t->type,
        .size = (size_t)ir_size(t),
        .data = t->data,
        .is_state = t->is_state,
        .init = t->init,
        .fill = (uint8_t)(t->type == TYPE_S8 ? ir_zero_point(t) : 0),
    };
}

static bool lower_node(struct plan *plan, struct node *node, struct diag *diag)
{
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] != NO_TENSOR) {
            make_buffer(plan, node->in[i]);
        }
    }
    for (int i = 0; i < node->out_count; i++) {
        if (node->out[i] != NO_TENSOR) {
            make_buffer(plan, node->out[i]);
        }
    }
    struct plan_step *step = &plan->steps[plan->step_count];
    struct lower l = {plan, plan->graph, node, step, diag};
    lower_begin_step(&l);
    if (!rules[node->op](&l) || diag->failed) {
        return false;
    }
    if (l.step->kernel != KERNEL_COUNT) { /* else nothing to do at run time */
        plan->step_count++;
    }
    return true;
}

/* For `node_count` of the graph's nodes. */
static void begin(struct graph *graph, const struct node *nodes, int32_t node_count, struct plan *plan)
{
    *plan = (struct plan){.arena = graph->arena, .graph = graph};
    int64_t most_steps = 2, most_buffers = graph->input_count + graph->output_count + 2; /* one of each for feeding */
    for (int i = 0; i < node_count; i++) {
        most_steps += 1 + nodes[i].out_count;
        most_buffers += 2 + nodes[i].in_count + nodes[i].out_count; /* two for states of its own */
    }
    plan->steps = ARENA_ARRAY(plan->arena, most_steps, struct plan_step);
    plan->buffers = ARENA_ARRAY(plan->arena, most_buffers, struct plan_buffer);
    plan->buffer_of = ARENA_ARRAY(plan->arena, graph->tensor_count + 1, int32_t);
    for (int i = 0; i < graph->tensor_count; i++) {
        plan->buffer_of[i] = NO_BUFFER;
    }
}

/* The plan as the device wants it. */
static bool make_code(struct plan *plan, struct diag *diag)
{
    const struct graph *g = plan->graph;
    struct mote_plan *code = &plan->code;
    if (plan->buffer_count > UINT16_MAX || plan->step_count > UINT16_MAX) {
        return diag_fail(diag, "has %d tensors and %d operators, want at most %d", plan->buffer_count, plan->step_count,
                         UINT16_MAX);
    }
    if (g->input_count > UINT16_MAX || g->output_count > UINT16_MAX) {
        return diag_fail(diag, "has %d inputs and %d outputs, want at most %d", g->input_count, g->output_count,
                         UINT16_MAX);
    }
    struct mote_buffer *buffers = ARENA_ARRAY(plan->arena, plan->buffer_count, struct mote_buffer);
    struct mote_state *states = ARENA_ARRAY(plan->arena, plan->buffer_count, struct mote_state);
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        buffers[i] = (struct mote_buffer){b->data, b->offset, b->rows};
        if (b->is_state) {
            states[code->state_count++] = (struct mote_state){(uint16_t)i, b->fill, (uint32_t)b->size, b->init};
        }
    }
    struct mote_step *steps = ARENA_ARRAY(plan->arena, plan->step_count, struct mote_step);
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        steps[i] = (struct mote_step){
            plan_kernels[s->kernel].function, s->params, s->in,         s->out,    (uint16_t)s->in_count,
            (uint16_t)s->out_count,           s->rows,   s->image_rows, s->scratch};
    }
    struct mote_tensor *ends = ARENA_ARRAY(plan->arena, g->input_count + g->output_count, struct mote_tensor);
    for (int i = 0; i < g->input_count + g->output_count; i++) {
        const int32_t t = i < g->input_count ? g->inputs[i] : g->outputs[i - g->input_count];
        ends[i] = (struct mote_tensor){(uint16_t)plan->buffer_of[t], (uint32_t)ir_size(&g->tensors[t])};
    }
    code->buffers = buffers;
    code->steps = steps;
    code->schedule = plan->schedule;
    code->inputs = ends;
    code->outputs = ends + g->input_count;
    code->states = states;
    code->buffer_count = (uint16_t)plan->buffer_count;
    code->step_count = (uint16_t)plan->step_count;
    code->input_count = (uint16_t)g->input_count;
    code->output_count = (uint16_t)g->output_count;
    code->schedule_count = plan->schedule_count;
    code->arena_size = plan->arena_size;
    return true;
}

/* Of one firing. */
static size_t row_pointers_size(const struct plan *plan)
{
    size_t most = 0;
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        size_t count = (size_t)s->out_count;
        for (int k = 0; k < s->in_count; k++) {
            count += s->in[k].count;
        }
        most = count > most ? count : most;
    }
    return most * sizeof(void *);
}

/* Those of the plans that steps run as well: one at a time. */
static size_t all_pointers_size(const struct plan *plan)
{
    size_t most = 0;
    for (int i = 0; i < plan->step_count; i++) {
        for (size_t k = 0; k < COUNT_OF(plan->steps[i].called); k++) {
            const struct plan *called = plan->steps[i].called[k];
            const size_t size = called != NULL ? all_pointers_size(called) : 0;
            most = size > most ? size : most;
        }
    }
    return row_pointers_size(plan) + most;
}

/* The executor keeps row pointers behind the tensors, those of plans that steps run behind those of the plan round them.
 * Emitted C has none, so that they are no part of scratch memory. `at`: from the start of the plan's own arena. */
static void place_row_pointers(struct plan *plan, uint32_t at)
{
    plan->code.row_pointers = at;
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        for (size_t k = 0; k < COUNT_OF(s->called); k++) {
            if (s->called[k] != NULL) {
                place_row_pointers(s->called[k], at + (uint32_t)row_pointers_size(plan) - s->scratch);
            }
        }
    }
}

/* Here on the host, the executor finds the input that is fed behind all else. */
static void place_external(struct plan *plan)
{
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *b = &plan->buffers[i];
        if (b->is_external) {
            b->offset = plan->arena_size;
            plan->arena_size += (uint32_t)b->size;
        }
    }
}

/* Where tensors do not fit well into what others leave free, another schedule with as many bytes alive may do better, but
 * longer segments have longer tables; and rows that may lie anywhere fill holes that no tensor fits into as a whole, but
 * need a table of their places. */
static bool schedule_and_place(struct plan *plan, enum plan_schedule how, struct diag *diag)
{
    static const struct {
        enum plan_ties ties;
        bool splits_all;
        uint32_t few; /* bytes that are worth neither the search nor its tables */
    } attempts[] = {{PLAN_FEW_CHANGES, false, 0},
                    {PLAN_FEW_SEGMENTS, false, 64},
                    {PLAN_FEW_SEGMENTS, true, 256},
                    {PLAN_FEW_CHANGES, true, 256}};
    const struct plan start = *plan;
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        const uint32_t share = plan->lower_bound / (plan->is_small || attempts[i].splits_all ? 16 : 64);
        const uint32_t slack = share > attempts[i].few ? share : attempts[i].few;
        if (i > 0 && (how == PLAN_LAYERS || plan->tensor_size <= plan->lower_bound + slack)) {
            break;
        }
        struct plan other = start;
        other.steps = arena_copy(plan->arena, start.steps, (size_t)start.step_count * sizeof *start.steps);
        other.buffers = arena_copy(plan->arena, start.buffers, (size_t)start.buffer_count * sizeof *start.buffers);
        plan_stream(&other, how, attempts[i].ties, attempts[i].splits_all);
        if (!plan_place(&other, diag)) {
            return false;
        }
        if (i == 0 || other.tensor_size < plan->tensor_size) {
            *plan = other;
        }
    }
    return true;
}

static bool finish(struct plan *plan, enum plan_schedule how, double *work, struct diag *diag)
{
    if (!plan_check_limits(plan, work, diag)) {
        return false;
    }
    plan_find_rows(plan);
    plan_order(plan);
    plan_find_rows(plan);
    if (how == PLAN_FED) {
        if (!plan_feed(plan, diag)) {
            return false;
        }
        plan_find_rows(plan);
    }
    if (!schedule_and_place(plan, how, diag)) {
        return false;
    }
    plan->arena_size = (uint32_t)(plan->tensor_size + all_pointers_size(plan));
    place_external(plan);
    if (!make_code(plan, diag)) {
        return false;
    }
    place_row_pointers(plan, plan->tensor_size);
    return true;
}

bool plan_graph(struct graph *graph, enum plan_schedule how, struct plan *plan, struct diag *diag)
{
    return plan_graph_for(graph, how, 0, plan, diag);
}

bool plan_graph_for(struct graph *graph, enum plan_schedule how, unsigned features, struct plan *plan,
                    struct diag *diag)
{
    begin(graph, graph->nodes, graph->node_count, plan);
    plan->how = how;
    plan->features = features;
    for (int i = 0; i < graph->input_count; i++) {
        make_buffer(plan, graph->inputs[i]);
        plan->buffers[plan->buffer_of[graph->inputs[i]]].is_input = true;
    }
    for (int i = 0; i < graph->node_count; i++) {
        if (!lower_node(plan, &graph->nodes[i], diag)) {
            return false;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        make_buffer(plan, graph->outputs[i]);
        plan->buffers[plan->buffer_of[graph->outputs[i]]].is_output = true;
    }
    plan->is_small = (features & PLAN_SMALL) != 0;
    plan->has_flash = (features & PLAN_FLASH) != 0;
    plan_specialise(plan, features);
    if (plan->has_flash) {
        plan_load(plan);
    }
    plan->work = graph->work;
    return finish(plan, how, &plan->work, diag);
}

bool plan_node(struct graph *graph, struct node *node, struct plan *plan, struct diag *diag)
{
    begin(graph, node, 1, plan);
    if (!lower_node(plan, node, diag)) {
        return false;
    }
    for (int i = 0; i < node->out_count; i++) {
        if (node->out[i] != NO_TENSOR) {
            plan->buffers[plan->buffer_of[node->out[i]]].is_output = true;
        }
    }
    return finish(plan, PLAN_LAYERS, &graph->work, diag);
}

bool plan_can_lower(struct graph *graph, struct node *node, struct diag *diag)
{
    struct plan plan;
    begin(graph, node, 1, &plan);
    return lower_node(&plan, node, diag);
}
