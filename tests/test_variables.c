/* SPDX-License-Identifier: MIT
 *
 * Variables: models of one variable v, written as a few words, go the whole road of a model and run three times.
 *
 *   once   CALL_ONCE, whose subgraph assigns what `init` says
 *   read   r = v        assign-x   v = x        assign-y   v = y
 *   add    y = r + x    leak       y = the handle + x
 */
#include <stdio.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/run/run.h"

enum { X, R, Y, HANDLE, TENSORS, INVOKES = 3, MEMORY_LIMIT = 1 << 26 };
enum init { INIT_NONE, INIT_10, INIT_INPUT, INIT_LONG };

static const struct variable_case {
    const char *name, *nodes;
    enum init init;
    int output;                /* tensor */
    int32_t left;              /* nodes of the main graph after the passes */
    int32_t expected[INVOKES]; /* the first value of the output, x being 1, 2, 3 */
    const char *error;         /* what the message must hold; NULL: it must run */
} cases[] = {
    {"a read vanishes", "once read add assign-y", INIT_10, Y, 2, {11, 13, 16}, NULL},
    {"without a first value", "read add assign-y", INIT_NONE, Y, 2, {1, 3, 6}, NULL},
    {"a reader after the assignment sees the old value", "once read assign-x add", INIT_10, Y, 3, {11, 3, 5}, NULL},
    {"the read is an output", "once read assign-x", INIT_10, R, 2, {10, 1, 2}, NULL},
    {"a second read sees the new value", "once read add assign-y read2", INIT_10, R, 3, {11, 13, 16}, NULL},
    {"assigned only", "assign-x add-x", INIT_NONE, Y, 2, {2, 4, 6}, NULL},
    {"a first value that is not constant", "once read add", INIT_INPUT, Y, 0, {0}, "does not fold"},
    {"a first value of another size", "once read add", INIT_LONG, Y, 0, {0}, "used as"},
    {"a late first value", "read once add", INIT_10, Y, 0, {0}, "after a variable was used"},
    {"a handle that leaks", "leak", INIT_NONE, Y, 0, {0}, "handle"},
};

static const int32_t ten[4] = {10, 10, 10, 10};

static void add_node(struct graph *g, enum op op, int in_count, const int32_t in[], int out_count, const int32_t out[])
{
    struct node *n = &g->nodes[g->node_count];
    *n = (struct node){.op = op, .name = "n", .index = g->node_count++, .in_count = in_count, .out_count = out_count};
    n->in = arena_copy(g->arena, in, (size_t)in_count * sizeof *in);
    n->out = arena_copy(g->arena, out, (size_t)out_count * sizeof *out);
    n->attr.container = "";
    n->attr.shared_name = "v";
    n->attr.subgraph = 1;
}

#define LIST(...) \
    (const int32_t[]) { __VA_ARGS__ }

static struct graph new_graph(struct arena *arena, int32_t length)
{
    struct graph g = {.arena = arena, .name = "g", .tensor_count = TENSORS, .tensor_capacity = TENSORS};
    g.tensors = ARENA_ARRAY(arena, TENSORS, struct tensor);
    g.nodes = ARENA_ARRAY(arena, 8, struct node);
    for (int i = 0; i < TENSORS; i++) {
        g.tensors[i] = (struct tensor){.name = "t", .type = TYPE_S32, .rank = 1, .dim = {length}};
    }
    g.tensors[HANDLE] = (struct tensor){.name = "h", .type = TYPE_RESOURCE};
    add_node(&g, OP_VAR_HANDLE, 0, NULL, 1, LIST(HANDLE));
    return g;
}

static struct graph main_graph(struct arena *arena, const struct variable_case *c)
{
    struct graph g = new_graph(arena, 2);
    char words[80];
    snprintf(words, sizeof words, "%s", c->nodes);
    for (char *rest = words, *word; (word = strsep(&rest, " ")) != NULL;) {
        if (strcmp(word, "once") == 0) {
            add_node(&g, OP_CALL_ONCE, 0, NULL, 0, NULL);
        } else if (strncmp(word, "read", 4) == 0) {
            const int32_t out = word[4] == '2' ? ir_add_tensor(&g) : R;
            g.tensors[out] = g.tensors[R];
            add_node(&g, OP_READ_VARIABLE, 1, LIST(HANDLE), 1, LIST(out));
        } else if (strncmp(word, "assign", 6) == 0) {
            add_node(&g, OP_ASSIGN_VARIABLE, 2, LIST(HANDLE, word[7] == 'x' ? X : Y), 0, NULL);
        } else {
            const int32_t a = strcmp(word, "leak") == 0 ? HANDLE : strcmp(word, "add-x") == 0 ? X : R;
            add_node(&g, OP_ADD, 2, LIST(a, X), 1, LIST(Y));
        }
    }
    const int32_t last = g.tensor_count > TENSORS ? g.tensor_count - 1 : c->output;
    g.inputs = arena_copy(arena, LIST(X), sizeof(int32_t));
    g.outputs = arena_copy(arena, &last, sizeof last);
    g.input_count = g.output_count = 1;
    return g;
}

static struct graph init_graph(struct arena *arena, const struct variable_case *c)
{
    struct graph g = new_graph(arena, c->init == INIT_LONG ? 3 : 2);
    add_node(&g, OP_ASSIGN_VARIABLE, 2, LIST(HANDLE, X), 0, NULL);
    if (c->init == INIT_INPUT) {
        g.inputs = arena_copy(arena, LIST(X), sizeof(int32_t));
        g.input_count = 1;
    } else {
        g.tensors[X].data = ten;
    }
    return g;
}

static bool run(const struct variable_case *c, struct graph *g, struct diag *diag)
{
    struct plan plan;
    struct runner runner;
    if (!plan_graph(g, PLAN_STREAM, &plan, diag)) {
        return false;
    }
    run_init(&runner, &plan);
    for (int32_t k = 0; k < INVOKES; k++) {
        int32_t got[2];
        run_invoke(&runner, (const uint8_t *)LIST(k + 1, k + 1), (uint8_t *)got);
        if (got[0] != c->expected[k] || got[1] != c->expected[k]) {
            return diag_fail(diag, "invoke %d: want %d, got %d and %d", k, c->expected[k], got[0], got[1]);
        }
    }
    return true;
}

static bool check_case(const struct variable_case *c, struct arena *arena, struct diag *diag)
{
    struct graph graphs[] = {main_graph(arena, c), init_graph(arena, c)};
    struct model model = {graphs, 2, ""};
    if (!ir_check(&graphs[0], diag) || !ir_check(&graphs[1], diag) || !pass_all(&model, run_node, diag)) {
        return false;
    }
    if (graphs[0].node_count != c->left) {
        return diag_fail(diag, "%d nodes are left, want %d", graphs[0].node_count, c->left);
    }
    return run(c, &graphs[0], diag);
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct diag diag = {0};
        struct arena arena;
        arena_init(&arena, MEMORY_LIMIT);
        const bool ok = check_case(&cases[i], &arena, &diag);
        if (cases[i].error == NULL ? !ok : ok || strstr(diag.text, cases[i].error) == NULL) {
            printf("variables, \"%s\": %s\n", cases[i].name, ok ? "want an error" : diag.text);
            failed++;
        }
        arena_free(&arena);
    }
    printf("%d passed, %d failed\n", (int)COUNT_OF(cases) - failed, failed);
    return failed != 0;
}
