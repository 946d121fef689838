/* SPDX-License-Identifier: MIT
 *
 * Operators that choose among boxes, or look into them.
 */
#include <float.h>
#include <math.h>

#include "../../mote/kernel/detect.h"

#include "lower.h"

static bool set_input(struct lower *l, int i, struct mote_detect_input *input)
{
    const struct tensor *t = lower_in(l, i);
    if (t->type != TYPE_F32 && t->type != TYPE_S8 && t->type != TYPE_U8) {
        return lower_no_kernel(l, "float32, int8 and uint8 to float32");
    }
    *input = (struct mote_detect_input){t->type == TYPE_F32  ? MOTE_DETECT_F32
                                        : t->type == TYPE_S8 ? MOTE_DETECT_S8
                                                             : MOTE_DETECT_U8,
                                        ir_scale(t), (float)ir_zero_point(t)};
    return t->type == TYPE_F32 || lower_quantised(l, t, "input");
}

bool lower_detection(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    for (int i = 0; i < 4; i++) {
        if (lower_out(l, i)->type != TYPE_F32) {
            return lower_no_kernel(l, "float32, int8 and uint8 to float32");
        }
    }
    const float scales[] = {a->y_scale, a->x_scale, a->h_scale, a->w_scale};
    for (size_t i = 0; i < COUNT_OF(scales); i++) {
        if (!isfinite(scales[i]) || !(scales[i] > 0)) {
            return ir_fail(l->node, l->diag, "has scale %g, want more than 0", (double)scales[i]);
        }
    }
    if (!(a->nms_iou_threshold > 0 && a->nms_iou_threshold <= 1)) {
        return ir_fail(l->node, l->diag, "has nms_iou_threshold %g, want it in (0, 1]", (double)a->nms_iou_threshold);
    }
    struct mote_detection *p = lower_kernel(l, KERNEL_detection_f32);
    const struct tensor *in = lower_in(l, 0);
    p->boxes = in->dim[1];
    p->code = in->dim[2];
    p->classes = a->num_classes;
    p->first_class = lower_in(l, 1)->dim[2] - a->num_classes;
    p->most = a->max_detections;
    p->most_of_class = !a->use_regular_nms ? 0 : a->detections_per_class > 0 ? a->detections_per_class : 100;
    p->least_score = a->nms_score_threshold;
    p->most_overlap = a->nms_iou_threshold;
    p->y_scale = a->y_scale;
    p->x_scale = a->x_scale;
    p->h_scale = a->h_scale;
    p->w_scale = a->w_scale;
    if (!set_input(l, 0, &p->encodings) || !set_input(l, 1, &p->scores) || !set_input(l, 2, &p->anchors)) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        lower_out_whole(l, i);
    }
    for (int i = 0; i < 3; i++) {
        lower_in_whole(l, i);
    }
    lower_scratch(l, (size_t)p->boxes * (5 * sizeof(float) + 1));
    return true;
}

bool lower_suppression(struct lower *l)
{
    const struct node *n = l->node;
    const bool is_soft = n->op == OP_NON_MAX_SUPPRESSION_V5;
    for (int i = 0; i < n->in_count; i++) {
        if (lower_in(l, i)->type != (i == 2 ? TYPE_S32 : TYPE_F32)) {
            return lower_no_kernel(l, "float32, with an int32 number of boxes");
        }
    }
    for (int i = 0; i < n->out_count; i++) {
        if (lower_out(l, i)->type != (is_soft && i == 1 ? TYPE_F32 : TYPE_S32)) {
            return lower_no_kernel(l, "int32 indices and numbers, float32 scores");
        }
    }
    struct mote_suppression *p = lower_kernel(l, KERNEL_suppression_f32);
    p->boxes = lower_in(l, 0)->dim[0];
    p->most = lower_out(l, 0)->dim[0];
    p->is_soft = is_soft;
    for (int i = 0; i < n->out_count; i++) {
        lower_out_whole(l, i);
    }
    for (int i = 0; i < n->in_count; i++) {
        if (i != 2) {
            lower_in_whole(l, i);
        }
    }
    lower_scratch(l, (size_t)p->boxes * (sizeof(float) + sizeof(int32_t)));
    return true;
}

bool lower_roi_align(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const struct attr *a = &l->node->attr;
    if (in->type != TYPE_F32 || lower_in(l, 1)->type != TYPE_F32 || out->type != TYPE_F32) {
        return lower_no_kernel(l, "float32");
    }
    if (ir_count(out) == 0) {
        return true;
    }
    struct mote_roi_align *p = lower_kernel(l, KERNEL_roi_align_f32);
    p->images = in->dim[0];
    p->height = in->dim[1];
    p->width = in->dim[2];
    p->channels = in->dim[3];
    p->out_height = a->filter_h;
    p->out_width = a->filter_w;
    p->index_bytes = lower_in(l, 2)->type == TYPE_S64 ? 8 : 4;
    p->samples = a->num;
    p->scale = a->alpha;
    p->offset = a->half_pixel_centers ? 0.5F : 0.0F;
    p->least_size = a->half_pixel_centers ? -FLT_MAX : 1.0F;
    lower_out_lines(l, 0);
    for (int i = 0; i < 3; i++) {
        lower_in_whole(l, i);
    }
    return true;
}
