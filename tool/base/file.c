/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

bool file_open(struct file *file, const char *path, struct diag *diag)
{
    *file = (struct file){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return diag_fail(diag, "cannot open it: %s", strerror(errno));
    }
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return diag_fail(diag, "is not a regular file");
    }
    if (info.st_size == 0) {
        close(fd);
        return diag_fail(diag, "is empty");
    }
    void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED) {
        return diag_fail(diag, "cannot read it: %s", strerror(errno));
    }
    *file = (struct file){data, (size_t)info.st_size};
    return true;
}

void file_close(struct file *file)
{
    if (file->data != NULL) {
        munmap((void *)(uintptr_t)file->data, file->size);
    }
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
