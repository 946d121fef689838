/* SPDX-License-Identifier: MIT
 *
 * The verbs of the program. Each gets its own arguments, argv[0] being the verb, and returns the exit
 * status: 0, 1 for an error, 2 for wrong usage. Only here is anything printed.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "../base/base.h"
#include "../ir/ir.h"

enum { EXIT_OK, EXIT_ERROR, EXIT_USAGE };

int command_run(int argc, char **argv);

/* A model on its way through the stages, with all its memory. */
struct session {
    const char *path;
    struct file file;
    struct arena arena;
    struct model model;
    struct diag diag;
    jmp_buf exhausted;
};

/* Reads a model and runs all passes over it. */
bool session_open(struct session *session, const char *path);
void session_close(struct session *session);

/* Prints "mote: <path>: <error>" and returns EXIT_ERROR. */
int session_error(const struct session *session, const char *path);

#endif
