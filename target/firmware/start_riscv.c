/* SPDX-License-Identifier: MIT
 *
 * Start-up of a RISC-V core without an operating system; its voice is semihosting (RISC-V Semihosting).
 */
#include "firmware.h"

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18, EXIT_DONE = 0x20026, EXIT_FAULT = 0x20023, PATTERN = 0x5AA5C33C };

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_limit[], stack_top[];

/* The three instructions that mean semihosting must not be compressed, nor lie on two pages. */
__attribute__((noinline, aligned(16))) static void semihost(uint32_t operation, uint32_t argument)
{
    register uint32_t a0 __asm__("a0") = operation;
    register uint32_t a1 __asm__("a1") = argument;
    __asm__ volatile(".option push\n .option norvc\n .balign 16\n"
                     " slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
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

__attribute__((aligned(4), used)) static void fault(void)
{
    machine_put("fault\n");
    semihost(SYS_EXIT, EXIT_FAULT);
    for (;;) {
    }
}

__attribute__((used)) static void start(void)
{
    for (uint32_t *from = data_load, *to = data_start; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
    main();
    semihost(SYS_EXIT, EXIT_DONE);
    for (;;) {
    }
}

__attribute__((naked, section(".vectors"), used)) void firmware_reset(void)
{
    __asm__(".option push\n .option arch, +zicsr\n"
            " la sp, stack_top\n la t0, %0\n csrw mtvec, t0\n j %1\n"
            " .option pop"
            :
            : "i"(fault), "i"(start));
}

__attribute__((naked)) void machine_known_loop(uint32_t rounds)
{
    __asm__("1:  addi a1, a1, 1\n"
            "    xor a1, a1, a0\n"
            "    addi a0, a0, -1\n"
            "    lw a1, 0(sp)\n"
            "    lw a2, 0(sp)\n"
            "    bnez a0, 1b\n"
            "    ret\n");
}
