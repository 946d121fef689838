/* SPDX-License-Identifier: MIT
 *
 * NON_MAX_SUPPRESSION_V4 and _V5, float. The candidate of the highest score, the first of equals, is compared with the
 * boxes chosen since it was last looked at, from the latest back: it is dropped, or loses score and waits for its turn, or
 * is chosen. A chosen one waits, too; it meets itself then, and is dropped.
 */
#include <stddef.h>
#include <string.h>

#include "detect.h"
#include "real.h"

struct candidate {
    float score;
    int32_t seen; /* chosen boxes it has been compared with; -1: dropped */
};

static void sort_corners(const float *from, float to[4])
{
    for (int k = 0; k < 2; k++) {
        to[k] = from[k] < from[k + 2] ? from[k] : from[k + 2];
        to[k + 2] = from[k] < from[k + 2] ? from[k + 2] : from[k];
    }
}

static int32_t best_of(const struct candidate *all, int32_t count)
{
    int32_t best = -1;
    for (int32_t i = 0; i < count; i++) {
        if (all[i].seen >= 0 && (best < 0 || all[i].score > all[best].score)) {
            best = i;
        }
    }
    return best;
}

void mote_suppression_f32(const void *params, const struct mote_io *io)
{
    const struct mote_suppression *p = (const struct mote_suppression *)params;
    const float *boxes = (const float *)io->in[0], *scores = (const float *)io->in[1];
    const float most_overlap = *(const float *)io->in[2], least = *(const float *)io->in[3];
    const float sigma = p->is_soft ? *(const float *)io->in[4] : 0, scale = sigma > 0 ? -0.5F / sigma : 0;
    int32_t *chosen = (int32_t *)io->out[0], count = 0, most = 0;
    float *chosen_scores = p->is_soft ? (float *)io->out[1] : NULL;
    struct candidate *all = (struct candidate *)io->scratch;
    for (int32_t i = 0; i < p->boxes; i++) {
        all[i] = (struct candidate){scores[i], scores[i] > least ? 0 : -1};
        most += all[i].seen == 0;
    }
    most = most < p->most ? most : p->most;
    for (int32_t i = 0; count < most && (i = best_of(all, p->boxes)) >= 0;) {
        const float before = all[i].score;
        float box[4], other[4];
        sort_corners(boxes + 4 * i, box);
        int is_dropped = 0;
        for (int32_t k = count - 1; k >= all[i].seen && !is_dropped; k--) {
            sort_corners(boxes + 4 * chosen[k], other);
            const float overlap = mote_overlap(box, other);
            is_dropped = overlap >= most_overlap;
            if (!is_dropped && sigma > 0) {
                all[i].score *= mote_exp(scale * overlap * overlap);
            }
            is_dropped = is_dropped || all[i].score <= least;
        }
        all[i].seen = is_dropped ? -1 : count;
        if (!is_dropped && all[i].score == before) {
            if (chosen_scores != NULL) {
                chosen_scores[count] = before;
            }
            chosen[count++] = i;
        }
    }
    memset(chosen + count, 0, (size_t)(p->most - count) * sizeof *chosen);
    if (chosen_scores != NULL) {
        memset(chosen_scores + count, 0, (size_t)(p->most - count) * sizeof *chosen_scores);
    }
    memcpy(io->out[p->is_soft ? 2 : 1], &count, sizeof count);
}
