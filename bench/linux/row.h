// What a row of the Linux benchmark is: an operation, and how often it is done.
#pragma once

#include <stdint.h>

// `op` is done `count` times in a loop, or `measure` returns the ticks of one turn. Either is
// divided by `per` (0 means 1): the operations that one of these holds.
struct row {
	const char *name;
	void (*setup)(void);
	void (*op)(void);
	uint64_t (*measure)(void);
	unsigned count;
	unsigned per;
};

extern const struct row call_rows[], file_rows[], pipe_rows[], thread_rows[], signal_rows[],
	process_rows[], memory_rows[], job_rows[];

#define WORK "/tmp/pith-bench"

// Marks for tools/host/switches.c: a row begins; the counter is read.
#define MARK_ROW 0x50490101
#define MARK_TICKS 0x50490102
#define MARK(mark) __asm__ volatile("nopl %c0(%%rax)" ::"i"(mark) : "memory")

static inline uint64_t ticks(void)
{
	uint32_t low, high;

	MARK(MARK_TICKS);
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

// A system call that must be one whatever the C library thinks. The kernel's result: -errno.
static inline long call3(long number, long a, long b, long c)
{
	long result = number;

	__asm__ volatile("syscall"
			 : "+a"(result)
			 : "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

// Ends the row: what was done failed with errno `error`; 0 means a wrong result.
_Noreturn void row_fail(const char *what, int error);
// The same with errno when `ok` is false.
void row_expect(int ok, const char *what);
// Adds a checksum of a file to the row's line, so that two systems' work can be compared.
void row_check(const char *path);
