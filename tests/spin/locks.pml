/* Three cores, a client and a server that meet at one endpoint, and a third thread that cancels, moves,
 * destroys and takes memory away. Each step names the function of kernel/ that it stands for.
 *
 * Shown: nobody waits for ever for a lock or a mailbox; what belongs to a core is used by one core at a
 * time; a thread that is gone runs nowhere; who was woken runs, and a call is answered. WITHOUT names one
 * part to leave out, and then one of these fails: tests/host/test_locks.py tries each. lock_all's turn is
 * not described: it decides who is first, nothing else.
 */
#ifndef WITHOUT
#define WITHOUT 0
#endif
/* What can be left out. `me` is the core that does it. */
#define SYSCALL_LOCAL 1   /* kernel_syscall takes its own lock */
#define SYSCALL_ALL 2     /* native takes all locks */
#define SIGNAL_LOCK 3     /* kernel_signal takes its own lock */
#define METHOD_ALL 4      /* invoke, under all locks */
#define SPIN_SERVES 5     /* lock_wait serves the mailbox */
#define LOOKS_AGAIN 6     /* native looks at `current` again when it has all locks */
#define LEAVE_FIRST 7     /* thread_detach waits until the other core has let go */
#define SIGNAL_SENT 8     /* wake_far calls the other core */
#define LOCK_OF_0 9       /* lock_all takes the lock of core 0 */
#define LOCK_OF_1 10      /* the same of core 1 */
#define LOCK_OF_2 11      /* the same of core 2 */

#define CORES 3
#define CLIENT 0
#define SERVER 1
#define ADMIN 2
#define NONE 3
#define CALLS 2
#define METHODS 2

#define MAIL_NONE 0
#define MAIL_FLUSH 1
#define MAIL_LEAVE 2

mtype = { STOPPED, READY, SENDING, ANSWER, RECEIVING };

bool lock[CORES], called[CORES], busy[CORES];
byte mail[CORES], current[CORES];
bool inside[CORES];       /* in user mode, with the current thread's registers in the processor */
mtype state[3];
byte home[3];
bool ready[3];            /* in its core's ready queue */
bool pending, sticky, gone;
byte calls;

inline serve() /* mailbox_serve */
{
	if
	:: mail[me] != MAIL_NONE -> inside[me] = false; mail[me] = MAIL_NONE
	:: else -> skip
	fi
}

inline take(i) /* lock_local, lock_wait */
{
	do
	:: atomic { !lock[i] -> lock[i] = true; break }
	:: WITHOUT != SPIN_SERVES && lock[i] && mail[me] != MAIL_NONE -> serve()
	od
}

inline use(c) { assert(!busy[c]); busy[c] = true }
inline unuse(c) { busy[c] = false }
inline use_all() { use(0); use(1); use(2) }
inline unuse_all() { unuse(0); unuse(1); unuse(2) }

inline take_all() /* lock_all */
{
	if :: WITHOUT != LOCK_OF_0 -> take(0) :: else -> skip fi;
	if :: WITHOUT != LOCK_OF_1 -> take(1) :: else -> skip fi;
	if :: WITHOUT != LOCK_OF_2 -> take(2) :: else -> skip fi
}

inline drop(i, part)
{
	if :: WITHOUT != part -> lock[i] = false :: else -> skip fi
}

inline drop_all() { drop(2, LOCK_OF_2); drop(1, LOCK_OF_1); drop(0, LOCK_OF_0) } /* lock_release_all */

inline wake(t) /* thread_wake, wake_far */
{
	state[t] = READY;
	if
	:: home[t] == me && current[me] != t -> ready[t] = true
	:: home[t] != me && current[home[t]] != t ->
		ready[t] = true;
		if
		:: WITHOUT != SIGNAL_SENT -> called[home[t]] = true
		:: else -> skip
		fi
	:: else -> skip
	fi
}

inline finish() /* sched_finish, choose */
{
	if
	:: current[me] != NONE && state[current[me]] != READY -> current[me] = NONE
	:: else -> skip
	fi;
	if
	:: current[me] == NONE && ready[CLIENT] && home[CLIENT] == me -> ready[CLIENT] = false; current[me] = CLIENT
	:: current[me] == NONE && ready[SERVER] && home[SERVER] == me -> ready[SERVER] = false; current[me] = SERVER
	:: else -> skip
	fi
}

inline ask(h, what) /* ask, wait */
{
	mail[h] = what;
	called[h] = true;
	mail[h] == MAIL_NONE
}

inline detach(t) /* thread_detach, core_leave */
{
	if
	:: home[t] != me && current[home[t]] == t ->
		if
		:: WITHOUT != LEAVE_FIRST -> ask(home[t], MAIL_LEAVE)
		:: else -> skip
		fi;
		assert(!inside[home[t]]);
		current[home[t]] = NONE;
		if
		:: state[t] == READY -> ready[t] = true; called[home[t]] = true
		:: else -> skip
		fi
	:: else -> skip
	fi
}

inline flush() /* space_flush */
{
	h = 0;
	do
	:: h < CORES ->
		if
		:: h != me && current[h] != NONE -> ask(h, MAIL_FLUSH)
		:: else -> skip
		fi;
		h++
	:: else -> break
	od;
	h = 0
}

/* --- what is done under the locks */

inline call() /* ipc_call, send_or_wait, hand_over */
{
	if
	:: sticky -> sticky = false                     /* take_cancel */
	:: !sticky && state[SERVER] == RECEIVING -> pending = true; state[CLIENT] = ANSWER; wake(SERVER)
	:: else -> state[CLIENT] = SENDING               /* endpoint_wait_send */
	fi
}

inline reply_recv() /* ipc_reply_receive */
{
	if
	:: pending -> pending = false; calls++; wake(CLIENT)     /* answer, reply_cut */
	:: else -> skip
	fi;
	if
	:: state[CLIENT] == SENDING -> pending = true; state[CLIENT] = ANSWER    /* take_sender */
	:: else -> state[SERVER] = RECEIVING             /* endpoint_wait_receive */
	fi
}

inline cancel() /* thread_cancel, message_break_off */
{
	detach(CLIENT);
	if
	:: state[CLIENT] == SENDING || state[CLIENT] == ANSWER -> pending = false; wake(CLIENT)
	:: else -> sticky = true
	fi
}

inline destroy() /* thread_empty; its memory is another's then */
{
	detach(SERVER);
	ready[SERVER] = false;
	state[SERVER] = STOPPED;
	gone = true;
	if
	:: state[CLIENT] == ANSWER -> pending = false; wake(CLIENT)    /* ERR_DEAD */
	:: else -> skip
	fi
}

inline move() /* schedcontrol_configure, thread_move */
{
	detach(CLIENT);
	ready[CLIENT] = false;
	home[CLIENT] = 1 - home[CLIENT];
	if
	:: state[CLIENT] == READY -> wake(CLIENT)
	:: else -> skip
	fi
}

/* ipc_needs_all: the other one is at home elsewhere, or a queue that all cores see is written. */
#define CALL_IS_FAR (state[SERVER] != RECEIVING || home[SERVER] != me)
#define REPLY_IS_FAR ((pending && home[CLIENT] != me) || state[CLIENT] == SENDING)

inline perform() /* dispatch */
{
	if
	:: t == CLIENT -> call()
	:: t == SERVER -> reply_recv()
	fi
}

#define IS_FAR ((t == CLIENT && CALL_IS_FAR) || (t == SERVER && REPLY_IS_FAR))

inline syscall() /* kernel_syscall, native; t: whose call it is */
{
	inside[me] = false;
	if
	:: WITHOUT != SYSCALL_LOCAL -> take(me)
	:: else -> skip
	fi;
	if
	:: current[me] == t && !IS_FAR ->
		use(me);
		perform();
		finish();
		unuse(me);
		lock[me] = false
	:: current[me] == t && IS_FAR ->
		lock[me] = false;
		if
		:: WITHOUT != SYSCALL_ALL -> take_all()
		:: else -> skip
		fi;
		use_all();
		if
		:: current[me] == t || WITHOUT == LOOKS_AGAIN -> assert(!(t == SERVER && gone)); perform()
		:: else -> skip
		fi;
		finish();
		unuse_all();
		if
		:: WITHOUT != SYSCALL_ALL -> drop_all()
		:: else -> skip
		fi
	:: current[me] != t ->
		use(me);
		finish();
		unuse(me);
		lock[me] = false
	fi
}

inline leave_kernel() /* kernel_exit */
{
	inside[me] = current[me] != NONE;
	assert(!(current[me] == SERVER && gone))
}

inline signal() /* kernel_signal; it serves the mailbox without waiting, too */
{
	called[me] = false;
	inside[me] = false;
	serve();
	if
	:: WITHOUT != SIGNAL_LOCK -> take(me)
	:: else -> skip
	fi;
	use(me);
	finish();
	unuse(me);
	if
	:: WITHOUT != SIGNAL_LOCK -> lock[me] = false
	:: else -> skip
	fi
}

#define CALLS_ON (current[me] == SERVER || (current[me] == CLIENT && calls < CALLS))

proctype core(byte me)
{
	byte t;

	leave_kernel();
end:	do
	:: called[me] -> signal(); leave_kernel()
	:: inside[me] && CALLS_ON -> t = current[me]; syscall(); leave_kernel()
	od
}

/* The third core: a few methods, then it only answers. */
proctype admin(byte me)
{
	byte h = 0, left = METHODS;

	do
	:: left > 0 -> signal()    /* a timer's interrupt is taken alike: kernel_timer */
	:: left > 0 ->
		left--;
		if
		:: WITHOUT != METHOD_ALL -> take_all()
		:: else -> skip
		fi;
		use_all();
		if
		:: true -> cancel()
		:: !gone -> destroy()
		:: true -> move()
		:: true -> flush()
		fi;
		unuse_all();
		if
		:: WITHOUT != METHOD_ALL -> drop_all()
		:: else -> skip
		fi
	:: else -> break
	od;
end:	do
	:: called[me] -> signal()
	od
}

init {
	atomic {
		current[0] = NONE; current[1] = NONE; current[2] = ADMIN;
		state[CLIENT] = READY; state[SERVER] = READY; state[ADMIN] = READY;
		home[ADMIN] = 2;
		if :: home[SERVER] = 0 :: home[SERVER] = 1 fi;
		home[CLIENT] = 0;
		ready[CLIENT] = true; ready[SERVER] = true;
		called[0] = true; called[1] = true;
		run core(0); run core(1); run admin(2)
	}
	/* Nothing goes on any more: whoever could run does, and the calls were answered. */
	timeout;
	assert(!ready[CLIENT] || (current[home[CLIENT]] != NONE && current[home[CLIENT]] != CLIENT));
	assert(!ready[SERVER] || (current[home[SERVER]] != NONE && current[home[SERVER]] != SERVER));
	assert(gone || calls >= CALLS)
}
