/* SPDX-License-Identifier: MIT
 *
 * int16 activations and int8 weights, both without zero point, 32-bit sums: these round otherwise than 64-bit ones.
 */
#include <stdint.h>

typedef int16_t mac_in;
typedef int8_t mac_weight;
typedef int32_t mac_bias;
typedef uint32_t mac_sum;
typedef uint32_t mac_part;
typedef int16_t mac_out;

#define MAC_RUN INT32_MAX
#define MAC_HAS_IN_OFFSET 0
#define MAC_HAS_WEIGHT_OFFSET 0
#define MAC_REQUANT mote_requant

#include "mac_int.h"
