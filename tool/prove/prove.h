/* SPDX-License-Identifier: MIT
 *
 * Proof that emitted C computes on a target what the host computes: it is built by the target's own compiler, together
 * with a small firmware of ours, runs on an emulated core, and every bit that comes out is compared.
 */
#ifndef PROVE_H
#define PROVE_H

#include "../emit/emit.h"
#include "../target/target.h"

/*** A folder for the work, and programs that run in it ***/

struct prove_folder {
    char path[96];
};

/* Makes a new folder where temporary files go. Interrupts no longer end this process at once, so that the folder can
 * be removed; closing it does that, and then lets an interrupt that came meanwhile have its way. */
bool prove_folder_open(struct prove_folder *folder, struct diag *diag);
void prove_folder_close(struct prove_folder *folder);

bool prove_is_interrupted(void);

/* Words of a command line, the last one NULL. */
struct prove_command {
    const char **words;
    int32_t count, capacity;
    struct arena *arena;
};

void prove_add_word(struct prove_command *command, const char *word);
void prove_add_words(struct prove_command *command, const char *words); /* separated by blanks */

/* What a program wrote, and how it ended. */
struct prove_output {
    struct file console; /* of file_open */
    bool is_late;        /* killed after the time limit */
    int status;          /* exit status; -1: ended by a signal */
};

/* Runs programs in the folder at the same time; what they write goes to files there. Fails where one cannot be started. */
bool prove_run(const struct prove_command commands[], int32_t count, const char *folder, int seconds,
               struct prove_output outputs[], struct diag *diag);

/* The end of what a program wrote, as text. */
const char *prove_console_text(const struct prove_output *output, struct arena *arena);

/* Whether a program of that name can be found. */
bool prove_has_program(const char *name);

/*** Building ***/

/* All inputs of invoke n, random or smooth, back to back. */
void prove_fill_inputs(const struct graph *graph, bool is_random, int32_t n, uint8_t *to);

/* A model, and what it must compute. */
struct prove_model {
    const struct plan *plan;        /* of the host, for types and sizes */
    const struct emit_files *files; /* named "model" */
    const uint8_t *in, *want;       /* `invokes` times all inputs, all outputs, back to back */
    int32_t invokes, passes;
    bool is_fed;
    int32_t layer_count; /* of the plan that was emitted, for counting */
};

enum prove_purpose { PROVE_VERIFY, PROVE_BENCH, PROVE_KNOWN_LOOP };
enum { PROVE_KNOWN_ROUNDS = 1000 };

/* A symbol of the program: a function or an object. */
struct prove_symbol {
    const char *name;
    uint32_t address, size;
    bool is_function;
};

/* The program, and what it takes. Sizes in bytes, without the firmware around the model; 0 where they are not known. */
struct prove_program {
    const char *path; /* in the folder */
    uint32_t arena, statics, code, constants;
    struct prove_symbol *symbols;
    int32_t symbol_count;
};

/* Which tool of the core is missing, as a sentence; NULL: none. */
const char *prove_missing_tool(const struct target_core *core, struct arena *arena);

/* Why the emulated machine has no room for the model, as a sentence; NULL: it may have. */
const char *prove_missing_memory(const struct target_core *core, const struct prove_model *model, struct arena *arena);

/* Writes the sources to a folder of the core's and builds them; what was compiled there before is used again. */
bool prove_build(const struct target_core *core, const struct prove_model *model, enum prove_purpose purpose,
                 const struct prove_folder *folder, struct arena *arena, struct prove_program *program,
                 struct diag *diag);

/*** Running ***/

struct prove_result {
    bool is_same;
    char difference[160]; /* what differs */
    uint32_t stack;       /* bytes; 0: not known */
};

/* The command that runs a program on the core; more words may be added to it. */
struct prove_command prove_emulator(const struct target_core *core, const struct prove_program *program,
                                    struct arena *arena);

/* Runs the program, holds what it prints against what it must compute. Fails where it does not run to its end. */
bool prove_check(const struct target_core *core, const struct prove_model *model, const struct prove_program *program,
                 const struct prove_folder *folder, struct arena *arena, struct prove_result *result,
                 struct diag *diag);

/*** Counting ***/

/* What a layer, or all that is not in one, costs in an invoke. */
struct prove_count {
    uint64_t instructions, cycles;
};

struct prove_counts {
    struct prove_count schedule; /* that finds whose turn it is */
    struct prove_count *layers;  /* of each of the plan's steps */
    struct prove_count total;
    uint32_t stack;
};

/* Which tool that counting needs is missing, as a sentence; NULL: none. */
const char *prove_missing_counter(const struct target_core *core, struct arena *arena);

/* Runs a program built for PROVE_BENCH once, and counts between the marks of the firmware. */
bool prove_count(const struct target_core *core, const struct prove_model *model, const struct prove_program *program,
                 const struct prove_folder *folder, struct arena *arena, struct prove_counts *counts,
                 struct diag *diag);

/* The counter checks itself: a loop of known cost must cost that. */
bool prove_check_counter(const struct target_core *core, const struct prove_model *model,
                         const struct prove_folder *folder, struct arena *arena, struct diag *diag);

/* The sizes of a program for the device; elf.c. */
bool prove_read_elf(const char *path, struct prove_program *program, struct arena *arena, struct diag *diag);

/* NULL: there is none of that name. */
const struct prove_symbol *prove_find_symbol(const struct prove_program *program, const char *name);

#endif
