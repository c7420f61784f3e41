// The first task brings its own stack.
	.bss
	.balign	4096
	.skip	32768
	.globl	rt_own_stack_end
rt_own_stack_end:
	.section .note.GNU-stack, "", @progbits
