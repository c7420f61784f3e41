// What kills a program kills it alone, with the signal that Linux has for it.
// With an argument: that one alone, for the shell to say what it thinks of it.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static const char text[4096] __attribute__((aligned(4096))) = {(char)0xc3};
static char data[4096] __attribute__((aligned(4096))) = {(char)0xc3};

static void call(uint64_t address) { ((void (*)(void))(uintptr_t)address)(); }
static void null_read(void) { (void)*(volatile char *)0; }
static void null_write(void) { *(volatile char *)0 = 1; }
static void null_jump(void) { call(0); }
static void wild_jump(void) { call(0x123456789000); }
static void odd_jump(void) { call(0x1234567812345678); }
static void kernel_jump(void) { call(0xffffffff80100000); }
static void kernel_read(void) { (void)*(volatile char *)0xffffffff80100000; }
static void kernel_write(void) { *(volatile char *)0xffff800000000000 = 1; }
static void vsyscall_read(void) { (void)*(volatile char *)0xffffffffff600000; }
static void environment_write(void) { *(volatile char *)0x7f8000000000 = 1; }
static void text_write(void) { *(volatile char *)(uintptr_t)text = 1; }
static void code_write(void) { *(volatile char *)(uintptr_t)null_read = 1; }
static void data_run(void) { call((uintptr_t)data); }

static void stack_run(void)
{
	volatile char code[16] = {(char)0xc3};

	call((uintptr_t)code);
}

static volatile int is_endless = 1;

static int deeper(volatile char *above)
{
	volatile char here[4096];

	here[0] = *above;
	if (!is_endless)
		return 0;
	return deeper(here) + here[0];
}

static void stack_overflow(void) { _exit(deeper(data)); }
static void divide(void) { __asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx" ::: "rax", "rcx", "rdx"); }
static void overflow(void)
{
	__asm__ volatile("mov $-1, %%rcx; mov $1, %%eax; shl $63, %%rax; cqo; idiv %%rcx" ::: "rax", "rcx", "rdx");
}

static void illegal(void) { __asm__ volatile("ud2"); }
static void halt(void) { __asm__ volatile("hlt"); }
static void interrupts_off(void) { __asm__ volatile("cli"); }
static void control_read(void) { __asm__ volatile("mov %%cr3, %%rax" ::: "rax"); }
static void control_write(void) { __asm__ volatile("xor %%eax, %%eax; mov %%rax, %%cr0" ::: "rax"); }
static void msr_read(void) { __asm__ volatile("mov $0xc0000082, %%ecx; rdmsr" ::: "rax", "rcx", "rdx"); }
static void msr_write(void) { __asm__ volatile("mov $0xc0000082, %%ecx; wrmsr" ::: "rax", "rcx", "rdx"); }
static void port_in(void) { __asm__ volatile("in $0x60, %%al" ::: "rax"); }
static void port_out(void) { __asm__ volatile("mov $0xfe, %%al; out %%al, $0x64" ::: "rax"); }
static void swap_gs(void) { __asm__ volatile("swapgs"); }
static void sysret(void) { __asm__ volatile("sysretq"); }
static void table_load(void) { __asm__ volatile("lidt (%%rsp)" ::: "memory"); }
static void int_80(void) { __asm__ volatile("mov $1, %%eax; int $0x80" ::: "rax"); }
static void int_d(void) { __asm__ volatile("int $13"); }
static void int_e(void) { __asm__ volatile("int $14"); }
static void int_20(void) { __asm__ volatile("int $32"); }
static void int_ff(void) { __asm__ volatile("int $255"); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void step(void) { __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop" ::: "memory"); }
static void segment(void) { __asm__ volatile("mov $0x1234, %%eax; mov %%eax, %%ds" ::: "rax"); }
static void iret(void) { __asm__ volatile("xor %%eax, %%eax; push %%rax; push %%rax; push %%rax; push $8; push %%rax; iretq" ::: "rax"); }
static void stack_odd(void) { __asm__ volatile("mov $0x1234567812345678, %%rax; mov %%rax, %%rsp; push %%rax" ::: "rax"); }
static void stack_kernel(void) { __asm__ volatile("mov $0xffffffff80100000, %%rax; mov %%rax, %%rsp; push %%rax" ::: "rax"); }
static void simd(void)
{
	unsigned csr = 0;

	__asm__ volatile("ldmxcsr %0; xorps %%xmm0, %%xmm0; divss %%xmm0, %%xmm0" : : "m"(csr) : "xmm0");
}
static void x87(void)
{
	unsigned short control = 0x300;

	__asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(control));
}
static void simd_control(void)
{
	unsigned csr = 0xffffffff;

	__asm__ volatile("ldmxcsr %0" : : "m"(csr));
}

// A system call is entered on a stack that is none; the signal that follows has no place for its frame.
static void no_stack_abort(void)
{
	__asm__ volatile("xor %%esp, %%esp; mov $39, %%eax; syscall; mov %%eax, %%edi; mov $6, %%esi;"
			 "mov $62, %%eax; syscall; ud2" ::: "rax", "rdi", "rsi");
}

static void handler(int signal) { _exit(signal == 0); }
static void frame_nowhere(void)
{
	signal(SIGUSR1, handler);
	signal(SIGSEGV, handler);
	__asm__ volatile("mov $0x1234567812345678, %%rsp; mov $39, %%eax; syscall; mov %%eax, %%edi;"
			 "mov $10, %%esi; mov $62, %%eax; syscall; ud2" ::: "rax", "rdi", "rsi");
}
// sigreturn with a frame of rubbish, and with one in the kernel.
static void return_nowhere(void) { __asm__ volatile("xor %%esp, %%esp; mov $15, %%eax; syscall; ud2" ::: "rax"); }
static void return_kernel(void)
{
	__asm__ volatile("mov $0xffffffff80100000, %%rsp; mov $15, %%eax; syscall; ud2" ::: "rax");
}
static void return_rubbish(void)
{
	static unsigned char frame[2048] __attribute__((aligned(64)));

	memset(frame, 0xa5, sizeof frame);
	__asm__ volatile("mov %0, %%rsp; mov $15, %%eax; syscall; ud2" : : "r"(frame + 512) : "rax");
}

static const struct {
	const char *name;
	void (*run)(void);
	int signal;
	bool may_live;  // an emulated processor does not do it, or as a protection fault
} cases[] = {
#define CASE(name, signal) {#name, name, signal, false}
#define EMULATED(name, signal) {#name, name, signal, true}
	CASE(null_read, SIGSEGV), CASE(null_write, SIGSEGV), CASE(null_jump, SIGSEGV),
	CASE(wild_jump, SIGSEGV), CASE(odd_jump, SIGSEGV), CASE(kernel_jump, SIGSEGV),
	CASE(kernel_read, SIGSEGV), CASE(kernel_write, SIGSEGV), CASE(vsyscall_read, SIGSEGV),
	CASE(environment_write, SIGSEGV), CASE(text_write, SIGSEGV), CASE(code_write, SIGSEGV),
	CASE(data_run, SIGSEGV), CASE(stack_run, SIGSEGV), CASE(stack_overflow, SIGSEGV),
	CASE(divide, SIGFPE), CASE(overflow, SIGFPE), CASE(illegal, SIGILL), CASE(halt, SIGSEGV),
	CASE(interrupts_off, SIGSEGV), CASE(control_read, SIGSEGV), CASE(control_write, SIGSEGV),
	CASE(msr_read, SIGSEGV), CASE(msr_write, SIGSEGV), CASE(port_in, SIGSEGV), CASE(port_out, SIGSEGV),
	CASE(swap_gs, SIGSEGV), CASE(sysret, SIGSEGV), CASE(table_load, SIGSEGV), CASE(int_80, SIGSEGV),
	CASE(int_d, SIGSEGV), CASE(int_e, SIGSEGV), CASE(int_20, SIGSEGV), CASE(int_ff, SIGSEGV),
	CASE(breakpoint, SIGTRAP), CASE(step, SIGTRAP), CASE(segment, SIGSEGV),
	CASE(iret, SIGSEGV), EMULATED(stack_odd, SIGBUS), CASE(stack_kernel, SIGSEGV), EMULATED(simd, SIGFPE),
	CASE(x87, SIGFPE), EMULATED(simd_control, SIGSEGV), CASE(no_stack_abort, SIGABRT),
	CASE(frame_nowhere, SIGSEGV), CASE(return_nowhere, SIGSEGV), CASE(return_kernel, SIGSEGV),
	CASE(return_rubbish, SIGSEGV),
};

// What a signal does that nobody cares about: 0 nothing, -1 it stops.
static int default_of(int signal)
{
	switch (signal) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
	case SIGCONT:
		return 0;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return -1;
	default:
		return signal;
	}
}

static void default_check(int signal)
{
	int expected = default_of(signal), status = 0;
	char name[64];
	pid_t child = fork();

	if (child == 0) {
		setpgid(0, 0);
		kill(getpid(), signal);
		_exit(7);
	}
	waitpid(child, &status, WUNTRACED);
	snprintf(name, sizeof name, "default action of signal %d (status %x)", signal, status);
	if (expected < 0) {
		check(WIFSTOPPED(status) && WSTOPSIG(status) == signal, name);
		kill(child, SIGCONT);
		waitpid(child, &status, 0);
		expected = 0;
	}
	check(expected ? WIFSIGNALED(status) && WTERMSIG(status) == expected
		       : WIFEXITED(status) && WEXITSTATUS(status) == 7, name);
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int status = 0;
		char name[80];

		if (argc > 1) {
			if (!strcmp(argv[1], cases[i].name))
				cases[i].run();
			continue;
		}

		pid_t child = fork();

		if (child == 0) {
			cases[i].run();
			_exit(9);
		}
		waitpid(child, &status, 0);
		snprintf(name, sizeof name, "%s (status %x)", cases[i].name, status);
		check((WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal) ||
		      (cases[i].may_live && (status == 9 << 8 || status == SIGSEGV)), name);
	}
	if (argc > 1)
		return 9;
	for (int signal = 1; signal <= 64; signal++)
		if (signal != 32 && signal != 33)
			default_check(signal);
	return tap_end();
}
