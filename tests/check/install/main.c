/* SPDX-License-Identifier: MIT
 *
 * A user of the installed library: a plan by hand, one step with a kernel of its own, which doubles a 2x3 image.
 */
#include <mote/mote.h>
#include <stdio.h>
#include <string.h>

enum { HEIGHT = 2, WIDTH = 3, SIZE = HEIGHT * WIDTH, OUT_OFFSET = 16, POINTERS_OFFSET = 32, ARENA_SIZE = 64 };

static void double_row(const void *params, const struct mote_io *io)
{
    const int8_t *in = io->in[0];
    int8_t *out = io->out[0];
    for (int x = 0; x < *(const int *)params; x++) {
        out[x] = (int8_t)(in[x] * 2);
    }
}

static const int width = WIDTH;
static const struct mote_buffer buffers[] = {{NULL, 0, NULL}, {NULL, OUT_OFFSET, NULL}};
static const struct mote_port in = {
    .buffer = 0, .count = 1, .row_bytes = WIDTH, .rows = HEIGHT, .image_step = HEIGHT, .stride = 1, .dilation = 1};
static const struct mote_port out = {.buffer = 1, .row_bytes = WIDTH, .stride = 1};
static const struct mote_step step = {
    .kernel = double_row,
    .params = &width,
    .in = &in,
    .out = &out,
    .in_count = 1,
    .out_count = 1,
    .rows = HEIGHT,
    .image_rows = HEIGHT,
};
static const struct mote_firing schedule = {0, 0, HEIGHT};
static const struct mote_tensor input = {0, SIZE}, output = {1, SIZE};
static const struct mote_plan plan = {
    .buffers = buffers,
    .steps = &step,
    .schedule = &schedule,
    .inputs = &input,
    .outputs = &output,
    .buffer_count = 2,
    .step_count = 1,
    .input_count = 1,
    .output_count = 1,
    .schedule_count = 1,
    .row_pointers = POINTERS_OFFSET,
    .arena_size = ARENA_SIZE,
};

int main(void)
{
    static _Alignas(MOTE_ARENA_ALIGN) unsigned char arena[ARENA_SIZE];
    const int8_t pixels[SIZE] = {0, 1, -2, 30, 63, -64}, want[SIZE] = {0, 2, -4, 60, 126, -128};
    mote_init(&plan, arena);
    memcpy(mote_input(&plan, arena, 0), pixels, SIZE);
    mote_invoke(&plan, arena);
    if (memcmp(mote_output(&plan, arena, 0), want, SIZE) != 0) {
        fprintf(stderr, "the outputs are not twice the inputs\n");
        return 1;
    }
    return 0;
}
