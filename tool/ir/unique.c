/* SPDX-License-Identifier: MIT
 *
 * Which elements of a list are the same, by a hash table.
 */
#include <string.h>

#include "ir.h"

/* A float as the bits by which it is compared: 0 and -0 are the same number. */
static uint32_t float_bits(const uint8_t *at)
{
    uint32_t bits;
    memcpy(&bits, at, sizeof bits);
    return bits == UINT32_C(0x80000000) ? 0 : bits;
}

static uint32_t hash(enum type type, const uint8_t *element, int64_t bytes)
{
    uint32_t h = 2166136261;
    if (type == TYPE_F32) {
        for (int64_t i = 0; i < bytes; i += 4) {
            h = (h ^ float_bits(element + i)) * 16777619;
        }
    } else {
        for (int64_t i = 0; i < bytes; i++) {
            h = (h ^ element[i]) * 16777619;
        }
    }
    return h ^ h >> 15;
}

static bool is_same(enum type type, const uint8_t *a, const uint8_t *b, int64_t bytes)
{
    if (type != TYPE_F32) {
        return memcmp(a, b, (size_t)bytes) == 0;
    }
    for (int64_t i = 0; i < bytes; i += 4) {
        if (float_bits(a + i) != float_bits(b + i)) {
            return false;
        }
    }
    return true;
}

int32_t ir_unique(struct arena *arena, const struct ir_elements *e, int32_t place[], int32_t first[])
{
    const int64_t bytes = (int64_t)e->width * (ir_type_bits(e->type) / 8);
    uint32_t size = 16;
    while (size < 2 * (uint32_t)e->count) {
        size *= 2;
    }
    int32_t *table = ARENA_ARRAY(arena, size, int32_t); /* number of a distinct element plus 1; 0: free */
    int32_t found = 0;
    for (int32_t i = 0; i < e->count; i++) {
        const uint8_t *element = (const uint8_t *)e->data + i * bytes;
        uint32_t at = hash(e->type, element, bytes) & (size - 1);
        while (table[at] != 0 &&
               !is_same(e->type, element, (const uint8_t *)e->data + first[table[at] - 1] * bytes, bytes)) {
            at = (at + 1) & (size - 1);
        }
        if (table[at] == 0) {
            first[found++] = i;
            table[at] = found;
        }
        place[i] = table[at] - 1;
    }
    return found;
}
