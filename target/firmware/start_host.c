/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "firmware.h"

void machine_put(const char *text) { fputs(text, stdout); }
uint8_t machine_read(const uint8_t *at) { return *at; }
void machine_end(void) {}
void machine_paint(void) {}
uint32_t machine_stack(void) { return 0; }
void machine_known_loop(uint32_t rounds) { (void)rounds; }
