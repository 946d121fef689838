/* SPDX-License-Identifier: MIT */
#include "pass.h"

bool pass_all(struct model *model, pass_evaluate *evaluate, struct diag *diag)
{
    struct graph *main = &model->graphs[0];
    return pass_variables(model, evaluate, diag) && pass_fold_constants(main, evaluate, diag) &&
           ir_check(main, diag) && pass_drop_dead_channels(main, evaluate, diag);
}
