/* SPDX-License-Identifier: MIT
 *
 * What mote lacks for a model: not the first thing only, but all, so that whoever converts it knows what there is to
 * do. The model is read once more, with operators that mote lacks left out and their results taken as given; then
 * each operator that is left is tried by itself, and where it fails its outputs have the shapes that the file says.
 */
#include "../pass/pass.h"
#include "../plan/plan.h"
#include "../read/read.h"
#include "../run/run.h"
#include "command.h"

/* Infers, and folds or lowers. */
static bool try_node(struct graph *g, struct node *n, struct diag *diag)
{
    return ir_infer(g, n, diag) && (ir_is_constant(g, n) ? run_node(g, n, diag) : plan_can_lower(g, n, diag));
}

static void survey_graph(struct graph *g, struct diag_list *missed)
{
    struct diag refused = {0};
    if (!pass_expand(g, &refused)) {
        diag_list_add(missed, refused.text);
    }
    for (int32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const bool is_call = ir_call_count(n) > 0 || n->op == OP_CALL_ONCE || n->op == OP_VAR_HANDLE ||
                             n->op == OP_READ_VARIABLE || n->op == OP_ASSIGN_VARIABLE;
        struct diag diag = {0};
        if (!is_call && !try_node(g, n, &diag)) {
            diag_list_add(missed, diag.text);
        }
    }
}

static void survey(struct session *s, struct diag_list *missed)
{
    struct diag diag = {.missed = missed};
    struct read_request request;
    if (!session_request(s, &request) || !read_model(&s->file, &request, &s->arena, &s->model, &diag)) {
        return; /* it is damaged, which has been said */
    }
    diag.missed = NULL;
    if (!pass_variables(&s->model, run_node, &diag)) {
        diag_list_add(missed, diag.text);
    }
    for (int i = 0; i < s->model.graph_count; i++) {
        survey_graph(&s->model.graphs[i], missed);
    }
}

void survey_model(struct session *s, struct diag_list *missed)
{
    if (setjmp(s->exhausted) == 0) { /* else there is no memory to look for more */
        survey(s, missed);
    }
}
