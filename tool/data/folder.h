/* SPDX-License-Identifier: MIT
 *
 * Folders: which files there are, what their names say about labels, groups and splits.
 */
#ifndef DATA_FOLDER_H
#define DATA_FOLDER_H

#include "reader.h"

/* Fills r->files with the readable kinds, by name, labels and splits included. */
bool folder_list(struct reader *r);

/* The hash of what the first bracket of `pattern` finds in `name`; where it finds nothing, or is NULL, of `key`, or of
 * the name without one. */
uint64_t folder_group(const char *pattern, const char *name, const char *key);

enum data_split folder_split(uint64_t group, const struct data_options *options);

#endif
