// Entry from a boot loader that speaks Multiboot2 (specification 2.0, section 3.3): 32-bit protected
// mode without paging, eax the magic number, ebx the boot information.
#define MAGIC 0xe85250d6
#define TAG_ALIGN 6        // modules on page boundaries
#define TAG_FRAMEBUFFER 5
#define OPTIONAL 1

	.section .multiboot, "a", @progbits
	.align	8
header:
	.long	MAGIC, 0, header_end - header, -(MAGIC + (header_end - header))
	.short	TAG_FRAMEBUFFER, OPTIONAL
	.long	20, 1024, 768, 32
	.align	8
	.short	TAG_ALIGN, 0
	.long	8
	.short	0, 0
	.long	8
header_end:

	.text
	.globl	start, kernel_enter
start:
	cli
	cld
	mov	$stack_top, %esp
	push	%ebx
	push	%eax
	call	multiboot_main
1:	hlt
	jmp	1b

// void kernel_enter(uint32_t entry, const struct start_info *info): as PVH wants it.
kernel_enter:
	mov	4(%esp), %eax
	mov	8(%esp), %ebx
	jmp	*%eax

	.bss
	.align	16
	.skip	4096
stack_top:

	.section .note.GNU-stack, "", @progbits
