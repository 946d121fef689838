/* SPDX-License-Identifier: MIT
 *
 * Where constants lie that parameters point to. An AVR reads its flash by other instructions than RAM, so a pointer has to
 * say which of the two it leads to: MOTE_FLASH qualifies what parameters point to, and tables of kernels. It is empty where
 * all memory is one; `mote compile` for an AVR makes it __flash. Parameters themselves are in RAM while a kernel runs, as
 * rows always are. Where a kernel takes constants from a row instead, the pointer goes over an integer, since compilers
 * know that the two memories never meet; plans for an AVR have no such rows.
 */
#ifndef MOTE_KERNEL_FLASH_H
#define MOTE_KERNEL_FLASH_H

#ifndef MOTE_FLASH
#define MOTE_FLASH
#define MOTE_ONE_MEMORY
#endif

/* The same for the weights of multiply-accumulate kernels; one that takes them as rows defines it as nothing. */
#ifndef MOTE_WEIGHTS
#define MOTE_WEIGHTS MOTE_FLASH
#endif

#endif
