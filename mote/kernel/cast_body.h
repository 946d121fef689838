/* SPDX-License-Identifier: MIT
 *
 * CAST. KERNEL: the name of the kernel; T: the type of the input; TO_INTEGER(x, OUT, LOW, HIGH, LIMIT): an x of the
 * input as one of the type OUT, from LOW to HIGH, below the float LIMIT; TO_FLOAT(x), TO_DOUBLE(x): likewise; IS_SET(x).
 */
#define ROW(name, OUT, result) MOTE_CONVERT_ROW(name##_row, struct mote_cast, T, OUT, result)

ROW(s8, int8_t, TO_INTEGER(x, int8_t, INT8_MIN, INT8_MAX, 0x1p7F))
ROW(u8, uint8_t, TO_INTEGER(x, uint8_t, 0, UINT8_MAX, 0x1p8F))
ROW(s16, int16_t, TO_INTEGER(x, int16_t, INT16_MIN, INT16_MAX, 0x1p15F))
ROW(u16, uint16_t, TO_INTEGER(x, uint16_t, 0, UINT16_MAX, 0x1p16F))
ROW(s32, int32_t, TO_INTEGER(x, int32_t, INT32_MIN, INT32_MAX, 0x1p31F))
ROW(u32, uint32_t, TO_INTEGER(x, uint32_t, 0, UINT32_MAX, 0x1p32F))
ROW(s64, int64_t, TO_INTEGER(x, int64_t, INT64_MIN, INT64_MAX, 0x1p63F))
ROW(f16, uint16_t, mote_f16_of_f32(TO_FLOAT(x)))
ROW(f32, float, TO_FLOAT(x))
ROW(f64, uint64_t, TO_DOUBLE(x))
ROW(bool, uint8_t, IS_SET(x))

void KERNEL(const void *params, const struct mote_io *io)
{
    static mote_convert_row *const rows[MOTE_ELEMENTS] = {
        [MOTE_S8] = s8_row,   [MOTE_U8] = u8_row,   [MOTE_S16] = s16_row,   [MOTE_U16] = u16_row,
        [MOTE_S32] = s32_row, [MOTE_U32] = u32_row, [MOTE_S64] = s64_row,   [MOTE_F16] = f16_row,
        [MOTE_F32] = f32_row, [MOTE_F64] = f64_row, [MOTE_BOOL] = bool_row,
    };
    const struct mote_cast *p = params;
    rows[p->to](p, io->in[0], io->out[0], p->n);
}
