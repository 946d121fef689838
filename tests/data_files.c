/* SPDX-License-Identifier: MIT */
#include "data_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char root[] = "/tmp/mote-test-data-XXXXXX";
struct arena arena;
struct diag diag;
struct dataset data;
static int failures;

void check(bool ok, const char *what)
{
    printf("%s: %s%s%s\n", ok ? "ok" : "FAILED", what, diag.failed ? ": " : "", diag.text);
    failures += !ok;
}

void put(const char *name, const void *bytes, size_t size)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    if (!file_write(path, bytes, size, &diag)) {
        printf("FAILED: %s: %s\n", path, diag.text);
        exit(1);
    }
}

void put_text(const char *name, const char *text) { put(name, text, strlen(text)); }

struct data_options options_for(enum data_kind kind, const char *folder)
{
    struct data_options o = {.kind = kind, .least = 1, .memory = 1 << 26, .channels = 1, .length = 16};
    o.path = arena_printf(&arena, "%s/%s", root, folder);
    return o;
}

bool load(const struct data_options *o)
{
    data_free(&data);
    diag = (struct diag){0};
    return data_read(o, &data, &arena, &diag);
}

const struct data_example *find(const char *source)
{
    for (int32_t i = 0; i < data.count; i++) {
        if (strcmp(data.examples[i].source, source) == 0) {
            return &data.examples[i];
        }
    }
    return NULL;
}

const void *values_of(const char *source)
{
    const struct data_example *e = find(source);
    return e != NULL ? data_values(&data, (int32_t)(e - data.examples)) : NULL;
}

bool has_label(const char *source, const char *label)
{
    const struct data_example *e = find(source);
    return e != NULL && e->label >= 0 && strcmp(data.classes[e->label], label) == 0;
}

bool was_skipped(const char *source, const char *why)
{
    for (int32_t i = 0; i < data.skipped_count && i < DATA_MOST_SKIPPED; i++) {
        if (strcmp(data.skipped[i].source, source) == 0 && strstr(data.skipped[i].why, why) != NULL) {
            return true;
        }
    }
    return false;
}

void put_wav(const char *name, int rate, int channels, int frames, double hertz, int cut)
{
    const int bytes = frames * channels * 2;
    uint8_t *wav = calloc(1, 44 + (size_t)bytes);
    const uint32_t head[11] = {0x46464952,
                               36 + (uint32_t)bytes,
                               0x45564157,
                               0x20746d66,
                               16,
                               1 | (uint32_t)channels << 16,
                               (uint32_t)rate,
                               (uint32_t)(rate * channels * 2),
                               (uint32_t)channels * 2 | 16 << 16,
                               0x61746164,
                               (uint32_t)bytes};
    memcpy(wav, head, sizeof head);
    for (int i = 0; i < frames; i++) {
        const int16_t x = (int16_t)(10000 * sin(2 * 3.14159265 * hertz * i / rate));
        for (int c = 0; c < channels; c++) {
            memcpy(wav + 44 + 2 * (i * channels + c), &x, 2);
        }
    }
    put(name, wav, 44 + (size_t)(bytes - cut));
    free(wav);
}

void put_npy(const char *name, int rows, int columns, int cut)
{
    char head[128];
    const int n =
        snprintf(head, sizeof head, "{'descr': '<i2', 'fortran_order': False, 'shape': (%d, %d), }", rows, columns);
    uint8_t *npy = calloc(1, 128 + (size_t)(rows * columns * 2));
    memcpy(npy, "\x93NUMPY\x01\x00\x76\x00", 10);
    memset(npy + 10, ' ', 118);
    memcpy(npy + 10, head, (size_t)n);
    npy[127] = '\n';
    for (int i = 0; i < rows * columns; i++) {
        const int16_t x = (int16_t)(i - 5);
        memcpy(npy + 128 + 2 * i, &x, 2);
    }
    put(name, npy, 128 + (size_t)(rows * columns * 2 - cut));
    free(npy);
}

void put_log(const char *name, const char *header, int rows, int with_time, const char *label)
{
    char text[8000];
    int n = snprintf(text, sizeof text, "%s", header);
    for (int i = 0; i < rows; i++) {
        n += with_time ? snprintf(text + n, sizeof text - (size_t)n, "%d, ", 10 * i) : 0;
        n += snprintf(text + n, sizeof text - (size_t)n, "%g, %g%s%s\n", i * 7 % 11 * 0.5, -i * 0.25,
                      label != NULL ? "," : "", label != NULL ? (i < rows / 2 ? label : "rest") : "");
    }
    put_text(name, text);
}

bool data_files_begin(void)
{
    arena_init(&arena, (size_t)1 << 28);
    const bool ok = mkdtemp(root) != NULL;
    if (!ok) {
        printf("FAILED: no folder %s\n", root);
    }
    return ok;
}

int data_files_end(void)
{
    char command[600];
    data_free(&data);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command) != 0 || failures > 0;
}
