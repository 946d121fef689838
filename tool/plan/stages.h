/* SPDX-License-Identifier: MIT
 *
 * The planner's own stages, in the order they run. All bytes count rows: a row of a tensor is alive from
 * the firing that writes it to the last one that reads it.
 */
#ifndef PLAN_STAGES_H
#define PLAN_STAGES_H

#include "plan.h"

/* Memory that lives as long as the plan, `count` elements of `size` bytes: for tables that parameters point to. */
void *plan_alloc_table(struct plan *plan, size_t count, size_t size);

/* specialise.c: gives the steps the kernels that only this core can run, and their parameters. */
void plan_specialise(struct plan *plan, unsigned features);

/* choose.c: gives each step the one of its possible kernels that is worth its flash. `choices` finds those of a step besides
 * its portable one, at most PLAN_CHOICES - 1, and returns how many. */
enum { PLAN_CHOICES = 6 };
typedef int32_t plan_choices(struct plan *plan, const struct plan_step *s, unsigned features, struct plan_step found[]);
void plan_choose(struct plan *plan, plan_choices *choices, unsigned features);

/* Puts kernel `to` and its parameters in the place of a step's. False: it cannot do what these ask for. */
typedef bool plan_rule(struct plan *plan, struct plan_step *s, enum kernel to);

/* specialise_scalar.c: Cortex-M3 and Cortex-M0. */
plan_rule plan_conv2d_scalar, plan_expanding_scalar, plan_depthwise_scalar;

/* specialise_mve.c: Helium. */
plan_rule plan_conv2d_mve, plan_expanding_mve, plan_depthwise_mve, plan_add_mve;

/* specialise_softmax.c: any core. */
plan_rule plan_softmax_table;

/* specialise_lstm.c: Arm's DSP extension. */
plan_rule plan_lstm_dsp;

/* specialise_avr.c */
plan_rule plan_conv2d_avr, plan_depthwise_avr;

/* limits.c: checks that the steps are within what the executor can count and within the graph's max_work, adding to
 * *work what they take. */
bool plan_check_limits(struct plan *plan, double *work, struct diag *diag);

/* channels.c: packs factors and biases of the portable integer kernels, one to three bytes less for each channel. */
void plan_pack_channels(struct plan *plan);

/* feed.c: makes the input come row by row, by a first step that copies a row to its place. */
bool plan_feed(struct plan *plan, struct diag *diag);

/* load.c: constants that steps take as rows, and constant outputs, are copied to the arena by steps of their own. */
void plan_load(struct plan *plan);

/* order.c: sorts the steps so that the sum of live tensors stays small. */
void plan_order(struct plan *plan);

/* rows.c: writer, last user and row structure of every buffer, for the steps as they stand. */
void plan_find_rows(struct plan *plan);

/* Which of the segmentations with the least bytes alive is taken. */
enum plan_ties { PLAN_FEW_CHANGES, PLAN_FEW_SEGMENTS };

/* stream.c: chooses the segments and writes the schedule. `splits_all`: each row of a tensor that stays for a later segment
 * may lie anywhere, too; else only those within a segment. */
void plan_stream(struct plan *plan, enum plan_schedule how, enum plan_ties ties, bool splits_all);

/* place.c: gives every buffer, row and scratch memory its offset. */
bool plan_place(struct plan *plan, struct diag *diag);

/*** live.c: when is each row alive? ***/

enum { LIVE_NEVER = -2, LIVE_BEFORE = -1 };

struct live {
    int32_t *row_at;       /* [buffer]: index of its row 0 in the next two */
    int32_t *first, *last; /* [row]: firing that writes it, and that touches it last; LIVE_NEVER if none */
    int32_t row_count;
};

void live_init(struct live *live, const struct plan *plan);

/* Follows a schedule; time is the number of the firing, from 0. Returns how many firings there are. Rows of other
 * firings keep what they had. */
int32_t live_follow(struct live *live, const struct plan *plan, const struct mote_firing *schedule, uint32_t count);

/* The row that a firing reads as number k of a port's window; -1: none, outside of the image. */
static inline int32_t live_row(const struct plan *plan, const struct plan_step *step, const struct mote_port *port,
                               int32_t y, int32_t k)
{
    return plan->buffers[port->buffer].row_count == 1 ? 0 : mote_port_row(port, step->image_rows, y, k);
}

/* Whether row y of output 0 takes the place of the same row of the step's in_place buffer: the kernel allows it, the
 * sizes fit, and nobody reads that row after this firing, number `time`. */
bool live_in_place(const struct live *live, const struct plan *plan, const struct plan_step *step, int32_t y,
                   int32_t time);

#endif
