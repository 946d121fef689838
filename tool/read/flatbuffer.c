/* SPDX-License-Identifier: MIT */
#include "flatbuffer.h"

#include <string.h>

static bool inside(const struct fb *fb, size_t at, uint64_t bytes) { return at <= fb->size && bytes <= fb->size - at; }

static bool bad(struct fb *fb, const char *what, size_t at)
{
    return diag_fail(fb->diag, "damaged file: %s at byte %zu reaches beyond its end", what, at);
}

/* Little-endian, sign-extended. The caller has checked the bounds. */
static int64_t load(const struct fb *fb, size_t at, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) {
        v |= (uint64_t)fb->data[at + (size_t)i] << (8 * i);
    }
    const int unused = 64 - 8 * bytes;
    return (int64_t)(v << unused) >> unused;
}

static uint32_t load_u32(const struct fb *fb, size_t at) { return (uint32_t)load(fb, at, 4); }

static struct fb_table table_at(struct fb *fb, size_t at)
{
    const struct fb_table none = {.fb = fb};
    if (at == 0 || !inside(fb, at, 4)) {
        bad(fb, "a table", at);
        return none;
    }
    const int64_t vtable = (int64_t)at - load(fb, at, 4);
    if (vtable < 0 || !inside(fb, (size_t)vtable, 4)) {
        bad(fb, "the vtable of a table", at);
        return none;
    }
    const struct fb_table t = {fb, at, (size_t)vtable, (uint16_t)load(fb, (size_t)vtable, 2),
                               (uint16_t)load(fb, (size_t)vtable + 2, 2)};
    if (!inside(fb, t.vtable, t.vtable_size) || !inside(fb, at, t.size)) {
        bad(fb, "a table", at);
        return none;
    }
    return t;
}

/* Where a field of `bytes` bytes lies; 0 if it is absent. */
static size_t field_at(const struct fb_table *t, int field, int bytes)
{
    const size_t slot = 4 + 2 * (size_t)field;
    if (t->at == 0 || slot + 2 > t->vtable_size) {
        return 0;
    }
    const uint16_t offset = (uint16_t)load(t->fb, t->vtable + slot, 2);
    if (offset == 0) {
        return 0;
    }
    if ((uint32_t)offset + (uint32_t)bytes > t->size) {
        bad(t->fb, "a field of the table", t->at);
        return 0;
    }
    return t->at + offset;
}

/* Where the offset stored at `at` leads; 0 if out of bounds. */
static size_t follow(struct fb *fb, size_t at)
{
    const uint32_t offset = load_u32(fb, at);
    if (offset == 0 || !inside(fb, at, (uint64_t)offset + 4)) {
        bad(fb, "an offset", at);
        return 0;
    }
    return at + offset;
}

struct fb_table fb_root(struct fb *fb)
{
    if (!inside(fb, 0, 8)) {
        bad(fb, "the root", 0);
        return (struct fb_table){.fb = fb};
    }
    return table_at(fb, load_u32(fb, 0));
}

int64_t fb_int(const struct fb_table *t, int field, int bytes, int64_t absent)
{
    const size_t at = field_at(t, field, bytes);
    return at == 0 ? absent : load(t->fb, at, bytes);
}

static float load_float(const struct fb *fb, size_t at)
{
    const uint32_t bits = load_u32(fb, at);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

float fb_float(const struct fb_table *t, int field, float absent)
{
    const size_t at = field_at(t, field, 4);
    return at == 0 ? absent : load_float(t->fb, at);
}

struct fb_table fb_sub(const struct fb_table *t, int field)
{
    const size_t at = field_at(t, field, 4);
    const size_t to = at == 0 ? 0 : follow(t->fb, at);
    return to == 0 ? (struct fb_table){.fb = t->fb} : table_at(t->fb, to);
}

struct fb_vector fb_vector(const struct fb_table *t, int field, int bytes)
{
    const struct fb_vector none = {.fb = t->fb};
    const size_t at = field_at(t, field, 4);
    const size_t to = at == 0 ? 0 : follow(t->fb, at);
    if (to == 0) {
        return none;
    }
    const uint32_t count = load_u32(t->fb, to);
    if (!inside(t->fb, to + 4, (uint64_t)count * (uint64_t)bytes)) {
        bad(t->fb, "a vector", to);
        return none;
    }
    return (struct fb_vector){t->fb, to + 4, count};
}

int64_t fb_vector_int(const struct fb_vector *v, uint32_t i, int bytes)
{
    return i < v->count ? load(v->fb, v->at + (size_t)i * (size_t)bytes, bytes) : 0;
}

float fb_vector_float(const struct fb_vector *v, uint32_t i)
{
    return i < v->count ? load_float(v->fb, v->at + 4 * (size_t)i) : 0;
}

static size_t element(const struct fb_vector *v, uint32_t i)
{
    return i < v->count ? follow(v->fb, v->at + 4 * (size_t)i) : 0;
}

struct fb_table fb_vector_table(const struct fb_vector *v, uint32_t i)
{
    const size_t to = element(v, i);
    return to == 0 ? (struct fb_table){.fb = v->fb} : table_at(v->fb, to);
}

static const char *string_at(struct fb *fb, size_t at, struct arena *arena)
{
    if (at == 0) {
        return "";
    }
    const uint32_t length = load_u32(fb, at);
    if (!inside(fb, at + 4, length)) {
        bad(fb, "a string", at);
        return "";
    }
    char *copy = arena_alloc(arena, (size_t)length + 1);
    memcpy(copy, fb->data + at + 4, length);
    return copy;
}

const char *fb_string(const struct fb_table *t, int field, struct arena *arena)
{
    const size_t at = field_at(t, field, 4);
    return at == 0 ? "" : string_at(t->fb, follow(t->fb, at), arena);
}

const char *fb_vector_string(const struct fb_vector *v, uint32_t i, struct arena *arena)
{
    return string_at(v->fb, element(v, i), arena);
}
