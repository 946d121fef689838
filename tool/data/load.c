/* SPDX-License-Identifier: MIT
 *
 * Files as bytes, those of gzip unpacked.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

enum { MOST_BYTES = 1 << 30 };

#ifdef HAVE_ZLIB
static uint8_t *unpack(const struct file *packed, size_t *size)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)packed->data, .avail_in = (uInt)packed->size};
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        return NULL;
    }
    size_t capacity = packed->size * 4 + 4096;
    uint8_t *out = malloc(capacity + 1);
    int code = Z_OK;
    while (out != NULL && code == Z_OK) {
        if (z.total_out == capacity) {
            capacity *= 2;
            uint8_t *grown = capacity <= MOST_BYTES ? realloc(out, capacity + 1) : NULL;
            if (grown == NULL) {
                break;
            }
            out = grown;
        }
        z.next_out = out + z.total_out;
        z.avail_out = (uInt)(capacity - z.total_out);
        code = inflate(&z, Z_NO_FLUSH);
    }
    *size = z.total_out;
    inflateEnd(&z);
    if (code != Z_STREAM_END) {
        free(out);
        return NULL;
    }
    return out;
}
#endif

static bool is_packed(const struct file *f) { return f->size > 2 && f->data[0] == 0x1f && f->data[1] == 0x8b; }

bool data_load(struct reader *r, const struct data_file *f, struct file *content)
{
    struct diag diag = {0};
    struct file raw;
    *content = (struct file){0};
    if (!file_open(&raw, f->path, &diag)) {
        return data_skip(r, f->name, "%s", diag.text);
    }
    uint8_t *data = NULL;
    size_t size = raw.size;
    if (!is_packed(&raw)) {
        data = malloc(raw.size + 1);
        if (data != NULL) {
            memcpy(data, raw.data, raw.size);
        }
    } else {
#ifdef HAVE_ZLIB
        data = unpack(&raw, &size);
#endif
    }
    file_close(&raw);
    if (data == NULL) {
        return data_skip(r, f->name, "cannot be unpacked");
    }
    data[size] = 0;
    *content = (struct file){data, size};
    return true;
}

void data_unload(struct file *content)
{
    free((void *)(uintptr_t)content->data);
    content->data = NULL;
}
