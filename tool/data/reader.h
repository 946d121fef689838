/* SPDX-License-Identifier: MIT
 *
 * What the readers of single formats share.
 */
#ifndef DATA_READER_H
#define DATA_READER_H

#include "data.h"

/* A file of the folder. */
struct data_file {
    const char *path;              /* to open it */
    const char *name;              /* below the folder */
    const char *label;             /* by its name or folder; NULL: none, or it is told by the content */
    int split;                     /* enum data_split; -1: by hash */
    bool is_spanned;               /* a label file is about it; what no span covers is without label */
    const struct data_span *spans; /* by their beginning; they may overlap */
    int32_t span_count;
};

/* A label as it came up, and how its pieces are dealt to the splits. */
struct data_label {
    const char *name;
    int32_t files, pieces, next; /* recordings with it, pieces of them; the number of the next part of `last` */
    const struct data_file *last;
};

struct reader {
    const struct data_options *options;
    struct dataset *data;
    struct arena *arena;
    struct diag *diag;
    struct data_file *files;
    int32_t file_count;
    bool labels_inside;        /* labels come from the content */
    bool persons_too;          /* who it is may be a label, too */
    bool has_validation;       /* files for it are given */
    struct data_label *labels; /* as they came up; examples refer to them until data_read sorts */
    int32_t label_count, label_capacity;
    struct data_label unlabelled;
    char **box_names; /* of YOLO's classes, which are numbers from 0 */
    int32_t box_name_count;
};

/* All of a file, unpacked if it is a .gz, with a zero byte after it. False: it is skipped, with the reason. */
bool data_load(struct reader *r, const struct data_file *f, struct file *content);
void data_unload(struct file *content);

/* Remembers that something was left out. Returns false. */
__attribute__((format(printf, 3, 4))) bool data_skip(struct reader *r, const char *source, const char *format, ...);

/* Sets what every example looks like; must come before the first data_add. */
void data_shape(struct reader *r, enum type type, int32_t rank, const int32_t dim[]);

/* A new example of file f; its values go where the result points to, NULL with an error if memory is up. `key` is what
 * the split hangs on unless the options name a group; NULL: the file's name. `label` NULL: the file's. */
void *data_add(struct reader *r, const struct data_file *f, const char *source, const char *label, const char *key);

/* The index of a label's name. */
int32_t data_label(struct reader *r, const char *name);

/*** Parts of recordings ***/

/* Numbers of the parts of a piece, each of which has a split; count 0: its recording is in one split as a whole. */
struct data_parts {
    int32_t first, count;
};

/* A piece is a recording, or what a label file or column says of it. All are counted first, those of a recording one
 * after the other; then the parts of each are found in the same order. `label` NULL: none. `fit`: into how many
 * stretches a piece may be parted. */
void data_count_piece(struct reader *r, const struct data_file *f, const char *label);

/* Whether a recording of this label stays in one split. */
bool data_is_whole(const struct data_label *label);
struct data_parts data_find_parts(struct reader *r, const struct data_file *f, const char *label, int32_t fit);

/* Gives the example added last, from `begin` to before `end` of a piece of `length`, the split of its part. It is taken
 * off again if it reaches into another split. */
void data_put(struct reader *r, struct data_parts parts, int64_t length, int64_t begin, int64_t end);

bool data_has_suffix(const char *name, const char *const suffixes[]);

/* Readers of a kind: all files of r->files. Each ends with an error only if nothing can be read at all. */
bool data_read_audio(struct reader *r);
bool data_read_sensor(struct reader *r);
bool data_read_images(struct reader *r);
bool data_read_boxes(struct reader *r);
bool data_read_text(struct reader *r);
bool data_read_table(struct reader *r);

/* data_read_sounds, of the files of r->files. */
bool data_listen(struct reader *r, data_listener *listener, void *context);

/* Why a recording is left out that nothing says the class of. */
#define DATA_NO_LABEL "has no label; want two folders or more, one for each class, or names such as yes_1, no_1"

/*** Tables of text: CSV, TSV, and what looks like it ***/

struct csv {
    char **cells; /* row_count * column_count; short rows end in "" */
    int32_t row_count, column_count;
    char **header;  /* NULL: the file has none */
    int32_t *lines; /* of the file, from 1 */
};

/* Takes `text` apart, in place. `text` must outlive the table. False: it is skipped. */
bool data_parse_csv(struct reader *r, const struct data_file *f, char *text, size_t size, struct csv *csv);

/* Keeps the rows that the options want. False: the file is skipped. */
bool data_pick_rows(struct reader *r, const struct data_file *f, struct csv *csv);

/* The column that options call `name`: by name, number from 1, or from -1 backwards; -1: there is none. */
int32_t data_find_column(const struct csv *csv, const char *name);

/* The column with labels, by the options or by the names of the header; -1: none. */
int32_t data_label_column(const struct reader *r, const struct csv *csv);

bool data_is_dropped(const struct reader *r, const struct csv *csv, int32_t column);

/* A number; false, and *value stays, for a cell that is none. Empty cells and NaN are none. */
bool data_parse_number(const char *cell, double *value);

/*** Pictures ***/

struct picture {
    uint8_t *pixels; /* malloc'd, rows of `width` pixels of 3 bytes */
    int32_t width, height;
};

/* Decodes PNG, JPEG or BMP. False: why, in `why`. */
bool data_decode(const struct file *file, struct picture *picture, const char **why);

/* Scales a part of a picture, by area where it shrinks, and makes it grey if channels is 1. */
void data_resize(const struct picture *from, bool crop, uint8_t *to, int32_t width, int32_t height, int32_t channels);

/* An IDX or .npy file's array. */
struct array {
    char kind; /* 'f', 'i', 'u' */
    int bytes; /* of an element */
    bool is_big_endian;
    int32_t rank, dim[4];
    const uint8_t *data;
    int64_t count;
    bool is_fortran;
};

bool data_parse_npy(const struct file *file, struct array *array, const char **why);
bool data_parse_idx(const struct file *file, struct array *array, const char **why);
double data_array_value(const struct array *array, int64_t i);

#endif
