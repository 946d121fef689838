/* SPDX-License-Identifier: MIT
 *
 * BUCKETIZE, int32.
 */
#include <stdint.h>

#define KERNEL mote_bucketize_s32
#define TYPE int32_t
#include "bucketize_body.h"
