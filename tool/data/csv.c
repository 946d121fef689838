/* SPDX-License-Identifier: MIT
 *
 * Tables of text. Which mark parts the columns is seen from the first lines, and whether numbers have a comma; a header is a first line with a cell that
 * is no number above a column of numbers, or with a name that is known.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader.h"

enum { MOST_COLUMNS = 4096, LINES_TO_LOOK = 20 };

bool data_parse_number(const char *cell, double *value)
{
    while (isspace((unsigned char)*cell)) {
        cell++;
    }
    char *end;
    const double number = strtod(cell, &end);
    if (end == cell || isalpha((unsigned char)*cell)) { /* "nan", "inf" */
        return false;
    }
    while (isspace((unsigned char)*end) || *end == ';') {
        end++;
    }
    if (*end != '\0' || !isfinite(number)) {
        return false;
    }
    *value = number;
    return true;
}

/* Behind the lines that are remarks, which begin with # or %, or empty. */
static const char *skip_remarks(const char *at)
{
    while (*at == '#' || *at == '%' || *at == '\n' || *at == '\r') {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return at;
}

/* Whether nothing follows in the line but blanks. */
static bool is_line_end(const char *at)
{
    at += strspn(at, " \t\r");
    return *at == '\n' || *at == '\0';
}

/* The mark that occurs, outside of quotes and not as the end of lines, the same number of times in most of the first lines. */
static char find_mark(const char *text)
{
    static const char marks[] = {'\t', ';', ',', '|', ' '};
    char best = ',';
    int best_score = 0;
    for (size_t m = 0; m < COUNT_OF(marks); m++) {
        int first = 0, score = 0;
        const char *at = text;
        for (int line = 0; line < LINES_TO_LOOK && *(at = skip_remarks(at)) != '\0'; line++) {
            int count = 0;
            bool quoted = false;
            for (; *at != '\0' && *at != '\n'; at++) {
                quoted ^= *at == '"';
                count += *at == marks[m] && !quoted && !is_line_end(at + 1);
            }
            at += *at == '\n';
            first = line == 0 ? count : first;
            score += count > 0 && count == first ? 2 : count > 0;
        }
        if (score > best_score && (marks[m] != ' ' || best_score == 0)) {
            best_score = score;
            best = marks[m];
        }
    }
    return best;
}

/* Whether a cell that begins with a quote is all in quotes; else they are a part of the text, as in "Yes", he said. */
static bool is_quoted(const char *at, char mark)
{
    if (*at != '"') {
        return false;
    }
    for (at++; *at != '\0' && !(*at == '"' && at[1] != '"'); at++) {
        at += *at == '"';
    }
    if (*at == '\0') {
        return false; /* nothing closes it */
    }
    at++;
    at += mark != ' ' ? strspn(at, " \r") : strspn(at, "\r");
    return *at == '\0' || *at == '\n' || *at == mark;
}

/* One cell, unquoted in place and without blanks round it; *text moves behind it and the mark. */
static char *take_cell(char **text, char mark, bool *is_last)
{
    char *at = *text;
    while (*at == ' ' && mark != ' ') {
        at++;
    }
    char *cell = at, *to = at;
    if (is_quoted(at, mark)) {
        cell = to = ++at;
        while (*at != '\0' && !(*at == '"' && at[1] != '"')) {
            at += *at == '"';
            *to++ = *at++;
        }
        at += *at == '"';
        at += strcspn(at, mark == '\t'  ? "\t\n"
                          : mark == ';' ? ";\n"
                          : mark == '|' ? "|\n"
                          : mark == ' ' ? " \n"
                                        : ",\n");
    } else {
        while (*at != '\0' && *at != '\n' && *at != mark) {
            *to++ = *at++;
        }
    }
    *is_last = *at != mark;
    if (*at != '\0') {
        at++;
    }
    if (mark == ' ') {
        while (*at == ' ') {
            at++;
        }
        *is_last = *is_last || *at == '\n' || *at == '\0';
        at += *at == '\n' && at[-1] == ' ';
    }
    *text = at;
    while (to > cell && isspace((unsigned char)to[-1])) {
        to--;
    }
    *to = '\0';
    return cell;
}

static const char *const label_words[] = {"label",   "labels",   "class",   "target",    "activity",
                                          "gesture", "category", "output",  "diagnosis", "outcome",
                                          "species", "type",     "variety", NULL};

static bool is_label_word(const char *name)
{
    for (int i = 0; label_words[i] != NULL; i++) {
        if (strcasecmp(name, label_words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_header(const struct csv *csv, char **first, int32_t cells)
{
    double value;
    if (csv->row_count == 1 && data_parse_number(first[0], &value)) {
        return false; /* the only line, of numbers and words */
    }
    for (int32_t i = 0; i < cells; i++) {
        if (is_label_word(first[i]) || strcasecmp(first[i], "timestamp") == 0 || strcasecmp(first[i], "text") == 0) {
            return true;
        }
        if (csv->row_count > 1 && !data_parse_number(first[i], &value) && *first[i] != '\0' &&
            data_parse_number(csv->cells[(size_t)csv->column_count + (size_t)i], &value) &&
            !data_parse_number(first[0], &value)) {
            return true;
        }
    }
    return false;
}

static bool is_whole(const char *cell, int32_t value)
{
    return strspn(cell, "0123456789") == strlen(cell) && strtol(cell, NULL, 10) == value;
}

/* The first line of scikit-learn's tables: how many rows, how many columns, then names of the classes. */
static bool is_count_line(const struct csv *csv)
{
    return csv->row_count > 1 && csv->column_count > 2 && is_whole(csv->cells[0], csv->row_count - 1) &&
           is_whole(csv->cells[1], csv->column_count - 1);
}

static int32_t count_columns(char *text, char mark)
{
    int32_t most = 1;
    const char *at = text;
    for (int line = 0; line < LINES_TO_LOOK && *(at = skip_remarks(at)) != '\0'; line++) {
        int32_t count = 1;
        bool quoted = false;
        for (; *at != '\0' && (*at != '\n' || quoted); at++) {
            quoted ^= *at == '"';
            count += *at == mark && !quoted && (mark != ' ' || (at[1] != ' ' && at[1] != '\n'));
        }
        at += *at == '\n';
        most = count > most ? count : most;
    }
    return most;
}

/* "1,5": digits with a comma between them, where a point would be; NULL: it is none. */
static char *decimal_comma(char *cell)
{
    char *at = cell + strspn(cell, " +-");
    const size_t whole = strspn(at, "0123456789");
    char *comma = at + whole;
    const char *rest = *comma == ',' ? comma + 1 : "";
    const size_t digits = strspn(rest, "0123456789");
    const char end = rest[digits];
    return whole > 0 && digits > 0 && (end == '\0' || end == 'e' || end == 'E') ? comma : NULL;
}

/* Where a comma does not part the columns it may be the decimal one: if there are such numbers, and none with a point. */
static void read_decimal_commas(struct csv *csv)
{
    const size_t count = (size_t)csv->row_count * (size_t)csv->column_count;
    bool is_comma = false;
    for (size_t i = 0; i < count; i++) {
        double value;
        if (strchr(csv->cells[i], '.') != NULL && data_parse_number(csv->cells[i], &value)) {
            return;
        }
        is_comma |= decimal_comma(csv->cells[i]) != NULL;
    }
    for (size_t i = 0; i < count && is_comma; i++) {
        char *comma = decimal_comma(csv->cells[i]);
        if (comma != NULL) {
            *comma = '.';
        }
    }
}

static void drop_line(struct csv *csv)
{
    csv->cells += csv->column_count;
    csv->lines++;
    csv->row_count--;
}

bool data_parse_csv(struct reader *r, const struct data_file *f, char *text, size_t size, struct csv *csv)
{
    *csv = (struct csv){0};
    if (memchr(text, '\0', size) != NULL) {
        return data_skip(r, f->name, "is no text");
    }
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
    }
    const char mark = find_mark(text);
    csv->column_count = count_columns(text, mark);
    int32_t rows = 1;
    for (const char *at = text; *at != '\0'; at++) {
        rows += *at == '\n';
    }
    if (csv->column_count > MOST_COLUMNS) {
        return data_skip(r, f->name, "has more than %d columns", MOST_COLUMNS);
    }
    csv->cells = arena_array(r->arena, (size_t)rows * (size_t)csv->column_count, sizeof *csv->cells);
    csv->lines = ARENA_ARRAY(r->arena, rows, int32_t);
    int32_t line = 0;
    while (*text != '\0') {
        line++;
        if (*text == '\n' || *text == '\r' || *text == '#' || *text == '%') {
            text += strcspn(text, "\n");
            text += *text == '\n';
            continue;
        }
        char **row = csv->cells + (size_t)csv->row_count * (size_t)csv->column_count;
        bool is_last = false;
        int32_t i = 0;
        for (; !is_last; i++) {
            char *cell = take_cell(&text, mark, &is_last);
            if (i < csv->column_count) {
                row[i] = cell;
            }
        }
        for (; i < csv->column_count; i++) {
            row[i] = row[0] + strlen(row[0]); /* "" */
        }
        csv->lines[csv->row_count++] = line;
    }
    if (csv->row_count == 0) {
        return data_skip(r, f->name, "has no lines");
    }
    if (mark != ',') {
        read_decimal_commas(csv);
    }
    if (is_count_line(csv)) {
        drop_line(csv);
    } else if (is_header(csv, csv->cells, csv->column_count)) {
        csv->header = csv->cells;
        drop_line(csv);
    }
    if (csv->row_count == 0) {
        return data_skip(r, f->name, "has a header alone");
    }
    return true;
}

int32_t data_find_column(const struct csv *csv, const char *name)
{
    for (int32_t i = 0; csv->header != NULL && i < csv->column_count; i++) {
        if (strcasecmp(csv->header[i], name) == 0) {
            return i;
        }
    }
    char *end;
    const long number = strtol(name, &end, 10);
    if (*end != '\0' || number == 0 || labs(number) > csv->column_count) {
        return -1;
    }
    return number > 0 ? (int32_t)number - 1 : csv->column_count + (int32_t)number;
}

int32_t data_label_column(const struct reader *r, const struct csv *csv)
{
    if (r->options->label_column != NULL) {
        return data_find_column(csv, r->options->label_column);
    }
    for (int i = 0; csv->header != NULL && label_words[i] != NULL; i++) {
        for (int32_t k = 0; k < csv->column_count; k++) {
            if (strcasecmp(csv->header[k], label_words[i]) == 0) {
                return k;
            }
        }
    }
    return -1;
}

/*** Rows ***/

/* The column of "name=value"; -1: there is none. */
static int32_t rule_column(const struct reader *r, const struct csv *csv, const char *rule)
{
    const char *equals = strrchr(rule, '=');
    return equals != NULL ? data_find_column(csv, arena_printf(r->arena, "%.*s", (int)(equals - rule), rule)) : -1;
}

/* Words or numbers that are the same. */
static bool is_value(const char *cell, const char *value)
{
    double x, y;
    return strcmp(cell, value) == 0 || (data_parse_number(cell, &x) && data_parse_number(value, &y) && x == y);
}

/* Whether of each column that rules name one of the values is there. */
static bool fits_rules(const struct data_options *o, const int32_t columns[], char *const *row)
{
    bool fits = true;
    for (int32_t i = 0; i < o->rows_count && fits; i++) {
        fits = false;
        for (int32_t k = 0; k < o->rows_count && !fits; k++) {
            fits = columns[k] == columns[i] && is_value(row[columns[k]], strrchr(o->rows[k], '=') + 1);
        }
    }
    return fits;
}

bool data_pick_rows(struct reader *r, const struct data_file *f, struct csv *csv)
{
    const struct data_options *o = r->options;
    int32_t *columns = ARENA_ARRAY(r->arena, o->rows_count + 1, int32_t), kept = 0;
    for (int32_t i = 0; i < o->rows_count; i++) {
        columns[i] = rule_column(r, csv, o->rows[i]);
        if (columns[i] < 0) {
            return data_skip(r, f->name, "data.rows: \"%s\" is no column's name or number, =, and a value", o->rows[i]);
        }
    }
    const size_t width = (size_t)csv->column_count;
    for (int32_t i = 0; i < csv->row_count && o->rows_count > 0; i++) {
        char **row = csv->cells + (size_t)i * width;
        if (fits_rules(o, columns, row)) {
            memmove(csv->cells + (size_t)kept * width, row, width * sizeof *row);
            csv->lines[kept++] = csv->lines[i];
        }
    }
    csv->row_count = o->rows_count > 0 ? kept : csv->row_count;
    return csv->row_count > 0 || data_skip(r, f->name, "has no row that data.rows asks for");
}

bool data_is_dropped(const struct reader *r, const struct csv *csv, int32_t column)
{
    const char *at = r->options->drop;
    while (at != NULL && *at != '\0') {
        at += strspn(at, ", ");
        char name[64] = "";
        const size_t length = strcspn(at, ",");
        if (length > 0 && length < sizeof name) {
            memcpy(name, at, length);
            name[length] = '\0';
            if (data_find_column(csv, name) == column) {
                return true;
            }
        }
        at += length;
    }
    for (int32_t i = 0; i < r->options->rows_count; i++) {
        if (rule_column(r, csv, r->options->rows[i]) == column) {
            return true; /* it says but one thing */
        }
    }
    return false;
}
