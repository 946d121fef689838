/* SPDX-License-Identifier: MIT
 *
 * Cores and boards by their names, as users give them.
 */
#include <string.h>

#include "../emit/emit.h"
#include "../plan/plan.h"
#include "../report/report.h"
#include "../target/target.h"
#include "command.h"

static bool unknown(const char *what, const char *name, const char *const list[], struct diag *diag)
{
    char all[1000] = "";
    for (const char *const *n = list; *n != NULL; n++) {
        strncat(strncat(all, n == list ? "" : ", ", sizeof all - strlen(all) - 1), *n, sizeof all - strlen(all) - 1);
    }
    const char *meant = word_nearest(name, list);
    return diag_fail(diag, "there is no %s \"%.20s\"%s%s%s%s", what, name, meant != NULL ? "; did you mean \"" : "",
                     meant != NULL ? meant : "", meant != NULL ? "\"? There are " : "; there are ", all);
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
    struct target_board board;
    if (is_among(name, target_board_names(&s->arena))) {
        if (!target_read_board(name, &board, &s->arena, &s->diag)) {
            return false;
        }
        name = board.core;
    }
    const char *const *list = target_core_names(&s->arena);
    return is_among(name, list) ? target_read_core(name, core, &s->arena, &s->diag)
                                : unknown("core", name, list, &s->diag);
}

static bool has(const struct target_core *core, const char *feature)
{
    return core->features != NULL && strstr(core->features, feature) != NULL;
}

unsigned command_features(const struct target_core *core)
{
    return core->separate_flash ? PLAN_FLASH | (has(core, "avr") ? PLAN_AVR : 0)
           : has(core, "mve")   ? PLAN_MVE | PLAN_DSP
           : has(core, "dsp")   ? PLAN_DSP
           : has(core, "v7m")   ? PLAN_V7M
           : has(core, "v6m")   ? PLAN_V6M
                                : 0;
}

bool command_wish(struct session *s, const char *wish, unsigned *features)
{
    static const char *const wishes[] = {"balanced", "speed", "size", NULL};
    if (wish == NULL || strcmp(wish, "balanced") == 0) {
        return true;
    }
    if (strcmp(wish, "speed") == 0 || strcmp(wish, "size") == 0) {
        *features |= wish[1] == 'p' ? PLAN_SPEED : PLAN_SMALL;
        return true;
    }
    const char *meant = word_nearest(wish, wishes);
    s->path = "--optimize";
    return diag_fail(&s->diag, "there is no wish \"%s\"; there are balanced, speed, size%s%s", wish,
                     meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "");
}

bool command_board(struct session *s, const char *name, struct target_board *board)
{
    const char *const *list = target_board_names(&s->arena);
    return is_among(name, list) ? target_read_board(name, board, &s->arena, &s->diag)
                                : unknown("board", name, list, &s->diag);
}

bool command_board_features(struct session *s, const char *name, unsigned *features)
{
    struct target_board board;
    struct target_core core;
    const char *model = s->path;
    s->path = "--board";
    if (!command_board(s, name, &board) || !command_core(s, board.core, &core)) {
        return false;
    }
    s->path = model;
    *features = command_features(&core);
    return true;
}

/*** Whether a model fits ***/

/* On Arm, at -O2: frames of an invoke besides the pointers to rows; a kernel; what goes with each layer. */
enum { STACK_BASE = 448, CODE_BASE = 1024, CODE_KERNEL = 1536, CODE_LAYER = 96 };

static int64_t estimate_stack(const struct plan *plan)
{
    int64_t most = 0;
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        int64_t pointers = s->out_count, called = 0;
        for (int k = 0; k < s->in_count; k++) {
            pointers += s->in[k].count;
        }
        for (int k = 0; k < 2 && s->called[k] != NULL; k++) {
            const int64_t size = estimate_stack(s->called[k]);
            called = size > called ? size : called;
        }
        most = 4 * pointers + called > most ? 4 * pointers + called : most;
    }
    return STACK_BASE + most;
}

/* Kernels that are not in is_used[] yet, of all that the plan runs, too. */
static int64_t estimate_kernels(const struct plan *plan, bool is_used[])
{
    int64_t size = 0;
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        size += is_used[s->kernel] ? 0 : CODE_KERNEL;
        is_used[s->kernel] = true;
        for (int k = 0; k < 2 && s->called[k] != NULL; k++) {
            size += estimate_kernels(s->called[k], is_used);
        }
    }
    return size;
}

static double estimate_cycles(const struct graph *g, const struct target_core *core)
{
    double cycles = 0;
    for (int i = 0; i < g->node_count; i++) {
        cycles += (double)ir_macs(g, &g->nodes[i]) *
                  (g->nodes[i].op == OP_DEPTHWISE_CONV_2D ? core->cycles_per_mac_depthwise : core->cycles_per_mac);
    }
    return cycles;
}

bool command_fit(struct session *s, const char *board_name, const struct plan *plan, const struct emit_files *files,
                 struct report_fit *fit)
{
    struct target_board board;
    struct target_core core;
    if (!command_board(s, board_name, &board) || !command_core(s, board.core, &core)) {
        return false;
    }
    bool is_used[KERNEL_COUNT] = {false};
    const int64_t code = CODE_BASE + (int64_t)files->layer_count * CODE_LAYER + estimate_kernels(plan, is_used);
    *fit = (struct report_fit){
        .board = board.name,
        .about = board.about,
        .core = core.name,
        .arena = plan->tensor_size,
        .stack = estimate_stack(plan),
        .constants = (int64_t)(files->weight_size + files->table_size + files->param_size),
        .code = core.code_ratio > 0 ? (int64_t)((double)code * core.code_ratio) : code,
        .ram = board.ram,
        .flash = board.flash,
        .clock = board.clock,
        .cycles = estimate_cycles(plan->graph, &core),
    };
    return true;
}
