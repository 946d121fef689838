/* SPDX-License-Identifier: MIT
 *
 * Data sets as they lie on other people's disks: what is a label, what tells who it was, what is no data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"

/* A log of so many steps, each line as printf makes it of the step. */
static void put_lines(const char *name, const char *head, const char *line, int count)
{
    enum { MOST = 60 };
    char *text = malloc(strlen(head) + (size_t)count * MOST + 1);
    int n = sprintf(text, "%s", head);
    for (int i = 0; i < count; i++) {
        n += snprintf(text + n, MOST, line, i);
    }
    put_text(name, text);
    free(text);
}

static bool has_classes(int count, const char *first, const char *last)
{
    return data.class_count == count && strcmp(data.classes[0], first) == 0 &&
           strcmp(data.classes[count - 1], last) == 0;
}

/* SisFall: folders are persons, names begin with the activity, lines end with a semicolon. */
static void test_persons(void)
{
    for (int person = 1; person <= 4; person++) {
        for (int kind = 0; kind < 2; kind++) {
            char name[60];
            snprintf(name, sizeof name, "sis/set/SA%02d/%s_SA%02d_R01.txt", person, kind == 0 ? "D01" : "F05", person);
            put_lines(name, "", " 17,%4d,  12;\n", 20);
        }
    }
    struct data_options o = options_for(DATA_SENSOR, "sis");
    check(load(&o) && has_classes(2, "D01", "F05"), "folders that are persons are no classes");
    check(data.shape.dim[1] == 3, "a semicolon at the end of lines parts nothing");
    for (int i = 0; i < 8; i++) { /* UMAFall: a word, then the person's number; remarks begin with % */
        char name[60];
        snprintf(name, sizeof name, "uma/UMAFall_Subject_%02d_%s_1.csv", i / 2, i % 2 ? "ADL" : "Fall");
        put_lines(name, "% University; of; a; town\n% Time; X\n", "%d;-0.5\n", 20);
    }
    o = options_for(DATA_SENSOR, "uma");
    check(load(&o) && has_classes(2, "ADL", "Fall"), "numbers of persons are no classes");
    check(data.shape.dim[0] == 20 && data.shape.dim[1] == 1, "lines that begin with a per cent sign are remarks");
    put_lines("who/s1/a.csv", "", "%d,1\n", 20);
    put_lines("who/s2/b.csv", "", "%d,1\n", 20);
    o = options_for(DATA_SENSOR, "who");
    check(load(&o) && has_classes(2, "s1", "s2"), "unless there is nothing else");
}

/* UMAFall again: a row is of the sensor that its last two columns tell, without a header. */
static void test_rows(void)
{
    enum { STEPS = 40, SENSORS = 4 };
    for (int file = 0; file < 4; file++) {
        char text[8000], name[40];
        int n = 0;
        for (int i = 0; i < STEPS * SENSORS; i++) {
            const int time = 50 * (i / SENSORS), sensor = i % SENSORS;
            n += sprintf(text + n, "%d;%d;%d.5;0.25;%d;%d\n", time, i, sensor, sensor / 2, sensor % 2);
        }
        snprintf(name, sizeof name, "mixed/%s/%d.csv", file % 2 ? "fall" : "walk", file);
        put_text(name, text);
    }
    struct data_options o = options_for(DATA_SENSOR, "mixed");
    o.drop = "2";
    o.rows = (const char *const[]){"5=1", "6=0"};
    o.rows_count = 2;
    check(load(&o) && data.count == 4 && data.shape.dim[0] == STEPS && data.shape.dim[1] == 2 && data.rate == 20,
          "rows of one sensor, with its time");
    const float *v = values_of("walk/0.csv");
    check(v != NULL && v[0] == 2.5F && v[2 * STEPS - 2] == 2.5F, "and of no other");
    o.rows = (const char *const[]){"5=1", "5=0.0", "6=7"};
    o.rows_count = 3;
    check(!load(&o) && was_skipped("walk/0.csv", "has no row that data.rows asks for"), "rows that are not there");
    o.rows = (const char *const[]){"id=1"};
    o.rows_count = 1;
    check(!load(&o) && was_skipped("walk/0.csv", "data.rows: \"id=1\""), "nor are columns");
}

/* WEDA-FALL: four files of each recording, of which three are of something else. */
static void test_columns(void)
{
    for (int i = 0; i < 4; i++) {
        char name[60];
        snprintf(name, sizeof name, "weda/%s/U%02d_R01_accel.csv", i % 2 ? "F01" : "D01", i);
        put_lines(name, "accel_time_list,accel_x_list,accel_y_list\n", "%d.00,1,2\n", 20);
        snprintf(name, sizeof name, "weda/%s/U%02d_R01_gyro.csv", i % 2 ? "F01" : "D01", i);
        put_lines(name, "gyro_time_list,gyro_x_list,gyro_y_list\n", "%d.00,1,2\n", 20);
        snprintf(name, sizeof name, "weda/%s/U%02d_R01_turn.csv", i % 2 ? "F01" : "D01", i);
        put_lines(name, "Accel Time List,Accel X List,Accel Y List,more\n", "%d.00,1,2,3\n", 20);
    }
    struct data_options o = options_for(DATA_SENSOR, "weda");
    check(load(&o) && data.count == 4 && data.shape.dim[1] == 2, "recordings with columns of one kind, time left out");
    check(was_skipped("D01/U00_R01_gyro.csv", "has a column gyro_x_list where most have accel_x_list") &&
              was_skipped("D01/U00_R01_turn.csv", "has 3 axes"),
          "what others have is said");
}

/* A competition's folder for the test, which has no labels. */
static void test_unlabelled_test(void)
{
    for (int i = 0; i < 12; i++) {
        char name[60];
        snprintf(name, sizeof name, "rival/train/%s/%d.csv", i % 2 ? "yes" : "no", i);
        put_lines(name, "", "%d,1\n", 20);
        snprintf(name, sizeof name, "rival/test/%d.csv", i / 2);
        put_lines(name, "", "%d,1\n", 20);
    }
    struct data_options o = options_for(DATA_SENSOR, "rival");
    o.test = 0.3;
    check(load(&o) && has_classes(2, "no", "yes") && data_count(&data, SPLIT_TEST, NO_LABEL) > 0,
          "a test without labels is none");
}

static int32_t count_in(enum data_split split) { return data_count(&data, split, NO_LABEL); }

/* New Plant Diseases: train and valid with the same classes, and some pictures without a label for the test. Kermany's
 * X-rays: a validation of few. Speech Commands: lists. TREC: two files. */
static void test_given_splits(void)
{
    enum { SETS = 3, FILES = 20 };
    static const char *const plants[SETS] = {"plants/a/train", "plants/a/valid", "plants/test"},
                             *const names[2] = {"Apple___Apple_scab", "Apple___healthy"};
    for (int i = 0; i < FILES; i++) {
        for (int set = 0; set < SETS; set++) {
            const char *class = set < 2 ? names[i % 2] : "test";
            put_lines(arena_printf(&arena, "%s/%s/%d.csv", plants[set], class, i), "", "%d,1\n", 20);
        }
        put_lines(arena_printf(&arena, "xray/train/%s/%d.csv", names[i % 2], i), "", "%d,1\n", 20);
        put_lines(arena_printf(&arena, "xray/test/%s/%d.csv", names[i % 2], i), "", "%d,1\n", 20);
        put_lines(arena_printf(&arena, "commands/%s/%d.csv", i % 2 ? "yes" : "no", i), "", "%d,1\n", 20);
    }
    put_lines("xray/val/Apple___healthy/1.csv", "", "%d,1\n", 20);
    struct data_options o = options_for(DATA_SENSOR, "plants");
    o.test = 0.2;
    o.validation = 0.2;
    check(load(&o) && has_classes(2, names[0], names[1]) && count_in(SPLIT_TEST) == FILES &&
              find("a/valid/Apple___healthy/1.csv")->split == SPLIT_TEST && count_in(SPLIT_VALIDATION) > 0,
          "without a test the validation is it");
    o.path = options_for(DATA_SENSOR, "xray").path;
    check(load(&o) && count_in(SPLIT_TEST) == FILES && count_in(SPLIT_VALIDATION) > 1 &&
              count_in(SPLIT_VALIDATION) + count_in(SPLIT_TRAIN) == FILES + 1,
          "a validation of few is trained on");
    for (int i = 0; i < 4; i++) {
        put_lines(arena_printf(&arena, "xray/val/Apple___healthy/%d.csv", i), "", "%d,1\n", 20);
    }
    check(load(&o) && count_in(SPLIT_VALIDATION) == 4 && count_in(SPLIT_TRAIN) == FILES, "one of enough is believed");
    o.path = options_for(DATA_SENSOR, "commands").path;
    put_text("commands/testing_list.txt", "no/0.csv\nyes/1.csv\nno/2.csv\ngone/3.csv\n");
    put_text("commands/validation_list.txt", "no/4.csv\r\nyes/5.csv\r\n");
    check(load(&o) && count_in(SPLIT_TEST) == 3 && count_in(SPLIT_VALIDATION) == 2 && data.skipped_count == 0 &&
              find("yes/5.csv")->split == SPLIT_VALIDATION && has_classes(2, "no", "yes"),
          "lists of files say what is for the test");
    put_lines("questions/train_5500.label", "", "DESC:manner How did %d ?\nNUM:count How many ?\n", 20);
    put_lines("questions/TREC_10.label", "", "DESC:def What is %d ?\nNUM:count How many days ?\n", 10);
    o = options_for(DATA_TEXT, "questions");
    check(load(&o) && count_in(SPLIT_TEST) == 20 && has_classes(2, "DESC", "NUM"), "a file beside train is the test");
}

/* AIFF of 8,000 Hz, big-endian: a click each second. */
static void put_aiff(const char *name, int seconds)
{
    enum { RATE = 8000, HEAD = 54 };
    const uint32_t frames = (uint32_t)(seconds * RATE), data_size = 2 * frames + 8, size = HEAD + 2 * frames;
    uint8_t *b = calloc(size, 1);
    static const uint8_t
        head[HEAD] = {'F',  'O', 'R', 'M', 0,  0, 0, 0, 'A', 'I', 'F', 'F', 'C', 'O',  'M',
                      'M',  0,   0,   0,   18, 0, 1, 0, 0,   0,   0,   0,   16,  0x40, 0x0b,
                      0xfa, 0,   0,   0,   0,  0, 0, 0, 'S', 'S', 'N', 'D'}; /* 8000 as an extended float of 80 bits */
    const uint32_t numbers[][2] = {{4, size - 8}, {22, frames}, {42, data_size}};
    memcpy(b, head, HEAD);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 4; k++) {
            b[numbers[i][0] + (uint32_t)k] = (uint8_t)(numbers[i][1] >> (24 - 8 * k));
        }
    }
    for (int i = 0; i < seconds; i++) {
        b[HEAD + 2 * i * RATE] = 0x40;
    }
    put(name, b, size);
    free(b);
}

/* A table of labels names AIFF recordings, whole ones or parts of them. */
static void test_label_file(void)
{
    for (int i = 0; i < 4; i++) {
        char name[60];
        snprintf(name, sizeof name, "field/rec_%d.aiff", i);
        put_aiff(name, 4);
    }
    put_text("whole.csv", "file,label\nrec_0.aiff,rain\nrec_1.aiff,wind\nrec_2.aiff,rain\nrec_3,wind\n");
    put_text("parts.csv", "file,start,end,label\nrec_0.aiff,1,2,rain\nrec_2.aiff,0.5,3.5,wind\n");
    struct data_options o = options_for(DATA_AUDIO, "field");
    o.rate = 8000;
    o.window = 1;
    o.label_file = arena_printf(&arena, "%s/whole.csv", root);
    check(load(&o) && has_classes(2, "rain", "wind") && has_label("rec_3.aiff@0.00s", "wind"), "labels of AIFF files");
    o.label_file = arena_printf(&arena, "%s/parts.csv", root);
    check(load(&o) && has_classes(2, "rain", "wind") && has_label("rec_0.aiff@1.00s", "rain"), "and of parts of them");
}

/* Spoken digits: what begins a name may be a digit. Apple___healthy. Questions in Latin-1. */
static void test_names(void)
{
    for (int i = 0; i < 16; i++) {
        char name[60];
        snprintf(name, sizeof name, "digits/recordings/%d_%s_%d.wav", i % 2, i % 4 < 2 ? "jackson" : "theo", i);
        put_wav(name, 8000, 1, 4000, 440, 0);
    }
    struct data_options o = options_for(DATA_AUDIO, "digits");
    o.rate = 16000;
    o.window = 1;
    check(load(&o) && has_classes(2, "0", "1"), "digits are classes");
    put_lines("trec/train_5500.label", "DESC:manner How did caf\xe9s develop ?\nDESC:def What is a caf\xe9 ?\n",
              "NUM:count How many times %d ?\n", 14);
    o = options_for(DATA_TEXT, "trec");
    check(load(&o) && data.count == 16 && has_classes(2, "DESC", "NUM"), "coarse labels of questions");
}

/* Few recordings: a class for each file; a test of each class; sites that hold the classes. */
static void test_few(void)
{
    put_lines("words/still.csv", "", "%d,1\n", 20);
    put_lines("words/moving.csv", "", "%d,1\n", 20);
    struct data_options o = options_for(DATA_SENSOR, "words");
    check(load(&o) && has_classes(2, "moving", "still"), "names of files are classes");
    put_lines("logs/still.csv", "", "%d,1\n", 600);
    put_lines("logs/moving.csv", "", "%d,1\n", 600);
    o.path = options_for(DATA_SENSOR, "logs").path;
    o.window = 100;
    o.hop = 10;
    o.test = 0.3;
    check(load(&o) && data_count(&data, SPLIT_TEST, 0) > 0 && data_count(&data, SPLIT_TEST, 1) > 0,
          "of logs of a few windows one is for the test");
    o = options_for(DATA_SENSOR, "words");
    o.unlabelled = "normal";
    check(load(&o) && has_classes(1, "normal", "normal"), "but not where all may be normal");
    put_lines("alone/1.csv", "", "%d,1\n", 20);
    o = options_for(DATA_SENSOR, "alone");
    check(!load(&o) && strstr(diag.text, "one for each class") != NULL, "a recording alone has no label");
    for (int i = 0; i < 24; i++) {
        char name[60];
        snprintf(name, sizeof name, "sites/site%d/%c/%d.csv", i % 2, "yn"[i / 2 % 2], i);
        put_lines(name, "", "%d,1\n", 20);
    }
    o = options_for(DATA_SENSOR, "sites");
    o.test = 0.2;
    o.validation = 0.1;
    check(load(&o) && has_classes(2, "n", "y"), "folders of sites hold the classes");
    for (int i = 0; i < 12; i++) {
        char name[60];
        snprintf(name, sizeof name, "few/%c/%d.csv", "yn"[i % 2], i);
        put_lines(name, "", "%d,1\n", 20);
    }
    o.path = options_for(DATA_SENSOR, "few").path;
    bool all = load(&o);
    for (int32_t label = 0; label < data.class_count; label++) {
        all = all && data_count(&data, SPLIT_TEST, label) == 1 && data_count(&data, SPLIT_VALIDATION, label) == 1;
    }
    check(all, "of six recordings each one is for the test, and one for validation");
}

/* What a file lacks is said as it is. */
static void test_reasons(void)
{
    put_lines("lines/a.txt", "", "spam win prize %d\n\n", 20);
    struct data_options o = options_for(DATA_TEXT, "lines");
    check(!load(&o) && was_skipped("a.txt", "all its lines begin with the label spam; want lines of two labels"),
          "lines of one label alone");
    put_lines("pairs/a.txt", "", "spam\twin prize %d\n", 20);
    o = options_for(DATA_TEXT, "pairs");
    check(!load(&o) && was_skipped("a.txt", "all its lines have one label, spam; want lines of two labels"),
          "a table of one label alone");
    put_lines("pairs/b.txt", "", "ham\tsee you at %d\n", 20);
    o.label_column = "1";
    check(load(&o) && has_classes(2, "ham", "spam"), "unless it is said which column it is");
    put_lines("odd/a.csv", "", "a\x01,7.%d,0\n", 20);
    put_lines("odd/b.csv", "", "b,3.%d,1\n", 20);
    o = options_for(DATA_TABLE, "odd");
    o.labels = "column";
    o.label_column = "1";
    check(load(&o) && has_classes(2, "a?", "b"), "names of classes can be printed");
    put_text("word/a.csv", "hello\n");
    put_text("word/b.csv", "1,2\n");
    o = options_for(DATA_SENSOR, "word");
    check(!load(&o) && was_skipped("a.csv", "has no column of numbers") && was_skipped("b.csv", "has 1 step, want 2"),
          "files that are no recordings");
}

/* Pictures of other formats, with what they begin with. */
static void test_other_pictures(void)
{
    static const struct {
        const char *name, *why;
        char begin[64];
    } files[] = {
        {"a/1.gif", "GIF pictures are not read; convert to PNG or JPEG", "GIF89a"},
        {"a/2.tif", "TIFF pictures", "II*"},
        {"a/3.tiff", "TIFF pictures", "MM\0*"},
        {"b/4.webp", "WebP pictures", "RIFF\1\1\1\1WEBPVP8"},
        {"b/5.jpg", "WebP pictures", "RIFF\1\1\1\1WEBPVP8"},
        {"b/6.heic", "HEIC pictures", "\0\0\0\1ftypheic"},
        {"b/7.bmp", "compressed BMP pictures", {'B', 'M', [14] = 40, [18] = 8, [22] = 8, [26] = 1, [28] = 8, [30] = 1}},
        {"b/8.jpg", "JPEG",
         "\xff\xd8\xff\xc0\0\24\10\0\10\0\10\4\1\21\0\2\21\0\3\21\0\4\21\0"
         "\xff\xda\0\16\4\1\0\2\0\3\0\4\0\0\77"}, /* four components: CMYK */
    };
    struct data_options o = options_for(DATA_IMAGE, "other");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        put(arena_printf(&arena, "other/%s", files[i].name), files[i].begin, sizeof files[i].begin);
    }
    bool all = !load(&o);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        all = all && was_skipped(files[i].name, files[i].why);
    }
    check(all, "pictures that are not read are named with the cure");
    put("flat/1.gif", files[0].begin, sizeof files[0].begin);
    put("flat/2.gif", files[0].begin, sizeof files[0].begin);
    o = options_for(DATA_IMAGE, "flat");
    check(!load(&o) && data.skipped_alike == 2 && strstr(diag.text, "1.gif and 1 more: GIF pictures") != NULL,
          "where there are no others one line says it");
}

/* The SMS collection has a name without a suffix, and so do the messages of newsgroups. */
static void test_no_suffix(void)
{
    put_lines("sms/SMSSpamCollection", "", "ham\tsee you at %d\nspam\twin a prize\n", 20);
    put_text("sms/more.tsv",
             "label\ttext\nham\t\"Yes\", he said\nspam\t\"Keep this\nham\t\"all \"\"in\"\" quotes\"\nspam\t\"To you\n");
    put_text("sms/readme", "What this is.\n");
    struct data_options o = options_for(DATA_TEXT, "sms");
    check(load(&o) && data.count == 44 && has_classes(2, "ham", "spam"), "lines in a file without a suffix");
    const char *said = values_of("more.tsv:2"), *keep = values_of("more.tsv:3"), *all = values_of("more.tsv:4");
    check(said != NULL && keep != NULL && all != NULL && strncmp(said, "\"Yes\", he said", 16) == 0 &&
              strncmp(keep, "\"Keep this", 16) == 0 && strncmp(all, "all \"in\" quotes", 16) == 0 &&
              values_of("more.tsv:5") != NULL && *(const char *)values_of("more.tsv:5") == '"',
          "quotes within a text");
    for (int i = 0; i < 4; i++) {
        put_text(arena_printf(&arena, "news/%s/%d", i % 2 ? "sci.med" : "sci.space", 51060 + i),
                 "From: me\n\tHello.\n");
    }
    o = options_for(DATA_TEXT, "news");
    check(load(&o) && data.count == 4 && has_classes(2, "sci.med", "sci.space"), "files without a suffix");
}

int main(void)
{
    if (!data_files_begin()) {
        return 1;
    }
    test_persons();
    test_rows();
    test_columns();
    test_unlabelled_test();
    test_few();
    test_given_splits();
    test_reasons();
    test_other_pictures();
    test_no_suffix();
    if (data_missing(DATA_AUDIO) == NULL) {
        test_label_file();
        test_names();
    }
    return data_files_end();
}
