/* SPDX-License-Identifier: MIT */
#define BODY_TYPE int16_t
#define BODY_SUM int64_t
#define BODY_NAME mote_resize_bilinear_s16
#include "resize_bilinear_body.h"
