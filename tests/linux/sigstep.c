// A signal at each instruction of the library's way in and out.
//
// A timer's signal is due a fixed time after setitimer; before the system call that is looked at, a delay
// runs that is one instruction shorter from turn to turn. Where the counter counts instructions (--icount)
// the signal so comes one instruction later each time, from before the call until after it, and none is
// left out. Elsewhere it comes at random. Each time: the handler ran once, the call did what it does, and
// every register is what it should be.
// abi: rt_sigreturn: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

#define TIMER_US 60
#define DELAY_MAX 200000
#define MARGIN 40
#define RANDOM_TURNS 300

struct step {
	uint64_t loops, in;              // delay: two instructions a loop; into the code behind it
	uint64_t number, a, b, c, d;     // the call
	uint64_t rax, rdi, rsi, rdx, r10, rbx, rbp, r12, r13, r14, r15, r8, r9, rcx, flags, xmm5, rsp, rsp_before;
} step_data;
volatile uint32_t step_got;
extern char step_in[], step_call[], step_after[], step_end[];
void step_run(void);

__asm__(".text\n.globl step_run, step_in, step_call, step_after, step_end\n"
	"step_run:\n"
	"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
	"mov %rsp, step_data+192(%rip)\n"
	"mov step_data+16(%rip), %rax\n mov step_data+24(%rip), %rdi\n mov step_data+32(%rip), %rsi\n"
	"mov step_data+40(%rip), %rdx\n mov step_data+48(%rip), %r10\n"
	"mov $0x1111, %rbx\n mov $0x2222, %rbp\n mov $0x3333, %r12\n mov $0x4444, %r13\n"
	"mov $0x5555, %r14\n mov $0x6666, %r15\n mov $0x7777, %r8\n mov $0x8888, %r9\n"
	"movq %rbx, %xmm5\n"
	"mov step_data(%rip), %rcx\n mov step_data+8(%rip), %r11\n"
	"1: dec %rcx\n jnz 1b\n jmp *%r11\n"
	"step_in: nop\n"
	"step_call: syscall\n"
	"step_after:\n"
	"mov %rax, step_data+56(%rip)\n mov %rdi, step_data+64(%rip)\n mov %rsi, step_data+72(%rip)\n"
	"mov %rdx, step_data+80(%rip)\n mov %r10, step_data+88(%rip)\n mov %rbx, step_data+96(%rip)\n"
	"mov %rbp, step_data+104(%rip)\n mov %r12, step_data+112(%rip)\n mov %r13, step_data+120(%rip)\n"
	"mov %r14, step_data+128(%rip)\n mov %r15, step_data+136(%rip)\n mov %r8, step_data+144(%rip)\n"
	"mov %r9, step_data+152(%rip)\n mov %rcx, step_data+160(%rip)\n"
	"mov %rsp, step_data+184(%rip)\n pushf\n pop %rax\n mov %rax, step_data+168(%rip)\n"
	"movq %xmm5, %rax\n mov %rax, step_data+176(%rip)\n"
	"1: cmpl $0, step_got(%rip)\n je 1b\n"
	"step_end:\n"
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static uint64_t seen;         // where the signal found the program
static volatile int usr_count;
static char in_byte;

static uint64_t words[25];    // a copy of step_data, by number

static void on_timer(int n, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	(void)info;
	seen = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	step_got += n == SIGALRM;
}

static void on_usr(int n)
{
	usr_count += n == SIGUSR1;
}

static void call_set(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	step_data.number = number;
	step_data.a = a;
	step_data.b = b;
	step_data.c = c;
	step_data.d = d;
}

// One turn with a delay of so many instructions. False: something was not as it should be.
static bool turn(uint64_t delay, uint64_t expected)
{
	struct itimerval v = {{0, 0}, {0, TIMER_US}};
	const uint64_t *w = words;

	step_data.loops = delay / 2 + 1;
	step_data.in = (uint64_t)step_in + !(delay % 2);
	step_got = 0;
	setitimer(ITIMER_REAL, &v, NULL);
	step_run();
	memcpy(words, &step_data, sizeof words);
	return step_got == 1 && w[7] == expected && w[8] == step_data.a && w[9] == step_data.b &&
	       w[10] == step_data.c && w[11] == step_data.d && w[12] == 0x1111 && w[13] == 0x2222 &&
	       w[14] == 0x3333 && w[15] == 0x4444 && w[16] == 0x5555 && w[17] == 0x6666 && w[18] == 0x7777 &&
	       w[19] == 0x8888 && w[20] == (uint64_t)step_after && !(w[21] & 0x500) && w[22] == 0x1111 &&
	       w[23] == w[24];
}

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

// Does the counter count instructions?
static bool is_counted(void)
{
	uint64_t least = ~0ull, most = 0;

	for (int i = 0; i < 20; i++) {
		uint64_t start = ticks();

		__asm__ volatile("mov $1000, %%ecx\n1: dec %%ecx\n jnz 1b" : : : "ecx", "cc");
		start = ticks() - start;
		least = start < least ? start : least;
		most = start > most ? start : most;
	}
	return least >= 2000 && most < 2040;
}

static bool is_before(void) { return seen >= (uint64_t)step_run && seen <= (uint64_t)step_call; }

// Before each turn of a call that takes something.
static void (*prepare)(void);
static int pipe_fd[2];

static void pipe_fill(void)
{
	if (write(pipe_fd[1], "x", 1) != 1)
		abort();
}

static void usr_clear(void) { usr_count = 0; }

static bool one(uint64_t delay, uint64_t expected)
{
	if (prepare)
		prepare();
	return turn(delay, expected) && (prepare != usr_clear || usr_count == 1);
}

// The shortest delay with which the signal still comes before the call.
static uint64_t edge_find(uint64_t expected, bool *is_ok)
{
	uint64_t low = 0, high = DELAY_MAX;

	while (low + 1 < high) {
		uint64_t middle = (low + high) / 2;

		*is_ok = one(middle, expected) && *is_ok;
		if (is_before())
			high = middle;
		else
			low = middle;
	}
	// A turn that something else disturbed leads the search too low.
	while (high < DELAY_MAX) {
		*is_ok = one(high, expected) && *is_ok;
		if (is_before())
			break;
		high += MARGIN;
	}
	return high;
}

// `least`: instructions that the call takes at least.
static void sweep(const char *name, bool counted, unsigned least, uint64_t expected)
{
	unsigned inside = 0, after = 0;
	bool is_ok = true;

	if (!counted) {
		for (int i = 0; i < RANDOM_TURNS; i++)
			is_ok = one((uint64_t)(rand() % DELAY_MAX), expected) && is_ok;
		check(is_ok, name);
		return;
	}
	for (uint64_t delay = edge_find(expected, &is_ok) + MARGIN; delay > 0 && after < MARGIN; delay--) {
		is_ok = one(delay, expected) && is_ok;
		if (is_before())
			continue;
		if (seen > (uint64_t)step_after && seen < (uint64_t)step_end)
			after++;
		else
			inside++;
	}
	printf("# %u instructions\n", inside);
	check(is_ok && after == MARGIN && inside >= least, name);
}

int main(void)
{
	struct sigaction a = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct sigaction u = {.sa_handler = on_usr};
	bool counted = is_counted();
	uint64_t old = 0;
	int zero = open("/dev/zero", O_RDONLY), file = open("/proc/self/exe", O_RDONLY);

	sigaction(SIGALRM, &a, NULL);
	sigaction(SIGUSR1, &u, NULL);
	if (zero < 0 || file < 0 || pipe(pipe_fd))
		return 1;
	for (int i = 0; i < 10; i++)
		if (pread(file, &in_byte, 1, i) != 1)
			return 1;
	printf("# instructions are %scounted\n", counted ? "" : "not ");
	call_set(SYS_getppid, 1, 2, 3, 4);
	sweep("getppid", counted, 16, (uint64_t)getppid());
	call_set(SYS_sched_yield, 1, 2, 3, 4);
	sweep("sched_yield", counted, 16, 0);
	call_set(SYS_lseek, (uint64_t)file, 77, SEEK_SET, 4);
	sweep("lseek", counted, 16, 77);
	call_set(SYS_rt_sigprocmask, SIG_BLOCK, 0, (uint64_t)&old, 8);
	sweep("rt_sigprocmask", counted, 80, 0);
	call_set(SYS_read, (uint64_t)zero, (uint64_t)&in_byte, 1, 4);
	sweep("read", counted, 60, 1);
	prepare = pipe_fill;
	call_set(SYS_read, (uint64_t)pipe_fd[0], (uint64_t)&in_byte, 1, 4);
	sweep("read of a pipe takes one byte", counted, 80, 1);
	prepare = usr_clear;
	call_set(SYS_kill, (uint64_t)getpid(), SIGUSR1, 3, 4);
	sweep("kill of oneself: its handler runs once, and returns", counted, 600, 0);
	return tap_end();
}
