/* SPDX-License-Identifier: MIT
 *
 * Readers: model files become graphs. A file is untrusted; whatever it holds, a reader returns a
 * model that ir_check accepts, or false with one message.
 */
#ifndef READ_H
#define READ_H

#include "../ir/ir.h"

/* Reads a model in the format that its content shows. Constants point into `file` where they are
 * aligned for their type. All else is allocated in `arena`. */
bool read_model(const struct file *file, struct arena *arena, struct model *model, struct diag *diag);

/* A .tflite file (flatbuffer "TFL3", schema version 3). */
bool read_tflite(const struct file *file, struct arena *arena, struct model *model, struct diag *diag);

#endif
