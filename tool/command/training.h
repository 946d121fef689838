/* SPDX-License-Identifier: MIT
 *
 * A training on its way: what train.c makes and training.c writes down.
 */
#ifndef COMMAND_TRAINING_H
#define COMMAND_TRAINING_H

#include "../quant/quant.h"
#include "grade.h"
#include "spotting.h"

struct training {
    const char *recipe, *folder, *data, *seed; /* as given */
    const char *const *sets;
    struct arena *arena;
    struct lesson lesson;
    struct graph network, quantised;
    struct train_result result;
    struct quant_report losses;
    struct grade real;        /* of the float network */
    struct spotting spotting; /* of stream.tflite */
    float limit;              /* detectors: the score above which there is an alarm, as the network gives it */
    const char *checkpoint, *recipe_path, *recipe_text;
    struct file resumed, stream; /* a checkpoint; stream.tflite */
    struct file base_file;       /* the model that the network is made from, if the recipe says so */
    struct graph base;
    int32_t kept; /* leading nodes from it */
    float *train_inputs, *validation_inputs;
    double first_done, shown; /* of the progress: epochs done before, seconds when last shown */
    int status;
};

/*** The model of a recipe ***/

/* Whether there is a model of that name. */
bool network_check(const struct recipe *recipe, struct arena *arena, struct diag *diag);

/* Whether it is no network, but learned at one go, and float on the device: a forest, neighbours, clusters, gaussian. */
bool network_is_learned(const struct recipe *recipe);

/* Reads model.from, if the recipe has it; pictures get the size that it takes. */
bool network_open(struct training *training, struct diag *diag);

/* Builds the network with random weights, or those of another model; classes 0: an autoencoder. */
bool network_build(struct training *training, int32_t classes, struct diag *diag);

/*** Examples and learning ***/

/* The examples of a split to learn from, of which detectors have what is normal alone; inputs NULL: there is no memory.
 * *examples: which of the lesson's each is. The inputs are the caller's to free. */
struct train_set training_set(struct training *training, enum data_split split, int32_t **examples);

/* How many cells a heat map has, if the network makes one, and how much each class counts in it. */
struct heat training_heat(const struct training *training, bool is_map);

/* Turns labels into heat maps. */
void training_set_maps(struct training *training, const struct heat *heat, struct train_set *set,
                       const int32_t *examples);

/* Rare classes count more, if the recipe says so: each as much as the others together, by the root, so that noise does not
 * rule. */
const float *training_weights(const struct training *training, bool is_map);

/* Fewer epochs where so many examples would take more work than the recipe allows; the fewer there are, the fewer views of
 * pictures are changed, since what is seen a few times is not learned by heart. */
void training_settle_epochs(struct training *training, int32_t examples);

/* The recipe's options; classes 0: an autoencoder. */
struct train_options training_options(struct training *training, int32_t classes, bool is_map, struct augment *augment);

/* Trains, from a checkpoint of the same recipe if there is one. Fails when it is stopped, too. */
bool training_run(struct training *training, const struct train_set *set, const struct train_set *validation,
                  struct train_options *options, struct diag *diag);

/* From which score on a class is believed, as the validation examples have it; into recipe.yaml. */
bool training_find_thresholds(struct training *training, const struct train_set *validation, const int32_t *examples,
                              struct diag *diag);

/*** The end ***/

/* Detectors: divides the score of device.tflite by the limit above which there is an alarm, found on usual recordings that
 * nothing was learned from; so 1 is the limit. Other models stay as they are. */
bool detector_set_limit(struct training *training, struct graph *device, struct diag *diag);

/* A session's work with device.tflite, `context` the training: judges it, writes C, figures and report. */
bool training_finish(struct session *session, void *context);

#endif
