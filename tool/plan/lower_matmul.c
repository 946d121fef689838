/* SPDX-License-Identifier: MIT
 *
 * Matrix products.
 */
#include "../../mote/kernel/conv.h"
#include "lower_mac.h"

/* A matrix product with weights is a convolution of images of one pixel: each row of the batch is such an image. */
bool lower_fully_connected(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *filter = lower_in(l, 1), *out = lower_out(l, 0);
    const int32_t out_c = filter->dim[0], depth = filter->dim[1];
    struct mote_conv2d *p =
        lower_mac(l, &(struct mac){in, filter, lower_in(l, 2), out, MAC_CONV2D, out_c, depth,
                                   .float_product = filter->quant.count == 1});
    if (p == NULL) {
        return false;
    }
    p->in_w = p->out_w = p->filter_h = p->filter_w = p->stride_w = p->dilation_w = 1;
    p->in_c = p->filter_c = depth;
    p->out_c = out_c;
    p->filter = filter->data;
    const int32_t batch = (int32_t)(ir_count(out) / out_c);
    const int32_t bytes = ir_type_bits(in->type) / 8;
    lower_out_view(l, 0, (struct lower_lines){1, batch, out_c * bytes});
    lower_in_view(l, 0, (struct lower_lines){1, batch, depth * bytes}, lower_each_line);
    if (filter->data == NULL) {
        lower_in_whole(l, 1);
    }
    return true;
}
