/* SPDX-License-Identifier: MIT
 *
 * .onnx to graph: what the converters of the operators share. An operator of ONNX becomes one of mote or several
 * (onnx_<family>.c); onnx_ops.def says which converter is whose. Each node is inferred, and computed if all that it
 * reads is known, as soon as it is made, so that a converter knows the shape of whatever it is given.
 *
 * Converters do not return errors: after the first, `diag` is set, and whatever is made is of no use. Tensors are named
 * by their index, since they move when new ones are made.
 */
#ifndef READ_ONNX_H
#define READ_ONNX_H

#include "read.h"

struct onnx;
typedef void onnx_convert(struct onnx *o);

/* The node at hand. */
enum op onnx_op(const struct onnx *o);          /* what its row in onnx_ops.def says */
int64_t onnx_opset(const struct onnx *o);       /* version of its domain's operators */
const char *onnx_name(const struct onnx *o);    /* of the operator: "Conv" */
struct graph *onnx_graph(const struct onnx *o); /* so far */

/* An error at the node: `op 12 Conv "stem": <text>`. Returns NO_TENSOR. */
__attribute__((format(printf, 2, 3))) int32_t onnx_fail(struct onnx *o, const char *format, ...);
bool onnx_failed(const struct onnx *o);

/*** Inputs and outputs ***/

int onnx_in_count(const struct onnx *o);
int32_t onnx_in(const struct onnx *o, int i); /* tensor; NO_TENSOR: left out */
int onnx_out_count(const struct onnx *o);
bool onnx_has_out(const struct onnx *o, int i);                   /* whether it has a name */
void onnx_out(struct onnx *o, int i, int32_t tensor);             /* that is output i */
struct tensor *onnx_tensor(const struct onnx *o, int32_t tensor); /* valid until the next one is made */
bool onnx_is_const(const struct onnx *o, int32_t tensor);

/*** Sequences: lists of tensors, known while the file is read ***/

struct onnx_sequence {
    int32_t count;
    const int32_t *items;
    bool is_none; /* an optional value that is not there */
};

/* A value is a tensor or a sequence, whose number lies below NO_TENSOR. Wherever a value may go, to onnx_out() and into
 * bodies, a sequence may; onnx_in() has none. */
int32_t onnx_value(struct onnx *o, int i);
int32_t onnx_add_sequence(struct onnx *o, const int32_t items[], int32_t count);
int32_t onnx_add_none(struct onnx *o);

/* The sequence that input i is, or value `value`; NULL: it is none. */
const struct onnx_sequence *onnx_sequence(struct onnx *o, int i);
const struct onnx_sequence *onnx_find_sequence(const struct onnx *o, int32_t value);

/* How many readers the value of this name has in its graph, counted in the file. */
int onnx_readers(const struct onnx *o, int i);

/* The whole numbers of constant input i, at most `most`; their count, or -1: it is left out. Fails if not constant. */
int onnx_in_list(struct onnx *o, int i, int64_t list[], int most);

/*** Attributes ***/

bool onnx_has(const struct onnx *o, const char *name);
int64_t onnx_int(const struct onnx *o, const char *name, int64_t absent);
float onnx_float(const struct onnx *o, const char *name, float absent);
const char *onnx_text(struct onnx *o, const char *name, const char *absent);
int onnx_list(struct onnx *o, const char *name, int64_t list[], int most); /* -1: absent */
const int64_t *onnx_ints(const struct onnx *o, const char *name, int32_t *count);
const float *onnx_floats(const struct onnx *o, const char *name, int32_t *count);
int32_t onnx_text_count(const struct onnx *o, const char *name);
const char *onnx_text_at(struct onnx *o, const char *name, int32_t i);
int32_t onnx_attr_tensor(struct onnx *o, const char *name); /* as a constant; NO_TENSOR: absent */

/* The names of the model's classes are those of this attribute, if it is there. */
void onnx_name_classes(struct onnx *o, const char *name);

/* The list of input `i`, or in opsets below `since` of an attribute. */
int onnx_in_or_list(struct onnx *o, int i, const char *name, int since, int64_t list[], int most);

/* An axis in [-rank, rank) as one in [0, rank). */
int32_t onnx_axis(struct onnx *o, int64_t axis, int32_t rank);

/*** Making nodes ***/

/* A node with outputs of these types, which go to out[]. */
void onnx_node(struct onnx *o, enum op op, const struct attr *attr, const int32_t in[], int in_count,
               const enum type types[], int32_t out[], int out_count);

/* A node with one output of this type. */
int32_t onnx_typed(struct onnx *o, enum op op, const struct attr *attr, enum type type, const int32_t in[], int count);

/* The same of the type of its first input. */
int32_t onnx_emit(struct onnx *o, enum op op, const struct attr *attr, const int32_t in[], int count);

int32_t onnx_unary(struct onnx *o, enum op op, int32_t x);
int32_t onnx_binary(struct onnx *o, enum op op, int32_t x, int32_t y);
int32_t onnx_compare(struct onnx *o, enum op op, int32_t x, int32_t y);
int32_t onnx_select(struct onnx *o, int32_t condition, int32_t yes, int32_t no);
int32_t onnx_cast(struct onnx *o, int32_t x, enum type type);
int32_t onnx_reshape(struct onnx *o, int32_t x, int32_t rank, const int64_t dim[]);
int32_t onnx_transpose(struct onnx *o, int32_t x, const int32_t permutation[]);
int32_t onnx_reduce(struct onnx *o, enum op op, int32_t x, const bool reduced[], bool keep);
int32_t onnx_slice(struct onnx *o, int32_t x, int32_t axis, int64_t begin, int64_t count);
int32_t onnx_concat(struct onnx *o, const int32_t in[], int count, int32_t axis);

/* Without the axis, which has an extent of 1. */
int32_t onnx_drop_axis(struct onnx *o, int32_t x, int32_t axis);

/* With the axis `from` moved to `to`, the others in their order. */
int32_t onnx_move_axis(struct onnx *o, int32_t x, int32_t from, int32_t to);

/* With as many dims more in front as it takes to have `rank`. */
int32_t onnx_expand_rank(struct onnx *o, int32_t x, int32_t rank);

/* A vector [C] as [C, 1, 1...], which broadcasts along axis 1 of a tensor of `rank` dims. */
int32_t onnx_channels(struct onnx *o, int32_t x, int32_t rank);

/*** Constants ***/

int32_t onnx_const(struct onnx *o, enum type type, int32_t rank, const int32_t dim[], const void *data);
int32_t onnx_real(struct onnx *o, float value);                           /* a scalar */
int32_t onnx_number(struct onnx *o, enum type type, int64_t value);       /* a scalar of an integer type or float */
int32_t onnx_const_list(struct onnx *o, int count, const int64_t list[]); /* int32 */

/* The scalar in each element of a tensor of the shape of `like`. */
int32_t onnx_filled(struct onnx *o, int32_t scalar, int32_t like);

/* x * factor + bias, each left out where it changes nothing. */
int32_t onnx_affine(struct onnx *o, int32_t x, float factor, float bias);

/* The type that mote computes in for values of this one: integers of 8 and 16 bits that are no quantised values as
 * int32, uint32 as int64. */
enum type onnx_wide_type(enum type type);

/*** Shared by families ***/

int32_t onnx_matmul(struct onnx *o, int32_t a, int32_t b);
int32_t onnx_gemm(struct onnx *o); /* Gemm of the node at hand */

/* x / sqrt(mean of squares + epsilon) over these axes; the divisor's inverse goes to *inverse. */
int32_t onnx_normalise_rms(struct onnx *o, int32_t x, const bool over[], float epsilon, int32_t *inverse);

/* (x - mean) / sqrt(variance + epsilon) over these axes. */
int32_t onnx_normalise(struct onnx *o, int32_t x, const bool over[], float epsilon);

/*** Quantised values: onnx_quant.c ***/

/* What a float tensor was before it was dequantised. The tensor of a constant has no scales of its own. */
struct onnx_quantised {
    int32_t tensor; /* int8, or int32; NO_TENSOR: it was none */
    struct quant quant;
};

struct onnx_quantised onnx_quantised(const struct onnx *o, int32_t tensor);
void onnx_set_quantised(struct onnx *o, int32_t tensor, const struct onnx_quantised *q);

/* A constant moved by a node of this kind: what it was before is moved likewise. */
void onnx_follow(struct onnx *o, int32_t from, int32_t to, enum op op, int32_t list);

/* The node that makes a tensor; NULL: none. */
const struct node *onnx_writer(const struct onnx *o, int32_t tensor);

/* An operator as onnx_typed makes it, whose output is quantised. */
int32_t onnx_emit_quantised(struct onnx *o, enum op op, const struct attr *attr, enum type type, const int32_t in[],
                            int count, const struct quant *quant);

/* Conv of the node at hand for these inputs. */
int32_t onnx_conv(struct onnx *o, int32_t in, int32_t given_filter, int32_t bias);

/*** Graphs in graphs ***/

struct onnx_body;

/* The graph that an attribute holds; NULL with an error. */
struct onnx_body *onnx_open_body(struct onnx *o, const char *name);
int onnx_body_in_count(const struct onnx_body *body);
int onnx_body_out_count(const struct onnx_body *body);

/* Its nodes become nodes of the graph at hand, in which its inputs are the tensors in[], its outputs come to out[]. */
bool onnx_inline_body(struct onnx *o, const struct onnx_body *body, const int32_t in[], int32_t out[]);

/*** The table ***/

#define ONNX(name, domain, since, convert, op) onnx_convert onnx_convert_##convert;
#include "onnx_ops.def"
#undef ONNX

/*** Between onnx.c and onnx_build.c ***/

struct Onnx__NodeProto;
struct onnx_scope;

const char *onnx_out_name(const struct onnx *o);   /* of the node at hand */
int32_t onnx_to_single(struct onnx *o, int32_t x); /* float16 and float64 as float32 */
int32_t onnx_copy(struct onnx *o, int32_t x);      /* the same in a tensor of its own */

struct onnx {
    struct arena *arena;
    struct diag *diag;
    struct graph *g;
    const struct read_request *request;
    ir_evaluate *evaluate; /* NULL: nothing is computed */
    int32_t node_capacity;
    int64_t opset, opset_ml;
    struct onnx_scope *scope; /* names of values, innermost graph first */
    int depth;                /* of graphs in graphs */
    struct onnx_sequences *sequences;
    bool takes_sequences; /* the node at hand has asked for one */
    /* about each tensor, so far */
    struct onnx_quantised *quantised;
    int32_t *writers;          /* node; -1: none */
    int32_t known;             /* tensors that these have room for */
    const struct quant *quant; /* of the outputs of the next node; NULL: none */
    /* the node at hand */
    const struct onnx_row *row;
    const struct Onnx__NodeProto *node;
    int32_t index;      /* in the file */
    int32_t made;       /* tensors made for it */
    int32_t first_made; /* tensor */
};

struct onnx_row {
    const char *name;
    enum { ONNX_AI, ONNX_ML, ONNX_MS } domain;
    int since;
    onnx_convert *convert;
    enum op op;
};

#endif
