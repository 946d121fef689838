/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators that take elements from places, or put them to places, that are known only at run
 * time. They work on whole tensors and see bytes: `unit` is the size of an element, `run` the bytes that stay
 * together. Indices are int32 or int64, `index_bytes` says which; one that is out of range is moved into it.
 */
#ifndef MOTE_KERNEL_INDEX_H
#define MOTE_KERNEL_INDEX_H

#include "kernel.h"

/* Index i of a list, moved into [low, high]. */
static inline int32_t mote_index(const void *list, int32_t i, int32_t index_bytes, int32_t low, int32_t high)
{
    const int64_t index = index_bytes == 8 ? ((const int64_t *)list)[i] : ((const int32_t *)list)[i];
    return index < low ? low : index > high ? high : (int32_t)index;
}

/* GATHER, EMBEDDING_LOOKUP. io->in: values [batches, outer, extent] of runs, indices [batches, coords].
 *   out[b, o, c] = values[b, o, indices[b, c]] */
struct mote_gather {
    int32_t index_bytes, run;
    int32_t batches, outer, extent, coords;
};

/* EMBEDDING_LOOKUP of int8 values as float: out[c, i] = scale * values[indices[c], i]. */
struct mote_embedding_lookup {
    int32_t index_bytes;
    int32_t extent, coords, width;
    float scale;
};

/* GATHER_ND, SCATTER_ND: `count` tuples of `depth` indices, each of which names one run of a tensor.
 *   gather: io->in: values, indices     scatter: io->in: indices, updates; runs that meet add up */
struct mote_tuples {
    int32_t index_bytes, unit, run;
    int32_t count, depth;
    const MOTE_FLASH int32_t *extent, *step; /* [depth] range of each index; bytes from one to the next */
    int32_t out_bytes;                       /* scatter only: of the whole output */
    int32_t is_float;                        /* scatter only: how to add */
};

/* SPARSE_TO_DENSE. io->in: `count` tuples of `depth` indices, values, the value of all places that they do not name; out
 * `out_count` elements of the dims extent[]. Tuples out of range are left out. */
struct mote_sparse {
    int32_t index_bytes, unit;
    int32_t count, depth;
    const MOTE_FLASH int32_t *extent; /* [depth] */
    int32_t out_count;
    int32_t value_step; /* bytes from one value to the next; 0: all are the same */
};

/* ONE_HOT. io->in: indices [prefix, suffix], the value of a hit, the value of all others. out[prefix, depth,
 * suffix]. An index out of range hits nothing. */
struct mote_one_hot {
    int32_t index_bytes, unit;
    int32_t prefix, depth, suffix;
};

/* REVERSE_SEQUENCE. io->in: values [outer, first, middle, second] of runs, lengths. One of the axes `first` and
 * `second` is the sequence, of which so much is reversed as the length of the other, the batch, says. */
struct mote_reverse_sequence {
    int32_t index_bytes, run;
    int32_t outer, first, middle, second;
    int32_t sequence_first;
};

/* DYNAMIC_UPDATE_SLICE. io->in: values, update, start indices. */
struct mote_update_slice {
    int32_t index_bytes, unit;
    int32_t rank, bytes;                       /* of the values */
    const MOTE_FLASH int32_t *extent, *update; /* [rank] */
};

enum { MOTE_TOP_S8, MOTE_TOP_U8, MOTE_TOP_S16, MOTE_TOP_S32, MOTE_TOP_S64, MOTE_TOP_F32 };

/* TOPK_V2. One row: `count` values; the largest k and their indices, equal ones in the order of their indices. */
struct mote_top_k {
    int32_t type; /* MOTE_TOP_... */
    int32_t unit, count, k;
};

enum { MOTE_SEGMENT_SUM, MOTE_SEGMENT_PROD, MOTE_SEGMENT_MAX, MOTE_SEGMENT_MIN };

/* SEGMENT_SUM, UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN. io->in: values [count, width], int32 segments [count], those out of
 * range without effect; out [segments, width]. */
struct mote_segment {
    int32_t operation; /* MOTE_SEGMENT_... */
    int32_t count, width, segments;
};

#endif
