/* SPDX-License-Identifier: MIT
 *
 * int8 activations and int8 weights, 32-bit sums. Weights have a zero point only with MAC_HAS_WEIGHT_OFFSET 1.
 */
#include <stdint.h>

typedef int8_t mac_in;
typedef int8_t mac_weight;
typedef int32_t mac_bias;
typedef uint32_t mac_sum;
typedef uint32_t mac_part;
typedef int8_t mac_out;

#define MAC_RUN INT32_MAX
#define MAC_HAS_IN_OFFSET 1
#ifndef MAC_HAS_WEIGHT_OFFSET
#define MAC_HAS_WEIGHT_OFFSET 0
#endif
#define MAC_REQUANT mote_requant

#include "mac_int.h"
