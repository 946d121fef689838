/* SPDX-License-Identifier: MIT */
#ifndef READ_ONNX_QUANT_H
#define READ_ONNX_QUANT_H

#include "onnx.h"

/* The float tensor as int8 of this scale and zero point: by an operator on int8 in the place of the one that made it, where
 * there is one and its inputs were quantised, too; else by QUANTIZE. */
int32_t onnx_requantise(struct onnx *o, int32_t tensor, const struct quant *quant);

/* (x - zero) * scale, of constants on int8 if what reads it can be; zero may be NO_TENSOR. */
int32_t onnx_dequantize(struct onnx *o, int32_t x, int32_t scale, int32_t zero, int64_t axis);

/* A float tensor in steps of `scale`, of int8, uint8, int16 or uint16. */
int32_t onnx_quantize(struct onnx *o, int32_t x, int32_t scale, int32_t zero, int64_t axis, enum type type);

enum type onnx_type_of_zero(const struct onnx *o, int32_t zero);

/* A bias counts in steps of the product of both scales. */
int32_t onnx_dequantize_bias(struct onnx *o, int32_t bias, int32_t x_scale, int32_t w_scale);

#endif
