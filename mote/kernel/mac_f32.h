/* SPDX-License-Identifier: MIT
 *
 * float32 activations and weights.
 */
typedef float mac_weight;

#include "mac_float.h"
