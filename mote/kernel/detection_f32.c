/* SPDX-License-Identifier: MIT
 *
 * TFLite_Detection_PostProcess: of the boxes that have not been dropped, the one of the highest score is chosen again and
 * again, and drops all that overlap it too much. The outputs are the list, sorted by score.
 */
#include <stddef.h>
#include <string.h>

#include "detect.h"
#include "real.h"

static float input_at(const struct mote_detect_input *input, const void *data, int32_t i)
{
    switch (input->type) {
    case MOTE_DETECT_S8:
        return ((float)((const int8_t *)data)[i] - input->zero) * input->scale;
    case MOTE_DETECT_U8:
        return ((float)((const uint8_t *)data)[i] - input->zero) * input->scale;
    default:
        return ((const float *)data)[i];
    }
}

static void decode(const struct mote_detection *p, const struct mote_io *io, float *boxes)
{
    for (int32_t i = 0; i < p->boxes; i++) {
        float in[4], anchor[4];
        for (int32_t k = 0; k < 4; k++) {
            in[k] = input_at(&p->encodings, io->in[0], i * p->code + k);
            anchor[k] = input_at(&p->anchors, io->in[2], i * 4 + k);
        }
        const float y = in[0] / p->y_scale * anchor[2] + anchor[0], x = in[1] / p->x_scale * anchor[3] + anchor[1];
        const float h = 0.5F * mote_exp(in[2] / p->h_scale) * anchor[2];
        const float w = 0.5F * mote_exp(in[3] / p->w_scale) * anchor[3];
        boxes[4 * i] = y - h;
        boxes[4 * i + 1] = x - w;
        boxes[4 * i + 2] = y + h;
        boxes[4 * i + 3] = x + w;
    }
}

/* The score of a box as class `only`; -1: as its best one, which goes to *best. */
static float score_of(const struct mote_detection *p, const void *scores, int32_t box, int32_t only, int32_t *best)
{
    const int32_t row = box * (p->first_class + p->classes) + p->first_class;
    *best = only < 0 ? 0 : only;
    float score = input_at(&p->scores, scores, row + *best);
    for (int32_t c = 1; c < p->classes && only < 0; c++) {
        const float other = input_at(&p->scores, scores, row + c);
        if (other > score) {
            score = other;
            *best = c;
        }
    }
    return score;
}

/* The box of the highest score that has not been dropped, the first of equals; -1: there is none. */
static int32_t best_box(const struct mote_detection *p, const float *scores, const uint8_t *is_dropped)
{
    int32_t best = -1;
    for (int32_t i = 0; i < p->boxes; i++) {
        if (!is_dropped[i] && (best < 0 || scores[i] > scores[best])) {
            best = i;
        }
    }
    return best;
}

static void drop_overlapping(const struct mote_detection *p, const float *boxes, int32_t chosen, uint8_t *is_dropped)
{
    is_dropped[chosen] = 1;
    for (int32_t i = 0; i < p->boxes; i++) {
        if (!is_dropped[i] && mote_overlap(boxes + 4 * chosen, boxes + 4 * i) > p->most_overlap) {
            is_dropped[i] = 1;
        }
    }
}

/* Puts a detection behind those of at least its score, if there is room. */
static void insert(const struct mote_detection *p, const struct mote_io *io, const float *box, int32_t class_index,
                   float score)
{
    float *boxes = (float *)io->out[0], *classes = (float *)io->out[1], *scores = (float *)io->out[2],
          *count = (float *)io->out[3];
    int32_t end = (int32_t)*count, at = end;
    while (at > 0 && scores[at - 1] < score) {
        at--;
    }
    if (at == p->most) {
        return;
    }
    end -= end == p->most;
    const size_t moved = (size_t)(end - at) * sizeof(float);
    memmove(boxes + 4 * at + 4, boxes + 4 * at, 4 * moved);
    memmove(classes + at + 1, classes + at, moved);
    memmove(scores + at + 1, scores + at, moved);
    memcpy(boxes + 4 * at, box, 4 * sizeof *box);
    classes[at] = (float)class_index;
    scores[at] = score;
    *count = (float)(end + 1);
}

void mote_detection_f32(const void *params, const struct mote_io *io)
{
    const struct mote_detection *p = (const struct mote_detection *)params;
    float *boxes = (float *)io->scratch;
    float *scores = boxes + 4 * p->boxes;
    uint8_t *is_dropped = (uint8_t *)(scores + p->boxes);
    memset(io->out[0], 0, (size_t)p->most * 4 * sizeof(float));
    memset(io->out[1], 0, (size_t)p->most * sizeof(float));
    memset(io->out[2], 0, (size_t)p->most * sizeof(float));
    memset(io->out[3], 0, sizeof(float));
    decode(p, io, boxes);
    const int32_t rounds = p->most_of_class > 0 ? p->classes : 1;
    for (int32_t round = 0; round < rounds; round++) {
        const int32_t only = p->most_of_class > 0 ? round : -1;
        int32_t left = p->most_of_class > 0 ? p->most_of_class : p->most, class_index;
        for (int32_t i = 0; i < p->boxes; i++) {
            scores[i] = score_of(p, io->in[1], i, only, &class_index);
            is_dropped[i] = !(scores[i] >= p->least_score);
        }
        for (; left > 0; left--) {
            const int32_t box = best_box(p, scores, is_dropped);
            if (box < 0) {
                break;
            }
            const float score = score_of(p, io->in[1], box, only, &class_index);
            drop_overlapping(p, boxes, box, is_dropped);
            insert(p, io, boxes + 4 * box, class_index, score);
        }
    }
}
