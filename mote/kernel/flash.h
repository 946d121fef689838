/* SPDX-License-Identifier: MIT
 *
 * Where constants lie that parameters point to. An AVR reads its flash by other instructions than RAM, so a pointer has to
 * say which of the two it leads to: MOTE_FLASH qualifies what parameters point to, and tables of kernels. It is empty where
 * all memory is one. `mote compile` for an AVR makes it __flash, 16 bits of address, or __memx, which reaches all of flash
 * and RAM, too. Parameters themselves are in RAM while a kernel runs, as rows always are.
 */
#ifndef MOTE_KERNEL_FLASH_H
#define MOTE_KERNEL_FLASH_H

#ifndef MOTE_FLASH
#define MOTE_FLASH
#endif

#endif
