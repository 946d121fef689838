/* SPDX-License-Identifier: MIT
 *
 * Readers of recordings, on files made here: formats, labels, splits, and what is damaged.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"

/*** Sound ***/

/* Crossings of zero upwards: the frequency times the length. */
static int crossings(const int16_t *x, int count)
{
    int n = 0;
    for (int i = 1; i < count; i++) {
        n += x[i - 1] < 0 && x[i] >= 0;
    }
    return n;
}

static void test_audio(void)
{
    put_wav("audio/yes/a_nohash_0.wav", 8000, 1, 8000, 440, 0);
    put_wav("audio/yes/a_nohash_1.wav", 44100, 2, 44100, 440, 0);
    put_wav("audio/no/short.wav", 16000, 1, 4000, 440, 0);
    put_wav("audio/no/tiny.wav", 16000, 1, 100, 440, 0);
    put_wav("audio/no/cut.wav", 16000, 1, 16000, 440, 20000);
    put_wav("audio/no/long.wav", 16000, 1, 80000, 440, 0);
    put_text("audio/no/noise.wav", "this is no sound");
    put_text("audio/README.md", "nothing to hear");
    put_wav("track/a.wav", 16000, 1, 80000, 440, 0);
    put_text("track/a.txt", "0.1\t0.4\tyes\n1\t4.5\tno\n");
    struct data_options o = options_for(DATA_AUDIO, "audio");
    o.rate = 16000;
    o.window = 1;
    o.group = "^(.+)_nohash_";
    check(load(&o), "sound is read");
    check(data.class_count == 2 && strcmp(data.classes[0], "no") == 0 && strcmp(data.classes[1], "yes") == 0,
          "folders are classes, by name");
    const int16_t *low = values_of("yes/a_nohash_0.wav"), *high = values_of("yes/a_nohash_1.wav");
    check(data.example_size == 32000 && low != NULL && abs(crossings(low, 16000) - 440) <= 1, "8,000 Hz become 16,000");
    check(high != NULL && abs(crossings(high, 16000) - 440) <= 1 && high[8000 + 9] > -10100,
          "44,100 Hz in stereo, too");
    const struct data_example *a = find("yes/a_nohash_0.wav"), *b = find("yes/a_nohash_1.wav");
    check(a != NULL && b != NULL && a->group == b->group && a->split == b->split, "a speaker is one group");
    const int16_t *s = values_of("no/short.wav");
    check(s != NULL && s[5999] == 0 && s[10001] == 0 && crossings(s, 16000) >= 108, "what is short lies in the middle");
    check(find("no/long.wav@0.00s") != NULL && find("no/long.wav@4.00s") != NULL && find("no/long.wav@5.00s") == NULL,
          "what is long is cut into windows");
    check(was_skipped("no/tiny.wav", "too short") && was_skipped("no/noise.wav", "damaged"), "the damaged are named");
    o.window = 0.5;
    o.hop = 0.25;
    check(load(&o) && find("no/long.wav@4.50s") != NULL && find("no/long.wav@0.25s") != NULL, "windows overlap");
}

/*** Sensors ***/

static void test_sensor(void)
{
    put_npy("npy/t1_wave.npy", 10, 3, 0);
    put_npy("npy/t2_wave.npy", 10, 3, 0);
    put_npy("npy/t3_idle.npy", 10, 3, 0);
    put_npy("npy/t4_idle.npy", 24, 3, 0);
    put_npy("npy/t5_idle.npy", 10, 3, 7);
    put_npy("npy/t6_wave.npy", 10, 3, 0);
    put_npy("npy/t7_wave.npy", 10, 3, 0);
    put_npy("npy/t8_idle.npy", 10, 3, 0);
    struct data_options o = options_for(DATA_SENSOR, "npy");
    check(load(&o) && data.shape.dim[0] == 10 && data.shape.dim[1] == 3, ".npy: the files suggest the window");
    const float *v = values_of("t1_wave.npy");
    check(v != NULL && v[0] == -5 && v[29] == 24 && has_label("t1_wave.npy", "wave"),
          ".npy: values, label in the name");
    check(find("t4_idle.npy@10") != NULL, ".npy: what is long is cut, half of it again");
    check(was_skipped("t5_idle.npy", "cut short"), ".npy: what is cut short is named");
    o.pattern = "^t([0-9])_";
    check(load(&o) && has_label("t3_idle.npy", "3"), "a pattern makes labels");

    put_log("csv/on/a.csv", "", 20, 0, NULL);
    put_log("csv/on/b.csv", "time,x,y\n", 20, 1, NULL);
    put_log("csv/off/c.csv", "", 20, 1, NULL);
    put_text("csv/off/d.csv", "x,y\nhello,world\nwhat,else\n");
    o = options_for(DATA_SENSOR, "csv");
    check(load(&o) && data.shape.dim[0] == 20 && data.shape.dim[1] == 2, "CSV: columns of time are left out");
    const float *a = values_of("on/a.csv"), *b = values_of("on/b.csv"), *c = values_of("off/c.csv");
    check(a != NULL && b != NULL && c != NULL && a[2] == 3.5F && a[39] == -4.75F && memcmp(a, b, 160) == 0 &&
              memcmp(a, c, 160) == 0,
          "CSV: with header and time, or without");
    check(data.rate == 100, "steps of 10 are milliseconds");
    check(data.skipped_count == 1 && was_skipped("off/d.csv", "has no column of numbers"), "CSV: words are no signal");
    put_text("header/a.csv", "class");
    o = options_for(DATA_SENSOR, "header");
    check(!load(&o) && was_skipped("a.csv", "header alone"), "CSV: a header without rows");

    put_log("log/one.csv", "timestamp,x,y,activity\n", 40, 1, "run");
    o = options_for(DATA_SENSOR, "log");
    o.window = 10;
    o.hop = 10;
    check(load(&o) && data.count == 4 && has_label("one.csv@0", "run") && has_label("one.csv@30", "rest"),
          "a column of labels");
    o.rate = 50;
    check(load(&o) && data.count == 2, "half the rate, half the windows");

    char text[8000];
    int n = 0;
    for (int i = 0; i < 600; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%d.5\n", i);
    }
    put_text("long/on/a.csv", text);
    put_text("long/off/b.csv", text);
    o = options_for(DATA_SENSOR, "long");
    o.window = 10;
    o.test = 0.2;
    o.validation = 0.2;
    bool all = load(&o);
    for (int32_t label = 0; label < data.class_count; label++) { /* 4 stretches of 20 each, of 5 windows */
        all = all && data_count(&data, SPLIT_TEST, label) >= 15 && data_count(&data, SPLIT_VALIDATION, label) >= 15 &&
              data_count(&data, SPLIT_TRAIN, label) >= 45;
    }
    bool apart = data.count > 0;
    for (int32_t i = 1; i < data.count; i++) { /* by half a window each */
        const float *x = data_values(&data, i - 1), *y = data_values(&data, i);
        apart = apart && (y[0] > x[9] || y[0] < x[0] || data.examples[i - 1].split == data.examples[i].split);
    }
    check(all && apart, "the only recording of a label is parted, and no window is in two parts");

    put_text("comma/on/a.csv", "t;x\n0,00;1,5\n0,01;-2\n0,02;3,25e1\n");
    put_text("comma/off/b.csv", "t;x\n0.00;1.5\n0.01;2\n0.02;3,5\n");
    o = options_for(DATA_SENSOR, "comma");
    const float *v1 = load(&o) ? values_of("on/a.csv") : NULL;
    check(v1 != NULL && v1[0] == 1.5F && v1[1] == -2 && v1[2] == 32.5F, "numbers with a comma");
    check(was_skipped("off/b.csv", "1 of 3 values"), "a comma among points is no number");
}

/* What somebody wrote about recordings goes before what their names say. */
static void test_labels(void)
{
    put_log("study/data/9_run.csv", "", 20, 0, NULL);
    put_log("study/data/8_run.csv", "", 20, 0, NULL);
    put_log("study/data/7_sit.csv", "", 20, 0, NULL);
    put_log("study/data/6_sit.csv", "", 20, 0, NULL);
    put_log("study/data/5_sit.csv", "", 20, 0, NULL);
    put_text("study/labels/all.csv", "id,file,verdict\n3,/up/ab-8_run.csv.gz,sit\n4,68_run.csv,run\n5,7_sit,\n");
    struct data_options o = options_for(DATA_SENSOR, "study");
    o.pattern = "_([a-z]+)";
    check(load(&o) && data.count == 5 && has_label("data/8_run.csv", "run"), "labels from names");
    check(was_skipped("labels", "data.label_file"), "a folder of labels is none of recordings");
    o.label_file = arena_printf(&arena, "%s/study/labels/all.csv", root);
    o.label_column = "verdict";
    check(load(&o) && has_label("data/8_run.csv", "sit") && has_label("data/9_run.csv", "run") &&
              has_label("data/7_sit.csv", "sit"),
          "labels from a file where it has them");
    o.label_column = "nothing";
    check(!load(&o) && strstr(diag.text, "no column of labels") != NULL, "a file without labels");
    o.pattern = NULL;
    o.label_column = NULL;
    o.label_file = arena_printf(&arena, "%s/table.csv", root);
    put_text("table.csv", "name,label\nother.csv,run\n");
    check(!load(&o) && strstr(diag.text, "names none of the files") != NULL, "a file of labels for others");
}

/*** Pictures ***/

/* Left half red, right half white. */
static void put_bmp(const char *name, int width, int height, int cut)
{
    const int stride = (3 * width + 3) / 4 * 4, size = 54 + stride * height;
    uint8_t *bmp = calloc(1, (size_t)size);
    const uint32_t words[] = {(uint32_t)size, 0, 54, 40, (uint32_t)width, (uint32_t)height, 1 | 24 << 16};
    memcpy(bmp, "BM", 2);
    memcpy(bmp + 2, words, sizeof words);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *p = bmp + 54 + y * stride + 3 * x;
            p[0] = p[1] = x < width / 2 ? 0 : 255;
            p[2] = 255;
        }
    }
    put(name, bmp, (size_t)(size - cut));
    free(bmp);
}

/* A grey JPEG of 16 x 8 pixels, white in its upper left quarter, with the orientation in an Exif block. */
static void put_jpeg(const char *name, uint8_t orientation)
{
    static const uint8_t jpeg[] = {255, 216, 255, 224, 0,   16,  74,  70,  73, 70, 0,   1,  1,   0,   0,   1,   0,
                                   1,   0,   0,   255, 219, 0,   67,  0,   13, 9,  10,  11, 10,  8,   13,  11,  10,
                                   11,  14,  14,  13,  15,  19,  32,  21,  19, 18, 18,  19, 39,  28,  30,  23,  32,
                                   46,  41,  49,  48,  46,  41,  45,  44,  51, 58, 74,  62, 51,  54,  70,  55,  44,
                                   45,  64,  87,  65,  70,  76,  78,  82,  83, 82, 50,  62, 90,  97,  90,  80,  96,
                                   74,  81,  82,  79,  255, 192, 0,   11,  8,  0,  8,   0,  16,  1,   1,   17,  0,
                                   255, 196, 0,   21,  0,   1,   1,   0,   0,  0,  0,   0,  0,   0,   0,   0,   0,
                                   0,   0,   0,   0,   0,   7,   255, 196, 0,  24, 16,  0,  2,   3,   0,   0,   0,
                                   0,   0,   0,   0,   0,   0,   0,   0,   0,  0,  0,   23, 101, 164, 226, 255, 218,
                                   0,   8,   1,   1,   0,   0,   63,  0,   55, 32, 110, 96, 152, 31,  255, 217};
    uint8_t exif[] = {0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                      0,    1,    1, 18, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,  0, 0, 0, 0};
    uint8_t file[sizeof jpeg + sizeof exif];
    exif[29] = orientation;
    memcpy(file, jpeg, 2);
    memcpy(file + 2, exif, sizeof exif);
    memcpy(file + 2 + sizeof exif, jpeg + 2, sizeof jpeg - 2);
    put(name, file, sizeof file);
}

static void test_orientation(void)
{
    /* of Exif's orientations the corner that is white: 0 to 3, left to right, then down */
    static const int corners[] = {0, 1, 3, 2, 0, 1, 3, 2};
    for (uint8_t o = 1; o <= 8; o++) {
        char name[32];
        snprintf(name, sizeof name, "exif%d/a.jpg", o);
        put_jpeg(name, o);
        name[5] = '\0';
        struct data_options options = options_for(DATA_IMAGE, name);
        options.labels = "none";
        const bool ok = load(&options);
        if (!ok && data.skipped_count == 1 && was_skipped("a.jpg", "built without")) {
            return;
        }
        const int32_t height = ok ? data.shape.dim[0] : 0, width = ok ? data.shape.dim[1] : 0;
        check(width == (o < 5 ? 16 : 8) && height == (o < 5 ? 8 : 16), "a picture that was held aside");
        const uint8_t *pixels = ok ? data_values(&data, 0) : NULL;
        for (int corner = 0; corner < 4 && ok; corner++) {
            const int32_t x = corner % 2 == 0 ? 1 : width - 2, y = corner < 2 ? 1 : height - 2;
            check((pixels[y * width + x] > 128) == (corner == corners[o - 1]), "a picture that is brought upright");
        }
    }
}

static void test_image(void)
{
    put_bmp("image/train/a/1.bmp", 8, 8, 0);
    put_bmp("image/train/b/2.bmp", 4, 4, 0);
    put_bmp("image/test/a/3.bmp", 40, 8, 0);
    put_bmp("image/test/b/4.bmp", 8, 8, 20);
    put_text("image/test/b/5.png", "\x89PNG and nothing else in it");
    put("image/test/b/6.jpg", "\xff\xd8\xff\xe0 nothing else", 18);
    struct data_options o = options_for(DATA_IMAGE, "image");
    o.width = o.height = 4;
    o.channels = 3;
    check(load(&o), "pictures are read");
    const uint8_t *a = values_of("train/a/1.bmp");
    check(a != NULL && a[0] == 255 && a[1] == 0 && a[9] == 255 && a[10] == 255, "red to the left, white to the right");
    check(find("test/a/3.bmp") != NULL && find("test/a/3.bmp")->split == SPLIT_TEST,
          "a folder called test is the test");
    check(find("train/b/2.bmp") != NULL && find("train/b/2.bmp")->split == SPLIT_TRAIN && data.class_count == 2,
          "classes are the folders in it");
    check(was_skipped("test/b/4.bmp", "BMP") && was_skipped("test/b/5.png", "PNG") &&
              was_skipped("test/b/6.jpg", "JPEG"),
          "damaged pictures are named");
    o.channels = 1;
    check(load(&o) && (a = values_of("train/a/1.bmp")) != NULL && a[0] == 76 && a[3] == 255, "grey is 0.299 of red");
    o.crop = true;
    o.width = 2;
    o.height = 4;
    check(load(&o) && (a = values_of("test/a/3.bmp")) != NULL && a[0] < 140 && a[1] > 190, "the middle is cut out");

    uint8_t idx[16 + 12] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    const uint8_t labels[8 + 3] = {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 7};
    put("idx/x-images-idx3-ubyte", idx, sizeof idx);
    put("idx/x-labels-idx1-ubyte", labels, sizeof labels);
    o = options_for(DATA_IMAGE, "idx");
    check(load(&o) && data.count == 3 && data.shape.dim[0] == 2, "IDX is read");
    check((a = values_of("x-images-idx3-ubyte#1")) != NULL && a[0] == 5 && a[3] == 8 &&
              has_label("x-images-idx3-ubyte#1", "0"),
          "IDX: pixels and labels");
    idx[7] = 200;
    put("idx/x-images-idx3-ubyte", idx, sizeof idx);
    check(!load(&o) && strstr(diag.text, "cut short") != NULL, "IDX: a head that promises too much");

    put_bmp("boxes/pictures/1.bmp", 8, 8, 0);
    put_text(
        "boxes/Annotations/1.xml",
        "<annotation><size><width>8</width><height>8</height></size><object><name>cell</name><bndbox><xmin>2</xmin>"
        "<ymin>4</ymin><xmax>4</xmax><ymax>8</ymax></bndbox></object><object><name>broken</object></annotation>");
    o = options_for(DATA_BOXES, "boxes");
    o.width = o.height = 4;
    check(load(&o) && data.count == 1 && data.examples[0].box_count == 1, "a box in XML");
    const struct data_box *box = data.count == 1 && data.examples[0].box_count == 1 ? data.examples[0].boxes : NULL;
    check(box != NULL && box->x == 0.375F && box->y == 0.75F && box->width == 0.25F && box->height == 0.5F &&
              strcmp(data.classes[box->label], "cell") == 0,
          "a box is where it should be");

    put_bmp("yolo/images/train/1.bmp", 8, 8, 0);
    put_bmp("yolo/images/train/2.bmp", 8, 8, 0);
    put_bmp("yolo/images/test/3.bmp", 8, 8, 0);
    put_bmp("yolo/images/test/4.bmp", 8, 8, 0);
    put_text("yolo/labels/train/1.txt", "0 0.5 0.5 0.2 0.2\n\n0 0.9 0.5 0.4 0.2\n");
    put_text("yolo/labels/train/2.txt", "0 0.5 0.5 0.2 0.2\n0 1.5 0.5 0.2 0.2\nnothing\n");
    put_text("yolo/labels/test/3.xml", "no annotation");
    put_bmp("yolo/images/test/5.bmp", 8, 8, 0);
    put_text("yolo/labels/test/5.txt", "");
    o = options_for(DATA_BOXES, "yolo");
    check(load(&o) && data.count == 3 && data.examples[0].box_count == 0 && data.examples[0].split == SPLIT_TEST &&
              data.examples[1].box_count == 2 && data.examples[2].box_count == 1,
          "boxes in lines, in a folder of the same name");
    box = &data.examples[1].boxes[1];
    put_text("yolo/labels/classes.txt", "white cell\r\nred cell\r\n");
    check(load(&o) && data.class_count == 1 && strcmp(data.classes[0], "white cell") == 0,
          "names of the boxes' classes");
    box = &data.examples[1].boxes[1];
    check(fabsf(box->x - 0.85F) < 1e-6F && fabsf(box->width - 0.3F) < 1e-6F, "a box is cut where the picture ends");
    check(was_skipped("images/train/2.bmp", "2 of its 3 boxes") && was_skipped("images/test/3.bmp", "Pascal VOC") &&
              was_skipped("images/test/4.bmp", "has no boxes"),
          "bad boxes are counted, missing ones named");
}

/*** Text and tables ***/

static void test_text(void)
{
    char lines[4000], questions[4000];
    int n = 0, m = 0;
    for (int i = 0; i < 40; i++) {
        n += snprintf(lines + n, sizeof lines - (size_t)n, "%s\tmessage number %d\n", i % 2 == 0 ? "ham" : "spam", i);
        m +=
            snprintf(questions + m, sizeof questions - (size_t)m, "%s:x What is %d ?\n", i % 2 == 0 ? "NUM" : "LOC", i);
    }
    put_text("sms/all.tsv", lines);
    struct data_options o = options_for(DATA_TEXT, "sms/all.tsv");
    o.test = 0.5;
    check(load(&o) && data.count == 40 && has_label("all.tsv:2", "spam"), "lines of label, tab, text");
    check(strncmp(values_of("all.tsv:2"), "message number 1", 16) == 0, "the first bytes of the text");
    const int32_t test = data_count(&data, SPLIT_TEST, NO_LABEL);
    check(test > 10 && test < 30, "half of it is for the test");
    put_text("trec/questions.txt", questions);
    o = options_for(DATA_TEXT, "trec");
    check(load(&o) && data.count == 40 && has_label("questions.txt:2", "LOC"), "lines that begin with their label");
    check(strcmp(values_of("questions.txt:1"), "What is 0 ?") == 0, "the label is not part of the text");
    put_text("sheet/a.csv", "text,category\n\"He said \"\"no, never\"\"\",bad\nfine,good\n");
    o = options_for(DATA_TEXT, "sheet");
    check(load(&o) && has_label("a.csv:3", "good") && strncmp(values_of("a.csv:2"), "He said \"no, nev", 16) == 0,
          "quoted cells");
}

static void test_table(void)
{
    put_text("table.csv", "id,width,colour,species\n1,2.5,red,a\n2,,blue,b\n3,3.5,red,b\n4,NaN,red,a\n");
    struct data_options o = options_for(DATA_TABLE, "table.csv");
    check(load(&o) && data.count == 4 && data.shape.dim[0] == 3, "a table: numbers, and a value for each word");
    const float *a = values_of("table.csv:2"), *b = values_of("table.csv:3");
    check(a != NULL && b != NULL && a[0] == 2.5F && a[1] == 1 && a[2] == 0 && b[0] == 3 && b[2] == 1,
          "a gap is the mean of its column");
    check(has_label("table.csv:3", "b") && strcmp(data.column_names[1], "colour=red") == 0, "names of columns");
    put_text("numbered.csv", "row,colour,width,species\n7,blue,1,a\n8,green,3,b\n9,red,2,b\n10,red,5,a\n11,red,4,a\n");
    o = options_for(DATA_TABLE, "numbered.csv");
    check(load(&o) && data.shape.dim[0] == 4 && was_skipped("row", "numbers the rows"), "a column that counts");
    o.columns = (const char *const[]){"width", "colour=red", "colour=blue"};
    o.column_count = 3;
    const float *c = load(&o) ? values_of("numbered.csv:2") : NULL;
    check(c != NULL && data.shape.dim[0] == 3 && c[0] == 1 && c[1] == 0 && c[2] == 1, "columns as a training had them");
    o.columns = (const char *const[]){"height"};
    o.column_count = 1;
    check(!load(&o) && strstr(diag.text, "has no column height") != NULL, "a column that is not there");
    put_text("counted.csv", "3,3,yes,no\n1,2,9,0\n3,4,9,1\n5,6,9,1\n");
    o = options_for(DATA_TABLE, "counted.csv");
    check(load(&o) && data.count == 3 && data.shape.dim[0] == 3 && has_label("counted.csv:4", "1"),
          "a first line that counts");
}

static void test_errors(void)
{
    struct data_options o = options_for(DATA_AUDIO, "nowhere");
    check(!load(&o) && strstr(diag.text, "no such file or folder") != NULL, "no such folder");
    o = options_for(DATA_SENSOR, "npy");
    o.pattern = "(unclosed";
    check(!load(&o) && strstr(diag.text, "data.pattern") != NULL, "a broken pattern");
    o.pattern = "^t";
    check(!load(&o) && strstr(diag.text, "bracket") != NULL, "a pattern without a bracket");
    o.pattern = NULL;
    o.least = 100;
    check(!load(&o), "no class is large enough");
    o.least = 1;
    o.memory = 0;
    check(!load(&o) && strstr(diag.text, "MiB") != NULL, "more than may be taken");
}

/* Files with bytes changed, taken away and doubled: whatever comes of it, nothing is read beyond its end, and what is
 * read has labels and boxes that there are. Sanitizers tell the rest. */
static void test_broken(void)
{
    static const struct {
        const char *name, *folder;
        enum data_kind kind;
    } files[] = {{"audio/yes/a_nohash_0.wav", "audio/yes", DATA_AUDIO},
                 {"track/a.txt", "track", DATA_AUDIO},
                 {"npy/t1_wave.npy", "npy", DATA_SENSOR},
                 {"log/one.csv", "log", DATA_SENSOR},
                 {"image/train/a/1.bmp", "image", DATA_IMAGE},
                 {"idx/x-labels-idx1-ubyte", "idx", DATA_IMAGE},
                 {"idx/x-images-idx3-ubyte", "idx", DATA_IMAGE},
                 {"boxes/Annotations/1.xml", "boxes", DATA_BOXES},
                 {"sms/all.tsv", "sms", DATA_TEXT},
                 {"trec/questions.txt", "trec", DATA_TEXT},
                 {"table.csv", "table.csv", DATA_TABLE}};
    enum { ROUNDS = 40 };
    uint32_t random = 1;
    bool ok = true;
    for (size_t i = data_missing(DATA_AUDIO) != NULL ? 2 : 0; i < COUNT_OF(files); i++) {
        struct file file;
        char path[600];
        snprintf(path, sizeof path, "%s/%s", root, files[i].name);
        diag = (struct diag){0};
        if (!file_open(&file, path, &diag)) {
            check(false, files[i].name);
            continue;
        }
        uint8_t *bytes = malloc(file.size);
        for (int round = 0; round < ROUNDS && bytes != NULL; round++) {
            const struct arena_mark mark = arena_mark(&arena);
            memcpy(bytes, file.data, file.size);
            for (int k = 0; k <= round % 8; k++) {
                random = random * 1664525 + 1013904223;
                bytes[(random >> 8) % (round % 2 == 0   ? file.size
                                       : file.size < 64 ? file.size
                                                        : 64)] ^= (uint8_t)(1U << (random >> 5) % 8);
            }
            put(files[i].name, bytes, round % 4 == 3 ? file.size - (random >> 8) % file.size : file.size);
            struct data_options o = options_for(files[i].kind, files[i].folder);
            o.rate = files[i].kind == DATA_AUDIO ? 16000 : 0;
            o.window = files[i].kind == DATA_AUDIO ? 1 : 0;
            o.width = o.height = 8;
            load(&o);
            for (int32_t e = 0; e < data.count; e++) {
                const struct data_example *x = &data.examples[e];
                ok = ok && x->label < data.class_count && (int)x->split < SPLIT_COUNT;
                for (int32_t k = 0; k < x->box_count; k++) {
                    ok = ok && x->boxes[k].label >= 0 && x->boxes[k].label < data.class_count;
                }
            }
            arena_release(&arena, mark);
            data.skipped_count = 0;
        }
        put(files[i].name, file.data, file.size);
        free(bytes);
        file_close(&file);
    }
    diag = (struct diag){0};
    check(ok, "broken files");
}

int main(void)
{
    if (!data_files_begin()) {
        return 1;
    }
    if (data_missing(DATA_AUDIO) == NULL) {
        test_audio();
    }
    test_sensor();
    test_labels();
    test_image();
    test_orientation();
    test_text();
    test_table();
    test_errors();
    test_broken();
    return data_files_end();
}
