/* SPDX-License-Identifier: MIT
 *
 * Recordings made here, and what the readers make of them.
 */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H

#include "../tool/data/data.h"

extern char root[]; /* the folder of all files */
extern struct arena arena;
extern struct diag diag;
extern struct dataset data; /* as read last */

/* Makes the folder, or says that it cannot. The end removes it and returns what main does. */
bool data_files_begin(void);
int data_files_end(void);

void check(bool ok, const char *what);

/* Writes root/name; folders in it are made. */
void put(const char *name, const void *bytes, size_t size);
void put_text(const char *name, const char *text);

/* A sine of so many Hz, without its last `cut` bytes. */
void put_wav(const char *name, int rate, int channels, int frames, double hertz, int cut);

/* Counted up from -5, int16, without the last `cut` bytes. */
void put_npy(const char *name, int rows, int columns, int cut);

/* CSV of two axes, before them time in steps of 10 if `with_time`; with a label the first half of the rows has it, the
 * others "rest". */
void put_log(const char *name, const char *header, int rows, int with_time, const char *label);

/* Options for a folder below root, and reading by them. */
struct data_options options_for(enum data_kind kind, const char *folder);
bool load(const struct data_options *o);

/* The example of a source; NULL: there is none. */
const struct data_example *find(const char *source);
const void *values_of(const char *source);

bool has_label(const char *source, const char *label);

/* Whether it was left out for a reason with `why` in it. */
bool was_skipped(const char *source, const char *why);

#endif
