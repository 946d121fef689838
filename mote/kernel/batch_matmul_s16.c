/* SPDX-License-Identifier: MIT
 *
 * BATCH_MATMUL, int16.
 *
 * Source: TensorFlow Lite, reference_ops::BatchMatMul.
 */
#define MOTE_WEIGHTS
#include "mac_s16s16.h"

#define KERNEL mote_batch_matmul_s16
#include "batch_matmul_body.h"
