/* SPDX-License-Identifier: MIT
 *
 * Start-up of a Cortex-M; its voice is semihosting (Arm, "Semihosting for AArch32 and AArch64").
 */
#include "firmware.h"

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18, EXIT_DONE = 0x20026, EXIT_FAULT = 0x20023, PATTERN = 0x5AA5C33C };

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_limit[], stack_top[];

static void semihost(uint32_t operation, uint32_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uint32_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

uint8_t machine_read(const uint8_t *at) { return *at; }
void machine_end(void) {}
void machine_put(const char *text) { semihost(SYS_WRITE0, (uint32_t)(uintptr_t)text); }

__attribute__((noinline)) void machine_paint(void)
{
    const uint32_t *here = __builtin_frame_address(0);
    for (uint32_t *p = stack_limit; p < here - 8; p++) {
        *(volatile uint32_t *)p = PATTERN;
    }
}

__attribute__((noinline)) uint32_t machine_stack(void)
{
    const uint8_t *here = __builtin_frame_address(0);
    const uint32_t *p = stack_limit;
    while ((const uint8_t *)p < here && *p == PATTERN) {
        p++;
    }
    return (uint32_t)(here - (const uint8_t *)p);
}

static void fault(void)
{
    machine_put("fault\n");
    semihost(SYS_EXIT, EXIT_FAULT);
    for (;;) {
    }
}

void firmware_reset(void)
{
    for (uint32_t *from = data_load, *to = data_start; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88 |= 0xFU << 20; /* CPACR: the floating-point unit */
    __asm__ volatile("dsb\n isb");
#endif
    main();
    semihost(SYS_EXIT, EXIT_DONE);
    for (;;) {
    }
}

typedef void handler(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler *handlers[15];
} vectors = {stack_top,
             {firmware_reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, fault}};

/* The second load goes over the end of a page of QEMU's, where the core has instructions of 32 bits. */
#if __ARM_ARCH_ISA_THUMB >= 2
#define SECOND_LOAD "ldr.w"
#else
#define SECOND_LOAD "ldr"
#endif

__attribute__((naked)) void machine_known_loop(uint32_t rounds)
{
#ifdef __ARM_FEATURE_MVE
    __asm__("    mov r2, sp\n"
            "    mov r3, lr\n"
            "    dls lr, r0\n"
            "    b 1f\n"
            "    .balign 1024\n"
            "    .space 1012\n"
            "1:  ldr r1, [r2]\n"
            "    adds r1, r1, #1\n"
            "    eors r1, r1, r0\n"
            "    vldrw.u32 q0, [r2]\n"
            "    vadd.i32 q1, q1, q0\n"
            "    le lr, 1b\n"
            "    bx r3\n");
#else
    __asm__(".syntax unified\n"
            "    mov r2, sp\n"
            "    b 1f\n"
            "    .balign 1024\n"
            "    .space 1014\n"
            "1:  adds r1, r1, #1\n"
            "    eors r1, r1, r0\n"
            "    subs r0, r0, #1\n"
            "    ldr r1, [r2]\n"
            "    " SECOND_LOAD " r3, [r2]\n"
            "    bne 1b\n"
            "    bx lr\n");
#endif
}
