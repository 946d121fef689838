/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_PNG
#include <png.h>
#endif

/* Colours of lines and bars are classes, so that they follow light and dark. */
static const char style[] =
    ":root{--ink:#1d2330;--soft:#667085;--line:#d9dee8;--paper:#fff;--card:#f6f8fb;--c0:#2563eb;--c1:#ea580c;"
    "--c2:#059669;--c3:#9333ea;--bad:#dc2626;color-scheme:light dark}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9f0;--soft:#98a2b3;--line:#333b4a;--paper:#12161f;"
    "--card:#1a202c;--c0:#60a5fa;--c1:#fb923c;--c2:#34d399;--c3:#c084fc;--bad:#f87171}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;"
    "margin:2.5rem auto;padding:0 1.25rem}\n"
    "h1{font-size:1.75rem;margin:0}h2{font-size:1.15rem;margin:2.5rem 0 .75rem}p.about{color:var(--soft);margin:.25rem "
    "0}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th{font-weight:600;text-align:left;color:var(--soft)}th,td{padding:.25rem .75rem .25rem 0}\n"
    "td.n,th.n{text-align:right}tr+tr td{border-top:1px solid var(--line)}\n"
    ".scores{display:flex;flex-wrap:wrap;gap:1rem;margin:1.5rem 0}\n"
    ".score{background:var(--card);border-radius:.6rem;padding:.75rem 1.25rem;min-width:9rem}\n"
    ".score b{display:block;font-size:1.75rem;line-height:1.2}.score span{color:var(--soft);font-size:.85rem}\n"
    ".row{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}\n"
    "svg{max-width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}svg .title{fill:var(--ink);font-size:13px;"
    "font-weight:600}.grid{stroke:var(--line);stroke-width:1}.mark{stroke:var(--soft);stroke-dasharray:3 3}\n"
    ".l0,.l1,.l2,.l3{fill:none;stroke-width:2;stroke-linejoin:round}.l0{stroke:var(--c0)}.l1{stroke:var(--c1)}"
    ".l2{stroke:var(--c2)}.l3{stroke:var(--c3)}\n"
    ".f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}\n"
    ".matrix td{border:1px solid var(--paper);padding:.35rem .6rem;text-align:right;min-width:2rem}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:1rem}\n"
    ".card{background:var(--card);border-radius:.6rem;padding:.6rem;overflow-wrap:anywhere;font-size:.85rem}\n"
    ".card img{display:block;max-width:100%;image-rendering:pixelated;margin-bottom:.4rem;border-radius:.3rem}\n"
    ".scenes{grid-template-columns:repeat(auto-fill,minmax(18rem,1fr))}.picture{position:relative;width:fit-content}\n"
    ".scenes .picture,.scenes img{width:100%;height:auto}\n"
    ".picture svg{position:absolute;inset:0;width:100%;height:100%}.picture rect{fill:none;stroke-width:1.5;"
    "vector-effect:non-scaling-stroke}rect.hit{stroke:#22c55e}rect.missed{stroke:#ef4444;stroke-dasharray:4 3}\n"
    ".picture circle{stroke:#fff;stroke-width:1;vector-effect:non-scaling-stroke}circle.hit{fill:#15803d}"
    "circle.wrong{fill:#ef4444}\n"
    ".card small{color:var(--soft)}.bad{color:var(--bad)}\n"
    ".bar{margin:.4rem 0;max-width:34rem}.bar div{height:.5rem;border-radius:.25rem;background:var(--line)}\n"
    ".bar i{display:block;height:100%;border-radius:.25rem;background:var(--c0)}.bar.over i{background:var(--bad)}\n"
    ".bar span{float:right;color:var(--soft)}\n";

void page_text(struct text *page, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        switch (*c) {
        case '<':
            text_add(page, "&lt;");
            break;
        case '>':
            text_add(page, "&gt;");
            break;
        case '&':
            text_add(page, "&amp;");
            break;
        case '"':
            text_add(page, "&quot;");
            break;
        default:
            text_add(page, "%c", (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c);
            break;
        }
    }
}

void page_begin(struct text *page, const char *title, const char *about)
{
    text_add(page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    page_text(page, title);
    text_add(page, "</title>\n<style>\n%s</style></head><body>\n<h1>", style);
    page_text(page, title);
    text_add(page, "</h1>\n<p class=\"about\">");
    page_text(page, about);
    text_add(page, "</p>\n");
}

void page_section(struct text *page, const char *title)
{
    text_add(page, "<h2>");
    page_text(page, title);
    text_add(page, "</h2>\n");
}

void page_end(struct text *page) { text_add(page, "</body></html>\n"); }

/*** Charts ***/

enum { WIDTH = 440, HEIGHT = 250, LEFT = 48, RIGHT = 12, TOP = 30, BOTTOM = 40, TICKS = 4 };

static double chart_x(const struct page_chart *c, double x)
{
    const double part = c->x_high > c->x_low ? (x - c->x_low) / (c->x_high - c->x_low) : 0;
    return LEFT + part * (WIDTH - LEFT - RIGHT);
}

static double chart_y(const struct page_chart *c, double y)
{
    const double part = c->y_high > c->y_low ? (y - c->y_low) / (c->y_high - c->y_low) : 0;
    return HEIGHT - BOTTOM - (part < 0 ? 0 : part > 1 ? 1 : part) * (HEIGHT - TOP - BOTTOM);
}

static void add_axes(struct text *page, const struct page_chart *c)
{
    for (int i = 0; i <= TICKS; i++) {
        const double x = c->x_low + (c->x_high - c->x_low) * i / TICKS,
                     y = c->y_low + (c->y_high - c->y_low) * i / TICKS;
        text_add(page, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT,
                 chart_y(c, y), chart_y(c, y));
        text_add(page, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>", LEFT - 6, chart_y(c, y) + 4, y);
        text_add(page, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3g</text>\n", chart_x(c, x),
                 HEIGHT - BOTTOM + 15, x);
    }
    text_add(page, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
    page_text(page, c->x_name);
    text_add(page, "</text><text class=\"title\" x=\"%d\" y=\"16\">", LEFT);
    page_text(page, c->title);
    text_add(page, "</text>\n");
}

static void add_legend(struct text *page, const struct page_chart *c)
{
    int x = WIDTH - RIGHT;
    for (int i = c->line_count - 1; i >= 0 && c->line_count > 1; i--) {
        text_add(page, "<text class=\"f%d\" style=\"fill:var(--c%d)\" x=\"%d\" y=\"16\" text-anchor=\"end\">", i, i, x);
        page_text(page, c->lines[i].name);
        text_add(page, "</text>");
        x -= 10 + 7 * (int)strlen(c->lines[i].name);
    }
}

void page_chart(struct text *page, const struct page_chart *c)
{
    text_add(page, "<svg width=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, WIDTH, HEIGHT);
    page_text(page, c->title);
    text_add(page, "\">\n");
    add_axes(page, c);
    if (c->mark >= c->x_low) {
        text_add(page, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n", chart_x(c, c->mark),
                 chart_x(c, c->mark), TOP, HEIGHT - BOTTOM);
    }
    for (int i = 0; i < c->line_count; i++) {
        text_add(page, "<polyline class=\"l%d\" points=\"", i);
        for (int32_t k = 0; k < c->lines[i].count; k++) {
            text_add(page, "%.1f,%.1f ", chart_x(c, c->lines[i].x[k]), chart_y(c, c->lines[i].y[k]));
        }
        text_add(page, "\"/>\n");
    }
    add_legend(page, c);
    text_add(page, "</svg>\n");
}

void page_bar(struct text *page, const char *name, const char *value, double part)
{
    text_add(page, "<div class=\"bar%s\"><span>", part > 1 ? " over" : "");
    page_text(page, value);
    text_add(page, "</span>");
    page_text(page, name);
    text_add(page, "<div><i style=\"width:%.1f%%\"></i></div></div>\n", part > 1 ? 100 : part * 100);
}

/*** Pictures ***/

#ifdef HAVE_PNG
static void add_base64(struct text *page, const uint8_t *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t n = size - i < 3 ? size - i : 3;
        const uint32_t bits =
            (uint32_t)data[i] << 16 | (n > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (n > 2 ? data[i + 2] : 0);
        text_add(page, "%c%c%c%c", digits[bits >> 18], digits[bits >> 12 & 63], n > 1 ? digits[bits >> 6 & 63] : '=',
                 n > 2 ? digits[bits & 63] : '=');
    }
}

void page_picture(struct text *page, const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                  int32_t scale)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height};
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *file = malloc(size);
    if (file != NULL && png_image_write_to_memory(&image, file, &size, 0, pixels, 0, NULL)) {
        text_add(page, "<img width=\"%d\" height=\"%d\" alt=\"\" src=\"data:image/png;base64,", width * scale,
                 height * scale);
        add_base64(page, file, size);
        text_add(page, "\">");
    }
    free(file);
}
#else
void page_picture(struct text *page, const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                  int32_t scale)
{
    (void)pixels;
    (void)channels;
    (void)scale;
    text_add(page, "<p>%d x %d pixels; pictures need a mote that was built with libpng</p>", width, height);
}
#endif
