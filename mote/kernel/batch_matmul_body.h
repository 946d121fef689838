/* SPDX-License-Identifier: MIT
 *
 * The loops of BATCH_MATMUL, for one row of the product.
 * KERNEL: the name of the kernel; mac_*.h of its types is included before.
 */
#include "matmul.h"

enum { COLUMNS = 16 };

/* Columns first .. first + count - 1 of a right matrix of rows [depth, columns]. */
static inline void add_columns(const struct mote_batch_matmul *p, const mac_in *row, const mac_weight *right,
                               int32_t count, mac_sum sum[])
{
    for (int32_t k = 0; k < p->depth; k++) {
        mac_spread(&p->mac, row[k], right + k * p->columns, count, sum);
    }
}

static void finish(const struct mote_batch_matmul *p, const mac_sum sum[], int32_t count, mac_out *out)
{
    for (int32_t k = 0; k < count; k++) {
        out[k] = mac_finish(&p->mac, sum[k], 0);
    }
}

static void multiply(const struct mote_batch_matmul *p, const mac_in *row, const mac_weight *right, mac_out *out)
{
    int32_t x = 0;
    for (; x + COLUMNS <= p->columns; x += COLUMNS) {
        mac_sum sum[COLUMNS] = {0};
        add_columns(p, row, right + x, COLUMNS, sum);
        finish(p, sum, COLUMNS, out + x);
    }
    mac_sum sum[COLUMNS] = {0};
    add_columns(p, row, right + x, p->columns - x, sum);
    finish(p, sum, p->columns - x, out + x);
}

/* The right matrix comes transposed, [columns, depth]. */
static void multiply_transposed(const struct mote_batch_matmul *p, const mac_in *row, const mac_weight *right,
                                mac_out *out)
{
    for (int32_t x = 0, count; x < p->columns; x += count) {
        mac_sum sum[MAC_FILTERS] = {0};
        count = mote_min(p->columns - x, MAC_FILTERS);
        mac_dot(&p->mac, row, right + x * p->depth, p->depth, p->depth, count, sum);
        finish(p, sum, count, out + x);
    }
}

/* Column y of a left matrix [depth, rows], made contiguous. */
static const mac_in *gather_column(const struct mote_batch_matmul *p, const mac_in *left, int32_t y, mac_in *to)
{
    for (int32_t k = 0; k < p->depth; k++) {
        to[k] = left[k * p->rows + y];
    }
    return to;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_batch_matmul *p = (const struct mote_batch_matmul *)params;
    const mac_in *row = (const mac_in *)io->in[0];
    const mac_weight *right = (const mac_weight *)io->in[1];
    if (p->left_transposed) {
        row = gather_column(p, row, io->y % p->rows, (mac_in *)io->scratch);
    }
    if (p->right_transposed) {
        multiply_transposed(p, row, right, (mac_out *)io->out[0]);
    } else {
        multiply(p, row, right, (mac_out *)io->out[0]);
    }
}
