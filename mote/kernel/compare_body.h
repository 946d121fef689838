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

static mote_broadcast_row *find_row(int32_t op)
{
    switch (op) {
    case MOTE_EQUAL:
        return equal_row;
    case MOTE_NOT_EQUAL:
        return not_equal_row;
    case MOTE_LESS:
        return less_row;
    default: /* MOTE_LESS_EQUAL */
        return less_equal_row;
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const PARAMS *p = (const PARAMS *)params;
    mote_broadcast(&p->shape, find_row(p->op), p, io);
}
