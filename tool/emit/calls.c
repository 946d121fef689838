/* SPDX-License-Identifier: MIT
 *
 * Control flow as C: what the kernels mote_branch and mote_repeat do with plans, here with the functions of the plans.
 */
#include "../../mote/kernel/call.h"

#include "emitter.h"

static void add_part(struct emitter *e, const struct plan *plan, bool count_only)
{
    for (int32_t i = 0; i < plan->step_count; i++) {
        for (int k = 0; k < 2; k++) {
            if (plan->steps[i].called[k] != NULL) {
                add_part(e, plan->steps[i].called[k], count_only);
            }
        }
    }
    if (!count_only) {
        const char *prefix = plan == e->top ? "" : arena_printf(e->top->arena, "called_%d_", e->part_count);
        e->parts[e->part_count] = (struct emit_part){plan, prefix};
    }
    e->part_count++;
}

void emit_find_parts(struct emitter *e, const struct plan *plan)
{
    add_part(e, plan, true);
    e->parts = ARENA_ARRAY(plan->arena, e->part_count, struct emit_part);
    e->part_count = 0;
    add_part(e, plan, false);
}

bool emit_is_call(const struct plan_step *s) { return s->called[0] != NULL; }

static const char *prefix_of(const struct emitter *e, const struct plan *plan)
{
    int32_t i = 0;
    while (e->parts[i].plan != plan) {
        i++;
    }
    return e->parts[i].prefix;
}

/* Inputs to their places in scratch memory, and the plan's function. */
static void write_run(struct emitter *e, const struct plan *called, const struct mote_call *call, const char *rows,
                      const char *indent)
{
    const struct mote_plan *code = &called->code;
    for (int i = 0; i < code->input_count; i++) {
        if (code->inputs[i].size > 0) {
            text_add(&e->text, "%smemcpy(s + %u, %s[%u], %u);\n", indent,
                     called->buffers[code->inputs[i].buffer].offset, rows, call->args[i], code->inputs[i].size);
        }
    }
    text_add(&e->text, "%s%sinvoke(s);\n", indent, prefix_of(e, called));
}

/* Output i of a plan that has run, as an expression. */
static const char *output_text(const struct emitter *e, const struct plan *called, int i)
{
    const struct plan_buffer *b = &called->buffers[called->code.outputs[i].buffer];
    return b->data != NULL ? emit_find_object(e, b->data)->name : arena_printf(e->top->arena, "s + %u", b->offset);
}

static void write_outputs(struct emitter *e, const struct plan *called, const char *indent)
{
    for (int i = 0; i < called->code.output_count; i++) {
        if (called->code.outputs[i].size > 0) {
            text_add(&e->text, "%smemcpy(out[%d], %s, %u);\n", indent, i, output_text(e, called, i),
                     called->code.outputs[i].size);
        }
    }
}

static void write_branch(struct emitter *e, const struct plan_step *s)
{
    const struct mote_branch *p = s->params;
    text_add(&e->text, "    if (*(const uint8_t *)in[0] != 0) {\n");
    write_run(e, s->called[0], &p->yes, "in", "        ");
    write_outputs(e, s->called[0], "        ");
    text_add(&e->text, "    } else {\n");
    write_run(e, s->called[1], &p->no, "in", "        ");
    write_outputs(e, s->called[1], "        ");
    text_add(&e->text, "    }\n");
}

static void write_repeat(struct emitter *e, const struct plan_step *s)
{
    const struct mote_repeat *p = s->params;
    const struct plan *body = s->called[1];
    for (int i = 0; i < body->code.output_count; i++) {
        if (body->code.outputs[i].size > 0) {
            text_add(&e->text, "    memcpy(out[%d], in[%d], %u);\n", i, i, body->code.outputs[i].size);
        }
    }
    text_add(&e->text, "    for (;;) {\n");
    write_run(e, s->called[0], &p->condition, "out", "        ");
    text_add(&e->text, "        if (*(const uint8_t *)(%s) == 0) {\n            break;\n        }\n",
             output_text(e, s->called[0], 0));
    write_run(e, body, &p->body, "out", "        ");
    write_outputs(e, body, "        ");
    text_add(&e->text, "    }\n");
}

void emit_call(struct emitter *e, const struct plan_step *s)
{
    text_add(&e->text, "    uint8_t *s = arena + %u;\n    (void)s;\n    (void)in;\n", s->scratch);
    if (s->kernel == KERNEL_branch) {
        write_branch(e, s);
    } else {
        write_repeat(e, s);
    }
}
