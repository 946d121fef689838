/* SPDX-License-Identifier: MIT
 *
 * An AVR under simavr: its voice is the first serial port; it ends by sleeping with interrupts off. The C library starts
 * it up. Inputs lie in program memory.
 */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>

#include "firmware.h"

enum { PATTERN = 0x5C };

extern uint8_t _end[];
extern const uint8_t case_data[];

void machine_put(const char *text)
{
    UCSR0B = 1 << TXEN0;
    for (; *text != '\0'; text++) {
        while ((UCSR0A & 1 << UDRE0) == 0) {
        }
        UDR0 = (uint8_t)*text;
    }
}

uint8_t machine_read(const uint8_t *at)
{
    return pgm_read_byte_far(pgm_get_far_address(case_data) + (uint16_t)(at - case_data));
}

__attribute__((noinline)) void machine_paint(void)
{
    uint8_t *here = (uint8_t *)SP;
    for (uint8_t *p = _end; p < here - 8; p++) {
        *(volatile uint8_t *)p = PATTERN;
    }
}

__attribute__((noinline)) uint32_t machine_stack(void)
{
    const uint8_t *here = (const uint8_t *)SP, *p = _end;
    while (p < here && *p == PATTERN) {
        p++;
    }
    return (uint32_t)(here - p);
}

void machine_known_loop(uint32_t rounds) { (void)rounds; }

void machine_end(void)
{
    cli();
    sleep_enable();
    sleep_cpu();
}
