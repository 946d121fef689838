/* SPDX-License-Identifier: MIT
 *
 * What the names of an .onnx file mean, in a graph and in those round it: tensors, or sequences of them.
 */
#include <generated/onnx.pb-c.h>
#include <string.h>

#include "onnx_file.h"

/* Of all graphs, since those in graphs leave some to what is round them. */
struct onnx_sequences {
    struct onnx_sequence *all;
    int32_t count, capacity;
};

/*** Names ***/

static uint32_t hash_text(const char *text)
{
    uint32_t h = 2166136261;
    while (*text != '\0') {
        h = (h ^ (uint8_t)*text++) * 16777619;
    }
    return h;
}

struct onnx_value_name *onnx_find_name(const struct onnx_scope *s, const char *text)
{
    uint32_t i = hash_text(text) & (s->size - 1);
    while (s->names[i].text != NULL && strcmp(s->names[i].text, text) != 0) {
        i = (i + 1) & (s->size - 1);
    }
    return &s->names[i];
}

struct onnx_value_name *onnx_add_name(struct onnx_scope *s, const char *text)
{
    struct onnx_value_name *n = onnx_find_name(s, text);
    if (n->text == NULL) {
        *n = (struct onnx_value_name){text, NO_TENSOR, 0, false};
    }
    return n;
}

static size_t count_names(const Onnx__GraphProto *p)
{
    size_t count = p->n_initializer + p->n_input + p->n_output;
    for (size_t i = 0; i < p->n_node; i++) {
        count += p->node[i]->n_input + p->node[i]->n_output;
    }
    return count;
}

void onnx_open_scope(struct onnx *o, struct onnx_scope *s, const Onnx__GraphProto *p)
{
    *s = (struct onnx_scope){.outer = o->scope, .graph = p, .size = 16};
    const size_t count = count_names(p);
    while (s->size < 2 * count) {
        s->size *= 2;
    }
    s->names = ARENA_ARRAY(o->arena, s->size, struct onnx_value_name);
    for (size_t i = 0; i < p->n_node; i++) {
        for (size_t k = 0; k < p->node[i]->n_input; k++) {
            onnx_add_name(s, p->node[i]->input[k])->readers++;
        }
    }
    for (size_t i = 0; i < p->n_output; i++) {
        onnx_add_name(s, p->output[i]->name)->readers++;
    }
    o->scope = s;
    o->sequences = o->sequences != NULL ? o->sequences : ARENA_NEW(o->arena, struct onnx_sequences);
}

int32_t onnx_find_value(const struct onnx *o, const char *name)
{
    for (const struct onnx_scope *s = o->scope; s != NULL && name[0] != '\0'; s = s->outer) {
        const struct onnx_value_name *n = onnx_find_name(s, name);
        if (n->text != NULL && n->tensor != NO_TENSOR) {
            return n->tensor;
        }
    }
    return NO_TENSOR;
}

bool onnx_set_value(struct onnx *o, const char *name, int32_t tensor)
{
    struct onnx_value_name *n = onnx_add_name(o->scope, name);
    if (n->tensor != NO_TENSOR) {
        return diag_fail(o->diag, "value \"%.80s\" is computed twice", name);
    }
    n->tensor = tensor;
    return true;
}

/*** Values of the node at hand ***/

int32_t onnx_in(const struct onnx *o, int i)
{
    const int32_t value = (size_t)i < o->node->n_input ? onnx_find_value(o, o->node->input[i]) : NO_TENSOR;
    return value >= 0 ? value : NO_TENSOR;
}

/*** Sequences ***/

int32_t onnx_value(struct onnx *o, int i)
{
    o->takes_sequences = true;
    return (size_t)i < o->node->n_input ? onnx_find_value(o, o->node->input[i]) : NO_TENSOR;
}

const struct onnx_sequence *onnx_find_sequence(const struct onnx *o, int32_t value)
{
    return value < NO_TENSOR ? &o->sequences->all[NO_TENSOR - 1 - value] : NULL;
}

const struct onnx_sequence *onnx_sequence(struct onnx *o, int i) { return onnx_find_sequence(o, onnx_value(o, i)); }

static int32_t add_sequence(struct onnx *o, const struct onnx_sequence *sequence)
{
    struct onnx_sequences *s = o->sequences;
    ARENA_GROW(o->arena, s->all, s->count, s->capacity);
    s->all[s->count] = *sequence;
    return NO_TENSOR - 1 - s->count++;
}

int32_t onnx_add_sequence(struct onnx *o, const int32_t items[], int32_t count)
{
    return onnx_failed(o) ? NO_TENSOR : add_sequence(o, &(struct onnx_sequence){.count = count, .items = items});
}

int32_t onnx_add_none(struct onnx *o) { return add_sequence(o, &(struct onnx_sequence){.is_none = true}); }

bool onnx_has_out(const struct onnx *o, int i)
{
    return (size_t)i < o->node->n_output && o->node->output[i][0] != '\0';
}

void onnx_out(struct onnx *o, int i, int32_t tensor)
{
    if (onnx_failed(o) || !onnx_has_out(o, i)) {
        return;
    }
    const char *name = o->node->output[i];
    if (tensor >= o->first_made) { /* it is this node's own */
        onnx_tensor(o, tensor)->name = name;
    }
    onnx_set_value(o, name, tensor);
}

int onnx_readers(const struct onnx *o, int i)
{
    int count = 0;
    for (const struct onnx_scope *s = o->scope; s != NULL && (size_t)i < o->node->n_input; s = s->outer) {
        count += onnx_find_name(s, o->node->input[i])->readers;
    }
    return count;
}
