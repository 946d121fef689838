/* SPDX-License-Identifier: MIT
 *
 * The parts of the reader of .tflite files: graphs and operators (tflite.c), tensors (tflite_tensor.c), the options of
 * operators (tflite_options.c).
 */
#ifndef READ_TFLITE_H
#define READ_TFLITE_H

#include "flatbuffer.h"
#include "inputs.h"
#include "tflite_schema.h"

/* The codes of the builtin operators. */
enum tflite_builtin {
#define TFLITE_OP(code, name, options) TFLITE_##name = code,
#include "tflite_ops.def"
#undef TFLITE_OP
};

struct hlo_row;

/* An entry of the model's table of operators. */
struct tflite_code {
    enum op op;                /* NO_OP: none that mote has */
    const struct hlo_row *hlo; /* that is read as others; NULL: it is not */
    const char *name;          /* only where mote does not have it */
    const char *cure;          /* what to do then; NULL: nothing special */
};

struct tflite_reader {
    struct fb fb;
    struct arena *arena;
    struct diag *diag;
    const struct read_request *request;
    struct fb_vector buffers, subgraphs;
    struct tflite_code *codes;
    uint32_t code_count;
    int32_t tensor_count;  /* of the subgraph at hand, in the file */
    int32_t node_capacity; /* of its graph */
    bool *is_assumed;      /* [tensor_count]: its value comes from what mote lacks */
};

/* Bytes in the file. */
struct tflite_span {
    const uint8_t *data;
    size_t size;
};

/* The type of a tensor for its code in the file; false: none that mote has. */
bool tflite_find_type(int64_t code, enum type *type);
const char *tflite_type_name(const struct tflite_reader *r, int64_t code);

int32_t *tflite_read_list(struct tflite_reader *r, const struct fb_vector *v);

/* A part of the file beyond the flatbuffer, as models over 2 GB have; it is checked to be inside. */
bool tflite_read_span(struct tflite_reader *r, const struct fb_table *t, int offset_field, int size_field,
                      struct tflite_span *span);

bool tflite_read_tensor(struct tflite_reader *r, const struct fb_table *table, int32_t index, struct tensor *t);

/* Those of the operator's table, its custom ones included. */
bool tflite_read_options(struct tflite_reader *r, const struct fb_table *operator, struct node * n);

/* A new node of the subgraph at hand, valid until the next. */
struct node *tflite_add_node(struct tflite_reader *r, struct graph *g);

#endif
