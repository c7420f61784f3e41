// Descriptors: copies, ranges, flags, and the calls that only have a newer twin.
// abi: dup3 O_CLOEXEC: whole
// abi: close_range CLOSE_RANGE_CLOEXEC CLOSE_RANGE_UNSHARE: whole
// abi: pipe2 O_CLOEXEC O_NONBLOCK: whole
// abi: ioctl FIONREAD FIONBIO FIOCLEX FIONCLEX: whole
// abi: eventfd: whole
// abi: signalfd: whole
// abi: ppoll: whole
// abi: pselect6: whole
// abi: epoll_pwait2: whole
// abi: preadv: whole
// abi: fsync: whole
// abi: fdatasync: whole
// abi: sync: whole
// abi: fcntl F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef FIOCLEX
#define FIOCLEX 0x5451
#define FIONCLEX 0x5450
#endif

static bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static void copies(void)
{
	int fd = open("/dev/null", O_RDWR);

	check(C(dup3, fd, 50, 0) == 50 && fcntl(50, F_GETFD) == 0, "dup3");
	check(C(dup3, fd, 50, O_CLOEXEC) == 50 && fcntl(50, F_GETFD) == FD_CLOEXEC, "dup3 O_CLOEXEC, over an open one");
	check(FAILS(C(dup3, fd, fd, 0), EINVAL) && FAILS(C(dup3, fd, 51, O_NONBLOCK), EINVAL) && FAILS(C(dup3, 99, 51, 0), EBADF) &&
		      FAILS(C(dup3, fd, -1, 0), EBADF) && FAILS(C(dup3, fd, 1 << 30, 0), EBADF),
	      "dup3: errors");
	check(fcntl(fd, F_DUPFD, 60) == 60 && fcntl(fd, F_DUPFD_CLOEXEC, 60) == 61 && fcntl(60, F_GETFD) == 0 &&
		      fcntl(61, F_GETFD) == FD_CLOEXEC && FAILS(fcntl(fd, F_DUPFD, -1), EINVAL) &&
		      FAILS(fcntl(fd, F_DUPFD, 1 << 30), EINVAL) && FAILS(fcntl(99, F_DUPFD, 0), EBADF),
	      "F_DUPFD");
	check(fcntl(60, F_SETFD, FD_CLOEXEC) == 0 && fcntl(60, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFD) == 0, "F_SETFD");
	check((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR && fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND | O_RDONLY) == 0 &&
		      (fcntl(60, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND)) == (O_RDWR | O_NONBLOCK | O_APPEND),
	      "F_SETFL: of the description, and not the access mode");
	check(FAILS(fcntl(fd, 9999), EINVAL) && FAILS(fcntl(99, F_GETFL), EBADF), "fcntl: errors");
	check(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && ioctl(fd, FIONCLEX) == 0 &&
		      fcntl(fd, F_GETFD) == 0,
	      "FIOCLEX, FIONCLEX");
	check(C(close_range, 50, 61, 0) == 0 && !is_open(50) && !is_open(60) && !is_open(61) && is_open(fd), "close_range");
	dup2(fd, 70), dup2(fd, 75), dup2(fd, 80);
	check(C(close_range, 71, ~0u, 4) == 0 && fcntl(70, F_GETFD) == 0 && fcntl(75, F_GETFD) == FD_CLOEXEC &&
		      fcntl(80, F_GETFD) == FD_CLOEXEC,
	      "CLOSE_RANGE_CLOEXEC");
	check(C(close_range, 70, ~0u, 2) == 0 && !is_open(70) && !is_open(80), "CLOSE_RANGE_UNSHARE");
	check(FAILS(C(close_range, 5, 4, 0), EINVAL) && FAILS(C(close_range, 70, 80, 1), EINVAL), "close_range: errors");
	close(fd);
}

static void pipes(void)
{
	int p[2], n = 0, on = 1;

	check(C(pipe2, p, O_CLOEXEC | O_NONBLOCK) == 0 && fcntl(p[0], F_GETFD) == FD_CLOEXEC &&
		      fcntl(p[1], F_GETFD) == FD_CLOEXEC && FAILS(read(p[0], &n, 1), EAGAIN),
	      "pipe2");
	check(FAILS(C(pipe2, p, O_APPEND), EINVAL) && FAILS(C(pipe2, 8, 0), EFAULT), "pipe2: errors");
	check(write(p[1], "12345", 5) == 5 && ioctl(p[0], FIONREAD, &n) == 0 && n == 5, "FIONREAD");
	check(FAILS(ioctl(p[0], FIONREAD, 8), EFAULT) && FAILS(ioctl(99, FIONREAD, &n), EBADF) &&
		      FAILS(ioctl(p[0], TIOCGWINSZ, &on), ENOTTY),
	      "ioctl: errors");
	on = 0;
	check(ioctl(p[0], FIONBIO, &on) == 0 && !(fcntl(p[0], F_GETFL) & O_NONBLOCK), "FIONBIO");
	close(p[0]), close(p[1]);
}

static void on_signal(int n) { (void)n; }

static void waits(void)
{
	struct timespec zero = {0, 0}, soon = {0, 20000000}, bad = {0, 1000000000};
	int p[2], set = epoll_create1(0), event;
	struct epoll_event e = {EPOLLIN, {.u32 = 7}}, got;
	uint64_t mask = 0, usr = 1ull << (SIGUSR1 - 1), value = 0;
	struct pollfd fd = {.events = POLLIN};
	struct {
		const void *mask;
		size_t size;
	} argument = {&mask, 8};
	fd_set in;
	sigset_t blocked;

	if (pipe(p))
		exit(1);
	fd.fd = p[0];
	epoll_ctl(set, EPOLL_CTL_ADD, p[0], &e);
	check(C(ppoll, &fd, 1, &zero, NULL, 8) == 0 && C(epoll_pwait2, set, &got, 1, &zero, NULL, 8) == 0, "nothing yet");
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	check(C(pselect6, p[0] + 1, &in, NULL, NULL, &soon, NULL) == 0 && !FD_ISSET(p[0], &in) && soon.tv_nsec == 0,
	      "pselect6 waits, and says what is left");
	signal(SIGUSR1, on_signal);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	raise(SIGUSR1);
	check(FAILS(C(ppoll, &fd, 1, NULL, &mask, 8), EINTR), "ppoll with another mask");
	raise(SIGUSR1);
	FD_SET(p[0], &in);
	check(FAILS(C(pselect6, p[0] + 1, &in, NULL, NULL, NULL, &argument), EINTR), "pselect6 with another mask");
	raise(SIGUSR1);
	check(FAILS(C(epoll_pwait2, set, &got, 1, NULL, &mask, 8), EINTR), "epoll_pwait2 with another mask");
	check(write(p[1], "x", 1) == 1 && C(ppoll, &fd, 1, NULL, NULL, 8) == 1 && fd.revents == POLLIN &&
		      C(epoll_pwait2, set, &got, 1, NULL, NULL, 8) == 1 && got.data.u32 == 7,
	      "ready");
	check(FAILS(C(ppoll, &fd, 1, &bad, NULL, 8), EINVAL) && FAILS(C(ppoll, &fd, 1, NULL, &mask, 4), EINVAL) &&
		      FAILS(C(ppoll, 8, 1, NULL, NULL, 8), EFAULT) && FAILS(C(ppoll, &fd, 1, 8, NULL, 8), EFAULT),
	      "ppoll: errors");
	check(FAILS(C(pselect6, -1, NULL, NULL, NULL, &zero, NULL), EINVAL) &&
		      FAILS(C(pselect6, 0, NULL, NULL, NULL, &bad, NULL), EINVAL),
	      "pselect6: errors");
	check(FAILS(C(epoll_pwait2, set, &got, 0, NULL, NULL, 8), EINVAL) && FAILS(C(epoll_pwait2, p[0], &got, 1, NULL, NULL, 8), EINVAL) &&
		      FAILS(C(epoll_pwait2, 99, &got, 1, NULL, NULL, 8), EBADF) && FAILS(C(epoll_pwait2, set, &got, 1, &bad, NULL, 8), EINVAL),
	      "epoll_pwait2: errors");
	event = (int)C(eventfd, 3);
	check(event >= 0 && read(event, &value, 8) == 8 && value == 3, "eventfd");
	close(event);
	event = (int)C(signalfd, -1, &usr, 8);
	raise(SIGUSR1);
	check(event >= 0 && FAILS(C(signalfd, -1, &usr, 4), EINVAL) && FAILS(C(signalfd, 99, &usr, 8), EBADF), "signalfd");
	char info[128];
	check(read(event, info, 128) == 128 && info[0] == SIGUSR1, "its signal");
	close(event), close(set), close(p[0]), close(p[1]);
}

static void data(void)
{
	int fd = open("/tmp/descriptors", O_RDWR | O_CREAT | O_TRUNC, 0600), p[2];
	char a[4] = "", b[8] = "";
	struct iovec v[2] = {{a, 3}, {b, 7}}, bad[1] = {{(void *)8, 4}};

	check(write(fd, "0123456789", 10) == 10 && C(preadv, fd, v, 2, 2, 0) == 8 && !memcmp(a, "234", 3) && !memcmp(b, "56789", 5) &&
		      lseek(fd, 0, SEEK_CUR) == 10,
	      "preadv");
	check(pipe(p) == 0 && FAILS(C(preadv, p[0], v, 2, 0, 0), ESPIPE) && FAILS(C(preadv, fd, v, -1l, 0, 0), EINVAL) &&
		      FAILS(C(preadv, fd, v, 2000, 0, 0), EINVAL) && FAILS(C(preadv, fd, v, 1, -1l, -1l), EINVAL) &&
		      FAILS(C(preadv, fd, bad, 1, 0, 0), EFAULT) && FAILS(C(preadv, 99, v, 1, 0, 0), EBADF) &&
		      FAILS(C(preadv, p[1], v, 1, 0, 0), ESPIPE),
	      "preadv: errors");
	check(C(fsync, fd) == 0 && C(fdatasync, fd) == 0 && C(sync) == 0 && FAILS(C(fsync, p[0]), EINVAL) &&
		      FAILS(C(fdatasync, p[0]), EINVAL) && FAILS(C(fsync, 99), EBADF) && FAILS(C(fdatasync, -1), EBADF),
	      "fsync");
	close(fd), close(p[0]), close(p[1]);
	unlink("/tmp/descriptors");
}

int main(void)
{
	copies();
	pipes();
	waits();
	data();
	return tap_end();
}
