/* SPDX-License-Identifier: MIT */
#include "flexbuffer.h"

#include <string.h>

enum {
    TYPE_INT = 1,
    TYPE_UINT,
    TYPE_FLOAT,
    TYPE_INDIRECT_INT = 6,
    TYPE_INDIRECT_UINT,
    TYPE_INDIRECT_FLOAT,
    TYPE_MAP = 9,
    TYPE_BOOL = 26
};

static bool inside(const struct flex_map *map, size_t at, uint64_t bytes)
{
    return at <= map->size && bytes <= map->size - at;
}

/* Little-endian. The caller has checked the bounds. */
static uint64_t load(const struct flex_map *map, size_t at, size_t width)
{
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++) {
        v |= (uint64_t)map->data[at + i] << (8 * i);
    }
    return v;
}

/* Where the offset stored at `at` leads. */
static bool follow(const struct flex_map *map, size_t at, size_t width, size_t *to)
{
    if (!inside(map, at, width)) {
        return false;
    }
    const uint64_t offset = load(map, at, width);
    if (offset > at) {
        return false;
    }
    *to = at - (size_t)offset;
    return true;
}

static bool is_width(uint64_t width) { return width == 1 || width == 2 || width == 4 || width == 8; }

bool flex_open(struct flex_map *map, const uint8_t *data, size_t size)
{
    *map = (struct flex_map){.data = data, .size = size};
    if (size < 3) {
        return false;
    }
    const size_t root_width = data[size - 1];
    const uint8_t packed = data[size - 2];
    if (!is_width(root_width) || root_width > size - 2 || packed >> 2 != TYPE_MAP) {
        return false;
    }
    map->width = (size_t)1 << (packed & 3);
    if (!follow(map, size - 2 - root_width, root_width, &map->values) || map->values < 3 * map->width) {
        return false;
    }
    map->count = load(map, map->values - map->width, map->width);
    const uint64_t key_width = load(map, map->values - 2 * map->width, map->width);
    if (map->count > size || !inside(map, map->values, map->count * (map->width + 1)) || !is_width(key_width)) {
        return false;
    }
    map->key_width = (size_t)key_width;
    return follow(map, map->values - 3 * map->width, map->width, &map->keys) &&
           inside(map, map->keys, map->count * key_width);
}

static bool key_equals(const struct flex_map *map, uint64_t i, const char *key)
{
    size_t at;
    const size_t length = strlen(key) + 1;
    return follow(map, map->keys + (size_t)i * map->key_width, map->key_width, &at) && inside(map, at, length) &&
           memcmp(map->data + at, key, length) == 0;
}

static bool to_int(double real, int64_t *value)
{
    const double limit = 9223372036854775808.0;
    if (!(real >= -limit && real < limit)) {
        return false;
    }
    *value = (int64_t)real;
    return true;
}

static bool load_float(const struct flex_map *map, size_t at, size_t width, double *value)
{
    const uint64_t bits = load(map, at, width);
    const uint32_t low = (uint32_t)bits;
    float f;
    memcpy(&f, &low, sizeof f);
    memcpy(value, &bits, sizeof *value);
    *value = width == 4 ? (double)f : *value;
    return width == 4 || width == 8;
}

/* A value of the map: its type, and where it is. */
struct place {
    int type;
    size_t at, width;
};

static bool find(const struct flex_map *map, const char *key, struct place *place)
{
    for (uint64_t i = 0; i < map->count; i++) {
        if (!key_equals(map, i, key)) {
            continue;
        }
        const uint8_t packed = map->data[map->values + (size_t)map->count * map->width + (size_t)i];
        *place = (struct place){packed >> 2, map->values + (size_t)i * map->width, map->width};
        if (place->type >= TYPE_INDIRECT_INT && place->type <= TYPE_INDIRECT_FLOAT) {
            place->width = (size_t)1 << (packed & 3);
            return follow(map, place->at, map->width, &place->at) && inside(map, place->at, place->width);
        }
        return true;
    }
    return false;
}

static bool load_int(const struct flex_map *map, const struct place *p, int64_t *value)
{
    const size_t unused = 64 - 8 * p->width;
    double real;
    switch (p->type) {
    case TYPE_INT:
    case TYPE_INDIRECT_INT:
        *value = (int64_t)(load(map, p->at, p->width) << unused) >> unused;
        return true;
    case TYPE_UINT:
    case TYPE_INDIRECT_UINT:
    case TYPE_BOOL:
        *value = (int64_t)load(map, p->at, p->width);
        return *value >= 0;
    case TYPE_FLOAT:
    case TYPE_INDIRECT_FLOAT:
        return load_float(map, p->at, p->width, &real) && to_int(real, value);
    default:
        return false;
    }
}

bool flex_find_int(const struct flex_map *map, const char *key, int64_t *value)
{
    struct place place;
    return find(map, key, &place) && load_int(map, &place, value);
}

bool flex_find_real(const struct flex_map *map, const char *key, double *value)
{
    struct place place;
    int64_t integer = 0;
    if (!find(map, key, &place)) {
        return false;
    }
    if (place.type == TYPE_FLOAT || place.type == TYPE_INDIRECT_FLOAT) {
        return load_float(map, place.at, place.width, value);
    }
    const bool is_there = load_int(map, &place, &integer);
    *value = (double)integer;
    return is_there;
}
