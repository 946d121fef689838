/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <string.h>

bool read_model(const struct file *file, struct arena *arena, struct model *model, struct diag *diag)
{
    if (file->size >= 8 && memcmp(file->data + 4, "TFL3", 4) == 0) {
        return read_tflite(file, arena, model, diag);
    }
    return diag_fail(diag, "is not a model that mote reads; want a TensorFlow Lite file (.tflite)");
}
