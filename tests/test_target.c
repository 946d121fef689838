/* SPDX-License-Identifier: MIT
 *
 * The reader of target files: every file of the program is read and makes sense; what is wrong is refused with its line.
 */
#include <stdio.h>
#include <string.h>

#include "../tool/target/target.h"

static int failures;

static void expect(bool ok, const char *what, const char *got)
{
    if (!ok) {
        printf("FAILED: %s: %s\n", what, got);
        failures++;
    }
}

static const struct {
    const char *text, *error;
} broken[] = {
    {"core cortex-m4\nwheels 4\n", "x.board:2: there is no key \"wheels\""},
    {"about a\n\ncore b # c\nram\n", "x.board:4: ram: want a number such as 64K"},
    {"ram 4Q\n", "x.board:1: ram: want a number"},
    {"ram -1\n", "x.board:1: ram: want a number"},
    {"ram 5000M\n", "x.board:1: ram: want a number"},
    {"ram 99999999999999999999\n", "x.board:1: ram: want a number"},
    {"ram 1 2\n", "x.board:1: ram: want a number"},
    {"ram 1K\nram 1K\n", "x.board:2: ram is given twice"},
    {"about a\ncore b\nram 1K\nflash 1K\n", "x.board: clock is missing"},
    {"", "x.board: about is missing"},
};

static void test_broken(struct arena *arena)
{
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct target_board board;
        struct diag diag = {0};
        const bool ok = target_parse_board("x.board", broken[i].text, &board, arena, &diag);
        expect(!ok && strstr(diag.text, broken[i].error) != NULL, broken[i].error, diag.text);
    }
    struct target_core core;
    struct diag diag = {0};
    expect(!target_parse_core("x.core", "cost load 1\ncost load 2", &core, arena, &diag) &&
               strstr(diag.text, "x.core:2: cost: want a name not given before") != NULL,
           "cost given twice", diag.text);
}

static void test_values(struct arena *arena)
{
    struct target_board board;
    struct diag diag = {0};
    const char *text = "# all of it\n  about\tA board  \r\ncore x#y\nram 0x10K\nflash 1M\nclock 64M";
    expect(target_parse_board("a.b.board", text, &board, arena, &diag), "a good file", diag.text);
    expect(strcmp(board.name, "a.b") == 0 && strcmp(board.about, "A board") == 0 && strcmp(board.core, "x") == 0 &&
               board.ram == 16384 && board.flash == 1048576 && board.clock == 64000000,
           "a good file", "wrong values");
}

static void test_own(struct arena *arena)
{
    for (const char *const *name = target_core_names(arena); *name != NULL; name++) {
        struct target_core core;
        struct diag diag = {0};
        expect(target_read_core(*name, &core, arena, &diag), *name, diag.text);
        expect((core.emulator == NULL) == (core.emulator_package == NULL), *name, "the emulator needs its package");
        expect(core.emulator == NULL ||
                   (core.firmware != NULL && core.costs_from != NULL && core.emulator_ram.size > 0),
               *name, "the emulator needs firmware, memory and costs");
        expect(core.firmware == NULL ||
                   target_find_file(arena_printf(arena, "firmware/start_%s.c", core.firmware)) != NULL,
               *name, "its firmware is not there");
    }
    for (const char *const *name = target_board_names(arena); *name != NULL; name++) {
        struct target_board board;
        struct target_core core;
        struct diag diag = {0};
        expect(target_read_board(*name, &board, arena, &diag) && target_read_core(board.core, &core, arena, &diag),
               *name, diag.text);
        expect(board.ram >= 2048 && board.flash >= board.ram && board.clock >= 1000000, *name, "strange sizes");
    }
}

int main(void)
{
    struct arena arena;
    arena_init(&arena, 16 << 20);
    test_broken(&arena);
    test_values(&arena);
    test_own(&arena);
    arena_free(&arena);
    printf("targets: %d failed\n", failures);
    return failures > 0;
}
