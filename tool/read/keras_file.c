/* SPDX-License-Identifier: MIT
 *
 * The two files of Keras. A .h5 file holds the config as an attribute, and a group for each layer, whose attribute
 * weight_names says in which order the weights are. A .keras file is a zip of config.json and of a HDF5 file with
 * weights by place: layers/dense/vars/0.
 */
#include "keras.h"

#ifdef HAVE_KERAS

#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum { MOST_TEXT = 64 << 20, MOST_NAMES = 1 << 16, NAME_SIZE = 512 };

static uint64_t little(const uint8_t *from, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--) {
        value = value << 8 | from[i];
    }
    return value;
}

/* Whether a heap of strings, "GCOL" and version 1, has an object that takes no bytes, which libhdf5 would read for ever,
 * or more than the heap has, which it would copy. */
static bool has_broken_heap(const uint8_t *bytes, size_t size)
{
    enum { HEAD = 16 };
    const uint8_t *end = bytes + size, *at = bytes;
    while ((at = memmem(at, (size_t)(end - at), "GCOL", 4)) != NULL && end - at >= HEAD) {
        const uint64_t most = (uint64_t)(end - at), heap = little(at + 8, 8), limit = heap < most ? heap : most;
        for (uint64_t i = HEAD; at[4] == 1 && i <= limit && limit - i >= HEAD;) {
            const uint64_t object = little(at + i + 8, 8);
            const uint64_t step = little(at + i, 2) == 0 ? object : HEAD + ((object + 7) & ~(uint64_t)7);
            if (step == 0 || step > limit - i) {
                return true;
            }
            i += step;
        }
        at++;
    }
    return false;
}

static bool open_hdf(struct keras_file *file, const void *bytes, size_t size, struct diag *diag)
{
    if (has_broken_heap(bytes, size)) {
        return diag_fail(diag, "damaged file: a heap of its HDF5 part does not hold together");
    }
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* The library copies the image. */
    const bool ok = access >= 0 && H5Pset_fapl_core(access, 1 << 16, false) >= 0 &&
                    H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) >= 0;
    file->hdf = ok ? H5Fopen("model.h5", H5F_ACC_RDONLY, access) : -1;
    H5Pclose(access);
    return file->hdf >= 0 || diag_fail(diag, "damaged file: its HDF5 part cannot be opened");
}

/*** .keras ***/

/* A file of the archive, with a closing 0. */
static char *read_entry(zip_t *zip, const char *name, struct arena *arena, size_t *size)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat(zip, name, 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0 || stat.size > FILE_SIZE_MAX) {
        return NULL;
    }
    char *text = arena_array(arena, (size_t)stat.size + 1, 1);
    zip_file_t *entry = zip_fopen(zip, name, 0);
    const zip_int64_t got = entry != NULL ? zip_fread(entry, text, stat.size) : -1;
    if (entry != NULL) {
        zip_fclose(entry);
    }
    *size = (size_t)stat.size;
    return got == (zip_int64_t)stat.size ? text : NULL;
}

/* "3.4.1" to 3 */
static int32_t major_version(const char *text, int32_t absent)
{
    return text != NULL && *text >= '1' && *text <= '9' ? *text - '0' : absent;
}

static bool read_zip(struct keras_file *file, zip_t *zip, struct arena *arena, struct diag *diag)
{
    size_t text_size = 0, size = 0;
    const char *text = read_entry(zip, "config.json", arena, &text_size);
    if (text == NULL) {
        return diag_fail(diag, "is a zip file without a readable config.json, so no Keras model");
    }
    file->config = cJSON_ParseWithLength(text, text_size);
    if (file->config == NULL) {
        return diag_fail(diag, "damaged file: config.json is no JSON");
    }
    const char *weights = read_entry(zip, "model.weights.h5", arena, &size);
    if (weights == NULL) {
        return diag_fail(diag, "has no readable model.weights.h5");
    }
    const char *about = read_entry(zip, "metadata.json", arena, &text_size);
    cJSON *metadata = about != NULL ? cJSON_ParseWithLength(about, text_size) : NULL;
    file->version = major_version(keras_get_text(metadata, "keras_version"), 3);
    cJSON_Delete(metadata);
    file->is_v3 = true;
    return open_hdf(file, weights, size, diag);
}

static bool open_zip(struct keras_file *file, const struct file *bytes, struct arena *arena, struct diag *diag)
{
    zip_source_t *source = zip_source_buffer_create(bytes->data, bytes->size, 0, NULL);
    zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
    if (zip == NULL) {
        zip_source_free(source);
        return diag_fail(diag, "damaged file: it is no zip archive that can be opened");
    }
    /* What does not fit into the arena must not leave the archive open. */
    jmp_buf here, *outer = arena->on_exhaustion;
    arena->on_exhaustion = &here;
    bool ok = false;
    if (setjmp(here) == 0) {
        ok = read_zip(file, zip, arena, diag);
    } else {
        diag_fail(diag, "its parts need more than %zu MiB of memory", arena->limit >> 20);
    }
    arena->on_exhaustion = outer;
    zip_discard(zip);
    return ok;
}

/*** Attributes ***/

/* An attribute of strings as one block, NAME_SIZE bytes each or `width` if that is not 0; NULL: there is none. */
static char *read_strings(hid_t object, const char *name, struct arena *arena, size_t *count, size_t *width)
{
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) {
        return NULL;
    }
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const hssize_t elements = H5Sget_simple_extent_npoints(space);
    const bool is_variable = H5Tis_variable_str(type) > 0;
    const size_t size = H5Tget_size(type);
    char *text = NULL;
    if (H5Tget_class(type) == H5T_STRING && elements > 0 && elements <= MOST_NAMES && size > 0) {
        *count = (size_t)elements;
        if (is_variable) {
            char **list = ARENA_ARRAY(arena, elements, char *);
            if (H5Aread(attribute, type, list) >= 0) {
                *width = 1;
                for (hssize_t i = 0; i < elements; i++) {
                    const size_t length = list[i] != NULL ? strlen(list[i]) + 1 : 1;
                    *width = length > *width ? length : *width;
                }
                text = *width <= MOST_TEXT ? arena_array(arena, *count, *width) : NULL;
                for (hssize_t i = 0; i < elements && text != NULL; i++) {
                    strcpy(text + (size_t)i * *width, list[i] != NULL ? list[i] : "");
                }
                H5Dvlen_reclaim(type, space, H5P_DEFAULT, list);
            }
        } else if (size <= MOST_TEXT) {
            *width = size + 1;
            char *packed = arena_array(arena, *count, size);
            text = arena_array(arena, *count, *width);
            if (H5Aread(attribute, type, packed) < 0) {
                text = NULL;
            }
            for (size_t i = 0; i < *count && text != NULL; i++) {
                memcpy(text + i * *width, packed + i * size, size);
            }
        }
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}

static bool open_h5(struct keras_file *file, const struct file *bytes, struct arena *arena, struct diag *diag)
{
    if (!open_hdf(file, bytes->data, bytes->size, diag)) {
        return false;
    }
    size_t count, width;
    const char *text = read_strings(file->hdf, "model_config", arena, &count, &width);
    if (text == NULL) {
        return diag_fail(diag,
                         "is a HDF5 file without a model_config; save the whole Keras model, not its weights alone");
    }
    file->config = cJSON_ParseWithLength(text, strlen(text));
    file->version = major_version(read_strings(file->hdf, "keras_version", arena, &count, &width), 2);
    return file->config != NULL || diag_fail(diag, "damaged file: its model_config is no JSON");
}

bool keras_open(struct keras_file *file, const struct file *bytes, struct arena *arena, struct diag *diag)
{
    *file = (struct keras_file){.hdf = -1};
    return memcmp(bytes->data, "PK", 2) == 0 ? open_zip(file, bytes, arena, diag) : open_h5(file, bytes, arena, diag);
}

void keras_close(struct keras_file *file)
{
    if (file->hdf >= 0) {
        H5Fclose(file->hdf);
    }
    cJSON_Delete(file->config);
}

/*** Weights ***/

/* Whether a weight "conv/kernel:0", "model/lstm/lstm_cell/kernel:0" is one of that layer. */
static bool is_inside(const char *name, const char *layer)
{
    const size_t length = strlen(layer);
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, layer, length) == 0 && part[length] == '/') {
            return true;
        }
    }
    return false;
}

/* The name of weight `index` in a list of names; false: it has fewer. *index counts down over lists. */
static bool find_name(struct keras_layer *l, hid_t group, const char *attribute, int32_t *index, char path[])
{
    size_t count, width;
    const char *names = read_strings(group, attribute, l->k->arena, &count, &width);
    for (size_t i = 0; i < count && names != NULL; i++) {
        const char *name = names + i * width;
        if ((l->inside == NULL || is_inside(name, l->inside)) && (*index)-- == 0) {
            snprintf(path, NAME_SIZE, "%.255s/%.255s", l->group, name);
            return true;
        }
    }
    return false;
}

/* Keras 2.12 and 2.13 said so for "layers". */
static void rename_layers(hid_t file, char path[])
{
    static const char old[] = "_layer_checkpoint_dependencies", word[] = "layers/";
    char renamed[2 * NAME_SIZE] = "";
    if (H5Lexists(file, old, H5P_DEFAULT) <= 0) {
        return;
    }
    const char *from = path;
    for (const char *at; (at = strstr(from, word)) != NULL; from = at + strlen(word)) {
        const size_t used = strlen(renamed);
        snprintf(renamed + used, sizeof renamed - used, "%.*s%s/", (int)(at - from), from, old);
    }
    strncat(renamed, from, sizeof renamed - strlen(renamed) - 1);
    snprintf(path, NAME_SIZE, "%.*s", NAME_SIZE - 1, renamed);
}

static bool find_weight(struct keras_layer *l, int32_t index, char path[])
{
    if (l->k->file->is_v3) {
        snprintf(path, NAME_SIZE, "%.250s/%.150svars/%d", l->group, l->part, index);
        rename_layers(l->k->file->hdf, path);
        return true;
    }
    const struct arena_mark mark = arena_mark(l->k->arena);
    const hid_t group = H5Gopen2(l->k->file->hdf, l->group, H5P_DEFAULT);
    bool found = false;
    if (group >= 0) {
        int32_t left = index + l->first;
        found = find_name(l, group, "weight_names", &left, path);
        for (int part = 0; part < MOST_NAMES && !found; part++) { /* long lists are cut into pieces */
            char attribute[32];
            snprintf(attribute, sizeof attribute, "weight_names%d", part);
            if (H5Aexists(group, attribute) <= 0) {
                break;
            }
            found = find_name(l, group, attribute, &left, path);
        }
        H5Gclose(group);
    }
    arena_release(l->k->arena, mark); /* the names */
    return found;
}

/* Whether the dataset has this shape, axes of 1 aside. */
static bool has_shape(hid_t space, int32_t rank, const int32_t dim[])
{
    hsize_t is[H5S_MAX_RANK];
    const int is_rank = H5Sget_simple_extent_ndims(space);
    if (is_rank < 0 || is_rank > H5S_MAX_RANK || H5Sget_simple_extent_dims(space, is, NULL) < 0) {
        return false;
    }
    int i = 0;
    for (int32_t d = 0; d < rank; d++) {
        if (dim[d] != 1) {
            while (i < is_rank && is[i] == 1) {
                i++;
            }
            if (i == is_rank || is[i] != (hsize_t)dim[d]) {
                return false;
            }
            i++;
        }
    }
    while (i < is_rank && is[i] == 1) {
        i++;
    }
    return i == is_rank;
}

const float *keras_weight(struct keras_layer *l, int32_t index, int32_t rank, const int32_t dim[])
{
    char path[NAME_SIZE] = "", want[IR_SHAPE_TEXT];
    struct tensor shape = {.rank = rank};
    int64_t count = 1;
    for (int32_t d = 0; d < rank; d++) {
        shape.dim[d] = dim[d];
        count = dim[d] > 0 && count <= INT32_MAX / dim[d] ? count * dim[d] : -1;
        if (count < 0) {
            break;
        }
    }
    const bool is_there = count > 0 && find_weight(l, index, path);
    const hid_t set = is_there ? H5Dopen2(l->k->file->hdf, path, H5P_DEFAULT) : -1;
    const hid_t space = set >= 0 ? H5Dget_space(set) : -1;
    const bool fits = space >= 0 && has_shape(space, rank, dim);
    if (space >= 0) {
        H5Sclose(space);
    }
    /* The dataset stays open only where nothing jumps. */
    if (set >= 0) {
        H5Dclose(set);
    }
    if (!fits) {
        keras_fail(l, "weight %d \"%.120s\" is missing or not of shape %s", index, path, ir_shape_text(&shape, want));
        return NULL;
    }
    float *data = ARENA_ARRAY(l->k->arena, count, float);
    const hid_t again = H5Dopen2(l->k->file->hdf, path, H5P_DEFAULT);
    const bool ok = H5Dread(again, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
    H5Dclose(again);
    if (!ok) {
        keras_fail(l, "weight %d \"%.120s\" cannot be read", index, path);
    }
    return ok ? data : NULL;
}

#endif
