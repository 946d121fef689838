/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators that choose among boxes, and what they share: how much two boxes overlap.
 */
#ifndef MOTE_KERNEL_DETECT_H
#define MOTE_KERNEL_DETECT_H

#include "kernel.h"

enum { MOTE_DETECT_F32, MOTE_DETECT_S8, MOTE_DETECT_U8 };

/* real = scale * (value - zero) */
struct mote_detect_input {
    int32_t type; /* MOTE_DETECT_... */
    float scale, zero;
};

/* TFLite_Detection_PostProcess. io->in: encodings [boxes, code] of boxes as (y, x, h, w) relative to the anchors, scores
 * [boxes, first_class + classes], anchors [boxes, 4]; io->out: boxes [most, 4] as (ymin, xmin, ymax, xmax), classes [most], scores
 * [most], how many [1], all float; what is left over is 0. io->scratch: 5 floats a box, then a byte a box. */
struct mote_detection {
    int32_t boxes, code;
    int32_t classes, first_class; /* 1: class 0 is the background */
    int32_t most;                 /* detections */
    int32_t most_of_class;        /* of one class; 0: classes suppress each other, each box counts as its best class */
    float least_score, most_overlap;
    float y_scale, x_scale, h_scale, w_scale;
    struct mote_detect_input encodings, scores, anchors;
};

/* NON_MAX_SUPPRESSION_V4, _V5. io->in: boxes [boxes, 4] as two corners (y, x), scores [boxes], the overlap from which on a box
 * is dropped, the score that a box must exceed, and for V5 sigma: what overlaps less loses score by exp(-overlap^2 / (2
 * sigma)). io->out: indices [most], for V5 scores [most], how many. io->scratch: for each box its score and how many of
 * the chosen ones it has been compared with. */
struct mote_suppression {
    int32_t boxes, most;
    int32_t is_soft; /* V5 */
};

/* ROI_ALIGN, a row is a line of bins of one region. io->in: images [images, height, width, channels], regions [regions, 4] as
 * (x0, y0, x1, y1), for each the number of its image, which is moved into range; io->out: a line [out_width, channels]. */
struct mote_roi_align {
    int32_t images, height, width, channels; /* none is 0 */
    int32_t out_height, out_width;
    int32_t index_bytes; /* of a number of an image: 4 or 8 */
    int32_t samples;     /* along each side of a bin; 0: one for each pixel */
    float scale, offset; /* of regions' corners: to pixels, then less `offset` */
    float least_size;    /* pixels that a side of a region has at least; minus infinity: any */
};

/* Intersection over union of two boxes (y0, x0, y1, x1) with y0 <= y1, x0 <= x1; 0 where one of them is empty. */
static inline float mote_overlap(const float *a, const float *b)
{
    const float area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
    if (!(area_a > 0) || !(area_b > 0)) {
        return 0;
    }
    const float top = a[0] > b[0] ? a[0] : b[0], bottom = a[2] < b[2] ? a[2] : b[2];
    const float left = a[1] > b[1] ? a[1] : b[1], right = a[3] < b[3] ? a[3] : b[3];
    const float h = bottom - top, w = right - left;
    const float both = (h > 0 ? h : 0) * (w > 0 ? w : 0);
    return both / (area_a + area_b - both);
}

#endif
