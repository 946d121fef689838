/* SPDX-License-Identifier: MIT
 *
 * Both ends of a face detector: a picture becomes the model's input, the model's output becomes marked faces.
 *
 *     faces prepare PICTURE.png INPUT.bin
 *     mote run face_detection_short_range.tflite --input INPUT.bin --output OUTPUT.bin
 *     faces show PICTURE.png OUTPUT.bin MARKED.png
 *
 * The model (BlazeFace, https://arxiv.org/abs/1907.05047) sees 128x128 pixels and answers for 896 anchors, points of
 * a grid: where a face lies that is near the anchor, where its eyes, nose, mouth and ears are, and a score. Anchors of
 * one face overlap, so their boxes are averaged, weighted by score.
 */
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 128, CHANNELS = 3, ANCHORS = 896, POINTS = 6, COORDINATES = 4 + 2 * POINTS };

static const char *const point_names[POINTS] = {"right eye", "left eye", "nose", "mouth", "right ear", "left ear"};

struct picture {
    int width, height;
    unsigned char *rgb;
};

/* In units of the model's square: 0 to 1. */
struct face {
    float score;
    float x, y, width, height; /* centre and size */
    float points[POINTS][2];
};

static int fail(const char *path, const char *what)
{
    fprintf(stderr, "faces: %s: %s\n", path, what);
    return 1;
}

static int read_picture(const char *path, struct picture *picture)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    const png_color white = {255, 255, 255};
    if (!png_image_begin_read_from_file(&png, path)) {
        return fail(path, png.message);
    }
    png.format = PNG_FORMAT_RGB;
    picture->width = (int)png.width;
    picture->height = (int)png.height;
    picture->rgb = malloc(PNG_IMAGE_SIZE(png));
    if (picture->rgb == NULL || !png_image_finish_read(&png, &white, picture->rgb, 0, NULL)) {
        png_image_free(&png);
        return fail(path, picture->rgb == NULL ? "is too large" : png.message);
    }
    return 0;
}

static int write_picture(const char *path, const struct picture *picture)
{
    png_image png = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    png.width = (png_uint_32)picture->width;
    png.height = (png_uint_32)picture->height;
    return png_image_write_to_file(&png, path, 0, picture->rgb, 0, NULL) ? 0 : fail(path, png.message);
}

/*** The way in ***/

/* Pixels of the picture that are one pixel of the model: it sees the whole picture, centred, on black. */
static float pixel_step(const struct picture *p) { return (float)(p->width > p->height ? p->width : p->height) / SIDE; }

static int clamp(int value, int low, int high) { return value < low ? low : value > high ? high : value; }

/* Mean of channel c over the pixels that the model's pixel (column, row) covers, -1 to 1. */
static float sample(const struct picture *p, int column, int row, int c)
{
    const float step = pixel_step(p);
    const float left = ((float)column - SIDE / 2.0f) * step + (float)p->width / 2;
    const float top = ((float)row - SIDE / 2.0f) * step + (float)p->height / 2;
    if (left + step <= 0 || top + step <= 0 || left >= (float)p->width || top >= (float)p->height) {
        return -1;
    }
    const int x0 = clamp((int)left, 0, p->width - 1), x1 = clamp((int)ceilf(left + step), x0 + 1, p->width);
    const int y0 = clamp((int)top, 0, p->height - 1), y1 = clamp((int)ceilf(top + step), y0 + 1, p->height);
    long sum = 0;
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            sum += p->rgb[((long)y * p->width + x) * CHANNELS + c];
        }
    }
    return (float)sum / (float)((x1 - x0) * (y1 - y0)) / 127.5f - 1;
}

static int prepare(const char *picture_path, const char *input_path)
{
    static float input[SIDE][SIDE][CHANNELS];
    struct picture p;
    if (read_picture(picture_path, &p) != 0) {
        return 1;
    }
    for (int i = 0; i < SIDE * SIDE * CHANNELS; i++) {
        const int c = i % CHANNELS, column = i / CHANNELS % SIDE, row = i / CHANNELS / SIDE;
        input[row][column][c] = sample(&p, column, row, c);
    }
    free(p.rgb);
    FILE *f = fopen(input_path, "wb");
    if (f == NULL) {
        return fail(input_path, "cannot be written");
    }
    const size_t written = fwrite(input, sizeof input, 1, f);
    return fclose(f) == 0 && written == 1 ? 0 : fail(input_path, "cannot be written");
}

/*** The way out ***/

/* Anchor i: a 16x16 grid with two anchors a cell, then 8x8 with six. */
static void anchor(int i, float *x, float *y)
{
    const int fine = 16 * 16 * 2;
    const int side = i < fine ? 16 : 8, cell = i < fine ? i / 2 : (i - fine) / 6;
    *x = ((float)(cell % side) + 0.5f) / (float)side;
    *y = ((float)(cell / side) + 0.5f) / (float)side;
}

static struct face decode(int i, const float raw[COORDINATES], float logit)
{
    float x, y;
    anchor(i, &x, &y);
    struct face face = {1 / (1 + expf(-logit)), raw[0] / SIDE + x, raw[1] / SIDE + y,
                        raw[2] / SIDE,          raw[3] / SIDE,     {{0}}};
    for (int k = 0; k < POINTS; k++) {
        face.points[k][0] = raw[4 + 2 * k] / SIDE + x;
        face.points[k][1] = raw[5 + 2 * k] / SIDE + y;
    }
    return face;
}

static float overlap(float a, float a_size, float b, float b_size)
{
    const float low = fmaxf(a - a_size / 2, b - b_size / 2), high = fminf(a + a_size / 2, b + b_size / 2);
    return fmaxf(high - low, 0);
}

/* Area that two boxes share over the area that they cover. */
static float likeness(const struct face *a, const struct face *b)
{
    const float shared = overlap(a->x, a->width, b->x, b->width) * overlap(a->y, a->height, b->y, b->height);
    return shared / (a->width * a->height + b->width * b->height - shared);
}

static int by_score(const void *a, const void *b)
{
    const float x = ((const struct face *)a)->score, y = ((const struct face *)b)->score;
    return x > y ? -1 : x < y;
}

/* Joins the boxes of one face; returns how many faces are left, the surest first. */
static int join(struct face faces[], int count)
{
    int kept = 0;
    qsort(faces, (size_t)count, sizeof *faces, by_score);
    while (count > kept) {
        struct face sum = {0};
        const struct face best = faces[kept];
        float weight = 0;
        int rest = kept + 1;
        for (int i = kept; i < count; i++) {
            if (likeness(&best, &faces[i]) < 0.3f) {
                faces[rest++] = faces[i];
                continue;
            }
            const float *from = &faces[i].x;
            float *to = &sum.x;
            for (int k = 0; k < COORDINATES; k++) {
                to[k] += from[k] * faces[i].score;
            }
            weight += faces[i].score;
        }
        for (int k = 0; k < COORDINATES; k++) {
            (&sum.x)[k] /= weight;
        }
        sum.score = best.score;
        faces[kept++] = sum;
        count = rest;
    }
    return kept;
}

static void draw_box(struct picture *p, float x, float y, float width, float height, float line, const int colour[3])
{
    for (int row = 0; row < p->height; row++) {
        for (int column = 0; column < p->width; column++) {
            const float dx = fabsf((float)column - x) - width / 2, dy = fabsf((float)row - y) - height / 2;
            if (dx <= 0 && dy <= 0 && (dx > -line || dy > -line)) {
                for (int c = 0; c < CHANNELS; c++) {
                    p->rgb[((long)row * p->width + column) * CHANNELS + c] = (unsigned char)colour[c];
                }
            }
        }
    }
}

static void show_face(struct picture *p, const struct face *face)
{
    static const int green[3] = {40, 220, 60}, yellow[3] = {255, 220, 0};
    const float scale = pixel_step(p) * SIDE, line = fmaxf(scale / 200, 1);
    const float x = (face->x - 0.5f) * scale + (float)p->width / 2, width = face->width * scale;
    const float y = (face->y - 0.5f) * scale + (float)p->height / 2, height = face->height * scale;
    printf("  a face, %.0f %% sure: %.0fx%.0f pixels round (%.0f, %.0f)", (double)face->score * 100, (double)width,
           (double)height, (double)x, (double)y);
    draw_box(p, x, y, width, height, line, green);
    for (int k = 0; k < POINTS; k++) {
        const float px = (face->points[k][0] - 0.5f) * scale + (float)p->width / 2;
        const float py = (face->points[k][1] - 0.5f) * scale + (float)p->height / 2;
        draw_box(p, px, py, 4 * line, 4 * line, 2 * line, yellow);
        if (k < 4) {
            printf("%s %s (%.0f, %.0f)", k > 0 ? "," : ";", point_names[k], (double)px, (double)py);
        }
    }
    putchar('\n');
}

static int show(const char *picture_path, const char *output_path, const char *marked_path)
{
    static float boxes[ANCHORS][COORDINATES], logits[ANCHORS];
    static struct face faces[ANCHORS];
    struct picture p;
    FILE *f = fopen(output_path, "rb");
    const int is_read = f != NULL && fread(boxes, sizeof boxes, 1, f) == 1 && fread(logits, sizeof logits, 1, f) == 1;
    if (f != NULL) {
        fclose(f);
    }
    if (!is_read) {
        return fail(output_path, "does not hold the outputs of the face detector");
    }
    if (read_picture(picture_path, &p) != 0) {
        return 1;
    }
    int count = 0;
    for (int i = 0; i < ANCHORS; i++) {
        if (logits[i] > 0) { /* a probability above a half */
            faces[count++] = decode(i, boxes[i], logits[i]);
        }
    }
    count = join(faces, count);
    for (int i = 0; i < count; i++) {
        show_face(&p, &faces[i]);
    }
    if (count == 0) {
        puts("  no face");
    }
    const int status = write_picture(marked_path, &p);
    free(p.rgb);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "prepare") == 0) {
        return prepare(argv[2], argv[3]);
    }
    if (argc == 5 && strcmp(argv[1], "show") == 0) {
        return show(argv[2], argv[3], argv[4]);
    }
    fprintf(stderr, "usage: faces prepare PICTURE.png INPUT.bin\n"
                    "       faces show PICTURE.png OUTPUT.bin MARKED.png\n");
    return 2;
}
