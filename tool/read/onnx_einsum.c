/* SPDX-License-Identifier: MIT
 *
 * Einsum of ONNX, as matrix products. Operands are taken in one after the other: of what there is so far and the next
 * one, dims with the same letter either stay, then they are a batch, or are summed over, if no later operand and not the
 * result has the letter. Letters of the dims that "..." stands for are digits here.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "onnx.h"

enum { MAX_OPERANDS = 16, LETTERS = 128 };

/* A tensor whose dims have letters, each once. */
struct factor {
    int32_t tensor;
    char letter[IR_MAX_RANK + 1];
};

struct einsum {
    struct onnx *o;
    char term[MAX_OPERANDS + 1][IR_MAX_RANK + 1]; /* of each operand; the last is that of the result */
    int count;                                    /* operands */
    int64_t extent[LETTERS];                      /* of each letter; 0: none has it */
};

static int32_t transpose_to(struct einsum *e, const struct factor *f, const char *order)
{
    int32_t permutation[IR_MAX_RANK];
    for (size_t d = 0; order[d] != '\0'; d++) {
        permutation[d] = (int32_t)(strchr(f->letter, order[d]) - f->letter);
    }
    return strcmp(order, f->letter) == 0 ? f->tensor : onnx_transpose(e->o, f->tensor, permutation);
}

/*** Reading ***/

static bool read_term(struct einsum *e, const char *text, size_t length, int32_t rank, char term[])
{
    int32_t letters = 0, count = 0;
    for (size_t i = 0; i < length; i++) {
        letters += isalpha((unsigned char)text[i]) != 0;
    }
    for (size_t i = 0; i < length; i++) {
        if (isalpha((unsigned char)text[i]) && count < IR_MAX_RANK) {
            term[count++] = text[i];
        } else if (text[i] == '.') { /* dims are counted from the last */
            for (int32_t d = rank - letters - 1; strncmp(text + i, "...", 3) == 0 && d >= 0 && count < IR_MAX_RANK;
                 d--) {
                term[count++] = (char)('0' + d);
            }
            i += 2;
        } else if (text[i] != ' ') {
            onnx_fail(e->o, "has the equation \"%.60s\", which does not parse", text);
            return false;
        }
    }
    term[count] = '\0';
    return true;
}

/* Letters that occur once, in order, digits in front. */
static void make_implicit(struct einsum *e)
{
    char *result = e->term[e->count];
    int32_t digits = 0, count = 0;
    for (int c = '9'; c >= '0'; c--) {
        if (e->extent[c] > 0 && digits < IR_MAX_RANK) {
            result[digits++] = (char)c;
        }
    }
    for (int c = 'A'; c <= 'z'; c++) {
        int times = 0;
        for (int i = 0; i < e->count; i++) {
            for (const char *at = e->term[i]; *at != '\0'; at++) {
                times += *at == c;
            }
        }
        if (times == 1 && digits + count < IR_MAX_RANK) {
            result[digits + count++] = (char)c;
        }
    }
    result[digits + count] = '\0';
}

static bool note_extents(struct einsum *e, int i)
{
    const struct tensor *t = onnx_tensor(e->o, onnx_in(e->o, i));
    if ((int32_t)strlen(e->term[i]) != t->rank) {
        onnx_fail(e->o, "input %d has %d dims, its term %zu letters", i, t->rank, strlen(e->term[i]));
        return false;
    }
    for (int32_t d = 0; d < t->rank; d++) {
        int64_t *extent = &e->extent[(int)e->term[i][d]];
        if (*extent > 1 && t->dim[d] != 1 && t->dim[d] != *extent) {
            onnx_fail(e->o, "input %d has %d along '%c', another %lld", i, t->dim[d], e->term[i][d],
                      (long long)*extent);
            return false;
        }
        *extent = t->dim[d] > *extent ? t->dim[d] : *extent;
    }
    return true;
}

static bool read_equation(struct einsum *e)
{
    const char *text = onnx_text(e->o, "equation", ""), *arrow = strstr(text, "->");
    const char *end = arrow != NULL ? arrow : text + strlen(text), *at = text;
    int32_t digits = 0;
    if (e->count < 1 || e->count > MAX_OPERANDS) {
        onnx_fail(e->o, "has %d inputs, want 1 to %d", e->count, MAX_OPERANDS);
        return false;
    }
    for (int i = 0; i < e->count; i++) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma != NULL ? comma : end;
        if ((comma == NULL) != (i == e->count - 1)) {
            onnx_fail(e->o, "has %d inputs, but another number of terms in \"%.60s\"", e->count, text);
            return false;
        }
        if (!read_term(e, at, (size_t)(stop - at), onnx_tensor(e->o, onnx_in(e->o, i))->rank, e->term[i]) ||
            !note_extents(e, i)) {
            return false;
        }
        at = stop + 1;
    }
    while (digits < IR_MAX_RANK && e->extent['0' + digits] > 0) {
        digits++;
    }
    if (arrow == NULL) {
        make_implicit(e);
        return true;
    }
    int32_t letters = 0;
    for (const char *c = arrow + 2; *c != '\0'; c++) {
        letters += isalpha((unsigned char)*c) != 0;
    }
    return read_term(e, arrow + 2, strlen(arrow + 2), digits + letters, e->term[e->count]);
}

/*** One operand ***/

/* A letter that occurs twice leaves the diagonal of its two dims. */
static struct factor take_diagonal(struct einsum *e, struct factor f, int32_t first, int32_t second)
{
    const struct tensor t = *onnx_tensor(e->o, f.tensor);
    int32_t permutation[IR_MAX_RANK], count = 0;
    int64_t dim[IR_MAX_RANK];
    char letter[IR_MAX_RANK + 1];
    for (int32_t d = 0; d < t.rank; d++) {
        if (d != first && d != second) {
            dim[count] = t.dim[d];
            letter[count] = f.letter[d];
            permutation[count++] = d;
        }
    }
    permutation[count] = first;
    permutation[count + 1] = second;
    const int32_t n = t.dim[first];
    int64_t *at = ARENA_ARRAY(e->o->arena, n, int64_t);
    for (int32_t i = 0; i < n; i++) {
        at[i] = (int64_t)i * (n + 1);
    }
    dim[count] = (int64_t)n * t.dim[second];
    letter[count] = f.letter[first];
    letter[count + 1] = '\0';
    const int32_t flat = onnx_reshape(e->o, onnx_transpose(e->o, f.tensor, permutation), count + 1, dim);
    f.tensor =
        onnx_emit(e->o, OP_GATHER, &(struct attr){.axis = count}, (int32_t[]){flat, onnx_const_list(e->o, n, at)}, 2);
    memcpy(f.letter, letter, sizeof letter);
    return f;
}

/* Dims of one where others have more go; they broadcast. */
static struct factor drop_ones(struct einsum *e, struct factor f)
{
    const struct tensor t = *onnx_tensor(e->o, f.tensor);
    int64_t dim[IR_MAX_RANK];
    int32_t count = 0;
    for (int32_t d = 0; d < t.rank; d++) {
        if (t.dim[d] == e->extent[(int)f.letter[d]]) {
            dim[count] = t.dim[d];
            f.letter[count++] = f.letter[d];
        }
    }
    f.letter[count] = '\0';
    f.tensor = count == t.rank ? f.tensor : onnx_reshape(e->o, f.tensor, count, dim);
    return f;
}

/* Sums over the letters that `kept` does not have. */
static struct factor sum_rest(struct einsum *e, struct factor f, const char *kept)
{
    bool reduced[IR_MAX_RANK] = {false}, any = false;
    int32_t count = 0;
    const int32_t rank = (int32_t)strlen(f.letter);
    for (int32_t d = 0; d < rank; d++) {
        reduced[d] = strchr(kept, f.letter[d]) == NULL;
        any = any || reduced[d];
        if (!reduced[d]) {
            f.letter[count++] = f.letter[d];
        }
    }
    f.letter[count] = '\0';
    f.tensor = any ? onnx_reduce(e->o, OP_SUM, f.tensor, reduced, false) : f.tensor;
    return f;
}

static struct factor read_factor(struct einsum *e, int i)
{
    struct factor f = {onnx_in(e->o, i), ""};
    memcpy(f.letter, e->term[i], sizeof f.letter);
    for (bool again = true; again && !onnx_failed(e->o);) {
        again = false;
        const int32_t rank = (int32_t)strlen(f.letter);
        for (int32_t d = 0; d < rank && !again; d++) {
            const char *other = strchr(f.letter + d + 1, f.letter[d]);
            again = other != NULL;
            f = again ? take_diagonal(e, f, d, (int32_t)(other - f.letter)) : f;
        }
    }
    return drop_ones(e, f);
}

/*** Two operands ***/

/* The letters of `from` that `a` has and `b` has not, or has. */
static int64_t choose(const struct einsum *e, const char *from, const char *with, bool has, const char *kept,
                      bool keeps, char to[])
{
    int64_t extent = 1;
    size_t count = 0;
    for (; *from != '\0'; from++) {
        if ((strchr(with, *from) != NULL) == has && (strchr(kept, *from) != NULL) == keeps) {
            to[count++] = *from;
            extent *= e->extent[(int)*from];
        }
    }
    to[count] = '\0';
    return extent;
}

static struct factor multiply(struct einsum *e, struct factor a, struct factor b, const char *kept)
{
    char batch[IR_MAX_RANK + 1], rows[IR_MAX_RANK + 1], inner[IR_MAX_RANK + 1], columns[IR_MAX_RANK + 1];
    char order[3 * IR_MAX_RANK + 1];
    a = sum_rest(e, a, arena_printf(e->o->arena, "%s%s", kept, b.letter));
    b = sum_rest(e, b, arena_printf(e->o->arena, "%s%s", kept, a.letter));
    const int64_t n = choose(e, a.letter, b.letter, true, kept, true, batch);
    const int64_t m = choose(e, a.letter, b.letter, false, kept, true, rows);
    const int64_t k = choose(e, a.letter, b.letter, true, kept, false, inner);
    const int64_t l = choose(e, b.letter, a.letter, false, kept, true, columns);
    if (strlen(batch) + strlen(rows) + strlen(columns) > IR_MAX_RANK) {
        a.tensor = onnx_fail(e->o, "makes more than %d dims on its way", IR_MAX_RANK);
        return a;
    }
    const int32_t rank = batch[0] != '\0' ? 3 : 2;
    const int64_t left[] = {n, m, k}, right[] = {n, k, l};
    snprintf(order, sizeof order, "%s%s%s", batch, rows, inner);
    const int32_t x = onnx_reshape(e->o, transpose_to(e, &a, order), rank, left + (3 - rank));
    snprintf(order, sizeof order, "%s%s%s", batch, inner, columns);
    const int32_t y = onnx_reshape(e->o, transpose_to(e, &b, order), rank, right + (3 - rank));
    struct factor product = {NO_TENSOR, ""};
    int64_t dim[IR_MAX_RANK];
    int32_t count = snprintf(product.letter, sizeof product.letter, "%s%s%s", batch, rows, columns);
    for (int32_t d = 0; d < count; d++) {
        dim[d] = e->extent[(int)product.letter[d]];
    }
    product.tensor = onnx_reshape(e->o, onnx_matmul(e->o, x, y), count, dim);
    return product;
}

void onnx_convert_einsum(struct onnx *o)
{
    struct einsum e = {.o = o, .count = onnx_in_count(o)};
    if (!read_equation(&e)) {
        return;
    }
    const char *result = e.term[e.count];
    struct factor all = read_factor(&e, 0);
    for (int i = 1; i < e.count && !onnx_failed(o); i++) {
        const char *kept = result;
        for (int k = i + 1; k < e.count; k++) {
            kept = arena_printf(o->arena, "%s%s", kept, e.term[k]);
        }
        all = multiply(&e, all, read_factor(&e, i), kept);
    }
    all = sum_rest(&e, all, result);
    if (!onnx_failed(o) && strlen(result) != strlen(all.letter)) {
        onnx_fail(o, "its result has letters that no input has, or a letter twice");
    }
    for (const char *c = result; *c != '\0' && !onnx_failed(o); c++) {
        if (strchr(all.letter, *c) == NULL) {
            onnx_fail(o, "its result has the letter '%c', which no input has", *c);
        }
    }
    onnx_out(o, 0, onnx_failed(o) ? NO_TENSOR : transpose_to(&e, &all, result));
}
