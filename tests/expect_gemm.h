/* SPDX-License-Identifier: MIT
 *
 * For test programs that train.
 */
#ifndef TEST_EXPECT_GEMM_H
#define TEST_EXPECT_GEMM_H

#include <stdio.h>

#include "../tool/train/engine.h"

/* Whether there is a library for matrix products; says that the tests are skipped if not. */
static bool expect_gemm(void)
{
    struct diag diag = {0};
    const bool ok = gemm_check(&diag);
    if (!ok) {
        printf("skipped: %s\n", diag.text);
    }
    return ok;
}

#endif
