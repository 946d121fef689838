/* SPDX-License-Identifier: MIT
 *
 * The keys, each with a closing 0; offsets back to each key; then the map: offset back to those, width of the keys,
 * number of values, the values, a byte of type for each; last the offset back to the values, type and width of the
 * root. See read/flexbuffer.h.
 */
#include "flexbuffer.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 4, LOG2_WIDTH = 2, TYPE_INT = 1, TYPE_FLOAT = 3, TYPE_MAP = 9, TYPE_BOOL = 26 };

static void put(uint8_t *to, size_t value)
{
    for (int i = 0; i < WIDTH; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct flex_entry *)a)->key, ((const struct flex_entry *)b)->key);
}

struct file flex_write(struct flex_entry entries[], int count, struct arena *arena)
{
    size_t key_at[FLEX_MOST], text = 0;
    qsort(entries, (size_t)count, sizeof *entries, compare);
    for (int i = 0; i < count; i++) {
        key_at[i] = text;
        text += strlen(entries[i].key) + 1;
    }
    const size_t n = (size_t)count, keys = (text + WIDTH - 1) / WIDTH * WIDTH + WIDTH, map = keys + n * WIDTH;
    const size_t values = map + 3 * WIDTH, types = values + n * WIDTH, root = types + n;
    uint8_t *data = ARENA_ARRAY(arena, root + WIDTH + 2, uint8_t);
    put(data + keys - WIDTH, n); /* the keys are a vector */
    put(data + map, map - keys);
    put(data + map + WIDTH, WIDTH);
    put(data + map + 2 * WIDTH, n);
    for (size_t i = 0; i < n; i++) {
        memcpy(data + key_at[i], entries[i].key, strlen(entries[i].key));
        put(data + keys + i * WIDTH, keys + i * WIDTH - key_at[i]);
        put(data + values + i * WIDTH, (size_t)(uint32_t)entries[i].value);
        data[types + i] = (uint8_t)((entries[i].is_bool    ? TYPE_BOOL
                                     : entries[i].is_float ? TYPE_FLOAT
                                                           : TYPE_INT)
                                        << 2 |
                                    LOG2_WIDTH);
    }
    put(data + root, root - values);
    data[root + WIDTH] = TYPE_MAP << 2 | LOG2_WIDTH;
    data[root + WIDTH + 1] = WIDTH;
    return (struct file){data, root + WIDTH + 2};
}
