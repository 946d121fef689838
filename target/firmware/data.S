/* SPDX-License-Identifier: MIT */
    .section .case, "a", %progbits
    .balign 16
    .global case_data
case_data:
    .incbin "case.bin"
#ifdef __linux__
    .section .note.GNU-stack, "", %progbits
#endif
