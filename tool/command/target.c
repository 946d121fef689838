/* SPDX-License-Identifier: MIT
 *
 * Cores and boards by their names, as users give them.
 */
#include <string.h>

#include "../target/target.h"
#include "command.h"

static bool unknown(const char *what, const char *name, const char *const list[], struct diag *diag)
{
    char all[300] = "";
    for (const char *const *n = list; *n != NULL; n++) {
        strncat(strncat(all, n == list ? "" : ", ", sizeof all - strlen(all) - 1), *n, sizeof all - strlen(all) - 1);
    }
    const char *meant = options_nearest(name, list);
    return diag_fail(diag, "there is no %s \"%.20s\"%s%s%s; there are %s", what, name, meant != NULL ? "; did you mean \"" : "",
                     meant != NULL ? meant : "", meant != NULL ? "\"?" : "", all);
}

static bool is_among(const char *name, const char *const list[])
{
    while (*list != NULL && strcmp(*list, name) != 0) {
        list++;
    }
    return *list != NULL;
}

bool command_core(struct session *s, const char *name, struct target_core *core)
{
    const char *const *list = target_core_names(&s->arena);
    return is_among(name, list) ? target_read_core(name, core, &s->arena, &s->diag) : unknown("core", name, list, &s->diag);
}

bool command_board(struct session *s, const char *name, struct target_board *board)
{
    const char *const *list = target_board_names(&s->arena);
    return is_among(name, list) ? target_read_board(name, board, &s->arena, &s->diag)
                                : unknown("board", name, list, &s->diag);
}
