/* SPDX-License-Identifier: MIT
 *
 * Which split parts of recordings are in. A recording stays in one split where a label has enough of them. Where it has few,
 * one part or the other would be without it: then each of the label's pieces, which are whole recordings or what a label
 * file or a column says of them, goes to a split of its own, and of few pieces each stretch. Steps of the golden ratio
 * spread them evenly over the splits.
 */
#include "folder.h"
#include "reader.h"

enum { FEW = 5, MOST_STRETCHES = 20 };

static struct data_label *find_label(struct reader *r, const char *label)
{
    const int32_t index = label != NULL ? data_label(r, label) : NO_LABEL;
    return index != NO_LABEL ? &r->labels[index] : &r->unlabelled;
}

void data_count_piece(struct reader *r, const struct data_file *f, const char *label)
{
    struct data_label *l = find_label(r, label);
    l->files += l->last != f;
    l->pieces++;
    l->last = f;
}

struct data_parts data_find_parts(struct reader *r, const struct data_file *f, const char *label, int32_t fit)
{
    struct data_label *l = find_label(r, label);
    if (l->files >= FEW || f->split >= 0 || r->options->group != NULL) {
        return (struct data_parts){0, 0};
    }
    const int32_t stretches = fit < 1 ? 1 : fit < MOST_STRETCHES ? fit : MOST_STRETCHES;
    const int32_t count = l->pieces >= FEW ? 1 : stretches;
    const int32_t first = l->last == f ? l->next : 0;
    l->last = f;
    l->next = first + count;
    return (struct data_parts){first, count};
}

bool data_is_whole(const struct data_label *l) { return l->files >= FEW; }

static uint64_t part_group(uint64_t group, int32_t part)
{
    return group + (uint64_t)part * UINT64_C(0x9e3779b97f4a7c15);
}

void data_put(struct reader *r, struct data_parts parts, int64_t length, int64_t begin, int64_t end)
{
    if (parts.count > 0) {
        struct data_example *e = &r->data->examples[r->data->count - 1];
        const int64_t stretch = (length + parts.count - 1) / parts.count;
        const uint64_t group = part_group(e->group, parts.first + (int32_t)(begin / stretch)),
                       next = part_group(e->group, parts.first + (int32_t)((end - 1) / stretch));
        e->group = group;
        e->split = folder_split(group, r->options);
        r->data->count -= e->split != folder_split(next, r->options);
    }
}
