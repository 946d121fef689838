/* SPDX-License-Identifier: MIT
 *
 * What layers that move a window share.
 */
#ifndef READ_KERAS_CONV_H
#define READ_KERAS_CONV_H

#include "keras.h"

#ifdef HAVE_KERAS

enum { KERAS_DEPTH_AXIS, KERAS_HEIGHT_AXIS, KERAS_WIDTH_AXIS, KERAS_AXES };

/* A window along one to three axes, the last ones, as the config of all such layers says it. */
struct keras_window {
    int32_t size[KERAS_AXES], stride[KERAS_AXES], dilation[KERAS_AXES];
    enum padding padding;
    bool is_causal;
};

/* These return false, 0 or NO_TENSOR with an error. */
bool keras_check_rank(struct keras_layer *l, int32_t x, int32_t rank);
bool keras_read_window(struct keras_layer *l, int32_t axes, const char *size_key, struct keras_window *w);
struct attr keras_window_attr(const struct keras_window *w);

/* [batch, steps, c] to [batch, 1, steps, c] and back. */
int32_t keras_as_image(struct keras_layer *l, int32_t x);
int32_t keras_as_line(struct keras_layer *l, int32_t x);

/* How many filters. */
int32_t keras_read_filters(struct keras_layer *l, const char *key);

/* Filters [h, w, in, out] of weight `index` as a constant [out, h, w, in]. */
int32_t keras_conv_filter(struct keras_layer *l, int32_t index, const struct keras_window *w, int32_t in, int32_t out);

/* The bias of weight `index`; NO_TENSOR: none, or an error. */
int32_t keras_add_bias(struct keras_layer *l, int32_t index, int32_t count);

/* A convolution by filters [out, h, w, in]; without a filter or an input NO_TENSOR. */
int32_t keras_add_conv(struct keras_layer *l, enum op op, int32_t x, int32_t filter, int32_t bias,
                       const struct attr *attr);

#endif

#endif
