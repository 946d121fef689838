/* SPDX-License-Identifier: MIT
 *
 * CAST of float: towards zero, saturated, NaN to 0. T, KERNEL, TO_FLOAT: as in cast_body.h.
 * Source: TensorFlow Lite, copyCast, which saturates some types and leaves the others undefined.
 */
#define TO_INTEGER(x, OUT, LOW, HIGH, LIMIT) \
    (TO_FLOAT(x) >= LIMIT       ? (OUT)HIGH \
     : TO_FLOAT(x) > (float)LOW ? (OUT)TO_FLOAT(x) \
                                : (OUT)(mote_isnan(TO_FLOAT(x)) ? 0 : LOW))
#include "cast_body.h"
