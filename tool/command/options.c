/* SPDX-License-Identifier: MIT
 *
 * Arguments: one table per verb gives the parser, the help and the messages.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"

enum { MAX_WORD = 32 };

/* A name of one letter has one dash. */
static const char *dashes(const struct option *o) { return o->name == NULL ? "" : o->name[1] == '\0' ? "-" : "--"; }

static void print_help(const struct usage *usage, const struct option options[], size_t count)
{
    printf("usage: mote %s", usage->verb);
    for (size_t i = 0; i < count; i++) {
        const struct option *o = &options[i];
        printf(o->required ? " %s%s%s%s" : " [%s%s%s%s]", dashes(o), o->name != NULL ? o->name : "",
               o->name != NULL && o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
    }
    printf("\n\n%s\n\n", usage->about);
    for (size_t i = 0; i < count; i++) {
        const struct option *o = &options[i];
        char left[MAX_WORD];
        snprintf(left, sizeof left, "%s%s%s%s", dashes(o), o->name != NULL ? o->name : "",
                 o->name != NULL && o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
        printf("  %-16s %s\n", left, o->help);
    }
    printf("\nexample:\n  %s\n", usage->example);
}

static bool wrong(const struct usage *usage, const char *what, const char *word, const char *meant)
{
    fprintf(stderr, "mote %s: %s \"%s\"", usage->verb, what, word);
    if (meant != NULL) {
        fprintf(stderr, "; did you mean \"--%s\"?", meant);
    }
    fprintf(stderr, "; see `mote %s --help`\n", usage->verb);
    return false;
}

static bool unknown_option(const struct usage *usage, const char *word, const struct option options[], size_t count)
{
    const char *names[MAX_WORD] = {"help"};
    size_t n = 1;
    for (size_t i = 0; i < count; i++) {
        if (options[i].name != NULL) {
            names[n++] = options[i].name;
        }
    }
    return wrong(usage, "there is no option", word, word_nearest(word + strspn(word, "-"), names));
}

/* "--name", "--name=value" or "-n". */
static struct option *find_option(const char *word, struct option options[], size_t count, const char **value)
{
    for (size_t i = 0; i < count; i++) {
        const size_t start = strlen(dashes(&options[i])),
                     length = options[i].name != NULL ? strlen(options[i].name) : 0;
        if (length > 0 && strncmp(word, dashes(&options[i]), start) == 0 &&
            strncmp(word + start, options[i].name, length) == 0 && strchr("=", word[start + length]) != NULL) {
            *value = word[start + length] == '=' ? word + start + length + 1 : NULL;
            return &options[i];
        }
    }
    return NULL;
}

static bool add_to_list(struct option *o)
{
    int count = 0;
    while (o->list[count] != NULL) {
        count++;
    }
    o->list[count] = count < OPTION_MOST ? o->text : NULL;
    return count < OPTION_MOST;
}

static bool parse_option(int argc, char **argv, int *i, const struct usage *usage, struct option options[],
                         size_t count)
{
    const char *word = argv[*i], *value = NULL;
    struct option *o = find_option(word, options, count, &value);
    if (o == NULL) {
        return unknown_option(usage, word, options, count);
    }
    if (o->text != NULL && o->list == NULL) {
        return wrong(usage, "is given twice:", word, NULL);
    }
    if (o->value == NULL) {
        o->text = o->name;
        return value == NULL || wrong(usage, "takes no value:", word, NULL);
    }
    if (value == NULL && *i + 1 < argc) {
        value = argv[++*i];
    }
    o->text = value;
    if (o->list != NULL && !add_to_list(o)) {
        return wrong(usage, "is given too often:", word, NULL);
    }
    return value != NULL && *value != '\0' ? true : wrong(usage, "needs a value:", word, NULL);
}

static bool parse_place(const char *word, const struct usage *usage, struct option options[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (options[i].name == NULL && options[i].text == NULL) {
            options[i].text = word;
            return true;
        }
    }
    return wrong(usage, "there is one argument too many:", word, NULL);
}

static bool parse(int argc, char **argv, const struct usage *usage, struct option options[], size_t count)
{
    bool only_places = false;
    for (int i = 1; i < argc; i++) {
        const bool is_option = !only_places && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_places = true;
        } else if (is_option ? !parse_option(argc, argv, &i, usage, options, count)
                             : !parse_place(argv[i], usage, options, count)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct option *o = &options[i];
        if (o->required && o->text == NULL) {
            fprintf(stderr, "mote %s: %s%s is missing: %s; see `mote %s --help`\n", usage->verb, dashes(o),
                    o->name != NULL ? o->name : o->value, o->help, usage->verb);
            return false;
        }
    }
    return true;
}

bool options_parse(int argc, char **argv, const struct usage *usage, struct option options[], size_t count, int *status)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(usage, options, count);
            *status = EXIT_OK;
            return false;
        }
    }
    *status = EXIT_USAGE;
    return parse(argc, argv, usage, options, count);
}
