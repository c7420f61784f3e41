// A program that makes native system calls itself: what it may not do is refused, and no server stops.
// Only for Pith: on Linux there is nothing to test.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#include "lib/sys/msg.h"
#include "protocol/gen/context.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "protocol/gen/process.h"
#include "protocol/gen/wait.h"
#include "protocol/gen/session.h"
#include "protocol/linux.h"

// As lib/sys/syscall_x86_64.S.
__asm__(".text\n.globl sys_invoke\nsys_invoke:\n"
	"push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n push %rcx\n"
	"lea 0x50490000(%rdi), %eax\n mov %esi, %edi\n mov 0(%rcx), %rsi\n"
	"mov 16(%rcx), %r8\n mov 24(%rcx), %r9\n mov 32(%rcx), %r10\n mov 40(%rcx), %rbx\n"
	"mov 48(%rcx), %r12\n mov 56(%rcx), %r13\n mov 64(%rcx), %r14\n mov 72(%rcx), %r15\n"
	"syscall\n pop %rcx\n mov %rsi, 0(%rcx)\n mov %rdi, 8(%rcx)\n"
	"mov %r8, 16(%rcx)\n mov %r9, 24(%rcx)\n mov %r10, 32(%rcx)\n mov %rbx, 40(%rcx)\n"
	"mov %r12, 48(%rcx)\n mov %r13, 56(%rcx)\n mov %r14, 64(%rcx)\n mov %r15, 72(%rcx)\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n ret\n");

#define HANDLES 4
#define ROUNDS 3000

// The first program's thread and process have number 0 in their address space.
struct abi_block *sys_block(void) { return (struct abi_block *)(ENV_THREAD + AREA_BLOCK); }

static struct linux_thread *thread(void) { return (struct linux_thread *)sys_block()->user; }

static cap_t slot_of(int fd)
{
	const struct process_block *process = (const struct process_block *)ENV_PROCESS;

	return process->handles[process->fds[fd].handle - 1].slot;
}

static uint64_t any(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

// Calls leave their answer in `result`.
static uint64_t result;
#define REFUSED(call) ((call) != OK || (int64_t)result < 0)

// The servers still do their work.
static bool is_alive(void)
{
	char text[8] = {0};
	int fd[2], status = 1, file = open("/etc/hostname", O_RDONLY);
	bool is_ok = file >= 0 && read(file, text, 7) > 0 && pipe(fd) == 0 && write(fd[1], "x", 1) == 1 &&
		     read(fd[0], text, 1) == 1;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	close(file);
	close(fd[0]);
	close(fd[1]);
	return is_ok && waitpid(child, &status, 0) == child && status == 0;
}

static void refused_as_files(const cap_t *wrong, unsigned count)
{
	static const char strings[] = "x\0/bin/x";
	cap_t self = LINUX_SLOT_PROCESS;
	bool is_ok = true;

	check(!process_exec_buffer(self, PAGE_SIZE, &result) && result == 0, "exec's buffer");
	memcpy((void *)ENV_EXEC, strings, sizeof strings);
	for (unsigned i = 0; i < count; i++)
		is_ok = REFUSED(process_exec(self, 1, 0, sizeof strings, (uint64_t)strings, wrong[i], &result)) && is_ok;
	check(is_ok, "exec of what is no file");
	is_ok = true;
	for (unsigned i = 0; i < count; i++)
		is_ok = REFUSED(process_mmap_file(self, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE, 0, wrong[i],
						     &result)) && is_ok;
	check(is_ok, "mmap of what is no file");
	(void)process_exec_buffer(self, 0, &result);
}

// Sleep on nothing, with a capability as the window's notification.
static err_t sleep_with(uint64_t token, cap_t cap, uint64_t *out)
{
	struct msg m = {.tag = TAG(WAIT_SLEEP, 3) | TAG_CAPS(1), .words = {token, 0, 1}};
	err_t err;

	msg_set_cap(0, cap);
	err = sys_call(LINUX_SLOT_CONTEXT, &m);
	*out = m.words[0];
	return err;
}

static void refused_as_notifications(const int *fds, const cap_t *wrong, unsigned count)
{
	uint64_t token = thread()->window_token[WINDOW_FILE];
	bool is_ok = token != 0;

	for (unsigned i = 0; i < count; i++)
		is_ok = REFUSED(sleep_with(token, wrong[i], &result)) && is_ok;
	check(is_ok, "sleeping with what is no notification");
	check(!sleep_with(token, LINUX_SLOT_THREADS, &result) && result == 0, "sleeping with a notification");
	check(REFUSED(file_arm(slot_of(fds[0]), token, POLLIN, LINUX_SLOT_THREADS, &result)),
	      "the file server arms no more");
	token = thread()->window_token[WINDOW_TERMINAL];
	is_ok = token != 0;
	for (unsigned i = 0; i < count; i++)
		is_ok = REFUSED(file_arm(slot_of(2), token, POLLPRI, wrong[i], &result)) && is_ok;
	check(is_ok, "arming a stream with what is no notification");
}

static void foreign_interfaces(const cap_t *handles)
{
	bool is_ok = true;

	for (unsigned i = 0; i < HANDLES; i++) {
		is_ok = REFUSED(control_make(handles[i], &result)) && is_ok;
		is_ok = REFUSED(control_register(handles[i], 0x500, 2, handles[i], &result)) && is_ok;
		is_ok = REFUSED(context_fork(handles[i], &result)) && is_ok;
		is_ok = REFUSED(session_signal_group(handles[i], 0, 9, 0, &result)) && is_ok;
	}
	is_ok = REFUSED(session_signal_group(LINUX_SLOT_PROCESS, 0, 9, 0, &result)) && is_ok;
	is_ok = REFUSED(control_make(LINUX_SLOT_CONTEXT, &result)) && is_ok;
	is_ok = REFUSED(context_fork(LINUX_SLOT_CONTEXT, &result)) && is_ok;
	check(is_ok, "control, session, context");
}

static void not_a_server(void)
{
	struct msg m = {0};
	bool is_ok = true;

	is_ok = sys_recv(LINUX_SLOT_PROCESS, 0, &m) == ERR_CAP_RIGHTS && is_ok;
	is_ok = sys_nb_recv(LINUX_SLOT_CONTEXT, LINUX_SLOT_CONTEXT, &m) && is_ok;
	is_ok = sys_reply_recv(LINUX_SLOT_PROCESS, LINUX_SLOT_PROCESS, &m) && is_ok;
	check(is_ok, "receiving as if it were a server");
	m = (struct msg){.tag = TAG(1, 65)};
	is_ok = sys_call(LINUX_SLOT_PROCESS, &m) == ERR_TAG;
	m = (struct msg){.tag = TAG(1, 0) | 3ull << TAG_KIND_SHIFT};
	is_ok = sys_call(LINUX_SLOT_PROCESS, &m) == ERR_TAG && is_ok;
	m = (struct msg){.tag = TAG(1, 0) | TAG_CAPS(5)};
	is_ok = sys_call(LINUX_SLOT_PROCESS, &m) == ERR_TAG && is_ok;
	check(is_ok, "malformed tags");
}

// Fill in a message of any length with capabilities of all kinds.
static void garbage_make(struct msg *m, uint32_t label, const cap_t *caps, unsigned count)
{
	static const uint64_t special[] = {0, 1, 4096, 16384, ~0ull, 1ull << 63, ENV_THREAD, PROGRAM_END};
	unsigned words = (unsigned)(any() % 65), carried = any() % 4 ? 0 : (unsigned)(any() % 5);

	*m = (struct msg){.tag = TAG(label, words) | TAG_CAPS(carried)};
	for (unsigned i = 0; i < words; i++)
		msg_set_word(m, i, any() % 2 ? special[any() % 8] : any() >> any() % 64);
	for (unsigned i = 0; i < carried; i++)
		msg_set_cap(i, any() % 8 ? caps[any() % count] : (cap_t)(any() % 200));
}

// Without a window's token no request of these waits: each must come back.
static void garbage_on_handles(const cap_t *handles, const cap_t *caps, unsigned count)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t interface = (uint32_t)(any() % 12), label = interface << 8 | (uint32_t)(any() % 40);
		cap_t to = any() % 5 ? handles[any() % HANDLES] : LINUX_SLOT_CONTEXT;
		struct msg m;

		garbage_make(&m, any() % 16 ? label : (uint32_t)any() & TAG_LABEL_MASK, caps, count);
		if (any() % 4)
			(void)sys_call(to, &m);
		else
			(void)sys_nb_send(to, &m);
	}
	check(is_alive(), "garbage on handles");
}

// Some of these end or stop whoever makes them, so each runs in a process of its own.
static void garbage_on_process(const cap_t *caps, unsigned count)
{
	for (uint32_t method = 0; method < 40; method++) {
		struct timespec pause = {0, 5000000};
		pid_t child;

		if (method == (PROCESS_REBOOT & 0xff))
			continue;
		for (unsigned i = 0; i < method; i++)
			(void)any();  // each its own numbers
		child = fork();
		if (child == 0) {
			// Not to all processes, should a kill be what comes out.
			setpgid(0, 0);
			for (unsigned i = 0; i < 60; i++) {
				struct msg m;

				garbage_make(&m, (PROCESS_EXIT & ~0xffu) | method, caps, count);
				if (method == (PROCESS_KILL & 0xff))
					m.words[0] = 999999;
				(void)sys_call(LINUX_SLOT_PROCESS, &m);
			}
			_exit(0);
		}
		for (int i = 0; i < 20 && waitpid(child, NULL, WNOHANG) == 0; i++)
			nanosleep(&pause, NULL);
		kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	check(is_alive(), "garbage on the process server");
}

int main(void)
{
	int fds[2], file = open("/etc/hostname", O_RDONLY), folder = open("/", O_RDONLY);
	cap_t handles[HANDLES], wrong[8];
	struct stat st;
	unsigned count = 0;
	char c;

	if (sys_invoke(SYSCALL_YIELD, 0, 0, &(struct msg){0}) == (err_t)-ENOSYS) {
		check(true, "this is not Pith: skipped");
		return tap_end();
	}
	// Standard error is a stream of the terminal server's in all runs; standard output may be a file.
	check(pipe(fds) == 0 && fstat(2, &st) == 0 && read(file, &c, 1) == 1 && is_alive(), "the system works");
	check(sys_block()->self == (uint64_t)sys_block(), "the thread's block");
	handles[0] = slot_of(file);
	handles[1] = slot_of(folder);
	handles[2] = slot_of(fds[0]);
	handles[3] = slot_of(2);
	wrong[count++] = slot_of(2);  // the terminal server's
	wrong[count++] = slot_of(fds[0]);
	wrong[count++] = LINUX_SLOT_PROCESS;
	wrong[count++] = LINUX_SLOT_CONTEXT;
	wrong[count++] = LINUX_SLOT_CNODE;
	wrong[count++] = LINUX_SLOT_THREADS + 1;
	wrong[count++] = LINUX_SLOT_HANDLES + 80;
	wrong[count++] = 100000;
	refused_as_files(wrong, count);
	refused_as_files((cap_t[]){LINUX_SLOT_THREADS}, 1);
	refused_as_notifications(fds, wrong, count);
	foreign_interfaces(handles);
	not_a_server();
	check(is_alive(), "all goes on");
	garbage_on_handles(handles, wrong, count);
	garbage_on_process(wrong, count);
	return tap_end();
}
