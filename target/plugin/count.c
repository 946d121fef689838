/* SPDX-License-Identifier: MIT
 *
 * A plugin of QEMU (TCG plugin interface, version 1, as of QEMU 4.2 to 8.2) that counts instructions, exactly, and
 * estimates cycles, from costs of kinds of instructions, between two functions of a program, and for each layer.
 *
 *     qemu-system-arm ... -plugin count.so,family=arm,begin=0x100,end=0x200,map=layers,load=2,taken=2
 *
 * family   arm (Thumb) or riscv
 * begin    counting goes on from the first instruction of this function, and stops at that of `end`
 * map      a file of lines "address size layer": code there belongs to this layer, and so does what it calls: all code
 *          that the file does not name, until the next that it names
 * else     the cycles of a kind of instruction; see `kinds`
 *
 * A branch that is taken, seen as a block that does not follow the block before, costs `taken` more, a jump `jump`, if
 * given; the end of a loop of Armv8.1-M costs `loop` and no more, if given. A load right after a single load or store costs
 * `load_next`, if given, and so does `vector_next` what overlaps with the vector instruction before: an access to memory
 * with arithmetic. Memory has no wait states.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*** The part of QEMU's interface that is used ***/

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*)(unsigned cpu, void *), int flags, void *);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/*** Kinds of instructions ***/

enum kind {
    ALU,
    LOAD,
    STORE,
    MULTIPLE, /* besides a cycle for each register */
    MUL,
    MUL_ADD,
    MUL_LONG,
    DIV,
    BRANCH,
    JUMP, /* for a core where a taken branch costs another number */
    LINK, /* a call, a return from the stack: besides a branch */
    FLOAT,
    FLOAT_MUL_ADD,
    FLOAT_DIV,
    VECTOR,
    LOOP_BEGIN, /* of Armv8.1-M */
    LOOP,       /* its end */
    TAKEN,
    LOAD_NEXT,
    VECTOR_NEXT,
    KIND_COUNT
};

static const char *const kinds[KIND_COUNT] = {"alu",        "load",     "store",         "multiple",  "mul",
                                              "mul_add",    "mul_long", "div",           "branch",    "jump",
                                              "link",       "float",    "float_mul_add", "float_div", "vector",
                                              "loop_begin", "loop",     "taken",         "load_next", "vector_next"};

static uint32_t costs[KIND_COUNT] = {
    [ALU] = 1, [LOAD] = 1,   [STORE] = 1, [MULTIPLE] = 1,      [MUL] = 1,       [MUL_ADD] = 1, [MUL_LONG] = 1,
    [DIV] = 1, [BRANCH] = 1, [FLOAT] = 1, [FLOAT_MUL_ADD] = 1, [FLOAT_DIV] = 1, [VECTOR] = 1,  [LOOP_BEGIN] = 1};
static bool is_given[KIND_COUNT];

struct insn {
    enum kind kind;
    uint32_t registers; /* MULTIPLE, LINK: moved to or from memory */
    bool is_single;     /* a load or store of one register that leaves its base: the next one overlaps with it */
    bool is_memory;     /* VECTOR: a load or store */
};

typedef struct insn decode(uint32_t first, uint32_t second, size_t size);

static struct insn plain(enum kind kind) { return (struct insn){.kind = kind}; }
static struct insn single(bool is_load) { return (struct insn){.kind = is_load ? LOAD : STORE, .is_single = true}; }
static struct insn multiple(uint32_t list)
{
    return (struct insn){.kind = MULTIPLE, .registers = (uint32_t)__builtin_popcount(list & 0xFFFF)};
}

/* Source: Arm v7-M Architecture Reference Manual, A5.2, 16-bit Thumb instruction encoding. */
static struct insn decode_thumb16(uint32_t w)
{
    switch (w >> 12) {
    case 4:
        return (w & 0xF800) == 0x4800                             ? single(true)
               : (w & 0xFFC0) == 0x4340                           ? plain(MUL)
               : (w & 0xFF00) == 0x4700 || (w & 0xFF87) == 0x4687 ? plain(BRANCH)
                                                                  : plain(ALU); /* bx, mov pc */
    case 5:
        return single((w >> 9 & 7) >= 3);
    case 6:
    case 7:
    case 8:
    case 9:
        return single((w & 0x0800) != 0);
    case 11:
        if ((w & 0xFE00) == 0xB400) { /* push */
            return multiple(w & 0x1FF);
        }
        if ((w & 0xFE00) == 0xBC00) { /* pop */
            struct insn pop = multiple(w & 0x1FF);
            pop.kind = (w & 0x100) != 0 ? LINK : MULTIPLE;
            return pop;
        }
        return plain((w & 0xF500) == 0xB100 ? BRANCH : ALU); /* cbz */
    case 12:
        return multiple(w & 0xFF);
    case 13:
        return plain(BRANCH);
    case 14:
        return plain(BRANCH); /* b; of 32 bits are the others */
    default:
        return plain(ALU);
    }
}

/* Coprocessor space: floating point in coprocessors 10 and 11, else vectors. Source: A7.5, A7.6. */
static struct insn decode_float(uint32_t h1, uint32_t h2)
{
    const uint32_t coprocessor = h2 >> 8 & 15;
    if ((coprocessor != 10 && coprocessor != 11) || (h1 & 0xF000) != 0xE000) {
        return (struct insn){.kind = VECTOR, .is_memory = (h1 & 0xEE00) == 0xEC00};
    }
    if ((h1 & 0xFE00) == 0xEC00) { /* load and store, moves of two registers */
        if ((h1 & 0xFFE0) == 0xEC40) {
            return plain(FLOAT);
        }
        const bool is_one = (h1 & 0xFF20) == 0xED00;
        const uint32_t count = is_one ? (coprocessor == 11 ? 2 : 1) : h2 & 0xFF;
        return is_one && count == 1 ? single((h1 & 0x10) != 0) : (struct insn){.kind = MULTIPLE, .registers = count};
    }
    if ((h2 & 0x10) != 0) {
        return plain(FLOAT);
    }
    switch (h1 >> 4 & 11) {
    case 0:
    case 1:
    case 9:
    case 10:
        return plain(FLOAT_MUL_ADD);
    case 8:
        return plain(FLOAT_DIV);
    case 11:
        return plain((h1 & 15) == 1 && (h2 & 0xC0) == 0xC0 ? FLOAT_DIV : FLOAT); /* square root */
    default:
        return plain(FLOAT);
    }
}

static struct insn decode_multiply(uint32_t h1, uint32_t h2)
{
    const uint32_t operation = h1 >> 4 & 15;
    if (operation == 9 || operation == 11) {
        return plain(DIV);
    }
    return plain(operation >= 8 ? MUL_LONG : h2 >> 12 != 15 ? MUL_ADD : MUL);
}

/* Source: Arm v7-M Architecture Reference Manual, A5.3, 32-bit Thumb instruction encoding. */
static struct insn decode_thumb(uint32_t h1, uint32_t h2, size_t size)
{
    if (size == 2) {
        return decode_thumb16(h1);
    }
    if ((h1 & 0xEC00) == 0xEC00) {
        return decode_float(h1, h2);
    }
    if ((h1 & 0xFE40) == 0xE800) { /* ldm, stm */
        struct insn many = multiple(h2);
        many.kind = (h1 & 0x10) != 0 && (h2 & 0x8000) != 0 ? LINK : MULTIPLE;
        return many;
    }
    if ((h1 & 0xFE40) == 0xE840) { /* ldrd, strd, exclusive; table branch */
        return (h1 & 0xFFF0) == 0xE8D0 && (h2 & 0xFFE0) == 0xF000 ? plain(BRANCH)
                                                                  : (struct insn){.kind = MULTIPLE, .registers = 2};
    }
    if ((h1 & 0xFE00) == 0xF800) {
        const bool is_load = (h1 & 0x10) != 0;
        const bool has_writeback = (h1 & 0x80) == 0 && (h2 & 0x900) == 0x900;
        if (is_load && h2 >> 12 == 15 && (h1 & 0x60) == 0x40) {
            return plain(LINK); /* ldr pc */
        }
        return has_writeback ? plain(is_load ? LOAD : STORE) : single(is_load);
    }
    if ((h1 & 0xFF00) == 0xFB00) {
        return decode_multiply(h1, h2);
    }
    if ((h1 & 0xFFCF) == 0xF00F && (h2 & 0xF001) == 0xC001) { /* le, letp */
        return plain(is_given[LOOP] ? LOOP : BRANCH);
    }
    if ((h1 & 0xFF80) == 0xF000 && ((h2 & 0xF001) == 0xC001 || h2 == 0xE001)) { /* wls, dls, with predication, too */
        return plain(LOOP_BEGIN);
    }
    if ((h1 & 0xF800) == 0xF000 && (h2 & 0x8000) != 0) {
        const bool is_call = (h2 & 0x4000) != 0, is_system = (h2 & 0x5000) == 0 && (h1 & 0x380) == 0x380;
        return plain(is_call ? LINK : is_system ? ALU : BRANCH);
    }
    return plain(ALU);
}

/* Source: RISC-V Instruction Set Manual, volume I, chapters 2, 7 (M) and 16 (C). */
static struct insn decode_riscv(uint32_t h1, uint32_t h2, size_t size)
{
    if (size == 2) {
        switch ((h1 & 3) << 3 | h1 >> 13) {
        case 002:
        case 022:
            return plain(LOAD);
        case 006:
        case 026:
            return plain(STORE);
        case 011:
        case 015:
            return plain(JUMP);
        case 016:
        case 017:
            return plain(BRANCH);
        case 024:
            return plain((h1 & 0x7C) == 0 ? JUMP : ALU); /* c.jr, c.jalr */
        default:
            return plain(ALU);
        }
    }
    switch (h1 & 0x7F) {
    case 0x03:
        return plain(LOAD);
    case 0x23:
        return plain(STORE);
    case 0x63:
        return plain(BRANCH);
    case 0x67:
    case 0x6F:
        return plain(JUMP);
    case 0x33:
        if (h2 >> 9 == 1) {
            const uint32_t function = h1 >> 12 & 7;
            return plain(function == 0 ? MUL : function < 4 ? MUL_LONG : DIV);
        }
        return plain(ALU);
    default:
        return plain(ALU);
    }
}

/*** Layers ***/

struct count {
    uint64_t instructions, cycles;
};

struct range {
    uint32_t start, size;
    uint32_t layer;
};

enum { MOST_LAYERS = 65536 };

static struct range *ranges;
static size_t range_count;
static struct count layers[MOST_LAYERS];

static bool read_map(const char *path)
{
    FILE *f = fopen(path, "r");
    size_t capacity = 0;
    struct range r;
    while (f != NULL && fscanf(f, "%" SCNu32 " %" SCNu32 " %" SCNu32, &r.start, &r.size, &r.layer) == 3) {
        if (range_count == capacity) {
            capacity = capacity * 2 + 64;
            ranges = realloc(ranges, capacity * sizeof *ranges);
        }
        if (ranges == NULL || r.layer >= MOST_LAYERS) {
            fclose(f);
            return false;
        }
        ranges[range_count++] = r;
    }
    return f != NULL && fclose(f) == 0;
}

/*** Counting ***/

/* Instructions that run one after the other. */
struct block {
    uint32_t start, next; /* its first instruction, the one behind it */
    uint32_t instructions, cycles, taken;
    struct insn first, final;
    const struct range *range; /* NULL: code that belongs to its caller */
};

static decode *decode_insn;
static uint32_t begin, end;
static bool is_counting;
static const struct block *last;
static struct count *layer = layers;

static uint32_t find_cycles(const struct insn *insn, const struct insn *before)
{
    switch (insn->kind) {
    case LOAD:
        return costs[insn->is_single && before->is_single && is_given[LOAD_NEXT] ? LOAD_NEXT : LOAD];
    case VECTOR:
        return costs[before->kind == VECTOR && before->is_memory != insn->is_memory && is_given[VECTOR_NEXT]
                         ? VECTOR_NEXT
                         : VECTOR];
    case MULTIPLE:
        return costs[MULTIPLE] + insn->registers;
    case LINK:
        return costs[LINK] + (insn->registers > 0 ? costs[MULTIPLE] + insn->registers : costs[BRANCH]);
    case JUMP:
        return costs[BRANCH];
    default:
        return costs[insn->kind];
    }
}

/* Bytes of the instruction that begins with h1. QEMU counts those of the next one, too, where that one goes over the end of
 * a page. */
static size_t find_size(uint32_t h1)
{
    const bool is_long = decode_insn == decode_thumb ? h1 >> 11 >= 0x1D : (h1 & 3) == 3;
    return is_long ? 4 : 2;
}

static void run_block(unsigned cpu, void *data)
{
    const struct block *b = data;
    (void)cpu;
    if (is_counting && last != NULL && last->next != b->start) {
        layer->cycles += last->taken;
    } else if (is_counting && last != NULL) { /* QEMU ends a block at the end of a page, too */
        layer->cycles += find_cycles(&b->first, &last->final);
        layer->cycles -= find_cycles(&b->first, &(struct insn){0});
    }
    if (b->start == begin || b->start == end) { /* the marks themselves do not count */
        is_counting = b->start == begin;
        layer = layers;
        last = NULL;
        return;
    }
    if (!is_counting) {
        return;
    }
    if (b->range != NULL) {
        layer = &layers[b->range->layer];
    }
    layer->instructions += b->instructions;
    layer->cycles += b->cycles;
    last = b;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct block *b = calloc(1, sizeof *b);
    struct insn before = {0};
    (void)id;
    if (b == NULL) {
        abort();
    }
    b->start = b->next = (uint32_t)qemu_plugin_tb_vaddr(tb) & ~1U;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        const struct qemu_plugin_insn *q = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(q);
        const uint32_t h1 = (uint32_t)(bytes[0] | bytes[1] << 8);
        const size_t size = find_size(h1);
        const uint32_t h2 = size < 4 ? 0 : (uint32_t)(bytes[2] | bytes[3] << 8);
        const struct insn insn = decode_insn(h1, h2, size);
        b->instructions++;
        b->cycles += find_cycles(&insn, &before);
        b->taken = insn.kind == JUMP && is_given[JUMP] ? costs[JUMP] : insn.kind == LOOP ? 0 : costs[TAKEN];
        b->next += (uint32_t)size;
        b->first = i == 0 ? insn : b->first;
        b->final = insn;
        before = insn;
    }
    for (size_t i = 0; i < range_count && b->range == NULL; i++) {
        b->range = b->start - ranges[i].start < ranges[i].size ? &ranges[i] : NULL;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, run_block, 0, b);
}

static void report(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    for (uint32_t i = 0; i < MOST_LAYERS; i++) {
        if (layers[i].instructions > 0) {
            fprintf(stderr, "layer %" PRIu32 " %" PRIu64 " %" PRIu64 "\n", i, layers[i].instructions, layers[i].cycles);
        }
    }
}

static bool read_argument(char *argument)
{
    char *value = strchr(argument, '=');
    if (value == NULL) {
        return false;
    }
    *value++ = '\0';
    if (strcmp(argument, "family") == 0) {
        decode_insn = strcmp(value, "arm") == 0 ? decode_thumb : strcmp(value, "riscv") == 0 ? decode_riscv : NULL;
        return decode_insn != NULL;
    }
    if (strcmp(argument, "map") == 0) {
        return read_map(value);
    }
    const uint32_t number = (uint32_t)strtoul(value, NULL, 0);
    if (strcmp(argument, "begin") == 0 || strcmp(argument, "end") == 0) {
        *(argument[0] == 'b' ? &begin : &end) = number & ~1U;
        return true;
    }
    for (int i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i], argument) == 0) {
            costs[i] = number;
            is_given[i] = true;
            return true;
        }
    }
    return false;
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int count,
                                                               char **arguments)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (!read_argument(arguments[i])) {
            fprintf(stderr, "count: wrong argument: %s\n", arguments[i]);
            return -1;
        }
    }
    if (decode_insn == NULL) {
        fprintf(stderr, "count: which family?\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
