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
#define KERNEL_FOR(target, name, params) KERNEL_##name##__##target,
#include "../../mote/kernel/kernel.def"
#undef KERNEL
#undef KERNEL_FOR
    KERNEL_COUNT
};

struct plan_kernel {
    const char *name;        /* "conv2d_s8", "conv2d_s8__arm_dsp" */
    const char *source;      /* "conv2d_s8.c", "arm_dsp/conv2d_s8.c" */
    const char *params_name; /* "conv2d": struct mote_conv2d */
    size_t params_size;
    mote_kernel *function; /* NULL: it runs on its target only */
};

extern const struct plan_kernel plan_kernels[KERNEL_COUNT];

enum { NO_BUFFER = -1 };

struct plan_step {
    const struct node *node; /* NULL: none, a step of the planner itself */
    enum kernel kernel;
    void *params; /* plan_kernels[kernel].params_size bytes */
    struct mote_port *in, *out;
    int32_t in_count, out_count;
    int32_t rows, image_rows; /* as in struct mote_step */
    size_t scratch_size;      /* bytes */
    uint32_t scratch;         /* offset in the arena */
    double work, worst;       /* of plans that it runs: in one turn, in all turns that a loop may take; 0: none */
    struct plan *called[2];   /* these plans; NULL: none */
    int32_t *is_cut;          /* set to 1 by a loop that had to end before its time; NULL: it is no loop */
    int32_t in_place;         /* buffer whose rows output 0 may overwrite as it goes; NO_BUFFER: none */
};

/* Memory for one tensor, or for several that are views of each other. */
struct plan_buffer {
    const char *name;
    enum type type;
    size_t size;      /* bytes */
    const void *data; /* constant: takes no room in the arena */
    bool is_state, is_input, is_output;
    bool is_lasting;  /* an output that stays while the next input is fed */
    bool is_external; /* an input that is fed row by row: never whole on the device, outside of the tensors' memory */
    uint8_t fill;     /* first value of a state, in every byte, where init is NULL */
    const void *init;
    int32_t writer;         /* first step that writes it; -1: none (inputs, states) */
    int32_t last_user;      /* last step that reads or writes it; -1: none */
    int32_t row_count;      /* rows in which every step sees it; 1: only as a whole */
    int32_t row_bytes;      /* size / row_count */
    bool is_split;          /* each row has a place of its own */
    int32_t most_rows;      /* rows alive at once */
    int32_t peak_rows;      /* rows alive when the whole model needs the most memory */
    uint32_t offset, *rows; /* place in the arena, bytes: of all, or of each row if split */
};

/* Memory that parameters point to, besides the graph's constants. */
struct plan_table {
    const void *data;
    size_t count, size; /* elements, bytes of one */
};

/* Steps that run interleaved, row by row: [first, first + count) of the plan's order. */
struct plan_segment {
    int32_t first, count;
};

enum plan_schedule { PLAN_STREAM, PLAN_LAYERS, PLAN_FED };

struct plan {
    struct arena *arena;
    struct graph *graph;
    struct plan_step *steps; /* in the order they run */
    int32_t step_count;
    struct plan_buffer *buffers;
    int32_t buffer_count;
    int32_t *buffer_of; /* tensor index to buffer, NO_BUFFER where none */
    struct plan_table *tables;
    int32_t table_count, table_capacity;
    struct plan_segment *segments;
    int32_t segment_count;
    struct mote_firing *schedule;
    uint32_t schedule_count;
    uint32_t tensor_size; /* bytes of the arena that tensors and scratch memory take */
    uint32_t lower_bound; /* most bytes of them alive at once under this schedule; tensor_size cannot be less */
    int32_t peak_step;    /* step that runs when the most bytes are alive; step_count: none */
    uint32_t arena_size;  /* tensor_size and the executor's row pointers */
    enum plan_schedule how;
    unsigned features;
    double work, worst;      /* steps of computation of an invoke, without and with all turns that loops may take */
    bool is_small;           /* PLAN_SMALL was wished for */
    bool *is_minor;          /* [KERNEL_COUNT]: kernels whose code had better be small than fast; NULL: none */
    bool has_minor_schedule; /* and whether that holds of what calls them */
    bool has_flash;          /* PLAN_FLASH: parameters point to a memory of its own */
    bool is_fed;             /* step 0 copies a row of the external input, when it comes, to its place */
    bool is_settled;         /* the search for a better schedule was cut short */
    struct mote_plan code;   /* what the device executes */
};

static inline bool plan_in_arena(const struct plan_buffer *b) { return b->data == NULL && !b->is_external; }

/* What a core can do beyond plain C, in bits; and what is wished for. */
enum {
    PLAN_DSP = 1,         /* Arm's DSP extension */
    PLAN_MVE = 2,         /* Helium, Arm's M-profile vector extension */
    PLAN_V7M = 4,         /* Cortex-M3 */
    PLAN_V6M = 8,         /* Cortex-M0, Cortex-M0+ */
    PLAN_AVR = 16,        /* AVR with a multiplier */
    PLAN_FLASH = 1 << 15, /* flash is a memory of its own: no row lies in it */
    PLAN_SMALL = 1 << 16, /* the least flash: portable kernels, which layers share, and packed tables */
    PLAN_SPEED = 1 << 17, /* the least time, whatever code it takes; without both, code that is worth it */
};

/* Plans the whole graph, in the least RAM. `graph` must have passed ir_check and shape inference.
 * PLAN_STREAM interleaves layers row by row where that saves memory; PLAN_LAYERS runs one after the other; PLAN_FED
 * streams, and takes the rows of the one input as they come. */
bool plan_graph(struct graph *graph, enum plan_schedule how, struct plan *plan, struct diag *diag);

/* The same for a core with `features`, with kernels that only it can run. */
bool plan_graph_for(struct graph *graph, enum plan_schedule how, unsigned features, struct plan *plan,
                    struct diag *diag);

/*** What lies where in the arena, and when ***/

/* Rows of one tensor that follow each other and live equally long. */
struct plan_block {
    int32_t buffer;
    uint32_t offset, size; /* bytes */
    int32_t first, last;   /* firings, from 0 */
};

struct plan_map {
    struct plan_block *blocks; /* in the plan's arena */
    int32_t count, firings;
};

/* Scratch memory is left out. No two blocks share a byte at a time, but where a step writes in place. */
struct plan_map plan_make_map(const struct plan *plan);

/* Plans one node by itself: inputs constant or absent, outputs in the arena. For constant folding. */
bool plan_node(struct graph *graph, struct node *node, struct plan *plan, struct diag *diag);

/* Whether there is a kernel for the node as it is, apart from what else the model is. */
bool plan_can_lower(struct graph *graph, struct node *node, struct diag *diag);

#endif
