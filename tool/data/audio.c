/* SPDX-License-Identifier: MIT
 *
 * Sound by libsndfile, resampled by libsamplerate's band-limited interpolation, mixed to one channel, cut into windows.
 * A piece, which is a recording or what a label file says of it, gives one window round its loudest part if it has up to
 * three; a longer one gives a window every hop. It goes through a buffer of a few windows, however long it is.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#ifdef HAVE_AUDIO
#include <samplerate.h>
#include <sndfile.h>

enum { BLOCK = 4096, LONG = 3, MOST_CHANNELS = 64, SHORTEST_PART = 10 };

/* What a file is read in: all of it, or what a label file says of it; `place` NULL: what lies between. */
struct piece {
    const char *label, *place;
    double start, end;
};

struct sound {
    struct reader *r;
    const struct data_file *f;
    SNDFILE *file;
    SF_INFO info;
    SRC_STATE *resampler;
    struct piece *pieces;    /* room for those of any file */
    const char *label;       /* of the piece */
    struct data_parts parts; /* of it */
    int64_t first, length;   /* its first sample at the wanted rate, and how many */
    float *held; /* samples at the wanted rate that are not cut yet; room for LONG windows and a block's output */
    int32_t held_count, capacity;
    bool (*take)(struct sound *s); /* what becomes of what is held */
    data_listener *listener;
    void *context;
    struct data_sound whole;
    int64_t whole_capacity;
    int32_t window, hop;
    int64_t done; /* samples of the piece cut off before `held` */
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
    const int64_t begin = s->done + (from > 0 ? from : 0), end = s->done + from + s->window;
    const char *source = s->f->name;
    if (s->is_long || s->f->is_spanned) {
        source = arena_printf(s->r->arena, "%s@%.2fs", s->f->name, (double)(s->first + begin) / s->r->options->rate);
    }
    int16_t *out = data_add(s->r, s->f, source, s->label, NULL);
    if (out == NULL) {
        return false;
    }
    for (int32_t i = 0; i < s->window; i++) {
        const int32_t k = from + i;
        out[i] = k >= 0 && k < s->held_count ? to_s16(s->held[k]) : 0;
    }
    data_put(s->r, s->parts, s->length, begin, end < s->length ? end : s->length);
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
static bool take_windows(struct sound *s)
{
    s->is_long = s->is_long || s->held_count > LONG * s->window;
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

/* Mono samples through the resampler into the buffer; those of the wanted rate stay as they are. */
static bool push(struct sound *s, const float *in, long count, bool is_end)
{
    const bool is_same = s->info.samplerate == s->r->options->rate;
    SRC_DATA d = {.data_in = in, .input_frames = count, .end_of_input = is_end};
    d.src_ratio = (double)s->r->options->rate / s->info.samplerate;
    do {
        d.data_out = s->held + s->held_count;
        d.output_frames = s->capacity - s->held_count;
        if (is_same) {
            d.input_frames_used = d.output_frames_gen =
                d.input_frames < d.output_frames ? d.input_frames : d.output_frames;
            memcpy(d.data_out, d.data_in, (size_t)d.input_frames_used * sizeof *in);
        } else if (src_process(s->resampler, &d) != 0) {
            return data_skip(s->r, s->f->name, "cannot be resampled from %d Hz", s->info.samplerate);
        }
        d.data_in += d.input_frames_used;
        d.input_frames -= d.input_frames_used;
        s->held_count += (int32_t)d.output_frames_gen;
        if (!s->take(s)) {
            return false;
        }
    } while (d.input_frames > 0 || (is_end && d.output_frames_gen > 0));
    return true;
}

/* The sound of a piece, in frames of the file: all of it to the end, or `count`. */
static bool read_frames(struct sound *s, sf_count_t count)
{
    float *frames = malloc(sizeof(float) * BLOCK * ((size_t)s->info.channels + 1));
    float *mono = frames + (size_t)BLOCK * (size_t)s->info.channels;
    bool ok = frames != NULL || diag_fail(s->r->diag, "no memory for %d channels of sound", s->info.channels);
    sf_count_t got = BLOCK, total = 0;
    while (ok && got > 0) {
        got = sf_readf_float(s->file, frames, count - total < BLOCK ? count - total : BLOCK);
        got = got > 0 ? got : 0;
        total += got;
        mix(s, frames, got, mono);
        ok = push(s, mono, (long)got, got == 0);
    }
    free(frames);
    return ok &&
           (total == count || count > INT64_MAX / 2 ||
            data_skip(s->r, s->f->name, "is cut short: %lld of %lld samples", (long long)total, (long long)count));
}

static bool read_piece(struct sound *s, sf_count_t count)
{
    s->held_count = 0;
    s->done = 0;
    s->is_long = false;
    src_reset(s->resampler);
    if (!read_frames(s, count)) {
        return false;
    }
    if (!s->is_long && s->held_count < s->window / SHORTEST_PART) {
        return data_skip(s->r, s->f->name, "is too short: %.3f s, want %.3f or more",
                         (double)s->held_count / s->r->options->rate,
                         (double)s->window / SHORTEST_PART / s->r->options->rate);
    }
    return s->is_long || add_window(s, find_loudest(s));
}
/*** Files ***/

/* How many bytes of sound the head of a WAV or AIFF file promises beyond its end; 0 of other files, and of those that
 * were written as a stream, whose head could not know. libsndfile takes what there is without a word. */
static int64_t find_missing(const char *path)
{
    enum { STREAMED = 0x7fff0000 };
    uint8_t head[12];
    FILE *file = fopen(path, "rb");
    int64_t missing = 0;
    if (file != NULL && fread(head, sizeof head, 1, file) == 1 && fseeko(file, 0, SEEK_END) == 0) {
        const int64_t size = ftello(file);
        const bool is_wav = memcmp(head, "RIFF", 4) == 0, is_aiff = memcmp(head, "FORM", 4) == 0;
        for (int64_t at = sizeof head; (is_wav || is_aiff) && fseeko(file, at, SEEK_SET) == 0;) {
            if (fread(head, 8, 1, file) != 1) {
                break;
            }
            const uint8_t *n = head + 4;
            const int64_t length = is_wav
                                       ? (int64_t)n[0] | (int64_t)n[1] << 8 | (int64_t)n[2] << 16 | (int64_t)n[3] << 24
                                       : (int64_t)n[3] | (int64_t)n[2] << 8 | (int64_t)n[1] << 16 | (int64_t)n[0] << 24;
            if (memcmp(head, is_wav ? "data" : "SSND", 4) == 0) {
                missing = length < STREAMED ? at + 8 + length - size : 0;
                break;
            }
            at += 8 + length + length % 2;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return missing > 0 ? missing : 0;
}

/* The pieces of a file, into room for 2 * span_count + 1. */
static int32_t list_pieces(const struct reader *r, const struct data_file *f, struct piece *pieces)
{
    int32_t count = 0;
    double covered = 0;
    if (!f->is_spanned) {
        pieces[0] = (struct piece){f->label, f->name, 0, INFINITY};
        return 1;
    }
    for (int32_t i = 0; i < f->span_count; i++) {
        const struct data_span *span = &f->spans[i];
        if (r->options->rest != NULL && span->start > covered) {
            pieces[count++] = (struct piece){r->options->rest, NULL, covered, span->start};
        }
        pieces[count++] = (struct piece){span->label, span->place, span->start, span->end};
        covered = fmax(covered, span->end);
    }
    if (r->options->rest != NULL) {
        pieces[count++] = (struct piece){r->options->rest, NULL, covered, INFINITY};
    }
    return count;
}

/* Reads a piece, or a window round its middle if it is shorter; false: the file is damaged. */
static bool take_piece(struct sound *s, const struct piece *p)
{
    const double rate = s->info.samplerate;
    const sf_count_t all = s->info.frames, window = (sf_count_t)ceil(s->window * rate / s->r->options->rate);
    sf_count_t first = p->start * rate < (double)all ? (sf_count_t)(p->start * rate) : all;
    sf_count_t end = p->end * rate < (double)all ? (sf_count_t)(p->end * rate) : all;
    if (s->f->is_spanned && p->place != NULL && first == all) {
        data_skip(s->r, p->place, "begins at %g s, but %s ends at %g s", p->start, s->f->name, (double)all / rate);
        return true;
    }
    if (s->f->is_spanned && end - first < window) {
        if (p->place == NULL) {
            return true;
        }
        const sf_count_t middle = first + (end - first) / 2 - window / 2, last = all > window ? all - window : 0;
        first = middle < 0 ? 0 : middle < last ? middle : last;
        end = all - first < window ? all : first + window;
    }
    if (s->f->is_spanned && sf_seek(s->file, first, SEEK_SET) != first) {
        return data_skip(s->r, s->f->name, "is cut short: there is nothing at %.2f s", (double)first / rate);
    }
    s->label = p->label;
    s->first = (int64_t)((double)first * s->r->options->rate / rate);
    s->length = (int64_t)((double)(end - first) * s->r->options->rate / rate);
    s->length = s->length > 0 ? s->length : 1;
    const int64_t stretches = s->length / ((int64_t)LONG * s->window);
    s->parts = data_find_parts(s->r, s->f, p->label, stretches < INT32_MAX ? (int32_t)stretches : INT32_MAX);
    return read_piece(s, end - first);
}

/* Reads all pieces of a file that is open; of a damaged one nothing is kept. */
static void read_pieces(struct sound *s)
{
    const int32_t before = s->r->data->count, count = list_pieces(s->r, s->f, s->pieces);
    for (int32_t i = 0; i < count && !s->r->diag->failed; i++) {
        if (!take_piece(s, &s->pieces[i])) {
            s->r->data->count = before;
            return;
        }
    }
}

/* Opens the file, and hands it to `read`. */
static void read_sound(struct sound *s, void (*read)(struct sound *s))
{
    const int64_t missing = find_missing(s->f->path);
    s->info = (SF_INFO){0};
    s->file = missing == 0 ? sf_open(s->f->path, SFM_READ, &s->info) : NULL;
    int error = 0;
    if (s->file == NULL) {
        if (missing > 0) {
            data_skip(s->r, s->f->name, "is cut short: its head promises %lld bytes more", (long long)missing);
        } else {
            data_skip(s->r, s->f->name, "is damaged, or of a kind that libsndfile cannot read");
        }
        return;
    }
    if (s->info.channels < 1 || s->info.channels > MOST_CHANNELS || s->info.samplerate < 100 ||
        s->info.samplerate > 1000000) {
        data_skip(s->r, s->f->name, "has %d channels at %d Hz", s->info.channels, s->info.samplerate);
    } else if ((s->resampler = src_new(SRC_SINC_MEDIUM_QUALITY, 1, &error)) != NULL) {
        read(s);
        src_delete(s->resampler);
    }
    sf_close(s->file);
}

static bool is_labelled(const struct data_options *o, const struct data_file *f)
{
    return f->label != NULL || f->is_spanned || (o->labels != NULL && strcmp(o->labels, "none") == 0);
}

/* A buffer, and room for the pieces of any file. */
static bool begin_sounds(struct sound *s)
{
    const struct reader *r = s->r;
    int32_t most = 0;
    for (int32_t i = 0; i < r->file_count; i++) {
        most = r->files[i].span_count > most ? r->files[i].span_count : most;
    }
    s->pieces = ARENA_ARRAY(r->arena, 2 * most + 1, struct piece);
    s->capacity = (LONG + 1) * s->window + BLOCK;
    s->held = malloc((size_t)s->capacity * sizeof *s->held);
    return s->held != NULL || diag_fail(r->diag, "no memory for a window of %d samples", s->window);
}

bool data_read_audio(struct reader *r)
{
    const struct data_options *o = r->options;
    struct sound s = {.r = r, .take = take_windows, .window = (int32_t)lround(o->window * o->rate)};
    s.hop = o->hop > 0 ? (int32_t)lround(o->hop * o->rate) : s.window;
    if (s.window < 1 || s.hop < 1) {
        return diag_fail(r->diag, "data.window and data.hop want to be a sample or more");
    }
    data_shape(r, TYPE_S16, 1, &s.window);
    if (!begin_sounds(&s)) {
        return false;
    }
    for (int32_t i = 0; i < r->file_count; i++) {
        const int32_t count = is_labelled(o, &r->files[i]) ? list_pieces(r, &r->files[i], s.pieces) : 0;
        for (int32_t k = 0; k < count; k++) {
            data_count_piece(r, &r->files[i], s.pieces[k].label);
        }
    }
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        s.f = &r->files[i];
        if (!is_labelled(o, s.f)) {
            data_skip(r, s.f->name, DATA_NO_LABEL);
        } else {
            read_sound(&s, read_pieces);
        }
    }
    free(s.held);
    return !r->diag->failed;
}

/*** Whole recordings ***/

/* All that is held goes behind what there is of the recording. */
static bool take_all(struct sound *s)
{
    struct data_sound *w = &s->whole;
    if (w->count + s->held_count > s->whole_capacity) {
        s->whole_capacity = 2 * (w->count + s->held_count);
        int16_t *grown = (size_t)s->whole_capacity * sizeof *grown <= s->r->options->memory
                             ? realloc(w->samples, (size_t)s->whole_capacity * sizeof *grown)
                             : NULL;
        if (grown == NULL) {
            return diag_fail(s->r->diag, "%s takes more than %zu MiB; cut it, or let data.memory be more", s->f->name,
                             s->r->options->memory >> 20);
        }
        w->samples = grown;
    }
    for (int32_t i = 0; i < s->held_count; i++) {
        w->samples[w->count++] = to_s16(s->held[i]);
    }
    s->held_count = 0;
    return true;
}

static void read_whole(struct sound *s)
{
    s->held_count = 0;
    s->whole.source = s->f->name;
    s->whole.label = s->f->is_spanned ? NULL : s->f->label;
    s->whole.count = 0;
    s->whole.spans = s->f->spans;
    s->whole.span_count = s->f->span_count;
    if (read_frames(s, s->info.frames)) {
        s->listener(s->context, &s->whole);
    }
}

bool data_listen(struct reader *r, data_listener *listener, void *context)
{
    struct sound s = {.r = r, .take = take_all, .listener = listener, .context = context};
    if (!begin_sounds(&s)) {
        return false;
    }
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        s.f = &r->files[i];
        read_sound(&s, read_whole);
    }
    free(s.held);
    free(s.whole.samples);
    return !r->diag->failed;
}

#else

bool data_read_audio(struct reader *r) { return diag_fail(r->diag, "%s", data_missing(DATA_AUDIO)); }

bool data_listen(struct reader *r, data_listener *listener, void *context)
{
    (void)listener;
    (void)context;
    return data_read_audio(r);
}

#endif
