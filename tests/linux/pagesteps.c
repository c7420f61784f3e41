// Pages touched in sequence and at random, before and after forks: what each process sees is its own.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096
#define PAGES 100
#define STEPS 1500
#define STACK (32 * PAGE)

static volatile char *area;
static unsigned char model[PAGES];  // the byte at the beginning of each page, and at its end
static char prot[PAGES];
static uint32_t seed = 12345;
static volatile bool stack_is_own;

static uint32_t next_random(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static bool is_as_model(void)
{
	for (int i = 0; i < PAGES; i++)
		if (prot[i] != PROT_NONE &&
		    ((unsigned char)area[i * PAGE] != model[i] || (unsigned char)area[i * PAGE + PAGE - 1] != model[i]))
			return false;
	return true;
}

static void set(int i, unsigned char value)
{
	if (prot[i] != (PROT_READ | PROT_WRITE))
		return;
	model[i] = value;
	area[i * PAGE] = (char)value;
	area[i * PAGE + PAGE - 1] = (char)value;
}

static void fresh(int from, int count, int how)
{
	void *at = mmap((void *)(uintptr_t)(area + from * PAGE), (size_t)count * PAGE, how, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (at == MAP_FAILED)
		abort();
	memset(model + from, 0, (size_t)count);
	memset(prot + from, how, (size_t)count);
}

static void protect(int from, int count, int how)
{
	if (mprotect((void *)(uintptr_t)(area + from * PAGE), (size_t)count * PAGE, how))
		abort();
	memset(prot + from, how, (size_t)count);
}

// One instruction that needs both pages at the same time.
static void copy(int from, int to)
{
	volatile char *source = area + from * PAGE, *dest = area + to * PAGE;
	uint64_t count = PAGE;

	if (from == to || prot[from] == PROT_NONE || prot[to] != (PROT_READ | PROT_WRITE))
		return;
	__asm__ volatile("rep movsb" : "+S"(source), "+D"(dest), "+c"(count) : : "memory");
	model[to] = model[from];
}

static void step(void)
{
	static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
	int from = (int)next_random(PAGES), count = 1 + (int)next_random(20);

	if (count > PAGES - from)
		count = PAGES - from;
	switch (next_random(10)) {
	case 0:
		fresh(from, count, protections[next_random(4)]);
		break;
	case 1:
	case 2:
		protect(from, count, protections[next_random(4)]);
		break;
	case 3:
		for (int i = from + count; i-- > from;)
			set(i, (unsigned char)next_random(256));
		break;
	case 4:
		set(from, (unsigned char)next_random(256));
		break;
	case 8:
	case 9:
		for (int i = from; i < from + count; i++)
			copy(i, (int)next_random((uint32_t)(from + count)));
		break;
	default:
		for (int i = from; i < from + count; i++)
			set(i, (unsigned char)next_random(256));
	}
}

// Parent and child go on from the same state, each by itself, while the other is there.
static bool fork_step(int depth)
{
	int status, go[2];
	pid_t child;

	if (pipe(go) || (child = fork()) < 0)
		return false;
	if (child == 0) {
		char byte;
		bool is_good = is_as_model();

		close(go[1]);
		seed += 99;
		for (int i = 0; i < 6; i++)
			step();
		is_good = is_good && read(go[0], &byte, 1) == 0 && is_as_model();
		for (int i = 0; i < 6; i++)
			step();
		if (depth)
			is_good = is_good && fork_step(depth - 1);
		_exit(is_good && is_as_model() ? 0 : 1);
	}
	close(go[0]);
	for (int i = 0; i < 8; i++)
		step();
	close(go[1]);
	return waitpid(child, &status, 0) == child && status == 0 && is_as_model();
}

static bool is_zero_after(int from)
{
	for (int i = from; i < PAGES; i++)
		if (area[i * PAGE] || area[i * PAGE + PAGE - 1])
			return false;
	return true;
}

// On a stack that is mapped as a whole: the child's copy of the page at the stack pointer is its own.
static void on_stack(int signo)
{
	volatile int local = signo;
	int go[2], status;
	char byte;
	pid_t child;

	if (pipe(go) || (child = fork()) < 0)
		return;
	if (child == 0) {
		bool is_good;

		close(go[1]);
		is_good = read(go[0], &byte, 1) == 0 && local == signo;
		local = 7;
		_exit(is_good && local == 7 ? 0 : 1);
	}
	local = 5;
	close(go[0]);
	close(go[1]);
	stack_is_own = waitpid(child, &status, 0) == child && status == 0 && local == 5;
}

static void stack_test(bool is_populated)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | (is_populated ? MAP_POPULATE : 0), -1, 0);
	struct sigaction action = {.sa_handler = on_stack, .sa_flags = SA_ONSTACK};
	stack_t alternate = {.ss_sp = stack, .ss_size = STACK};

	for (int i = 0; i < STACK; i += PAGE)
		stack[i] = 1;
	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 3; i++) {
		stack_is_own = false;
		raise(SIGUSR1);
		check(stack_is_own, is_populated ? "a fork on a stack that was populated" : "on one that was touched");
	}
}

int main(void)
{
	bool is_good = true;

	area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fresh(0, PAGES, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 40; i++)
		set(i, (unsigned char)(i + 1));
	check(is_as_model() && is_zero_after(40), "touched upwards");
	fresh(0, PAGES, PROT_READ | PROT_WRITE);
	for (int i = 40; i-- > 0;)
		set(i, (unsigned char)(i + 1));
	check(is_as_model() && is_zero_after(40), "touched downwards");
	for (int i = 0; i < STEPS && is_good; i++) {
		step();
		is_good = is_as_model();
	}
	check(is_good, "at random");
	for (int i = 0; i < 60 && is_good; i++)
		is_good = fork_step(i % 3);
	check(is_good, "at random in parents and children");
	stack_test(false);
	stack_test(true);
	return tap_end();
}
