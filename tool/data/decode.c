/* SPDX-License-Identifier: MIT
 *
 * Pictures out of files: PNG by libpng, JPEG by libjpeg, BMP here. All come out as red, green, blue.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"

#ifdef HAVE_PNG
#include <png.h>
#endif
#ifdef HAVE_JPEG
#include <jpeglib.h>
#endif

enum { MOST_PIXELS = 100 << 20, ENOUGH = 1024 };

#define NOT_READ(format) format " pictures are not read; convert to PNG or JPEG"

static bool make_room(struct picture *p, uint32_t width, uint32_t height, const char **why)
{
    if (width == 0 || height == 0 || width > MOST_PIXELS || (uint64_t)width * height > MOST_PIXELS) {
        *why = "has no pixels, or too many";
        return false;
    }
    p->width = (int32_t)width;
    p->height = (int32_t)height;
    p->pixels = malloc((size_t)width * height * 3);
    *why = "needs more memory than there is";
    return p->pixels != NULL;
}

#ifdef HAVE_PNG
static bool decode_png(const struct file *file, struct picture *p, const char **why)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&image, file->data, file->size)) {
        *why = "is a damaged PNG file";
        return false;
    }
    image.format = PNG_FORMAT_RGB;
    const png_color black = {0, 0, 0};
    bool ok = make_room(p, image.width, image.height, why);
    if (ok && !png_image_finish_read(&image, &black, p->pixels, 0, NULL)) {
        *why = "is a damaged PNG file";
        ok = false;
    }
    png_image_free(&image);
    return ok;
}
#else
static bool decode_png(const struct file *file, struct picture *p, const char **why)
{
    (void)file;
    (void)p;
    *why = "is a PNG file, and this program was built without libpng-dev";
    return false;
}
#endif

#ifdef HAVE_JPEG
/*** How the camera was held ***/

/* A number of `bytes` bytes of an Exif block, 0 beyond its end. */
static uint32_t exif_number(const uint8_t *block, size_t size, size_t at, int bytes)
{
    const bool is_little = block[0] == 'I';
    uint32_t value = 0;
    for (int i = 0; i < bytes && at + (size_t)bytes <= size; i++) {
        value = value << 8 | block[at + (size_t)(is_little ? bytes - 1 - i : i)];
    }
    return value;
}

/* Orientation 1 to 8 as Exif has it; 1 is upright. */
static uint32_t find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    enum { HEAD = 6, LEAST = 14, ENTRY = 12, TAG = 0x112 }; /* "Exif\0\0"; a TIFF head, a count */
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m != NULL; m = m->next) {
        if (m->data_length < HEAD + LEAST || memcmp(m->data, "Exif", 4) != 0) {
            continue;
        }
        const uint8_t *block = m->data + HEAD;
        const size_t size = m->data_length - HEAD, list = exif_number(block, size, 4, 4);
        const uint32_t count = exif_number(block, size, list, 2);
        for (uint32_t i = 0; i < count && list + 2 + ENTRY * (size_t)(i + 1) <= size; i++) {
            const size_t at = list + 2 + ENTRY * (size_t)i;
            const uint32_t value = exif_number(block, size, at + 8, 2);
            if (exif_number(block, size, at, 2) == TAG && value >= 1 && value <= 8) {
                return value;
            }
        }
    }
    return 1;
}

/* Brings a picture upright. */
static bool turn(struct picture *p, uint32_t orientation)
{
    const bool is_aside = orientation >= 5; /* rows are columns */
    const bool is_mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    const bool is_reversed = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    const int32_t width = is_aside ? p->height : p->width, height = is_aside ? p->width : p->height;
    uint8_t *to = malloc((size_t)width * (size_t)height * 3);
    if (to == NULL) {
        return false;
    }
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            const int32_t u = is_mirrored ? width - 1 - x : x, v = is_reversed ? height - 1 - y : y;
            const size_t from =
                is_aside ? (size_t)u * (size_t)p->width + (size_t)v : (size_t)v * (size_t)p->width + (size_t)u;
            memcpy(to + 3 * ((size_t)y * (size_t)width + (size_t)x), p->pixels + 3 * from, 3);
        }
    }
    free(p->pixels);
    *p = (struct picture){to, width, height};
    return true;
}

struct failing {
    struct jpeg_error_mgr manager;
    jmp_buf back;
};

static void fail(j_common_ptr jpeg) { longjmp(((struct failing *)jpeg->err)->back, 1); }

/* A warning tells of damage: what follows is grey. */
static void stop_at_warning(j_common_ptr jpeg, int level)
{
    if (level < 0) {
        fail(jpeg);
    }
}

static bool read_jpeg(struct jpeg_decompress_struct *jpeg, struct picture *p, const char **why)
{
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    const uint32_t orientation = find_orientation(jpeg);
    if (jpeg->num_components == 4) {
        *why = NOT_READ("CMYK JPEG");
        return false;
    }
    jpeg->out_color_space = JCS_RGB;
    const unsigned least = jpeg->image_width < jpeg->image_height ? jpeg->image_width : jpeg->image_height;
    while (jpeg->scale_denom < 8 && least / (2 * jpeg->scale_denom) >= ENOUGH) {
        jpeg->scale_num = 1;
        jpeg->scale_denom *= 2; /* large photographs need not be decoded in full */
    }
    jpeg_start_decompress(jpeg);
    if (jpeg->output_components != 3 || !make_room(p, jpeg->output_width, jpeg->output_height, why)) {
        return false;
    }
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = p->pixels + (size_t)jpeg->output_scanline * (size_t)p->width * 3;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return orientation == 1 || turn(p, orientation);
}

static bool decode_jpeg(const struct file *file, struct picture *p, const char **why)
{
    struct jpeg_decompress_struct jpeg;
    struct failing failing;
    jpeg.err = jpeg_std_error(&failing.manager);
    failing.manager.error_exit = fail;
    failing.manager.emit_message = stop_at_warning;
    if (setjmp(failing.back) != 0) {
        *why = "is a damaged JPEG file";
        jpeg_destroy_decompress(&jpeg);
        return false;
    }
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, file->data, file->size);
    const bool ok = read_jpeg(&jpeg, p, why);
    jpeg_destroy_decompress(&jpeg);
    return ok;
}
#else
static bool decode_jpeg(const struct file *file, struct picture *p, const char **why)
{
    (void)file;
    (void)p;
    *why = "is a JPEG file, and this program was built without libjpeg-dev";
    return false;
}
#endif

static uint32_t le32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Uncompressed, of 8 bits with a palette, 24 or 32. */
static bool decode_bmp(const struct file *file, struct picture *p, const char **why)
{
    *why = "is a damaged BMP file";
    if (file->size < 54 || le32(file->data + 14) < 40) {
        return false;
    }
    const uint32_t start = le32(file->data + 10), head = le32(file->data + 14),
                   bits = file->data[28] | file->data[29] << 8;
    const int64_t width = (int32_t)le32(file->data + 18), lines = (int32_t)le32(file->data + 22);
    const int64_t height = lines < 0 ? -lines : lines;
    const uint32_t packed = le32(file->data + 30);
    if (packed != 0 && !(packed == 3 && bits == 32)) {
        *why = NOT_READ("compressed BMP");
        return false;
    }
    if (bits != 8 && bits != 24 && bits != 32) {
        *why = "BMP pictures are read of 8, 24 or 32 bits a pixel only; convert to PNG or JPEG";
        return false;
    }
    if (width < 1 || width > MOST_PIXELS || height < 1 || height > MOST_PIXELS) {
        return false;
    }
    const uint64_t stride = ((uint64_t)width * bits / 8 + 3) / 4 * 4;
    const uint64_t palette = 14 + (uint64_t)head;
    if (start > file->size || stride * (uint64_t)height > file->size - start ||
        (bits == 8 && (palette > start || palette + 1024 > file->size)) ||
        !make_room(p, (uint32_t)width, (uint32_t)height, why)) {
        return false;
    }
    for (int64_t y = 0; y < height; y++) {
        const uint8_t *row = file->data + start + stride * (uint64_t)(lines < 0 ? y : height - 1 - y);
        for (int64_t x = 0; x < width; x++) {
            const uint8_t *from = bits == 8 ? file->data + palette + 4 * (size_t)row[x] : row + (uint64_t)x * bits / 8;
            uint8_t *to = p->pixels + 3 * (y * width + x);
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
        }
    }
    return true;
}

/* What is wrong with a file that is of none of the formats above. */
static const char *name_format(const struct file *file)
{
    static const struct {
        size_t at;
        char mark[5];
        const char *why;
    } formats[] = {
        {0, "GIF8", NOT_READ("GIF")},       {0, "II*", NOT_READ("TIFF")},  {0, "MM\0*", NOT_READ("TIFF")},
        {8, "WEBP", NOT_READ("WebP")},      {8, "heic", NOT_READ("HEIC")}, {8, "heix", NOT_READ("HEIC")},
        {8, "mif1", NOT_READ("HEIC")},      {8, "avif", NOT_READ("AVIF")}, {4, "jP  ", NOT_READ("JPEG 2000")},
        {0, "8BPS", NOT_READ("Photoshop")},
    };
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (file->size >= formats[i].at + 4 && memcmp(file->data + formats[i].at, formats[i].mark, 4) == 0) {
            return formats[i].why;
        }
    }
    return "is no PNG, JPEG or BMP file";
}

bool data_decode(const struct file *file, struct picture *p, const char **why)
{
    const uint8_t *d = file->data;
    *p = (struct picture){0};
    *why = name_format(file);
    bool ok = false;
    if (file->size > 8 && memcmp(d, "\x89PNG", 4) == 0) {
        ok = decode_png(file, p, why);
    } else if (file->size > 8 && d[0] == 0xff && d[1] == 0xd8) {
        ok = decode_jpeg(file, p, why);
    } else if (file->size > 8 && d[0] == 'B' && d[1] == 'M') {
        ok = decode_bmp(file, p, why);
    }
    if (!ok) {
        free(p->pixels);
        p->pixels = NULL;
    }
    return ok;
}

const char *data_missing(enum data_kind kind)
{
    (void)kind;
#ifndef HAVE_AUDIO
    if (kind == DATA_AUDIO) {
        return "libsndfile1-dev and libsamplerate0-dev";
    }
#endif
    return NULL;
}
