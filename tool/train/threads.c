/* SPDX-License-Identifier: MIT
 *
 * A few threads that wait for work. Which thread does what is left to chance; results may not depend on it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"

enum { MAX_THREADS = 64 };

struct worker {
    struct threads *threads;
    pthread_t id;
    int32_t number;
};

struct threads {
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    struct worker *workers; /* count - 1 */
    int32_t count;
    int32_t next, end, running; /* indices to hand out, and those handed out but not done */
    threads_job *job;
    void *context;
    bool is_ending;
};

/* Takes indices until none is left. The lock is held on entry and on return. */
static void work(struct threads *t, int32_t number)
{
    while (t->next < t->end) {
        const int32_t index = t->next++;
        t->running++;
        pthread_mutex_unlock(&t->lock);
        t->job(t->context, index, number);
        pthread_mutex_lock(&t->lock);
        if (--t->running == 0 && t->next >= t->end) {
            pthread_cond_broadcast(&t->done);
        }
    }
}

static void *run_worker(void *argument)
{
    struct worker *w = argument;
    struct threads *t = w->threads;
    pthread_mutex_lock(&t->lock);
    while (!t->is_ending) {
        work(t, w->number);
        if (!t->is_ending) {
            pthread_cond_wait(&t->start, &t->lock);
        }
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

int32_t threads_wanted(int32_t wanted)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int32_t count = wanted > 0 ? wanted : cores > 0 && cores < MAX_THREADS ? (int32_t)cores : 1;
    return count < MAX_THREADS ? count : MAX_THREADS;
}

struct threads *threads_start(int32_t count)
{
    struct threads *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    t->workers = calloc((size_t)count, sizeof *t->workers);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->start, NULL);
    pthread_cond_init(&t->done, NULL);
    t->count = 1;
    while (t->workers != NULL && t->count < count) { /* fewer will do where the machine gives no more */
        struct worker *w = &t->workers[t->count - 1];
        *w = (struct worker){.threads = t, .number = t->count};
        if (pthread_create(&w->id, NULL, run_worker, w) != 0) {
            break;
        }
        t->count++;
    }
    return t;
}

void threads_stop(struct threads *t)
{
    if (t == NULL) {
        return;
    }
    pthread_mutex_lock(&t->lock);
    t->is_ending = true;
    pthread_cond_broadcast(&t->start);
    pthread_mutex_unlock(&t->lock);
    for (int32_t i = 0; i < t->count - 1; i++) {
        pthread_join(t->workers[i].id, NULL);
    }
    pthread_cond_destroy(&t->start);
    pthread_cond_destroy(&t->done);
    pthread_mutex_destroy(&t->lock);
    free(t->workers);
    free(t);
}

int32_t threads_count(const struct threads *t) { return t->count; }

void threads_run(struct threads *t, int32_t count, threads_job *job, void *context)
{
    pthread_mutex_lock(&t->lock);
    t->job = job;
    t->context = context;
    t->next = 0;
    t->end = count;
    pthread_cond_broadcast(&t->start);
    work(t, 0);
    while (t->running > 0) {
        pthread_cond_wait(&t->done, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
}
