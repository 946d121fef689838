/* SPDX-License-Identifier: MIT
 *
 * int8 activations and symmetric int8 weights, 32-bit sums, a multiplier for each filter or for all.
 */
#include <stdint.h>

typedef int8_t mac_in;
typedef int8_t mac_weight;
typedef int32_t mac_bias;
typedef uint32_t mac_sum;
typedef uint32_t mac_part;
typedef int8_t mac_out;

#define MAC_RUN INT32_MAX
#define MAC_IN_OFFSET(m) (m)->in_offset
#define MAC_WEIGHT_OFFSET(m) 0
#define MAC_REQUANT(sum, multiplier, shift) mote_requant((int32_t)(sum), multiplier, shift)

#include "mac_int.h"
