/* SPDX-License-Identifier: MIT
 *
 * Pictures, one a file or many in an IDX file, all brought to one size; and objects in them: boxes in Pascal VOC's XML or
 * YOLO's lines beside the pictures or in a folder of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool is_pictures(const struct array *a)
{
    return a->bytes == 1 && a->kind == 'u' && a->dim[1] > 0 && a->dim[2] > 0 &&
           (a->rank == 3 || a->dim[3] == 1 || a->dim[3] == 3);
}

static void read_idx(struct reader *r, const struct data_file *f, const struct file *content)
{
    struct array a, labels;
    struct file label_file;
    const char *why;
    if (!data_parse_idx(content, &a, &why)) {
        data_skip(r, f->name, "%s", why);
    } else if (a.rank < 3) {
        return; /* labels, which are read with their pictures */
    } else if (!is_pictures(&a)) {
        data_skip(r, f->name, "holds no pictures of bytes, grey or of three colours");
    } else if (find_labels(r, f, &label_file, &labels)) {
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
    if (!data_decode(content, &p, &why)) {
        data_skip(r, f->name, "%s", why);
        return;
    }
    if (f->label == NULL && !(r->options->labels != NULL && strcmp(r->options->labels, "none") == 0)) {
        data_skip(r, f->name, DATA_NO_LABEL);
    } else {
        add_picture(r, f, f->name, NULL, NULL, &p);
    }
    free(p.pixels);
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

/* The boxes of one picture. */
struct boxes {
    struct data_box list[MOST_BOXES];
    int32_t count, bad; /* bad: of no class or size, or outside of the picture */
};

/* Adds a box by its edges, in parts of the picture; what is outside is cut off. */
static void add_box(struct reader *r, struct boxes *b, const char *class, const double edges[4])
{
    double cut[4];
    for (int i = 0; i < 4; i++) {
        cut[i] = edges[i] < 0 ? 0 : edges[i] > 1 ? 1 : edges[i];
    }
    const double width = cut[2] - cut[0], height = cut[3] - cut[1];
    if (*class != '\0' && width > 0 && height > 0 && b->count < MOST_BOXES) {
        b->list[b->count++] = (struct data_box){data_label(r, class), (float)((cut[0] + cut[2]) / 2),
                                                (float)((cut[1] + cut[3]) / 2), (float)width, (float)height};
    } else {
        b->bad++;
    }
}

/* False: it is no such file. */
static bool parse_voc(struct reader *r, const char *text, const struct picture *p, struct boxes *b)
{
    double width = 0, height = 0;
    const char *all = text + strlen(text);
    if (strstr(text, "<annotation") == NULL) {
        return false;
    }
    xml_number(text, all, "width", &width);
    xml_number(text, all, "height", &height);
    width = width > 0 ? width : p->width;
    height = height > 0 ? height : p->height;
    for (const char *at = text; (at = strstr(at, "<object>")) != NULL; at++) {
        const char *end = strstr(at, "</object>");
        char name[64] = "";
        double edges[4] = {0};
        if (end != NULL && xml_text(at, end, "name", name, sizeof name) && xml_number(at, end, "xmin", &edges[0]) &&
            xml_number(at, end, "ymin", &edges[1]) && xml_number(at, end, "xmax", &edges[2]) &&
            xml_number(at, end, "ymax", &edges[3])) {
            add_box(r, b, name, (double[]){edges[0] / width, edges[1] / height, edges[2] / width, edges[3] / height});
        } else {
            b->bad++;
        }
    }
    return true;
}

/* The names of YOLO's classes, a line each, in a file that tools for boxes leave in the folder or among the labels. */
static void find_names(struct reader *r)
{
    static const char *const names[] = {"classes.txt", "obj.names", "labels/classes.txt", "labels/train/classes.txt"};
    struct file content = {0};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *path = arena_printf(r->arena, "%s/%s", r->options->path, names[i]);
        const struct data_file f = {.path = path, .name = names[i], .split = -1};
        if (access(path, R_OK) != 0 || !data_load(r, &f, &content)) {
            continue;
        }
        char *text = arena_copy(r->arena, content.data, content.size + 1);
        r->box_names = ARENA_ARRAY(r->arena, content.size + 1, char *);
        data_unload(&content);
        for (char *line; (line = strsep(&text, "\n")) != NULL && (*line != '\0' || text != NULL);) {
            line[strcspn(line, "\r")] = '\0';
            r->box_names[r->box_name_count++] = line;
        }
        return;
    }
}

static const char *name_class(const struct reader *r, const char *number)
{
    char *end;
    const long n = strtol(number, &end, 10);
    const bool is_named = *end == '\0' && n >= 0 && n < r->box_name_count && *r->box_names[n] != '\0';
    return is_named ? r->box_names[n] : number;
}

/* Lines of class, centre and size. */
static bool parse_yolo(struct reader *r, char *text, struct boxes *b)
{
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        char name[32], blank;
        double x, y, width, height;
        if (sscanf(line, "%31s %lf %lf %lf %lf", name, &x, &y, &width, &height) == 5) {
            add_box(r, b, name_class(r, name),
                    (double[]){x - width / 2, y - height / 2, x + width / 2, y + height / 2});
        } else {
            b->bad += sscanf(line, " %c", &blank) == 1;
        }
    }
    return true;
}

/* The annotation of a picture: its name with another suffix, beside it, in a folder beside its own, or in the folder of
 * the same name there, as labels/train goes with images/train. */
static bool find_annotation(struct reader *r, const struct data_file *f, struct file *content, bool *is_xml)
{
    enum { PLACES = 3, SUFFIXES = 2 };
    static const char *const names[] = {"Annotations", "annotations", "labels", "label"};
    const char *slash = strrchr(f->path, '/'), *base = slash != NULL ? slash + 1 : f->path;
    const char *dot = strrchr(base, '.');
    const int folder = (int)(base - f->path), stem = (int)(dot != NULL ? dot - base : (ptrdiff_t)strlen(base));
    int own = folder > 0 ? folder - 1 : 0; /* where the folder's own name begins */
    while (own > 0 && f->path[own - 1] != '/') {
        own--;
    }
    for (size_t i = 0; i < COUNT_OF(names) * PLACES * SUFFIXES; i++) {
        const char *name = names[i / (PLACES * SUFFIXES)], *suffix = i % SUFFIXES == 0 ? ".xml" : ".txt";
        const size_t place = i / SUFFIXES % PLACES;
        const char *between = place == 0   ? ""
                              : place == 1 ? arena_printf(r->arena, "../%s/", name)
                                           : arena_printf(r->arena, "../../%s/%.*s", name, folder - own, f->path + own);
        char *path = arena_printf(r->arena, "%.*s%s%.*s%s", folder, f->path, between, stem, base, suffix);
        struct stat status;
        if (stat(path, &status) == 0) {
            *is_xml = i % SUFFIXES == 0;
            if (status.st_size == 0 && !*is_xml) { /* nothing is in the picture */
                *content = (struct file){calloc(1, 1), 0};
                return content->data != NULL;
            }
            const char *source = arena_printf(r->arena, "%s: its %s", f->name, suffix + 1);
            return data_load(r, &(struct data_file){path, source, NULL, -1}, content);
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
    struct boxes b;
    if (!find_annotation(r, f, &content, &is_xml)) {
        return;
    }
    b.count = b.bad = 0;
    char *text = (char *)(uintptr_t)content.data;
    const bool is_read = is_xml ? parse_voc(r, text, p, &b) : parse_yolo(r, text, &b);
    data_unload(&content);
    if (!is_read) {
        data_skip(r, f->name, "the .xml file that goes with it is none of Pascal VOC");
    } else if (add_picture(r, f, f->name, NULL, NULL, p)) {
        struct data_example *e = &r->data->examples[r->data->count - 1];
        const int32_t count = crop_boxes(r, p, b.list, b.count);
        e->boxes = arena_copy(r->arena, b.list, (size_t)count * sizeof *b.list);
        e->box_count = count;
    }
    if (b.bad > 0) {
        data_skip(r, f->name, "%d of its %d boxes: no class, no size, or outside of the picture", b.bad,
                  b.bad + b.count);
    }
}

bool data_read_boxes(struct reader *r)
{
    find_names(r);
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
