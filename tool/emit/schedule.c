/* SPDX-License-Identifier: MIT
 *
 * The schedule as C: a loop for a layer that runs alone, a table of turns and a switch for those that take turns.
 */
#include "emitter.h"

/* Runs the segments from `first` on. */
static void write_calls(struct emitter *e, int32_t first)
{
    for (int32_t i = first, repeated; i<e->plan->segment_count; i += repeated> 0 ? repeated : 1) {
        const struct plan_segment *g = &e->plan->segments[i];
        const int32_t rows = e->plan->steps[g->first].rows;
        repeated = emit_repeated(e, i);
        if (repeated > 0) {
            continue;
        }
        if (g->count > 1) {
            text_add(&e->text, "    %ssegment_%d(a);\n", e->prefix, i);
        } else if (rows == 1) {
            text_add(&e->text, "    ");
            emit_layer_call(e, g->first, "a", "0");
        } else {
            text_add(&e->text, "    for (int32_t y = 0; y < %d; y++) {\n        ", rows);
            emit_layer_call(e, g->first, "a", "y");
            text_add(&e->text, "    }\n");
        }
    }
}

/* Whose turn it is in a segment of several layers, as a table; returns how many firings. */
static uint32_t write_order(struct emitter *e, int32_t segment, uint32_t *at)
{
    const struct plan_segment *g = &e->plan->segments[segment];
    uint32_t end = *at, firings = 0;
    for (; end < e->plan->schedule_count && e->plan->schedule[end].step < g->first + g->count; end++) {
        firings += (uint32_t)e->plan->schedule[end].count;
    }
    uint8_t *order = ARENA_ARRAY(e->plan->arena, firings, uint8_t);
    uint32_t n = 0;
    for (; *at < end; (*at)++) {
        for (int32_t k = 0; k < e->plan->schedule[*at].count; k++) {
            order[n++] = (uint8_t)(e->plan->schedule[*at].step - g->first);
        }
    }
    text_add(&e->text, "\n/* Layers %d to %d run row by row: whose turn it is, counted from layer %d. */\n", g->first,
             g->first + g->count - 1, g->first);
    e->flash_size += firings;
    text_add(&e->text, "static const %suint8_t %sorder_%d[%u] = {\n", e->flash, e->prefix, segment, firings);
    text_add_values(&e->text, TYPE_U8, order, firings);
    text_add(&e->text, "};\n");
    return firings;
}

/* Fires the layer of order[i]; `y` holds the rows done by each layer of the segment. */
static void write_switch(struct emitter *e, int32_t segment, const char *i, const char *y)
{
    const struct plan_segment *g = &e->plan->segments[segment];
    const int32_t first = e->plan->is_fed && segment == 0 ? 1 : 0;
    text_add(&e->text, "        const int32_t layer = %sorder_%d[%s], row = %s[layer]++;\n        switch (layer) {\n",
             e->prefix, segment, i, y);
    for (int32_t k = first; k < g->count; k++) {
        text_add(&e->text, k == g->count - 1 ? "        default:\n" : "        case %d:\n", k);
        text_add(&e->text, "            ");
        emit_layer_call(e, g->first + k, "arena", "row");
        text_add(&e->text, "            break;\n");
    }
    text_add(&e->text, "        }\n");
}

/* A segment of several layers: each counts its own rows. */
static void write_segment(struct emitter *e, int32_t segment, uint32_t *at)
{
    const struct plan_segment *g = &e->plan->segments[segment];
    const uint32_t firings = write_order(e, segment, at);
    int32_t most = 0;
    for (int32_t k = 0; k < g->count; k++) {
        most = e->plan->steps[g->first + k].rows > most ? e->plan->steps[g->first + k].rows : most;
    }
    text_add(&e->text, "\nstatic void %ssegment_%d(uint8_t *arena)\n{\n", e->prefix, segment);
    text_add(&e->text, "    %s y[%d] = {0};\n    for (uint32_t i = 0; i < %u; i++) {\n",
             most <= UINT8_MAX    ? "uint8_t"
             : most <= UINT16_MAX ? "uint16_t"
                                  : "int32_t",
             g->count, firings);
    write_switch(e, segment, "i", "y");
    text_add(&e->text, "    }\n}\n");
}

/* Fires what the rows so far allow. */
static void write_go_on(struct emitter *e, uint32_t firings)
{
    text_add(&e->text,
             "\nstatic void go_on(uint8_t *arena, struct feed *feed)\n{\n"
             "    while (feed->at < %u && order_0[feed->at] != 0) {\n",
             firings);
    if (e->plan->segments[0].count > 1) {
        write_switch(e, 0, "feed->at", "feed->y");
    } else {
        text_add(&e->text, "        (void)arena;\n");
    }
    text_add(&e->text, "        feed->at++;\n    }\n}\n");
}

/* What a complete row leads to. */
static void write_end_row(struct emitter *e, uint32_t firings)
{
    text_add(&e->text,
             "\nstatic int end_row(uint8_t *a, struct feed *feed)\n{\n    feed->filled = 0;\n    feed->y[0]++;\n"
             "    feed->at++;\n    go_on(a, feed);\n    if (feed->at < %u) {\n        return 0;\n    }\n",
             firings);
    write_calls(e, 1);
    text_add(&e->text, "    memset(feed, 0, sizeof *feed);\n    return 1;\n}\n");
}

/* Samples gather where the row is to lie, which nothing else uses from now on until it is complete. */
static void write_feed_samples(struct emitter *e)
{
    const struct plan *plan = e->plan;
    const struct plan_step *feed = &plan->steps[0];
    const struct plan_buffer *b = &plan->buffers[feed->out[0].buffer];
    const struct tensor *in = &plan->graph->tensors[plan->graph->inputs[0]];
    text_add(&e->text,
             "\nint %s_feed_samples(void *arena, const %s *samples, size_t count)\n{\n"
             "    uint8_t *a = (uint8_t *)arena;\n    struct feed *feed = (struct feed *)(void *)(a + %u);\n"
             "    const uint8_t *from = (const uint8_t *)samples;\n    size_t left = count * %s_FEED_SAMPLE_SIZE;\n"
             "    int ready = 0;\n    while (left > 0) {\n"
             "        const size_t room = %s_FEED_ROW_SIZE - feed->filled, taken = left < room ? left : room;\n"
             "        go_on(a, feed);\n",
             e->lower, text_c_type(in->type), plan->tensor_size, e->upper, e->upper);
    if (b->is_split) {
        text_add(&e->text, "        memcpy(a + rows_%d[feed->y[0]] + feed->filled, from, taken);\n",
                 feed->out[0].buffer);
    } else {
        text_add(&e->text, "        memcpy(a + %u + (size_t)feed->y[0] * %d + feed->filled, from, taken);\n", b->offset,
                 b->row_bytes);
    }
    text_add(&e->text,
             "        from += taken;\n        left -= taken;\n        feed->filled += (uint32_t)taken;\n"
             "        if (feed->filled == %s_FEED_ROW_SIZE) {\n            ready += end_row(a, feed);\n        }\n"
             "    }\n    return ready;\n}\n",
             e->upper);
}

/* The segment that takes the input as it comes goes as far as the rows allow; where it stands is kept behind the tensors. */
static void write_feed(struct emitter *e, uint32_t *at)
{
    const uint32_t firings = write_order(e, 0, at);
    text_add(&e->text,
             "\n/* Where the model stands between two samples. */\nstruct feed {\n    uint32_t at;\n"
             "    uint32_t filled; /* bytes of the next row */\n    int32_t y[%d];\n};\n",
             e->plan->segments[0].count);
    write_go_on(e, firings);
    write_end_row(e, firings);
    write_feed_samples(e);
    text_add(&e->text,
             "\nint %s_feed_row(void *arena, const void *row)\n{\n"
             "    return %s_feed_samples(arena, (const %s *)row, %s_FEED_ROW_SIZE / %s_FEED_SAMPLE_SIZE);\n}\n",
             e->lower, e->lower, text_c_type(e->plan->graph->tensors[e->plan->graph->inputs[0]].type), e->upper,
             e->upper);
}

/* A copy from where memcpy cannot read, if any state begins with such a value. */
static void write_load(struct emitter *e)
{
    bool needed = false;
    for (int i = 0; i < e->plan->code.state_count; i++) {
        needed = needed || e->plan->code.states[i].init != NULL;
    }
    if (needed && e->plan->has_flash) {
        text_add(&e->text,
                 "\nstatic void load(uint8_t *to, const %suint8_t *from, size_t size)\n{\n"
                 "    for (size_t i = 0; i < size; i++) {\n        to[i] = from[i];\n    }\n}\n",
                 e->flash);
    }
}

static void write_init(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    write_load(e);
    text_add(text, "\nvoid %s_init(void *arena)\n{\n    (void)arena;\n", e->lower);
    for (int i = 0; i < plan->code.state_count; i++) {
        const struct mote_state *s = &plan->code.states[i];
        const uint32_t offset = plan->buffers[s->buffer].offset;
        if (s->init != NULL && plan->has_flash) {
            text_add(text, "    load((uint8_t *)arena + %u, (const %suint8_t *)%s, %u);\n", offset, e->flash,
                     emit_find_object(e, s->init)->name, s->size);
        } else if (s->init != NULL) {
            text_add(text, "    memcpy((uint8_t *)arena + %u, %s, %u);\n", offset, emit_find_object(e, s->init)->name,
                     s->size);
        } else {
            text_add(text, "    memset((uint8_t *)arena + %u, %d, %u);\n", offset, s->fill, s->size);
        }
    }
    if (plan->is_fed) {
        text_add(text, "    memset((uint8_t *)arena + %u, 0, sizeof(struct feed));\n", plan->tensor_size);
    }
    text_add(text, "}\n");
}

static void write_input_and_invoke(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text, "\nvoid *%s_input(void *arena, int i)\n{\n    uint8_t *a = (uint8_t *)arena;\n", e->lower);
    for (int i = plan->code.input_count - 1; i > 0; i--) {
        text_add(text, "    if (i == %d) {\n        return %s;\n    }\n", i,
                 emit_at(e, "a", plan->buffers[plan->code.inputs[i].buffer].offset));
    }
    const uint32_t first = plan->code.input_count > 0 ? plan->buffers[plan->code.inputs[0].buffer].offset : 0;
    text_add(text, "    (void)i;\n    return %s;\n}\n", emit_at(e, "a", first));
    text_add(text, "\nvoid %s_invoke(void *arena)\n{\n    uint8_t *a = (uint8_t *)arena;\n    (void)a;\n", e->lower);
    write_calls(e, 0);
    text_add(text, "}\n");
}

static void write_output(struct emitter *e)
{
    const struct plan *plan = e->plan;
    struct text *text = &e->text;
    text_add(text,
             "\nconst void *%s_output(const void *arena, int i)\n{\n    const uint8_t *a = (const uint8_t *)arena;\n   "
             " (void)a;\n",
             e->lower);
    for (int i = plan->code.output_count - 1; i >= 0; i--) {
        const struct plan_buffer *b = &plan->buffers[plan->code.outputs[i].buffer];
        const char *where = b->data != NULL ? emit_find_object(e, b->data)->name : emit_at(e, "a", b->offset);
        text_add(text, i > 0 ? "    if (i == %d) {\n        return %s;\n    }\n" : "    (void)i;\n", i, where);
        if (i == 0) {
            text_add(text, "    return %s;\n", where);
        }
    }
    text_add(text, "}\n");
}

/* Functions of the segments that are no single layer. */
static void write_segments(struct emitter *e)
{
    const struct plan *plan = e->plan;
    uint32_t at = 0;
    for (int i = 0; i < plan->segment_count; i++) {
        if (plan->is_fed && i == 0) {
            at = 0;
            continue; /* it comes last, since it calls the others */
        }
        if (plan->segments[i].count > 1) {
            while (plan->schedule[at].step < plan->segments[i].first) {
                at++;
            }
            write_segment(e, i, &at);
        }
    }
}

void emit_called(struct emitter *e)
{
    write_segments(e);
    text_add(&e->text, "\nstatic void %sinvoke(uint8_t *a)\n{\n    (void)a;\n", e->prefix);
    write_calls(e, 0);
    text_add(&e->text, "}\n");
}

void emit_functions(struct emitter *e)
{
    write_segments(e);
    if (e->plan->is_fed) {
        uint32_t at = 0;
        write_feed(e, &at);
    } else {
        write_input_and_invoke(e);
    }
    write_init(e);
    write_output(e);
}
