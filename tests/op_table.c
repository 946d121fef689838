/* SPDX-License-Identifier: MIT
 *
 * Reads test tables. Each line is a keyword and its words; a case becomes a graph. Whatever is not
 * understood is an error with file and line, so that a typing error cannot make a test pass.
 */
#include "op_parser.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin_graph(struct op_parser *p, struct graph *g)
{
    p->graph = g;
    g->arena = p->arena;
    g->name = "";
    g->tensor_capacity = 2 * OP_CASE_PORTS;
    g->tensors = ARENA_ARRAY(p->arena, g->tensor_capacity, struct tensor);
    g->nodes = ARENA_ARRAY(p->arena, OP_CASE_NODES, struct node);
    for (int i = 0; i < OP_CASE_NODES; i++) {
        g->nodes[i].in = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
        g->nodes[i].out = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
        g->nodes[i].name = p->c->name;
    }
    g->inputs = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
    g->outputs = ARENA_ARRAY(p->arena, OP_CASE_PORTS, int32_t);
}

static void begin_case(struct op_parser *p)
{
    struct op_case *c = p->c;
    *c = (struct op_case){.invokes = 1, .line = p->table->line};
    c->name = arena_printf(p->arena, "%s", op_skip_space(p->rest));
    begin_graph(p, &c->graph);
}

/* `error` without an `out`: the operator still needs something to write. */
static bool end_case(struct op_parser *p)
{
    struct op_case *c = p->c;
    struct graph *g = p->graph = &c->graph;
    if (g->node_count == 0) {
        return FAIL(p, "the case \"%.60s\" has no operator", c->name);
    }
    if (c->before != NULL || c->after != NULL) { /* made up by the test itself */
        return true;
    }
    for (int i = 0; i < g->input_count && c->error == NULL; i++) {
        if (c->in[i].data == NULL) {
            return FAIL(p, "input %d of the case \"%.60s\" has no values", i, c->name);
        }
    }
    if (g->nodes->out_count > 0) {
        for (int i = 0; i < g->output_count && c->error == NULL; i++) {
            const struct tensor *t = &g->tensors[g->outputs[i]];
            if (c->out[i].data == NULL && ir_count(t) != 0) {
                return FAIL(p, "output %d of the case \"%.60s\" has no values", i, c->name);
            }
        }
        return true;
    }
    if (c->error == NULL) {
        return FAIL(p, "the case \"%.60s\" has neither an output nor an error", c->name);
    }
    const int32_t index = ir_add_tensor(g);
    g->tensors[index].type = g->input_count > 0 ? g->tensors[g->inputs[0]].type : TYPE_F32;
    g->tensors[index].name = "out";
    return op_add_port(p, g->nodes->out, &g->nodes->out_count, index) &&
           op_add_port(p, g->outputs, &g->output_count, index);
}

static bool parse_line(struct op_parser *p, const char *keyword)
{
    struct op_case *c = p->c;
    struct node *n = op_last_node(p->graph);
    int64_t value = 0;
    if (strcmp(keyword, "graph") == 0) {
        if (c->called_count == OP_CASE_CALLED) {
            return FAIL(p, "more than %d graphs that are called", OP_CASE_CALLED);
        }
        begin_graph(p, &c->called[c->called_count++]);
        return true;
    }
    if (strcmp(keyword, "op") == 0) {
        return op_parse_op(p);
    }
    if (strcmp(keyword, "use") == 0) {
        return op_parse_use(p);
    }
    if (strcmp(keyword, "before") == 0 || strcmp(keyword, "after") == 0) {
        *(*keyword == 'b' ? &c->before : &c->after) = arena_printf(p->arena, "%s", op_skip_space(p->rest));
        return true;
    }
    if (strcmp(keyword, "error") == 0) {
        c->error = arena_printf(p->arena, "%s", op_skip_space(p->rest));
        return *c->error != '\0' || FAIL(p, "which error?");
    }
    if (strcmp(keyword, "invokes") == 0) {
        if (c->graph.tensor_count > 0 || !op_parse_int(p, op_next_word(p), 1, 1000, &value)) {
            return FAIL(p, "`invokes` after a tensor");
        }
        c->invokes = (int32_t)value;
        return true;
    }
    if (strcmp(keyword, "none") == 0) {
        return n->out_count == 0 ? op_add_port(p, n->in, &n->in_count, NO_TENSOR)
                                 : op_add_port(p, n->out, &n->out_count, NO_TENSOR);
    }
    if (strcmp(keyword, "in") == 0 || strcmp(keyword, "const") == 0 || strcmp(keyword, "state") == 0 ||
        strcmp(keyword, "mid") == 0 || strcmp(keyword, "out") == 0) {
        return op_parse_tensor(p, keyword);
    }
    return FAIL(p, "\"%.60s\" is no keyword of test tables", keyword);
}

/* Ends the physical line at `line`, blanks its comment and its tail; returns what follows it. */
static char *end_line(char *line)
{
    char *end = line + strcspn(line, "\n");
    char *next = *end == '\0' ? end : end + 1;
    *end = '\0';
    char *comment = *line == '#' ? line : strstr(line, " #");
    for (char *c = comment == NULL ? end : comment; c < end; c++) {
        *c = ' ';
    }
    return next;
}

/* The next line with all its continuations; NULL at the end. */
static char *next_line(struct op_table *table)
{
    char *line = table->next;
    if (*line == '\0') {
        return NULL;
    }
    table->next = end_line(line);
    table->line++;
    while (*table->next == ' ' || *table->next == '\t') {
        table->next[-1] = ' ';
        table->next = end_line(table->next);
        table->line++;
    }
    for (char *last = line + strlen(line); last > line && isspace((unsigned char)last[-1]);) {
        *--last = '\0';
    }
    return line;
}

void op_table_open(struct op_table *table, const char *path, char *text)
{
    *table = (struct op_table){.path = path, .next = text};
}

bool op_table_next(struct op_table *table, struct arena *arena, struct op_case *c, struct diag *diag)
{
    struct op_parser p = {.table = table, .arena = arena, .diag = diag, .c = c};
    bool begun = false;
    while (!begun || strncmp(table->next, "case ", 5) != 0) {
        char *line = next_line(table);
        if (line == NULL) {
            break;
        }
        p.rest = line;
        const char *keyword = op_next_word(&p);
        if (*keyword == '\0') {
            continue;
        }
        if (strcmp(keyword, "case") == 0) {
            begin_case(&p);
            begun = true;
        } else if (!begun) {
            return FAIL(&p, "a line before the first case");
        } else if (!parse_line(&p, keyword)) {
            return false;
        }
    }
    return begun && end_case(&p);
}

static struct graph copy_graph(const struct graph *g, const struct model *model, struct arena *arena)
{
    struct graph copy = *g;
    copy.model = model;
    copy.tensors = arena_copy(arena, g->tensors, (size_t)g->tensor_capacity * sizeof *g->tensors);
    copy.nodes = arena_copy(arena, g->nodes, (size_t)g->node_count * sizeof *g->nodes);
    for (int i = 0; i < g->node_count; i++) {
        copy.nodes[i].in = arena_copy(arena, g->nodes[i].in, OP_CASE_PORTS * sizeof *g->nodes->in);
        copy.nodes[i].out = arena_copy(arena, g->nodes[i].out, OP_CASE_PORTS * sizeof *g->nodes->out);
    }
    return copy;
}

struct model *op_case_model(const struct op_case *c, struct arena *arena)
{
    struct model *model = ARENA_NEW(arena, struct model);
    model->graphs = ARENA_ARRAY(arena, 1 + c->called_count, struct graph);
    model->graph_count = 1 + c->called_count;
    model->description = "";
    for (int32_t i = 0; i < model->graph_count; i++) {
        model->graphs[i] = copy_graph(i == 0 ? &c->graph : &c->called[i - 1], model, arena);
    }
    return model;
}

char *op_table_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (f == NULL || getdelim(&text, &size, '\0', f) < 0) {
        fprintf(stderr, "%s: cannot read it, or it is empty\n", path);
        exit(1);
    }
    fclose(f);
    return text;
}

bool op_same_text(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, " \t\n");
        b += strspn(b, " \t\n");
        const size_t length = strcspn(a, " \t\n");
        if (length != strcspn(b, " \t\n") || strncmp(a, b, length) != 0) {
            return false;
        }
        if (length == 0) {
            return true;
        }
        a += length;
        b += length;
    }
}
