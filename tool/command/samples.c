/* SPDX-License-Identifier: MIT
 *
 * Raw .bin files hold the inputs as `mote run` takes them, in their own types; a file of k times the size is k samples.
 * An .npy file holds the values of the one input in any type, as many as make whole samples.
 */
#include "samples.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../data/reader.h"

enum { VALUES_MOST = 1 << 28 }; /* floats: 1 GiB */

struct loader {
    struct samples *samples;
    struct session *session;
    const struct graph *g;
    size_t bytes, values; /* of a sample, as it lies in a .bin file, and of its inputs together */
};

static bool has_ending(const char *name, const char *ending)
{
    const size_t n = strlen(name), m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

/* Room for more floats; NULL: there is not so much. */
static float *more(struct samples *s, size_t count)
{
    if (count > VALUES_MOST || s->size + count > VALUES_MOST) {
        return NULL;
    }
    if (s->size + count > s->capacity) {
        const size_t capacity = 2 * (s->size + count);
        float *grown = realloc(s->values, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        s->values = grown;
        s->capacity = capacity;
    }
    s->size += count;
    return s->values + s->size - count;
}

static int64_t load_int(const uint8_t *from, int bytes, bool is_signed)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) {
        v |= (uint64_t)from[i] << 8 * i;
    }
    const int shift = 64 - 8 * bytes;
    return is_signed ? (int64_t)(v << shift) >> shift : (int64_t)v;
}

static float load_value(const uint8_t *from, char kind, int bytes)
{
    if (kind == 'f' && bytes == 4) {
        float value;
        memcpy(&value, from, sizeof value);
        return value;
    }
    if (kind == 'f') {
        double value;
        memcpy(&value, from, sizeof value);
        return (float)value;
    }
    return (float)load_int(from, bytes, kind == 'i');
}

static bool too_much(struct loader *l)
{
    return diag_fail(&l->session->diag, "all samples together are more than %d million values; take fewer",
                     VALUES_MOST >> 20);
}

/*** .bin ***/

static bool load_bin(struct loader *l, const struct file *file)
{
    if (file->size % l->bytes != 0) {
        return diag_fail(&l->session->diag, "has %zu bytes, the model takes %zu a sample", file->size, l->bytes);
    }
    const size_t count = file->size / l->bytes;
    float *to = more(l->samples, count * l->values);
    if (to == NULL) {
        return too_much(l);
    }
    const uint8_t *from = file->data;
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < l->g->input_count; k++) {
            const struct tensor *t = &l->g->tensors[l->g->inputs[k]];
            const int bytes = ir_type_bits(t->type) / 8;
            const char kind = t->type == TYPE_F32 || t->type == TYPE_F64                          ? 'f'
                              : t->type == TYPE_U8 || t->type == TYPE_U16 || t->type == TYPE_BOOL ? 'u'
                                                                                                  : 'i';
            for (int64_t e = 0; e < ir_count(t); e++, from += bytes) {
                *to++ = load_value(from, kind, bytes);
            }
        }
    }
    return true;
}

/*** .npy ***/

static bool load_npy(struct loader *l, const struct file *file)
{
    struct array array;
    const char *why;
    if (!data_parse_npy(file, &array, &why)) {
        return diag_fail(&l->session->diag, "%s", why);
    }
    if (array.is_fortran && array.rank > 2) {
        return diag_fail(&l->session->diag, "is in Fortran's order; save it by numpy.ascontiguousarray");
    }
    if (l->g->input_count != 1) {
        return diag_fail(&l->session->diag, "the model takes %d inputs; give them back to back in .bin files",
                         l->g->input_count);
    }
    const size_t count = (size_t)array.count;
    if (count == 0 || count % l->values != 0) {
        return diag_fail(&l->session->diag, "has %zu values, the model takes %zu a sample", count, l->values);
    }
    float *to = more(l->samples, count);
    if (to == NULL) {
        return too_much(l);
    }
    for (size_t i = 0; i < count; i++) {
        to[i] = (float)data_array_value(&array, (int64_t)i);
    }
    return true;
}

/*** Files ***/

static bool load_file(struct loader *l, const char *path)
{
    struct file file = {0};
    l->session->path = path;
    if (!file_open(&file, path, &l->session->diag)) {
        return false;
    }
    const bool ok = has_ending(path, ".npy") ? load_npy(l, &file) : load_bin(l, &file);
    file_close(&file);
    return ok;
}

static int is_sample(const struct dirent *entry)
{
    return has_ending(entry->d_name, ".bin") || has_ending(entry->d_name, ".npy");
}

static bool load_folder(struct loader *l, const char *path)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, is_sample, alphasort);
    bool ok = count > 0;
    if (count <= 0) {
        l->session->path = path;
        diag_fail(&l->session->diag, count < 0 ? "cannot be read" : "holds no samples; want .bin or .npy files");
    }
    for (int i = 0; i < count; i++) {
        ok = ok && load_file(l, arena_printf(&l->session->arena, "%s/%s", path, entries[i]->d_name));
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return ok;
}

bool samples_open(struct samples *samples, struct session *s, const char *path, const struct graph *g)
{
    struct loader l = {samples, s, g, 0, 0};
    const char *model = s->path;
    struct stat info;
    for (int k = 0; k < g->input_count; k++) {
        const struct tensor *t = &g->tensors[g->inputs[k]];
        if (ir_type_bits(t->type) < 8) {
            return diag_fail(&s->diag, "input %d has type %s", k, ir_type_text(t->type));
        }
        l.bytes += (size_t)ir_size(t);
        l.values += (size_t)ir_count(t);
    }
    if (l.values == 0) {
        return diag_fail(&s->diag, "takes no input, so that there is nothing to calibrate");
    }
    const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (!(is_folder ? load_folder(&l, path) : load_file(&l, path))) {
        return false;
    }
    s->path = model;
    samples->count = (int32_t)(samples->size / l.values);
    const float **data = ARENA_ARRAY(&s->arena, samples->count, const float *);
    for (int32_t i = 0; i < samples->count; i++) {
        data[i] = samples->values + (size_t)i * l.values;
    }
    samples->data = data;
    return true;
}

void samples_close(struct samples *samples) { free(samples->values); }
