/* SPDX-License-Identifier: MIT
 *
 * Files are read whole, not mapped: a mapped file that another program truncates would kill this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

/* Reads `size` bytes; what is cut short or grows meanwhile is no error of ours. */
static bool read_all(int fd, uint8_t *data, size_t size, struct diag *diag)
{
    for (size_t got = 0; got < size;) {
        const ssize_t n = read(fd, data + got, size - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return diag_fail(diag, "cannot read it: %s", n < 0 ? strerror(errno) : "it became shorter meanwhile");
        }
        got += (size_t)n;
    }
    return true;
}

static bool read_file(int fd, struct file *file, struct diag *diag)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return diag_fail(diag, "cannot read it: %s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return diag_fail(diag, S_ISDIR(info.st_mode) ? "is a directory, want a file" : "is not a regular file");
    }
    if (info.st_size == 0) {
        return diag_fail(diag, "is empty");
    }
    if (info.st_size > FILE_SIZE_MAX) {
        return diag_fail(diag, "has %lld MiB, want at most %d", (long long)info.st_size >> 20, FILE_SIZE_MAX >> 20);
    }
    uint8_t *data = malloc((size_t)info.st_size);
    if (data == NULL) {
        return diag_fail(diag, "out of memory");
    }
    *file = (struct file){data, (size_t)info.st_size};
    return read_all(fd, data, file->size, diag);
}

bool file_open(struct file *file, const char *path, struct diag *diag)
{
    *file = (struct file){0};
    /* Without O_NONBLOCK a fifo would wait for its other end. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return diag_fail(diag, "cannot open it: %s", strerror(errno));
    }
    const bool ok = read_file(fd, file, diag);
    close(fd);
    if (!ok) {
        file_close(file);
    }
    return ok;
}

void file_close(struct file *file)
{
    free((void *)(uintptr_t)file->data);
    *file = (struct file){0};
}

bool file_write(const char *path, const void *data, size_t size, struct diag *diag)
{
    const size_t length = strlen(path) + sizeof ".XXXXXX";
    char *temporary = malloc(length);
    if (temporary == NULL) {
        return diag_fail(diag, "out of memory");
    }
    snprintf(temporary, length, "%s.XXXXXX", path);
    const int fd = mkstemp(temporary);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    bool ok = f != NULL;
    if (f != NULL) {
        const mode_t mask = umask(0);
        umask(mask);
        ok = fwrite(data, 1, size, f) == size && fchmod(fd, 0666 & ~mask) == 0;
        ok = fclose(f) == 0 && ok;
        ok = ok && rename(temporary, path) == 0;
    }
    if (!ok) {
        diag_fail(diag, "cannot write it: %s", strerror(errno));
        if (fd >= 0) {
            unlink(temporary);
        }
    }
    free(temporary);
    return ok;
}
