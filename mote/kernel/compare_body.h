/* SPDX-License-Identifier: MIT
 *
 * Comparisons. KERNEL: the name of the kernel; T: the type of the inputs; PARAMS: the parameters; VALUE_X, VALUE_Y:
 * what is compared, expressions of x and of y. GREATER is LESS with the inputs exchanged.
 */
#define ROW(name, comparison) MOTE_PAIR_ROW(name##_row, PARAMS, T, T, uint8_t, VALUE_X comparison VALUE_Y)

ROW(equal, ==)
ROW(not_equal, !=)
ROW(less, <)
ROW(less_equal, <=)

void KERNEL(const void *params, const struct mote_io *io)
{
    static mote_broadcast_row *const rows[MOTE_BINARY_OPS] = {
        [MOTE_EQUAL] = equal_row,
        [MOTE_NOT_EQUAL] = not_equal_row,
        [MOTE_LESS] = less_row,
        [MOTE_LESS_EQUAL] = less_equal_row,
    };
    const PARAMS *p = params;
    mote_broadcast(&p->shape, rows[p->op], p, io);
}
