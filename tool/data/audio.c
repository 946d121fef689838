/* SPDX-License-Identifier: MIT
 *
 * Sound by libsndfile, resampled by libsamplerate's band-limited interpolation, mixed to one channel, cut into windows.
 * A recording of up to three windows gives one, round the loudest part of it; a longer one gives a window every hop. A
 * file goes through a buffer of a few windows, however long it is.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#ifdef HAVE_AUDIO
#include <samplerate.h>
#include <sndfile.h>

enum { BLOCK = 4096, LONG = 3, MOST_CHANNELS = 64, SHORTEST_PART = 10 };

struct sound {
    struct reader *r;
    const struct data_file *f;
    SNDFILE *file;
    SF_INFO info;
    SRC_STATE *resampler;
    float *held; /* samples at the wanted rate that are not cut yet; room for LONG windows and a block's output */
    int32_t held_count, capacity;
    int32_t window, hop;
    int64_t done; /* samples cut off before `held` */
    bool is_long;
};

static int16_t to_s16(float x)
{
    const float scaled = roundf(x * 32768.0F);
    return (int16_t)(scaled < -32768.0F ? -32768.0F : scaled > 32767.0F ? 32767.0F : scaled);
}

/* A window of what is held, from sample `from`, which may lie before the first. */
static bool add_window(struct sound *s, int32_t from)
{
    const double at = (double)(s->done + (from > 0 ? from : 0)) / s->r->options->rate;
    const char *source = s->f->name;
    if (s->is_long) {
        source = arena_printf(s->r->arena, "%s@%.2fs", s->f->name, at);
    }
    int16_t *out = data_add(s->r, s->f, source, NULL, NULL);
    if (out == NULL) {
        return false;
    }
    for (int32_t i = 0; i < s->window; i++) {
        const int32_t k = from + i;
        out[i] = k >= 0 && k < s->held_count ? to_s16(s->held[k]) : 0;
    }
    return true;
}

/* Where the window of the most energy begins; negative if all of it is shorter than a window. */
static int32_t find_loudest(const struct sound *s)
{
    if (s->held_count <= s->window) {
        return -((s->window - s->held_count) / 2);
    }
    double sum = 0, best = -1;
    int32_t first = 0, last = 0; /* the energy stays the same while silence leaves: take the middle of these */
    for (int32_t i = 0; i < s->held_count; i++) {
        sum += (double)s->held[i] * s->held[i];
        if (i >= s->window) {
            sum -= (double)s->held[i - s->window] * s->held[i - s->window];
        }
        if (i >= s->window - 1 && sum > best * 1.0001) {
            best = sum;
            first = i + 1 - s->window;
        }
        if (i >= s->window - 1 && sum >= best * 0.9999) {
            last = i + 1 - s->window;
        }
    }
    return last >= first ? first + (last - first) / 2 : first;
}

/* Cuts what is long enough off the buffer. */
static bool cut(struct sound *s)
{
    while (s->is_long && s->held_count >= s->window) {
        if (!add_window(s, 0)) {
            return false;
        }
        const int32_t step = s->hop < s->held_count ? s->hop : s->held_count;
        s->held_count -= step;
        memmove(s->held, s->held + step, (size_t)s->held_count * sizeof *s->held);
        s->done += step;
    }
    return true;
}

static void mix(const struct sound *s, const float *in, sf_count_t frames, float *out)
{
    const int channels = s->info.channels;
    for (sf_count_t i = 0; i < frames; i++) {
        float sum = 0;
        for (int c = 0; c < channels; c++) {
            sum += in[i * channels + c];
        }
        out[i] = isfinite(sum) ? sum / (float)channels : 0.0F;
    }
}

/* Mono samples through the resampler into the buffer. */
static bool push(struct sound *s, const float *in, long count, bool is_end)
{
    SRC_DATA d = {.data_in = in, .input_frames = count, .end_of_input = is_end};
    d.src_ratio = (double)s->r->options->rate / s->info.samplerate;
    do {
        d.data_out = s->held + s->held_count;
        d.output_frames = s->capacity - s->held_count;
        if (src_process(s->resampler, &d) != 0) {
            return data_skip(s->r, s->f->name, "cannot be resampled from %d Hz", s->info.samplerate);
        }
        d.data_in += d.input_frames_used;
        d.input_frames -= d.input_frames_used;
        s->held_count += (int32_t)d.output_frames_gen;
        s->is_long = s->is_long || (s->hop > 0 && s->held_count > LONG * s->window);
        if (!cut(s)) {
            return false;
        }
        if (!s->is_long && s->held_count == s->capacity) {
            return true; /* the rest of it is not looked at */
        }
    } while (d.input_frames > 0 || (is_end && d.output_frames_gen > 0));
    return true;
}

static bool read_frames(struct sound *s)
{
    float *frames = malloc(sizeof(float) * BLOCK * ((size_t)s->info.channels + 1));
    float *mono = frames + (size_t)BLOCK * (size_t)s->info.channels;
    bool ok = frames != NULL;
    sf_count_t count = BLOCK, total = 0;
    while (ok && count > 0) {
        count = sf_readf_float(s->file, frames, BLOCK);
        count = count > 0 ? count : 0;
        total += count;
        mix(s, frames, count, mono);
        ok = push(s, mono, (long)count, count == 0);
    }
    free(frames);
    if (ok && total < s->info.frames && s->info.frames < INT64_MAX / 2) {
        return data_skip(s->r, s->f->name, "is cut short: %lld of %lld samples", (long long)total,
                         (long long)s->info.frames);
    }
    if (ok && !s->is_long && s->held_count < s->window / SHORTEST_PART) {
        return data_skip(s->r, s->f->name, "is too short: %.3f s, want %.3f or more",
                         (double)s->held_count / s->r->options->rate,
                         (double)s->window / SHORTEST_PART / s->r->options->rate);
    }
    return ok && (s->is_long || add_window(s, find_loudest(s)));
}

static void read_sound(struct sound *s)
{
    s->held_count = 0;
    s->done = 0;
    s->is_long = false;
    s->info = (SF_INFO){0};
    s->file = sf_open(s->f->path, SFM_READ, &s->info);
    int error = 0;
    if (s->file == NULL) {
        data_skip(s->r, s->f->name, "is damaged, or of a kind that libsndfile cannot read");
        return;
    }
    if (s->info.channels < 1 || s->info.channels > MOST_CHANNELS || s->info.samplerate < 100 ||
        s->info.samplerate > 1000000) {
        data_skip(s->r, s->f->name, "has %d channels at %d Hz", s->info.channels, s->info.samplerate);
    } else if ((s->resampler = src_new(SRC_SINC_MEDIUM_QUALITY, 1, &error)) != NULL) {
        read_frames(s);
        src_delete(s->resampler);
    }
    sf_close(s->file);
}

bool data_read_audio(struct reader *r)
{
    const struct data_options *o = r->options;
    struct sound s = {.r = r, .window = (int32_t)lround(o->window * o->rate)};
    s.hop = o->hop > 0 ? (int32_t)lround(o->hop * o->rate) : s.window;
    if (s.window < 1 || s.hop < 1) {
        return diag_fail(r->diag, "data.window and data.hop want to be a sample or more");
    }
    data_shape(r, TYPE_S16, 1, &s.window);
    s.capacity = (LONG + 1) * s.window + BLOCK;
    s.held = malloc((size_t)s.capacity * sizeof *s.held);
    if (s.held == NULL) {
        return diag_fail(r->diag, "no memory for a window of %d samples", s.window);
    }
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        s.f = &r->files[i];
        if (s.f->label == NULL && !(o->labels != NULL && strcmp(o->labels, "none") == 0)) {
            data_skip(r, s.f->name, "has no label");
        } else {
            read_sound(&s);
        }
    }
    free(s.held);
    return !r->diag->failed;
}

#else

bool data_read_audio(struct reader *r) { return diag_fail(r->diag, "%s", data_missing(DATA_AUDIO)); }

#endif
