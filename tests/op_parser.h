/* SPDX-License-Identifier: MIT
 *
 * What the reader of test tables consists of: words, operators with their options, tensors with their values.
 */
#ifndef TEST_OP_PARSER_H
#define TEST_OP_PARSER_H

#include "op_table.h"

struct op_parser {
    const struct op_table *table;
    struct arena *arena;
    struct diag *diag;
    struct op_case *c;
    struct graph *graph; /* that lines are about */
    char *rest;          /* of the line */
};

#define FAIL(p, ...) diag_fail((p)->diag, __VA_ARGS__)

/*** Words ***/

char *op_skip_space(char *text);

/* Cuts the next word off the line; "" at the end. */
char *op_next_word(struct op_parser *p);

/* A word as a number or type. False: it is none, or out of range, with an error. */
bool op_parse_int(struct op_parser *p, const char *word, int64_t low, int64_t high, int64_t *value);
bool op_parse_float(struct op_parser *p, const char *word, float *value);
bool op_parse_type(struct op_parser *p, const char *word, enum type *type);

/* TYPE_COUNT: none. */
enum type op_find_type(const char *word);

/*** Lines ***/

/* The operator that a line is about. */
static inline struct node *op_last_node(const struct graph *g)
{
    return &g->nodes[g->node_count > 0 ? g->node_count - 1 : 0];
}

/* The rest of a line `op`. */
bool op_parse_op(struct op_parser *p);

/* The rest of a line of `keyword` in, const, state, mid or out. */
bool op_parse_tensor(struct op_parser *p, const char *keyword);

/* The rest of a line `use`. */
bool op_parse_use(struct op_parser *p);

/* Adds a tensor to inputs or outputs of an operator or a graph. */
bool op_add_port(struct op_parser *p, int32_t *ports, int32_t *count, int32_t tensor);

#endif
