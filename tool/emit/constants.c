/* SPDX-License-Identifier: MIT
 *
 * Constants as C. A parameter struct is written field by field, as the kernel's header declares it; what its pointers
 * lead to is written before it, once.
 */
#include <string.h>

#include "emitter.h"

const struct emit_source *emit_find_source(const char *name)
{
    const struct emit_source *s = emit_sources;
    while (s->name != NULL && strcmp(s->name, name) != 0) {
        s++;
    }
    return s->name != NULL ? s : NULL;
}

const struct emit_struct *emit_find_struct(const char *name)
{
    const struct emit_struct *s = emit_structs;
    while (s->name != NULL && strcmp(s->name, name) != 0) {
        s++;
    }
    return s->name != NULL ? s : NULL;
}

static struct object *add_object(struct emitter *e, const struct object *object)
{
    ARENA_GROW(e->plan->arena, e->objects, e->object_count, e->object_capacity);
    e->objects[e->object_count] = *object;
    return &e->objects[e->object_count++];
}

/* Another name for a constant of the same type and bytes. */
static bool has_equal(struct emitter *e, struct object *object)
{
    for (int i = 0; i < e->object_count && object->size > 0; i++) {
        const struct object *o = &e->objects[i];
        if (o->size == object->size && strcmp(o->type, object->type) == 0 &&
            memcmp(o->data, object->data, o->size) == 0) {
            object->name = o->name;
            return true;
        }
    }
    return false;
}

const struct object *emit_find_object(const struct emitter *e, const void *data)
{
    for (int i = 0; i < e->object_count; i++) {
        const struct object *o = &e->objects[i];
        if (data == o->data || ((const uint8_t *)data > o->data && (const uint8_t *)data < o->data + o->size)) {
            return o;
        }
    }
    return NULL;
}

/* Constants of equal bytes may share them in the model file: the widest type makes the alignment right for all, and
 * integers can be written down whatever the bytes are. */
static bool is_better(const struct tensor *t, const struct tensor *best)
{
    const int bits = ir_type_bits(t->type), best_bits = best == NULL ? 0 : ir_type_bits(best->type);
    const bool is_float = t->type == TYPE_F16 || t->type == TYPE_F32 || t->type == TYPE_F64;
    return bits > best_bits || (bits == best_bits && !is_float);
}

const struct tensor *emit_find_tensor(const struct plan *plan, const void *data)
{
    const struct tensor *best = NULL;
    for (int i = 0; i < plan->graph->tensor_count; i++) {
        const struct tensor *t = &plan->graph->tensors[i];
        if ((t->data == data || t->init == data) && is_better(t, best)) {
            best = t;
        }
    }
    return best;
}

/* A table of the plan's, or the scales or zero points of a tensor. */
static const struct plan_table *find_table(const struct plan *plan, const void *data)
{
    for (int i = 0; i < plan->table_count; i++) {
        const struct plan_table *t = &plan->tables[i];
        const uint8_t *start = t->data;
        if ((const uint8_t *)data >= start && (const uint8_t *)data < start + t->count * t->size) {
            return t;
        }
    }
    for (int i = 0; i < plan->graph->tensor_count; i++) {
        const struct quant *q = &plan->graph->tensors[i].quant;
        if (q->count > 0 && data != NULL && (data == q->scale || data == q->zero_point)) {
            const struct plan_table values = {data, (size_t)q->count, sizeof(float)}; /* as large as an int32_t */
            return arena_copy(plan->arena, &values, sizeof values);
        }
    }
    return NULL;
}

static enum type scalar_type(const char *name, size_t element)
{
    static const enum type by_size[] = {[1] = TYPE_S8, [2] = TYPE_S16, [4] = TYPE_S32, [8] = TYPE_S64};
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(text_c_type((enum type)i), name) == 0 && i != TYPE_F16 && i != TYPE_BOOL) {
            return (enum type)i;
        }
    }
    return by_size[element];
}

static bool write_struct(struct emitter *e, const struct emit_struct *s, const uint8_t *at, int depth);

/* Writes what a pointer leads to as a constant of its own, unless that was done before. */
bool emit_target(struct emitter *e, const char *type, const void *target, const char *name)
{
    if (target == NULL || emit_find_object(e, target) != NULL) {
        return true;
    }
    const struct tensor *tensor = emit_find_tensor(e->plan, target);
    const struct plan_table *table = tensor == NULL ? find_table(e->plan, target) : NULL;
    if (tensor == NULL && table == NULL) {
        return diag_fail(e->diag, "%s: its %s are not known to the emitter; this is a fault of mote, please report it",
                         name, type);
    }
    const void *data = tensor != NULL ? target : table->data;
    const size_t element = tensor != NULL ? ((size_t)ir_type_bits(tensor->type) + 7) / 8 : table->size;
    const size_t count = tensor != NULL ? (size_t)ir_size(tensor) / element : table->count;
    const struct emit_struct *s = emit_find_struct(type);
    if (e->plan->has_flash && count * element > FLASH_MAX_OBJECT) {
        return diag_fail(e->diag, "%s: has %zu bytes, compilers for AVR allow %d in one array; make the layer smaller",
                         name, count * element, FLASH_MAX_OBJECT);
    }
    const enum type values = tensor != NULL ? tensor->type : s == NULL ? scalar_type(type, element) : TYPE_COUNT;
    struct object object = {data, count * element, element, s != NULL ? s->name : text_c_type(values), name};
    if (has_equal(e, &object)) {
        add_object(e, &object);
        return true;
    }
    const size_t shown = count > 0 ? count : 1; /* C has no empty arrays */
    if (s != NULL) {
        text_add(&e->text, "static const %sstruct %s_%s %s[%zu] = {\n", e->flash, e->lower, s->name + 5, name, shown);
        for (size_t i = 0; i < count; i++) {
            text_add(&e->text, "    {");
            if (!write_struct(e, s, (const uint8_t *)data + i * element, 0)) {
                return false;
            }
            text_add(&e->text, "},\n");
        }
    } else {
        text_add(&e->text, "static const %s%s %s[%zu] = {\n", e->flash, object.type, name, shown);
        text_add_values(&e->text, values, data, count);
    }
    text_add(&e->text, count > 0 ? "};\n" : s != NULL ? "    {0},\n};\n" : "    0,\n};\n");
    add_object(e, &object);
    e->flash_size += object.size;
    return true;
}

/* Before a struct: the constants that its pointers lead to. */
static bool write_targets(struct emitter *e, const struct emit_struct *s, const uint8_t *at, const char *name)
{
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        const size_t count = f->dim[0] > 0 ? f->dim[0] : 1;
        const struct emit_struct *inner = emit_find_struct(f->type);
        for (size_t i = 0; i < count; i++) {
            const uint8_t *field = at + f->offset + i * (f->size / count);
            if (emit_is_left_out(e, f)) {
                continue;
            }
            const char *suffix = count > 1 ? arena_printf(e->plan->arena, "_%zu", i) : "";
            if (f->is_pointer) {
                const void *target;
                memcpy(&target, field, sizeof target);
                if (!emit_target(e, f->type, target, arena_printf(e->plan->arena, "%s_%s%s", name, f->name, suffix))) {
                    return false;
                }
            } else if (inner != NULL && !write_targets(e, inner, field, name)) {
                return false;
            }
        }
    }
    return true;
}

static void write_pointer(struct emitter *e, const uint8_t *field)
{
    const uint8_t *target;
    memcpy(&target, field, sizeof target);
    const struct object *o = target != NULL ? emit_find_object(e, target) : NULL;
    if (o == NULL) {
        text_add(&e->text, "NULL");
    } else if (target == o->data) {
        text_add(&e->text, "%s", o->name);
    } else {
        text_add(&e->text, "&%s[%zu]", o->name, (size_t)(target - o->data) / o->element);
    }
}

const char *emit_scalar_text(const struct emitter *e, const char *type, const uint8_t *at, size_t size)
{
    struct text one = {.arena = e->plan->arena};
    text_add_values(&one, scalar_type(type, size), at, 1);
    one.data[one.size - 1] = '\0'; /* its line break */
    return one.data + 4;
}

static bool write_value(struct emitter *e, const struct emit_field *f, const uint8_t *at, size_t size, int depth)
{
    const struct emit_struct *inner = emit_find_struct(f->type);
    if (f->is_pointer) {
        write_pointer(e, at);
        return true;
    }
    if (inner != NULL) {
        text_add(&e->text, "{");
        const bool ok = write_struct(e, inner, at, depth + 1);
        text_add(&e->text, "}");
        return ok;
    }
    text_add(&e->text, "%s", emit_scalar_text(e, f->type, at, size));
    return true;
}

/* An array of up to two dimensions. */
static bool write_field(struct emitter *e, const struct emit_field *f, const uint8_t *at, size_t size, int dim,
                        int depth)
{
    const size_t count = dim < 2 ? f->dim[dim] : 0;
    if (count == 0) {
        return write_value(e, f, at, size, depth);
    }
    text_add(&e->text, "{");
    for (size_t i = 0; i < count; i++) {
        text_add(&e->text, i > 0 ? ", " : "");
        if (!write_field(e, f, at + i * (size / count), size / count, dim + 1, depth)) {
            return false;
        }
    }
    text_add(&e->text, "}");
    return true;
}

/* The fields of a struct between its braces, each line of the outermost with its name. */
static bool write_struct(struct emitter *e, const struct emit_struct *s, const uint8_t *at, int depth)
{
    bool is_first = true;
    for (const struct emit_field *f = s->fields; f->name != NULL; f++) {
        if (emit_is_left_out(e, f)) {
            continue;
        }
        text_add(&e->text, is_first ? "" : ", ");
        is_first = false;
        if (!write_field(e, f, at + f->offset, f->size, 0, depth)) {
            return false;
        }
    }
    return true;
}

/* The name under which equal parameters were written; else they are remembered under their own. */
static const char *find_written(struct emitter *e, const struct written *params)
{
    for (int32_t i = 0; i < e->written_count; i++) {
        const struct written *w = &e->written[i];
        if (strcmp(w->type, params->type) == 0 && w->body.size == params->body.size &&
            (w->body.size == 0 || memcmp(w->body.data, params->body.data, w->body.size) == 0)) {
            return w->name;
        }
    }
    ARENA_GROW(e->plan->arena, e->written, e->written_count, e->written_capacity);
    e->written[e->written_count++] = *params;
    return params->name;
}

static bool write_params(struct emitter *e, const struct emit_struct *params, const uint8_t *at)
{
    for (const struct emit_field *f = params->fields; f->name != NULL; f++) {
        if (emit_is_left_out(e, f)) {
            continue;
        }
        text_add(&e->text, "    /* %s */ ", f->name);
        if (!write_field(e, f, at + f->offset, f->size, 0, 1)) {
            return false;
        }
        text_add(&e->text, ",\n");
    }
    return true;
}

bool emit_params(struct emitter *e, int32_t step)
{
    const struct plan_step *s = &e->plan->steps[step];
    if (emit_is_call(s)) {
        return true;
    }
    const char *struct_name = arena_printf(e->plan->arena, "mote_%s", plan_kernels[s->kernel].params_name);
    const struct emit_struct *params = emit_find_struct(struct_name);
    if (params == NULL) {
        return diag_fail(e->diag, "the fields of struct %s are not known to the emitter", struct_name);
    }
    const char *name = arena_printf(e->plan->arena, "%slayer_%d", e->prefix, step);
    const size_t before = e->text.size;
    emit_layer_title(e, step);
    const size_t titled = e->text.size;
    if (!write_targets(e, params, s->params, name)) {
        return false;
    }
    struct text all = e->text;
    e->text = (struct text){.arena = e->plan->arena};
    const bool ok = write_params(e, params, s->params);
    struct written written = {params->name, arena_printf(e->plan->arena, "%s_params", name), e->text};
    e->text = all;
    e->params[step] = find_written(e, &written);
    if (e->params[step] == written.name) {
        e->flash_size += params->size;
        e->param_size += params->size;
        text_add(&e->text, "static const %sstruct %s_%s %s = {\n%.*s};\n", e->flash, e->lower, params->name + 5,
                 written.name, (int)written.body.size, written.body.size > 0 ? written.body.data : "");
    } else if (e->text.size == titled) {
        e->text.size = before;
    }
    return ok;
}
