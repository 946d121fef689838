/* SPDX-License-Identifier: MIT
 *
 * TREE_ENSEMBLE, samples of uint8.
 */
#include "tree.h"

typedef uint8_t tree_in;
#define KERNEL mote_tree_ensemble_u8
#include "tree_int_body.h"
