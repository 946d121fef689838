/* SPDX-License-Identifier: MIT
 *
 * Parts of an HTML page that needs nothing else: style, charts as SVG, pictures inside.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "../base/base.h"

/* Head, style and title; then what the page holds; then the end. */
void page_begin(struct text *page, const char *title, const char *about);
void page_section(struct text *page, const char *title);
void page_end(struct text *page);

/* Text of a user: no sign of it becomes HTML. */
void page_text(struct text *page, const char *text);

/* A line of a chart: points in the units of its axes. */
struct page_line {
    const char *name;
    const double *x, *y;
    int32_t count;
};

struct page_chart {
    const char *title, *x_name, *y_name;
    double x_low, x_high, y_low, y_high;
    const struct page_line *lines; /* at most 4 */
    int32_t line_count;
    double mark; /* an upright line at this x; below x_low: none */
};

void page_chart(struct text *page, const struct page_chart *chart);

/* A picture, height x width x channels (1: grey, 3: red, green, blue), `scale` times as large, as PNG inside of the
 * page. Without libpng a word in its place. */
void page_picture(struct text *page, const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                  int32_t scale);

/* A bar that says how much of something is used. */
void page_bar(struct text *page, const char *name, const char *value, double part);

#endif
