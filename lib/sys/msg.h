// Messages and the native system calls, for everything in user mode.
//
// The first eight words travel in registers. Words beyond, capabilities and map items travel in the
// thread's block, found with sys_block(), which the runtime (or the emulation library) provides.
#ifndef LIB_SYS_MSG_H
#define LIB_SYS_MSG_H

#include "abi/arch/x86_64.h"
#include "abi/types.h"

struct msg {
	tag_t tag;
	uint64_t badge;  // received: the sender's badge, or the bits of a notification
	uint64_t words[MSG_WORDS_REGISTERS];
};

// The calling thread's block.
struct abi_block *sys_block(void);

// One native system call: `number` is SYSCALL_*; m is what is sent, and what arrives. On an error
// reply m holds the words that explain it. Clobbers no register that C wants kept.
err_t sys_invoke(unsigned number, cap_t cap, cap_t reply, struct msg *m);

// Send m to an endpoint or a kernel object and wait for the answer, which replaces m.
static inline err_t sys_call(cap_t to, struct msg *m) { return sys_invoke(SYSCALL_CALL, to, 0, m); }

// Send without an answer: waits until an endpoint's receiver takes it; a Reply is answered at once
// (NO_REPLY: nobody waits for it any more). A notification is signalled with sys_signal.
static inline err_t sys_send(cap_t to, struct msg *m) { return sys_invoke(SYSCALL_SEND, to, 0, m); }
static inline err_t sys_nb_send(cap_t to, struct msg *m) { return sys_invoke(SYSCALL_NB_SEND, to, 0, m); }

// Receive from an endpoint with a Reply for its answer, or wait for a notification (reply 0).
static inline err_t sys_recv(cap_t from, cap_t reply, struct msg *m)
{
	return sys_invoke(SYSCALL_RECV, from, reply, m);
}

static inline err_t sys_nb_recv(cap_t from, cap_t reply, struct msg *m)
{
	return sys_invoke(SYSCALL_NB_RECV, from, reply, m);
}

// Answer `reply` with m, then receive from the endpoint with the same Reply. When the answer fails
// nothing is received.
static inline err_t sys_reply_recv(cap_t from, cap_t reply, struct msg *m)
{
	return sys_invoke(SYSCALL_REPLY_RECV, from, reply, m);
}

// OR the capability's badge into the notification.
static inline err_t sys_signal(cap_t notification)
{
	struct msg m = {0};

	return sys_invoke(SYSCALL_SEND, notification, 0, &m);
}

// Wait for the notification; *bits: what was signalled, now cleared.
static inline err_t sys_wait(cap_t notification, uint64_t *bits)
{
	struct msg m = {0};
	err_t err = sys_invoke(SYSCALL_RECV, notification, 0, &m);

	*bits = m.badge;
	return err;
}

static inline void sys_yield(void)
{
	struct msg m = {0};

	(void)sys_invoke(SYSCALL_YIELD, 0, 0, &m);
}

// Word i of a message: from the registers or the block.
static inline void msg_set_word(struct msg *m, unsigned i, uint64_t value)
{
	if (i < MSG_WORDS_REGISTERS)
		m->words[i] = value;
	else
		sys_block()->words[i - MSG_WORDS_REGISTERS] = value;
}

static inline uint64_t msg_get_word(const struct msg *m, unsigned i)
{
	return i < MSG_WORDS_REGISTERS ? m->words[i] : sys_block()->words[i - MSG_WORDS_REGISTERS];
}

static inline void msg_set_words(struct msg *m, unsigned first, const uint64_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		msg_set_word(m, first + i, values[i]);
}

static inline void msg_get_words(const struct msg *m, unsigned first, uint64_t *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		values[i] = msg_get_word(m, first + i);
}

// Capability i to send along; its number goes into the tag with TAG_CAPS.
static inline void msg_set_cap(unsigned i, cap_t cap) { sys_block()->caps[i] = cap; }

// Where the i-th capability that arrived lies; 0 when fewer arrived.
static inline cap_t msg_get_cap(const struct msg *m, unsigned i)
{
	return i < tag_caps(m->tag) ? sys_block()->received[i] : 0;
}

// Where capabilities may arrive: empty slots among `count` from `first` in the own CSpace. Stays
// until it is changed.
static inline void msg_set_receive(cap_t first, unsigned count)
{
	sys_block()->recv_first = first;
	sys_block()->recv_count = count;
}

// Where map items of replies may map. Stays until it is changed; 0 pages: nowhere.
static inline void msg_set_window(uint64_t base, uint64_t pages)
{
	sys_block()->window_base = base;
	sys_block()->window_pages = pages;
}

#endif
