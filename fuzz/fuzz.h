/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets share: a model from untrusted bytes to a plan, under a limit on memory.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "../tool/plan/plan.h"

struct fuzz {
    struct arena arena;
    jmp_buf exhausted;
    struct file file; /* the input, in memory of exactly its size */
    struct model model;
    struct diag diag;
};

/* Reads the model, and calls `body`, if there is one, with what the reader accepted; frees everything. */
void fuzz_file(const uint8_t *data, size_t size, void (*body)(struct fuzz *fuzz));

/* Calls `body` with the model read and all passes run over it, if it is accepted so far; frees everything. */
void fuzz_model(const uint8_t *data, size_t size, void (*body)(struct fuzz *fuzz));

#endif
