// Entry from the boot loader: PVH (Xen documentation, misc/pvh.pandoc "x86/HVM direct boot ABI"):
// 32-bit protected mode without paging, ebx points to struct hvm_start_info. The processor goes to
// long mode with the first 4 GiB mapped by 2 MiB pages at 0 (dropped later), at PHYS_BASE, and the
// first 1 GiB at KERNEL_BASE.
#include "offset.h"

	.section .note.pvh, "a", @note
	.align	4
	.long	4, 4, 18		// "Xen", XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.long	boot_entry

	.section .boot, "ax"
	.code32
	.globl	boot_entry
boot_entry:
	cli
	cld
	mov	%ebx, %esi
	mov	$(boot_pd - KERNEL_BASE), %edi
	mov	$0x83, %eax		// present, writable, large
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b

	mov	$(boot_pdpt - KERNEL_BASE), %edi
	mov	$(boot_pd - KERNEL_BASE + 3), %eax
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	movl	$(boot_pd - KERNEL_BASE + 3), (boot_pdpt_high - KERNEL_BASE + 510 * 8)
	movl	$(boot_pdpt - KERNEL_BASE + 3), (boot_pml4 - KERNEL_BASE)
	movl	$(boot_pdpt - KERNEL_BASE + 3), (boot_pml4 - KERNEL_BASE + 256 * 8)
	movl	$(boot_pdpt_high - KERNEL_BASE + 3), (boot_pml4 - KERNEL_BASE + 511 * 8)

	// The other processors come here too, with esi 0.
boot_paging:
	mov	$0x20, %eax		// PAE
	mov	%eax, %cr4
	mov	$(boot_pml4 - KERNEL_BASE), %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	// EFER: SCE, LME, NXE
	rdmsr
	or	$0x901, %eax
	wrmsr
	mov	$0x80010033, %eax	// PG, WP, NE, ET, MP, PE
	mov	%eax, %cr0
	lgdt	boot_gdt_pointer
	ljmp	$SEL_KERNEL_CODE, $boot_long

	.code64
boot_long:
	mov	$SEL_KERNEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	movabs	$boot_high, %rax
	jmp	*%rax

	.align	8
boot_gdt:
	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff, 0x00cf9a000000ffff
boot_gdt_pointer:
	.word	. - boot_gdt - 1
	.long	boot_gdt

// Where the other processors start, in real mode; copied to AP_ENTRY.
	.code16
	.globl	ap_start, ap_end
ap_start:
	cli
	lgdtl	%cs:(ap_gdt_pointer - ap_start)
	mov	$0x11, %eax		// ET, PE
	mov	%eax, %cr0
	ljmpl	$SEL_BOOT_CODE, $ap_protected
ap_gdt_pointer:
	.word	boot_gdt_pointer - boot_gdt - 1
	.long	boot_gdt
ap_end:
	.code32
ap_protected:
	mov	$SEL_KERNEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%esi, %esi
	jmp	boot_paging
	.code64

	.text
	// One processor takes what the first one waits for; one that comes too late stays halted.
ap_high:
	xor	%edi, %edi
	xchg	%rdi, ap_core(%rip)
	test	%rdi, %rdi
	jz	1f
	mov	CORE_STACK(%rdi), %rsp
	sub	$16, %rsp
	xor	%ebp, %ebp
	call	ap_main
1:	hlt
	jmp	1b

boot_high:
	test	%esi, %esi
	jz	ap_high
	lea	boot_stack_top(%rip), %rsp
	xor	%ebp, %ebp
	mov	%esi, %edi
	call	boot_main
	ud2

	.bss
	.align	4096
	.globl	boot_pml4, boot_pdpt, boot_pdpt_high, boot_pd
boot_pml4:
	.skip	4096
boot_pdpt:
	.skip	4096
boot_pdpt_high:
	.skip	4096
boot_pd:
	.skip	4 * 4096
	.skip	16384
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
