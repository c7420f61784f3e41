// Holds offset.h against the structures. The host port runs the same fast path, so it includes this, too.
#ifndef KERNEL_ARCH_X86_64_OFFSET_CHECK_H
#define KERNEL_ARCH_X86_64_OFFSET_CHECK_H

#include "offset.h"

#include <stddef.h>

#include "kernel.h"

#define CHECK(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #member)

CHECK(struct core, current, CORE_CURRENT);
CHECK(struct core, scratch, CORE_SCRATCH);
CHECK(struct core, stack_top, CORE_STACK);
CHECK(struct thread, head.home, T_HOME);
CHECK(struct thread, regs.ip, T_IP);
CHECK(struct thread, regs.sp, T_SP);
CHECK(struct thread, regs.flags, T_FLAGS);
CHECK(struct thread, redirect, T_REDIRECT);
CHECK(struct thread, block, T_BLOCK);
CHECK(struct thread, flags, T_STATE_FLAGS);
CHECK(struct core, stops, CORE_STOPS);
CHECK(struct core, lock.held, CORE_LOCK);
CHECK(struct core, ready_bits, CORE_READY);
CHECK(struct core, fpu_on, CORE_FPU_ON);
CHECK(struct core, limited, CORE_LIMITED);
CHECK(struct thread, fast_tags, T_FAST_TAGS);
CHECK(struct thread, state, T_STATE);
CHECK(struct thread, regs.fs, T_FS);
CHECK(struct thread, regs.gs, T_GS);
CHECK(struct thread, cspace, T_CSPACE);
CHECK(struct thread, vspace, T_VSPACE);
CHECK(struct thread, endpoint, T_ENDPOINT);
CHECK(struct thread, reply, T_REPLY);
CHECK(struct thread, running, T_RUNNING);
CHECK(struct slot, rights, S_RIGHTS);
CHECK(struct slot, address, S_ADDRESS);
CHECK(struct slot, object, S_OBJECT);
CHECK(struct endpoint, core, E_CORE);
CHECK(struct endpoint_core, fast, 0);
CHECK(struct reply, thread, R_THREAD);
CHECK(struct reply, lend_next, R_LEND_NEXT);
CHECK(struct sched_context, user, C_USER);
CHECK(struct sched_context, slice, C_SLICE);
CHECK(struct sched_context, higher, C_HIGHER);
CHECK(struct sched_context, turn, C_TURN);
CHECK(struct sched_context, lends, C_LENDS);
CHECK(struct sched_context, lend_count, C_LEND_COUNT);
CHECK(struct sched_context, is_limited, C_IS_LIMITED);
CHECK(struct slot, data, S_DATA);
CHECK(struct reply, lent, R_LENT);
CHECK(struct reply, home, R_WORD);
CHECK(struct reply, state, R_WORD + 2);
CHECK(struct kernel, core, 0);
CHECK(struct sched_context, above, C_ABOVE);
CHECK(struct sched_context, consumed, C_CONSUMED);
_Static_assert(THREAD_READY == STATE_READY && THREAD_ANSWER == STATE_ANSWER, "states");
_Static_assert(THREAD_RECEIVING == STATE_RECEIVING, "states");
_Static_assert(REPLY_OFFERED << 16 == REPLY_IS_OFFERED && REPLY_PENDING << 16 == REPLY_IS_PENDING, "replies");
_Static_assert(REPLY_IS_PENDING_LENT == (REPLY_IS_PENDING | R_FLAG_LENT << 8), "lent");
_Static_assert(ENDPOINT_IDLE == ENDPOINT_IS_IDLE && ENDPOINT_SLOW == ENDPOINT_IS_SLOW, "endpoints");
_Static_assert(sizeof(struct endpoint_core) == E_CORE_SIZE && sizeof(struct slot) == 64, "sizes");
_Static_assert(LENDS_MAX == LENDS_LIMIT && STOP_LIMITED == CORE_STOP_LIMITED, "limits");
// A right tells the type, too: no other type has these bits.
#define RIGHTS_FAST (RIGHT_SEND | RIGHT_RECV | RIGHT_REPLY)
_Static_assert(ENDPOINT_SEND == RIGHT_SEND && ENDPOINT_RECV == RIGHT_RECV && REPLY_REPLY == RIGHT_REPLY,
	       "rights");
_Static_assert((REPLY_RIGHTS & RIGHTS_FAST) == RIGHT_REPLY, "rights");
_Static_assert((ENDPOINT_RIGHTS & RIGHTS_FAST) == (RIGHT_SEND | RIGHT_RECV), "rights");
_Static_assert(((UNTYPED_RIGHTS | CNODE_RIGHTS | FRAME_RIGHTS | VSPACE_RIGHTS | THREAD_RIGHTS |
		 SCHEDCONTEXT_RIGHTS | SCHEDCONTROL_RIGHTS | NOTIFICATION_RIGHTS | INTERRUPT_RIGHTS |
		 IRQCONTROL_RIGHTS | IOPORT_RIGHTS) & RIGHTS_FAST) == 0, "rights");
_Static_assert(sizeof(struct core) == CORE_SIZE && CORE_SIZE == 1 << 12, "CORE_SIZE");
_Static_assert(THREAD_FULL == T_FULL_BIT, "flag of a full exit");
_Static_assert(WAY_PLAIN == EXIT_PLAIN, "way out with a message of nothing");
_Static_assert(offsetof(struct abi_block, redirect_ip) == BLOCK_REDIRECT_IP, "block");
_Static_assert(offsetof(struct abi_block, redirect_flags) == BLOCK_REDIRECT_FLAGS, "block");
_Static_assert(offsetof(struct abi_block, words) == BLOCK_WORDS, "block");
_Static_assert(offsetof(struct abi_block, user) == BLOCK_USER, "block");

#endif
