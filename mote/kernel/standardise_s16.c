/* SPDX-License-Identifier: MIT */
#define TYPE int16_t
#define KERNEL mote_standardise_s16
#include "standardise_body.h"
