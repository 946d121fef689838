/* SPDX-License-Identifier: MIT
 *
 * What a quantisation cost, layer by layer.
 */
#include "../quant/quant.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

enum { WORST = 5, NAME = 24 };

static const char *decibels(double value, char text[16])
{
    snprintf(text, 16, isfinite(value) ? "%.1f dB" : "exact", value);
    return text;
}

/* The end of a name, where names differ. */
static const char *name_end(const char *name, char text[256])
{
    report_name(name, text, 256);
    const size_t length = strlen(text);
    return text + (length > NAME ? length - NAME : 0);
}

/* The steps of a recurrent layer that was unrolled have one name, or none and one place in the file. */
static bool is_step_of(const struct quant_layer *a, const struct quant_layer *b)
{
    return a->op == b->op && strcmp(a->name, b->name) == 0 && (a->name[0] != '\0' || a->index == b->index);
}

/* Whether it is the worst of its steps, for which it stands; the first of equals. */
static bool is_shown(const struct quant_report *r, const struct quant_layer *l,
                     double (*better)(const struct quant_layer *))
{
    for (int32_t i = 0; i < r->layer_count; i++) {
        const struct quant_layer *other = &r->layers[i];
        if (is_step_of(other, l) && (better(other) < better(l) || (better(other) == better(l) && other < l))) {
            return false;
        }
    }
    return true;
}

static double by_sqnr(const struct quant_layer *l) { return l->sqnr; }
static double by_loss(const struct quant_layer *l) { return -l->loss; }

static int32_t count_steps(const struct quant_report *r, const struct quant_layer *l)
{
    int32_t steps = 0;
    for (int32_t i = 0; i < r->layer_count; i++) {
        steps += &r->layers[i] == l || is_step_of(&r->layers[i], l);
    }
    return steps;
}

/* The layer that loses most among those that lose less than `last`. */
static const struct quant_layer *next_worst(const struct quant_report *r, const struct quant_layer *last)
{
    const struct quant_layer *worst = NULL;
    for (int32_t i = 0; i < r->layer_count; i++) {
        const struct quant_layer *l = &r->layers[i];
        if (!is_shown(r, l, by_loss)) {
            continue;
        }
        const bool is_next = last == NULL || l->loss < last->loss || (l->loss == last->loss && l > last);
        if (is_next && isfinite(l->loss) && l->loss > 0 && (worst == NULL || l->loss > worst->loss)) {
            worst = l;
        }
    }
    return worst;
}

static void print_worst(const struct quant_report *r, FILE *to)
{
    const struct quant_layer *l = next_worst(r, NULL);
    char text[16], name[256];
    if (l != NULL) {
        fprintf(to, "\nthe layers that lose most, against their inputs\n");
    }
    for (int i = 0; i < WORST && l != NULL; i++, l = next_worst(r, l)) {
        fprintf(to, "  %3d  %-24.24s %-24s         %8s\n", l->index, ir_op_text(l->op), name_end(l->name, name),
                decibels(l->loss, text));
    }
}

static void print_floats(const struct quant_report *r, FILE *to)
{
    const char *title = "\nstay float\n";
    for (int32_t i = 0; i < r->layer_count; i++) {
        const struct quant_layer *l = &r->layers[i];
        if (l->reason != NULL) {
            fprintf(to, "%s  %3d  %-24.24s %s\n", title, l->index, ir_op_text(l->op), l->reason);
            title = "";
        }
    }
}

void report_quant_text(const struct quant_report *r, int32_t samples, FILE *to)
{
    char text[16], name[256];
    fprintf(to, "layers: signal against quantisation noise at their outputs\n");
    for (int32_t i = 0; i < r->layer_count; i++) {
        const struct quant_layer *l = &r->layers[i];
        if (!is_shown(r, l, by_sqnr)) {
            continue;
        }
        fprintf(to, "  %3d  %-24.24s %-24s %-7s %8s%s", l->index, ir_op_text(l->op), name_end(l->name, name),
                ir_type_text(l->type), decibels(l->sqnr, text), l->weight_bits == 4 ? "  int4" : "");
        const int32_t steps = count_steps(r, l);
        fprintf(to, steps > 1 ? "  the worst of %d\n" : "\n", steps);
    }
    print_worst(r, to);
    print_floats(r, to);
    fprintf(to, "\n%d %s, calibration %s%s\n", samples, samples == 1 ? "sample" : "samples",
            quant_calibration_text(r->calibration), r->is_equalised ? ", channels equalised" : "");
    fprintf(to, "constants: %lld bytes, were %lld\n", (long long)r->bytes, (long long)r->float_bytes);
    fprintf(to, "at the outputs: %s\n", decibels(r->sqnr, text));
}

#ifdef HAVE_CJSON

#include <cJSON.h>

static void add_decibels(cJSON *object, const char *key, double value)
{
    if (isfinite(value)) {
        cJSON_AddNumberToObject(object, key, round(value * 100) / 100);
    } else {
        cJSON_AddNullToObject(object, key); /* no noise at all */
    }
}

static void add_layer(cJSON *list, const struct quant_layer *l)
{
    char name[256];
    cJSON *object = cJSON_CreateObject();
    cJSON_AddItemToArray(list, object);
    cJSON_AddNumberToObject(object, "index", l->index);
    cJSON_AddStringToObject(object, "operator", ir_op_text(l->op));
    cJSON_AddStringToObject(object, "name", report_name(l->name, name, sizeof name));
    cJSON_AddStringToObject(object, "type", ir_type_text(l->type));
    if (l->weight_bits > 0) {
        cJSON_AddNumberToObject(object, "weight_bits", l->weight_bits);
    }
    add_decibels(object, "sqnr_db", l->sqnr);
    add_decibels(object, "loss_db", l->loss);
    if (l->reason != NULL) {
        cJSON_AddStringToObject(object, "float_because", l->reason);
    }
}

char *report_quant_json(const char *path, const struct quant_report *r, int32_t samples)
{
    char name[256];
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "model", report_name(path, name, sizeof name));
    cJSON_AddNumberToObject(root, "samples", samples);
    cJSON_AddStringToObject(root, "calibration", quant_calibration_text(r->calibration));
    cJSON_AddBoolToObject(root, "equalised", r->is_equalised);
    cJSON_AddNumberToObject(root, "float_constant_bytes", (double)r->float_bytes);
    cJSON_AddNumberToObject(root, "constant_bytes", (double)r->bytes);
    add_decibels(root, "sqnr_db", r->sqnr);
    cJSON *layers = cJSON_AddArrayToObject(root, "layers");
    for (int32_t i = 0; i < r->layer_count; i++) {
        add_layer(layers, &r->layers[i]);
    }
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

#else

char *report_quant_json(const char *path, const struct quant_report *r, int32_t samples)
{
    (void)path;
    (void)r;
    (void)samples;
    return NULL;
}

#endif
