/* SPDX-License-Identifier: MIT
 *
 * UNIDIRECTIONAL_SEQUENCE_LSTM, int16 activations, int8 weights, int16 cell state.
 *
 * Precondition: |bias| < 2^46, so that sums stay below 2^47.
 */
#include <stdint.h>

typedef int16_t lstm_value;
typedef int64_t lstm_bias;
typedef int64_t lstm_sum;
enum { LSTM_LOW = INT16_MIN, LSTM_HIGH = INT16_MAX };
#define lstm_requant mote_requant64
#include "lstm_int.h"

#define KERNEL mote_lstm_s16
#include "lstm_body.h"
