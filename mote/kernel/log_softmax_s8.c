/* SPDX-License-Identifier: MIT
 *
 * LOG_SOFTMAX, int8.
 */
#define KERNEL mote_log_softmax_s8
#define TYPE int8_t
#define LOW INT8_MIN
#define HIGH INT8_MAX
#include "log_softmax_body.h"
