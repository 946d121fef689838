/* SPDX-License-Identifier: MIT
 *
 * Writes a graph as a .tflite file: the way back from what the reader does, for tests of the reader.
 */
#ifndef TEST_WRITE_TFLITE_H
#define TEST_WRITE_TFLITE_H

#include "../tool/ir/ir.h"

/* The file as bytes in `arena`. */
struct file write_tflite(const struct graph *graph, struct arena *arena);

#endif
