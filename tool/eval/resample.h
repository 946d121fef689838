/* SPDX-License-Identifier: MIT
 *
 * Confidence intervals of figures that have no formula for one: by the bootstrap (Efron 1979), percentiles of what the figure
 * is on examples drawn with replacement. The draws are the same each time.
 */
#ifndef EVAL_RESAMPLE_H
#define EVAL_RESAMPLE_H

#include "eval.h"

/* The figure on `count` examples, of which picked[i] are the indices; NaN counts as 0. */
typedef double resample_figure(const void *context, const int32_t *picked, int32_t count);

/* The figure on all examples with its interval; value NaN, and no interval, for no examples. */
struct eval_figure resample(resample_figure *figure, const void *context, int32_t count, struct arena *arena);

#endif
