/* SPDX-License-Identifier: MIT
 *
 * Pictures, one a file or many in an IDX file, all brought to one size; and objects in them: boxes in Pascal VOC's XML or
 * YOLO's lines beside the pictures or in a folder of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

static const char *const idx[] = {"-ubyte", "-ubyte.gz", ".idx", ".idx.gz", NULL};

/* The size of all examples, by the options or by the first picture. */
static void settle_size(struct reader *r, int32_t width, int32_t height)
{
    const struct data_options *o = r->options;
    if (r->data->shape.rank == 0) {
        data_shape(r, TYPE_U8, 3,
                   (const int32_t[]){o->height > 0 ? o->height : height, o->width > 0 ? o->width : width, o->channels});
    }
}

static bool add_picture(struct reader *r, const struct data_file *f, const char *source, const char *label,
                        const char *key, const struct picture *p)
{
    settle_size(r, p->width, p->height);
    uint8_t *to = data_add(r, f, source, label, key);
    if (to == NULL) {
        return false;
    }
    const int32_t *dim = r->data->shape.dim;
    data_resize(p, r->options->crop, to, dim[1], dim[0], dim[2]);
    return true;
}

/*** IDX ***/

/* "train-images-idx3-ubyte" has its labels in "train-labels-idx1-ubyte". */
static bool find_labels(struct reader *r, const struct data_file *f, struct file *content, struct array *labels)
{
    const char *at = strstr(f->path, "images-idx3"), *why;
    const size_t before = at != NULL ? (size_t)(at - f->path) : 0;
    struct data_file beside = *f;
    if (at == NULL) {
        return data_skip(r, f->name, "holds pictures, but no labels-idx1 file lies beside it");
    }
    beside.path = beside.name =
        arena_printf(r->arena, "%.*slabels-idx1%s", (int)before, f->path, at + strlen("images-idx3"));
    if (!data_load(r, &beside, content)) {
        return false;
    }
    if (!data_parse_idx(content, labels, &why) || labels->rank != 1) {
        data_unload(content);
        return data_skip(r, beside.name, "%s", labels->rank != 1 ? "is no list of labels" : why);
    }
    return true;
}

static bool add_from_array(struct reader *r, const struct data_file *f, const struct array *a,
                           const struct array *labels)
{
    const int32_t height = a->dim[1], width = a->dim[2], depth = a->rank == 4 ? a->dim[3] : 1;
    const size_t pixels = (size_t)height * (size_t)width;
    struct picture p = {malloc(3 * pixels + 1), width, height};
    bool ok = p.pixels != NULL;
    for (int32_t i = 0; i < a->dim[0] && ok; i++) {
        const uint8_t *from = a->data + (size_t)i * pixels * (size_t)depth;
        for (size_t k = 0; k < pixels; k++) {
            for (size_t c = 0; c < 3; c++) {
                p.pixels[3 * k + c] = from[k * (size_t)depth + (depth == 3 ? c : 0)];
            }
        }
        char label[24];
        snprintf(label, sizeof label, "%d", (int)data_array_value(labels, i));
        const char *source = arena_printf(r->arena, "%s#%d", f->name, i);
        ok = add_picture(r, f, source, label, source, &p);
    }
    free(p.pixels);
    return ok;
}

static void read_idx(struct reader *r, const struct data_file *f, const struct file *content)
{
    struct array a, labels;
    struct file label_file;
    const char *why;
    if (!data_parse_idx(content, &a, &why)) {
        data_skip(r, f->name, "%s", why);
    } else if (a.rank >= 3 && a.bytes == 1 && a.kind == 'u' && a.dim[1] > 0 && a.dim[2] > 0 &&
               (a.rank == 3 || a.dim[3] == 1 || a.dim[3] == 3) && find_labels(r, f, &label_file, &labels)) {
        if (labels.dim[0] == a.dim[0]) {
            add_from_array(r, f, &a, &labels);
        } else {
            data_skip(r, f->name, "has %d pictures, and %d labels beside it", a.dim[0], labels.dim[0]);
        }
        data_unload(&label_file);
    }
}

/*** Files ***/

static void read_picture(struct reader *r, const struct data_file *f, const struct file *content)
{
    struct picture p;
    const char *why;
    if (f->label == NULL && !(r->options->labels != NULL && strcmp(r->options->labels, "none") == 0)) {
        data_skip(r, f->name, "has no label");
    } else if (!data_decode(content, &p, &why)) {
        data_skip(r, f->name, "%s", why);
    } else {
        add_picture(r, f, f->name, NULL, NULL, &p);
        free(p.pixels);
    }
}

bool data_read_images(struct reader *r)
{
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        const struct data_file *f = &r->files[i];
        struct file content;
        if (data_load(r, f, &content)) {
            (data_has_suffix(f->name, idx) ? read_idx : read_picture)(r, f, &content);
            data_unload(&content);
        }
    }
    return !r->diag->failed;
}

/*** Boxes ***/

enum { MOST_BOXES = 512 };

/* The text between <tag> and </tag> in [at, end), without blanks round it; false if there is none. */
static bool xml_text(const char *at, const char *end, const char *tag, char *text, size_t size)
{
    char open[32], close[32];
    snprintf(open, sizeof open, "<%s>", tag);
    snprintf(close, sizeof close, "</%s>", tag);
    const char *from = strstr(at, open);
    const char *to = from != NULL ? strstr(from, close) : NULL;
    if (to == NULL || to > end) {
        return false;
    }
    from += strlen(open);
    from += strspn(from, " \t\r\n");
    snprintf(text, size, "%.*s", (int)(to > from ? to - from : 0), from);
    text[strcspn(text, "\r\n")] = '\0';
    return true;
}

static bool xml_number(const char *at, const char *end, const char *tag, double *value)
{
    char text[40];
    return xml_text(at, end, tag, text, sizeof text) && data_parse_number(text, value);
}

static int32_t parse_voc(struct reader *r, const char *text, const struct picture *p, struct data_box *boxes)
{
    int32_t count = 0;
    double width = p->width, height = p->height;
    const char *all = text + strlen(text);
    xml_number(text, all, "width", &width);
    xml_number(text, all, "height", &height);
    for (const char *at = text; count < MOST_BOXES && (at = strstr(at, "<object>")) != NULL;) {
        const char *end = strstr(at, "</object>");
        char name[64];
        double left, top, right, bottom;
        if (end == NULL || width <= 0 || height <= 0) {
            break;
        }
        if (xml_text(at, end, "name", name, sizeof name) && xml_number(at, end, "xmin", &left) &&
            xml_number(at, end, "ymin", &top) && xml_number(at, end, "xmax", &right) &&
            xml_number(at, end, "ymax", &bottom)) {
            boxes[count++] = (struct data_box){data_label(r, name), (float)((left + right) / 2 / width),
                                               (float)((top + bottom) / 2 / height), (float)((right - left) / width),
                                               (float)((bottom - top) / height)};
        }
        at = end;
    }
    return count;
}

static int32_t parse_yolo(struct reader *r, char *text, struct data_box *boxes)
{
    int32_t count = 0;
    for (char *line; count < MOST_BOXES && (line = strsep(&text, "\n")) != NULL;) {
        char name[32];
        float x, y, width, height;
        if (sscanf(line, "%31s %f %f %f %f", name, &x, &y, &width, &height) == 5) {
            boxes[count++] = (struct data_box){data_label(r, name), x, y, width, height};
        }
    }
    return count;
}

/* The annotation of a picture: its name with another suffix, beside it or in a folder beside its own. */
static bool find_annotation(struct reader *r, const struct data_file *f, struct file *content, bool *is_xml)
{
    static const char *const folders[] = {"", "../Annotations/", "../annotations/", "../labels/", "../label/"};
    const char *slash = strrchr(f->path, '/'), *base = slash != NULL ? slash + 1 : f->path;
    const char *dot = strrchr(base, '.');
    const int folder = (int)(base - f->path), stem = (int)(dot != NULL ? dot - base : (ptrdiff_t)strlen(base));
    for (size_t i = 0; i < 2 * COUNT_OF(folders); i++) {
        char *path = arena_printf(r->arena, "%.*s%s%.*s%s", folder, f->path, folders[i / 2], stem, base,
                                  i % 2 == 0 ? ".xml" : ".txt");
        FILE *there = fopen(path, "rb");
        if (there != NULL) {
            fclose(there);
            *is_xml = i % 2 == 0;
            return data_load(r, &(struct data_file){path, path, NULL, -1}, content);
        }
    }
    return data_skip(r, f->name, "has no boxes: neither an .xml nor a .txt file goes with it");
}

/* Boxes inside of the part that is left after cropping, in parts of it. */
static int32_t crop_boxes(const struct reader *r, const struct picture *p, struct data_box *boxes, int32_t count)
{
    const int32_t *dim = r->data->shape.dim;
    const double across = (double)p->width / dim[1], down = (double)p->height / dim[0];
    const double step = across < down ? across : down;
    const float x_part = r->options->crop ? (float)(step / across) : 1,
                y_part = r->options->crop ? (float)(step / down) : 1;
    int32_t kept = 0;
    for (int32_t i = 0; i < count; i++) {
        struct data_box b = boxes[i];
        b.x = (b.x - (1 - x_part) / 2) / x_part;
        b.y = (b.y - (1 - y_part) / 2) / y_part;
        b.width /= x_part;
        b.height /= y_part;
        if (b.x >= 0 && b.x < 1 && b.y >= 0 && b.y < 1) {
            boxes[kept++] = b;
        }
    }
    return kept;
}

static void read_boxes(struct reader *r, const struct data_file *f, struct picture *p)
{
    struct file content;
    bool is_xml = false;
    if (!find_annotation(r, f, &content, &is_xml)) {
        return;
    }
    struct data_box boxes[MOST_BOXES];
    char *text = (char *)(uintptr_t)content.data;
    int32_t count = is_xml ? parse_voc(r, text, p, boxes) : parse_yolo(r, text, boxes);
    data_unload(&content);
    if (add_picture(r, f, f->name, NULL, NULL, p)) {
        struct data_example *e = &r->data->examples[r->data->count - 1];
        count = crop_boxes(r, p, boxes, count);
        e->boxes = arena_copy(r->arena, boxes, (size_t)count * sizeof *boxes);
        e->box_count = count;
    }
}

bool data_read_boxes(struct reader *r)
{
    for (int32_t i = 0; i < r->file_count && !r->diag->failed; i++) {
        const struct data_file *f = &r->files[i];
        struct file content;
        struct picture p;
        const char *why;
        if (!data_load(r, f, &content)) {
            continue;
        }
        if (data_decode(&content, &p, &why)) {
            read_boxes(r, f, &p);
            free(p.pixels);
        } else {
            data_skip(r, f->name, "%s", why);
        }
        data_unload(&content);
    }
    return !r->diag->failed;
}
