/* SPDX-License-Identifier: MIT
 *
 * The program: finds the verb in the table and hands it the arguments.
 */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"

static const struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"bench", command_bench, "count instructions and cycles on emulated cores"},
    {"compile", command_compile, "turn a model into C for a microcontroller"},
    {"eval", command_eval, "how good a model is on recordings"},
    {"inspect", command_inspect, "what is in a model, and what it will cost"},
    {"quantize", command_quantize, "turn a float model into one of integers"},
    {"run", command_run, "run a model on raw tensors"},
    {"train", command_train, "make a model from recordings, as a recipe says"},
    {"verify", command_verify, "hold the emitted C against the host, on emulated cores"},
};

static void print_help(FILE *to)
{
    fputs("mote: machine learning on the smallest computers\n\n", to);
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        fprintf(to, "  mote %-9s %s\n", verbs[i].name, verbs[i].help);
    }
    fputs("\n`mote VERB --help` explains a verb. `mote --version` prints the version.\n", to);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, ""); /* whether the terminal knows block characters; numbers stay as in C */
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("mote " MOTE_VERSION);
        return EXIT_OK;
    }
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
    }
    const char *names[COUNT_OF(verbs) + 1] = {0};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        names[i] = verbs[i].name;
    }
    const char *meant = word_nearest(argv[1], names);
    fprintf(stderr, "mote: there is no verb \"%s\"%s%s%s; see `mote --help`\n", argv[1],
            meant != NULL ? "; did you mean \"" : "", meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
    return EXIT_USAGE;
}
