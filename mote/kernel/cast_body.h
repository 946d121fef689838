/* SPDX-License-Identifier: MIT
 *
 * CAST. KERNEL: the name of the kernel; T: the type of the input; TO_INTEGER(x, OUT, LOW, HIGH, LIMIT): an x of the
 * input as one of the type OUT, from LOW to HIGH, below the float LIMIT; TO_FLOAT(x), TO_DOUBLE(x): likewise; IS_SET(x).
 */
#define ROW(name, OUT, result) MOTE_CONVERT_ROW(name##_row, struct mote_cast, T, OUT, result)

ROW(s8, int8_t, TO_INTEGER(x, int8_t, INT8_MIN, INT8_MAX, 128.0F))
ROW(u8, uint8_t, TO_INTEGER(x, uint8_t, 0, UINT8_MAX, 256.0F))
ROW(s16, int16_t, TO_INTEGER(x, int16_t, INT16_MIN, INT16_MAX, 32768.0F))
ROW(u16, uint16_t, TO_INTEGER(x, uint16_t, 0, UINT16_MAX, 65536.0F))
ROW(s32, int32_t, TO_INTEGER(x, int32_t, INT32_MIN, INT32_MAX, 2147483648.0F))
ROW(u32, uint32_t, TO_INTEGER(x, uint32_t, 0, UINT32_MAX, 4294967296.0F))
ROW(s64, int64_t, TO_INTEGER(x, int64_t, INT64_MIN, INT64_MAX, 9223372036854775808.0F))
ROW(f16, uint16_t, mote_f16_of_f32(TO_FLOAT(x)))
ROW(f32, float, TO_FLOAT(x))
ROW(f64, uint64_t, TO_DOUBLE(x))
ROW(bool, uint8_t, IS_SET(x))

static mote_convert_row *find_row(int32_t to)
{
    switch (to) {
    case MOTE_S8:
        return s8_row;
    case MOTE_U8:
        return u8_row;
    case MOTE_S16:
        return s16_row;
    case MOTE_U16:
        return u16_row;
    case MOTE_S32:
        return s32_row;
    case MOTE_U32:
        return u32_row;
    case MOTE_S64:
        return s64_row;
    case MOTE_F16:
        return f16_row;
    case MOTE_F32:
        return f32_row;
    case MOTE_F64:
        return f64_row;
    default: /* MOTE_BOOL */
        return bool_row;
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_cast *p = (const struct mote_cast *)params;
    find_row(p->to)(p, io->in[0], io->out[0], p->n);
}
