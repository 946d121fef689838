/* SPDX-License-Identifier: MIT */
#define TYPE int32_t
#define KERNEL mote_standardise_s32
#include "standardise_body.h"
