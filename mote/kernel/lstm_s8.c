/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, int8 activations and weights, int16 cell state.
 */
#include <stdint.h>

typedef int8_t lstm_value;
typedef int32_t lstm_bias;
typedef uint32_t lstm_sum;
enum { LSTM_LOW = INT8_MIN, LSTM_HIGH = INT8_MAX };
#define lstm_requant(sum, multiplier, shift) mote_requant((int32_t)(sum), multiplier, shift)
#include "lstm_int.h"

#define KERNEL mote_lstm_s8
#include "lstm_body.h"
