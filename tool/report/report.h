/* SPDX-License-Identifier: MIT
 *
 * What a model is made of and what it will cost: collected once, then written for people or for programs.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "../plan/plan.h"

struct report_operator {
    const struct node *node;
    int64_t macs, weight_bytes; /* a constant that several operators share counts for the first */
    int32_t segment;            /* operators of one segment run interleaved, row by row; -1: runs by itself */
};

/* A tensor in RAM when the most is in use. */
struct report_resident {
    const struct tensor *tensor; /* NULL: sums that the planner keeps, not a tensor of the model */
    const struct plan_buffer *buffer;
    int64_t bytes; /* of the rows that are alive */
};

struct report {
    const char *path;
    size_t file_size; /* bytes */
    const struct graph *graph;
    const struct plan *plan;
    struct report_operator *operators; /* in the order they run */
    int64_t macs, weight_bytes;        /* of all operators */
    uint32_t layered_size;             /* arena if one layer ran after the other, bytes */
    const struct node *peak;           /* operator that runs when the most RAM is in use; NULL: none runs */
    int64_t peak_scratch;              /* its scratch memory, bytes */
    struct report_resident *residents; /* by falling size */
    int32_t resident_count;
    const struct report_fit *fit; /* NULL: not asked for */
};

/* Whether a model fits on a board: an estimate, but for the arena and the constants. */
struct report_fit {
    const char *board, *about, *core;
    int64_t arena, stack, constants, code; /* bytes */
    int64_t ram, flash;                    /* bytes there are */
    uint32_t clock;                        /* Hz */
    double cycles;                         /* of an invoke; 0: not known */
};

int64_t report_fit_ram(const struct report_fit *fit);
int64_t report_fit_flash(const struct report_fit *fit);

/* Everything lives as long as the graph. */
void report_make(struct report *report, const char *path, size_t file_size, const struct plan *plan,
                 uint32_t layered_size);

/* For a person, in 80 columns; bars of block characters where the terminal knows them, which the current locale says. */
void report_text(const struct report *report, FILE *to);

/* As JSON text in memory from malloc; NULL: out of memory, or built without cJSON (has_json tells). */
extern const bool report_has_json;
char *report_json(const struct report *report);

/*** What a model costs on a core ***/

struct report_layer {
    const char *op, *name;
    const char *kernel;    /* in kernel.def, as name or name__target; NULL: of no layer */
    int64_t macs, outputs; /* elements of its first output */
    uint64_t instructions, cycles;
};

struct report_board {
    const char *name;
    uint32_t ram, flash, clock; /* bytes, Hz */
};

struct report_core {
    const char *name, *about, *costs_from;
    const char *optimize;              /* speed, size or balanced */
    struct report_layer *layers;       /* in the order they run; then the schedule, then the total */
    int32_t layer_count;               /* without these two */
    uint32_t arena, statics, stack;    /* bytes of RAM */
    uint32_t weights, constants, code; /* bytes of flash */
    struct report_board *boards;       /* with that core */
    int32_t board_count;
};

int64_t report_core_ram(const struct report_core *core);
int64_t report_core_flash(const struct report_core *core);

/* Milliseconds of an invoke. */
double report_core_ms(const struct report_core *core, const struct report_board *board);

/* For a person, in 80 columns. */
void report_core_text(const struct report_core *core, FILE *to);

/* One core by each of several wishes, a line each. */
void report_trade_text(const struct report_core *wishes, int32_t count, FILE *to);

/* Of several cores, as JSON text in memory from malloc, or NULL, as report_json. */
char *report_cores_json(const char *path, const struct report_core *cores, int32_t count);

/* A name from the model as printable ASCII, in `text` of at least `size` bytes: its first part up to ';', of that the
 * end if it is too long for `size` - 1 letters. Returns text. */
char *report_name(const char *name, char *text, size_t size);

/*** What a quantisation cost ***/

struct quant_report;

void report_quant_text(const struct quant_report *report, int32_t samples, FILE *to);

/* As JSON text in memory from malloc, or NULL, as report_json. */
char *report_quant_json(const char *path, const struct quant_report *report, int32_t samples);

#endif
