/* SPDX-License-Identifier: MIT
 *
 * uint8 activations and uint8 weights, both with zero points, 32-bit sums.
 */
#include <stdint.h>

typedef uint8_t mac_in;
typedef uint8_t mac_weight;
typedef int32_t mac_bias;
typedef uint32_t mac_sum;
typedef uint32_t mac_part;
typedef uint8_t mac_out;

#define MAC_RUN INT32_MAX
#define MAC_HAS_IN_OFFSET 1
#define MAC_HAS_WEIGHT_OFFSET 1
#define MAC_REQUANT mote_requant

#include "mac_int.h"
