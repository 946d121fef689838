/* SPDX-License-Identifier: MIT
 *
 * Runs a model on all inputs of case.bin, twice, and prints every output in hexadecimal. The arena is exactly as large
 * as the model asks for, is full of garbage, other garbage the second time, and lies between guard words.
 *
 * From the build: INPUT_SIZES and OUTPUT_SIZES, bytes, each with a comma behind it; INVOKES, sets of inputs in case.bin;
 * PASSES, 2 or 1; MODEL_FED, 1 where the input is taken row by row.
 */
#include "firmware.h"
#include "model.h"

extern const uint8_t case_data[];

enum { GUARD = 32, GUARD_BYTE = 0xA5, BYTES_A_LINE = 32 };

static const uint32_t input_sizes[] = {INPUT_SIZES 0}, output_sizes[] = {OUTPUT_SIZES 0};

/* In a section of its own, so that it does not count as static data. */
static struct {
    uint8_t before[GUARD], arena[MODEL_ARENA_SIZE], after[GUARD];
} memory __attribute__((aligned(MODEL_ARENA_ALIGN), section(".arena")));

static void put_number(const char *key, uint32_t number)
{
    char text[16];
    size_t i = sizeof text;
    text[--i] = '\0';
    text[--i] = '\n';
    do {
        text[--i] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    machine_put(key);
    machine_put(text + i);
}

static void put_bytes(const uint8_t *bytes, uint32_t size)
{
    static const char digits[] = "0123456789abcdef";
    char line[2 * BYTES_A_LINE + 2];
    while (size > 0) {
        size_t n = 0;
        for (; size > 0 && n < 2 * BYTES_A_LINE; size--, bytes++) {
            line[n++] = digits[*bytes >> 4];
            line[n++] = digits[*bytes & 15];
        }
        line[n++] = '\n';
        line[n] = '\0';
        machine_put("out ");
        machine_put(line);
    }
}

static void fill_garbage(uint32_t x)
{
    for (uint32_t i = 0; i < GUARD; i++) {
        memory.before[i] = memory.after[i] = GUARD_BYTE;
    }
    for (uint32_t i = 0; i < MODEL_ARENA_SIZE; i++) {
        x = x * 1664525 + 1013904223;
        memory.arena[i] = (uint8_t)(x >> 24);
    }
}

static uint32_t count_broken_guards(void)
{
    uint32_t broken = 0;
    for (uint32_t i = 0; i < GUARD; i++) {
        broken += memory.before[i] != GUARD_BYTE;
        broken += memory.after[i] != GUARD_BYTE;
    }
    return broken;
}

/* The bench counts between these two. */
__attribute__((noinline)) void bench_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void bench_end(void) { __asm__ volatile(""); }

/* Both return the bytes of stack it took. */
#if MODEL_FED
/* Samples come in parts of three quarters of a row, which end inside of rows and reach from one input into the next. */
enum {
    ROW_SAMPLES = MODEL_FEED_ROW_SIZE / MODEL_FEED_SAMPLE_SIZE,
    PART_SIZE = (ROW_SAMPLES - ROW_SAMPLES / 4) * MODEL_FEED_SAMPLE_SIZE
};
static const uint32_t size = (uint32_t)MODEL_FEED_ROWS * MODEL_FEED_ROW_SIZE;
static uint8_t part[PART_SIZE] __attribute__((aligned(MODEL_ARENA_ALIGN), section(".arena")));
static uint32_t fed; /* bytes of the input that came with the one before */

__attribute__((noinline)) static uint32_t invoke(const uint8_t *in, int is_last)
{
    machine_paint();
    bench_begin();
    for (int is_ready = 0; is_ready == 0;) {
        const uint32_t count = is_last && size - fed < PART_SIZE ? size - fed : PART_SIZE;
        for (uint32_t k = 0; k < count; k++) {
            part[k] = machine_read(in + fed + k);
        }
        fed += count;
        is_ready = model_feed_samples(memory.arena, (const void *)part, count / MODEL_FEED_SAMPLE_SIZE);
    }
    fed -= size;
    bench_end();
    return machine_stack();
}
#else
__attribute__((noinline)) static uint32_t invoke(const uint8_t *in, int is_last)
{
    (void)is_last;
    for (int i = 0; i < MODEL_INPUT_COUNT; i++) {
        uint8_t *to = (uint8_t *)model_input(memory.arena, i);
        for (uint32_t k = 0; k < input_sizes[i]; k++) {
            to[k] = machine_read(in++);
        }
    }
    machine_paint();
    bench_begin();
    model_invoke(memory.arena);
    bench_end();
    return machine_stack();
}
#endif

static void run_all(uint32_t garbage, uint32_t in_size)
{
    const uint8_t *in = case_data;
    uint32_t most = 0;
    fill_garbage(garbage);
    model_init(memory.arena);
    for (uint32_t n = 0; n < INVOKES; n++, in += in_size) {
        const uint32_t stack = invoke(in, n + 1 == INVOKES);
        most = stack > most ? stack : most;
        for (int i = 0; i < MODEL_OUTPUT_COUNT; i++) {
            put_bytes((const uint8_t *)model_output(memory.arena, i), output_sizes[i]);
        }
    }
    put_number("guards ", count_broken_guards());
    put_number("stack ", most);
}

#ifdef KNOWN_LOOP
/* Under the names of layers, so that the bench tells them apart. */
__attribute__((noinline)) static void layer_0(void) { machine_known_loop(KNOWN_LOOP); }
__attribute__((noinline)) static void layer_1(void) { machine_known_loop(2 * KNOWN_LOOP); }

/* Between the calls is nothing that could count for one loop and not for the other. */
__attribute__((noinline)) static void run_known_loops(void)
{
    bench_begin();
    layer_0();
    layer_1();
    bench_end();
    __asm__ volatile("");
}
#endif

int main(void)
{
    uint32_t in_size = 0;
    for (int i = 0; i < MODEL_INPUT_COUNT; i++) {
        in_size += input_sizes[i];
    }
#ifdef KNOWN_LOOP
    run_known_loops();
#else
    for (uint32_t pass = 1; pass <= PASSES; pass++) {
        run_all(pass, in_size);
    }
#endif
    machine_put("done\n");
    machine_end();
    return 0;
}
