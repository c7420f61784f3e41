// Registers under fire: signals at a high rate, context switches, fork. General registers, flags, x87,
// SSE and AVX state must be the program's own at all times.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

static volatile int caught;

// Spoils all that it may.
static void handler(int signal)
{
	(void)signal;
	caught++;
	__asm__ volatile("pcmpeqb %%xmm0, %%xmm0; movaps %%xmm0, %%xmm7; movaps %%xmm0, %%xmm15; fldpi; fstp %%st(0);"
			 "std; cld; stc" ::: "xmm0", "xmm7", "xmm15", "cc");
}

// Put values made of `seed` into the registers, run around for a while, and see that they are there.
static bool registers_stay(uint64_t seed)
{
	uint64_t wrong;

	__asm__ volatile("mov %1, %%rbx; lea 1(%%rbx), %%rcx; lea 2(%%rbx), %%rdx; lea 3(%%rbx), %%rsi;"
			 "lea 4(%%rbx), %%rdi; lea 5(%%rbx), %%r8; lea 6(%%rbx), %%r9; lea 7(%%rbx), %%r10;"
			 "lea 8(%%rbx), %%r11; lea 9(%%rbx), %%r12; lea 10(%%rbx), %%r13;"
			 "movq %%rbx, %%xmm0; movq %%rcx, %%xmm7; movq %%r13, %%xmm15; fldz; fld1;"
			 "mov $20000, %%r14d; xor %%eax, %%eax; stc; std;"
			 "1: jnc 2f; dec %%r14; jnz 1b;"
			 "inc %%eax; 2: dec %%eax; pushfq; cld; pop %%r15; not %%r15; and $0x400, %%r15d; or %%r15, %%rax;"
			 "sub %%rbx, %%rcx; dec %%rcx; or %%rcx, %%rax; sub %%rbx, %%rdx; sub $2, %%rdx; or %%rdx, %%rax;"
			 "sub %%rbx, %%rsi; sub $3, %%rsi; or %%rsi, %%rax; sub %%rbx, %%rdi; sub $4, %%rdi; or %%rdi, %%rax;"
			 "sub %%rbx, %%r8; sub $5, %%r8; or %%r8, %%rax; sub %%rbx, %%r9; sub $6, %%r9; or %%r9, %%rax;"
			 "sub %%rbx, %%r10; sub $7, %%r10; or %%r10, %%rax; sub %%rbx, %%r11; sub $8, %%r11; or %%r11, %%rax;"
			 "sub %%rbx, %%r12; sub $9, %%r12; or %%r12, %%rax;"
			 "movq %%xmm15, %%r12; sub %%r12, %%r13; or %%r13, %%rax;"
			 "movq %%xmm0, %%r12; sub %%rbx, %%r12; or %%r12, %%rax;"
			 "movq %%xmm7, %%r12; sub %%rbx, %%r12; dec %%r12; or %%r12, %%rax;"
			 "fucomip %%st(1), %%st; fstp %%st(0); jbe 3f; jmp 4f; 3: or $1, %%rax; 4: nop"
			 : "=&a"(wrong) : "r"(seed)
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
			   "xmm0", "xmm7", "xmm15", "cc", "memory");
	return wrong == 0;
}

static bool has_avx(void) { return __builtin_cpu_supports("avx"); }

__attribute__((target("avx"))) static void avx_load(const uint8_t *from)
{
	__asm__ volatile("vmovups (%0), %%ymm3; vmovups (%0), %%ymm12" : : "r"(from) : "xmm3", "xmm12");
}

__attribute__((target("avx"))) static void avx_store(uint8_t *to)
{
	__asm__ volatile("vmovups %%ymm3, (%0); vmovups %%ymm12, 32(%0)" : : "r"(to) : "memory");
}

static void fill(uint8_t *bytes, int seed)
{
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(seed * 37 + i);
}

// The upper halves, too, while another does the same with other values.
static bool avx_stays(int seed)
{
	uint8_t want[32], got[64];

	fill(want, seed);
	for (int round = 0; round < 50; round++) {
		avx_load(want);
		for (volatile int i = 0; i < 200000; i++)
			;
		avx_store(got);
		if (memcmp(got, want, 32) || memcmp(got + 32, want, 32))
			return false;
	}
	return true;
}

static bool child_is_good(pid_t pid)
{
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void together(bool (*run)(int), const char *name)
{
	pid_t children[3];
	bool is_good = true;

	for (int i = 0; i < 3; i++)
		if ((children[i] = fork()) == 0)
			_exit(!run(i + 1));
	for (int i = 0; i < 3; i++)
		is_good &= child_is_good(children[i]);
	check(is_good, name);
}

static bool many_rounds(int seed)
{
	for (int i = 0; i < 2000; i++)
		if (!registers_stay((uint64_t)seed * 0x1111111111111111 + (uint64_t)i))
			return false;
	return true;
}

// A child has its parent's registers at the fork.
static void fork_check(void)
{
	uint64_t want = 0x123456789abcdef0, got;
	long pid;

	__asm__ volatile("movq %2, %%xmm5; mov $57, %%eax; syscall; movq %%xmm5, %1"
			 : "=&a"(pid), "=r"(got) : "r"(want) : "rcx", "r11", "xmm5", "memory");
	if (pid == 0)
		_exit(got != want);
	check(got == want && child_is_good((pid_t)pid), "SSE state over fork");
}

static void sender_storm(int count)
{
	pid_t parent = getpid(), sender;
	bool is_good = true;

	caught = 0;
	sender = fork();
	if (sender == 0) {
		for (int i = 0; i < count; i++)
			kill(parent, i % 2 ? SIGUSR1 : SIGUSR2);
		_exit(0);
	}
	int status;

	for (uint64_t i = 0; waitpid(sender, &status, WNOHANG) == 0; i++)
		is_good &= registers_stay(i << 32 | 0x55);
	check(is_good, "registers under signals of another process");
	check(caught > 0, "they arrived");
}

static void timer_storm(void)
{
	struct itimerval every = {{0, 1000}, {0, 1000}}, none = {{0, 0}, {0, 0}};
	time_t end = time(NULL) + 3;
	bool is_good = true;

	caught = 0;
	setitimer(ITIMER_REAL, &every, NULL);
	for (uint64_t i = 0; time(NULL) < end; i++)
		is_good &= registers_stay(i << 32 | 0xaa);
	setitimer(ITIMER_REAL, &none, NULL);
	check(is_good, "registers under a timer's signals");
	check(caught > 50, "it ticked");
}

// A new program starts with nothing of the old one.
static bool is_clean(void)
{
	uint32_t csr;
	uint16_t control;

	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(csr), "=m"(control));
	return csr == 0x1f80 && control == 0x37f;
}

static void exec_check(char *self)
{
	char *argv[] = {self, "clean", NULL};
	pid_t pid = fork();

	if (pid == 0) {
		uint32_t csr = 0x7f80;
		uint16_t control = 0x77f;

		__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(csr), "m"(control));
		execv(self, argv);
		_exit(2);
	}
	check(child_is_good(pid), "floating-point state of a new program");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "clean"))
		return !is_clean();
	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	signal(SIGALRM, handler);
	check(is_clean(), "floating-point state at the start");
	exec_check(argv[0]);
	fork_check();
	if (argc < 2)
		together(many_rounds, "registers of three processes at once");
	if (argc < 2 && has_avx())
		together(avx_stays, "AVX registers of three processes at once");
	if (argc < 2)
		timer_storm();
	sender_storm(argc > 1 ? atoi(argv[1]) : 10000);
	return tap_end();
}
