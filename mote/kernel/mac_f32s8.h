/* SPDX-License-Identifier: MIT
 *
 * float32 activations and int8 weights, which stand for weight * scale.
 */
#include <stdint.h>

typedef int8_t mac_weight;

#include "mac_float.h"
