/* SPDX-License-Identifier: MIT
 *
 * The graph: tensors, and the operators between them in the order they run. Readers make
 * it, passes change it, the planner lowers it.
 *
 * Tensors are row-major (C order), images NHWC. All memory belongs to the graph's arena;
 * constants may point into the model file, which must stay open as long as the graph.
 */
#ifndef IR_H
#define IR_H

#include "../base/base.h"

enum { IR_MAX_RANK = 8, NO_TENSOR = -1 };

enum type {
#define TYPE(name, bits, code, text) TYPE_##name,
#include "type.def"
#undef TYPE
    TYPE_COUNT
};

enum op {
#define OP(name, ...) OP_##name,
#include "op.def"
#undef OP
    OP_COUNT
};

enum padding { PADDING_SAME, PADDING_VALID };
enum activation { ACT_NONE, ACT_RELU, ACT_RELU_N1_TO_1, ACT_RELU6, ACT_TANH, ACT_SIGN_BIT };

/* real = scale * (quantised - zero_point). count 0: not quantised; 1: one pair for the whole
 * tensor; else one pair for each index of dimension `axis`. */
struct quant {
    int32_t count, axis;
    const float *scale;
    const int32_t *zero_point;
};

struct tensor {
    const char *name;
    enum type type;
    int32_t rank; /* 0: a scalar */
    int32_t dim[IR_MAX_RANK];
    struct quant quant;
    const void *data; /* constant value, aligned for its type; NULL: computed */
    bool is_int4;     /* an int8 constant that files hold as int4, two values a byte */
    bool is_state;    /* keeps its value between invokes; nodes may read and write it */
    const void *init; /* a state's first value; NULL: the zero point in every element if int8, else 0 */
};

enum { IR_MOMENTS = 8 }; /* MoteMoments: how many of an axis */

/* What an operator's options say; each operator uses the fields of its name in TensorFlow
 * Lite's schema, the others stay 0. */
struct attr {
    enum padding padding;
    enum activation activation;
    int32_t stride_d, stride_h, stride_w;
    int32_t dilation_d, dilation_h, dilation_w;
    int32_t pad_top, pad_bottom, pad_left, pad_right; /* of convolutions and pooling: round the input, apart from
                                                        `padding`; of TRANSPOSE_CONV: cut off the output */
    int32_t filter_h, filter_w;
    int32_t depth_multiplier;
    int32_t axis, batch_dims, block_size, num, rank;
    int32_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
    int32_t subgraph, other_subgraph; /* IF: then, else; WHILE: condition, body; in the model's order of graphs */
    struct call *call;                /* [2] these graphs, bound to this node by pass_bind_call; NULL: not yet */
    int32_t
        mode; /* MIRROR_PAD: 0 REFLECT, 1 SYMMETRIC; FULLY_CONNECTED: weights format; LSTM: 1 basic kernel; GRU: 1 resets after the product */
    enum type type; /* the type that CAST, SHAPE, ARG_MAX... are asked for; of the bias that was left out */
    float alpha, beta, epsilon;
    int32_t radius; /* LOCAL_RESPONSE_NORMALIZATION */
    float bias;
    bool merge_outputs; /* of two directions */
    bool keep_dims, align_corners, half_pixel_centers, keep_num_dims, time_major, offset;
    bool from_uint8;   /* of operators with weights: made of uint8, so that the factor of their sums is rounded to float
                        and the weights' zero point counts */
    bool narrow_range; /* FAKE_QUANT: the lowest of 2^num steps from alpha to beta is left out */
    bool adj_x, adj_y, exclusive, reverse, asymmetric_quantize_inputs, approximate;
    float cell_clip, proj_clip;
    bool resets;         /* LSTM: states begin anew with each run, though they are tensors */
    const int32_t *list; /* new_shape, squeeze_dims; BUCKETIZE: bits of the boundaries, float32 */
    int32_t list_count;
    const uint8_t *custom; /* raw custom options, in the model file */
    size_t custom_size;
    const char *container, *shared_name; /* VAR_HANDLE: the name of the variable */
    /* Entries of the custom options of the audio front-end's operators, under their own names. */
    int32_t shift, fft_length, start_index, end_index, num_channels, output_scale, input_correction_bits;
    int32_t smoothing, one_minus_smoothing, alternate_smoothing, alternate_one_minus_smoothing;
    int32_t min_signal_remaining, smoothing_bits, spectral_subtraction_bits, snr_shift;
    int32_t delay_length, frame_size, frame_step, cycles_max;
    int32_t stacker_left_context, stacker_right_context, stacker_step;
    int32_t words, letters; /* MoteTextHash: in a row, at most */
    bool clamping, prefill;
    bool relative; /* MoteBands: to all of them together */
    /* Of TFLite_Detection_PostProcess. */
    int32_t max_detections, max_classes_per_detection, detections_per_class, num_classes;
    bool use_regular_nms;
    float nms_score_threshold, nms_iou_threshold, y_scale, x_scale, h_scale, w_scale;
};

struct node {
    enum op op;
    const char *name;  /* of its first output */
    int32_t index;     /* position in the model file, for messages */
    int32_t *in, *out; /* indices of tensors; NO_TENSOR: an optional input left out */
    int32_t in_count, out_count;
    struct attr attr;
};

struct graph {
    struct arena *arena;
    const char *name;
    struct tensor *tensors;
    int32_t tensor_count, tensor_capacity;
    struct node *nodes;
    int32_t node_count;
    int32_t *inputs, *outputs; /* indices of tensors */
    int32_t input_count, output_count;
    const char **input_names, **output_names; /* from the first signature, else of the tensors */
    const char *const
        *classes; /* [class_count]: names of the classes that an index stands for, where the file has any */
    int32_t class_count;
    const struct model *model; /* whose graphs its operators call; NULL: they call none */
    int32_t depth, loops;      /* calls around it; those that are loops */
    double work, max_work; /* steps of computation: taken to fold constants; allowed for that and an invoke. 0: any */
};

/* A graph that a node calls: a copy for this node alone, whose input i is the node's input arg[i]. */
struct call {
    struct graph graph;
    int32_t *arg; /* [graph.input_count] */
};

/* A model file: the main graph and those that its operators call. */
struct model {
    struct graph *graphs; /* graphs[0] is the main one */
    int32_t graph_count;
    const char *description;
};

/*** Facts about types, operators, tensors ***/

const char *ir_type_text(enum type type);
int ir_type_bits(enum type type);
const char *ir_op_text(enum op op);

enum ir_op_flags { IR_PURE = 1, IR_SHAPE_ONLY = 2, IR_STATEFUL = 4, IR_ELEMENTWISE = 8 };

int ir_op_flags(enum op op);

/* Elements, and bytes as stored (int4: two a byte). Checked by ir_check to fit 31 bits. */
int64_t ir_count(const struct tensor *t);
int64_t ir_size(const struct tensor *t);

enum { IR_SHAPE_TEXT = 112 };

/* "[1, 49, 10, 8]", in `text` of IR_SHAPE_TEXT bytes; returns it. */
char *ir_shape_text(const struct tensor *t, char *text);

/* dim[i], counted from the end if negative; 1 beyond the rank on the left. */
int32_t ir_dim(const struct tensor *t, int32_t i);

/* The scale and zero point of a per-tensor quantised tensor; 0 and 0 if it has none. */
float ir_scale(const struct tensor *t);
int32_t ir_zero_point(const struct tensor *t);

/* Tensor of an input or output of a node; NULL: an optional one left out. */
struct tensor *ir_in(const struct graph *g, const struct node *n, int i);
struct tensor *ir_out(const struct graph *g, const struct node *n, int i);

/* Whether two nodes of the same operator have the same options, custom ones aside, which only equal themselves. */
bool ir_same_attr(const struct attr *a, const struct attr *b);

/* How many graphs the node calls: 2 for IF and WHILE, 1 for an operator that comes with its decomposition. */
int ir_call_count(const struct node *n);

/* Multiply-accumulates of a node, of a loop in one turn; 0 for operators that are not counted in MACs. */
int64_t ir_macs(const struct graph *g, const struct node *n);

/* Element i of a constant tensor of type int32 or int64 as an integer. */
int64_t ir_const_int(const struct tensor *t, int64_t i);

/* `count` elements of `width` values each. */
struct ir_elements {
    enum type type; /* of whole bytes */
    const void *data;
    int32_t count, width;
};

/* place[i]: which of the distinct elements element i is, in the order of their first appearance, first[]. Both have room for
 * `count`. Returns how many are distinct. Of float32, 0 and -0 are the same; other types go by their bits. */
int32_t ir_unique(struct arena *arena, const struct ir_elements *e, int32_t place[], int32_t first[]);

/* The graph as text, one line a node, in its arena. Equal graphs have equal texts. */
const char *ir_dump(const struct graph *g);

/*** Building and checking ***/

/* A copy in another arena that may be changed: tensors, nodes, ends. Values, names and lists are shared. */
struct graph ir_copy(const struct graph *g, struct arena *arena);

/* A new tensor, all fields zero; returns its index. */
int32_t ir_add_tensor(struct graph *g);

/* An error at a node: "op 12 CONV_2D "stem": <text>". Returns false. */
__attribute__((format(printf, 3, 4))) bool ir_fail(const struct node *n, struct diag *diag, const char *format, ...);

/* Sets the shapes of the outputs of a node from its inputs and attributes, and checks them. Fails where the
 * inputs do not fit together, or where a shape depends on values known only at run time. */
bool ir_infer(struct graph *g, struct node *n, struct diag *diag);

/* Whether all that the node reads is known, so that its outputs may be computed here and now. */
bool ir_is_constant(const struct graph *g, const struct node *n);

/* Computes the outputs of such a node. What that may take over a whole graph: max_work steps of computation, 0: any. */
typedef bool ir_evaluate(struct graph *graph, struct node *node, struct diag *diag);

struct ir_evaluator {
    ir_evaluate *run;
    double max_work;
};

/* Checks the whole graph: indices, order, shapes, sizes, types, quantisation, ranges. Runs after the
 * reader and after every pass; what later stages assume is checked here and nowhere else. */
bool ir_check(struct graph *g, struct diag *diag);

/* The same for one tensor by itself: dims, size, quantisation. */
bool ir_check_tensor(const struct graph *g, int32_t tensor, struct diag *diag);

#endif
