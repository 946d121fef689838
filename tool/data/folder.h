/* SPDX-License-Identifier: MIT
 *
 * Folders: which files there are, what their names say about labels, groups and splits.
 */
#ifndef DATA_FOLDER_H
#define DATA_FOLDER_H

#include <regex.h>

#include "reader.h"

enum { FOLDER_MOST_DEPTH = 10, FOLDER_MOST_PARTS = 16, FOLDER_PART = 128 };

/* Fills r->files with the readable kinds, by name, labels and splits included. */
bool folder_list(struct reader *r);

/* The hash of what the first bracket of `pattern` finds in `name`; where it finds nothing, or is NULL, of `key`, or of
 * the name without one. */
uint64_t folder_group(const char *pattern, const char *name, const char *key);

enum data_split folder_split(uint64_t group, const struct data_options *options);

/*** Parts of names ***/

struct folder_parts {
    char text[FOLDER_MOST_PARTS][FOLDER_PART];
    int count;
};

/* The folders above a file, without those that name a split or nothing. */
void folder_names(struct folder_parts *parts, const char *name);

/* The file's own name in parts by `marks`, without what follows the last dot. */
void folder_name_parts(struct folder_parts *parts, const char *name, const char *marks);

/* What the first bracket of a pattern finds, in `found` of FOLDER_PART bytes. */
bool folder_match(const regex_t *regex, const char *name, char *found);

/*** Labels of files and of parts of them ***/

/* Finds the labels of r->files, and takes off it what turns out to be a file of labels. */
bool label_files(struct reader *r);

/* Whether a cell of a table names a file: its path, its name, or its name without suffix, whatever goes before it and
 * after its dot. */
bool labels_name_file(const char *cell, const char *name);

/* The column that names files: the first in which any row does; -1: none. */
int32_t labels_name_column(const struct reader *r, const struct csv *csv);

/* Label files with times that lie beside the recordings: one called like each, or one for all. */
void spans_find(struct reader *r);

/* The same of a table that data.label_file names. *is_table false: it has no columns of times. False: an error. */
bool spans_from_table(struct reader *r, const char *table, struct csv *csv, bool *is_table);

#endif
