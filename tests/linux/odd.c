// System calls from strange places: stacks that are none, flags that are odd.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

static const char constant[4096] __attribute__((aligned(4096))) = {1};

// getpid, with the stack pointer at `stack`, the others as they are.
static long pid_on(uint64_t stack)
{
	long result;

	__asm__ volatile("mov %%rsp, %%rbx; mov %1, %%rsp; mov $39, %%eax; syscall; mov %%rbx, %%rsp"
			 : "=a"(result) : "r"(stack) : "rbx", "rcx", "r11", "memory");
	return result;
}

static uint64_t flags_after(uint64_t set)
{
	uint64_t flags;
	long result;

	__asm__ volatile("pushfq; orq %2, (%%rsp); popfq; mov $39, %%eax; syscall; pushfq; pop %0; cld;"
			 "pushfq; andq $~0x40000, (%%rsp); popfq"
			 : "=&r"(flags), "=&a"(result) : "r"(set) : "rcx", "r11", "memory");
	return result == getpid() ? flags : 0;
}

static volatile int caught;
static void handler(int signal) { caught = signal; }

static void exec_check(void)
{
	static const struct {
		const char *text;
		int length;
	} files[] = {{"", 0}, {"\0\1\2", 3}, {"echo\n", 5}, {"\177ELF", 4}, {"#", 1}, {"#!  \n", 5}};
	const char *path = "/tmp/odd-exec";
	char *argv[] = {(char *)path, NULL};

	for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
		int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0755);
		char name[40];

		snprintf(name, sizeof name, "file %u is no program", i);
		check(write(fd, files[i].text, (size_t)files[i].length) == files[i].length && close(fd) == 0 &&
		      FAILS(execve(path, argv, argv + 1), ENOEXEC), name);
	}
	unlink(path);
}

int main(void)
{
	long pid = getpid();
	uint64_t registers[6], in[6] = {0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666};

	check(pid_on(0) == pid, "rsp = 0");
	check(pid_on(8) == pid, "rsp = 8");
	check(pid_on(0x1234567812345678) == pid, "rsp not canonical");
	check(pid_on(~0ull) == pid, "rsp = -1");
	check(pid_on(0xffffffff80100000) == pid, "rsp in the kernel");
	check(pid_on((uintptr_t)constant + 100) == pid, "rsp in read-only memory");
	check(pid_on((uintptr_t)registers + 3) == pid, "rsp odd");
	check(flags_after(0x400) & 0x400, "the direction flag stays");
	check(flags_after(0x800) & 0x800, "the overflow flag stays");
	check(flags_after(0x40000) & 0x40000, "the alignment flag stays");
	__asm__ volatile("mov (%1), %%rdi; mov 8(%1), %%rsi; mov 16(%1), %%rdx; mov 24(%1), %%r10;"
			 "mov 32(%1), %%r8; mov 40(%1), %%r9; mov $39, %%eax; syscall;"
			 "mov %%rdi, (%0); mov %%rsi, 8(%0); mov %%rdx, 16(%0); mov %%r10, 24(%0);"
			 "mov %%r8, 32(%0); mov %%r9, 40(%0)"
			 : : "r"(registers), "r"(in)
			 : "rax", "rcx", "r11", "rdi", "rsi", "rdx", "r10", "r8", "r9", "memory");
	for (int i = 0; i < 6; i++)
		check(registers[i] == in[i], "argument registers stay");
	check(FAILS(syscall(1000), ENOSYS), "system call 1000");
	check(FAILS(syscall(0x40000027), ENOSYS), "x32's getpid");
	check(FAILS(syscall(-1), ENOSYS), "system call -1");
	check(syscall(0x100000027l) == pid, "the number's upper half is not looked at");
	exec_check();
	signal(SIGUSR1, handler);
	kill(getpid(), SIGUSR1);
	check(caught == SIGUSR1, "a signal after all that");
	return tap_end();
}
