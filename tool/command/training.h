/* SPDX-License-Identifier: MIT
 *
 * A training on its way: what train.c makes and training.c writes down.
 */
#ifndef COMMAND_TRAINING_H
#define COMMAND_TRAINING_H

#include "../quant/quant.h"
#include "grade.h"

struct training {
    const char *recipe, *folder, *data, *seed; /* as given */
    const char *const *sets;
    struct arena *arena;
    struct lesson lesson;
    struct graph network, quantised;
    struct train_result result;
    struct quant_report losses;
    struct grade real; /* of the float network */
    const char *checkpoint, *recipe_path, *recipe_text;
    struct file resumed, base; /* a checkpoint; the model that the network is made from */
    int32_t kept;              /* leading nodes from it */
    float *train_inputs, *validation_inputs;
    double first_done, shown; /* of the progress: epochs done before, seconds when last shown */
    int status;
};

/* A session's work with device.tflite, `context` the training: judges it, writes C, figures and report. */
bool training_finish(struct session *session, void *context);

#endif
