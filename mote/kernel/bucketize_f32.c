/* SPDX-License-Identifier: MIT
 *
 * BUCKETIZE, float32.
 */
#include <stdint.h>

#define KERNEL mote_bucketize_f32
#define TYPE float
#include "bucketize_body.h"
