/* SPDX-License-Identifier: MIT
 *
 * BUCKETIZE, int64.
 */
#include <stdint.h>

#define KERNEL mote_bucketize_s64
#define TYPE int64_t
#include "bucketize_body.h"
