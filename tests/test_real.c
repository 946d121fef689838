/* SPDX-License-Identifier: MIT
 *
 * The functions of real.h against the C library in double: every exponent and sign, many mantissas.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../mote/kernel/real_arc.h"

static int passed, failed;

static float clamp(float x) { return mote_fclamp(x, -1.5F, 0); }
static double clamped(double x) { return x < -1.5 ? -1.5 : x > 0 ? 0 : x; }
static double sqrt_inverse(double x) { return 1 / sqrt(x); }
static double logistic(double x) { return 1 / (1 + exp(-x)); }

static const struct {
    const char *name;
    float (*ours)(float);
    double (*theirs)(double);
    double ulp; /* greatest error, units in the last place; 0: equal bits */
} functions[] = {
    {"trunc", mote_trunc, trunc, 0},
    {"floor", mote_floor, floor, 0},
    {"ceil", mote_ceil, ceil, 0},
    {"round", mote_round, round, 0},
    {"round_even", mote_round_even, rint, 0},
    {"clamp", clamp, clamped, 0},
    {"sqrt", mote_sqrt, sqrt, 0.5},
    {"rsqrt", mote_rsqrt, sqrt_inverse, 1.5},
    {"exp", mote_exp, exp, 1.0},
    {"expm1", mote_expm1, expm1, 2.0},
    {"logistic", mote_logistic, logistic, 2.0},
    {"tanh", mote_tanh, tanh, 2.0},
    {"log", mote_log, log, 1.0},
    {"sin", mote_sin, sin, 2.5},
    {"cos", mote_cos, cos, 2.5},
    {"erf", mote_erf, erf, 1.5},
    {"tan", mote_tan, tan, 4.0},
    {"atan", mote_atan, atan, 2.5},
    {"asin", mote_asin, asin, 4.0},
    {"acos", mote_acos, acos, 4.0},
    {"sinh", mote_sinh, sinh, 4.0},
    {"cosh", mote_cosh, cosh, 4.0},
    {"log1p", mote_log1p, log1p, 4.0},
    {"asinh", mote_asinh, asinh, 4.0},
    {"acosh", mote_acosh, acosh, 4.0},
    {"atanh", mote_atanh, atanh, 4.0},
};

static double floor_div(double x, double y) { return floor(x / y); }

static double floor_mod(double x, double y)
{
    const double rest = fmod(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static const struct {
    const char *name;
    float (*ours)(float, float);
    double (*theirs)(double, double);
    double ulp;
    int unsigned_x; /* 1: x is not negative */
} pairs[] = {
    {"pow", mote_pow, pow, 1, 1},
    {"fmod", mote_fmod, fmod, 0, 0},
    {"floor_div", mote_floor_div, floor_div, 2, 0},
    {"floor_mod", mote_floor_mod, floor_mod, 0.5, 0},
    {"atan2", mote_atan2, atan2, 2.5, 0},
};

/* Distance in units in the last place of the nearest float; huge where only one is NaN or infinite. */
static double error_in_ulp(float got, double want)
{
    if (isnan(got) || isnan(want)) {
        return isnan(got) && isnan(want) ? 0 : 1e9;
    }
    const float nearest = (float)want;
    if (isinf(got) || isinf(nearest)) {
        return got == nearest ? 0 : 1e9;
    }
    int exponent;
    frexp(want, &exponent);
    return fabs((double)got - want) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static void check(const char *name, float x, float y, float got, double want, double limit)
{
    const float nearest = (float)want;
    const int same = (isnan(got) && isnan(nearest)) || memcmp(&got, &nearest, sizeof got) == 0;
    if (same || (limit > 0 && error_in_ulp(got, want) <= limit)) {
        passed++;
    } else if (failed++ < 20) {
        printf("%s(%a, %a) = %a, want %a: %.2f ulp\n", name, (double)x, (double)y, (double)got, want,
               error_in_ulp(got, want));
    }
}

static uint32_t random_bits(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state;
}

int main(void)
{
    uint32_t state = 1;
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
        for (uint32_t head = 0; head < 512; head++) { /* sign and exponent */
            for (int i = 0; i < 400; i++) {
                const uint32_t mantissa = i == 0 ? 0 : i == 1 ? 0x7FFFFF : random_bits(&state) >> 9;
                const float x = mote_from_bits(head << 23 | mantissa);
                check(functions[f].name, x, 0, functions[f].ours(x), functions[f].theirs((double)x), functions[f].ulp);
            }
        }
        for (int i = -20000; i <= 20000; i++) { /* the range that matters, halves included */
            const float x = (float)i / 256;
            check(functions[f].name, x, 0, functions[f].ours(x), functions[f].theirs((double)x), functions[f].ulp);
        }
    }
    static const float special[] = {0, 0.5F, 1, 1.5F, 2, 3, 4, 101, 16777216, 1e30F, 1e-30F, 1e-42F, INFINITY, NAN};
    const int count = (int)(sizeof special / sizeof special[0]);
    for (size_t f = 0; f < sizeof pairs / sizeof pairs[0]; f++) {
        for (int i = 0; i < 4 * count * count; i++) {
            const float x = (i & 1 ? -1.0F : 1.0F) * special[i / 4 % count];
            const float y = (i & 2 ? -1.0F : 1.0F) * special[i / 4 / count];
            check(pairs[f].name, x, y, pairs[f].ours(x, y), pairs[f].theirs((double)x, (double)y), pairs[f].ulp);
        }
        for (int i = 0; i < 200000; i++) {
            const float x = mote_from_bits(random_bits(&state) >> pairs[f].unsigned_x);
            const float y = (float)((int32_t)random_bits(&state)) / 2147483648.0F * (i & 1 ? 100 : 2);
            check(pairs[f].name, x, y, pairs[f].ours(x, y), pairs[f].theirs((double)x, (double)y), pairs[f].ulp);
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
