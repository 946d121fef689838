/* SPDX-License-Identifier: MIT
 *
 * Named architectures as lists of layers.
 */
#include <math.h>
#include <string.h>

#include "net.h"

static int32_t or_else(int32_t value, int32_t otherwise) { return value > 0 ? value : otherwise; }

/* A list in the making. */
struct list {
    const struct train_model *model;
    const struct tensor *input; /* of one example */
    struct train_layer *layers;
    int32_t count;
};

enum { MAX_LAYERS = 256 };

static void add(struct list *l, struct train_layer layer)
{
    if (l->count < MAX_LAYERS) {
        l->layers[l->count++] = layer;
    }
}

static int32_t depth(const struct list *l, int32_t otherwise)
{
    const int32_t d = or_else(l->model->depth, otherwise);
    return d < MAX_LAYERS / 4 ? d : MAX_LAYERS / 4;
}

/* Channels by the width of the model, in eights, which kernels and memory like. */
static int32_t channels(const struct list *l, int32_t filters)
{
    const float width = l->model->width > 0 ? l->model->width : 1;
    const int32_t eights = (int32_t)lroundf((float)filters * width / 8) * 8;
    return eights < 8 ? 8 : eights;
}

static int32_t filters(const struct list *l, int32_t otherwise)
{
    return channels(l, or_else(l->model->filters, otherwise));
}

static int32_t at_most(int32_t a, int32_t b) { return a < b ? a : b; }

/* The first convolution, by the model's kernel and stride. */
static void add_first(struct list *l, int32_t filter_count, int32_t kernel_h, int32_t kernel_w, int32_t stride)
{
    const struct train_model *m = l->model;
    const int32_t h = or_else(m->kernel_h, at_most(kernel_h, l->input->dim[0]));
    const int32_t w = or_else(m->kernel_w, m->kernel_h > 0 ? h : at_most(kernel_w, ir_dim(l->input, 1)));
    const int32_t stride_h = or_else(m->stride_h, stride);
    add(l, (struct train_layer){.kind = TRAIN_CONV,
                                .filters = filter_count,
                                .kernel_h = h,
                                .kernel_w = w,
                                .stride_h = stride_h,
                                .stride_w = or_else(m->stride_w, stride_h)});
}

static void list_ds_cnn(struct list *l)
{
    const int32_t f = filters(l, 64);
    add_first(l, f, 10, 4, 2);
    for (int32_t i = 0; i < depth(l, 4); i++) {
        add(l, (struct train_layer){.kind = TRAIN_SEPARABLE,
                                    .filters = f,
                                    .stride_h = i == 0 ? or_else(l->model->block_stride, 1) : 1});
    }
}

static void list_mobilenet(struct list *l)
{
    static const struct {
        int32_t filters, stride;
    } all[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
               {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
    const int32_t size = at_most(l->input->dim[0], ir_dim(l->input, 1)), blocks = depth(l, 13);
    const int32_t base = or_else(l->model->filters, 32);
    add_first(l, channels(l, base), 3, 3, size < 48 ? 1 : 2);
    for (int32_t i = 0; i < blocks && i < (int32_t)COUNT_OF(all); i++) {
        add(l, (struct train_layer){.kind = TRAIN_SEPARABLE,
                                    .filters = channels(l, all[i].filters * base / 32),
                                    .stride_h = all[i].stride});
    }
}

/* Residual blocks down to an eighth, where the rest of them look further round. */
static void list_fomo(struct list *l)
{
    const int32_t f = filters(l, 16), blocks = depth(l, 4);
    int32_t step = 2;
    add_first(l, f, 3, 3, step);
    for (int32_t i = 0; i < blocks; i++) {
        const bool shrinks = i % 2 == 0 && step < MAP_STEP;
        step *= shrinks ? 2 : 1;
        add(l, (struct train_layer){.kind = TRAIN_RESIDUAL, .filters = f * step / 2, .stride_h = shrinks ? 2 : 1});
    }
}

static void list_resnet(struct list *l)
{
    const int32_t f = filters(l, 16);
    add_first(l, f, 3, 3, 1);
    for (int32_t i = 0; i < at_most(depth(l, 3), 6); i++) {
        add(l, (struct train_layer){.kind = TRAIN_RESIDUAL, .filters = f << i, .stride_h = i == 0 ? 1 : 2});
    }
}

static void list_cnn(struct list *l)
{
    const int32_t f = filters(l, 16), blocks = at_most(depth(l, 3), 6);
    for (int32_t i = 0; i < blocks; i++) {
        if (i == 0) {
            add_first(l, f, 3, 3, 1);
        } else {
            add(l, (struct train_layer){.kind = TRAIN_CONV, .filters = f << i});
        }
        if (i + 1 < blocks) {
            add(l, (struct train_layer){.kind = TRAIN_MAX_POOL});
        }
    }
}

static void list_cnn1d(struct list *l)
{
    const int32_t f = filters(l, 16), blocks = at_most(depth(l, 3), 6);
    for (int32_t i = 0; i < blocks; i++) {
        if (i == 0) {
            add_first(l, f, 5, 1, 1);
        } else {
            add(l, (struct train_layer){.kind = TRAIN_CONV, .filters = f << i, .kernel_h = 5});
        }
        if (i + 1 < blocks) {
            add(l, (struct train_layer){.kind = TRAIN_MAX_POOL});
        }
    }
}

static void list_mlp(struct list *l)
{
    for (int32_t i = 0; i < depth(l, 2); i++) {
        add(l, (struct train_layer){.kind = TRAIN_DENSE, .filters = or_else(l->model->filters, 64)});
    }
}

static void list_logistic(struct list *l) { (void)l; }

static void list_gru(struct list *l)
{
    add(l, (struct train_layer){.kind = TRAIN_GRU, .filters = or_else(l->model->filters, 32)});
}

static void list_autoencoder(struct list *l)
{
    const int32_t layers = depth(l, 2), units = or_else(l->model->filters, 64);
    for (int32_t i = 0; i < 2 * layers + 1; i++) {
        add(l,
            (struct train_layer){.kind = TRAIN_DENSE, .filters = i == layers ? or_else(l->model->outputs, 8) : units});
    }
    add(l, (struct train_layer){.kind = TRAIN_DENSE, .filters = (int32_t)ir_count(l->input), .is_linear = true});
}

/* ARCHITECTURE(name, what for) */
#define ARCHITECTURES(ARCHITECTURE) \
    ARCHITECTURE(ds_cnn, "spectrograms: a convolution, then separable ones; filters 64, depth 4, kernel 10x4, stride " \
                         "2, block_stride 1") \
    ARCHITECTURE(mobilenet, "images: MobileNetV1; width 1, depth 13, filters 32") \
    ARCHITECTURE(resnet, "images: residual blocks of doubling filters; filters 16, depth 3") \
    ARCHITECTURE(cnn, "small images: convolutions of doubling filters with pooling; filters 16, depth 3") \
    ARCHITECTURE(cnn1d, "sensors over time: the same in one dimension; filters 16, depth 3, kernel 5") \
    ARCHITECTURE(mlp, "features: dense layers; filters 64 units, depth 2") \
    ARCHITECTURE(logistic, "features: logistic regression") \
    ARCHITECTURE(gru, "sequences: a gated recurrent unit; filters 32 units") \
    ARCHITECTURE(autoencoder, \
                 "anomalies: dense layers that give back their input; filters 64 units, depth 2, outputs 8") \
    ARCHITECTURE(fomo, \
                 "objects: residual blocks that tell for each eighth of the image what is there; filters 16, depth 4")

#define ROW(name, about) {#name, about},
const struct train_architecture train_architectures[] = {ARCHITECTURES(ROW)};
const int train_architecture_count = COUNT_OF(train_architectures);
#undef ROW

#define ROW(name, about) list_##name,
static void (*const makers[])(struct list *l) = {ARCHITECTURES(ROW)};
#undef ROW

int32_t architecture_find(const char *name)
{
    int32_t i = 0;
    while (i < train_architecture_count && strcmp(train_architectures[i].name, name) != 0) {
        i++;
    }
    return i < train_architecture_count ? i : -1;
}

const struct train_layer *architecture_layers(const struct train_model *model, const struct tensor *input,
                                              struct arena *arena, int32_t *count)
{
    struct list l = {.model = model, .input = input};
    l.layers = ARENA_ARRAY(arena, MAX_LAYERS, struct train_layer);
    makers[architecture_find(model->name)](&l);
    *count = l.count;
    return l.layers;
}
