/* SPDX-License-Identifier: MIT
 *
 * All that the device half takes from a C library. Cross builds see this header instead of the tool chain's own
 * (some have none), so that a call of anything else does not compile.
 */
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);

#endif
