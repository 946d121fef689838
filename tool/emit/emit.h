/* SPDX-License-Identifier: MIT
 *
 * The emitter: a plan becomes plain C for the device. What it writes is data and calls; all logic is in the
 * kernels, whose sources go along.
 */
#ifndef EMIT_H
#define EMIT_H

#include "../plan/plan.h"

struct emit_file {
    const char *name; /* without a folder */
    const char *text;
    size_t size; /* bytes */
};

struct emit_files {
    struct emit_file *list;
    int32_t count;
    size_t weight_size;  /* bytes of the constant tensors that layers read, as they are in the model */
    size_t table_size;   /* bytes of other constants: tables, what goes with each channel */
    size_t param_size;   /* bytes of parameters */
    int32_t layer_count; /* functions of layers; those that are alike have one */
};

struct emit_options {
    const char *name;   /* prefix of every identifier and file, a C identifier in lower case */
    const char *source; /* file name of the model, for the header comment */
    const char *hash;   /* of its content */
    const char *target;
};

/* Writes the C of a plan: <name>.h, <name>.c, and the kernels with their headers. All text is in the plan's
 * memory; the same plan gives the same bytes. */
bool emit_c(const struct plan *plan, const struct emit_options *options, struct emit_files *files, struct diag *diag);

/* The name of a kernel source, "arm_dsp/simd.h", among the emitted files, which lie in one folder. */
const char *emit_file_name(struct arena *arena, const char *prefix, const char *source);

#endif
