/* SPDX-License-Identifier: MIT
 *
 * What came of a training, as one HTML page that needs nothing else: filled in by a command, written once.
 *
 * All text may come from files of a user; the page escapes it. A count of 0, or NULL, leaves its part of the page out.
 */
#ifndef REPORT_TRAINING_H
#define REPORT_TRAINING_H

#include "report.h"

struct report_epoch {
    double loss, score; /* on what is trained on; `score` is the metric of the title */
    double validation_loss, validation_score;
};

/* A figure on the test data. */
struct report_score {
    const char *name; /* "accuracy", "f1", "auc" */
    double value;     /* of the int8 model, 0 to 1 */
    double low, high; /* 95 % confidence interval; both 0: none */
    double real;      /* the same of the float model; negative: not known */
};

/* A line through points, x and y from 0 to 1: an ROC curve goes from (0, 0) to (1, 1). */
struct report_curve {
    const double *x, *y;
    int32_t count;
};

/* Something in a picture, in parts of its width and height: a box that is there, or a point that the model sees. */
struct report_mark {
    const char *name;    /* its class */
    float x, y;          /* of the middle */
    float width, height; /* both 0: a point */
    bool is_right;       /* of a box: it was found; of a point: something is there */
    float confidence;    /* of a point */
};

/* An example that the model got wrong, or nearly. */
struct report_example {
    const char *source;              /* file it comes from */
    const char *wanted, *got;        /* classes, or what stands for them; NULL: the marks tell */
    double confidence;               /* 0 to 1; negative: none */
    const char *text;                /* a text example as it is; NULL: none */
    const uint8_t *pixels;           /* height x width x channels, NULL: no picture */
    int32_t width, height, channels; /* 1: grey; 3: red, green, blue */
    const struct report_mark *marks; /* in the picture */
    int32_t mark_count;
};

/* Name and value, such as "examples" and "3,200 for training, 400 for validation". */
struct report_fact {
    const char *name, *value;
};

/* What became of the objects of a class. */
struct report_objects {
    int64_t found, missed, false_alarms;
};

/* How much a layer loses by quantisation. */
struct report_loss {
    const char *layer;
    double decibels; /* signal to quantisation noise ratio */
};

struct report_training {
    const char *title, *about; /* of the recipe */
    const struct report_fact *facts;
    int32_t fact_count;
    const struct report_score *scores;
    int32_t score_count;
    const char *metric; /* what `score` of an epoch is: "accuracy" */
    const struct report_epoch *epochs;
    int32_t epoch_count, best_epoch; /* the best counts from 1 */
    const char *const *classes;
    int32_t class_count;
    const int32_t *confusion;             /* class_count x class_count, [true class][answer] */
    const struct report_objects *objects; /* class_count; in place of the confusion */
    const struct report_curve *roc;
    const struct report_example *examples;
    int32_t example_count;
    const struct report_loss *losses;
    int32_t loss_count;
    const struct report_fit *fit; /* on the recipe's board */
    const struct plan *plan;      /* of the whole, samples in and decision out: the RAM map */
};

/* The page, in `arena`, which must outlive it. */
struct file report_training(const struct report_training *training, struct arena *arena);

#endif
