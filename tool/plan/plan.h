/* SPDX-License-Identifier: MIT
 *
 * The planner: a graph becomes a plan, the program that runs on the device. It lowers each
 * operator to a step (kernel, parameters, row windows), chooses the order, makes the schedule,
 * and places every tensor in the arena.
 */
#ifndef PLAN_H
#define PLAN_H

#include "../../mote/mote.h"
#include "../ir/ir.h"

enum kernel {
#define KERNEL(name, params) KERNEL_##name,
#include "../../mote/kernel/kernel.def"
#undef KERNEL
    KERNEL_COUNT
};

struct plan_kernel {
    const char *name;        /* "conv2d_s8" */
    const char *params_name; /* "conv2d": struct mote_conv2d */
    size_t params_size;
    mote_kernel *function;
};

extern const struct plan_kernel plan_kernels[KERNEL_COUNT];

enum { NO_BUFFER = -1 };

struct plan_step {
    int32_t node; /* index in the graph */
    enum kernel kernel;
    void *params; /* plan_kernels[kernel].params_size bytes */
    struct mote_port *in, *out;
    int32_t in_count, out_count;
    int32_t rows, image_rows;    /* as in struct mote_step */
    size_t scratch_size;         /* bytes */
    uint32_t scratch;            /* offset in the arena */
    int32_t in_place;            /* input whose rows output 0 may overwrite as it goes; -1: none */
};

/* Memory for one tensor, or for several that are views of each other. */
struct plan_buffer {
    const char *name;
    size_t size;         /* bytes when whole */
    const void *data;    /* constant: takes no room in the arena */
    bool is_state;       /* lives forever */
    bool is_input, is_output;
    uint8_t fill;        /* first value of a state, in every byte, where init is NULL */
    const void *init;
    int32_t ring;        /* rows held; 0: whole */
    int32_t row_bytes;   /* of a ring */
    int32_t first, last; /* steps in which it is alive: written first, read last; -1: before the first step */
    uint32_t offset;     /* in the arena, bytes */
};

struct plan {
    struct arena *arena;
    struct graph *graph;
    struct plan_step *steps; /* in the order they run */
    int32_t step_count;
    struct plan_buffer *buffers;
    int32_t buffer_count;
    int32_t *buffer_of; /* tensor index to buffer, NO_BUFFER where none */
    struct mote_firing *schedule;
    uint32_t schedule_count;
    uint32_t arena_size, lower_bound; /* bytes; lower_bound: most bytes alive at once */
    struct mote_plan code;            /* what the device executes */
};

/* Plans the whole graph. `graph` must have passed ir_check and shape inference. */
bool plan_graph(struct graph *graph, struct plan *plan, struct diag *diag);

/* Plans one node by itself: inputs constant or absent, outputs in the arena. For constant folding. */
bool plan_node(struct graph *graph, struct node *node, struct plan *plan, struct diag *diag);

#endif
