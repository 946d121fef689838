/* SPDX-License-Identifier: MIT
 *
 * MoteTextHash: what words and parts of words are in a text, as counters that they fall into by their hash.
 *
 * A word is a run of letters, digits and bytes beyond ASCII, or one other character but a blank. Capitals count as small
 * letters, digits all as 0. Hashes are FNV-1a of 32 bits; a run of words hashes the hashes of its words one after the
 * other; runs of letters see a word with "<" before and ">" behind it.
 */
#include <string.h>

#include "text.h"

#define FNV_BASIS UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

enum { LETTERS_LEAST = 3 };

static uint8_t plain(uint8_t c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c >= '0' && c <= '9' ? '0' : c);
}

static int is_letter(uint8_t c)
{
    c = plain(c);
    return (c >= 'a' && c <= 'z') || c == '0' || c >= 128;
}

static uint32_t hash_byte(uint32_t hash, uint8_t c) { return (hash ^ c) * FNV_PRIME; }

static uint32_t hash_word(uint32_t hash, uint32_t word)
{
    for (int i = 0; i < 4; i++) {
        hash = hash_byte(hash, (uint8_t)(word >> 8 * i));
    }
    return hash;
}

static void count_one(const struct mote_text_hash *p, uint8_t *out, uint32_t hash)
{
    uint8_t *counter = &out[(hash ^ hash >> 15) % (uint32_t)p->buckets];
    *counter = (uint8_t)(*counter + (*counter < MOTE_TEXT_MOST));
}

/* Character i of "<word>". */
static uint8_t marked(const uint8_t *word, int32_t length, int32_t i)
{
    return i == 0 ? '<' : i > length ? '>' : plain(word[i - 1]);
}

static void count_letters(const struct mote_text_hash *p, uint8_t *out, const uint8_t *word, int32_t length)
{
    for (int32_t first = 0; first < length + 2; first++) {
        uint32_t hash = FNV_BASIS;
        for (int32_t n = 1; n <= p->letters && first + n <= length + 2; n++) {
            hash = hash_byte(hash, marked(word, length, first + n - 1));
            if (n >= LETTERS_LEAST) {
                count_one(p, out, hash);
            }
        }
    }
}

/* `before`: the hashes of the words before, the last one first; 0: there are none. */
static void count_words(const struct mote_text_hash *p, uint8_t *out, uint32_t word, uint32_t *before)
{
    uint32_t hash = word;
    for (int32_t n = 0; n < p->words; n++) {
        if (n > 0) {
            if (before[n - 1] == 0) {
                break;
            }
            hash = hash_word(hash, before[n - 1]);
        }
        count_one(p, out, hash);
    }
    for (int i = MOTE_TEXT_WORDS - 1; i > 0; i--) {
        before[i] = before[i - 1];
    }
    before[0] = word;
}

void mote_text_hash_u8(const void *params, const struct mote_io *io)
{
    const struct mote_text_hash *p = (const struct mote_text_hash *)params;
    const uint8_t *text = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    uint32_t before[MOTE_TEXT_WORDS] = {0, 0, 0};
    memset(out, 0, (size_t)p->buckets);
    for (int32_t at = 0; at < p->length && text[at] != 0;) {
        int32_t length = 0;
        uint32_t hash = FNV_BASIS;
        while (at + length < p->length && is_letter(text[at + length])) {
            hash = hash_byte(hash, plain(text[at + length++]));
        }
        if (length == 0) {
            length = 1;
            if (text[at] <= ' ') {
                at++;
                continue;
            }
            hash = hash_byte(hash, text[at]);
        }
        count_words(p, out, hash, before);
        count_letters(p, out, text + at, length);
        at += length;
    }
}
