/* SPDX-License-Identifier: MIT
 *
 * LOG_SOFTMAX, uint8.
 */
#define KERNEL mote_log_softmax_u8
#define TYPE uint8_t
#define LOW 0
#define HIGH 255
#include "log_softmax_body.h"
