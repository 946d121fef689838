/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators that choose among boxes.
 */
#include "shape.h"

static bool check_dims(struct graph *g, struct node *n, int i, int32_t rank, const int32_t dim[], struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    bool fits = t->rank == rank;
    for (int d = 0; d < rank && fits; d++) {
        fits = t->dim[d] == dim[d] || dim[d] < 0;
    }
    char is[IR_SHAPE_TEXT], want[IR_SHAPE_TEXT];
    struct tensor wanted = {.rank = rank};
    for (int d = 0; d < rank; d++) {
        wanted.dim[d] = dim[d];
    }
    return fits || ir_fail(n, diag, "input %d has shape %s, want %s, -1 standing for any number", i,
                           ir_shape_text(t, is), ir_shape_text(&wanted, want));
}

bool shape_detection(struct graph *g, struct node *n, struct diag *diag)
{
    const struct attr *a = &n->attr;
    const struct tensor *in = ir_in(g, n, 0);
    if (!check_dims(g, n, 0, 3, (int32_t[]){1, -1, -1}, diag) ||
        !check_dims(g, n, 1, 3, (int32_t[]){1, in->dim[1], -1}, diag) ||
        !check_dims(g, n, 2, 2, (int32_t[]){in->dim[1], 4}, diag)) {
        return false;
    }
    const int32_t classes = ir_in(g, n, 1)->dim[2];
    if (in->dim[2] < 4 || a->num_classes < 1 || (classes != a->num_classes && classes - 1 != a->num_classes)) {
        return ir_fail(n, diag, "has %d values a box and scores of %d classes; want 4 or more, and %d or %d",
                       in->dim[2], classes, a->num_classes, a->num_classes + 1);
    }
    if (a->max_detections < 0 || a->detections_per_class < 0 ||
        (a->max_classes_per_detection != 1 && !a->use_regular_nms)) {
        return ir_fail(n, diag,
                       "wants %d detections, %d of a class, %d classes each; want 0 or more, and one class each",
                       a->max_detections, a->detections_per_class, a->max_classes_per_detection);
    }
    const int32_t most = a->max_detections;
    shape_set(g, n, 0, 3, (int32_t[]){1, most, 4});
    shape_set(g, n, 1, 2, (int32_t[]){1, most});
    shape_set(g, n, 2, 2, (int32_t[]){1, most});
    shape_set(g, n, 3, 1, (int32_t[]){1});
    return true;
}

bool shape_suppression(struct graph *g, struct node *n, struct diag *diag)
{
    int64_t most;
    const struct tensor *boxes = ir_in(g, n, 0);
    if (!check_dims(g, n, 0, 2, (int32_t[]){-1, 4}, diag) ||
        !check_dims(g, n, 1, 1, (int32_t[]){boxes->dim[0]}, diag) || !shape_number(g, n, 2, &most, diag)) {
        return false;
    }
    for (int i = 3; i < n->in_count; i++) {
        if (ir_count(ir_in(g, n, i)) != 1) {
            return ir_fail(n, diag, "input %d has %lld values, want one", i, (long long)ir_count(ir_in(g, n, i)));
        }
    }
    for (int i = 0; i < n->out_count - 1; i++) {
        if (!shape_set_wide(g, n, i, 1, &most, diag)) {
            return false;
        }
    }
    shape_set(g, n, n->out_count - 1, 0, NULL);
    return true;
}

/* Images [N, H, W, C], regions [R, 4], numbers of images [R]. */
bool shape_roi_align(struct graph *g, struct node *n, struct diag *diag)
{
    enum { MOST_SAMPLES = 1024 };
    const struct tensor *in = ir_in(g, n, 0), *at = ir_in(g, n, 2);
    const struct attr *a = &n->attr;
    if (!check_dims(g, n, 0, 4, (int32_t[]){-1, -1, -1, -1}, diag) ||
        !check_dims(g, n, 1, 2, (int32_t[]){-1, 4}, diag) ||
        !check_dims(g, n, 2, 1, (int32_t[]){ir_in(g, n, 1)->dim[0]}, diag)) {
        return false;
    }
    if (a->filter_h < 1 || a->filter_w < 1 || a->num < 0 || a->num > MOST_SAMPLES ||
        (at->type != TYPE_S32 && at->type != TYPE_S64) || ir_count(in) == 0) {
        return ir_fail(n, diag, "makes %d x %d bins of %d samples with %s indices; want 1 or more bins, int32 or int64",
                       a->filter_h, a->filter_w, a->num, ir_type_text(at->type));
    }
    shape_set(g, n, 0, 4, (int32_t[]){at->dim[0], a->filter_h, a->filter_w, in->dim[3]});
    return true;
}
