/* SPDX-License-Identifier: MIT */
#include "flatbuffer.h"

#include <string.h>

/* Room for `bytes` zeros at a multiple of `align`; returns where. */
static size_t reserve(struct flat *f, size_t bytes, size_t align)
{
    const size_t at = (f->size + align - 1) / align * align;
    f->size = at + bytes;
    return at;
}

void flat_put(struct flat *f, size_t at, int64_t value, int bytes)
{
    for (int i = 0; i < bytes && f->data != NULL; i++) {
        f->data[at + (size_t)i] = (uint8_t)((uint64_t)value >> 8 * i);
    }
}

static void link_to(struct flat *f, size_t from, size_t to) { flat_put(f, from, (int64_t)(to - from), 4); }

void flat_begin(struct flat *f, const char identifier[4])
{
    reserve(f, 8, 8);
    if (f->data != NULL) {
        memcpy(f->data + 4, identifier, 4);
    }
}

void flat_set(struct flat_table *t, int field, int bytes, int64_t value, int64_t absent)
{
    if (value != absent) {
        t->field[field].value = value;
        t->field[field].bytes = (uint8_t)bytes;
    }
}

void flat_set_float(struct flat_table *t, int field, float value, float absent)
{
    int32_t bits, absent_bits;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&absent_bits, &absent, sizeof absent_bits);
    flat_set(t, field, 4, bits, absent_bits);
}

void flat_set_link(struct flat_table *t, int field) { t->field[field].bytes = 4; }

/* Where the fields lie in the table: the wide ones first, so that none needs padding before it. */
static struct flat_vtable lay_out(const struct flat_table *t)
{
    struct flat_vtable v = {0};
    uint16_t size = 4, count = 0;
    for (int bytes = 4; bytes >= 1; bytes -= 3) {
        for (uint16_t i = 0; i < FLAT_FIELDS; i++) {
            if (t->field[i].bytes == bytes) {
                v.words[2 + i] = size;
                size = (uint16_t)(size + bytes);
                count = i >= count ? (uint16_t)(i + 1) : count;
            }
        }
    }
    v.words[0] = (uint16_t)(4 + 2 * count);
    v.words[1] = size;
    return v;
}

static size_t find_vtable(struct flat *f, struct flat_vtable *v)
{
    for (int i = 0; i < f->vtable_count; i++) {
        if (memcmp(f->vtables[i].words, v->words, sizeof v->words) == 0) {
            return f->vtables[i].at;
        }
    }
    v->at = reserve(f, v->words[0], 2);
    for (size_t i = 0; i < v->words[0] / sizeof v->words[0]; i++) {
        flat_put(f, v->at + 2 * i, v->words[i], 2);
    }
    if (f->vtable_count < FLAT_VTABLES) {
        f->vtables[f->vtable_count++] = *v;
    }
    return v->at;
}

void flat_add_table(struct flat *f, size_t from, struct flat_table *t)
{
    struct flat_vtable v = lay_out(t);
    const size_t vtable = find_vtable(f, &v), table = reserve(f, v.words[1], 4);
    flat_put(f, table, (int64_t)(table - vtable), 4);
    for (int i = 0; i < FLAT_FIELDS; i++) {
        if (t->field[i].bytes > 0) {
            t->at[i] = table + v.words[2 + i];
            flat_put(f, t->at[i], t->field[i].value, t->field[i].bytes);
        }
    }
    link_to(f, from, table);
}

size_t flat_add_vector(struct flat *f, size_t from, size_t count, size_t bytes, size_t align)
{
    reserve(f, 4, 4);
    const size_t first = reserve(f, count * bytes, align > 4 ? align : 4);
    flat_put(f, first - 4, (int64_t)count, 4);
    link_to(f, from, first - 4);
    return first;
}

void flat_add_bytes(struct flat *f, size_t from, const void *data, size_t size, size_t align)
{
    const size_t first = flat_add_vector(f, from, size, 1, align);
    if (f->data != NULL && size > 0) {
        memcpy(f->data + first, data, size);
    }
}

void flat_add_ints(struct flat *f, size_t from, const int32_t *values, int32_t count)
{
    const size_t first = flat_add_vector(f, from, (size_t)count, 4, 4);
    for (int32_t i = 0; i < count; i++) {
        flat_put(f, first + 4 * (size_t)i, values[i], 4);
    }
}

void flat_add_text(struct flat *f, size_t from, const char *text)
{
    flat_add_bytes(f, from, text, strlen(text), 4);
    reserve(f, 1, 1); /* a closing 0, which the length does not count */
}
