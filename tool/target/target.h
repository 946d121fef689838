/* SPDX-License-Identifier: MIT
 *
 * Chips and boards: what the data files in target/ say. They are part of the program, so that it needs no folder.
 */
#ifndef TARGET_H
#define TARGET_H

#include "../base/base.h"

/* A file of the folder target/, made part of the program by scripts/embed.py. */
struct target_file {
    const char *name; /* "cortex-m4.core", "firmware/main.c" */
    const char *text;
};

/* Ends with a NULL name. */
extern const struct target_file target_files[];

enum { TARGET_MAX_COSTS = 24 };

/* Cycles of a kind of instruction. */
struct target_cost {
    const char *name;
    int32_t cycles;
};

struct target_memory {
    uint32_t base, size; /* bytes */
};

/* What was left out is NULL or 0. */
struct target_core {
    const char *name, *about;
    const char *features;                                                  /* words: dsp fpu mve v6m v7m */
    const char *compiler, *flags, *link_flags, *package, *library_package; /* Debian's packages */
    const char *firmware; /* start-up code: firmware/start_<firmware>.c; NULL: can only be compiled */
    const char *emulator, *emulator_package;                             /* NULL: runs right here */
    struct target_memory emulator_vectors, emulator_flash, emulator_ram; /* vectors: where they are not in flash */
    bool separate_flash;    /* a memory of its own, by other instructions */
    const char *costs_from; /* the document */
    struct target_cost costs[TARGET_MAX_COSTS];
    int32_t cost_count;
    double code_ratio; /* bytes of code for each on a Cortex-M4; 0: 1 */
    double cycles_per_mac,
        cycles_per_mac_depthwise; /* as mote bench finds them on convolutional models; 0: not known */
};

struct target_board {
    const char *name, *about;
    const char *core;
    uint32_t ram, flash; /* bytes */
    uint32_t clock;      /* Hz */
};

/* The file with that name; NULL: there is none. */
const struct target_file *target_find_file(const char *name);

/* Names of all cores, or of all boards, in alphabetical order, ending with NULL. */
const char *const *target_core_names(struct arena *arena);
const char *const *target_board_names(struct arena *arena);

/* Reads one of them. Fails with the line of what is wrong. */
bool target_read_core(const char *name, struct target_core *core, struct arena *arena, struct diag *diag);
bool target_read_board(const char *name, struct target_board *board, struct arena *arena, struct diag *diag);

/* The same from text at hand; `file` names it in messages. */
bool target_parse_core(const char *file, const char *text, struct target_core *core, struct arena *arena,
                       struct diag *diag);
bool target_parse_board(const char *file, const char *text, struct target_board *board, struct arena *arena,
                        struct diag *diag);

/* Cycles of a kind of instruction; `otherwise` where the core does not tell. */
int32_t target_find_cost(const struct target_core *core, const char *name, int32_t otherwise);

#endif
