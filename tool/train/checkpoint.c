/* SPDX-License-Identifier: MIT
 *
 * All that training needs to go on as if it had not stopped: a head of plain numbers, then vectors of floats. Chance
 * needs no saving, since it follows from seed, epoch and example. In this machine's byte order, which the head tells.
 */
#include <string.h>

#include "trainer.h"

static const char magic[8] = "motetrn3";

struct head {
    char magic[8];
    uint64_t fingerprint, weight_count, epoch_count, tensor_count;
    struct progress at;
};

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3U; /* Fowler, Noll and Vo */
    }
    return hash;
}

static uint64_t mix_number(uint64_t hash, int64_t number) { return mix(hash, &number, sizeof number); }

void checkpoint_find_fingerprint(struct trainer *t)
{
    const struct train_options *o = t->options;
    const int64_t numbers[] = {t->graph->node_count,
                               t->graph->tensor_count,
                               t->train->count,
                               (int64_t)t->train->width,
                               o->loss,
                               o->optimizer,
                               o->batch,
                               o->epochs,
                               o->quantised,
                               o->frozen,
                               (int64_t)o->seed,
                               t->validation != NULL ? t->validation->count : 0,
                               o->patience};
    const float values[] = {o->rate,  o->warm_up, o->momentum, o->weight_decay, o->label_smoothing,
                            o->mixup, o->clip,    o->average};
    uint64_t hash = mix(mix(0xcbf29ce484222325U, numbers, sizeof numbers), values, sizeof values);
    for (int32_t i = 0; i < t->graph->node_count; i++) {
        const struct node *n = &t->graph->nodes[i];
        hash = mix_number(hash, n->op);
        for (int32_t k = 0; k < n->in_count; k++) {
            const struct tensor *in = ir_in(t->graph, n, k);
            hash = in != NULL ? mix(hash, in->dim, (size_t)in->rank * sizeof in->dim[0]) : mix_number(hash, -1);
        }
    }
    t->fingerprint = hash;
}

/* A vector of a checkpoint: where it is while training. */
struct part {
    void *data;
    size_t size;
};

enum { PARTS = 8 };

static size_t find_parts(const struct trainer *t, struct part parts[PARTS])
{
    const size_t weights = t->engine.weight_count * sizeof(float);
    const size_t ranges = t->ranges != NULL ? (size_t)t->graph->tensor_count * sizeof *t->ranges : 0;
    const struct part all[PARTS] = {{t->epochs, (size_t)t->options->epochs * sizeof *t->epochs},
                                    {t->engine.weights, weights},
                                    {t->moment, weights},
                                    {t->square, weights},
                                    {t->best, weights},
                                    {t->average, t->average != NULL ? weights : 0},
                                    {t->paces, (size_t)t->engine.param_count * sizeof(float)},
                                    {t->ranges, ranges}};
    size_t size = sizeof(struct head);
    for (int i = 0; i < PARTS; i++) {
        parts[i] = all[i];
        size += all[i].size;
    }
    return size;
}

static struct head make_head(const struct trainer *t)
{
    struct head h;
    memset(&h, 0, sizeof h);
    memcpy(h.magic, magic, sizeof magic);
    h.fingerprint = t->fingerprint;
    h.weight_count = t->engine.weight_count;
    h.epoch_count = (uint64_t)t->options->epochs;
    h.tensor_count = (uint64_t)t->graph->tensor_count;
    h.at = t->at;
    return h;
}

bool checkpoint_write(struct trainer *t, struct diag *diag)
{
    if (t->options->checkpoint == NULL) {
        return true;
    }
    struct part parts[PARTS];
    const struct head head = make_head(t);
    struct file_writer writer = {0};
    find_parts(t, parts);
    bool ok =
        file_write_open(&writer, t->options->checkpoint, diag) && file_write_append(&writer, &head, sizeof head, diag);
    for (int i = 0; ok && i < PARTS; i++) {
        ok = parts[i].size == 0 || file_write_append(&writer, parts[i].data, parts[i].size, diag);
    }
    ok = ok && file_write_commit(&writer, diag);
    file_write_abort(&writer);
    return ok;
}

static bool read_head(const struct trainer *t, struct head *head, struct diag *diag)
{
    const struct file *file = &t->options->resume;
    if (file->size < sizeof *head || memcmp(file->data, magic, sizeof magic) != 0) {
        return diag_fail(diag, "this is no checkpoint of a training, or one of another version of mote");
    }
    memcpy(head, file->data, sizeof *head);
    if (head->fingerprint != t->fingerprint) {
        return diag_fail(diag, "the checkpoint belongs to another network, other examples or other options; begin anew "
                               "without it");
    }
    return true;
}

bool checkpoint_find_phase(struct trainer *t, int32_t *phase, struct diag *diag)
{
    struct head head;
    *phase = 0;
    if (t->options->resume.size == 0) {
        return true;
    }
    if (!read_head(t, &head, diag)) {
        return false;
    }
    *phase = head.at.phase;
    return (*phase >= 0 && *phase <= (t->options->quantised > 0 ? 1 : 0)) ||
           diag_fail(diag, "the checkpoint is damaged");
}

/* What is counted must lie where it counts. */
static bool is_sound(const struct trainer *t, const struct progress *at)
{
    const int32_t epochs = t->options->epochs;
    return at->phase == t->at.phase && at->start >= 0 && at->start <= epochs && at->epoch >= at->start &&
           at->epoch <= epochs && at->batch >= 0 && at->batch <= t->batches && at->best >= -1 && at->best < at->epoch &&
           at->range_batches >= 0 &&
           at->step == (uint64_t)(at->epoch - at->start) * (uint64_t)t->batches + (uint64_t)at->batch;
}

bool checkpoint_read(struct trainer *t, struct diag *diag)
{
    struct part parts[PARTS];
    struct head head;
    const size_t size = find_parts(t, parts);
    if (!read_head(t, &head, diag)) {
        return false;
    }
    const struct head want = make_head(t);
    if (size != t->options->resume.size || head.weight_count != want.weight_count ||
        head.epoch_count != want.epoch_count || head.tensor_count != want.tensor_count || !is_sound(t, &head.at)) {
        return diag_fail(diag, "the checkpoint is damaged");
    }
    const uint8_t *from = t->options->resume.data + sizeof head;
    for (int i = 0; i < PARTS; i++) {
        if (parts[i].size > 0) {
            memcpy(parts[i].data, from, parts[i].size);
        }
        from += parts[i].size;
    }
    t->at = head.at;
    return true;
}
