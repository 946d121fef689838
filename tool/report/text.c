/* SPDX-License-Identifier: MIT
 *
 * The report for people: 80 columns, no colour.
 */
#include <inttypes.h>
#include <langinfo.h>
#include <string.h>

#include "report.h"

enum { BAR = 4, RAM_BAR = 12, EIGHTHS = 8, TEXT = 128 };

/* A bar of `width` columns, filled to value / most; the smallest value that is not 0 still shows. */
static const char *bar(int64_t value, int64_t most, int width, char *text)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const int unit = is_utf8 ? EIGHTHS : 1;
    int filled = most > 0 ? (int)((double)value / (double)most * width * unit + 0.5) : 0;
    filled = filled == 0 && value > 0 ? 1 : filled;
    char *to = text;
    for (int i = 0; i < filled / unit; i++) {
        to = stpcpy(to, is_utf8 ? "█" : "#");
    }
    to = stpcpy(to, parts[filled % unit]);
    const int columns = filled / unit + (filled % unit > 0);
    memset(to, ' ', (size_t)(width - columns));
    to[width - columns] = '\0';
    return text;
}

/* 2656768 as "2,656,768". */
static const char *grouped(int64_t value, char *text)
{
    char digits[TEXT];
    const int n = snprintf(digits, sizeof digits, "%" PRId64, value);
    char *to = text;
    for (int i = 0; i < n; i++) {
        *to++ = digits[i];
        if (i < n - 1 && (n - 1 - i) % 3 == 0) {
            *to++ = ',';
        }
    }
    *to = '\0';
    return text;
}

/* At most five columns: 950, 9.5k, 320k, 2.7M. Nothing for 0. */
static const char *brief(int64_t value, char *text)
{
    double scaled = (double)value;
    const char *unit = "";
    for (const char *u = "k\0M\0G\0T\0"; scaled >= 999.5 && *u != '\0'; u += 2) {
        scaled /= 1000;
        unit = u;
    }
    snprintf(text, TEXT, *unit != '\0' && scaled < 9.95 ? "%.1f%s" : "%.0f%s", scaled, unit);
    return value == 0 ? "" : text;
}

/* 1x25x5x64, cut to `size` - 1 letters. */
static const char *shape(const struct tensor *t, char *text, size_t size)
{
    size_t n = 0;
    snprintf(text, size, t->rank == 0 ? "scalar" : "");
    for (int i = 0; i < t->rank && n < size; i++) {
        n += (size_t)snprintf(text + n, size - n, "%s%" PRId32, i > 0 ? "x" : "", t->dim[i]);
    }
    return text;
}

static void print_ends(FILE *to, const struct graph *g, const char *title, const int32_t *ends, const char **names,
                       int32_t count)
{
    fprintf(to, "\n%s\n", title);
    for (int i = 0; i < count; i++) {
        const struct tensor *t = &g->tensors[ends[i]];
        char name[18], dims[15], bytes[TEXT];
        fprintf(to, "  %-17s %-14s %-7s %9s B", report_name(names[i], name, sizeof name), shape(t, dims, sizeof dims),
                ir_type_text(t->type), grouped(ir_size(t), bytes));
        if (t->quant.count == 1 && t->quant.scale[0] != 0) {
            fprintf(to, "  scale %.4g zero %" PRId32, (double)ir_scale(t), ir_zero_point(t));
        }
        fputc('\n', to);
    }
}

static void print_classes(FILE *to, const struct graph *g)
{
    enum { WIDTH = 80, MOST = 100 };
    int column = fprintf(to, "%s", g->class_count > 0 ? "\nclasses\n" : "") > 0 ? WIDTH : 0;
    for (int32_t i = 0; i < g->class_count && i < MOST; i++) {
        char name[30], text[TEXT];
        const int length =
            snprintf(text, sizeof text, "%" PRId32 " %s", i, report_name(g->classes[i], name, sizeof name));
        const bool wraps = column + length + 2 >= WIDTH;
        column = wraps ? fprintf(to, "%s  %s", i > 0 ? "\n" : "", text) : column + fprintf(to, ", %s", text);
    }
    fputs(g->class_count > MOST ? ", ...\n" : g->class_count > 0 ? "\n" : "", to);
}

/* Brackets operators that run interleaved. */
static const char *bracket(const struct report *r, int32_t i)
{
    const int32_t segment = r->operators[i].segment, last = r->graph->node_count - 1;
    const bool above = segment >= 0 && i > 0 && r->operators[i - 1].segment == segment;
    const bool below = segment >= 0 && i < last && r->operators[i + 1].segment == segment;
    const bool is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return above && below ? (is_utf8 ? "│" : "|")
           : above        ? (is_utf8 ? "└" : "\\")
           : below        ? (is_utf8 ? "┌" : "/")
                          : " ";
}

static void print_operators(FILE *to, const struct report *r)
{
    const struct graph *g = r->graph;
    int64_t most_macs = 0, most_bytes = 0;
    for (int i = 0; i < g->node_count; i++) {
        const struct report_operator *o = &r->operators[i];
        most_macs = o->macs > most_macs ? o->macs : most_macs;
        most_bytes = o->weight_bytes > most_bytes ? o->weight_bytes : most_bytes;
    }
    fprintf(to, "\noperators, as they run; bracketed ones take turns row by row\n");
    fprintf(to, "%3s  %-17s %-14s %-12s %-7s %5s %4s %5s\n", "#", "operator", "name", "output", "type", "MACs", "",
            "bytes");
    for (int i = 0; i < g->node_count; i++) {
        const struct report_operator *o = &r->operators[i];
        const struct tensor *out = ir_out(g, o->node, 0);
        char name[15], dims[13], macs[TEXT], macs_bar[TEXT], bytes[TEXT], bytes_bar[TEXT];
        fprintf(to, "%3" PRId32 " %s%-17.17s %-14s %-12s %-7.7s %5s %s %5s %s\n", o->node->index, bracket(r, i),
                ir_op_text(o->node->op), report_name(o->node->name, name, sizeof name),
                out != NULL ? shape(out, dims, sizeof dims) : "", out != NULL ? ir_type_text(out->type) : "",
                brief(o->macs, macs), bar(o->macs, most_macs, BAR, macs_bar), brief(o->weight_bytes, bytes),
                bar(o->weight_bytes, most_bytes, BAR, bytes_bar));
    }
    char macs[TEXT], bytes[TEXT];
    fprintf(to, "total %s MACs, %s bytes of constants\n", grouped(r->macs, macs), grouped(r->weight_bytes, bytes));
}

/* How many rows of each tensor between interleaved operators are held at most. */
static void print_rows(FILE *to, const struct report *r)
{
    bool any = false;
    for (int i = 0; i < r->plan->buffer_count; i++) {
        const struct plan_buffer *b = &r->plan->buffers[i];
        if (b->is_split) {
            char name[40];
            fputs(any ? "" : "  rows held at most, of tensors between bracketed operators:\n", to);
            fprintf(to, "%11" PRId32 " of %-5" PRId32 " %s\n", b->most_rows, b->row_count,
                    report_name(b->name, name, sizeof name));
            any = true;
        }
    }
}

static void print_memory(FILE *to, const struct report *r)
{
    const struct plan *plan = r->plan;
    char arena[TEXT], bound[TEXT], layered[TEXT];
    fprintf(to, "\nRAM\n");
    fprintf(to, "  %s bytes for all tensors; not less than %s by this schedule", grouped(plan->tensor_size, arena),
            grouped(plan->lower_bound, bound));
    if (r->layered_size > plan->tensor_size) {
        fprintf(to, ";\n  %s if one layer ran after the other", grouped(r->layered_size, layered));
    }
    fputs(plan->is_settled ? ";\n  the graph is large, so the search for a better schedule was cut short\n" : "\n", to);
    if (r->peak != NULL) {
        fprintf(to, "  the most is in use while operator %" PRId32 " %s runs:\n", r->peak->index,
                ir_op_text(r->peak->op));
    }
    const int64_t most = r->resident_count > 0 ? r->residents[0].bytes : 0;
    int64_t sum = r->peak_scratch;
    for (int i = 0; i < r->resident_count; i++) {
        const struct report_resident *x = &r->residents[i];
        char name[24], dims[17], bytes[TEXT], bars[TEXT];
        sum += x->bytes;
        fprintf(to, "%11s B %s %-23s %-16s", grouped(x->bytes, bytes), bar(x->bytes, most, RAM_BAR, bars),
                report_name(x->buffer->name, name, sizeof name),
                x->tensor != NULL ? shape(x->tensor, dims, sizeof dims) : "running sums");
        if (x->buffer->peak_rows < x->buffer->row_count) {
            fprintf(to, " %" PRId32 " of %" PRId32, x->buffer->peak_rows, x->buffer->row_count);
        }
        fputc('\n', to);
    }
    char bytes[TEXT];
    if (r->peak_scratch > 0) {
        fprintf(to, "%11s B scratch memory\n", grouped(r->peak_scratch, bytes));
    }
    if (sum > plan->lower_bound) {
        fprintf(to, "%11s B less, since rows are overwritten in place\n", grouped(plan->lower_bound - sum, bytes));
    }
    print_rows(to, r);
}

static void print_share(FILE *to, const char *what, int64_t needed, int64_t there)
{
    char a[TEXT], b[TEXT], c[TEXT];
    fprintf(to, "  %-5s %s of %s bytes, %s %s\n", what, grouped(needed, a), grouped(there, b),
            grouped(there >= needed ? there - needed : needed - there, c), there >= needed ? "to spare" : "TOO MANY");
}

static void print_fit(FILE *to, const struct report_fit *f)
{
    const bool fits = report_fit_ram(f) <= f->ram && report_fit_flash(f) <= f->flash;
    char stack[TEXT], code[TEXT];
    fprintf(to, "\n%s: %s, %s\n  it %s; estimated are the stack, %s bytes, and the code, %s\n", f->board, f->about,
            f->core, fits ? "fits" : "DOES NOT FIT", grouped(f->stack, stack), grouped(f->code, code));
    print_share(to, "RAM", report_fit_ram(f), f->ram);
    print_share(to, "flash", report_fit_flash(f), f->flash);
    if (f->cycles > 0) {
        const double ms = f->cycles / f->clock * 1e3;
        fprintf(to, "  about %.*f ms an invoke at %.4g MHz, estimated from its MACs; `mote bench` counts\n",
                ms < 10 ? 2 : 0, ms, f->clock / 1e6);
    }
}

void report_text(const struct report *r, FILE *to)
{
    char bytes[TEXT];
    fprintf(to, "%s: %s bytes\n", r->path, grouped((int64_t)r->file_size, bytes));
    const struct graph *g = r->graph;
    print_ends(to, g, "inputs", g->inputs, g->input_names, g->input_count);
    print_ends(to, g, "outputs", g->outputs, g->output_names, g->output_count);
    print_classes(to, g);
    print_operators(to, r);
    print_memory(to, r);
    if (r->fit != NULL) {
        print_fit(to, r->fit);
    }
}

/*** What a model costs on a core ***/

static void print_layers(FILE *to, const struct report_core *c)
{
    const uint64_t all = c->layers[c->layer_count + 1].cycles;
    int alike = 0;
    fprintf(to, "%3s  %-17s %-13s %10s %12s %12s %5s\n", "#", "operator", "name", "MACs", "instructions", "cycles",
            "%");
    for (int i = 0; i < c->layer_count + 2; i++) {
        const struct report_layer *l = &c->layers[i];
        if (i < c->layer_count && l->instructions == 0) {
            alike++;
            continue;
        }
        char number[TEXT] = "", name[14], macs[TEXT] = "", instructions[TEXT], cycles[TEXT];
        if (i < c->layer_count) {
            snprintf(number, sizeof number, "%d", i);
        }
        if (l->macs > 0) {
            grouped(l->macs, macs);
        }
        fprintf(to, "%3s  %-17.17s %-13s %10s %12s %12s %5.1f\n", number, l->op,
                report_name(l->name, name, sizeof name), macs, grouped((int64_t)l->instructions, instructions),
                grouped((int64_t)l->cycles, cycles), all > 0 ? 100.0 * (double)l->cycles / (double)all : 0.0);
    }
    if (alike > 0) {
        fprintf(to, "%d more share the function of one of these, which counts for them\n", alike);
    }
}

static void print_sizes(FILE *to, const struct report_core *c)
{
    char all[TEXT], a[TEXT], b[TEXT], d[TEXT];
    fprintf(to, "RAM   %s bytes: arena %s, static data %s, stack %s\n", grouped(report_core_ram(c), all),
            grouped(c->arena, a), grouped(c->statics, b), grouped(c->stack, d));
    fprintf(to, "flash %s bytes: weights %s, tables and parameters %s, code %s\n", grouped(report_core_flash(c), all),
            grouped(c->weights, a), grouped(c->constants, b), grouped(c->code, d));
}

void report_core_text(const struct report_core *c, FILE *to)
{
    fprintf(to, "%s: %s\n", c->name, c->about);
    print_layers(to, c);
    print_sizes(to, c);
    for (int i = 0; i < c->board_count; i++) {
        const struct report_board *b = &c->boards[i];
        fprintf(to, "  %-25s %4.0f MHz %10.2f ms  RAM %6.1f %%  flash %6.1f %%\n", b->name, b->clock / 1e6,
                report_core_ms(c, b), 100.0 * (double)report_core_ram(c) / b->ram,
                100.0 * (double)report_core_flash(c) / b->flash);
    }
    fprintf(to,
            "Instructions are exact; cycles are estimated, without wait states and caches.\n"
            "Costs of instructions: %s.\n\n",
            c->costs_from);
}

void report_trade_text(const struct report_core *wishes, int32_t count, FILE *to)
{
    fprintf(to, "%s: %s\n", wishes[0].name, wishes[0].about);
    fprintf(to, "%-10s %14s %14s %14s %10s\n", "optimize", "cycles", "code", "constants", "RAM");
    for (const struct report_core *c = wishes; c < wishes + count; c++) {
        char cycles[TEXT], code[TEXT], constants[TEXT], ram[TEXT];
        fprintf(to, "%-10s %14s %14s %14s %10s\n", c->optimize,
                grouped((int64_t)c->layers[c->layer_count + 1].cycles, cycles), grouped(c->code, code),
                grouped((int64_t)c->weights + c->constants, constants), grouped(report_core_ram(c), ram));
    }
    fprintf(to, "Bytes of flash and RAM; cycles are estimated, without wait states and caches.\n\n");
}
