/* SPDX-License-Identifier: MIT
 *
 * Constants of a .tflite file that hold only what is not 0. The values are the leaves of a tree that has a level for each
 * dim, in any order, and one for each dim of the blocks into which some dims are cut. A level is dense: a child for each
 * index; or sparse: the children of node i are those with the numbers segments[i] .. segments[i + 1] - 1, and their
 * indices are in a list.
 */
#ifndef READ_SPARSE_H
#define READ_SPARSE_H

#include "../ir/ir.h"
#include "flatbuffer.h"

/* All values of a constant of `count` elements of whole bytes, in `arena`. NULL: the file is damaged. */
const void *read_sparse(const struct fb_table *sparsity, const struct tensor *t, int64_t count, const uint8_t *values,
                        size_t size, struct arena *arena);

#endif
