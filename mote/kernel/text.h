/* SPDX-License-Identifier: MIT
 *
 * Parameters of the operators on text.
 */
#ifndef MOTE_KERNEL_TEXT_H
#define MOTE_KERNEL_TEXT_H

#include "kernel.h"

enum { MOTE_TEXT_WORDS = 3, MOTE_TEXT_LETTERS = 6, MOTE_TEXT_MOST = 15 };

/* MoteTextHash. io->in: `length` bytes, the text ends before them if one is 0; io->out: uint8 [buckets], how often a
 * feature of the text falls into each, at most MOTE_TEXT_MOST. Features are runs of 1 to `words` words and of 3 to
 * `letters` letters of a word. */
struct mote_text_hash {
    int32_t length, buckets, words, letters;
};

#endif
