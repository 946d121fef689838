/* SPDX-License-Identifier: MIT
 *
 * The reader alone, which goes through far more files in the same time, and the writer: what was read, written and read
 * again is accepted, and written once more it has the same bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/read/read.h"
#include "../tool/write/write.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_back(struct fuzz *f)
{
    struct model copy;
    const struct file first = write_tflite_model(&f->model, &f->arena);
    if (!read_model(&first, NULL, &f->arena, &copy, &f->diag)) {
        fprintf(stderr, "what was written is refused: %s\n", f->diag.text);
        abort();
    }
    const struct file second = write_tflite_model(&copy, &f->arena);
    if (second.size != first.size || memcmp(second.data, first.data, first.size) != 0) {
        fprintf(stderr, "written again, it differs\n");
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(data, size, write_back);
    return 0;
}
