// The vDSO as the linker made it (env/vdso).
	.section .rodata
	.balign	16
	.globl	vdso_image, vdso_image_end
vdso_image:
	.incbin	"env/vdso/vdso.so"
vdso_image_end:

	.section .note.GNU-stack, "", @progbits
