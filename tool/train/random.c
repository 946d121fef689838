/* SPDX-License-Identifier: MIT
 *
 * Random numbers: Steele's SplitMix64, whose whole state is one number, so that any example of any epoch can have a
 * stream of its own.
 */
#include <math.h>

#include "train.h"

uint64_t train_random(uint64_t *random)
{
    uint64_t x = *random += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

float train_uniform(uint64_t *random) { return (float)(train_random(random) >> 40) * 0x1p-24F; }

float train_normal(uint64_t *random)
{
    const float radius = sqrtf(-2 * logf(1 - train_uniform(random))); /* Box and Muller */
    return radius * cosf(6.2831853F * train_uniform(random));
}
