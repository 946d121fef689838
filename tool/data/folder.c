/* SPDX-License-Identifier: MIT
 *
 * Lists a folder and its folders, sorted by name. Folders and files called train, val and test make the split.
 */
#include "folder.h"

#include <dirent.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FILES = 1 << 20 };

/* Speech Commands: names of files, one in each line. */
#define TEST_LIST "testing_list.txt"
#define VALIDATION_LIST "validation_list.txt"

bool data_has_suffix(const char *name, const char *const suffixes[])
{
    const size_t length = strlen(name);
    for (; *suffixes != NULL; suffixes++) {
        const size_t n = strlen(*suffixes);
        if (length > n && strcasecmp(name + length - n, *suffixes) == 0) {
            return true;
        }
    }
    return false;
}

static const char *const *suffixes_of(enum data_kind kind)
{
    static const char *const audio[] = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".au", ".mp3", ".opus", ".caf", NULL};
    static const char *const sensor[] = {".csv", ".tsv", ".txt", ".npy", ".csv.gz", NULL};
    static const char *const image[] = {".png", ".jpg", ".jpeg", ".bmp",  "-ubyte", "-ubyte.gz", ".idx",  ".idx.gz",
                                        ".gif", ".tif", ".tiff", ".webp", ".heic",  ".avif",     ".jfif", NULL};
    static const char *const text[] = {".txt", ".tsv", ".csv", ".label", ".txt.gz", ".tsv.gz", ".csv.gz", NULL};
    static const char *const table[] = {".csv", ".tsv", ".data", ".csv.gz", ".tsv.gz", ".txt", NULL};
    static const char *const *const all[] = {
        [DATA_AUDIO] = audio, [DATA_SENSOR] = sensor, [DATA_IMAGE] = image,
        [DATA_BOXES] = image, [DATA_TEXT] = text,     [DATA_TABLE] = table,
    };
    return all[kind];
}

/* What lies beside data, but is none. */
static bool is_papers(const char *name)
{
    static const char *const papers[] = {"readme",       "license",   "licence", "source.txt",
                                         "requirements", "changelog", TEST_LIST, VALIDATION_LIST};
    for (size_t i = 0; i < COUNT_OF(papers); i++) {
        if (strncasecmp(name, papers[i], strlen(papers[i])) == 0) {
            return true;
        }
    }
    return name[0] == '.' || strcmp(name, "_background_noise_") == 0;
}

/*** The list ***/

static bool is_one_of(const char *word, const char *const words[])
{
    for (; *words != NULL; words++) {
        if (strcasecmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* Folders that hold what somebody wrote about recordings; and those whose name tells nothing of what is in them. */
static const char *const label_folders[] = {"labels", "annotations", "metadata", NULL};
static const char *const plain_folders[] = {"data", "recordings", "samples", NULL};

struct list {
    struct reader *r;
    const char *const *suffixes;
    int32_t capacity;
};

static bool add_file(struct list *l, const char *path, const char *name)
{
    struct reader *r = l->r;
    if (r->file_count == MOST_FILES) {
        return diag_fail(r->diag, "more than %d files", MOST_FILES);
    }
    ARENA_GROW(r->arena, r->files, r->file_count, l->capacity);
    r->files[r->file_count++] = (struct data_file){path, name, NULL, -1};
    return true;
}

/* Text may have no suffix at all. */
static bool may_be_data(const struct list *l, const char *name)
{
    return data_has_suffix(name, l->suffixes) || (l->r->options->kind == DATA_TEXT && strchr(name, '.') == NULL);
}

static bool add_folder(struct list *l, const char *path, const char *name, int depth)
{
    struct reader *r = l->r;
    DIR *dir = depth < FOLDER_MOST_DEPTH ? opendir(path) : NULL;
    if (dir == NULL) {
        data_skip(r, *name != '\0' ? name : path,
                  depth < FOLDER_MOST_DEPTH ? "cannot be opened" : "folders nest too deeply");
        return true;
    }
    bool ok = true;
    for (const struct dirent *entry; ok && (entry = readdir(dir)) != NULL;) {
        if (is_papers(entry->d_name)) {
            continue;
        }
        char *below = arena_printf(r->arena, "%s/%s", path, entry->d_name);
        char *short_name = arena_printf(r->arena, "%s%s%s", name, *name != '\0' ? "/" : "", entry->d_name);
        struct stat status;
        if (stat(below, &status) != 0) {
            data_skip(r, short_name, "cannot be opened");
        } else if (S_ISDIR(status.st_mode) && r->options->kind == DATA_SENSOR &&
                   is_one_of(entry->d_name, label_folders)) {
            data_skip(r, short_name, "a folder of labels, not of recordings; see data.label_file");
        } else if (S_ISDIR(status.st_mode)) {
            ok = add_folder(l, below, short_name, depth + 1);
        } else if (S_ISREG(status.st_mode) && may_be_data(l, entry->d_name)) {
            ok = add_file(l, below, short_name);
        }
    }
    closedir(dir);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct data_file *)a)->name, ((const struct data_file *)b)->name);
}

/*** Parts of names ***/

static void split_text(struct folder_parts *parts, const char *text, const char *marks)
{
    parts->count = 0;
    while (*text != '\0' && parts->count < FOLDER_MOST_PARTS) {
        const size_t length = strcspn(text, marks);
        if (length > 0) {
            snprintf(parts->text[parts->count++], FOLDER_PART, "%.*s", (int)length, text);
        }
        text += length + (text[length] != '\0');
    }
}

static const char *const train_words[] = {"train", "training", NULL};
static const char *const test_words[] = {"test", "testing", "t10k", NULL};
static const char *const valid_words[] = {"val", "valid", "validation", "dev", NULL};

/* What a folder or a part of a file's name says: a split, or -1. */
static int word_split(const char *word)
{
    return is_one_of(word, train_words)   ? SPLIT_TRAIN
           : is_one_of(word, valid_words) ? SPLIT_VALIDATION
           : is_one_of(word, test_words)  ? SPLIT_TEST
                                          : -1;
}

void folder_names(struct folder_parts *parts, const char *name)
{
    const char *end = strrchr(name, '/');
    char folder[1024];
    snprintf(folder, sizeof folder, "%.*s", end != NULL ? (int)(end - name) : 0, name);
    split_text(parts, folder, "/");
    int kept = 0;
    for (int i = 0; i < parts->count; i++) {
        if (word_split(parts->text[i]) < 0 && !is_one_of(parts->text[i], plain_folders)) {
            memmove(parts->text[kept++], parts->text[i], FOLDER_PART);
        }
    }
    parts->count = kept;
}

void folder_name_parts(struct folder_parts *parts, const char *name, const char *marks)
{
    const char *slash = strrchr(name, '/');
    char stem[256];
    snprintf(stem, sizeof stem, "%s", slash != NULL ? slash + 1 : name);
    char *dot = strrchr(stem, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    split_text(parts, stem, marks);
}

/*** Splits ***/

static void find_split(struct data_file *f)
{
    struct folder_parts parts;
    split_text(&parts, f->name, "/");
    for (int k = 0; k + 1 < parts.count && f->split < 0; k++) {
        f->split = word_split(parts.text[k]);
    }
    folder_name_parts(&parts, f->name, "-_. 0123456789");
    for (int k = 0; k < parts.count && f->split < 0; k++) {
        f->split = word_split(parts.text[k]);
    }
    folder_name_parts(&parts, f->name, "-_. ");
    f->split = f->split < 0 && parts.count > 0 ? word_split(parts.text[0]) : f->split;
}

static void read_list(struct reader *r, const char *list, int split)
{
    const char *path = arena_printf(r->arena, "%s/%s", r->options->path, list);
    const struct data_file file = {.path = path, .name = list, .split = -1};
    struct file content;
    if (access(path, R_OK) != 0 || !data_load(r, &file, &content)) {
        return;
    }
    char *text = (char *)(uintptr_t)content.data;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        line[strcspn(line, "\r")] = '\0';
        const struct data_file key = {.name = line};
        struct data_file *f = bsearch(&key, r->files, (size_t)r->file_count, sizeof *r->files, by_name);
        if (f != NULL) {
            f->split = split;
        }
    }
    data_unload(&content);
}

/* Bytes of the folder's name. */
static size_t folder_length(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? (size_t)(slash - name) : 0;
}

static bool is_same_folder(const char *a, const char *b)
{
    const size_t length = folder_length(a);
    return length == folder_length(b) && strncmp(a, b, length) == 0;
}

/* What lists name is for test and validation; what else lies in a folder with such files is to train on. */
static void read_lists(struct reader *r)
{
    read_list(r, TEST_LIST, SPLIT_TEST);
    read_list(r, VALIDATION_LIST, SPLIT_VALIDATION);
    for (int32_t from = 0, to; from < r->file_count; from = to) {
        bool is_listed = false;
        for (to = from; to < r->file_count && is_same_folder(r->files[from].name, r->files[to].name); to++) {
            is_listed |= r->files[to].split >= 0;
        }
        for (int32_t i = from; i < to && is_listed; i++) {
            r->files[i].split = r->files[i].split < 0 ? SPLIT_TRAIN : r->files[i].split;
        }
    }
}

/* Splits by lists, folders and names. TREC's questions are train_5500.label and TREC_10.label. */
static void find_splits(struct reader *r)
{
    static const char *const questions[] = {".label", NULL};
    bool is_train = false, is_other = false;
    read_lists(r);
    for (int32_t i = 0; i < r->file_count; i++) {
        find_split(&r->files[i]);
        is_train |= r->files[i].split == SPLIT_TRAIN;
        is_other |= r->files[i].split > SPLIT_TRAIN;
    }
    for (int32_t i = 0; i < r->file_count && is_train && !is_other; i++) {
        struct data_file *f = &r->files[i];
        f->split = f->split < 0 && data_has_suffix(f->name, questions) ? SPLIT_TEST : f->split;
    }
}

static bool is_labelled(const struct data_file *f) { return f->label != NULL || f->is_spanned; }

/* Splits are believed where there is something to train on and a test, with labels if any file has one. Without a test the
 * validation is it; a validation that is much less than asked for is trained on. */
static void settle_splits(struct reader *r)
{
    int to[SPLIT_COUNT] = {SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST};
    int32_t found[SPLIT_COUNT] = {0};
    bool is_any = false;
    for (int32_t i = 0; i < r->file_count; i++) {
        is_any |= is_labelled(&r->files[i]);
    }
    for (int32_t i = 0; i < r->file_count; i++) {
        const struct data_file *f = &r->files[i];
        if (f->split >= 0) {
            found[f->split] += !is_any || is_labelled(f);
        }
    }
    const int32_t train = found[SPLIT_TRAIN], validation = found[SPLIT_VALIDATION], test = found[SPLIT_TEST];
    if (test == 0) {
        to[SPLIT_VALIDATION] = SPLIT_TEST;
    } else if (train == 0 || 2 * validation < r->options->validation * (train + validation)) {
        to[SPLIT_VALIDATION] = SPLIT_TRAIN;
    }
    const bool is_split = test == 0 ? train > 0 && validation > 0 : train + validation > 0;
    for (int32_t i = 0; i < r->file_count; i++) {
        struct data_file *f = &r->files[i];
        f->split = is_split && f->split >= 0 ? to[f->split] : -1;
    }
    r->has_validation = is_split && validation > 0 && to[SPLIT_VALIDATION] == SPLIT_VALIDATION;
}

bool folder_list(struct reader *r)
{
    struct stat status;
    const char *path = r->options->path;
    if (path == NULL || *path == '\0' || stat(path, &status) != 0) {
        return diag_fail(r->diag, "no such file or folder; give --data or data.path");
    }
    struct list list = {r, suffixes_of(r->options->kind), 0};
    if (S_ISDIR(status.st_mode)) {
        if (!add_folder(&list, path, "", 0)) {
            return false;
        }
    } else {
        const char *slash = strrchr(path, '/');
        add_file(&list, path, slash != NULL ? slash + 1 : path);
    }
    if (r->file_count > 0) {
        qsort(r->files, (size_t)r->file_count, sizeof *r->files, by_name);
    }
    find_splits(r);
    const bool ok = label_files(r);
    settle_splits(r);
    return ok;
}

/*** Groups ***/

bool folder_match(const regex_t *regex, const char *name, char *found)
{
    regmatch_t at[8];
    if (regexec(regex, name, COUNT_OF(at), at, 0) != 0) {
        return false;
    }
    size_t i = 1;
    while (i + 1 < COUNT_OF(at) && i < regex->re_nsub && at[i].rm_so < 0) { /* the alternative that matched */
        i++;
    }
    if (at[i].rm_so < 0) {
        return false;
    }
    snprintf(found, FOLDER_PART, "%.*s", (int)(at[i].rm_eo - at[i].rm_so), name + at[i].rm_so);
    return true;
}
static uint64_t hash_text(const char *text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++) {
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    }
    h ^= h >> 31; /* FNV mixes its upper bits poorly for short texts */
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

uint64_t folder_group(const char *pattern, const char *name, const char *key)
{
    char found[FOLDER_PART];
    regex_t regex;
    bool is_found = false;
    if (pattern != NULL && *pattern != '\0' && regcomp(&regex, pattern, REG_EXTENDED) == 0) {
        const char *slash = strrchr(name, '/');
        is_found = folder_match(&regex, slash != NULL ? slash + 1 : name, found) || folder_match(&regex, name, found);
        regfree(&regex);
    }
    return hash_text(is_found ? found : key != NULL ? key : name);
}

enum data_split folder_split(uint64_t group, const struct data_options *o)
{
    const double share = (double)(group >> 11) / (double)(UINT64_C(1) << 53);
    return share < o->test ? SPLIT_TEST : share < o->test + o->validation ? SPLIT_VALIDATION : SPLIT_TRAIN;
}
