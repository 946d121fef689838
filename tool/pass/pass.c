/* SPDX-License-Identifier: MIT */
#include "pass.h"

static const struct {
    const char *name;
    pass_run *run;
} passes[] = {
#define PASS(name, run) [PASS_##name] = {#name, run},
#include "pass.def"
#undef PASS
};

const char *pass_name(enum pass pass) { return passes[pass].name; }

/* A pass leaves behind what nobody reads any more. */
static bool run_pass(struct graph *g, enum pass pass, pass_evaluate *evaluate, struct diag *diag)
{
    return passes[pass].run(g, evaluate, diag) && pass_drop_dead_nodes(g, evaluate, diag) && ir_check(g, diag);
}

bool pass_some(struct model *model, unsigned which, pass_evaluate *evaluate, struct diag *diag)
{
    struct graph *main = &model->graphs[0];
    const bool folds = (which >> PASS_constants & 1) != 0;
    if (!pass_variables(model, evaluate, diag) || !pass_fold_constants(main, folds ? evaluate : NULL, diag) ||
        !ir_check(main, diag)) {
        return false;
    }
    for (int i = PASS_constants + 1; i < PASS_COUNT; i++) {
        if ((which >> i & 1) != 0 && !run_pass(main, (enum pass)i, evaluate, diag)) {
            return false;
        }
    }
    return true;
}

bool pass_called(struct graph *g, pass_evaluate *evaluate, struct diag *diag)
{
    if (!pass_fold_constants(g, evaluate, diag) || !ir_check(g, diag)) {
        return false;
    }
    for (int i = PASS_constants + 1; i < PASS_COUNT && evaluate != NULL; i++) {
        if (!run_pass(g, (enum pass)i, evaluate, diag)) {
            return false;
        }
    }
    return true;
}

bool pass_all(struct model *model, pass_evaluate *evaluate, struct diag *diag)
{
    return pass_some(model, ~0U, evaluate, diag);
}
