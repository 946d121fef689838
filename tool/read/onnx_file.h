/* SPDX-License-Identifier: MIT
 *
 * What of an .onnx file is read in more than one place.
 */
#ifndef READ_ONNX_FILE_H
#define READ_ONNX_FILE_H

#include "onnx.h"

struct Onnx__TensorProto;
struct Onnx__AttributeProto;

/* The attribute of the node at hand; NULL: it has none of this name. */
const struct Onnx__AttributeProto *onnx_attribute(const struct onnx *o, const char *name);

/* The type of the graph for an element type of the file, of inputs and outputs. */
bool onnx_find_type(int32_t code, enum type *type);
const char *onnx_type_name(int32_t code);

/* Texts of the file as names of the classes. */
struct ProtobufCBinaryData;
void onnx_set_classes(struct onnx *o, const struct ProtobufCBinaryData texts[], size_t count);

/* A constant of the file: double precision as float32, half precision as well; texts, which are classes, as int64, the
 * number of each. */
int32_t onnx_read_tensor(struct onnx *o, const struct Onnx__TensorProto *p);

/*** Names of values ***/

struct Onnx__GraphProto;

/* Names of a graph; those of the graphs round it count, too. */
struct onnx_scope {
    struct onnx_scope *outer;
    const struct Onnx__GraphProto *graph;
    uint32_t size; /* of the table, a power of 2 */
    struct onnx_value_name {
        const char *text; /* NULL: free */
        int32_t tensor;   /* or sequence; NO_TENSOR: not made yet */
        int32_t readers;
        bool is_lost; /* what would make it, mote lacks */
    } * names;
};

/* Opens a scope in that of `o`, with who reads what in graph p. */
void onnx_open_scope(struct onnx *o, struct onnx_scope *s, const struct Onnx__GraphProto *p);

/* The place of a name in the table, which is free if it is not there; or with the name there. */
struct onnx_value_name *onnx_find_name(const struct onnx_scope *s, const char *text);
struct onnx_value_name *onnx_add_name(struct onnx_scope *s, const char *text);

/* What a name means, from the innermost graph outwards; NO_TENSOR: nothing yet. */
int32_t onnx_find_value(const struct onnx *o, const char *name);

/* Gives a name of the innermost graph its meaning; false, with an error: it has one. */
bool onnx_set_value(struct onnx *o, const char *name, int32_t value);

#endif
