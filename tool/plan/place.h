/* SPDX-License-Identifier: MIT
 *
 * What placement places: items, and when which of their bytes are alive.
 */
#ifndef PLAN_PLACE_H
#define PLAN_PLACE_H

#include "stages.h"

struct piece {
    int32_t first, last; /* firings */
    uint32_t start, end; /* bytes, relative to the item */
};

struct item {
    struct piece *pieces;
    int32_t piece_count, piece_capacity;
    int32_t first, last;  /* of all pieces */
    uint32_t size, align; /* bytes */
    uint32_t offset;
    int32_t rank; /* smaller: placed earlier */
    bool is_scratch;
};

/* Offsets that an item may not have, half open. */
struct range {
    int64_t start, end;
};

struct placer {
    struct plan *plan;
    struct live live;
    int32_t times;
    struct item *items;
    int32_t item_count;
    int32_t *item_of_row;  /* [live row]; rows of a whole tensor share one */
    int32_t *item_of_step; /* scratch memory, or -1 */
    struct item **order;   /* in which they are placed */
    struct range *ranges;  /* for the item being placed */
    int32_t range_count, range_capacity;
    int64_t work; /* comparisons so far */
    int32_t peak; /* firing with the most bytes alive; LIVE_BEFORE: before the first */
};

static inline uint32_t place_round_up(uint32_t n, uint32_t to) { return (n + to - 1) / to * to; }

/* place_items.c: fills the items and what leads to them. Fails if all together take more than 2 GiB. */
bool place_make_items(struct placer *p, struct diag *diag);

/* When a row is alive: states and outputs longer than they are touched. */
struct piece place_row_piece(const struct placer *p, int32_t buffer, int32_t row, uint32_t start, uint32_t end);

#endif
