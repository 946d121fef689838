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

#endif
