/* SPDX-License-Identifier: MIT
 *
 * The flexbuffer reader: values of every width and kind, and whatever one damaged byte or a cut can make of them. Only
 * a sanitizer sees a read out of bounds, so each buffer is allocated at its size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/read/flexbuffer.h"

/* {a: -2, b: true, c: 300}: 16-bit values */
static const uint8_t narrow[] = {
    'a',  0,    'b',  0, 'c', 0, 3, 7, 6, 5, /* count and offsets of the keys */
    3,    0,    1,    0, 3,   0,             /* back to the keys, their width, count */
    0xFE, 0xFF, 1,    0, 44,  1,             /* values */
    0x05, 0x69, 0x05,                        /* INT, BOOL, INT of 16 bits */
    9,    0x25, 1,                           /* root: back to the values, MAP of 16 bits, width 1 */
};

/* {i: 2^40 by indirection, f: 2.5}: 32-bit values */
static const uint8_t wide[] = {
    'f',  0,    'i', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,    0,    /* 2^40 */
    2,    17,   16,  0,                                           /* count and offsets of the keys */
    3,    0,    0,   0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x20, 0x40, /* 2.5F */
    28,   0,    0,   0,                                           /* back to 2^40 */
    0x0E, 0x1B,                                                   /* FLOAT of 32 bits, INDIRECT_INT of 64 */
    10,   0x26, 1,
};

static int failed;

static void expect(bool ok, const char *what)
{
    if (!ok) {
        printf("flexbuffer: %s\n", what);
        failed++;
    }
}

static bool is(const struct flex_map *map, const char *key, int64_t want)
{
    int64_t value;
    double real;
    return flex_find_int(map, key, &value) && value == want && flex_find_real(map, key, &real) && (int64_t)real == want;
}

/* Opens a copy that ends where its memory does, asks for every key. */
static void read_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    struct flex_map map;
    int64_t value;
    if (flex_open(&map, copy, size)) {
        for (const char *key = "a\0b\0c\0f\0i\0zz\0"; *key != '\0'; key += strlen(key) + 1) {
            flex_find_int(&map, key, &value);
        }
    }
    free(copy);
}

static void damage(const uint8_t *data, size_t size)
{
    uint8_t broken[64];
    for (size_t cut = 0; cut <= size; cut++) {
        read_copy(data, cut);
        read_copy(data + cut, size - cut);
    }
    for (size_t i = 0; i < size; i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(broken, data, size);
            broken[i] = (uint8_t)byte;
            read_copy(broken, size);
        }
    }
}

int main(void)
{
    struct flex_map map;
    int64_t value;
    expect(flex_open(&map, narrow, sizeof narrow), "opens");
    expect(is(&map, "a", -2) && is(&map, "b", 1) && is(&map, "c", 300), "16-bit values");
    expect(!flex_find_int(&map, "d", &value), "a key that is not there");
    expect(flex_open(&map, wide, sizeof wide), "opens");
    expect(is(&map, "i", INT64_C(1) << 40) && is(&map, "f", 2), "an indirect value, a float");
    expect(!flex_open(&map, NULL, 0), "nothing is no map");
    damage(narrow, sizeof narrow);
    damage(wide, sizeof wide);
    printf("flexbuffer: %s\n", failed == 0 ? "passed" : "failed");
    return failed != 0;
}
