/* SPDX-License-Identifier: MIT
 *
 * Files are read whole, not mapped: a mapped file that another program truncates would kill this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

size_t file_size(const char *path)
{
    struct stat info;
    return path != NULL && stat(path, &info) == 0 && S_ISREG(info.st_mode) ? (size_t)info.st_size : 0;
}

bool file_is_same(const char *a, const char *b)
{
    struct stat x, y;
    return a != NULL && b != NULL && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/*** Writing ***/

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP};

/* Names that an interrupt removes. What finds no place here would stay. */
static char *volatile temporaries[128];

static void remove_temporaries(int signal)
{
    for (size_t i = 0; i < COUNT_OF(temporaries); i++) {
        if (temporaries[i] != NULL) {
            unlink(temporaries[i]);
        }
    }
    raise(signal); /* which is blocked until here and then does what it always did */
}

/* Puts `name` where `old` is: NULL for a free place. Who has other plans for an interrupt, or ignores it, keeps them. */
static void note_temporary(char *old, char *name)
{
    for (size_t i = 0; i < COUNT_OF(interrupts); i++) {
        struct sigaction action;
        if (name != NULL && sigaction(interrupts[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
            action = (struct sigaction){.sa_handler = remove_temporaries, .sa_flags = (int)SA_RESETHAND};
            sigaction(interrupts[i], &action, NULL);
        }
    }
    for (size_t i = 0; i < COUNT_OF(temporaries); i++) {
        if (temporaries[i] == old) {
            temporaries[i] = name;
            return;
        }
    }
}

static void forget_temporary(struct file_writer *w)
{
    if (w->temporary != NULL) {
        note_temporary(w->temporary, NULL);
        free(w->temporary);
        w->temporary = NULL;
    }
}

static bool cannot_write(const char *path, struct diag *diag)
{
    return diag_fail(diag, "%s: cannot write it: %s", path, strerror(errno));
}

/* A file of its own beside the last one, with the permissions that the last one has or a new one would get. */
static int open_temporary(struct file_writer *w, const struct stat *existing)
{
    const size_t length = strlen(w->path) + sizeof ".XXXXXX";
    w->temporary = malloc(length);
    if (w->temporary == NULL) {
        return -1;
    }
    snprintf(w->temporary, length, "%s.XXXXXX", w->path);
    note_temporary(NULL, w->temporary);
    const int fd = mkstemp(w->temporary);
    if (fd < 0) {
        forget_temporary(w);
        return -1;
    }
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, existing != NULL ? existing->st_mode & 0777 : 0666 & ~mask);
    return fd;
}

bool file_write_open(struct file_writer *w, const char *path, struct diag *diag)
{
    struct stat existing;
    const bool exists = stat(path, &existing) == 0;
    *w = (struct file_writer){0};
    w->path = exists ? realpath(path, NULL) : strdup(path); /* a link stays; what it leads to is replaced */
    if (w->path == NULL) {
        return cannot_write(path, diag);
    }
    const bool direct = exists && !S_ISREG(existing.st_mode);
    const int fd = direct ? open(w->path, O_WRONLY | O_CLOEXEC) : open_temporary(w, exists ? &existing : NULL);
    w->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (w->stream == NULL) {
        cannot_write(path, diag);
        if (fd >= 0) {
            close(fd);
        }
        file_write_abort(w);
        return false;
    }
    return true;
}

bool file_write_append(struct file_writer *w, const void *data, size_t size, struct diag *diag)
{
    return fwrite(data, 1, size, w->stream) == size || cannot_write(w->path, diag);
}

bool file_write_flush(struct file_writer *w, struct diag *diag)
{
    return fflush(w->stream) == 0 || cannot_write(w->path, diag);
}

bool file_write_commit(struct file_writer *w, struct diag *diag)
{
    bool ok = fclose(w->stream) == 0;
    w->stream = NULL;
    ok = ok && (w->temporary == NULL || rename(w->temporary, w->path) == 0);
    if (ok) {
        forget_temporary(w);
    } else {
        cannot_write(w->path, diag);
    }
    file_write_abort(w);
    return ok;
}

void file_write_abort(struct file_writer *w)
{
    if (w->stream != NULL) {
        fclose(w->stream);
    }
    if (w->temporary != NULL) {
        unlink(w->temporary);
    }
    forget_temporary(w);
    free(w->path);
    *w = (struct file_writer){0};
}

bool file_write(const char *path, const void *data, size_t size, struct diag *diag)
{
    struct file_writer w;
    const bool ok =
        file_write_open(&w, path, diag) && file_write_append(&w, data, size, diag) && file_write_commit(&w, diag);
    file_write_abort(&w);
    return ok;
}
