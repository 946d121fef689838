/* SPDX-License-Identifier: MIT
 *
 * mote run MODEL --input F --output F
 */
#include <stdio.h>
#include <string.h>

#include "../run/run.h"
#include "command.h"

int command_run(int argc, char **argv)
{
    const char *model = NULL, *input = NULL, *output = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--input") == 0 && i + 1 < argc) {
            input = argv[++i];
        } else if (strcmp(argv[i], "--output") == 0 && i + 1 < argc) {
            output = argv[++i];
        } else {
            model = argv[i];
        }
    }
    struct session s = {0};
    struct file in = {0};
    struct plan plan;
    struct runner runner;
    if (setjmp(s.exhausted) != 0) {
        diag_fail(&s.diag, "needs more memory");
        return session_error(&s, model);
    }
    if (!session_open(&s, model) || !plan_graph(&s.model.graphs[0], &plan, &s.diag)) {
        return session_error(&s, model);
    }
    if (!file_open(&in, input, &s.diag)) {
        return session_error(&s, input);
    }
    const size_t in_size = run_input_size(&plan), out_size = run_output_size(&plan);
    const size_t invokes = in.size / in_size;
    uint8_t *out = arena_alloc(&s.arena, invokes * out_size);
    run_init(&runner, &plan);
    for (size_t i = 0; i < invokes; i++) {
        run_invoke(&runner, in.data + i * in_size, out + i * out_size);
    }
    if (!file_write(output, out, invokes * out_size, &s.diag)) {
        return session_error(&s, output);
    }
    file_close(&in);
    session_close(&s);
    return EXIT_OK;
}
