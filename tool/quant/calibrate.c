/* SPDX-License-Identifier: MIT
 *
 * From what was seen of a tensor to the range that its integers cover. What lies outside saturates; the narrower the
 * range, the finer the steps.
 */
#include <math.h>

#include "work.h"

static float bin_value(const struct quant_stat *s, double bin)
{
    return (float)((double)s->low + ((double)s->high - (double)s->low) * bin / QUANT_BINS);
}

static double total(const struct quant_stat *s)
{
    double sum = 0;
    for (int i = 0; i < QUANT_BINS; i++) {
        sum += s->bins[i];
    }
    return sum;
}

/* Without 1 value of 10,000 at either end. */
static struct quant_range percentile(const struct quant_stat *s)
{
    const double left_out = total(s) * 1e-4;
    int first = 0, last = QUANT_BINS - 1;
    for (double below = s->bins[first]; first < last && below <= left_out; below += s->bins[++first]) {
    }
    for (double above = s->bins[last]; last > first && above <= left_out; above += s->bins[--last]) {
    }
    return (struct quant_range){bin_value(s, first), bin_value(s, last + 1)};
}

/* Squared error of all that was seen, each bin in its middle. Within the range: step^2 / 12. */
static double squared_error(const struct quant_stat *s, struct quant_range range, enum type type)
{
    const struct quant_params p = quant_from_range(range, type);
    const double steps = type == TYPE_S8 ? UINT8_MAX : UINT16_MAX;
    const double low = (double)p.scale * ((type == TYPE_S8 ? INT8_MIN : INT16_MIN) - p.zero_point);
    const double high = low + (double)p.scale * steps, within = (double)p.scale * (double)p.scale / 12;
    double error = 0;
    for (int i = 0; i < QUANT_BINS; i++) {
        const double x = (double)bin_value(s, i + 0.5);
        const double outside = x < low ? low - x : x > high ? x - high : 0;
        error += s->bins[i] * (within + outside * outside);
    }
    return error;
}

/* Each end in turn is drawn towards 0, as long as that makes the error less. */
static struct quant_range least_error(const struct quant_stat *s, enum type type)
{
    enum { STEPS = 64, TURNS = 3 };
    struct quant_range best = {s->low, s->high};
    double least = squared_error(s, best, type);
    for (int turn = 0; turn < TURNS; turn++) {
        for (int i = 1; i < STEPS; i++) {
            const float part = 1 - (float)i / STEPS;
            const struct quant_range tries[] = {{s->low * part, best.high}, {best.low, s->high * part}};
            for (int k = 0; k < 2; k++) {
                const double error = squared_error(s, tries[k], type);
                if (error < least) {
                    least = error;
                    best = tries[k];
                }
            }
        }
    }
    return best;
}

/* The divergence of a histogram of magnitudes, cut off after `used` bins, from what `levels` of equal width leave of it.
 * What is cut off counts in the last bin. */
static double divergence(const double bins[], int used, double beyond, double all, int levels)
{
    double sum = 0;
    for (int level = 0; level < levels; level++) {
        const int first = used * level / levels, last = used * (level + 1) / levels;
        double kept = 0;
        int filled = 0;
        for (int i = first; i < last; i++) {
            kept += bins[i];
            filled += bins[i] > 0;
        }
        for (int i = first; i < last; i++) {
            const double p = (bins[i] + (i == used - 1 ? beyond : 0)) / all;
            const double q = filled > 0 && bins[i] > 0 ? kept / filled / (all - beyond) : 1e-9;
            sum += p > 0 ? p * log(p / q) : 0;
        }
    }
    return sum;
}

/* One limit for the magnitude of both signs. */
static struct quant_range least_divergence(const struct quant_stat *s)
{
    enum { LEVELS = 128, STEP = 16 };
    const float most = fmaxf(fabsf(s->low), fabsf(s->high));
    double bins[QUANT_BINS] = {0}, all = 0, beyond = 0, least = INFINITY;
    int best = QUANT_BINS;
    for (int i = 0; i < QUANT_BINS && most > 0; i++) {
        const float x = fabsf(bin_value(s, i + 0.5)) / most * QUANT_BINS;
        bins[x >= QUANT_BINS ? QUANT_BINS - 1 : (int)x] += s->bins[i];
        all += s->bins[i];
    }
    for (int used = QUANT_BINS; used >= LEVELS; used -= STEP) {
        const double d = divergence(bins, used, beyond, all, LEVELS);
        if (d < least) {
            least = d;
            best = used;
        }
        for (int i = used - STEP; i < used; i++) {
            beyond += bins[i];
        }
    }
    const float limit = most * (float)best / QUANT_BINS;
    return (struct quant_range){fmaxf(s->low, -limit), fminf(s->high, limit)};
}

struct quant_range quant_calibrate(const struct quant_stat *s, enum quant_calibration how, enum type type)
{
    const struct quant_range whole = {s->low, s->high};
    if (!s->is_seen || s->low >= s->high) {
        return whole;
    }
    switch (how) {
    case QUANT_PERCENTILE:
        return percentile(s);
    case QUANT_MSE:
        return least_error(s, type);
    case QUANT_ENTROPY:
        return least_divergence(s);
    default:
        return whole;
    }
}
