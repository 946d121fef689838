/* SPDX-License-Identifier: MIT
 *
 * Arrays in files: NumPy's .npy, and IDX as of MNIST. Both say in their head what follows; it is believed only as far as
 * the file is long.
 *
 * Formats: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *          http://yann.lecun.com/exdb/mnist/
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

static bool check_size(const struct file *file, struct array *a, size_t head, const char **why)
{
    a->count = 1;
    for (int i = 0; i < a->rank; i++) {
        if (a->dim[i] < 0 || (a->dim[i] > 0 && a->count > INT32_MAX / a->dim[i])) {
            *why = "is larger than fits";
            return false;
        }
        a->count *= a->dim[i];
    }
    if ((uint64_t)a->count * (uint64_t)a->bytes > file->size - head) {
        *why = "is cut short: fewer values than its head says";
        return false;
    }
    a->data = file->data + head;
    return true;
}

/* "(3, 4)" */
static bool parse_shape(const char *text, struct array *a)
{
    const char *at = strstr(text, "'shape':");
    at = at != NULL ? strchr(at, '(') : NULL;
    while (at != NULL && a->rank < 4) {
        char *end;
        const long n = strtol(at + 1, &end, 10);
        if (end == at + 1) {
            break; /* "()" or ",)" */
        }
        if (n < 0 || n > INT32_MAX) {
            return false;
        }
        a->dim[a->rank++] = (int32_t)n;
        end += strspn(end, " L");
        at = *end == ',' ? end : NULL;
    }
    return a->rank > 0 && (at == NULL || strspn(at + 1, " 0123456789") == 0); /* no fifth */
}

bool data_parse_npy(const struct file *file, struct array *a, const char **why)
{
    *a = (struct array){0};
    *why = "is no .npy file";
    if (file->size < 12 || memcmp(file->data, "\x93NUMPY", 6) != 0) {
        return false;
    }
    const bool is_long = file->data[6] >= 2;
    const size_t start = is_long ? 12 : 10;
    size_t length = file->data[8] | (size_t)file->data[9] << 8;
    if (is_long) {
        length |= (size_t)file->data[10] << 16 | (size_t)file->data[11] << 24;
    }
    char head[512];
    if (length > file->size - start || length >= sizeof head) {
        *why = "has a damaged head";
        return false;
    }
    memcpy(head, file->data + start, length);
    head[length] = '\0';
    const char *type = strstr(head, "'descr':");
    type = type != NULL ? strchr(type + 8, '\'') : NULL;
    if (type == NULL || strchr("<>|=", type[1]) == NULL || strchr("fiub", type[2]) == NULL || !parse_shape(head, a)) {
        *why = "holds what are no plain numbers";
        return false;
    }
    a->is_big_endian = type[1] == '>';
    a->kind = type[2] == 'b' ? 'u' : type[2];
    a->bytes = type[3] - '0';
    a->is_fortran = strstr(head, "'fortran_order': True") != NULL;
    if ((a->bytes != 1 && a->bytes != 2 && a->bytes != 4 && a->bytes != 8) || (a->kind == 'f' && a->bytes < 4)) {
        *why = "holds numbers of a size that is not known";
        return false;
    }
    return check_size(file, a, start + length, why);
}

bool data_parse_idx(const struct file *file, struct array *a, const char **why)
{
    static const struct {
        uint8_t code;
        char kind;
        int bytes;
    } types[] = {{8, 'u', 1}, {9, 'i', 1}, {11, 'i', 2}, {12, 'i', 4}, {13, 'f', 4}, {14, 'f', 8}};
    *a = (struct array){.is_big_endian = true};
    *why = "is no IDX file";
    if (file->size < 4 || file->data[0] != 0 || file->data[1] != 0 || file->data[3] < 1 || file->data[3] > 4) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (types[i].code == file->data[2]) {
            a->kind = types[i].kind;
            a->bytes = types[i].bytes;
        }
    }
    a->rank = file->data[3];
    const size_t head = 4 + 4 * (size_t)a->rank;
    if (a->bytes == 0 || file->size < head) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        const uint8_t *d = file->data + 4 + 4 * i;
        if (d[0] > 127) {
            return false;
        }
        a->dim[i] = (int32_t)((uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 | (uint32_t)d[2] << 8 | d[3]);
    }
    return check_size(file, a, head, why);
}

/* Element i in C order. */
double data_array_value(const struct array *a, int64_t i)
{
    if (a->is_fortran && a->rank == 2) {
        i = i % a->dim[1] * a->dim[0] + i / a->dim[1];
    }
    uint64_t bits = 0;
    for (int k = 0; k < a->bytes; k++) {
        const int from = a->is_big_endian ? k : a->bytes - 1 - k;
        bits = bits << 8 | a->data[i * a->bytes + from];
    }
    if (a->kind == 'u') {
        return (double)bits;
    }
    if (a->kind == 'i') {
        const int unused = 64 - 8 * a->bytes;
        return (double)((int64_t)(bits << unused) >> unused);
    }
    if (a->bytes == 4) {
        const uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
