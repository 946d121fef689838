/* SPDX-License-Identifier: MIT
 *
 * mote on the device: run a planned model. Freestanding C11; no allocation, no
 * globals; the caller gives the memory.
 *
 * A plan says which kernels run on which rows in which order, and where each tensor
 * lives in one block of RAM, the arena. It is constant, so it stays in flash. All
 * errors are found when the plan is made; nothing here can fail.
 *
 *     static uint8_t arena[ARENA_SIZE] __attribute__((aligned(MOTE_ARENA_ALIGN)));
 *     mote_init(&plan, arena);
 *     memcpy(mote_input(&plan, arena, 0), samples, plan.inputs[0].size);
 *     mote_invoke(&plan, arena);
 *     const int8_t *scores = mote_output(&plan, arena, 0);
 */
#ifndef MOTE_MOTE_H
#define MOTE_MOTE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MOTE_ARENA_ALIGN 16 /* alignment of the arena and of every tensor in it, bytes */

/* Where the bytes of a tensor are: constant data, one piece of the arena, or a place of its own
 * for each row, which rows that are not alive at the same time share. */
struct mote_buffer {
    const void *data;     /* constants, in flash; NULL: in the arena */
    uint32_t offset;      /* bytes from the start of the arena */
    const uint32_t *rows; /* the same for each row; NULL: all rows follow each other at `offset` */
};

/* How a step sees one of its tensors as rows.
 *
 * Output row y belongs to image n = y / image_rows of the batch and is line v = y % image_rows
 * of it. As an input the port gives the `count` rows n * image_step + first + k * dilation,
 * k = 0 .. count - 1, where first = lines[v] if there is such a table, else v * stride - pad;
 * those outside of [0, rows) are NULL. As an output it gives row y * stride. */
struct mote_port {
    uint16_t buffer;      /* index into plan.buffers */
    uint16_t count;       /* rows in the window */
    int32_t row_bytes;    /* distance of two rows */
    int32_t rows;         /* rows of one image */
    int32_t image_step;   /* rows from one image to the next; 0: the same rows for all */
    int32_t stride;       /* 0: every output row sees the same window */
    int32_t dilation;     /* distance of the rows of a window */
    int32_t pad;          /* rows above the image */
    const int32_t *lines; /* first row of each window, for maps that are not affine; or NULL */
};

/* Row of the tensor that is number k in the window of output row y; -1 outside of the image. `image_rows` is that
 * of the step. */
static inline int32_t mote_port_row(const struct mote_port *port, int32_t image_rows, int32_t y, int32_t k)
{
    const int32_t image = y / image_rows, line = y % image_rows;
    const int32_t first = port->lines != NULL ? port->lines[line] : line * port->stride - port->pad;
    const int32_t row = first + k * port->dilation;
    return row < 0 || row >= port->rows ? -1 : image * port->image_step + row;
}

/* One operator, ready to run. */
struct mote_step {
    mote_kernel *kernel;
    const void *params;
    const struct mote_port *in, *out;
    uint16_t in_count, out_count;
    int32_t rows;       /* firings of a whole invoke: rows of output 0, all images */
    int32_t image_rows; /* output rows of one image */
    uint32_t scratch;   /* offset of the scratch memory in the arena */
};

/* Fire `count` rows of a step, from row `first`. The schedule is a list of these. */
struct mote_firing {
    uint16_t step;
    int32_t first, count;
};

/* An input or an output of the model. */
struct mote_tensor {
    uint16_t buffer;
    uint32_t size; /* bytes */
};

/* A tensor that keeps its value between invokes. */
struct mote_state {
    uint16_t buffer;
    uint8_t fill;     /* its first value, in every byte, where init is NULL */
    uint32_t size;    /* bytes */
    const void *init; /* its first value */
};

/* Everything that runs, and where. Constant, made by the planner. */
struct mote_plan {
    const struct mote_buffer *buffers;
    const struct mote_step *steps;
    const struct mote_firing *schedule;
    const struct mote_tensor *inputs, *outputs;
    const struct mote_state *states;
    uint16_t buffer_count, step_count, input_count, output_count, state_count;
    uint32_t schedule_count;
    uint32_t row_pointers; /* offset in the arena of the space for the row pointers of a firing */
    uint32_t arena_size;   /* bytes of RAM for everything but the stack */
};

/* Give every state tensor its first value. `arena`: plan->arena_size bytes, aligned to
 * MOTE_ARENA_ALIGN, owned by the caller, whatever it holds; used by one invoke at a time. */
void mote_init(const struct mote_plan *plan, void *arena);

/* Where to write input i before an invoke: plan->inputs[i].size bytes. The invoke may
 * overwrite them. */
void *mote_input(const struct mote_plan *plan, void *arena, int i);

/* Run the model once. */
void mote_invoke(const struct mote_plan *plan, void *arena);

/* Output i, plan->outputs[i].size bytes, valid until the next invoke. */
const void *mote_output(const struct mote_plan *plan, const void *arena, int i);

#ifdef __cplusplus
}
#endif

#endif
