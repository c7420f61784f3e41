// Memory of a process: mappings and their flags, advice, limits, and what a fork shares.
// abi: mmap MAP_PRIVATE MAP_ANONYMOUS MAP_FIXED MAP_FIXED_NOREPLACE MAP_NORESERVE MAP_POPULATE: whole
// abi: mmap MAP_SHARED | MAP_ANONYMOUS: whole
// abi: mmap MAP_HUGETLB: refused ENOMEM
// abi: madvise DONTNEED FREE DONTFORK DOFORK WIPEONFORK KEEPONFORK POPULATE_READ POPULATE_WRITE: whole
// abi: madvise REMOVE: partial: of shared anonymous memory; other processes keep the pages that they have mapped
// abi: mincore: whole
// abi: msync: whole
// abi: mremap MREMAP_MAYMOVE MREMAP_FIXED MREMAP_DONTUNMAP: whole
// abi: setrlimit RLIMIT_AS RLIMIT_DATA RLIMIT_NPROC: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char *area(unsigned pages) { return mmap(NULL, pages * PAGE, RW, ANON, -1, 0); }

// What a child says of itself: its exit status is 0.
static bool in_child(bool (*test)(char *), char *p)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(!test(p));
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }

// The signal that a read brings, or 0.
static int touch(const volatile char *p)
{
	int signal = sigsetjmp(back, 1);

	if (!signal)
		(void)*p;
	return signal;
}

static void flags(void)
{
	char *p = area(4), *q;

	q = mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	check(q == MAP_FAILED && errno == EEXIST, "MAP_FIXED_NOREPLACE replaces nothing");
	munmap(p + PAGE, PAGE);
	q = mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	check(q == p + PAGE, "MAP_FIXED_NOREPLACE takes a free place");
	memset(p, 7, 4 * PAGE);
	q = mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	check(q == p + PAGE && !q[0] && q[PAGE] == 7 && q[-1] == 7, "MAP_FIXED replaces what is there");
	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL), "neither shared nor private");
	check(FAILS((long)mmap(NULL, 1ul << 48, RW, ANON, -1, 0), ENOMEM), "longer than all memory");
	check(FAILS((long)mmap(NULL, 2ul << 20, RW, ANON | MAP_HUGETLB, -1, 0), ENOMEM), "no huge pages");
	q = mmap(NULL, 200ul << 30, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	check(q != MAP_FAILED, "200 GiB are reserved without memory");
	check(mprotect(q + (100ul << 30), PAGE, RW) == 0 && !q[100ul << 30], "a page of it is used");
	check(touch(q) == SIGSEGV && touch(q + (100ul << 30) + PAGE) == SIGSEGV, "the others are not there");
	check(munmap(q, 200ul << 30) == 0, "the reservation goes");
	check(touch(q + (100ul << 30)) == SIGSEGV, "and its page with it");
}

static bool shared_child(char *p)
{
	p[0] = 'c';
	p[PAGE] = 'd';
	return p[2 * PAGE] == 'p';
}

static bool private_child(char *p)
{
	p[0] = 'c';
	return p[PAGE] == 'p';
}

static void sharing(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q = area(4);

	p[2 * PAGE] = 'p';
	p[PAGE] = 'p';
	check(in_child(shared_child, p) && p[0] == 'c' && p[PAGE] == 'd', "shared memory is shared over fork");
	memset(q, 'p', 4 * PAGE);
	check(in_child(private_child, q) && q[0] == 'p', "private memory is not");
	check(madvise(p, PAGE, MADV_REMOVE) == 0 && p[0] == 0 && p[PAGE] == 'd', "MADV_REMOVE punches a hole");
	check(FAILS(madvise(q, PAGE, MADV_REMOVE), EINVAL), "but not into private memory");
}

static bool is_wiped(char *p) { return !p[0] && !p[PAGE] && p[2 * PAGE] == 'x'; }
static bool is_absent(char *p) { return touch(p) == SIGSEGV && touch(p + PAGE) == 0; }

static void advice(void)
{
	char *p = area(4);

	memset(p, 'x', 4 * PAGE);
	check(madvise(p, PAGE, MADV_DONTNEED) == 0 && !p[0] && p[PAGE] == 'x', "MADV_DONTNEED: zeroes");
	p[0] = 'x';
	check(madvise(p, 2 * PAGE, MADV_WIPEONFORK) == 0 && in_child(is_wiped, p) && p[0] == 'x',
	      "MADV_WIPEONFORK");
	check(madvise(p, 2 * PAGE, MADV_KEEPONFORK) == 0 && !in_child(is_wiped, p), "MADV_KEEPONFORK");
	check(madvise(p, PAGE, MADV_DONTFORK) == 0 && in_child(is_absent, p) && p[0] == 'x', "MADV_DONTFORK");
	check(madvise(p, PAGE, MADV_DOFORK) == 0 && !in_child(is_absent, p), "MADV_DOFORK");
	check(madvise(p, PAGE, MADV_WILLNEED) == 0 && madvise(p, 0, MADV_DONTNEED) == 0 && p[0] == 'x',
	      "advice without effect");
	check(FAILS(madvise(p, PAGE, 77), EINVAL) && FAILS(madvise(p, 0, 5), EINVAL), "no such advice");
	check(FAILS(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL), "advice for an odd address");
	munmap(p + PAGE, PAGE);
	check(FAILS(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM) && !p[0] && !p[2 * PAGE],
	      "a hole is an error, and the rest is done");
}

static void residence(void)
{
	unsigned char in[600];
	char *p = area(600);

	p[2 * PAGE] = 1;
	p[500 * PAGE] = 1;
	check(mincore(p, 600 * PAGE, in) == 0 && !(in[1] & 1) && in[2] & 1 && in[500] & 1 && !(in[501] & 1),
	      "mincore");
	check(FAILS(mincore(p + 1, PAGE, in), EINVAL), "mincore: an odd address");
	check(FAILS(mincore(p, PAGE, (unsigned char *)8), EFAULT), "mincore: a bad vector");
	check(madvise(p + 8 * PAGE, 2 * PAGE, MADV_POPULATE_WRITE) == 0 && mincore(p, 16 * PAGE, in) == 0 &&
		      in[8] & 1 && in[9] & 1 && !(in[10] & 1), "MADV_POPULATE_WRITE");
	mprotect(p + 9 * PAGE, PAGE, PROT_READ);
	check(FAILS(madvise(p + 9 * PAGE, PAGE, MADV_POPULATE_WRITE), EFAULT) ||
		      errno == EINVAL, "it needs the right to write");
	check(mlock(p + 20 * PAGE + 5, PAGE) == 0 && mincore(p, 30 * PAGE, in) == 0 && in[20] & 1 && in[21] & 1 &&
		      munlock(p + 20 * PAGE, 2 * PAGE) == 0 && munlockall() == 0, "mlock");
	munmap(p + PAGE, PAGE);
	check(FAILS(mincore(p, 3 * PAGE, in), ENOMEM), "mincore: a hole");
	check(FAILS(msync(p, 3 * PAGE, MS_SYNC), ENOMEM) && msync(p, PAGE, MS_ASYNC) == 0, "msync");
	check(FAILS(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL) && FAILS(msync(p, PAGE, 64), EINVAL) &&
		      FAILS(msync(p + 1, PAGE, MS_SYNC), EINVAL), "msync: bad arguments");
	check(FAILS(mlock(p, 3 * PAGE), ENOMEM) && FAILS(munlock(p, 3 * PAGE), ENOMEM), "mlock: a hole");
	p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	check(mincore(p, 4 * PAGE, in) == 0 && in[0] & in[3] & 1, "MAP_POPULATE");
}

static void moving(void)
{
	char *p = area(8), *q;

	memset(p, 'm', 8 * PAGE);
	q = mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	check(q != MAP_FAILED && q != p && q[0] == 'm' && q[4 * PAGE - 1] == 'm' && !p[0] && p[4 * PAGE] == 'm',
	      "MREMAP_DONTUNMAP leaves an empty area behind");
	check(FAILS((long)mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL), EINVAL),
	      "and does not change the length");
	check(FAILS((long)mremap(p, PAGE, PAGE, MREMAP_FIXED, q), EINVAL), "MREMAP_FIXED needs MAYMOVE");
	check(mremap(p + 4 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q && q[0] == 'm' &&
		      touch(p + 4 * PAGE) == SIGSEGV, "MREMAP_FIXED");
	munmap(p, 8 * PAGE);
	check(FAILS((long)mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT), "mremap of nothing");
}

static bool as_limit(char *p)
{
	struct rlimit l = {64ul << 20, 64ul << 20};

	(void)p;
	return setrlimit(RLIMIT_AS, &l) == 0 && mmap(NULL, 128ul << 20, PROT_NONE, ANON, -1, 0) == MAP_FAILED &&
	       errno == ENOMEM && mmap(NULL, 1ul << 20, RW, ANON, -1, 0) != MAP_FAILED;
}

static bool data_limit(char *p)
{
	struct rlimit l = {8ul << 20, 8ul << 20};
	void *now = sbrk(0);

	(void)p;
	return setrlimit(RLIMIT_DATA, &l) == 0 && mmap(NULL, 16ul << 20, RW, ANON, -1, 0) == MAP_FAILED &&
	       mmap(NULL, 16ul << 20, PROT_READ, ANON, -1, 0) != MAP_FAILED && sbrk(16 << 20) == (void *)-1 &&
	       sbrk(0) == now;
}

static bool process_limit(char *p)
{
	struct rlimit l = {1, 1};

	(void)p;
	return setrlimit(RLIMIT_NPROC, &l) == 0 && setresuid(4711, 4711, 4711) == 0 && fork() == -1 &&
	       errno == EAGAIN;
}

static void limits(void)
{
	check(in_child(as_limit, NULL), "RLIMIT_AS");
	check(in_child(data_limit, NULL), "RLIMIT_DATA");
	check(geteuid() != 0 || in_child(process_limit, NULL), "RLIMIT_NPROC");
}

#define SPAN 48
static uint32_t seed = 7;
static unsigned any(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

// Each generation changes pages, throws some away, protects some, and forks: what it does not change is
// as its parent left it, and its parent sees nothing of it.
static bool generations(char *p, unsigned depth)
{
	unsigned char want[SPAN];

	for (unsigned i = 0; i < SPAN; i++)
		want[i] = (unsigned char)p[i * PAGE];
	for (unsigned n = 0; n < 60; n++) {
		unsigned i = any(SPAN), count = 1 + any(3);

		if (i + count > SPAN)
			continue;
		if (any(4) == 0) {
			madvise(p + i * PAGE, count * PAGE, MADV_DONTNEED);
			memset(want + i, 0, count);
		} else if (any(4) == 0) {
			mprotect(p + i * PAGE, count * PAGE, PROT_READ);
			mprotect(p + i * PAGE, count * PAGE, RW);
		} else {
			p[i * PAGE] = (char)(want[i] = (unsigned char)any(256));
		}
		if (depth && n % 20 == 10) {
			int status;
			pid_t child = fork();

			seed += (uint32_t)n + 1;
			if (child == 0)
				_exit(!generations(p, depth - 1));
			if (any(2) && n == 10)
				p[i * PAGE] = (char)(want[i] = (unsigned char)any(256));
			if (waitpid(child, &status, 0) != child || status)
				return false;
		}
		for (unsigned k = 0; k < SPAN; k++)
			if ((unsigned char)p[k * PAGE] != want[k])
				return false;
	}
	return true;
}

#ifndef MAP_32BIT
#define MAP_32BIT 0x40
#endif

static void places(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = open("/tmp/places", O_CREAT | O_RDWR, 0600);
	char *low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags | MAP_32BIT, -1, 0), *a, *b;

	check(low != MAP_FAILED && (uintptr_t)low < 0x80000000u, "MAP_32BIT: below 2 GiB");
	munmap(low, PAGE);
	a = mmap(NULL, PAGE, PROT_READ | 0x700, flags, -1, 0);
	check(a != MAP_FAILED, "mmap does not mind bits that no protection has");
	munmap(a, PAGE);
	a = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0x7ffffffffffff000);
	check(a == MAP_FAILED && errno == EOVERFLOW, "an offset that no file has");
	a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	b = mremap(a, 0, PAGE, MREMAP_MAYMOVE);
	check(b != MAP_FAILED && b != a, "mremap of nothing of a shared mapping: its pages once more");
	a[5] = 'x';
	check(b[5] == 'x', "they are the same pages");
	munmap(a, PAGE);
	check(b[5] == 'x', "and stay when the first is gone");
	munmap(b, PAGE);
	a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);
	check(mremap(a, 0, PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EINVAL, "private pages cannot be had twice");
	munmap(a, PAGE);
	close(fd);
	unlink("/tmp/places");
}

int main(void)
{
	struct sigaction sa = {.sa_handler = on_fault};
	char *p = area(SPAN);

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	flags();
	sharing();
	advice();
	residence();
	moving();
	places();
	limits();
	memset(p, 1, SPAN * PAGE);
	check(generations(p, 3), "generations of processes see their own pages only");
	return tap_end();
}
