/* SPDX-License-Identifier: MIT
 *
 * Which word may have been meant.
 */
#include <string.h>

#include "base.h"

enum { MAX_WORD = 32 };

/* Levenshtein's distance: the fewest letters to insert, drop or change. Words longer than MAX_WORD are far off. */
static size_t distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n > MAX_WORD || m > MAX_WORD) {
        return MAX_WORD;
    }
    size_t row[MAX_WORD + 1];
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
            const size_t shorter = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = changed < shorter ? changed : shorter;
        }
    }
    return row[m];
}

const char *word_nearest(const char *word, const char *const list[])
{
    const char *nearest = NULL;
    size_t best = strlen(word) / 2 + 1;
    for (; *list != NULL; list++) {
        const size_t d = distance(word, *list);
        if (d < best) {
            best = d;
            nearest = *list;
        }
    }
    return nearest;
}
