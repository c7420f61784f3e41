// Signals: what is pending, what happens with it, and the calls that set it up.
//
// The process server ORs a signal into `pending` of the block, with its siginfo, whether it is blocked
// or not, then WORK_SIGNAL, and cancels. The library alone takes bits away. What has no room in the block
// (further real-time signals, those that any thread may take) the process server keeps: `queued` of the
// thread and `pending` of the process say so, and process_signal_take brings one into the block. A signal
// that is ignored is dropped here; the default action is the process server's (process_tgkill on oneself,
// unblocked).
#include "env/linux/frame.h"
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define SIGNAL_FAULTS (SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGFPE) | \
		       SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGSYS))
#define SIGNAL_SILENT (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))

// Signals that are pending, wherever they are kept.
static uint64_t pending_get(const struct linux_thread *thread)
{
	return __atomic_load_n(&thread->pending, __ATOMIC_RELAXED) |
	       __atomic_load_n(&thread->queued, __ATOMIC_RELAXED) |
	       __atomic_load_n(&process_get()->pending, __ATOMIC_RELAXED);
}

void signal_recheck(void)
{
	struct linux_thread *thread = thread_get();

	if (pending_get(thread) & ~thread->sigmask)
		__atomic_fetch_or(&thread->work, WORK_SIGNAL, __ATOMIC_RELAXED);
}

static void raise(int signo, int code, uint64_t value, bool is_shared)
{
	struct linux_thread *thread = thread_get();
	const struct process_block *process = process_get();
	uint64_t bit = SIGNAL_BIT(signo);

	thread->info[signo - 1] = (struct linux_siginfo){
		.signo = signo, .code = code, .pid = (int32_t)process->pid, .uid = process->uid, .value = value};
	if (is_shared)
		__atomic_fetch_or(&thread->shared, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&thread->shared, ~bit, __ATOMIC_RELAXED);
	__atomic_fetch_or(&thread->pending, bit, __ATOMIC_RELAXED);
	signal_recheck();
}

void signal_raise(int signo, int code, uint64_t value) { raise(signo, code, value, false); }

static void pending_remove(int signo)
{
	__atomic_fetch_and(&thread_get()->pending, ~SIGNAL_BIT(signo), __ATOMIC_RELAXED);
}

// Have the process server put a signal of the set into the block. False: it has none.
static bool pending_fetch(const struct linux_thread *thread, uint64_t set)
{
	uint64_t result = 0;

	set &= pending_get(thread) & ~__atomic_load_n(&thread->pending, __ATOMIC_RELAXED);
	return set && process_signal_take(LINUX_SLOT_PROCESS, set, &result) == OK && (int64_t)result > 0;
}

// The lowest pending signal of the set, brought into the block; 0: none. Where it is kept does not count.
static int pending_lowest(const struct linux_thread *thread, uint64_t set)
{
	uint64_t bits = __atomic_load_n(&thread->pending, __ATOMIC_RELAXED) & set;
	uint64_t all = pending_get(thread) & set;

	if ((all & ~bits & (bits - 1)) && pending_fetch(thread, set & (bits - 1)))
		bits = __atomic_load_n(&thread->pending, __ATOMIC_RELAXED) & set;
	return bits ? __builtin_ctzll(bits) + 1 : 0;
}

// The next pending signal that is not blocked, faults first; 0: none.
static int pending_next(const struct linux_thread *thread)
{
	uint64_t open = ~(thread->sigmask | thread->wait_set);
	uint64_t faults = __atomic_load_n(&thread->pending, __ATOMIC_RELAXED) & open & SIGNAL_FAULTS;

	return faults ? __builtin_ctzll(faults) + 1 : pending_lowest(thread, open);
}

static void default_act(int signo)
{
	const struct linux_thread *thread = thread_get();
	const struct linux_siginfo *info = &thread->info[signo - 1];
	uint64_t result;

	pending_remove(signo);
	if (!(SIGNAL_BIT(signo) & SIGNAL_SILENT))
		(void)process_tgkill(LINUX_SLOT_PROCESS, process_get()->pid, thread->tid, (uint64_t)signo,
				     (uint64_t)info->code, info->value, &result);
}

static void stop_wait(void)
{
	uint64_t result;

	while (process_stopped(LINUX_SLOT_PROCESS, &result) == ERR_CANCELLED)
		;
}

// The next signal for a handler; 0: none. Everything else is done with. Stops are waited out.
static int signal_next(void)
{
	struct linux_thread *thread = thread_get();

	for (;;) {
		uint64_t work = __atomic_fetch_and(&thread->work, WORK_RESTORE_MASK, __ATOMIC_ACQUIRE);
		int signo;

		if (work & WORK_STOP) {
			stop_wait();
			continue;
		}
		signo = pending_next(thread);
		if (signo) {
			uint64_t handler = process_get()->actions[signo - 1].handler;

			if (handler != SIG_DFL && handler != SIG_IGN)
				return signo;
			if (handler == SIG_DFL)
				default_act(signo);
			else
				pending_remove(signo);
			continue;
		}
		if (!(__atomic_load_n(&thread->work, __ATOMIC_ACQUIRE) & ~(uint64_t)WORK_RESTORE_MASK))
			return 0;
	}
}

// Whoever makes a signal pending that is not blocked sets a work bit behind that.
bool signal_waiting(void)
{
	if (!(__atomic_load_n(&thread_get()->work, __ATOMIC_ACQUIRE) & ~(uint64_t)WORK_RESTORE_MASK))
		return false;
	if (signal_next() == 0)
		return false;
	__atomic_fetch_or(&thread_get()->work, WORK_SIGNAL, __ATOMIC_RELAXED);
	return true;
}

// Make of a call that was broken off what the program sees; handler_flags: of the one that will run.
static void restart_resolve(struct linux_thread *thread, bool repeat)
{
	if (thread->orig_rax == UINT64_MAX || thread->regs[REGISTER_RAX] != (uint64_t)-RESTART)
		return;
	if (repeat) {
		thread->regs[REGISTER_IP] -= 2;  // the length of `syscall`
		thread->regs[REGISTER_RAX] = thread->orig_rax;
	} else {
		thread->regs[REGISTER_RAX] = (uint64_t)-EINTR;
	}
	thread->orig_rax = UINT64_MAX;
}

// The frame cannot be written: SIGSEGV, which kills when it was itself the signal.
static void frame_failed(int signo)
{
	struct process_block *process = process_get();
	uint64_t result;

	if (signo == SIGSEGV) {
		process->actions[SIGSEGV - 1].handler = SIG_DFL;
		process->caught &= ~SIGNAL_BIT(SIGSEGV);
	}
	(void)process_fault_signal(LINUX_SLOT_PROCESS, SIGSEGV, &result);
}

static void deliver(struct linux_thread *thread, int signo)
{
	struct process_block *process = process_get();
	struct linux_sigaction action = process->actions[signo - 1];
	struct linux_siginfo info = thread->info[signo - 1];

	pending_remove(signo);
	restart_resolve(thread, action.flags & SA_RESTART);
	if (frame_push(thread, signo, &info, &action)) {
		frame_failed(signo);
		return;
	}
	__atomic_fetch_and(&thread->work, ~(uint64_t)WORK_RESTORE_MASK, __ATOMIC_RELAXED);
	thread->sigmask |= action.mask;
	if (!(action.flags & SA_NODEFER))
		thread->sigmask |= SIGNAL_BIT(signo);
	thread->sigmask &= ~SIGNAL_UNBLOCKABLE;
	if (action.flags & SA_RESETHAND) {
		process->actions[signo - 1].handler = SIG_DFL;
		process->caught &= ~SIGNAL_BIT(signo);
	}
}

// Between a system call's end, or an upcall, and the program. All registers are in regs.
void signal_boundary(void)
{
	struct linux_thread *thread = thread_get();
	int signo;

	while ((signo = signal_next()) != 0)
		deliver(thread, signo);
	restart_resolve(thread, true);
	if (__atomic_fetch_and(&thread->work, ~(uint64_t)WORK_RESTORE_MASK, __ATOMIC_RELAXED) &
	    WORK_RESTORE_MASK) {
		thread->sigmask = thread->saved_mask;
		signal_recheck();
	}
}

void signal_mask_replace(uint64_t mask)
{
	struct linux_thread *thread = thread_get();

	thread->saved_mask = thread->sigmask;
	thread->sigmask = mask & ~SIGNAL_UNBLOCKABLE;
	__atomic_fetch_or(&thread->work, WORK_RESTORE_MASK, __ATOMIC_RELAXED);
	signal_recheck();
}

void signal_mask_restore(void)
{
	struct linux_thread *thread = thread_get();

	if (!(thread->work & WORK_RESTORE_MASK))
		return;
	__atomic_fetch_and(&thread->work, ~(uint64_t)WORK_RESTORE_MASK, __ATOMIC_RELAXED);
	thread->sigmask = thread->saved_mask;
	signal_recheck();
}

// Signals of the set are ignored now, and this thread may block more than before.
static void pending_flush(uint64_t set)
{
	uint64_t result;

	(void)process_signal_flush(LINUX_SLOT_PROCESS, set, &result);
}

static void disposition_set(struct process_block *process, int signo, uint64_t handler)
{
	uint64_t bit = SIGNAL_BIT(signo);
	bool is_ignored = handler == SIG_IGN || (handler == SIG_DFL && (bit & SIGNAL_SILENT));

	process->ignored = is_ignored ? process->ignored | bit : process->ignored & ~bit;
	process->caught = handler > SIG_IGN ? process->caught | bit : process->caught & ~bit;
	if (!is_ignored)
		return;
	pending_remove(signo);
	if (process->thread_count > 1 || pending_get(thread_get()) & bit)
		pending_flush(bit);
}

static bool action_get(struct linux_sigaction *action, uint64_t from)
{
	const uint64_t *at = (const uint64_t *)from;
	uint64_t handler, flags, restorer, mask;

	if (!user_is_range(from, sizeof *action))
		return false;
	GUARD_LOAD(handler, &at[0], bad);
	GUARD_LOAD(flags, &at[1], bad);
	GUARD_LOAD(restorer, &at[2], bad);
	GUARD_LOAD(mask, &at[3], bad);
	*action = (struct linux_sigaction){handler, flags, restorer, mask};
	return true;
bad:
	return false;
}

static bool action_put(uint64_t to, const struct linux_sigaction *action)
{
	uint64_t *at = (uint64_t *)to;

	if (!user_is_range(to, sizeof *action))
		return false;
	GUARD_STORE(&at[0], action->handler, bad);
	GUARD_STORE(&at[1], action->flags, bad);
	GUARD_STORE(&at[2], action->restorer, bad);
	GUARD_STORE(&at[3], action->mask, bad);
	return true;
bad:
	return false;
}

int64_t call_rt_sigaction(uint64_t signo, uint64_t new, uint64_t old, uint64_t size)
{
	struct process_block *process = process_get();
	struct linux_sigaction action, before;
	uint32_t n = (uint32_t)signo;

	if (size != 8 || n == 0 || n > LINUX_NSIG)
		return -EINVAL;
	if (new && !action_get(&action, new))
		return -EFAULT;
	if (new && (SIGNAL_BIT(n) & SIGNAL_UNBLOCKABLE))
		return -EINVAL;
	before = process->actions[n - 1];
	if (new) {
		action.mask &= ~SIGNAL_UNBLOCKABLE;
		action.flags &= SA_KNOWN;
		process->actions[n - 1] = action;
		disposition_set(process, (int)n, action.handler);
	}
	return old && !action_put(old, &before) ? -EFAULT : 0;
}

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

// What was this thread's to take is now another's.
static void mask_changed(uint64_t before)
{
	struct linux_thread *thread = thread_get();

	if (__atomic_load_n(&process_get()->pending, __ATOMIC_RELAXED) & thread->sigmask & ~before)
		pending_flush(0);
	signal_recheck();
}

int64_t call_rt_sigprocmask(uint64_t how, uint64_t new, uint64_t old, uint64_t size)
{
	struct linux_thread *thread = thread_get();
	uint64_t before = thread->sigmask;
	uint64_t set = 0;

	if (size != 8)
		return -EINVAL;
	if (new && user_get(&set, new, sizeof set))
		return -EFAULT;
	set &= ~SIGNAL_UNBLOCKABLE;
	if (new) {
		switch ((uint32_t)how) {
		case SIG_BLOCK:
			thread->sigmask |= set;
			break;
		case SIG_UNBLOCK:
			thread->sigmask &= ~set;
			break;
		case SIG_SETMASK:
			thread->sigmask = set;
			break;
		default:
			return -EINVAL;
		}
		mask_changed(before);
	}
	return old ? user_put(old, &before, sizeof before) : 0;
}

int64_t call_rt_sigpending(uint64_t out, uint64_t size)
{
	const struct linux_thread *thread = thread_get();
	uint64_t set = pending_get(thread) & thread->sigmask;

	return size > 8 ? -EINVAL : user_put(out, &set, size);
}

int64_t call_pause(void)
{
	while (!wait_until(FOREVER))
		;
	return -EINTR;
}

int64_t call_rt_sigsuspend(uint64_t mask, uint64_t size)
{
	uint64_t set;

	if (size != 8)
		return -EINVAL;
	if (user_get(&set, mask, sizeof set))
		return -EFAULT;
	signal_mask_replace(set);
	return call_pause();
}

uint64_t signal_pending(uint64_t set) { return pending_get(thread_get()) & set; }

bool signal_take(uint64_t set, struct linux_siginfo *info)
{
	struct linux_thread *thread = thread_get();
	int signo = pending_lowest(thread, set);

	if (!signo)
		return false;
	*info = thread->info[signo - 1];
	info->signo = signo;
	pending_remove(signo);
	return true;
}

// Take a pending signal of the set: its number, or 0.
static int64_t take(uint64_t set, struct signal_info *info)
{
	struct linux_siginfo taken;

	if (!signal_take(set, &taken))
		return 0;
	frame_info(info, &taken, taken.signo);
	return taken.signo;
}

// The process server sees the set: such a signal wakes this thread though it is blocked, and no handler
// of it runs meanwhile.
static int64_t take_wait(uint64_t set, uint64_t until, struct signal_info *info)
{
	struct linux_thread *thread = thread_get();
	bool is_broken = false;
	int64_t signo;

	__atomic_store_n(&thread->wait_set, set, __ATOMIC_SEQ_CST);
	while (!(signo = take(set, info)) && !is_broken && (until == FOREVER || clock_monotonic() < until))
		is_broken = wait_until(until);
	thread->wait_set = 0;
	signal_recheck();
	return signo ? signo : is_broken ? -EINTR : -EAGAIN;
}

int64_t call_rt_sigtimedwait(uint64_t set_in, uint64_t info_out, uint64_t timeout, uint64_t size)
{
	struct signal_info info;
	struct timespec t;
	uint64_t set, until = FOREVER;
	int64_t signo;

	if (size != 8)
		return -EINVAL;
	if (user_get(&set, set_in, sizeof set))
		return -EFAULT;
	if (timeout) {
		int64_t err = user_get_timespec(timeout, &t);

		if (err)
			return err;
		until = clock_until(&t);
	}
	signo = take_wait(set & ~SIGNAL_UNBLOCKABLE, until, &info);
	return signo > 0 && info_out && user_put(info_out, &info, sizeof info) ? -EFAULT : signo;
}

struct signal_stack {
	uint64_t sp;
	uint32_t flags, pad;
	uint64_t size;
};

int64_t call_sigaltstack(uint64_t new, uint64_t old)
{
	struct linux_thread *thread = thread_get();
	bool is_on = frame_is_on_stack(thread, thread->regs[REGISTER_SP]);
	struct signal_stack before = {thread->altstack_sp, thread->altstack_flags, 0, thread->altstack_size};
	struct signal_stack s = {0};

	before.flags = thread->altstack_size == 0 ? SS_DISABLE : before.flags | (is_on ? SS_ONSTACK : 0);
	if (new) {
		if (user_get(&s, new, sizeof s))
			return -EFAULT;
		if (is_on)
			return -EPERM;
		if ((s.flags & ~SS_AUTODISARM) > SS_DISABLE)
			return -EINVAL;
		if (s.flags & SS_DISABLE)
			s.sp = s.size = 0;
		else if (s.size < SIGNAL_STACK_MIN)
			return -ENOMEM;
		thread->altstack_sp = s.sp;
		thread->altstack_size = s.size;
		thread->altstack_flags = s.flags & SS_AUTODISARM;
	}
	return old ? user_put(old, &before, sizeof before) : 0;
}

static bool is_valid(uint64_t signo) { return (uint32_t)signo <= LINUX_NSIG; }

#define SIGNAL_REALTIME (~0ull << 31)
#define SIGNAL_STOPS (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

// To this very thread: nothing but a signal to be queued, or one that stops, ends or continues at once,
// needs a message.
static bool raise_own(uint32_t signo, int code, bool is_shared)
{
	const struct linux_thread *thread = thread_get();
	const struct process_block *process = process_get();
	uint64_t bit = signo ? SIGNAL_BIT(signo) : 0;

	if (bit & (SIGNAL_REALTIME | SIGNAL_STOPS | SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGCONT)))
		return false;
	if (!bit || (process->ignored & bit & ~thread->sigmask))
		return true;
	// It may be pending for the process and for the thread, but not twice for one.
	if (pending_get(thread) & bit)
		return (__atomic_load_n(&thread->pending, __ATOMIC_RELAXED) & bit) && !(thread->shared & bit) == !is_shared;
	raise((int)signo, code, 0, is_shared);
	return true;
}

int64_t call_kill(uint64_t pid, uint64_t signo)
{
	const struct process_block *process = process_get();
	uint64_t result = 0;
	err_t err;

	if (is_valid(signo) && (uint32_t)pid == process->pid && process->thread_count == 1 && raise_own((uint32_t)signo, SI_USER, true))
		return 0;
	err = process_kill(LINUX_SLOT_PROCESS, (uint64_t)(int32_t)pid, (uint32_t)signo, &result);
	return answer_get(err, result);
}

// tgid -1: whichever process the thread belongs to.
static int64_t thread_kill(uint64_t tgid, uint64_t tid, uint64_t signo)
{
	uint64_t result = 0;
	err_t err;

	if ((int32_t)tid <= 0)
		return -EINVAL;
	if (is_valid(signo) && (uint32_t)tid == thread_get()->tid &&
	    ((int32_t)tgid == -1 || (uint32_t)tgid == process_get()->pid) &&
	    raise_own((uint32_t)signo, SI_TKILL, false))
		return 0;
	err = process_tgkill(LINUX_SLOT_PROCESS, (uint64_t)(int32_t)tgid, (uint32_t)tid, (uint32_t)signo,
			     (uint64_t)SI_TKILL, 0, &result);
	return answer_get(err, result);
}

int64_t call_tgkill(uint64_t tgid, uint64_t tid, uint64_t signo)
{
	return (int32_t)tgid <= 0 ? -EINVAL : thread_kill(tgid, tid, signo);
}

int64_t call_tkill(uint64_t tid, uint64_t signo) { return thread_kill(UINT64_MAX, tid, signo); }

static int64_t queue(uint64_t tgid, uint64_t tid, uint64_t signo, uint64_t info_in)
{
	struct signal_info info;
	uint64_t result = 0;
	err_t err;

	if (user_get(&info, info_in, sizeof info))
		return -EFAULT;
	err = process_signal_queue(LINUX_SLOT_PROCESS, tgid, tid, (uint32_t)signo, (uint64_t)(int64_t)info.code,
				   (uint32_t)info.rest[0], info.rest[0] >> 32, info.rest[1], &result);
	return answer_get(err, result);
}

int64_t call_rt_sigqueueinfo(uint64_t pid, uint64_t signo, uint64_t info)
{
	return (int32_t)pid <= 0 ? -ESRCH : queue((uint32_t)pid, 0, signo, info);
}

int64_t call_rt_tgsigqueueinfo(uint64_t tgid, uint64_t tid, uint64_t signo, uint64_t info)
{
	if ((int32_t)tgid <= 0 || (int32_t)tid <= 0)
		return -EINVAL;
	return queue((uint32_t)tgid, (uint32_t)tid, signo, info);
}
