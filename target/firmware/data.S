/* SPDX-License-Identifier: MIT */
#ifdef __AVR__
    .section .progmem.case, "a", %progbits
#else
    .section .case, "a", %progbits
#endif
    .balign 16
    .global case_data
case_data:
    .incbin "case.bin"
#ifdef __linux__
    .section .note.GNU-stack, "", %progbits
#endif
