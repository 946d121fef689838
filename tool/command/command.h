/* SPDX-License-Identifier: MIT
 *
 * The verbs of the program. Each gets its own arguments, argv[0] being the verb, and returns the exit
 * status: 0, 1 for an error, 2 for wrong usage. Only here is anything printed.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "../base/base.h"
#include "../ir/ir.h"

enum { EXIT_OK, EXIT_ERROR, EXIT_USAGE };
enum { OPTION_MOST = 15 }; /* values of an option that may be repeated */

int command_bench(int argc, char **argv);
int command_compile(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_quantize(int argc, char **argv);
int command_run(int argc, char **argv);
int command_train(int argc, char **argv);
int command_verify(int argc, char **argv);

/*** Arguments ***/

/* What a verb takes: a row for each option and for each argument without a name, filled in by the parser. */
struct option {
    const char *name;  /* without the two dashes; NULL: an argument that is told by its place */
    const char *value; /* what it takes, as the help calls it; NULL: a switch */
    bool required;
    const char *help;
    const char *text;  /* what was given; the name, for a switch; NULL: nothing */
    const char **list; /* not NULL: may be given OPTION_MOST times; all that was given, ending with NULL */
};

struct usage {
    const char *verb;
    const char *about;   /* a sentence or a few, with line breaks */
    const char *example; /* one command line */
};

/* Fills in `text` of the options. False: the verb is to return *status at once, since help was asked for and is
 * printed, or the arguments were wrong and stderr says so. */
bool options_parse(int argc, char **argv, const struct usage *usage, struct option options[], size_t count,
                   int *status);

/*** A model on its way through the stages ***/

struct read_request;

/* Which model, and what the user says of it. */
struct session_given {
    const char *path;
    const char *max_work;      /* steps of computation allowed, 0 for any; NULL: what suits the file's size */
    const char *const *shapes; /* of inputs, "NAME=1x3x48x192"; ends with NULL; NULL: none */
    const char *const *values; /* of inputs that are always the same, "NAME=16000"; likewise */
    size_t input_size;         /* bytes that are to be its inputs; 0: not known */
};

struct session {
    const char *path; /* the file that an error is about: the model, unless the work sets another */
    struct file file;
    const struct session_given *given;
    struct arena arena; /* all memory of the model and the plan */
    bool is_as_read;    /* no passes are run */
    bool is_deadly;     /* reading the file ends in a signal, or takes too much memory */
    struct model model;
    struct diag diag;
    jmp_buf exhausted;
};

/* What a verb does with a model that has been read and went through all passes. It may be left by a jump at any
 * allocation from the arena, so whatever else it opens belongs to `context`, whose owner closes it. */
typedef bool session_work(struct session *session, void *context);

/* Reads a model, runs the passes, does the work, frees everything. Prints the error, if there is one; returns the
 * exit status. */
int session_run(const struct session_given *given, session_work *work, void *context);

/* The same without the passes, for what is written as a model again. */
int session_as_read(const struct session_given *given, session_work *work, void *context);

/* The same, but where mote lacks something that the model needs, prints all that it lacks. */
int session_survey(const struct session_given *given, session_work *work, void *context);

/* What the reader gets beside the file; false with an error. */
bool session_request(struct session *session, struct read_request *request);

/* survey.c: lists what mote lacks for the model, layer by layer, as far as it can be read. */
void survey_model(struct session *session, struct diag_list *missed);

/* The same without a model: the work begins with what `limit` bytes hold. */
int session_alone(size_t limit, session_work *work, void *context);

/* The options that struct session_given is made of. `given` is a list of OPTION_MOST + 1. */
#define MODEL_OPTION \
    { \
        .value = "MODEL", .required = true, .help = "a model file (.tflite, .onnx, .keras or .h5)" \
    }
#define SHAPE_OPTION(given) \
    { \
        .name = "shape", .value = "NAME=DIMS", \
        .help = "shape of an input where the file leaves it open, as in x=1x3x48x192", .list = (given) \
    }
#define VALUE_OPTION(given) \
    { \
        .name = "value", .value = "NAME=NUMBER", \
        .help = "an input that is always this, as in sr=16000; several numbers: NAME=1,2,3", .list = (given) \
    }
#define MAX_WORK_OPTION \
    { \
        .name = "max-work", .value = "N", .help = "steps of computation allowed; default: what suits the file's size" \
    }

/*** Targets ***/

struct target_core;
struct target_board;

/* Reads a core, by its name or a board's that has it, or a board; a name that is unknown is met with the nearest and with
 * all there are. */
bool command_core(struct session *session, const char *name, struct target_core *core);

/* The features of a board's core. */
bool command_board_features(struct session *session, const char *board, unsigned *features);

#define ON_OPTION(given) \
    { \
        .name = "on", .value = "CORE", .help = "such as cortex-m4, or a board that has it; may be repeated", \
        .list = (given) \
    }
#define OPTIMIZE_OPTION \
    { \
        .name = "optimize", .value = "WISH", \
        .help = "speed, size, or balanced (default): code only where it saves time enough" \
    }

/* Adds what --optimize asks for to the features of plan_graph_for; NULL: nothing. */
bool command_wish(struct session *session, const char *wish, unsigned *features);

/* What the planner makes of a core's features, for plan_graph_for. */
unsigned command_features(const struct target_core *core);
bool command_board(struct session *session, const char *name, struct target_board *board);

struct plan;
struct emit_files;
struct report_fit;

/* Whether the C of a plan fits on a board. */
bool command_fit(struct session *session, const char *board, const struct plan *plan, const struct emit_files *files,
                 struct report_fit *fit);

/* Writes the C of a plan to a folder, which is made if it is missing. */
bool command_write_c(struct session *session, const char *folder, const char *name, const struct emit_files *files);

/*** Long work ***/

/* A bar on stderr where that is a terminal, once the work has lasted a second. Starts zeroed but for `total`. */
struct progress {
    uint64_t total, done;
    int64_t started, shown; /* nanoseconds */
};

void progress_step(struct progress *progress);
void progress_end(struct progress *progress);

#endif
