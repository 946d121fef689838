/* SPDX-License-Identifier: MIT
 *
 * The road that all verbs share: file, reader, passes. A file that a library may not survive is read in a child first.
 * Exhausted memory comes back here by a jump; since the frame
 * that it comes back to changes none of its variables after setjmp, their values are defined.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pass/pass.h"
#include "../read/read.h"
#include "../run/run.h"
#include "command.h"

enum { MOST_MISSED = 1000 }; /* lines of what mote lacks for a model */

/* "NAME=1x3x48x192", or without a name where there is one input. */
static bool parse_shape(struct session *s, const char *text, struct read_shape *shape)
{
    const char *equals = strrchr(text, '='), *at = equals != NULL ? equals + 1 : text;
    *shape = (struct read_shape){0};
    if (equals != NULL) {
        shape->input = arena_printf(&s->arena, "%.*s", (int)(equals - text), text);
    }
    for (bool more = true; more; at++) {
        char *end;
        const long long dim = strtoll(at, &end, 10);
        if (!isdigit((unsigned char)*at) || dim < 1 || dim > INT32_MAX || shape->rank == IR_MAX_RANK ||
            strchr("xX,", *end) == NULL) {
            s->path = NULL;
            return diag_fail(&s->diag,
                             "--shape \"%.80s\": want numbers from 1 with an x between them, such as x=1x3x48x192",
                             text);
        }
        shape->dim[shape->rank++] = (int32_t)dim;
        more = *end != '\0';
        at = end;
    }
    return true;
}

/* "NAME=1,2,3" */
static bool parse_value(struct session *s, const char *text, struct read_value *value)
{
    const char *equals = strrchr(text, '='), *at = equals != NULL ? equals + 1 : "";
    double *numbers = ARENA_ARRAY(&s->arena, strlen(at) + 1, double);
    *value = (struct read_value){.numbers = numbers};
    for (bool more = true; more; at++) {
        char *end;
        numbers[value->count++] = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0')) {
            s->path = NULL;
            return diag_fail(&s->diag, "--value \"%.80s\": want a name and numbers, such as sr=16000", text);
        }
        more = *end != '\0';
        at = end;
    }
    value->input = arena_printf(&s->arena, "%.*s", (int)(equals - text), text);
    return true;
}

bool session_request(struct session *s, struct read_request *request)
{
    const struct session_given *given = s->given;
    const double max_work = given->max_work != NULL ? strtod(given->max_work, NULL) : read_work_limit(&s->file);
    struct read_shape *shapes = ARENA_ARRAY(&s->arena, OPTION_MOST, struct read_shape);
    struct read_value *values = ARENA_ARRAY(&s->arena, OPTION_MOST, struct read_value);
    *request = (struct read_request){{run_node, max_work}, shapes, 0, values, 0, given->input_size};
    while (given->shapes != NULL && given->shapes[request->shape_count] != NULL) {
        const int32_t i = request->shape_count++;
        if (!parse_shape(s, given->shapes[i], &shapes[i])) {
            return false;
        }
    }
    while (given->values != NULL && given->values[request->value_count] != NULL) {
        const int32_t i = request->value_count++;
        if (!parse_value(s, given->values[i], &values[i])) {
            return false;
        }
    }
    return true;
}

/* What a library may take for the file: the model, the file itself, and a piece of it unpacked. AddressSanitizer takes
 * more than all for itself. */
static size_t library_limit(const struct file *file)
{
    enum { FACTOR = 3, BASE = 256 << 20 };
    return FACTOR * read_memory_limit(file) + BASE;
}

/* In a child: whether the library wanted more memory than it may have. What fails for want of it is otherwise as any
 * error of the library, and it tries again. */
static bool is_greedy(struct session *s, const struct read_request *request)
{
    enum { SECONDS = 120 };
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_DATA, &(struct rlimit){library_limit(&s->file), library_limit(&s->file)});
#endif
    errno = 0;
    if (setjmp(s->exhausted) == 0) {
        read_model(&s->file, request, &s->arena, &s->model, &s->diag);
        return errno == ENOMEM;
    }
    return false; /* the parent's own limit, of which it will say so */
}

/* Reads the model in a child first where that may end badly. */
static bool survives(struct session *s, const struct read_request *request)
{
    int status = 0;
    if (!read_is_fragile(&s->file)) {
        return true;
    }
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        _exit(is_greedy(s, request)); /* what it says, the parent will say */
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    s->is_deadly = child > 0 && status != 0;
    if (s->is_deadly && WIFEXITED(status)) {
        return diag_fail(&s->diag,
                         "is damaged: the HDF5 library wants more than %zu MiB of memory for it; save the model anew",
                         library_limit(&s->file) >> 20);
    }
    return !s->is_deadly ||
           diag_fail(&s->diag, "is damaged: the HDF5 library does not survive it (signal %d); save the model anew",
                     WTERMSIG(status));
}

static bool guarded(struct session *s, session_work *work, void *context)
{
    s->arena.on_exhaustion = &s->exhausted;
    if (setjmp(s->exhausted) != 0) {
        return diag_fail(&s->diag, "needs more than %zu MiB of memory, which is the limit for a model of this size",
                         s->arena.limit >> 20);
    }
    struct read_request request;
    return session_request(s, &request) && survives(s, &request) &&
           read_model(&s->file, &request, &s->arena, &s->model, &s->diag) &&
           (s->is_as_read || pass_all(&s->model, run_node, &s->diag)) && work(s, context);
}

static bool is_number(const char *text)
{
    char *end;
    return strtod(text, &end) >= 0 && end != text && *end == '\0';
}

/* One thing that is missing has been said already. */
static void print_missed(struct session *s)
{
    struct diag_list missed = {.arena = &s->arena};
    if (s->file.data != NULL && s->arena.limit > 0 && !s->is_deadly) {
        survey_model(s, &missed);
    }
    if (missed.count < 2) {
        diag_print("mote: %s: %s", s->path, s->diag.text);
        return;
    }
    diag_print("mote: %s: mote lacks %d things for this model:", s->path, missed.count);
    for (int32_t i = 0; i < missed.count && i < MOST_MISSED; i++) {
        diag_print("  %s", missed.lines[i]);
    }
    if (missed.count > MOST_MISSED) {
        fprintf(stderr, "  and %d more\n", missed.count - MOST_MISSED);
    }
}

enum how { PLAIN, LISTS, AS_READ };

/* Some errors name their own place. */
static void print_error(const struct session *s)
{
    diag_print("mote: %s%s%s", s->path != NULL ? s->path : "", s->path != NULL ? ": " : "", s->diag.text);
}

static int run_session(const struct session_given *given, session_work *work, void *context, enum how how)
{
    struct session s = {.path = given->path, .given = given, .is_as_read = how == AS_READ};
    if (given->max_work != NULL && !is_number(given->max_work)) {
        fprintf(stderr, "mote: --max-work %s: want a number such as 1e12, or 0 for no limit\n", given->max_work);
        return EXIT_USAGE;
    }
    bool ok = file_open(&s.file, given->path, &s.diag);
    if (ok) {
        arena_init(&s.arena, read_memory_limit(&s.file));
        ok = guarded(&s, work, context);
    }
    if (!ok && how == LISTS) {
        print_missed(&s);
    } else if (!ok) {
        print_error(&s);
    }
    arena_free(&s.arena); /* not before: the path may live there */
    file_close(&s.file);
    return ok ? EXIT_OK : EXIT_ERROR;
}

static bool guarded_alone(struct session *s, session_work *work, void *context)
{
    s->arena.on_exhaustion = &s->exhausted;
    if (setjmp(s->exhausted) != 0) {
        return diag_fail(&s->diag, "needs more than %zu MiB of memory, which is the limit", s->arena.limit >> 20);
    }
    return work(s, context);
}

int session_alone(size_t limit, session_work *work, void *context)
{
    struct session s = {0};
    arena_init(&s.arena, limit);
    const bool ok = guarded_alone(&s, work, context);
    if (!ok) {
        print_error(&s);
    }
    arena_free(&s.arena);
    return ok ? EXIT_OK : EXIT_ERROR;
}

int session_run(const struct session_given *given, session_work *work, void *context)
{
    return run_session(given, work, context, PLAIN);
}

int session_survey(const struct session_given *given, session_work *work, void *context)
{
    return run_session(given, work, context, LISTS);
}

int session_as_read(const struct session_given *given, session_work *work, void *context)
{
    return run_session(given, work, context, AS_READ);
}
