/* SPDX-License-Identifier: MIT
 *
 * Signal front-ends as graphs: from samples to what a network sees, with the operators that every model has. So the
 * device runs them by the same plan and the same kernels as the host.
 */
#ifndef FRONT_H
#define FRONT_H

#include "../ir/ir.h"

enum front_kind {
    FRONT_MEL,        /* int16 samples: logarithms of band energies, frame by frame, in fixed point */
    FRONT_MFCC,       /* their cosine transform, in float */
    FRONT_SPECTRUM,   /* steps by axes: statistics and band powers of each axis, in integers */
    FRONT_STATISTICS, /* steps by axes: statistics of each axis, likewise */
    FRONT_RAW,        /* steps by axes as they are */
    FRONT_PIXELS,     /* uint8 pixels as they are */
    FRONT_HASH,       /* uint8 text: counters of words and letters */
    FRONT_STANDARD    /* columns as they are */
};

/* What the network takes for black and white. */
enum front_range { FRONT_UNIT, FRONT_SIGNED, FRONT_BYTES };

enum { FRONT_MOST_GROUPS = 6 };

struct front_options {
    enum front_kind kind;
    double rate;          /* samples a second */
    double frame, hop;    /* seconds */
    int32_t filters;      /* MEL */
    double low, high;     /* Hz */
    int32_t coefficients; /* MFCC */
    bool noise_reduction, pcan;
    bool is_scaled; /* MEL: to int8, as tflite-micro's audio preprocessor does */
    int32_t bands;  /* SPECTRUM */
    bool mean;      /* SPECTRUM, STATISTICS: the mean of each axis, too */
    bool lengths;   /* SPECTRUM, STATISTICS: the length of each three axes as an axis more */
    bool shape;     /* SPECTRUM: bands relative to their sum */
    int32_t buckets, words, letters;
    enum front_range range; /* PIXELS */
    /* Steps and columns, which examples have as floats: what 1 is in the integers of the input, int16 and int32; 0: it is
     * float. Then SPECTRUM, STATISTICS and RAW have for each axis what becomes 1 of an int16. */
    float unit;
    const float *units;
};

/* Of how many samples an example may consist: a MEL front-end takes whole hops. */
int32_t front_length(const struct front_options *options, int32_t samples);

/* Builds the graph for examples like `input`, into graph->arena. Its output 0 is float, or of integers with a scale. Its
 * input is of the same type, but for floats and a `unit` of integers with a scale. */
bool front_build(const struct front_options *options, const struct tensor *input, struct graph *graph,
                 struct diag *diag);

/* Puts (x - mean) / deviation behind the output, for each element of its last dim. Of integers it is int16 with 10
 * fractional bits. */
bool front_standardise(struct graph *graph, const float *mean, const float *deviation, struct diag *diag);

/* Features that belong together, as {first, how many}, of `count` in all; returns how many groups. One more may be
 * written. Groups may overlap. */
int32_t front_groups(const struct front_options *options, const struct tensor *input, int32_t count,
                     int32_t groups[FRONT_MOST_GROUPS][2]);

/* Whether standardising makes sense for this kind. */
bool front_is_float(enum front_kind kind);

/* The front-end and a network behind it as one graph, in front->arena: output 0 of the one becomes the input of the
 * other, in its shape and quantisation. */
bool front_stitch(const struct graph *front, const struct graph *network, struct graph *graph, struct diag *diag);

/* front_stitch for an autoencoder: the output is by how much, in the mean square, it fails to give back the features. */
bool front_stitch_error(const struct graph *front, const struct graph *network, struct graph *graph, struct diag *diag);

/*** Sound that never ends ***/

/* Rows of features that are new after so many seconds. */
int32_t front_stream_rows(const struct front_options *options, double seconds);

/* The front-end for sound as it comes: an invoke takes as many samples as make `rows` new rows of features, and keeps
 * what the next frames begin with. MEL and MFCC. */
bool front_build_stream(const struct front_options *options, int32_t rows, struct graph *graph, struct diag *diag);

/* front_stitch for it: the network sees the last rows of features, as many as it takes, which begin as silence. */
bool front_stitch_stream(const struct graph *front, const struct graph *network, struct graph *graph,
                         struct diag *diag);

#endif
