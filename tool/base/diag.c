/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "base.h"

bool diag_fail(struct diag *diag, const char *format, ...)
{
    if (!diag->failed) {
        va_list args;
        va_start(args, format);
        vsnprintf(diag->text, sizeof diag->text, format, args);
        va_end(args);
        /* Names come from the model: keep the message one printable line. */
        for (char *c = diag->text; *c != '\0'; c++) {
            if ((unsigned char)*c < ' ' || *c == 127) {
                *c = '?';
            }
        }
        diag->failed = true;
    }
    return false;
}
