/* SPDX-License-Identifier: MIT
 *
 * The three functions that the model calls, for compilers without a C library.
 */
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (((__UINTPTR_TYPE__)t | (__UINTPTR_TYPE__)f) % 4 == 0) {
        for (; size >= 4; size -= 4, t += 4, f += 4) {
            *(__UINT32_TYPE__ __attribute__((may_alias)) *)(void *)t =
                *(const __UINT32_TYPE__ __attribute__((may_alias)) *)(const void *)f;
        }
    }
    while (size-- > 0) {
        *t++ = *f++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t <= f) {
        return memcpy(to, from, size);
    }
    while (size-- > 0) {
        t[size] = f[size];
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *t = to;
    while (size-- > 0) {
        *t++ = (unsigned char)value;
    }
    return to;
}
