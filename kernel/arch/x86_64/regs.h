// A thread's registers, and the message in them: abi/arch/x86_64.h. The host port has the same.
#ifndef KERNEL_ARCH_X86_64_REGS_H
#define KERNEL_ARCH_X86_64_REGS_H

#include <stdint.h>

#include "abi/arch/x86_64.h"
#include "abi/types.h"

// Assembly knows the layout: offset.h.
struct arch_registers {
	uint64_t ip, sp, flags;
	uint64_t rax, rcx, rdx, rsi, rdi, rbp, r11;
	uint64_t word[MSG_WORDS_REGISTERS];  // r8 r9 r10 rbx r12 r13 r14 r15
	uint64_t fs, gs;                     // bases
};

// REGISTER_*: which one of struct arch_registers.
static inline uint64_t *regs_at(struct arch_registers *r, unsigned index)
{
	static const uint8_t places[REGISTER_COUNT] = {0, 1,  2,  3, 13, 4,  5,  6,  7,  8,
						       10, 11, 12, 9, 14, 15, 16, 17, 18, 19};

	return &r->ip + places[index];
}

static inline uint64_t *regs_error(struct arch_registers *r) { return &r->rax; }
static inline uint64_t *regs_cap(struct arch_registers *r) { return &r->rdi; }
static inline uint64_t *regs_tag(struct arch_registers *r) { return &r->rsi; }
static inline uint64_t *regs_reply(struct arch_registers *r) { return &r->rdx; }
static inline uint64_t *regs_word(struct arch_registers *r, unsigned i) { return &r->word[i]; }

// All eight words at once.
static inline void regs_set_words(struct arch_registers *r, const uint64_t w[MSG_WORDS_REGISTERS])
{
	r->word[0] = w[0], r->word[1] = w[1], r->word[2] = w[2], r->word[3] = w[3];
	r->word[4] = w[4], r->word[5] = w[5], r->word[6] = w[6], r->word[7] = w[7];
}

static inline void regs_clear_words(struct arch_registers *r)
{
	r->word[0] = r->word[1] = r->word[2] = r->word[3] = 0;
	r->word[4] = r->word[5] = r->word[6] = r->word[7] = 0;
}

// What FAULT_SYSCALL says of a foreign call: ip, number, sp, five arguments.
static inline void regs_foreign(const struct arch_registers *r, uint64_t words[MSG_WORDS_REGISTERS])
{
	const uint64_t w[] = {r->ip, r->rax, r->sp, r->rdi, r->rsi, r->rdx, r->word[2], r->word[0]};

	for (unsigned i = 0; i < MSG_WORDS_REGISTERS; i++)
		words[i] = w[i];
}

// The system call instruction, to go back to it.
#define SYSCALL_LENGTH 2

#endif
