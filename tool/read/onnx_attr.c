/* SPDX-License-Identifier: MIT
 *
 * Attributes of the node at hand.
 */
#include <generated/onnx.pb-c.h>
#include <string.h>

#include "onnx_file.h"

const Onnx__AttributeProto *onnx_attribute(const struct onnx *o, const char *name)
{
    for (size_t i = 0; i < o->node->n_attribute; i++) {
        if (strcmp(o->node->attribute[i]->name, name) == 0) {
            return o->node->attribute[i];
        }
    }
    return NULL;
}

bool onnx_has(const struct onnx *o, const char *name) { return onnx_attribute(o, name) != NULL; }

int64_t onnx_int(const struct onnx *o, const char *name, int64_t absent)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    return a != NULL ? a->i : absent;
}

float onnx_float(const struct onnx *o, const char *name, float absent)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    return a != NULL ? a->f : absent;
}

static const char *copy_text(struct onnx *o, const ProtobufCBinaryData *bytes)
{
    char *text = arena_alloc(o->arena, bytes->len + 1);
    if (bytes->len > 0) {
        memcpy(text, bytes->data, bytes->len);
    }
    return text;
}

const char *onnx_text(struct onnx *o, const char *name, const char *absent)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    return a != NULL ? copy_text(o, &a->s) : absent;
}

const int64_t *onnx_ints(const struct onnx *o, const char *name, int32_t *count)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    *count = a != NULL && a->n_ints < INT32_MAX ? (int32_t)a->n_ints : 0;
    return a != NULL ? a->ints : NULL;
}

const float *onnx_floats(const struct onnx *o, const char *name, int32_t *count)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    *count = a != NULL && a->n_floats < INT32_MAX ? (int32_t)a->n_floats : 0;
    return a != NULL ? a->floats : NULL;
}

int32_t onnx_text_count(const struct onnx *o, const char *name)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    return a != NULL && a->n_strings < INT32_MAX ? (int32_t)a->n_strings : 0;
}

const char *onnx_text_at(struct onnx *o, const char *name, int32_t i)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    return copy_text(o, &a->strings[i]);
}

void onnx_set_classes(struct onnx *o, const ProtobufCBinaryData texts[], size_t count)
{
    const char **names = ARENA_ARRAY(o->arena, count, const char *);
    for (size_t i = 0; i < count; i++) {
        names[i] = copy_text(o, &texts[i]);
    }
    o->g->classes = names;
    o->g->class_count = (int32_t)count;
}

void onnx_name_classes(struct onnx *o, const char *name)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    if (a != NULL && a->n_strings > 0 && a->n_strings < INT32_MAX) {
        onnx_set_classes(o, a->strings, a->n_strings);
    }
}

int onnx_list(struct onnx *o, const char *name, int64_t list[], int most)
{
    int32_t count;
    const int64_t *values = onnx_ints(o, name, &count);
    if (!onnx_has(o, name)) {
        return -1;
    }
    if (count > most) {
        onnx_fail(o, "%s has %d values, want at most %d", name, count, most);
        return -1;
    }
    for (int32_t i = 0; i < count; i++) {
        const int64_t limit = INT64_C(1) << 40; /* so that sums do not overflow; whatever is beyond it is refused */
        list[i] = values[i] < -limit ? -limit : values[i] > limit ? limit : values[i];
    }
    return count;
}

int32_t onnx_attr_tensor(struct onnx *o, const char *name)
{
    const Onnx__AttributeProto *a = onnx_attribute(o, name);
    return a == NULL || a->t == NULL ? NO_TENSOR : onnx_read_tensor(o, a->t);
}
