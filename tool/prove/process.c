/* SPDX-License-Identifier: MIT
 *
 * A folder for the work and programs that run in it, without a shell. Each program holds the end of a pipe: when all who
 * hold it are gone, it has ended, however many others it started.
 */
#include "prove.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/*** Interrupts and the folder ***/

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP};
static struct sigaction before[COUNT_OF(interrupts)];
static volatile sig_atomic_t interrupt; /* that came; 0: none */

static void note_interrupt(int signal) { interrupt = signal; }

bool prove_is_interrupted(void) { return interrupt != 0; }

static void catch_interrupts(void)
{
    interrupt = 0;
    for (size_t i = 0; i < COUNT_OF(interrupts); i++) {
        struct sigaction action = {.sa_handler = note_interrupt};
        sigaction(interrupts[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) {
            sigaction(interrupts[i], &action, NULL);
        }
    }
}

static void release_interrupts(void)
{
    for (size_t i = 0; i < COUNT_OF(interrupts); i++) {
        sigaction(interrupts[i], &before[i], NULL);
    }
    if (interrupt != 0) {
        raise(interrupt);
    }
}

bool prove_folder_open(struct prove_folder *folder, struct diag *diag)
{
    const char *parent = getenv("TMPDIR");
    parent = parent != NULL && *parent == '/' && strlen(parent) < sizeof folder->path / 2 ? parent : "/tmp";
    catch_interrupts();
    snprintf(folder->path, sizeof folder->path, "%s/mote-XXXXXX", parent);
    if (mkdtemp(folder->path) == NULL) {
        diag_fail(diag, "cannot make a folder in %s: %s", parent, strerror(errno));
        *folder = (struct prove_folder){{0}};
        release_interrupts();
        return false;
    }
    return true;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void prove_folder_close(struct prove_folder *folder)
{
    if (folder->path[0] != '\0') {
        nftw(folder->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        *folder = (struct prove_folder){{0}};
        release_interrupts();
    }
}

/*** Command lines ***/

void prove_add_word(struct prove_command *c, const char *word)
{
    ARENA_GROW(c->arena, c->words, c->count, c->capacity);
    c->words[c->count++] = word;
    ARENA_GROW(c->arena, c->words, c->count, c->capacity);
    c->words[c->count] = NULL;
}

void prove_add_words(struct prove_command *c, const char *words)
{
    char *rest = arena_copy(c->arena, words, strlen(words) + 1);
    for (char *word; (word = strsep(&rest, " \t")) != NULL;) {
        if (*word != '\0') {
            prove_add_word(c, word);
        }
    }
}

bool prove_has_program(const char *name)
{
    const char *path = getenv("PATH");
    for (const char *at = path != NULL ? path : "/usr/bin:/bin"; *at != '\0';) {
        const size_t length = strcspn(at, ":");
        char file[512];
        if (length + strlen(name) + 2 < sizeof file) {
            snprintf(file, sizeof file, "%.*s/%s", (int)length, at, name);
            if (access(file, X_OK) == 0) {
                return true;
            }
        }
        at += length + (at[length] == ':');
    }
    return false;
}

const char *prove_console_text(const struct prove_output *o, struct arena *arena)
{
    const size_t most = 64 << 10, skipped = o->console.size > most ? o->console.size - most : 0;
    const int size = (int)(o->console.size - skipped);
    return size > 0 ? arena_printf(arena, "%.*s", size, (const char *)o->console.data + skipped) : "";
}

/*** Programs ***/

struct process {
    pid_t id;
    int alive; /* becomes readable when it has ended; -1: closed */
};

static const char *console_path(const char *folder, int32_t i, char *path, size_t size)
{
    snprintf(path, size, "%s/console-%d", folder, i);
    return path;
}

/* The environment, with temporary files in the folder: a program that is killed leaves them behind. */
static char **make_environment(const char *folder, char *variable, size_t size)
{
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **list = calloc(count + 2, sizeof *list);
    if (list == NULL) {
        return environ;
    }
    snprintf(variable, size, "TMPDIR=%s", folder);
    list[0] = variable;
    for (size_t i = 0, n = 1; i < count; i++) {
        if (strncmp(environ[i], "TMPDIR=", 7) != 0) {
            list[n++] = environ[i];
        }
    }
    return list;
}

static int spawn(const struct prove_command *c, const char *folder, int32_t i, const int ends[2], pid_t *id)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t all;
    char console[128], temporary[128];
    char **environment = make_environment(folder, temporary, sizeof temporary);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, console_path(folder, i, console, sizeof console),
                                     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &all);
    sigemptyset(&all);
    posix_spawnattr_setsigmask(&attr, &all);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int error = posix_spawnp(id, c->words[0], &actions, &attr, (char *const *)(uintptr_t)c->words, environment);
    if (environment != environ) {
        free(environment);
    }
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static bool start(struct process *p, const struct prove_command *c, const char *folder, int32_t i, struct diag *diag)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return diag_fail(diag, "cannot start %s: %s", c->words[0], strerror(errno));
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    const int error = spawn(c, folder, i, ends, &p->id);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return diag_fail(diag, "cannot start %s: %s", c->words[0], strerror(error));
    }
    p->alive = ends[0];
    return true;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until it has ended, or is killed at the deadline or by an interrupt. */
static void await(struct process *p, int64_t deadline, struct prove_output *output)
{
    sigset_t blocked, old;
    sigemptyset(&blocked);
    for (size_t i = 0; i < COUNT_OF(interrupts); i++) {
        sigaddset(&blocked, interrupts[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &old); /* also in the last wait, which an interrupt must not end */
    for (bool is_over = false; !is_over;) {
        const int64_t left = deadline - now_ms();
        const struct timespec wait = {left > 0 ? left / 1000 : 0, left > 0 ? left % 1000 * 1000000 : 0};
        struct pollfd poll = {.fd = p->alive, .events = POLLIN};
        is_over = interrupt == 0 && left > 0 && ppoll(&poll, 1, &wait, &old) > 0;
        if (!is_over && (interrupt != 0 || left <= 0)) {
            kill(-p->id, SIGKILL);
            ppoll(&poll, 1, &(struct timespec){.tv_sec = 5}, NULL); /* those that it started end, too */
            output->is_late = interrupt == 0;
            is_over = true;
        }
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    int status = 0;
    while (waitpid(p->id, &status, 0) < 0 && errno == EINTR) {
    }
    output->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    close(p->alive);
}

bool prove_run(const struct prove_command commands[], int32_t count, const char *folder, int seconds,
               struct prove_output outputs[], struct diag *diag)
{
    enum { MOST = 16 };
    struct process processes[MOST];
    const int64_t deadline = now_ms() + (int64_t)seconds * 1000;
    int32_t started = 0;
    while (started < count && started < MOST && start(&processes[started], &commands[started], folder, started, diag)) {
        started++;
    }
    for (int i = 0; i < started; i++) {
        outputs[i] = (struct prove_output){0};
        await(&processes[i], deadline, &outputs[i]);
    }
    for (int i = 0; i < started && interrupt == 0; i++) {
        char console[128];
        struct diag empty = {0}; /* it may have written nothing */
        file_open(&outputs[i].console, console_path(folder, i, console, sizeof console), &empty);
    }
    return interrupt != 0 ? diag_fail(diag, "interrupted") : started == count;
}
