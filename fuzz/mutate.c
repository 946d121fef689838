/* SPDX-License-Identifier: MIT
 *
 * A mutator that knows flatbuffers: it walks from the root along offsets to some table, vector or scalar, as the
 * reader would, and changes what it finds there. Half of the time the fuzzer's own mutations are used.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

enum { MAX_DEPTH = 8 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static uint32_t load(const uint8_t *data, size_t at, size_t bytes)
{
    uint32_t value = 0;
    memcpy(&value, data + at, bytes);
    return value;
}

/* A field slot of the table at `at`; 0 if there is none in bounds. */
static size_t pick_field(const uint8_t *data, size_t size, size_t at, uint32_t *state)
{
    const int64_t vtable = (int64_t)at - (int32_t)load(data, at, 4);
    if (vtable < 0 || (size_t)vtable + 6 > size) {
        return 0;
    }
    const uint32_t fields = (load(data, (size_t)vtable, 2) - 4) / 2;
    if (fields == 0 || fields > 64) {
        return 0;
    }
    const size_t entry = (size_t)vtable + 4 + 2 * (next_random(state) % fields);
    if (entry + 2 > size) {
        return 0;
    }
    const size_t slot = at + load(data, entry, 2);
    return slot == at || slot + 4 > size ? 0 : slot;
}

/* An element of the vector at `at`, as if of 4 bytes; 0 if it is empty or too long. */
static size_t pick_element(const uint8_t *data, size_t size, size_t at, uint32_t *state)
{
    const uint32_t count = load(data, at, 4);
    if (count == 0 || count > size / 4) {
        return 0;
    }
    const size_t slot = at + 4 + 4 * (size_t)(next_random(state) % count);
    return slot + 4 > size ? 0 : slot;
}

/* The place of some value: follows offsets at random, taking what they lead to for a table or for a vector. */
static size_t walk(const uint8_t *data, size_t size, uint32_t *state)
{
    size_t at = 0;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
        const uint32_t offset = load(data, at, 4);
        if (offset == 0 || offset > size || at + offset + 4 > size || (depth > 1 && next_random(state) % 8 == 0)) {
            break;
        }
        const size_t target = at + offset;
        size_t slot = pick_field(data, size, target, state);
        if (slot == 0 || next_random(state) % 3 == 0) {
            const size_t element = pick_element(data, size, target, state);
            slot = element != 0 ? element : slot;
        }
        if (slot == 0) {
            return target;
        }
        at = slot;
    }
    return at;
}

static uint32_t interesting(uint32_t *state, size_t size)
{
    static const uint32_t values[] = {0,          1,          2,          3,          4,          5,
                                      7,          8,          16,         31,         127,        128,
                                      255,        256,        0x7FFF,     0xFFFF,     0x7FFFFFFF, 0x80000000,
                                      0xFFFFFFFF, 0xFFFFFFFE, 0x3F800000, 0x7F800000, 0x7FC00000, 0x00000001,
                                      0x40000000, 0x10000};
    const uint32_t r = next_random(state);
    return r % 8 == 0 ? next_random(state) % (uint32_t)(size + 1) : values[r / 8 % (sizeof values / sizeof values[0])];
}

static void change_value(uint8_t *data, size_t size, uint32_t *state)
{
    const size_t at = walk(data, size, state), other = walk(data, size, state);
    uint32_t value = load(data, at, 4);
    switch (next_random(state) % 8) {
    case 0: /* what stands elsewhere */
        value = load(data, other, 4);
        break;
    case 1: /* an offset to elsewhere */
        value = (uint32_t)(other - at);
        break;
    case 2:
        value += next_random(state) % 9 - 4;
        break;
    case 3:
        value ^= UINT32_C(1) << next_random(state) % 32;
        break;
    case 4: /* one byte of it */
        value = (value & ~UINT32_C(255)) | (interesting(state, size) & 255);
        break;
    case 5: /* small numbers are what shapes, axes and strides are made of */
        value = next_random(state) % 6;
        break;
    default:
        value = interesting(state, size);
    }
    memcpy(data + at, &value, 4);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed;
    if (size < 16 || next_random(&state) % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (uint32_t n = 1 + next_random(&state) % 3; n > 0; n--) {
        change_value(data, size, &state);
    }
    return size;
}
