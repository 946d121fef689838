/* SPDX-License-Identifier: MIT
 *
 * MoteMoments: what the values of an axis are like, and the axis with a mean of 0 and a deviation of 1. Sums are exact;
 * what is standardised has 15 bits for the value that is farthest from the mean, so that all products fit 32 bits.
 *
 * n steps. Sums of values are below 2^29, of their squares below 2^44, the variance times n^2 at most 2^58.
 */
#include "fixed.h"
#include "logarithm.h"
#include "root.h"
#include "sensor.h"

/* 12 ln 2, 4 ln 2 and 2 ln 2, with 12 fractional bits. */
enum { LOG_2_12 = 34070, LOG_2_4 = 11357, LOG_4 = 5678 };

enum { MOST_UP = 11 }; /* of what is farthest from the mean by half a step at least */

struct axis {
    const int16_t *x;
    int32_t n, stride;
    int32_t high, low, mean; /* of values; the mean in 1/16 */
    uint64_t variance;       /* times n^2 */
    /* (16 * x - middle) * 2^up >> down fills 15 bits; times multiplier * 2^-shift it has 10 fractional bits */
    int32_t middle, up, down, multiplier, shift;
};

static void add_up(struct axis *a)
{
    int32_t sum = 0, high = INT16_MIN, low = INT16_MAX;
    uint64_t squares = 0;
    const int16_t *x = a->x;
    for (int32_t i = 0; i < a->n; i++, x += a->stride) {
        const int32_t v = *x;
        sum += v;
        squares += (uint32_t)(v * v);
        high = v > high ? v : high;
        low = v < low ? v : low;
    }
    const int64_t sixteen = (int64_t)sum * 16 + a->n / 2;
    a->mean = (int32_t)(sixteen / a->n) - (sixteen < 0 && sixteen % a->n != 0);
    a->high = high;
    a->low = low;
    a->variance = (uint64_t)a->n * squares - (uint64_t)((int64_t)sum * sum);
}

/* What makes the deviation 1; returns the deviation in 1/16. variance > 0. */
static int32_t find_factor(struct axis *a)
{
    const int32_t even = (62 - mote_bit_count64(a->variance)) & ~1; /* root * 2^(-even / 2) = n * deviation */
    const uint64_t root = mote_root64(a->variance << even);         /* in [2^30, 2^31] */
    const int32_t farthest = mote_max(16 * a->high - a->mean, a->mean - 16 * a->low);
    const int32_t excess = mote_bit_count((uint32_t)farthest) - 15;
    a->down = mote_max(excess, 0);
    a->up = mote_max(-excess, 0);
    a->middle = a->mean - (a->down > 0 ? INT32_C(1) << (a->down - 1) : 0);
    const uint64_t factor = ((uint64_t)a->n << 46) / root;
    const int32_t bits = mote_bit_count64(factor);
    a->multiplier = (int32_t)(factor >> (bits - 15));
    a->shift = 55 - bits - excess - even / 2;
    const int32_t fraction = even / 2 + 8;
    return (int32_t)(((root << 12) / (uint32_t)a->n + (UINT64_C(1) << (fraction - 1))) >> fraction);
}

static int32_t centre(const struct axis *a, int32_t x)
{
    const int32_t v = (int32_t)((uint32_t)(16 * x - a->middle) << a->up) >> a->down;
    return mote_min(v, INT16_MAX);
}

/* Of deviation 1. */
static int32_t unit(const struct axis *a, int32_t v)
{
    const int32_t u = (v * a->multiplier + (INT32_C(1) << (a->shift - 1))) >> a->shift;
    return mote_clamp(u, -INT16_MAX, INT16_MAX);
}

/* Third and fourth moments, 16 and 12 fractional bits, and the axis. */
static void standardise(const struct axis *a, int16_t *out, int64_t *third, uint64_t *fourth)
{
    const int16_t *x = a->x;
    for (int32_t i = 0; i < a->n; i++, x += a->stride) {
        const int32_t v = centre(a, *x), u = unit(a, v);
        const int32_t square = (u * u + (1 << 13)) >> 14; /* 6 fractional bits, below 2^16 */
        out[i] = (int16_t)v;
        *third += square * u;
        *fourth += (uint32_t)square * (uint32_t)square;
    }
}

void mote_moments_s16(const void *params, const struct mote_io *io)
{
    const struct mote_moments *p = (const struct mote_moments *)params;
    struct axis a = {(const int16_t *)io->in[0] + io->y, p->steps, p->axes, 0, 0, 0, 0, 0, MOST_UP, 0, 0, 1};
    int32_t *out = (int32_t *)io->out[0];
    int64_t third = 0;
    uint64_t fourth = 0;
    add_up(&a);
    const int32_t deviation = a.variance > 0 ? find_factor(&a) : 0;
    if (a.variance == 0) { /* all values are the mean */
        a.middle = a.mean;
    }
    standardise(&a, (int16_t *)io->out[1], &third, &fourth);
    const int32_t log_n = mote_log_q12((uint64_t)p->steps);
    *out++ = unit(&a, centre(&a, a.high)) * 4;
    *out++ = unit(&a, centre(&a, a.low)) * 4;
    *out++ = (int32_t)(third / p->steps / 16);
    *out++ = mote_log_q12(fourth + 41 * (uint64_t)p->steps) - log_n - LOG_2_12;
    *out++ = a.mean;
    *out++ = deviation;
    *out++ = mote_log_q12(16 * a.variance + (uint64_t)p->steps * (uint64_t)p->steps) - 2 * log_n - LOG_2_4;
    *out++ = (a.down - a.up - 4) * LOG_4;
}
