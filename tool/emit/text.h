/* SPDX-License-Identifier: MIT
 *
 * Names and constant data as C.
 */
#ifndef EMIT_TEXT_H
#define EMIT_TEXT_H

#include "../plan/plan.h"

/* The text with `mote_` and `MOTE_` replaced by the prefix, as in sources that go along. */
void text_add_renamed(struct text *text, const char *line, const char *lower, const char *upper);

/* A name from the model, inside of a comment: cut, and without what could end it. */
void text_add_comment(struct text *text, const char *name);

/* Numbers, separated by commas, in lines indented by four. */
void text_add_values(struct text *text, enum type type, const void *data, size_t count);

/* A float constant that reads back as the same bits. */
void text_add_float(struct text *text, float value);

/* The C type of a tensor type: "int8_t". */
const char *text_c_type(enum type type);

#endif
