/* SPDX-License-Identifier: MIT
 *
 * int16 activations and int8 weights, both without zero point, 64-bit sums.
 */
#include <stdint.h>

typedef int16_t mac_in;
typedef int8_t mac_weight;
typedef int64_t mac_bias;
typedef int64_t mac_sum;
typedef int32_t mac_part;
typedef int16_t mac_out;

#define MAC_RUN 256 /* |product| <= 2^22, so 32 bits hold this many */
#define MAC_HAS_IN_OFFSET 0
#define MAC_HAS_WEIGHT_OFFSET 0
#define MAC_REQUANT mote_requant64

#include "mac_int.h"
