/* SPDX-License-Identifier: MIT
 *
 * TREE_ENSEMBLE, samples of int16.
 */
#include "tree.h"

typedef int16_t tree_in;
#define KERNEL mote_tree_ensemble_s16
#include "tree_int_body.h"
