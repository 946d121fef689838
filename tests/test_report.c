/* SPDX-License-Identifier: MIT
 *
 * The page of a training: what it must hold, that no name of a user becomes HTML, that parts left out leave no trace.
 *
 *     test_report [FILE]    writes the page to look at it
 */
#include <stdio.h>
#include <string.h>

#include "../tool/report/training.h"
#include "random_graph.h"
#include "expect.h"

static bool has(struct file page, const char *text) { return memmem(page.data, page.size, text, strlen(text)) != NULL; }

/* As often as it opens, an element closes. */
static bool is_balanced(struct file page, const char *open, const char *close)
{
    int difference = 0;
    for (const char *c = (const char *)page.data; (c = strstr(c, open)) != NULL; c++) {
        difference++;
    }
    for (const char *c = (const char *)page.data; (c = strstr(c, close)) != NULL; c++) {
        difference--;
    }
    return difference == 0;
}

static const char *const classes[] = {"yes", "no", "<script>alert(1)</script>"};
static const int32_t confusion[] = {40, 2, 1, 3, 38, 2, 0, 4, 45};
static const uint8_t pixels[4 * 4] = {0, 40, 80, 120, 160, 200, 240, 255, 255, 240, 200, 160, 120, 80, 40, 0};

static struct report_training make_training(struct report_epoch *epochs, int32_t count)
{
    static const struct report_score scores[] = {{"accuracy", 0.911, 0.875, 0.938, 0.918}, {"F1", 0.909, 0, 0, -1}};
    static const struct report_fact facts[] = {{"examples", "1,200 for training, 150 & 135 held back"}, {"seed", "7"}};
    static const double x[] = {0, 0.02, 0.1, 0.4, 1}, y[] = {0, 0.7, 0.88, 0.97, 1};
    static const struct report_curve roc = {x, y, 5};
    static const struct report_example examples[] = {
        {.source = "no/a\"b.wav",
         .wanted = "no",
         .got = "yes",
         .confidence = 0.93,
         .pixels = pixels,
         .width = 4,
         .height = 4,
         .channels = 1},
        {.source = "line 7", .wanted = "no", .got = "no", .confidence = 0.51, .text = "win a <b>prize</b>"}};
    static const struct report_loss losses[] = {{"conv1", 38.2}, {"dense", 31.9}};
    static const struct report_fit fit = {.board = "nano",
                                          .about = "A board",
                                          .core = "cortex-m4",
                                          .arena = 5000,
                                          .stack = 600,
                                          .constants = 30000,
                                          .code = 9000,
                                          .ram = 5500,
                                          .flash = 1 << 20,
                                          .clock = 64000000,
                                          .cycles = 4.9e6};
    for (int32_t i = 0; i < count; i++) {
        epochs[i] = (struct report_epoch){2.0 / (i + 1), 1 - 0.6 / (i + 1), 2.2 / (i + 1), 1 - 0.7 / (i + 1)};
    }
    return (struct report_training){.title = "keyword <1>",
                                    .about = "Words",
                                    .facts = facts,
                                    .fact_count = 2,
                                    .scores = scores,
                                    .score_count = 2,
                                    .metric = "accuracy",
                                    .epochs = epochs,
                                    .epoch_count = count,
                                    .best_epoch = 17,
                                    .classes = classes,
                                    .class_count = 3,
                                    .confusion = confusion,
                                    .roc = &roc,
                                    .examples = examples,
                                    .example_count = 2,
                                    .losses = losses,
                                    .loss_count = 2,
                                    .fit = &fit};
}

static void test_full(struct file page)
{
    expect(!has(page, "<script>"), "a class is not HTML");
    expect(has(page, "&lt;script&gt;alert(1)"), "it is shown as text");
    expect(!has(page, "a\"b.wav"), "a file name is not HTML");
    expect(has(page, "win a &lt;b&gt;prize&lt;/b&gt;"), "a text example is shown as text");
    expect(has(page, "0.911") && has(page, "0.875 to 0.938") && has(page, "0.918 in float"), "scores");
    /* of yes: 40 of 43 it says, 40 of 43 there are */
    expect(has(page, "<td>yes</td><td class=\"n\">0.930</td><td class=\"n\">0.930</td><td class=\"n\">0.930</td>"
                     "<td class=\"n\">43</td>"),
           "precision, recall and F1 of a class");
    expect(has(page, "bar over") && has(page, "5600 of 5500 bytes"), "too much RAM is marked");
    expect(has(page, "76.6 ms"), "milliseconds");
    expect(has(page, "RAM over time") && has(page, "<rect class=\"f"), "a map of RAM");
    expect(is_balanced(page, "<table", "</table>") && is_balanced(page, "<div", "</div>") &&
               is_balanced(page, "<svg", "</svg>") && is_balanced(page, "<td", "</td>"),
           "elements close");
    expect(!has(page, "http"), "the page needs nothing else");
}

static void test_objects(struct arena *arena)
{
    static const struct report_mark marks[] = {{"<b>", 0.5F, 0.25F, 0.5F, 0.5F, true, 0},
                                               {"no", 0.75F, 0.75F, 0.5F, 0.5F, false, 0},
                                               {"no", 0.5F, 0.25F, 0, 0, true, 0.8F}};
    static const struct report_example scene = {
        .source = "a.png", .pixels = pixels, .width = 4, .height = 4, .channels = 1, .marks = marks, .mark_count = 3};
    static const struct report_objects objects[] = {{3, 1, 2}, {0, 2, 0}, {0, 0, 0}};
    const struct report_training t = {.title = "t",
                                      .about = "a",
                                      .classes = classes,
                                      .class_count = 3,
                                      .objects = objects,
                                      .examples = &scene,
                                      .example_count = 1};
    const struct file page = report_training(&t, arena);
    expect(has(page, "<td>yes</td><td class=\"n\">0.600</td><td class=\"n\">0.750</td><td class=\"n\">0.667</td>"
                     "<td class=\"n\">4</td>"),
           "precision, recall and F1 of objects");
    expect(has(page, "<rect class=\"hit\" x=\"1.0\" y=\"0.0\" width=\"2.0\" height=\"2.0\"><title>&lt;b&gt;</title>") &&
               has(page, "<rect class=\"missed\"") && has(page, "no, 80 % sure"),
           "boxes and points in a picture");
    expect(is_balanced(page, "<div", "</div>") && is_balanced(page, "<svg", "</svg>") && !has(page, "(null)"),
           "elements close");
}

static void test_empty(struct arena *arena)
{
    const struct report_training empty = {.title = "t", .about = "a"};
    const struct file page = report_training(&empty, arena);
    expect(!has(page, "<h2>") && !has(page, "nan"), "nothing is said of what is not there");
}

int main(int argc, char **argv)
{
    struct arena arena;
    struct diag diag = {0};
    arena_init(&arena, (size_t)64 << 20);
    struct report_epoch epochs[20];
    struct report_training t = make_training(epochs, 20);
    struct graph g = random_graph(&arena, 3, 0);
    struct plan plan;
    expect(plan_graph(&g, PLAN_STREAM, &plan, &diag), "a plan");
    t.plan = &plan;
    const struct file page = report_training(&t, &arena);
    test_full(page);
    test_objects(&arena);
    test_empty(&arena);
    if (argc > 1) {
        expect(file_write(argv[1], page.data, page.size, &diag), "writing");
    }
    arena_free(&arena);
    return expect_end();
}
