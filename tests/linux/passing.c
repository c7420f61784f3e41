// What goes along with data between sockets: descriptors, credentials; and what becomes of them.
// abi: sendmsg SCM_RIGHTS SCM_CREDENTIALS: whole
// abi: recvmsg SCM_RIGHTS SCM_CREDENTIALS MSG_CMSG_CLOEXEC MSG_CTRUNC: whole
// abi: getsockopt SO_PEERCRED: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define MANY 253

static union {
	char bytes[2048];
	struct cmsghdr align;
} control;
static struct iovec piece;
static struct msghdr header;
static char data[64];

static struct msghdr *message(size_t size, size_t control_size)
{
	piece = (struct iovec){data, size};
	header = (struct msghdr){.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control_size ? &control : NULL,
				 .msg_controllen = control_size};
	return &header;
}

static struct msghdr *with_fds(size_t size, const int *fds, size_t count)
{
	struct msghdr *m = message(size, CMSG_SPACE(count * sizeof(int)));
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	return m;
}

// Receives: how many descriptors came.
static int fds_get(int from, int flags, size_t room, int *fds, ssize_t *got)
{
	struct msghdr *m = message(sizeof data, room);
	struct cmsghdr *c;

	memset(&control, 0, sizeof control);
	*got = recvmsg(from, m, flags);
	c = *got < 0 ? NULL : CMSG_FIRSTHDR(m);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return 0;
	memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

static void descriptors(void)
{
	int s[2], p[2], in[4], file = open("/tmp/passing", O_RDWR | O_CREAT | O_TRUNC, 0600), status = 1;
	ssize_t got;
	struct stat a, b;
	pid_t child;
	char c = 0;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	pipe(p);
	check(sendmsg(s[0], with_fds(1, &p[1], 1), 0) == 1, "send a pipe's end");
	close(p[1]);
	check(fds_get(s[1], 0, sizeof control, in, &got) == 1 && got == 1, "receive it");
	check(fcntl(in[0], F_GETFD) == 0, "without close-on-exec");
	check(write(in[0], "z", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'z', "it is that pipe");
	close(in[0]);
	check(read(p[0], &c, 1) == 0, "and the last writer");
	close(p[0]);
	check(sendmsg(s[0], with_fds(1, (int[]){file, s[0], 1}, 3), 0) == 1, "a file, a socket, the output");
	child = fork();
	if (child == 0) {
		close(s[0]);
		close(file);
		_exit(!(fds_get(s[1], MSG_CMSG_CLOEXEC, sizeof control, in, &got) == 3 && write(in[0], "text", 4) == 4 &&
			fcntl(in[1], F_GETFD) == FD_CLOEXEC && write(in[1], "from child", 10) == 10 &&
			fstat(in[2], &a) == 0 && a.st_mode));
	}
	check(waitpid(child, &status, 0) == child && status == 0, "another process uses them");
	check(lseek(file, 0, SEEK_CUR) == 4 && fstat(file, &b) == 0 && b.st_size == 4, "the same open file");
	check(recv(s[1], data, sizeof data, 0) == 10 && !memcmp(data, "from child", 10), "the same socket");
	close(file);
	unlink("/tmp/passing");
	close(s[0]);
	close(s[1]);
}

static void dropped(void)
{
	int s[2], p[2], in[4];
	ssize_t got;
	char c;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	pipe(p);
	sendmsg(s[0], with_fds(1, &p[1], 1), 0);
	sendmsg(s[0], with_fds(0, &p[1], 1), 0);
	sendmsg(s[0], with_fds(1, (int[]){p[1], p[1], p[1]}, 3), 0);
	sendmsg(s[0], with_fds(1, &p[1], 1), 0);
	sendmsg(s[0], with_fds(1, &p[1], 1), 0);
	close(p[1]);
	check(recv(s[1], data, 1, 0) == 1, "recv does not take descriptors");
	check(fds_get(s[1], 0, sizeof control, in, &got) == 1 && got == 0, "with an empty message");
	close(in[0]);
	check(fds_get(s[1], 0, CMSG_LEN(sizeof(int)), in, &got) == 1 && header.msg_flags & MSG_CTRUNC, "MSG_CTRUNC");
	close(in[0]);
	check(fds_get(s[1], 0, 0, in, &got) == 0 && header.msg_flags & MSG_CTRUNC, "no room for any");
	check(fds_get(s[1], MSG_PEEK, sizeof control, in, &got) == 1, "a look makes copies");
	close(in[0]);
	check(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 0) == 0, "the pipe is still written to");
	close(s[1]);
	check(read(p[0], &c, 1) == 0, "what nobody received is closed");
	close(s[0]);
	close(p[0]);
}

// Past the C library, which copies control messages.
static long raw_send(int fd, const struct msghdr *m, int flags) { return syscall(SYS_sendmsg, fd, m, flags); }
static long raw_recv(int fd, struct msghdr *m, int flags) { return syscall(SYS_recvmsg, fd, m, flags); }

static void wrong(void)
{
	int s[2], fds[MANY + 1];
	struct cmsghdr *c;
	struct msghdr *m;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	for (int i = 0; i <= MANY; i++)
		fds[i] = 0;
	check(FAILS(raw_send(s[0], with_fds(1, fds, MANY + 1), 0), EINVAL), "too many");
	check(FAILS(raw_send(s[0], with_fds(1, (int[]){0, 999}, 2), 0), EBADF), "one that is closed");
	check(FAILS(raw_send(s[0], with_fds(1, (int[]){-1}, 1), 0), EBADF), "a negative one");
	check(FAILS(recv(s[1], data, 1, MSG_DONTWAIT), EAGAIN), "nothing was sent");
	m = with_fds(1, fds, 1);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_len = 3;
	check(FAILS(raw_send(s[0], m, 0), EINVAL), "a header that is too short");
	c->cmsg_len = 4000;
	check(FAILS(raw_send(s[0], m, 0), EINVAL), "one that is too long");
	c->cmsg_len = CMSG_LEN(4);
	c->cmsg_type = 77;
	check(FAILS(raw_send(s[0], m, 0), EINVAL), "an unknown type");
	c->cmsg_level = 77;
	check(raw_send(s[0], m, 0) == 1, "an unknown level is passed over");
	m = message(1, sizeof control);
	m->msg_control = (void *)8;
	check(FAILS(raw_send(s[0], m, 0), EFAULT), "from nowhere");
	m = message(1, 0);
	m->msg_iovlen = 2000;
	check(FAILS(raw_send(s[0], m, 0), EMSGSIZE) && FAILS(raw_recv(s[0], m, 0), EMSGSIZE), "too many pieces");
	check(FAILS(raw_send(s[0], (void *)8, 0), EFAULT) && FAILS(raw_recv(s[1], (void *)8, 0), EFAULT), "no header");
	check(recv(s[1], data, 2, MSG_DONTWAIT) == 1, "the one that was sent");
	check(raw_send(s[0], with_fds(1, fds, MANY), 0) == 1, "as many as may be");
	close(s[1]);
	close(s[0]);
}

// No descriptor is left for what comes.
static void no_room(void)
{
	struct rlimit limit = {20, 1024}, old;
	int s[2], fds[3] = {0, 0, 0}, in[8], last = 0, n;
	ssize_t got;

	getrlimit(RLIMIT_NOFILE, &old);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	sendmsg(s[0], with_fds(1, fds, 3), 0);
	setrlimit(RLIMIT_NOFILE, &limit);
	while ((n = dup(0)) >= 0)
		last = n;
	close(last);
	check(fds_get(s[1], 0, sizeof control, in, &got) == 1 && got == 1 && in[0] == last &&
		      header.msg_flags & MSG_CTRUNC, "the table is full");
	for (int i = s[1] + 1; i < 20; i++)
		close(i);
	setrlimit(RLIMIT_NOFILE, &old);
	close(s[0]);
	close(s[1]);
}

// A socket that is only to be had through itself.
static void circle(void)
{
	int p[2], alive = 0;
	char c;

	pipe(p);
	for (int i = 0; i < 300; i++) {
		int s[2], t[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) || socketpair(AF_UNIX, SOCK_STREAM, 0, t))
			break;
		// Each end lies in the queue of the other pair, and the pipe with it.
		alive += sendmsg(s[0], with_fds(1, (int[]){t[1], p[1]}, 2), 0) == 1 &&
			 sendmsg(t[0], with_fds(1, (int[]){s[1], p[1]}, 2), 0) == 1;
		for (int k = 0; k < 2; k++) {
			close(s[k]);
			close(t[k]);
		}
	}
	check(alive == 300, "circles of sockets");
	close(p[1]);
	check(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 10000) == 1 && read(p[0], &c, 1) == 0, "are collected");
	close(p[0]);
}

// A chain: each is in the queue of the next.
static void chain(void)
{
	int p[2], before;
	char c;

	pipe(p);
	before = p[1];
	for (int i = 0; i < 200; i++) {
		int s[2];

		socketpair(AF_UNIX, SOCK_STREAM, 0, s);
		sendmsg(s[0], with_fds(1, &before, 1), 0);
		close(before);
		close(s[0]);
		before = s[1];
	}
	check(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 0) == 0, "a chain of sockets holds a pipe");
	close(before);
	check(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 10000) == 1 && read(p[0], &c, 1) == 0, "until its end goes");
	close(p[0]);
}

static struct ucred cred_get(int from)
{
	struct ucred cred = {-1, (uid_t)-1, (gid_t)-1};
	struct msghdr *m = message(sizeof data, sizeof control);
	struct cmsghdr *c;

	if (recvmsg(from, m, 0) < 0)
		return cred;
	c = CMSG_FIRSTHDR(m);
	if (c && c->cmsg_type == SCM_CREDENTIALS)
		memcpy(&cred, CMSG_DATA(c), sizeof cred);
	return cred;
}

static struct msghdr *with_cred(struct ucred cred)
{
	struct msghdr *m = message(1, CMSG_SPACE(sizeof cred));
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
	c->cmsg_len = CMSG_LEN(sizeof cred);
	memcpy(CMSG_DATA(c), &cred, sizeof cred);
	return m;
}

static bool is_me(struct ucred cred, pid_t pid) { return cred.pid == pid && cred.uid == getuid() && cred.gid == getgid(); }

static void credentials(void)
{
	struct ucred peer = {0, 0, 0};
	socklen_t size = sizeof peer;
	int s[2], one = 1, status = 1;
	pid_t child;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	check(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && is_me(peer, getpid()), "SO_PEERCRED");
	write(s[0], "n", 1);
	check(cred_get(s[1]).pid == -1, "nobody asked for credentials");
	check(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0, "SO_PASSCRED");
	write(s[0], "c", 1);
	check(is_me(cred_get(s[1]), getpid()), "they come with every message");
	child = fork();
	if (child == 0)
		_exit(write(s[0], "d", 1) != 1);
	check(is_me(cred_get(s[1]), child), "the writer's, not the owner's");
	check(waitpid(child, &status, 0) == child && status == 0, "the other process");
	check(sendmsg(s[0], with_cred((struct ucred){getpid(), getuid(), getgid()}), 0) == 1, "said openly");
	check(is_me(cred_get(s[1]), getpid()), "and received");
	child = fork();
	if (child == 0) {
		if (getuid() == 0 && (setgid(1000) || setuid(1000)))
			_exit(9);
		_exit(!(FAILS(sendmsg(s[0], with_cred((struct ucred){1, getuid(), getgid()}), 0), EPERM) &&
			FAILS(sendmsg(s[0], with_cred((struct ucred){getpid(), 0, getgid()}), 0), EPERM) &&
			FAILS(sendmsg(s[0], with_cred((struct ucred){getpid(), getuid(), 0}), 0), EPERM) &&
			sendmsg(s[0], with_cred((struct ucred){getpid(), getuid(), getgid()}), 0) == 1));
	}
	check(waitpid(child, &status, 0) == child && status == 0, "nobody says that he is another");
	close(s[0]);
	close(s[1]);
}

static void peer_of_connection(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0passing-peer"};
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 13, n = sizeof(struct ucred);
	struct ucred peer;
	int l = socket(AF_UNIX, SOCK_STREAM, 0), s, status = 1;
	pid_t child, me = getpid();
	char c;

	check(getsockopt(l, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.pid == 0 && peer.uid == (uid_t)-1,
	      "nobody is the peer");
	bind(l, (void *)&a, size);
	listen(l, 3);
	child = fork();
	if (child == 0) {
		s = socket(AF_UNIX, SOCK_STREAM, 0);
		n = sizeof peer;
		_exit(connect(s, (void *)&a, size) || getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &n) ||
		      peer.pid != me || read(s, &c, 1) != 1);
	}
	s = accept(l, NULL, NULL);
	n = sizeof peer;
	check(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && is_me(peer, child), "who has connected");
	write(s, "x", 1);
	check(waitpid(child, &status, 0) == child && status == 0, "who has listened");
	close(s);
	close(l);
}

// Processes with descriptors on their way die.
static void deaths(void)
{
	int s[2], p[2];
	char c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	pipe(p);
	for (int i = 0; i < 5; i++) {
		pid_t child = fork();

		if (child == 0) {
			for (;;)
				sendmsg(s[0], with_fds(1, &p[1], 1), 0);
		}
		usleep(20000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	close(p[1]);
	close(s[0]);
	close(s[1]);
	check(poll(&(struct pollfd){p[0], POLLIN, 0}, 1, 10000) == 1 && read(p[0], &c, 1) == 0, "killed senders");
	close(p[0]);
}

int main(void)
{
	descriptors();
	dropped();
	wrong();
	no_room();
	circle();
	chain();
	credentials();
	peer_of_connection();
	deaths();
	return tap_end();
}
