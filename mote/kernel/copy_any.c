/* SPDX-License-Identifier: MIT
 *
 * Copies boxes of elements between rows, for any type.
 *
 * Preconditions: rows are aligned to `unit`, all steps, starts and runs are multiples of it; pieces stay inside
 * of their rows; no nest is deeper than MOTE_COPY_LOOPS.
 */
#include <stddef.h>
#include <string.h>

#include "move.h"

/* One element after the other, `loop` apart. */
static void copy_units(uint8_t *out, const uint8_t *in, const struct mote_loop *loop, int32_t unit)
{
    const ptrdiff_t in_step = (ptrdiff_t)(loop->in_step / unit), out_step = (ptrdiff_t)(loop->out_step / unit);
    const int32_t count = loop->count;
    ptrdiff_t from = 0, to = 0;
    switch (unit) {
#define COPY_UNITS(size, type) \
    case size: \
        for (int32_t i = 0; i < count; i++, from += in_step, to += out_step) { \
            ((type *)(void *)out)[to] = ((const type *)(const void *)in)[from]; \
        } \
        break;
        COPY_UNITS(1, uint8_t)
        COPY_UNITS(2, mote_unit2)
        COPY_UNITS(4, mote_unit4)
        COPY_UNITS(8, mote_unit8)
#undef COPY_UNITS
    default:
        break;
    }
}

static void copy_run(uint8_t *out, const uint8_t *in, int32_t run, const MOTE_FLASH uint8_t *table)
{
    if (table == NULL) {
        memcpy(out, in, (size_t)run);
        return;
    }
    for (int32_t i = 0; i < run; i++) {
        out[i] = table[in[i]];
    }
}

/* Runs of several elements, `loop` apart. Short ones, such as the channels of a pixel, have loops of their own, since
 * a copy of a constant size needs no call. */
static void copy_runs(uint8_t *out, const uint8_t *in, const struct mote_loop *loop, int32_t run)
{
    const ptrdiff_t in_step = (ptrdiff_t)loop->in_step, out_step = (ptrdiff_t)loop->out_step;
    const int32_t count = loop->count;
    ptrdiff_t from = 0, to = 0;
    switch (run) {
#define COPY_RUNS(size) \
    for (int32_t i = 0; i < count; i++, from += in_step, to += out_step) { \
        memcpy(out + to, in + from, size); \
    } \
    break;
    case 2:
        COPY_RUNS(2)
    case 3:
        COPY_RUNS(3)
    case 4:
        COPY_RUNS(4)
    case 8:
        COPY_RUNS(8)
    case 16:
        COPY_RUNS(16)
    case 32:
        COPY_RUNS(32)
    default:
        COPY_RUNS((size_t)run)
#undef COPY_RUNS
    }
}

static void copy_inner(uint8_t *out, const uint8_t *in, const struct mote_loop *loop, int32_t run, int32_t unit,
                       const MOTE_FLASH uint8_t *table)
{
    if (table != NULL) {
        for (int32_t i = 0; i < loop->count; i++) {
            copy_run(out + (ptrdiff_t)(i * loop->out_step), in + (ptrdiff_t)(i * loop->in_step), run, table);
        }
    } else if (run == unit) {
        copy_units(out, in, loop, unit);
    } else {
        copy_runs(out, in, loop, run);
    }
}

/* The outer loops count in `at`, like an odometer; the innermost one runs in copy_inner. */
static void copy_piece(const struct mote_copy *p, const MOTE_FLASH struct mote_piece *piece, uint8_t *out,
                       const uint8_t *in)
{
    const MOTE_FLASH uint8_t *table = piece->table >= 0 ? p->tables + (ptrdiff_t)piece->table * 256 : NULL;
    const MOTE_FLASH struct mote_loop *loops = p->loops + piece->first_loop;
    ptrdiff_t from = (ptrdiff_t)piece->in_start, to = (ptrdiff_t)piece->out_start;
    int32_t at[MOTE_COPY_LOOPS] = {0};
    if (piece->loop_count == 0) {
        copy_run(out + to, in + from, piece->run, table);
        return;
    }
    const int32_t inner = piece->loop_count - 1;
    const struct mote_loop last = loops[inner];
    for (int32_t d = 0; d >= 0;) {
        copy_inner(out + to, in + from, &last, piece->run, p->unit, table);
        for (d = inner - 1; d >= 0; d--) {
            from += (ptrdiff_t)loops[d].in_step;
            to += (ptrdiff_t)loops[d].out_step;
            if (++at[d] < loops[d].count) {
                break;
            }
            at[d] = 0;
            from -= (ptrdiff_t)(loops[d].count * loops[d].in_step);
            to -= (ptrdiff_t)(loops[d].count * loops[d].out_step);
        }
    }
}

static void fill_row(const struct mote_copy *p, uint8_t *out, const uint8_t *value)
{
    if (p->unit == 1) {
        memset(out, value[0], (size_t)p->out_bytes);
        return;
    }
    const struct mote_loop loop = {p->out_bytes / p->unit, 0, p->unit};
    uint64_t aligned = 0;
    memcpy(&aligned, value, (size_t)p->unit);
    copy_units(out, (const uint8_t *)&aligned, &loop, p->unit);
}

void mote_copy_any(const void *params, const struct mote_io *io)
{
    const struct mote_copy *p = (const struct mote_copy *)params;
    uint8_t *out = (uint8_t *)io->out[0];
    if (p->fill == MOTE_FILL_ALWAYS || (p->fill == MOTE_FILL_OUTSIDE && io->in[0] == NULL)) {
        fill_row(p, out, p->fill_row >= 0 ? (const uint8_t *)io->in[p->fill_row] : p->value);
    }
    const int32_t phase = p->phases > 1 ? io->y / p->phase_rows % p->phases : 0;
    const MOTE_FLASH struct mote_piece *piece = p->pieces + (ptrdiff_t)phase * p->piece_count;
    for (int32_t i = 0; i < p->piece_count; i++, piece++) {
        const uint8_t *in = (const uint8_t *)io->in[piece->row];
        if (in != NULL) {
            copy_piece(p, piece, out, in);
        }
    }
}
