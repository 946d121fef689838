/* SPDX-License-Identifier: MIT
 *
 * Classical learners and their features: the operators of ONNX-ML, as scikit-learn's models are exported. There are no
 * strings on a device: where labels are strings, the label is its index, and the graph keeps the names. ZipMap, which
 * names scores, is left out.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx_trees.h"

/* Samples are rows of floats. */
static int32_t samples(struct onnx *o)
{
    const int32_t x = onnx_cast(o, onnx_in(o, 0), TYPE_F32);
    return onnx_tensor(o, x)->rank == 1 ? onnx_reshape(o, x, 2, (int64_t[]){1, -1}) : x;
}

/* A list of floats of an attribute as a constant; NO_TENSOR: absent. */
static int32_t float_list(struct onnx *o, const char *name)
{
    int32_t count;
    const float *list = onnx_floats(o, name, &count);
    return list != NULL && count > 0 ? onnx_const(o, TYPE_F32, 1, &count, list) : NO_TENSOR;
}

/* x times a matrix [rows, columns] that an attribute holds, row by row; `rows` may be 0: as many as there are. */
static int32_t times_rows(struct onnx *o, int32_t x, const char *name, int32_t rows, int32_t bias)
{
    int32_t count;
    const float *values = onnx_floats(o, name, &count);
    const int32_t columns = ir_dim(onnx_tensor(o, x), -1);
    rows = rows > 0 ? rows : columns > 0 ? count / columns : 0;
    if (onnx_failed(o) || rows < 1 || (int64_t)rows * columns != count) {
        return onnx_fail(o, "%s has %d values, want %d for each of %d rows", name, count, columns, rows);
    }
    const int32_t matrix = onnx_const(o, TYPE_F32, 2, (int32_t[]){rows, columns}, values);
    const int32_t in[] = {x, matrix, bias};
    return onnx_emit(o, OP_FULLY_CONNECTED, NULL, in, bias == NO_TENSOR ? 2 : 3);
}

/*** Scores and labels ***/

static int32_t transform_by(struct onnx *o, int32_t scores, const char *how)
{
    if (strcmp(how, "NONE") == 0) {
        return scores;
    }
    if (strcmp(how, "LOGISTIC") == 0) {
        return onnx_unary(o, OP_LOGISTIC, scores);
    }
    if (strcmp(how, "SOFTMAX") == 0) {
        return onnx_emit(o, OP_SOFTMAX, &(struct attr){.beta = 1}, &scores, 1);
    }
    return onnx_fail(o, "transforms its scores by %.20s; mote has NONE, LOGISTIC and SOFTMAX", how);
}

static int32_t transform(struct onnx *o, int32_t scores)
{
    return transform_by(o, scores, onnx_text(o, "post_transform", "NONE"));
}

static int32_t label_count(const struct onnx *o)
{
    int32_t count;
    onnx_ints(o, onnx_has(o, "classlabels_int64s") ? "classlabels_int64s" : "classlabels_ints", &count);
    return count > 0 ? count : onnx_text_count(o, "classlabels_strings");
}

/* The label of the highest score. */
static void put_label(struct onnx *o, int32_t scores)
{
    int32_t count;
    onnx_name_classes(o, "classlabels_strings");
    const int64_t *labels =
        onnx_ints(o, onnx_has(o, "classlabels_int64s") ? "classlabels_int64s" : "classlabels_ints", &count);
    const int32_t last = onnx_number(o, TYPE_S32, -1);
    const int32_t at =
        onnx_typed(o, OP_ARG_MAX, &(struct attr){.type = TYPE_S64}, TYPE_S64, (int32_t[]){scores, last}, 2);
    bool is_index = true; /* labels 0, 1, 2... */
    for (int32_t i = 0; i < count; i++) {
        is_index = is_index && labels[i] == i;
    }
    if (count == 0 || is_index) {
        onnx_out(o, 0, at);
        return;
    }
    const int32_t list = onnx_const(o, TYPE_S64, 1, &count, labels);
    onnx_out(o, 0, onnx_emit(o, OP_GATHER, NULL, (int32_t[]){list, at}, 2));
}

/* One score s for two classes: 1 - s and s where it is a probability, else -s and s. */
static int32_t both_classes(struct onnx *o, int32_t s, bool is_probability)
{
    const int32_t other = onnx_affine(o, s, -1, is_probability ? 1.0F : 0.0F);
    return onnx_concat(o, (int32_t[]){other, s}, 2, 1);
}

/*** Trees ***/

void onnx_convert_tree_classifier(struct onnx *o)
{
    struct onnx_sums sums = {0};
    const int32_t x = samples(o), y = onnx_tree_sums(o, x, "class", "", &sums), labels = label_count(o);
    if (onnx_failed(o)) {
        return;
    }
    if (labels == 2 && sums.single >= 0) {
        const int32_t s = onnx_slice(o, y, 1, sums.single, 1), scores = both_classes(o, s, sums.is_positive);
        put_label(o, scores);
        onnx_out(o, 1, sums.is_positive ? scores : transform(o, scores));
        return;
    }
    if (sums.outputs != labels) {
        onnx_fail(o, "adds up %d scores for %d classes", sums.outputs, labels);
        return;
    }
    put_label(o, y);
    onnx_out(o, 1, transform(o, y));
}

void onnx_convert_tree_regressor(struct onnx *o)
{
    struct onnx_sums sums = {0};
    const int32_t x = samples(o);
    onnx_out(o, 0, transform(o, onnx_tree_sums(o, x, "target", "n_targets", &sums)));
}

void onnx_convert_tree_ensemble(struct onnx *o)
{
    static const char *const names[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
    const int64_t how = onnx_int(o, "post_transform", 0);
    struct onnx_sums sums = {0};
    const int32_t y = onnx_tree_sums(o, samples(o), NULL, NULL, &sums);
    onnx_out(o, 0, transform_by(o, y, how >= 0 && how < (int64_t)COUNT_OF(names) ? names[how] : "a number unknown"));
}

/*** Linear ***/

void onnx_convert_linear_classifier(struct onnx *o)
{
    const int32_t scores = times_rows(o, samples(o), "coefficients", 0, float_list(o, "intercepts"));
    if (label_count(o) == 2 && ir_dim(onnx_tensor(o, scores), -1) == 1) {
        const bool logistic = strcmp(onnx_text(o, "post_transform", "NONE"), "LOGISTIC") == 0;
        const int32_t p = both_classes(o, transform(o, scores), logistic);
        put_label(o, p);
        onnx_out(o, 1, p);
        return;
    }
    put_label(o, scores);
    onnx_out(o, 1, transform(o, scores));
}

void onnx_convert_linear_regressor(struct onnx *o)
{
    const int32_t rows = (int32_t)onnx_int(o, "targets", 1);
    onnx_out(o, 0, transform(o, times_rows(o, samples(o), "coefficients", rows, float_list(o, "intercepts"))));
}

/*** Support vectors ***/

/* |x - v|^2 for each support vector v, from the products x * v */
static int32_t distances(struct onnx *o, int32_t x, int32_t products, int32_t count)
{
    static const bool last[IR_MAX_RANK] = {false, true};
    int32_t values;
    const float *vectors = onnx_floats(o, "support_vectors", &values);
    float *lengths = ARENA_ARRAY(o->arena, count, float);
    const int32_t width = values / count;
    for (int32_t i = 0; i < count * width; i++) {
        lengths[i / width] += vectors[i] * vectors[i];
    }
    const int32_t own = onnx_reduce(o, OP_SUM, onnx_unary(o, OP_SQUARE, x), last, true);
    const int32_t sum = onnx_binary(o, OP_ADD, own, onnx_const(o, TYPE_F32, 1, &count, lengths));
    return onnx_binary(o, OP_SUB, sum, onnx_affine(o, products, 2, 0));
}

/* The kernel of samples with all support vectors: [samples, count]. */
static int32_t kernel_values(struct onnx *o, int32_t x, int32_t count)
{
    const char *type = onnx_text(o, "kernel_type", "LINEAR");
    int32_t params;
    const float *list = onnx_floats(o, "kernel_params", &params);
    const float gamma = params > 0 ? list[0] : 0, coef0 = params > 1 ? list[1] : 0, degree = params > 2 ? list[2] : 0;
    const int32_t products = times_rows(o, x, "support_vectors", count, NO_TENSOR);
    if (onnx_failed(o) || strcmp(type, "LINEAR") == 0) {
        return products;
    }
    if (strcmp(type, "RBF") == 0) {
        return onnx_unary(o, OP_EXP, onnx_affine(o, distances(o, x, products, count), -gamma, 0));
    }
    const int32_t inner = onnx_affine(o, products, gamma, coef0);
    return strcmp(type, "POLY") == 0 ? onnx_binary(o, OP_POW, inner, onnx_real(o, degree))
                                     : onnx_unary(o, OP_TANH, inner);
}

void onnx_convert_svm_regressor(struct onnx *o)
{
    const int64_t count = onnx_int(o, "n_supports", 0);
    const int32_t x = samples(o), rho = float_list(o, "rho");
    if (count < 0 || count > INT32_MAX || onnx_int(o, "one_class", 0) != 0) {
        onnx_fail(o, "has %lld support vectors, or one class; want a regression", (long long)count);
        return;
    }
    const int32_t k = count > 0 ? kernel_values(o, x, (int32_t)count) : x;
    onnx_out(o, 0, transform(o, times_rows(o, k, "coefficients", 1, rho)));
}

/* Votes of all pairs of classes i < j: a decision above 0 is for i. Support vectors are sorted by class; row j - 1 of the
 * coefficients is for those of class i, row i for those of class j. */
struct pairs {
    int32_t classes, count, vectors;
    float *decide; /* [count][vectors] */
    float *vote;   /* [classes][count]: 1 for i, -1 for j */
    float *lost;   /* [classes]: votes before any decision is above 0 */
};

static bool read_pairs(struct onnx *o, struct pairs *p)
{
    int32_t coefficients;
    const float *c = onnx_floats(o, "coefficients", &coefficients);
    const int64_t *per_class = onnx_ints(o, "vectors_per_class", &p->classes);
    int64_t sum = 0;
    for (int32_t k = 0; k < p->classes; k++) {
        sum += per_class[k] >= 0 && per_class[k] <= INT32_MAX ? per_class[k] : INT32_MAX;
    }
    if (p->classes < 2 || p->classes > 256 || sum > INT32_MAX || sum * (p->classes - 1) != coefficients) {
        onnx_fail(o, "has %d coefficients for %lld vectors of %d classes", coefficients, (long long)sum, p->classes);
        return false;
    }
    p->vectors = (int32_t)sum;
    p->count = p->classes * (p->classes - 1) / 2;
    p->decide = arena_array(o->arena, (size_t)p->count * (size_t)p->vectors, sizeof(float));
    p->vote = arena_array(o->arena, (size_t)p->count * (size_t)p->classes, sizeof(float));
    p->lost = ARENA_ARRAY(o->arena, p->classes, float);
    for (int32_t i = 0, pair = 0, first_i = 0; i < p->classes; first_i += (int32_t)per_class[i++]) {
        int32_t first_j = first_i + (int32_t)per_class[i];
        for (int32_t j = i + 1; j < p->classes; first_j += (int32_t)per_class[j++], pair++) {
            float *row = p->decide + (size_t)pair * (size_t)p->vectors;
            for (int32_t v = first_i; v < first_i + per_class[i]; v++) {
                row[v] = c[(size_t)(j - 1) * (size_t)p->vectors + (size_t)v];
            }
            for (int32_t v = first_j; v < first_j + per_class[j]; v++) {
                row[v] = c[(size_t)i * (size_t)p->vectors + (size_t)v];
            }
            p->vote[i * p->count + pair] = 1;
            p->vote[j * p->count + pair] = -1;
            p->lost[j] += 1;
        }
    }
    return true;
}

/* The probabilities of all classes: of the first class of each pair by Platt's sigmoid of its decision, then coupled. */
static int32_t probabilities(struct onnx *o, int32_t decisions, const struct pairs *p)
{
    int32_t as, bs;
    const float *a = onnx_floats(o, "prob_a", &as), *b = onnx_floats(o, "prob_b", &bs);
    const float least = 1e-7F;
    if (as != p->count || bs != p->count) {
        return onnx_fail(o, "has %d prob_a and %d prob_b for %d pairs of classes", as, bs, p->count);
    }
    const int32_t slope = onnx_const(o, TYPE_F32, 1, &p->count, a), offset = onnx_const(o, TYPE_F32, 1, &p->count, b);
    const int32_t argument = onnx_binary(o, OP_ADD, onnx_binary(o, OP_MUL, decisions, slope), offset);
    const int32_t sigmoid = onnx_unary(o, OP_LOGISTIC, onnx_unary(o, OP_NEG, argument));
    const int32_t inside = onnx_binary(o, OP_MAXIMUM, sigmoid, onnx_real(o, least));
    const int32_t first = onnx_binary(o, OP_MINIMUM, inside, onnx_real(o, 1 - least));
    return p->classes == 2 ? onnx_concat(o, (int32_t[]){first, onnx_affine(o, first, -1, 1)}, 2, 1)
                           : onnx_emit(o, OP_PAIRWISE_COUPLING, &(struct attr){.num = p->classes}, &first, 1);
}

/* The scores are the decisions of all pairs, or probabilities. */
void onnx_convert_svm_classifier(struct onnx *o)
{
    struct pairs p = {0};
    int32_t rhos;
    const float *rho = onnx_floats(o, "rho", &rhos);
    const int32_t x = samples(o);
    if (onnx_failed(o) || !read_pairs(o, &p)) {
        return;
    }
    if (rhos != p.count) {
        onnx_fail(o, "has %d rho for %d pairs of classes", rhos, p.count);
        return;
    }
    const int32_t in[] = {kernel_values(o, x, p.vectors),
                          onnx_const(o, TYPE_F32, 2, (int32_t[]){p.count, p.vectors}, p.decide),
                          onnx_const(o, TYPE_F32, 1, &p.count, rho)};
    const int32_t decisions = onnx_emit(o, OP_FULLY_CONNECTED, NULL, in, 3);
    const int32_t won = onnx_cast(o, onnx_compare(o, OP_GREATER, decisions, onnx_real(o, 0)), TYPE_F32);
    const int32_t votes[] = {won, onnx_const(o, TYPE_F32, 2, (int32_t[]){p.classes, p.count}, p.vote),
                             onnx_const(o, TYPE_F32, 1, &p.classes, p.lost)};
    put_label(o, onnx_emit(o, OP_FULLY_CONNECTED, NULL, votes, 3));
    onnx_out(o, 1, onnx_has(o, "prob_a") ? probabilities(o, decisions, &p) : decisions);
}

/*** Features ***/

void onnx_convert_scaler(struct onnx *o)
{
    const int32_t offset = float_list(o, "offset"), scale = float_list(o, "scale");
    int32_t x = samples(o);
    x = offset != NO_TENSOR ? onnx_binary(o, OP_SUB, x, offset) : x;
    onnx_out(o, 0, scale != NO_TENSOR ? onnx_binary(o, OP_MUL, x, scale) : x);
}

/* A row of zeros stays one. */
void onnx_convert_normalizer(struct onnx *o)
{
    static const bool last[IR_MAX_RANK] = {false, true};
    const char *norm = onnx_text(o, "norm", "MAX");
    const int32_t x = samples(o);
    int32_t size;
    if (strcmp(norm, "L2") == 0) {
        size = onnx_unary(o, OP_SQRT, onnx_reduce(o, OP_SUM, onnx_unary(o, OP_SQUARE, x), last, true));
    } else if (strcmp(norm, "L1") == 0) {
        size = onnx_reduce(o, OP_SUM, onnx_unary(o, OP_ABS, x), last, true);
    } else {
        size = onnx_reduce(o, OP_REDUCE_MAX, onnx_unary(o, OP_ABS, x), last, true);
    }
    onnx_out(o, 0, onnx_binary(o, OP_DIV, x, onnx_binary(o, OP_MAXIMUM, size, onnx_real(o, FLT_MIN))));
}

void onnx_convert_binarizer(struct onnx *o)
{
    const int32_t limit = onnx_real(o, onnx_float(o, "threshold", 0));
    onnx_out(o, 0, onnx_cast(o, onnx_compare(o, OP_GREATER, samples(o), limit), TYPE_F32));
}

void onnx_convert_feature_vectorizer(struct onnx *o)
{
    enum { MOST = 64 };
    int32_t part[MOST];
    const int count = onnx_in_count(o);
    for (int i = 0; i < count && i < MOST; i++) {
        const int32_t x = onnx_cast(o, onnx_in(o, i), TYPE_F32);
        part[i] = onnx_reshape(o, x, 2, (int64_t[]){onnx_tensor(o, x)->rank > 1 ? onnx_tensor(o, x)->dim[0] : 1, -1});
    }
    onnx_out(o, 0,
             count < 1 || count > MOST ? onnx_fail(o, "has %d inputs, want 1 to %d", count, MOST)
                                       : onnx_concat(o, part, count, 1));
}

void onnx_convert_array_feature_extractor(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), at = onnx_reshape(o, onnx_in(o, 1), 1, (int64_t[]){-1});
    const struct attr attr = {.axis = onnx_tensor(o, x)->rank - 1};
    onnx_out(o, 0, onnx_emit(o, OP_GATHER, &attr, (int32_t[]){x, at}, 2));
}

/* What is missing, NaN or a certain value, becomes the mean or the like. */
void onnx_convert_imputer(struct onnx *o)
{
    int32_t count;
    const int64_t *whole = onnx_ints(o, "imputed_value_int64s", &count);
    const bool is_whole = whole != NULL && count > 0;
    const int32_t x = is_whole ? onnx_in(o, 0) : samples(o);
    const int32_t values = is_whole ? onnx_const(o, TYPE_S64, 1, &count, whole) : float_list(o, "imputed_value_floats");
    const float missing = onnx_float(o, "replaced_value_float", 0);
    if (values == NO_TENSOR) {
        onnx_fail(o, "has no imputed_value_floats or imputed_value_int64s");
        return;
    }
    const int32_t lost =
        is_whole ? onnx_number(o, TYPE_S64, onnx_int(o, "replaced_value_int64", 0)) : onnx_real(o, missing);
    const bool is_nan = !is_whole && isnan(missing);
    const int32_t is_lost = onnx_compare(o, is_nan ? OP_NOT_EQUAL : OP_EQUAL, x, is_nan ? x : lost);
    onnx_out(o, 0, onnx_select(o, is_lost, values, x));
}

/* 1 where the value is the category. */
void onnx_convert_one_hot_encoder(struct onnx *o)
{
    int32_t count;
    const int64_t *categories = onnx_ints(o, "cats_int64s", &count);
    const int32_t x = onnx_cast(o, onnx_in(o, 0), TYPE_S64);
    const struct tensor t = *onnx_tensor(o, x);
    int64_t dim[IR_MAX_RANK] = {0};
    for (int32_t d = 0; d < t.rank; d++) {
        dim[d] = t.dim[d];
    }
    if (count < 1 || t.rank >= IR_MAX_RANK) {
        onnx_fail(o, "has %d whole numbers as categories; strings have no place on a device", count);
        return;
    }
    dim[t.rank] = 1;
    const int32_t column = onnx_reshape(o, x, t.rank + 1, dim);
    const int32_t hit = onnx_compare(o, OP_EQUAL, column, onnx_const(o, TYPE_S64, 1, &count, categories));
    onnx_out(o, 0, onnx_cast(o, hit, TYPE_F32));
}

/* One side of a LabelEncoder as a constant list: keys or values, numbers or, as their numbers, names. */
static int32_t encoder_list(struct onnx *o, const char *what)
{
    int32_t count;
    const char *ints = arena_printf(o->arena, "%s_int64s", what), *reals = arena_printf(o->arena, "%s_floats", what);
    const char *texts = arena_printf(o->arena, "%s_strings", what);
    const int64_t *whole = onnx_ints(o, ints, &count);
    if (count > 0) {
        return onnx_const(o, TYPE_S64, 1, &count, whole);
    }
    if (onnx_has(o, reals)) {
        return float_list(o, reals);
    }
    count = onnx_text_count(o, texts);
    if (count > 0 && strcmp(what, "values") == 0) {
        int64_t *numbers = ARENA_ARRAY(o->arena, count, int64_t);
        for (int32_t i = 0; i < count; i++) {
            numbers[i] = i;
        }
        onnx_name_classes(o, texts);
        return onnx_const(o, TYPE_S64, 1, &count, numbers);
    }
    return onnx_attr_tensor(o, arena_printf(o->arena, "%s_tensor", what));
}

static int32_t encoder_default(struct onnx *o, enum type type)
{
    const int32_t given = onnx_attr_tensor(o, "default_tensor");
    if (given != NO_TENSOR && onnx_tensor(o, given)->type == type) {
        return onnx_reshape(o, given, 0, NULL);
    }
    return type == TYPE_F32 ? onnx_real(o, onnx_float(o, "default_float", 0))
                            : onnx_number(o, type, onnx_int(o, "default_int64", -1));
}

/* One key after the other. */
void onnx_convert_label_encoder(struct onnx *o)
{
    enum { MOST = 256 };
    const int32_t x = onnx_in(o, 0), keys = encoder_list(o, "keys"), values = encoder_list(o, "values");
    const struct tensor k = *onnx_tensor(o, keys), v = *onnx_tensor(o, values);
    if (keys == NO_TENSOR || values == NO_TENSOR || ir_count(&k) != ir_count(&v) || ir_count(&k) > MOST) {
        onnx_fail(o, "maps %lld keys to %lld values, want as many, up to %d, keys that are numbers",
                  keys != NO_TENSOR ? (long long)ir_count(&k) : 0LL,
                  values != NO_TENSOR ? (long long)ir_count(&v) : 0LL, MOST);
        return;
    }
    int32_t y = encoder_default(o, v.type);
    for (int64_t i = ir_count(&k) - 1; i >= 0; i--) {
        const int32_t key = onnx_reshape(o, onnx_slice(o, keys, 0, i, 1), 0, NULL);
        const int32_t value = onnx_reshape(o, onnx_slice(o, values, 0, i, 1), 0, NULL);
        y = onnx_select(o, onnx_compare(o, OP_EQUAL, x, key), value, y);
    }
    onnx_out(o, 0, y);
}

void onnx_convert_zip_map(struct onnx *o)
{
    onnx_name_classes(o, "classlabels_strings");
    onnx_out(o, 0, onnx_in(o, 0));
}
