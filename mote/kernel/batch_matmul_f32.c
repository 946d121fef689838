/* SPDX-License-Identifier: MIT
 *
 * BATCH_MATMUL, float32.
 */
#define MOTE_WEIGHTS
#include "mac_f32.h"

#define KERNEL mote_batch_matmul_f32
#include "batch_matmul_body.h"
