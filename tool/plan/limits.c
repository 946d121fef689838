/* SPDX-License-Identifier: MIT
 *
 * What a plan may ask for: rows inside of their tensors, numbers of rows that the executor's 32-bit integers hold, and no more work than
 * allowed, so that a hostile model ends here and not after hours.
 *
 * Work is counted for all firings of a step: bytes of all rows that it sees, 16 for each row pointer, the elements of
 * its tensors, and its multiply-accumulates or the taps of its window. One unit takes about a nanosecond.
 */
#include "stages.h"

enum { POINTER_WORK = 16 };

/* Numbers of the first and the last row of all windows, those outside of the image too. */
static bool check_range(const struct plan_step *s, const struct mote_port *port)
{
    int64_t low = -(int64_t)port->pad, high = low;
    for (int32_t v = 0; v < s->image_rows && port->lines != NULL; v++) {
        low = port->lines[v] < low ? port->lines[v] : low;
        high = port->lines[v] > high ? port->lines[v] : high;
    }
    if (port->lines == NULL) {
        high += (int64_t)(s->image_rows > 0 ? s->image_rows - 1 : 0) * port->stride;
    }
    const int64_t reach = (int64_t)(port->count > 0 ? port->count - 1 : 0) * port->dilation;
    return low > INT32_MIN && high < INT32_MAX && reach < INT32_MAX && high + reach < INT32_MAX;
}

/* Whether all rows of a port are inside of its buffer: if not, a lowering rule is wrong. */
static bool is_inside(const struct plan *plan, const struct mote_port *port, int64_t rows)
{
    return rows * port->row_bytes <= (int64_t)plan->buffers[port->buffer].size;
}

static bool check_ports(const struct plan *plan, const struct plan_step *s)
{
    const int32_t images = s->image_rows > 0 ? s->rows / s->image_rows : 0;
    bool inside = true;
    for (int k = 0; k < s->in_count && s->rows > 0; k++) {
        inside = inside && is_inside(plan, &s->in[k], (int64_t)(images - 1) * s->in[k].image_step + s->in[k].rows);
    }
    for (int k = 0; k < s->out_count && s->rows > 0; k++) {
        inside = inside && is_inside(plan, &s->out[k], s->out[k].stride == 0 ? 1 : s->rows);
    }
    return inside;
}

static double taps(const struct graph *g, const struct node *n)
{
    const double window = (double)n->attr.filter_h * n->attr.filter_w;
    const double by_window = window > 0 && ir_out(g, n, 0) != NULL ? window * (double)ir_count(ir_out(g, n, 0)) : 0;
    const double macs = (double)ir_macs(g, n);
    return macs > by_window ? macs : by_window;
}

/* Loops over a tensor: even an empty one may have long dims besides the one that is 0. */
static double loops(const struct tensor *t)
{
    double count = t == NULL ? 0 : 1;
    for (int i = 0; t != NULL && i < t->rank; i++) {
        count *= t->dim[i] > 0 ? t->dim[i] : 1;
    }
    return count;
}

/* Boxes that are held against each other. */
static double pairs(const struct graph *g, const struct node *n)
{
    switch (n->op) {
    case OP_NON_MAX_SUPPRESSION_V4:
    case OP_NON_MAX_SUPPRESSION_V5: {
        const double boxes = ir_in(g, n, 0)->dim[0], most = ir_out(g, n, 0)->dim[0];
        return boxes * (most < boxes ? most : boxes) * 8;
    }
    case OP_TFLite_Detection_PostProcess: {
        const double boxes = ir_in(g, n, 0)->dim[1], rounds = n->attr.use_regular_nms ? n->attr.num_classes : 1;
        return boxes * (n->attr.use_regular_nms ? boxes : n->attr.max_detections) * rounds * 8;
    }
    default:
        return 0;
    }
}

static double node_work(const struct graph *g, const struct node *n)
{
    double work = taps(g, n) + pairs(g, n);
    for (int i = 0; i < n->in_count; i++) {
        work += loops(ir_in(g, n, i));
    }
    for (int i = 0; i < n->out_count; i++) {
        work += loops(ir_out(g, n, i));
    }
    return work;
}

static double step_work(const struct graph *g, const struct plan_step *s)
{
    double work = node_work(g, s->node) + s->work;
    for (int i = 0; i < s->in_count; i++) {
        work += (double)s->rows * s->in[i].count * ((double)s->in[i].row_bytes + POINTER_WORK);
    }
    for (int i = 0; i < s->out_count; i++) {
        work += (double)s->rows * ((double)s->out[i].row_bytes + POINTER_WORK);
    }
    return work;
}

bool plan_check_limits(struct plan *plan, double *work, struct diag *diag)
{
    const struct graph *g = plan->graph;
    for (int i = 0; i < plan->step_count; i++) {
        const struct plan_step *s = &plan->steps[i];
        const struct node *n = s->node;
        for (int k = 0; k < s->in_count; k++) {
            if (!check_range(s, &s->in[k])) {
                return ir_fail(n, diag, "its window reaches further than 2^31 rows; make padding or dilation smaller");
            }
        }
        if (!check_ports(plan, s)) {
            return ir_fail(n, diag, "its rows do not fit its tensors; this is a fault of mote, please report it");
        }
        const double own = step_work(g, s);
        *work += own;
        plan->worst += own - s->work + s->worst;
        if (g->max_work > 0 && *work > g->max_work) {
            return ir_fail(n, diag,
                           "up to here the model takes %.3g steps of computation, more than %.3g; "
                           "allow more by --max-work",
                           *work, g->max_work);
        }
    }
    return true;
}
