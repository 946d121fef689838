/* SPDX-License-Identifier: MIT */
#ifndef READ_ONNX_QUANT_H
#define READ_ONNX_QUANT_H

#include "onnx.h"

/* The float tensor as int8 of this scale and zero point: by an operator on int8 in the place of the one that made it, where
 * there is one and its inputs were quantised, too; else by QUANTIZE. */
int32_t onnx_requantise(struct onnx *o, int32_t tensor, const struct quant *quant);

#endif
