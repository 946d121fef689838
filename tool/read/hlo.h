/* SPDX-License-Identifier: MIT
 *
 * Operators of a .tflite file that become others: those of StableHLO, as JAX and PyTorch leave them there, and the two
 * that TensorFlow Lite has beside them. hlo_ops.def says which converter is whose.
 *
 * Converters do not return errors: hlo_fail() keeps the first, and whatever is made after it is of no use. Tensors of the file
 * have the shapes that stand there; those between nodes get theirs when the graph is inferred.
 */
#ifndef READ_HLO_H
#define READ_HLO_H

#include "tflite.h"

struct hlo;
typedef void hlo_convert(struct hlo *h);

struct hlo_row {
    enum tflite_builtin code;
    enum op op;
    hlo_convert *convert;
};

struct hlo {
    struct tflite_reader *r;
    struct graph *g;
    const struct node *from; /* its inputs are tensors, left out ones refused */
    const struct hlo_row *row;
    struct fb_table options;
    const char *fault; /* NULL: none so far */
};

/* Operators that join two values, and what joins many. */
struct hlo_join {
    enum op two, all, segment; /* segment: OP_COUNT if there is none */
};

/* The row of a builtin operator; NULL: it has none. */
const struct hlo_row *hlo_find(int64_t code);

/* Adds the nodes in the place of `from`. The text says what is not supported; NULL: all is well. */
const char *hlo_expand(struct tflite_reader *r, const struct fb_table *operator, struct graph * g,
                       const struct node *from, const struct hlo_row *row);

/* Returns NO_TENSOR. */
__attribute__((format(printf, 2, 3))) int32_t hlo_fail(struct hlo *h, const char *format, ...);

/*** Inputs, outputs and options ***/

struct tensor hlo_in(const struct hlo *h, int i);
struct tensor hlo_out(const struct hlo *h);

/* A list of whole numbers, which must be `count`, or as many as `most` if `count` is -1; how many there are. */
int32_t hlo_list(struct hlo *h, int field, int32_t count, int32_t most, int32_t list[]);

/* The same of a constant input. */
void hlo_in_list(struct hlo *h, int i, int32_t count, int32_t list[]);

/* What a subgraph of two scalars joins them by; NULL: it takes the second, or else that is an error. */
const struct hlo_join *hlo_body(struct hlo *h, int64_t subgraph);
const struct hlo_join *hlo_find_join(enum op two);

/*** Making nodes ***/

/* A node whose output has this type and the quantisation of its first input. */
int32_t hlo_node(struct hlo *h, enum op op, const struct attr *attr, enum type type, const int32_t in[], int32_t count);
int32_t hlo_binary(struct hlo *h, enum op op, int32_t x, int32_t y);
int32_t hlo_compare(struct hlo *h, enum op op, int32_t x, int32_t y);
int32_t hlo_cast(struct hlo *h, int32_t x, enum type type);
int32_t hlo_reshape(struct hlo *h, int32_t x, int32_t rank, const int32_t dim[]);
int32_t hlo_transpose(struct hlo *h, int32_t x, int32_t rank, const int32_t permutation[]);
int32_t hlo_slice(struct hlo *h, int32_t x, int32_t rank, const int32_t begin[], const int32_t size[]);

/* int32; a scalar if `rank` is 0. */
int32_t hlo_const(struct hlo *h, int32_t rank, const int32_t dim[], const int32_t values[]);
int32_t hlo_const_list(struct hlo *h, int32_t count, const int32_t values[]);

int32_t hlo_real(struct hlo *h, float value); /* a scalar */

/* The operator's output: this, which has as many elements. */
void hlo_result(struct hlo *h, int32_t x);

/*** Shared by families ***/

/* x [dim] with d - 1 times the scalar `value` between neighbours along each axis; dim[] becomes that of the result. */
int32_t hlo_dilate(struct hlo *h, int32_t x, int32_t rank, int32_t dim[], const int32_t dilation[], int32_t value);

/* Pads by low[] and high[], of which those below 0 cut off; dim[] likewise. */
int32_t hlo_pad(struct hlo *h, int32_t x, int32_t rank, int32_t dim[], const int32_t low[], const int32_t high[],
                int32_t value);

/* join(x, init), which is x if init is a constant that changes nothing. */
int32_t hlo_join_init(struct hlo *h, const struct hlo_join *join, int32_t x, int32_t init);

#define HLO(name, convert, op) hlo_convert hlo_convert_##convert;
#include "hlo_ops.def"
#undef HLO

#endif
