/* SPDX-License-Identifier: MIT
 *
 * BATCH_MATMUL, int8.
 *
 * Source: TensorFlow Lite, reference_ops::BatchMatMul.
 */
#define MOTE_WEIGHTS
#define MAC_HAS_WEIGHT_OFFSET 1
#include "mac_s8.h"

#define KERNEL mote_batch_matmul_s8
#include "batch_matmul_body.h"
