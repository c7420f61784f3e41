// Holds offset.h against the structures.
#include "offset.h"

#include <stddef.h>

#include "kernel.h"

#define CHECK(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #member)

CHECK(struct core, current, CORE_CURRENT);
CHECK(struct core, scratch, CORE_SCRATCH);
CHECK(struct core, stack_top, CORE_STACK);
CHECK(struct thread, regs.ip, T_IP);
CHECK(struct thread, regs.sp, T_SP);
CHECK(struct thread, regs.flags, T_FLAGS);
CHECK(struct thread, regs.rax, T_RAX);
CHECK(struct thread, regs.rbp, T_RBP);
CHECK(struct thread, regs.r8, T_R8);
CHECK(struct thread, regs.r15, T_R15);
CHECK(struct thread, redirect, T_REDIRECT);
CHECK(struct thread, block, T_BLOCK);
CHECK(struct thread, flags, T_STATE_FLAGS);
CHECK(struct core, loaded, CORE_LOADED);
CHECK(struct core, fpu_on, CORE_FPU_ON);
CHECK(struct core, ready_bits, CORE_READY);
CHECK(struct core, switched, CORE_SWITCHED);
CHECK(struct core, loaded_top, CORE_TOP);
CHECK(struct thread, state, T_STATE);
CHECK(struct thread, regs.fs, T_FS);
CHECK(struct thread, regs.gs, T_GS);
CHECK(struct thread, cspace, T_CSPACE);
CHECK(struct thread, vspace, T_VSPACE);
CHECK(struct thread, queue, T_QUEUE);
CHECK(struct thread, endpoint, T_ENDPOINT);
CHECK(struct thread, reply, T_REPLY);
CHECK(struct thread, bound, T_BOUND);
CHECK(struct thread, running, T_RUNNING);
CHECK(struct slot, type, S_TYPE);
CHECK(struct slot, rights, S_TYPE + 1);
CHECK(struct slot, count, S_FIRST);
CHECK(struct slot, object, S_OBJECT);
CHECK(struct slot, data, S_DATA);
CHECK(struct endpoint, senders, E_SENDERS);
CHECK(struct endpoint, dead_first, E_DEAD);
CHECK(struct endpoint, receivers, E_RECEIVERS);
CHECK(struct reply, caller, R_CALLER);
CHECK(struct reply, receiver, R_RECEIVER);
CHECK(struct reply, lent, R_LENT);
CHECK(struct reply, state, R_STATE);
CHECK(struct reply, is_fault, R_STATE + 4);
CHECK(struct notification, bits, N_BITS);
CHECK(struct vspace, top_physical, V_TOP);
CHECK(struct sched_context, above, C_ABOVE);
CHECK(struct sched_context, consumed, C_CONSUMED);
_Static_assert(THREAD_CALL == T_CALL_BIT && THREAD_STICKY == T_STICKY_BIT, "flags");
_Static_assert(THREAD_READY == STATE_READY && THREAD_ANSWER == STATE_ANSWER, "states");
_Static_assert(THREAD_RECEIVING == STATE_RECEIVING, "states");
_Static_assert(REPLY_OFFERED == REPLY_IS_OFFERED && REPLY_PENDING == REPLY_IS_PENDING, "reply states");
_Static_assert(TYPE_ENDPOINT == 8 && TYPE_REPLY == 9, "fast.S compares type and right in one word");
_Static_assert(sizeof(struct core) == CORE_SIZE, "CORE_SIZE");
_Static_assert(THREAD_FULL == T_FULL_BIT, "flag of a full exit");
_Static_assert(offsetof(struct abi_block, redirect_ip) == BLOCK_REDIRECT_IP, "block");
_Static_assert(offsetof(struct abi_block, redirect_flags) == BLOCK_REDIRECT_FLAGS, "block");
_Static_assert(offsetof(struct abi_block, user) == BLOCK_USER, "block");
