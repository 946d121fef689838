/* SPDX-License-Identifier: MIT
 *
 * SELECT: input 1 where input 0, a bool, is true, else input 2; elements of any type.
 */
#include "binary.h"
#include "move.h"

/* `step` of an input is 0 where it has one element for all. */
#define SELECT_ROW(name, T) \
    static void name(const void *params, const struct mote_broadcast *b, const uint8_t *const in[], void *to) \
    { \
        const uint8_t *condition = in[0]; \
        const T *x = (const T *)in[1]; \
        const T *y = (const T *)in[2]; \
        T *out = (T *)to; \
        const int32_t n = b->n, step = b->step[0], x_step = b->step[1], y_step = b->step[2]; \
        (void)params; \
        for (int32_t i = 0; i < n; i++) { \
            out[i] = *condition != 0 ? *x : *y; \
            condition += step; \
            x += x_step; \
            y += y_step; \
        } \
    }

SELECT_ROW(row1, uint8_t)
SELECT_ROW(row2, mote_unit2)
SELECT_ROW(row4, mote_unit4)
SELECT_ROW(row8, mote_unit8)

void mote_select_any(const void *params, const struct mote_io *io)
{
    const struct mote_select *p = (const struct mote_select *)params;
    mote_broadcast(&p->shape, p->unit == 1 ? row1 : p->unit == 2 ? row2 : p->unit == 4 ? row4 : row8, p, io);
}
