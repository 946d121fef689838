/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "command/command.h"

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "run") == 0) {
        return command_run(argc - 1, argv + 1);
    }
    fprintf(stderr, "usage: mote run MODEL --input F --output F\n");
    return EXIT_USAGE;
}
