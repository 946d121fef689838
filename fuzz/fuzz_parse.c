/* SPDX-License-Identifier: MIT
 *
 * The reader alone, which goes through far more files in the same time.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file(data, size);
    return 0;
}
