// The only code of the library that touches the program's memory, and the windows.
//
// While it runs, linux_thread.fault_ip says where a fault that cannot be resolved continues; the
// process server believes only addresses between ucopy_start and ucopy_end.
	.text
	.globl	ucopy_start, ucopy_end, ucopy_bytes, ucopy_zero, ucopy_string, ucopy_probe, ucopy_exchange
	.globl	ucopy_compare, ucopy_ring_look, ucopy_ring_store
ucopy_start:

// size_t ucopy_bytes(void *to, const void *from, size_t size, uint64_t *fault_ip)
// Returns how many bytes were not copied.
ucopy_bytes:
	mov	%rcx, %r8
	lea	words_fault(%rip), %rax
	mov	%rax, (%r8)
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
	rep movsq
	mov	%edx, %ecx
tail:
	lea	bytes_fault(%rip), %rax
	mov	%rax, (%r8)
	rep movsb
bytes_fault:
	movq	$0, (%r8)
	mov	%rcx, %rax
	ret
words_fault:				// up to the last byte that can be had
	lea	(%rdx, %rcx, 8), %rcx
	jmp	tail

// size_t ucopy_zero(void *to, size_t size, uint64_t *fault_ip)
// Returns how many bytes were not cleared.
ucopy_zero:
	mov	%rdx, %r8
	mov	%esi, %edx
	mov	%rsi, %rcx
	shr	$3, %rcx
	and	$7, %edx
	xor	%eax, %eax
	lea	zero_words_fault(%rip), %r9
	mov	%r9, (%r8)
	rep stosq
	mov	%edx, %ecx
zero_tail:
	lea	zero_bytes_fault(%rip), %r9
	mov	%r9, (%r8)
	rep stosb
zero_bytes_fault:
	movq	$0, (%r8)
	mov	%rcx, %rax
	ret
zero_words_fault:
	lea	(%rdx, %rcx, 8), %rcx
	jmp	zero_tail

// int64_t ucopy_string(char *to, const char *from, size_t size, uint64_t *fault_ip)
// Copies up to and with the NUL. Returns the length without it, size when there was none, -EFAULT.
ucopy_string:
// Eight bytes at a time where they end within the page: the next one may be nobody's.
	lea	string_fault(%rip), %rax
	mov	%rax, (%rcx)
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
	mov	(%rsi, %rax), %r8
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
	mov	(%rsi, %rax), %r8b
	mov	%r8b, (%rdi, %rax)
	test	%r8b, %r8b
	jz	2f
	inc	%rax
	jmp	1b
4:	bsf	%r8, %r8
	shr	$3, %r8d
	add	%r8, %rax
2:	movq	$0, (%rcx)
	ret
string_fault:
	movq	$0, (%rcx)
	mov	$-14, %rax
	ret

// int64_t ucopy_probe(void *at, uint64_t *fault_ip): can this byte be written? 0 or -EFAULT.
ucopy_probe:
	lea	probe_fault(%rip), %rax
	mov	%rax, (%rsi)
	lock orb $0, (%rdi)
	movq	$0, (%rsi)
	xor	%eax, %eax
	ret
probe_fault:
	movq	$0, (%rsi)
	mov	$-14, %rax
	ret

// int64_t ucopy_exchange(uint32_t *at, uint32_t *expected, uint32_t value, uint64_t *fault_ip): atomically,
// store the value if *expected is there; *expected becomes what was. 1: stored, 0: not, or -EFAULT.
ucopy_exchange:
	lea	exchange_fault(%rip), %rax
	mov	%rax, (%rcx)
	mov	(%rsi), %eax
	lock cmpxchgl %edx, (%rdi)
	movq	$0, (%rcx)
	mov	%eax, (%rsi)
	sete	%al
	movzbl	%al, %eax
	ret
exchange_fault:
	movq	$0, (%rcx)
	mov	$-14, %rax
	ret

// int64_t ucopy_compare(uint64_t *at, uint64_t old, uint64_t new, uint64_t *fault_ip)
// Compare and exchange: 0, 1 when it was not old, -EFAULT.
ucopy_compare:
	lea	compare_fault(%rip), %rax
	mov	%rax, (%rcx)
	mov	%rsi, %rax
	lock cmpxchg %rdx, (%rdi)
	setne	%al
	movzbl	%al, %eax
	movq	$0, (%rcx)
	ret
compare_fault:
	movq	$0, (%rcx)
	mov	$-14, %rax
	ret

// int64_t ucopy_ring_look(uint64_t look[4], const void *peer, const void *own, uint64_t *fault_ip)
// look: the own index's word; three words from `peer` on, as far as they are wanted (protocol/linux.h).
ucopy_ring_look:
	lea	look_fault(%rip), %rax
	mov	%rax, (%rcx)
	mov	(%rdx), %rax
	mov	%rax, (%rdi)
	mov	(%rsi), %rax
	mov	%rax, 8(%rdi)
	mov	8(%rsi), %rax
	mov	%rax, 16(%rdi)
	mov	16(%rsi), %rax
	mov	%rax, 24(%rdi)
	movq	$0, (%rcx)
	xor	%eax, %eax
	ret
look_fault:
	movq	$0, (%rcx)
	mov	$-14, %rax
	ret

// int64_t ucopy_ring_store(uint32_t *at, uint32_t value, const uint32_t *then, uint64_t *fault_ip)
// Store, and only then read: the value read, or -EFAULT.
ucopy_ring_store:
	lea	look_fault(%rip), %rax
	mov	%rax, (%rcx)
	xchg	%esi, (%rdi)
	mov	(%rdx), %eax
	movq	$0, (%rcx)
	ret
ucopy_end:

	.section .note.GNU-stack, "", @progbits
