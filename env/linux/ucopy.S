// Code that touches the program's memory, and the windows. (Single words: guard.h.)
//
// FIXUP says where a fault of an instruction that cannot be resolved continues (struct linux_fixup).
	.text
	.globl	ucopy_bytes, ucopy_zero, ucopy_string, ucopy_probe, ucopy_exchange
	.globl	ucopy_compare

	.macro	FIXUP at, to
	.pushsection .fixup, "a"
	.balign	8
	.long	\at - ., \to - .
	.popsection
	.endm

// size_t ucopy_bytes(void *to, const void *from, size_t size)
// Returns how many bytes were not copied.
ucopy_bytes:
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
copy_words:
	rep movsq
	mov	%edx, %ecx
copy_bytes:
	rep movsb
copy_end:
	mov	%rcx, %rax
	ret
copy_words_fault:			// up to the last byte that can be had
	lea	(%rdx, %rcx, 8), %rcx
	jmp	copy_bytes
	FIXUP	copy_words, copy_words_fault
	FIXUP	copy_bytes, copy_end

// size_t ucopy_zero(void *to, size_t size)
// Returns how many bytes were not cleared.
ucopy_zero:
	mov	%esi, %edx
	mov	%rsi, %rcx
	shr	$3, %rcx
	and	$7, %edx
	xor	%eax, %eax
zero_words:
	rep stosq
	mov	%edx, %ecx
zero_bytes:
	rep stosb
zero_end:
	mov	%rcx, %rax
	ret
zero_words_fault:
	lea	(%rdx, %rcx, 8), %rcx
	jmp	zero_bytes
	FIXUP	zero_words, zero_words_fault
	FIXUP	zero_bytes, zero_end

// int64_t ucopy_string(char *to, const char *from, size_t size)
// Copies up to and with the NUL. Returns the length without it, size when there was none, -EFAULT.
ucopy_string:
// Eight bytes at a time where they end within the page: the next one may be nobody's.
	xor	%eax, %eax
	mov	$0x0101010101010101, %r9
	mov	$0x8080808080808080, %r10
1:	lea	8(%rax), %r8
	cmp	%rdx, %r8
	ja	3f
	lea	(%rsi, %rax), %r8d
	and	$0xfff, %r8d
	cmp	$0xff8, %r8d
	ja	3f
string_word:
	mov	(%rsi, %rax), %r8
string_word_to:
	mov	%r8, (%rdi, %rax)
	mov	%r8, %r11
	not	%r11
	sub	%r9, %r8
	and	%r11, %r8
	and	%r10, %r8			// the lowest bit set is in the first byte that is zero
	jnz	4f
	add	$8, %rax
	jmp	1b
3:	cmp	%rdx, %rax
	jae	2f
string_byte:
	mov	(%rsi, %rax), %r8b
string_byte_to:
	mov	%r8b, (%rdi, %rax)
	test	%r8b, %r8b
	jz	2f
	inc	%rax
	jmp	1b
4:	bsf	%r8, %r8
	shr	$3, %r8d
	add	%r8, %rax
2:	ret
fault:
	mov	$-14, %rax
	ret
	FIXUP	string_word, fault
	FIXUP	string_word_to, fault
	FIXUP	string_byte, fault
	FIXUP	string_byte_to, fault

// int64_t ucopy_probe(void *at): can this byte be written? 0 or -EFAULT.
ucopy_probe:
	lock orb $0, (%rdi)
	xor	%eax, %eax
	ret
	FIXUP	ucopy_probe, fault

// int64_t ucopy_exchange(uint32_t *at, uint32_t *expected, uint32_t value): atomically, store the value
// if *expected is there; *expected becomes what was. 1: stored, 0: not, or -EFAULT.
ucopy_exchange:
	mov	(%rsi), %eax
exchange:
	lock cmpxchgl %edx, (%rdi)
	mov	%eax, (%rsi)
	sete	%al
	movzbl	%al, %eax
	ret
	FIXUP	exchange, fault

// int64_t ucopy_compare(uint64_t *at, uint64_t old, uint64_t new)
// Compare and exchange: 0, 1 when it was not old, -EFAULT.
ucopy_compare:
	mov	%rsi, %rax
compare:
	lock cmpxchg %rdx, (%rdi)
	setne	%al
	movzbl	%al, %eax
	ret
	FIXUP	compare, fault

	.section .note.GNU-stack, "", @progbits
