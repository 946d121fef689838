/* SPDX-License-Identifier: MIT
 *
 * Writers: graphs become model files that other programs load, too.
 */
#ifndef WRITE_H
#define WRITE_H

#include "../ir/ir.h"

/* A graph as a .tflite file: bytes in `arena`, which the graph's tensors need not outlive. The graph is one that a
 * reader made, or whose passes left it in terms of TensorFlow Lite: false in `write_has_tflite` says that they did not.
 */
struct file write_tflite(const struct graph *graph, struct arena *arena);

/* All graphs of a model, and its description. */
struct file write_tflite_model(const struct model *model, struct arena *arena);

/* Whether a .tflite file can hold the graph: an error names the node that it cannot. */
bool write_has_tflite(const struct graph *graph, struct diag *diag);

#endif
