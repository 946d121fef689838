/* SPDX-License-Identifier: MIT */
#define BODY_TYPE int8_t
#define BODY_SUM int32_t
#define BODY_NAME mote_resize_bilinear_s8
#include "resize_bilinear_body.h"
