/* SPDX-License-Identifier: MIT
 *
 * What a model is made of and what it will cost: collected once, then written for people or for programs.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "../plan/plan.h"

struct report_operator {
    const struct node *node;
    int64_t macs, weight_bytes; /* a constant that several operators share counts for the first */
    int32_t segment;            /* operators of one segment run interleaved, row by row; -1: runs by itself */
};

/* A tensor in RAM when the most is in use. */
struct report_resident {
    const struct tensor *tensor; /* NULL: sums that the planner keeps, not a tensor of the model */
    const struct plan_buffer *buffer;
    int64_t bytes; /* of the rows that are alive */
};

struct report {
    const char *path;
    size_t file_size; /* bytes */
    const struct graph *graph;
    const struct plan *plan;
    struct report_operator *operators; /* in the order they run */
    int64_t macs, weight_bytes;        /* of all operators */
    uint32_t layered_size;             /* arena if one layer ran after the other, bytes */
    const struct node *peak;           /* operator that runs when the most RAM is in use; NULL: none runs */
    int64_t peak_scratch;              /* its scratch memory, bytes */
    struct report_resident *residents; /* by falling size */
    int32_t resident_count;
};

/* Everything lives as long as the graph. */
void report_make(struct report *report, const char *path, size_t file_size, const struct plan *plan,
                 uint32_t layered_size);

/* For a person, in 80 columns; bars of block characters where the terminal knows them, which the current locale says. */
void report_text(const struct report *report, FILE *to);

/* As JSON text in memory from malloc; NULL: out of memory, or built without cJSON (has_json tells). */
extern const bool report_has_json;
char *report_json(const struct report *report);

/* A name from the model as printable ASCII, in `text` of at least `size` bytes: its first part up to ';', of that the
 * end if it is too long for `size` - 1 letters. Returns text. */
char *report_name(const char *name, char *text, size_t size);

#endif
