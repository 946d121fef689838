/* SPDX-License-Identifier: MIT
 *
 * What the firmware of `mote verify` and `mote bench` needs of the machine that it runs on: start_<family>.c.
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stddef.h>
#include <stdint.h>

/* The main program; returns where there is an operating system. */
int main(void);

/* Prints text. */
void machine_put(const char *text);

/* A byte of case.bin, which may lie where only the machine knows how to read. */
uint8_t machine_read(const uint8_t *at);

/* Ends the run, where returning from main does not. */
void machine_end(void);

/* Fills the stack below the caller with a pattern; how much of it was overwritten since, bytes, as the same caller asks.
 * 0 where that is not known. */
void machine_paint(void);
uint32_t machine_stack(void);

/* A loop for the bench to check itself: each round is three instructions of arithmetic, two loads and a branch that is
 * taken, but for the last. */
void machine_known_loop(uint32_t rounds);

#endif
