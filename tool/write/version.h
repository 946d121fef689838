/* SPDX-License-Identifier: MIT
 *
 * Versions of operators: version.def.
 */
#ifndef WRITE_VERSION_H
#define WRITE_VERSION_H

#include "../ir/ir.h"

/* The type that a file gives the tensor. */
enum type write_type(const struct tensor *t);

/* The version of a node's operator, for its types and options. */
int32_t write_version(const struct graph *g, const struct node *n);

#endif
