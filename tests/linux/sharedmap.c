// Shared mappings of files: what one writes others read, by whichever way, and what the file's end means.
// abi: mmap MAP_SHARED (files): whole
// abi: mmap MAP_SHARED_VALIDATE: partial: MAP_SYNC is refused (EOPNOTSUPP)
// abi: msync MS_SYNC MS_ASYNC MS_INVALIDATE: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#define MAP_SYNC 0x80000
#endif

static const char *const path = "/tmp/sharedmap";
static sigjmp_buf back;
static siginfo_t last;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	last = *info;
	siglongjmp(back, signal);
}

static int touch(volatile char *p, bool is_write)
{
	int signal = sigsetjmp(back, 1);

	if (signal)
		return signal;
	if (is_write)
		*p = 'w';
	else
		(void)*p;
	return 0;
}

static int file_of(off_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || ftruncate(fd, size))
		exit(1);
	return fd;
}

static char *map(int fd, size_t size, int prot) { return mmap(NULL, size, prot, MAP_SHARED, fd, 0); }

static void coherence(void)
{
	int fd = file_of(3 * PAGE), other = open(path, O_RDONLY);
	char *a = map(fd, 3 * PAGE, RW), *b = map(other, 3 * PAGE, PROT_READ), buffer[64];
	char *own = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);

	check(a != MAP_FAILED && b != MAP_FAILED && own != MAP_FAILED, "map");
	strcpy(a, "first");
	strcpy(a + 2 * PAGE - 3, "across");
	check(!strcmp(b, "first") && !strcmp(b + 2 * PAGE - 3, "across"), "another mapping sees a store");
	check(pread(other, buffer, 6, 0) == 6 && !strcmp(buffer, "first"), "read sees a store");
	check(pread(other, buffer, 7, 2 * PAGE - 3) == 7 && !strcmp(buffer, "across"), "over a page's end");
	check(pwrite(fd, "second", 7, 0) == 7 && !strcmp(a, "second") && !strcmp(b, "second"), "mappings see a write");
	check(!strcmp(own, "second"), "a private mapping that was not written shows the file");
	own[0] = 'S';
	strcpy(a, "third");
	check(!strcmp(own, "Second") && !strcmp(b, "third"), "one that was is its own");
	close(fd);
	strcpy(a + PAGE, "closed");
	check(pread(other, buffer, 7, PAGE) == 7 && !strcmp(buffer, "closed"), "after the close");
	check(munmap(a, 3 * PAGE) == 0 && !strcmp(b + PAGE, "closed"), "after munmap");
	munmap(b, 3 * PAGE);
	munmap(own, 3 * PAGE);
	check(pread(other, buffer, 7, PAGE) == 7 && !strcmp(buffer, "closed"), "the file has it");
	close(other);
}

static void many_pages(void)
{
	int fd = file_of(0);
	unsigned pages = 300;
	char *p;
	bool good = true;

	check(ftruncate(fd, (off_t)(pages * PAGE)) == 0, "a sparse file");
	p = map(fd, pages * PAGE, RW);
	for (unsigned i = 0; i < pages; i++)
		p[(i * 7 % pages) * PAGE + i] = (char)(i + 1);
	for (unsigned i = 0; i < pages; i++) {
		char c = 0;

		good &= pread(fd, &c, 1, (off_t)((i * 7 % pages) * PAGE + i)) == 1 && c == (char)(i + 1);
	}
	check(good, "300 pages in no order");
	memset(p, 7, pages * PAGE);
	check(munmap(p, pages * PAGE) == 0, "munmap");
	p = malloc(pages * PAGE);
	check(pread(fd, p, pages * PAGE, 0) == (ssize_t)(pages * PAGE), "read it all");
	for (unsigned i = 0; i < pages * PAGE; i++)
		good &= p[i] == 7;
	check(good, "and it is what was stored");
	free(p);
	close(fd);
}

static void permissions(void)
{
	int rw = file_of(PAGE), r = open(path, O_RDONLY), w = open(path, O_WRONLY), name = open(path, O_PATH);
	int dir = open("/tmp", O_RDONLY), ends[2];
	char *p;

	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, r, 0), EACCES), "writing needs O_RDWR");
	check(FAILS((long)mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, w, 0), EACCES), "not O_WRONLY");
	check(FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, w, 0), EACCES) &&
		      FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, w, 0), EACCES),
	      "reading needs a descriptor for reading");
	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, name, 0), EBADF), "O_PATH");
	check(FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dir, 0), ENODEV), "a directory");
	check(pipe(ends) == 0 && FAILS((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ends[0], 0), ENODEV), "a pipe");
	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, 77, 0), EBADF) &&
		      FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, rw, 1), EINVAL) &&
		      FAILS((long)mmap(NULL, 0, RW, MAP_SHARED, rw, 0), EINVAL) &&
		      FAILS((long)mmap(NULL, PAGE, RW, 0, rw, 0), EINVAL),
	      "bad arguments");
	p = map(r, PAGE, PROT_READ);
	check(FAILS(mprotect(p, PAGE, RW), EACCES) && mprotect(p, PAGE, PROT_NONE) == 0, "mprotect of one for reading");
	munmap(p, PAGE);
	p = map(rw, PAGE, PROT_READ);
	check(touch(p, false) == 0 && touch(p, true) == SIGSEGV && last.si_code == SEGV_ACCERR, "read-only it is");
	check(mprotect(p, PAGE, RW) == 0 && touch(p, true) == 0 && p[0] == 'w', "mprotect to writing");
	check(mprotect(p, PAGE, PROT_READ) == 0 && touch(p, true) == SIGSEGV && p[0] == 'w', "and back");
	munmap(p, PAGE);
	check(FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, rw, 0), EOPNOTSUPP), "MAP_SYNC");
	p = mmap(NULL, PAGE, RW, MAP_SHARED_VALIDATE, rw, 0);
	check(p != MAP_FAILED && p[0] == 'w', "MAP_SHARED_VALIDATE");
	munmap(p, PAGE);
	close(rw), close(r), close(w), close(name), close(dir), close(ends[0]), close(ends[1]);
}

static void end_of_file(void)
{
	int fd = file_of(PAGE + 100);
	char *p = map(fd, 4 * PAGE, RW), buffer[8];

	check(touch(p + PAGE + 200, false) == 0 && p[PAGE + 200] == 0, "zeroes behind the end in the last page");
	check(touch(p + 2 * PAGE, false) == SIGBUS && last.si_code == BUS_ADRERR &&
		      last.si_addr == p + 2 * PAGE && touch(p + 3 * PAGE, true) == SIGBUS,
	      "SIGBUS behind the last page");
	check(ftruncate(fd, 4 * PAGE) == 0 && touch(p + 3 * PAGE, true) == 0 && p[2 * PAGE] == 0, "a longer file");
	check(ftruncate(fd, PAGE) == 0 && touch(p + PAGE, false) == SIGBUS && touch(p + 3 * PAGE, true) == SIGBUS &&
		      touch(p, true) == 0,
	      "a shorter file");
	check(ftruncate(fd, 3 * PAGE) == 0 && touch(p + PAGE, false) == 0 && p[PAGE + 5] == 0 && p[0] == 'w',
	      "longer again: zeroes");
	p[PAGE] = 'x';
	check(ftruncate(fd, PAGE + 1) == 0 && p[PAGE] == 'x' && ftruncate(fd, PAGE) == 0 &&
		      ftruncate(fd, 2 * PAGE) == 0 && p[PAGE] == 0,
	      "within a page");
	check(pread(fd, buffer, 4, 2 * PAGE - 2) == 2, "a store does not make it longer");
	check(lseek(fd, 0, SEEK_END) == 2 * PAGE, "its size");
	close(open(path, O_WRONLY | O_TRUNC));
	check(touch(p, false) == SIGBUS, "O_TRUNC takes all");
	munmap(p, 4 * PAGE);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 16 * PAGE);
	check(p != MAP_FAILED && touch(p, false) == SIGBUS, "wholly beyond the end");
	munmap(p, PAGE);
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	check(ftruncate(fd, 2 * PAGE) == 0 && touch(p + PAGE, false) == 0 && ftruncate(fd, PAGE) == 0 &&
		      touch(p + PAGE, false) == SIGBUS && touch(p, false) == 0,
	      "private mappings, too");
	munmap(p, 2 * PAGE);
	close(fd);
}

static void forks(void)
{
	int fd = file_of(2 * PAGE), status;
	char *p = map(fd, 2 * PAGE, RW);
	pid_t child;

	p[0] = 'a';
	child = fork();
	if (child == 0) {
		bool good = p[0] == 'a';

		p[0] = 'b';
		p[PAGE] = 'c';
		_exit(!good);
	}
	check(waitpid(child, &status, 0) == child && status == 0 && p[0] == 'b' && p[PAGE] == 'c', "a child's stores");
	munmap(p, 2 * PAGE);
	close(fd);
}

static long futex(void *at, int op, unsigned value, const struct timespec *until)
{
	return syscall(SYS_futex, at, op, value, until, NULL, 0);
}

static void futexes(void)
{
	int fd = file_of(2 * PAGE), status;
	_Atomic unsigned *p = (void *)map(fd, 2 * PAGE, RW);
	pid_t child = fork();
	bool woke = false;

	if (child == 0) {
		// A mapping of its own, at another offset of it.
		int own = open(path, O_RDWR);
		_Atomic unsigned *q = (void *)mmap(NULL, PAGE, RW, MAP_SHARED, own, PAGE);
		struct timespec limit = {20, 0};

		q[1] = 1;
		while (q[0] == 0)
			if (futex((void *)&q[0], FUTEX_WAIT, 0, &limit) && errno == ETIMEDOUT)
				_exit(1);
		_exit(q[0] != 5);
	}
	while (p[PAGE / 4 + 1] == 0)
		usleep(1000);
	usleep(20000);
	p[PAGE / 4] = 5;
	for (int i = 0; i < 1000 && !woke; i++)
		woke = futex((void *)&p[PAGE / 4], FUTEX_WAKE, 1, NULL) == 1 || waitpid(child, &status, WNOHANG) == child;
	check(waitpid(child, &status, 0) != child || status == 0, "a futex in a file, mapped twice");
	check(FAILS(futex((void *)&p[0], FUTEX_WAIT, 3, NULL), EAGAIN), "whose value is another");
	munmap((void *)p, 2 * PAGE);
	close(fd);
}

static void robust(void)
{
	int fd = file_of(PAGE), status;
	pthread_mutex_t *mutex = (void *)map(fd, PAGE, RW);
	pthread_mutexattr_t attr;
	pid_t child;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(mutex, &attr);
	child = fork();
	if (child == 0) {
		pthread_mutex_lock(mutex);
		kill(getpid(), SIGKILL);
	}
	check(waitpid(child, &status, 0) == child && WIFSIGNALED(status), "a child dies with a lock in a file");
	check(pthread_mutex_lock(mutex) == EOWNERDEAD && pthread_mutex_consistent(mutex) == 0 &&
		      pthread_mutex_unlock(mutex) == 0,
	      "EOWNERDEAD");
	munmap(mutex, PAGE);
	close(fd);
}

static void others(void)
{
	int fd = memfd_create("m", 0), zero = open("/dev/zero", O_RDWR), status, reading = open("/dev/zero", O_RDONLY);
	char *p, *q;
	struct stat before, after;

	check(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0, "memfd");
	p = map(fd, 2 * PAGE, RW);
	q = map(fd, 2 * PAGE, RW);
	strcpy(p + PAGE, "memory");
	check(!strcmp(q + PAGE, "memory"), "a memfd is shared");
	check(mremap(q, 2 * PAGE, PAGE, 0) == q && (q = mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE)) != MAP_FAILED &&
		      !strcmp(q + PAGE, "memory"),
	      "mremap");
	check(madvise(p, PAGE, MADV_DONTNEED) == 0 && !strcmp(p + PAGE, "memory"), "MADV_DONTNEED");
	check(madvise(p + PAGE, PAGE, MADV_REMOVE) == 0 && p[PAGE] == 0 && q[PAGE] == 0, "MADV_REMOVE");
	munmap(q, 2 * PAGE);
	munmap(p, 2 * PAGE);
	p = map(zero, PAGE, RW);
	check(p != MAP_FAILED && FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED, reading, 0), EACCES), "/dev/zero");
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, reading, 0);
	check(q != MAP_FAILED && q[0] == 0 && (q[0] = 1), "/dev/zero, private");
	if (fork() == 0) {
		p[0] = 9;
		_exit(0);
	}
	check(wait(&status) > 0 && p[0] == 9, "is shared with a child");
	munmap(p, PAGE);
	close(fd);
	fd = file_of(PAGE);
	p = map(fd, PAGE, RW);
	fstat(fd, &before);
	usleep(20000);
	p[0] = 1;
	check(msync(p, PAGE, MS_SYNC) == 0 && fstat(fd, &after) == 0 &&
		      (after.st_mtim.tv_sec > before.st_mtim.tv_sec || after.st_mtim.tv_nsec > before.st_mtim.tv_nsec),
	      "a store changes st_mtime, at msync at the latest");
	check(msync(p, PAGE, MS_ASYNC) == 0 && msync(p, PAGE, MS_SYNC | MS_INVALIDATE) == 0 && msync(p, 0, MS_SYNC) == 0,
	      "msync");
	check(FAILS(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL) && FAILS(msync(p + 1, PAGE, MS_SYNC), EINVAL) &&
		      FAILS(msync(p, PAGE, 64), EINVAL) && munmap(p, PAGE) == 0 && FAILS(msync(p, PAGE, MS_SYNC), ENOMEM),
	      "msync: errors");
	close(fd);
}

// The system call itself reads and writes mapped pages.
static void transfers(void)
{
	int fd = file_of(3 * PAGE), ends[2];
	char *p = map(fd, 3 * PAGE, RW), buffer[16] = "";

	check(pipe(ends) == 0 && write(ends[1], "piped", 6) == 6 && read(ends[0], p + PAGE, 6) == 6 &&
		      pread(fd, buffer, 6, PAGE) == 6 && !strcmp(buffer, "piped"),
	      "read into a mapping");
	check(pwrite(fd, p + PAGE, 6, 2 * PAGE) == 6 && !strcmp(p + 2 * PAGE, "piped"), "write of its own mapping");
	check(ftruncate(fd, PAGE) == 0 && FAILS(write(ends[1], p + PAGE, 6), EFAULT), "EFAULT behind the end");
	munmap(p, 3 * PAGE);
	close(fd);
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	coherence();
	many_pages();
	permissions();
	end_of_file();
	forks();
	futexes();
	robust();
	others();
	transfers();
	unlink(path);
	return tap_end();
}
