/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target on files instead of under the fuzzer: for tests, for valgrind, and where clang is missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../tool/base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct file file;
        struct diag diag = {0};
        if (!file_open(&file, argv[i], &diag)) {
            fprintf(stderr, "%s: %s\n", argv[i], diag.text);
            return 1;
        }
        LLVMFuzzerTestOneInput(file.data, file.size);
        file_close(&file);
    }
    printf("%d passed, 0 failed\n", argc - 1);
    return argc == 1;
}
