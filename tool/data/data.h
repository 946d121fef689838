/* SPDX-License-Identifier: MIT
 *
 * Recordings in, examples out: what a front-end takes, with its label, group, split and the file it came from.
 *
 * A folder is read in the order of its files' names; what is damaged or too short is remembered with the reason and
 * left out. Which split an example belongs to depends on the hash of its group alone, so that more files change
 * nothing for those that were there.
 */
#ifndef DATA_H
#define DATA_H

#include "../ir/ir.h"

enum data_kind { DATA_AUDIO, DATA_SENSOR, DATA_IMAGE, DATA_BOXES, DATA_TEXT, DATA_TABLE };

enum data_split { SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST, SPLIT_COUNT };

enum { NO_LABEL = -1, DATA_MOST_SKIPPED = 50 };

/* What to read, and how. Strings that are NULL or empty ask for what the data suggests. */
struct data_options {
    enum data_kind kind;
    const char *path;         /* a folder or a file */
    const char *labels;       /* auto, folder, name, column, file, none */
    const char *pattern;      /* labels from names: an extended regular expression on the path below `path`, whose first
                                 bracket is the label */
    const char *label_column; /* its name, or its number from 1, from -1 backwards */
    const char *label_file;   /* lines of "name,label", or of "name,start,end,label" */
    const char *rest;         /* the label of what lies between those of a label file or column; NULL: it is left out */
    const char *group;        /* like `pattern`: recordings of one group stay in one split */
    const char *const *classes; /* their order; NULL: all there are, by name */
    int32_t class_count;
    const char *other;       /* the class that takes labels outside of `classes`; NULL: such are left out */
    const char *unlabelled;  /* the label of all files where none has one; NULL: they are left out */
    double test, validation; /* shares */
    int32_t least;           /* examples that a class must have, else it is left out */
    int32_t rate;            /* audio and sensors: samples a second; sensors 0: as recorded */
    bool is_settled;         /* sensors: the window is exactly that, even if most recordings are shorter */
    double window, hop; /* seconds of audio, steps of sensors, fewer if the files are shorter; window 0: what the files
                              * suggest */
    int32_t width, height;   /* images: 0 as they are, if all have one size */
    int32_t channels;        /* images: 1 grey, 3 colour */
    bool crop;               /* images: the middle in the right proportions, rather than all of it squeezed */
    int32_t length;          /* text: bytes */
    const char *text_column; /* text in tables; NULL: the longest */
    const char *drop;        /* columns to leave out, parted by commas */
    const char *const *rows; /* "name=value": those to read of tables and logs; NULL: all */
    int32_t rows_count;
    const char *const *columns; /* tables: those that make an example, "name" or "name=word"; NULL: all that can */
    int32_t column_count;
    size_t memory; /* bytes that all examples may take */
};

/* An object in a picture, in parts of its width and height. */
struct data_box {
    int32_t label;
    float x, y, width, height; /* of the centre */
};

struct data_example {
    const char *source; /* path below the options' path, with the line or the time in it */
    int32_t label;      /* NO_LABEL: none */
    enum data_split split;
    uint64_t group; /* hash */
    const struct data_box *boxes;
    int32_t box_count;
};

struct data_skipped {
    const char *source, *why;
};

struct dataset {
    struct arena *arena; /* strings and boxes */
    struct tensor shape; /* type and dims of one example */
    size_t example_size; /* bytes */
    uint8_t *values;     /* count * example_size; data_free */
    struct data_example *examples;
    int32_t count, capacity;
    const char **classes;
    int32_t class_count;
    int32_t rate;              /* of audio and sensors, if known */
    const char **column_names; /* of tables and sensors, as many as the last dim; NULL: unknown */
    struct data_skipped skipped[DATA_MOST_SKIPPED];
    int32_t skipped_count; /* all, though only the first are kept */
    int32_t skipped_alike; /* of all, those for the reason of the first */
};

/* Reads everything. Fails where nothing can be learnt from it: no files, no labels, more than fits. */
bool data_read(const struct data_options *options, struct dataset *data, struct arena *arena, struct diag *diag);
void data_free(struct dataset *data);

/*** Whole recordings ***/

/* Part of a recording that a label file says something of. */
struct data_span {
    const char *label, *place; /* the line that says so: "labels.csv:7" */
    double start, end;         /* seconds */
};

/* A recording of sound at the options' rate; its memory is the reader's. */
struct data_sound {
    const char *source;
    const char *label; /* of all of it; NULL: none, or spans tell */
    const struct data_span *spans;
    int32_t span_count;
    int16_t *samples;
    int64_t count;
};

typedef void data_listener(void *context, const struct data_sound *sound);

/* Gives the listener each recording of a folder, one after the other. What is skipped is told in `data`, which gets no
 * examples. Fails where there is none. */
bool data_read_sounds(const struct data_options *options, data_listener *listener, void *context, struct dataset *data,
                      struct arena *arena, struct diag *diag);

static inline const void *data_values(const struct dataset *d, int32_t i)
{
    return d->values + (size_t)i * d->example_size;
}

/* How many examples are of a split; `label` NO_LABEL: any. */
int32_t data_count(const struct dataset *data, enum data_split split, int32_t label);

/* What was left out of a build; NULL if the kind can be read. */
const char *data_missing(enum data_kind kind);

#endif
