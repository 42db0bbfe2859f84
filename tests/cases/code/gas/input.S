/* SPDX: GPL-2.0
   second line */
#include "purgatory.h"
	.text
	.globl entry64
entry64:	movl	$0x10, %eax	# a note
1:	jmp	1b	/* forever */
