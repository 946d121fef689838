/* SPDX-License-Identifier: MIT
 *
 * What a test program of one file needs: expectations, counted, and the line that it closes with.
 */
#ifndef TEST_EXPECT_H
#define TEST_EXPECT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int passed, failed;

__attribute__((format(printf, 2, 3))) static void expect(bool ok, const char *format, ...)
{
    passed += ok;
    failed += !ok;
    if (!ok) {
        va_list args;
        va_start(args, format);
        printf("FAILED: ");
        vprintf(format, args);
        printf("\n");
        va_end(args);
    }
}

/* The exit status of the program. */
static int expect_end(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}

#endif
