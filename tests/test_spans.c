/* SPDX-License-Identifier: MIT
 *
 * Label files that say when something is in a recording: tables and tracks, for sound and for sensors.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"

/* A minute of sound at 8,000 Hz that is silent but for two tones of 0.4 s, at 10.1 and 30.2 s, and one of 20 s from 40 s on. */
static void put_minute(const char *name)
{
    enum { RATE = 8000, SECONDS = 60 };
    static int16_t x[RATE * SECONDS];
    uint8_t *wav = malloc(44 + sizeof x);
    for (int i = 0; i < RATE * SECONDS; i++) {
        const double t = (double)i / RATE;
        const bool is_tone = (t >= 10.1 && t < 10.5) || (t >= 30.2 && t < 30.6) || t >= 40;
        x[i] = is_tone ? (int16_t)(10000 * sin(2 * 3.14159265 * (t < 20 ? 500 : 1000) * t)) : 0;
    }
    put_wav(name, RATE, 1, RATE * SECONDS, 0, 0);
    char path[600];
    struct file file;
    snprintf(path, sizeof path, "%s/%s", root, name);
    if (wav != NULL && file_open(&file, path, &diag)) {
        memcpy(wav, file.data, 44);
        memcpy(wav + 44, x, sizeof x);
        file_close(&file);
        put(name, wav, 44 + sizeof x);
    }
    free(wav);
}

static double power_of(const int16_t *x, int from, int to)
{
    double sum = 0;
    for (int i = from; x != NULL && i < to; i++) {
        sum += (double)x[i] * x[i];
    }
    return sum;
}

static int count_label(const char *label)
{
    int count = 0;
    for (int32_t i = 0; i < data.count; i++) {
        count += strcmp(data.classes[data.examples[i].label], label) == 0;
    }
    return count;
}

static void test_table(void)
{
    put_minute("talk/a.wav");
    put_minute("talk/b.wav");
    put_text("spans.csv", "file,start,end,label\na.wav,10.1,10.5,yes\na.wav,30.2,30.6,no\na.wav,40,60,hum\n"
                          "b.wav,30.2,30.6,no\nb.wav,31,30,no\nb.wav,soon,30,no\nb.wav,70,71,no\nc.wav,1,2,yes\n"
                          "b.wav,1,2,\n");
    struct data_options o = options_for(DATA_AUDIO, "talk");
    o.rate = 8000;
    o.window = 1;
    o.label_file = arena_printf(&arena, "%s/spans.csv", root);
    check(load(&o) && data.class_count == 3 && count_label("yes") == 1 && count_label("no") == 2,
          "a table of files, starts, ends and labels");
    const int16_t *yes = values_of("a.wav@9.80s");
    check(has_label("a.wav@9.80s", "yes") && power_of(yes, 2400, 5600) > 0.99 * power_of(yes, 0, 8000) &&
              power_of(yes, 2400, 5600) > 1e10,
          "what is shorter than a window lies in its middle");
    check(has_label("a.wav@40.00s", "hum") && has_label("a.wav@59.00s", "hum") && count_label("hum") <= 20 &&
              count_label("hum") >= 15,
          "what is longer is cut into windows");
    char place[600];
    static const struct {
        int line;
        const char *why;
    } wrong[] = {{6, "before it begins at 31 s"},
                 {7, "are no times"},
                 {8, "b.wav ends at 60 s"},
                 {9, "names c.wav"},
                 {10, "has no label"}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(place, sizeof place, "%s/spans.csv:%d", root, wrong[i].line);
        check(was_skipped(place, wrong[i].why), "a line that cannot be is named");
    }
    o.rest = "nothing";
    check(load(&o) && count_label("nothing") > 50 && has_label("b.wav@0.00s", "nothing"),
          "what lies between has a label of its own");
    put_text("spans.csv", "start,end,label\n1,2,x\n");
    check(!load(&o) && strstr(diag.text, "names none of the files") != NULL, "a table of no recording");
    put_text("spans.csv", "recording\tBegin (ms)\tDuration (ms)\tSpecies\na\t10100\t400\tyes\nb\t30200\t400\tno\n");
    check(load(&o) && has_label("a.wav@9.80s", "yes") && has_label("b.wav@29.90s", "no"), "milliseconds and durations");
}

static void test_tracks(void)
{
    put_minute("tracks/a.wav");
    put_minute("tracks/b.wav");
    put_text("tracks/a.txt", "10.1\t10.5\tyes\n\\\t300.0\t700.0\n30.4\t30.4\ttarget\n");
    put_text("tracks/b.txt", "30.2\t30.6\ttarget\n");
    struct data_options o = options_for(DATA_AUDIO, "tracks");
    o.rate = 8000;
    o.window = 1;
    check(load(&o) && data.count == 3 && has_label("a.wav@9.80s", "yes") && has_label("a.wav@29.90s", "target") &&
              has_label("b.wav@29.90s", "target"),
          "tracks beside the recordings, of stretches and moments");
    put_text("tracks/a.txt", "2\t2.4\tyes\n30\t31\tyes\n32\t33\tyes\n");
    check(load(&o) && data.count == 4, "times are no numbers of rows and columns");
    put_text("tracks/a.txt", "I said yes at ten.\n");
    check(load(&o) && was_skipped("a.wav", "has no label"), "a text beside a recording is no track");
}

/* Where one recording holds all of a label, its pieces are in several splits, and no window in two of them. */
static void test_splits(void)
{
    char table[4000];
    int n = snprintf(table, sizeof table, "start,end,label\n");
    for (int i = 0; i < 28; i++) {
        n += snprintf(table + n, sizeof table - (size_t)n, "%d,%d,%s\n", 2 * i, 2 * i + 2, i % 2 == 0 ? "a" : "b");
    }
    put_minute("split/one.wav");
    put_text("split/one.csv", table);
    put_wav("split/noise.wav", 8000, 1, 480000, 440, 0);
    put_text("split/noise.csv", "start,end,label\n0,60,c\n");
    struct data_options o = options_for(DATA_AUDIO, "split");
    o.rate = 8000;
    o.window = 1;
    o.test = 0.3;
    bool all = load(&o) && data.class_count == 3;
    for (int32_t c = 0; c < data.class_count; c++) {
        all = all && data_count(&data, SPLIT_TEST, c) >= 2 && data_count(&data, SPLIT_TRAIN, c) >= 5;
    }
    check(all, "pieces of one recording are dealt to the splits");
}

static void test_sensors(void)
{
    char log[12000];
    int n = snprintf(log, sizeof log, "time,x,y\n");
    for (int i = 0; i < 400; i++) {
        n += snprintf(log + n, sizeof log - (size_t)n, "%.2f,%d,%d\n", 100 + i * 0.1, i, -i);
    }
    put_text("steps/walk.csv", log);
    put_text("steps/walk.txt", "101\t111\twalk\n115\t125\trun\n200\t201\tfly\n");
    struct data_options o = options_for(DATA_SENSOR, "steps");
    o.window = 20;
    check(load(&o) && data.class_count == 2 && count_label("walk") == 9 && count_label("run") == 9,
          "a track beside a sensor's log, on its clock");
    const float *walk = values_of("walk.csv@10"), *run = values_of("walk.csv@230");
    check(walk != NULL && walk[0] == 10 && has_label("walk.csv@10", "walk") && run != NULL && run[0] == 230,
          "windows begin where the labels do");
    check(was_skipped("walk.txt:3", "begins at 200 s, but walk.csv goes from 100 to 140 s"),
          "a time that is not there");
    put_text("steps/walk.txt", "1\t11\twalk\n15\t25\trun\n");
    check(load(&o) && has_label("walk.csv@10", "walk"), "the same in seconds from its beginning");
    o.rest = "rest";
    check(load(&o) && has_label("walk.csv@250", "rest") && has_label("walk.csv@110", "rest"), "the rest has a label");

    put_npy("bare/a.npy", 400, 2, 0);
    put_npy("bare/b.npy", 400, 2, 0);
    put_text("bare/labels.csv", "name,start,stop,label\na,1,11,walk\nb,15,25,run\n");
    o = options_for(DATA_SENSOR, "bare");
    o.window = 20;
    check(!load(&o) && was_skipped("a.npy", "give data.rate"), "seconds without a clock");
    o.rate = 10;
    check(load(&o) && data.count == 18 && has_label("a.npy@10", "walk") && has_label("b.npy@230", "run"),
          "a table for all, among the logs");

    n = snprintf(log, sizeof log, "x,y,label\n");
    for (int i = 0; i < 400; i++) {
        const int bout = i / 50;
        n += snprintf(log + n, sizeof log - (size_t)n, "%d,%d,%s\n", i, -i,
                      bout % 4 == 3   ? ""
                      : bout % 2 == 0 ? "sit"
                                      : "stand");
    }
    put_text("column/a.csv", log);
    o = options_for(DATA_SENSOR, "column");
    o.window = 512;
    check(load(&o) && data.shape.dim[0] == 50 && count_label("sit") == 4 && count_label("stand") == 2,
          "a column that changes: its bouts suggest the window, and empty cells are no label");
    o.window = 60;
    o.is_settled = true;
    check(load(&o) && count_label("sit") == 4 && has_label("a.csv@95", "sit"),
          "a window round what is a little shorter");
}

static void test_cut_short(void)
{
    put_wav("short/yes/a.wav", 16000, 1, 16000, 440, 0);
    put_wav("short/yes/b.wav", 16000, 1, 16000, 440, 8000);
    put_wav("short/no/c.wav", 16000, 1, 80000, 440, 100);
    put_wav("short/no/d.wav", 16000, 1, 80000, 440, 0);
    struct data_options o = options_for(DATA_AUDIO, "short");
    o.rate = 16000;
    o.window = 1;
    check(load(&o) && data.skipped_count == 2 && was_skipped("yes/b.wav", "its head promises 8000 bytes more") &&
              was_skipped("no/c.wav", "100 bytes more"),
          "a WAV file cut short is named");
    check(count_label("yes") == 1 && count_label("no") == 5, "and nothing of it is used");
}

int main(void)
{
    if (!data_files_begin()) {
        return 1;
    }
    if (data_missing(DATA_AUDIO) == NULL) {
        test_table();
        test_tracks();
        test_splits();
        test_cut_short();
    }
    test_sensors();
    return data_files_end();
}
