/* SPDX-License-Identifier: MIT
 *
 * Test tables: operators, what goes into them and what must come out, as plain text.
 *
 *     # comment; a line that starts with a space continues the one before it
 *     case s8 same padding, odd width
 *     op CONV_2D padding=SAME stride_h=2 stride_w=2 activation=RELU6
 *     in s8 [1,3,3,1] scale 0.5 zero 3: 1 2 3 4 5 6 7 8 9
 *     const s8 [2,1,1,1] axis 0 scale 0.5 0.25: 3 -4
 *     const s32 [2]: 10 20
 *     out s8 [1,2,2,2] scale 1 zero -5: 1 2 3 4 5 6 7 8
 *
 *   case NAME        starts a case, a graph of one operator or several
 *   op NAME ...      an operator and its options: fields of struct attr; enumerators and types by name, lists as a,b,c,
 *                    `custom` in hexadecimal. What is left out has the default of TensorFlow Lite's schema
 *   invokes N        how often it runs, state kept between; `in` and `out` then hold N times the values. Default: 1
 *   in, const, state, none
 *                    its inputs in order: given at run time, constant, a state (its first values are optional),
 *                    left out
 *   graph            begins subgraph 1, 2... that operators call; its `in` and `out` have no values; an `in` before the
 *                    first operator is an input of the graph only
 *   use NAME         an input that is a tensor of a line before
 *   out, mid, none   its outputs in order: of the graph, with what is expected; for later operators only; left out
 *   error TEXT       it must be refused with a message that holds TEXT; also in place of the values of `out`
 *   before, after    tests/pass: the graph as ir/dump.c writes it, before and after the pass; `in` and `out` then
 *                    have no values
 *
 * Tensors: optionally a name, type, dims, then optionally `axis N`, `scale S...` and `zero Z...` (one for the tensor, or
 * one for each index of `axis`), a colon, and the values: numbers, or `random SEED`, or for integers of an output
 * `crc 0x...`, the CRC-32 of the little-endian bytes. `random` is a linear congruential generator,
 * x = x * 1664525 + 1013904223 modulo 2^32, one step a value: integers are x >> 16 in the bits of their type (at most
 * 16), floats (x >> 8) / 2^22 - 2.
 */
#ifndef TEST_OP_TABLE_H
#define TEST_OP_TABLE_H

#include "../tool/ir/ir.h"

enum { OP_CASE_PORTS = 48, OP_CASE_NODES = 16, OP_CASE_CALLED = 4 };

/* The values of one run-time input or of one output. */
struct op_values {
    const void *data; /* NULL: not stated */
    bool is_crc;
    uint32_t crc;
};

struct op_case {
    const char *name;
    int line;
    struct graph graph;
    struct graph called[OP_CASE_CALLED]; /* graphs that operators call: subgraph 1, 2... */
    int32_t called_count;
    int32_t invokes;
    struct op_values in[OP_CASE_PORTS]; /* for each of graph.inputs */
    struct op_values out[OP_CASE_PORTS];
    const char *error;          /* what the message must hold; NULL: it must run */
    const char *before, *after; /* white space does not count; NULL: not a case for a pass */
};

struct op_table {
    const char *path;
    char *next; /* rest of the text */
    int line;
};

/* Reads the next case of a table, `text` being its whole content. False at the end, or with an error in `diag`. */
void op_table_open(struct op_table *table, const char *path, char *text);
bool op_table_next(struct op_table *table, struct arena *arena, struct op_case *c, struct diag *diag);

/* The case as a model, with copies of the graphs, since passes change them. */
struct model *op_case_model(const struct op_case *c, struct arena *arena);

/* The text of a table, from malloc. Ends the program if it cannot be read. */
char *op_table_read(const char *path);

/* Equal but for white space. */
bool op_same_text(const char *a, const char *b);

/* CRC-32 as in zlib. */
uint32_t op_crc32(const void *data, size_t size);

/* IEEE half precision. */
float op_f16_to_f32(uint16_t half);

#endif
