// Sockets of AF_UNIX: making, connecting, sending, receiving, and every way to do it wrong.
// abi: socket AF_UNIX: whole
// abi: socketpair AF_UNIX: whole
// abi: bind: whole
// abi: connect: whole
// abi: listen: whole
// abi: accept: whole
// abi: accept4: whole
// abi: getsockname: whole
// abi: getpeername: whole
// abi: shutdown: whole
// abi: sendto MSG_DONTWAIT MSG_NOSIGNAL MSG_EOR: whole
// abi: recvfrom MSG_DONTWAIT MSG_PEEK MSG_TRUNC MSG_WAITALL: whole
// abi: sendmmsg: whole
// abi: recvmmsg MSG_WAITFORONE: whole
// abi: getsockopt SO_TYPE SO_DOMAIN SO_PROTOCOL SO_ERROR SO_ACCEPTCONN SO_SNDBUF SO_RCVTIMEO SO_REUSEADDR: whole
// abi: setsockopt SO_SNDBUF SO_RCVTIMEO SO_REUSEADDR SO_LINGER SO_PASSCRED: whole
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	strcpy(a.sun_path, path);
	return a;
}

static socklen_t abstract(struct sockaddr_un *a, const char *name)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	strcpy(a->sun_path + 1, name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int bound(int type, const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, type, 0);

	unlink(path);
	check(bind(fd, (void *)&a, sizeof a) == 0, "bind to a path");
	return fd;
}

static int connect_path(int fd, const char *path)
{
	struct sockaddr_un a = address(path);

	return connect(fd, (void *)&a, sizeof a);
}

static void making(void)
{
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), pair[2];

	check(fd >= 0, "socket");
	check(fcntl(fd, F_GETFD) == FD_CLOEXEC, "SOCK_CLOEXEC");
	check(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK), "SOCK_NONBLOCK");
	check(fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode), "fstat says a socket");
	check(FAILS(lseek(fd, 0, SEEK_SET), ESPIPE), "lseek");
	check(FAILS(pread(fd, &st, 1, 0), ESPIPE), "pread");
	check(FAILS(fsync(fd), EINVAL), "fsync");
	close(fd);
	check(FAILS(socket(AF_UNIX, 99, 0), EINVAL), "a type beyond all");
	check(FAILS(socket(AF_UNIX, 4, 0), ESOCKTNOSUPPORT), "a type that is not there");
	check(FAILS(socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL), "an unknown flag");
	check(FAILS(socket(AF_UNIX, SOCK_STREAM, 7), EPROTONOSUPPORT), "a protocol");
	check(FAILS(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT), "a family beyond all");
	check(FAILS(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT), "a negative family");
	fd = socket(AF_UNIX, SOCK_RAW, 1);
	check(fd >= 0, "SOCK_RAW is taken for datagrams");
	close(fd);
	check(FAILS(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, 8L), EFAULT), "socketpair to nowhere");
	check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "socketpair");
	close(pair[0]);
	close(pair[1]);
	check(FAILS(listen(0, 1), ENOTSOCK) && FAILS(listen(999, 1), EBADF), "what is no socket");
	check(FAILS(bind(0, (void *)pair, 8), ENOTSOCK), "bind of no socket");
	check(FAILS(send(0, "", 1, 0), ENOTSOCK) && FAILS(recv(0, &st, 1, 0), ENOTSOCK), "send, recv of none");
	check(FAILS(shutdown(0, 0), ENOTSOCK) && FAILS(accept(0, NULL, NULL), ENOTSOCK), "shutdown, accept");
}

static void streams(void)
{
	char data[64] = "";
	struct iovec v[2] = {{"ab", 2}, {"cde", 3}}, w[2] = {{data, 3}, {data + 10, 10}};
	int n, s[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	check(write(s[0], "hello", 5) == 5 && write(s[0], " world", 6) == 6, "two writes");
	check(ioctl(s[1], FIONREAD, &n) == 0 && n == 11, "FIONREAD counts both");
	check(ioctl(s[0], TIOCOUTQ, &n) == 0 && n >= 11, "SIOCOUTQ");
	check(recv(s[1], data, 7, MSG_PEEK) == 7 && !memcmp(data, "hello w", 7), "MSG_PEEK looks");
	check(read(s[1], data, 64) == 11 && !memcmp(data, "hello world", 11), "one read has both");
	check(FAILS(recv(s[1], data, 1, MSG_DONTWAIT), EAGAIN), "MSG_DONTWAIT");
	check(writev(s[1], v, 2) == 5 && readv(s[0], w, 2) == 5 && !memcmp(data, "abc", 3) &&
		      !memcmp(data + 10, "de", 2), "writev, readv");
	check(send(s[0], data, 0, 0) == 0 && FAILS(recv(s[1], data, 1, MSG_DONTWAIT), EAGAIN), "nothing is sent");
	check(FAILS(write(s[0], (void *)8, 4), EFAULT) && FAILS(write(s[0], (void *)8, 40000), EFAULT), "EFAULT");
	write(s[0], "x", 1);
	check(FAILS(read(s[1], (void *)8, 4), EFAULT) && read(s[1], data, 4) == 1, "a bad buffer takes nothing");
	check(FAILS(sendto(s[0], "x", 1, 0, (void *)&(struct sockaddr_un){AF_UNIX, "/x"}, 10), EISCONN),
	      "a name on a connected stream");
	close(s[1]);
	signal(SIGPIPE, SIG_IGN);
	check(read(s[0], data, 4) == 0, "end of file");
	check(FAILS(write(s[0], "x", 1), EPIPE) && FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE), "EPIPE");
	signal(SIGPIPE, SIG_DFL);
	check(FAILS(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE), "MSG_NOSIGNAL");
	close(s[0]);
}

static void broken_pipe(void)
{
	int s[2], status = 0;
	pid_t child = fork();

	if (child == 0) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, s);
		close(s[1]);
		write(s[0], "x", 1);
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "SIGPIPE");
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s);
	close(s[1]);
	check(FAILS(write(s[0], "x", 1), EPIPE), "no signal for records");
	close(s[0]);
}

// Much data, with a reader and a writer that wait for each other.
static void large(void)
{
	static char data[300000], in[300000];
	size_t got = 0;
	int s[2], status = 1;
	pid_t child;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 251);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	child = fork();
	if (child == 0) {
		close(s[1]);
		_exit(write(s[0], data, sizeof data) != sizeof data || write(s[0], data, sizeof data) != sizeof data);
	}
	close(s[0]);
	check(recv(s[1], in, sizeof in, MSG_WAITALL) == sizeof in && !memcmp(in, data, sizeof in), "MSG_WAITALL");
	while (got < sizeof in) {
		ssize_t n = read(s[1], in + got, sizeof in - got);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	check(got == sizeof in && !memcmp(in, data, sizeof in), "600,000 bytes arrive in order");
	check(read(s[1], in, 1) == 0, "then the end");
	check(waitpid(child, &status, 0) == child && status == 0, "the writer wrote all");
	close(s[1]);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
	got = 0;
	for (ssize_t n; (n = write(s[0], data, 50000)) > 0;)
		got += (size_t)n;
	check(errno == EAGAIN && got > 100000, "a full stream");
	check(poll(&(struct pollfd){s[0], POLLOUT, 0}, 1, 0) == 0, "is not writable");
	while (read(s[1], in, sizeof in) > 0)
		;
	check(poll(&(struct pollfd){s[0], POLLOUT, 0}, 1, 0) == 1, "until it is read");
	close(s[0]);
	close(s[1]);
}

static void shutdowns(void)
{
	char c;
	int s[2], one = socket(AF_UNIX, SOCK_STREAM, 0);
	struct pollfd p;

	signal(SIGPIPE, SIG_IGN);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	check(FAILS(shutdown(s[0], 3), EINVAL) && FAILS(shutdown(s[0], -1), EINVAL), "shutdown of what?");
	write(s[0], "a", 1);
	check(shutdown(s[0], SHUT_WR) == 0 && FAILS(write(s[0], "b", 1), EPIPE), "SHUT_WR");
	p = (struct pollfd){s[1], POLLIN | POLLRDHUP | POLLOUT, 0};
	check(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLRDHUP | POLLOUT), "POLLRDHUP");
	check(read(s[1], &c, 1) == 1 && read(s[1], &c, 1) == 0, "what was sent before, then the end");
	check(write(s[1], "c", 1) == 1 && read(s[0], &c, 1) == 1 && c == 'c', "the other way is open");
	check(shutdown(s[0], SHUT_RD) == 0 && FAILS(write(s[1], "d", 1), EPIPE), "SHUT_RD");
	check(read(s[0], &c, 1) == 0, "nothing comes any more");
	close(s[0]);
	close(s[1]);
	check(shutdown(one, SHUT_RDWR) == 0, "of one that is not connected");
	close(one);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	write(s[1], "unread", 6);
	write(s[0], "kept", 4);
	close(s[0]);
	p = (struct pollfd){s[1], POLLIN, 0};
	check(poll(&p, 1, 0) == 1 && p.revents == (POLLIN | POLLERR | POLLHUP), "POLLERR and POLLHUP");
	check(read(s[1], &c, 1) == 1, "data first");
	read(s[1], &c, 1), read(s[1], &c, 1), read(s[1], &c, 1);
	check(FAILS(read(s[1], &c, 1), ECONNRESET), "the peer left data unread");
	check(read(s[1], &c, 1) == 0, "said once");
	close(s[1]);
}

static void timeouts_and_options(void)
{
	struct timeval t = {0, 30000}, got = {9, 9};
	struct linger l = {1, 5};
	int s[2], value = 1000;
	socklen_t size = sizeof value;
	char c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	check(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0, "SO_RCVTIMEO");
	check(FAILS(read(s[0], &c, 1), EAGAIN), "runs out");
	size = sizeof got;
	check(getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &got, &size) == 0 && got.tv_sec == 0 && got.tv_usec > 20000,
	      "and is told");
	t.tv_usec = 1000000;
	check(FAILS(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), EDOM), "EDOM");
	check(FAILS(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &t, 4), EINVAL), "too short");
	check(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value) == 0, "SO_SNDBUF");
	size = sizeof value;
	check(getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &value, &size) == 0 && value == 4608, "has a least value");
	value = 10000;
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value);
	getsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &value, &size);
	check(value == 20000, "and is doubled");
	getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &size);
	check(value == SOCK_STREAM, "SO_TYPE");
	getsockopt(s[0], SOL_SOCKET, SO_DOMAIN, &value, &size);
	check(value == AF_UNIX, "SO_DOMAIN");
	getsockopt(s[0], SOL_SOCKET, SO_PROTOCOL, &value, &size);
	check(value == 0, "SO_PROTOCOL");
	getsockopt(s[0], SOL_SOCKET, SO_ACCEPTCONN, &value, &size);
	check(value == 0, "SO_ACCEPTCONN");
	getsockopt(s[0], SOL_SOCKET, SO_ERROR, &value, &size);
	check(value == 0, "SO_ERROR");
	value = 1;
	check(setsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &value, sizeof value) == 0, "SO_REUSEADDR");
	value = 7;
	check(getsockopt(s[0], SOL_SOCKET, SO_REUSEADDR, &value, &size) == 0 && value == 1, "is kept");
	check(setsockopt(s[0], SOL_SOCKET, SO_LINGER, &l, sizeof l) == 0, "SO_LINGER");
	check(FAILS(setsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, 4), ENOPROTOOPT), "SO_TYPE cannot be set");
	check(FAILS(setsockopt(s[0], SOL_SOCKET, 9999, &value, 4), ENOPROTOOPT), "an unknown option");
	check(FAILS(getsockopt(s[0], SOL_SOCKET, 9999, &value, &size), ENOPROTOOPT), "to get, too");
	check(FAILS(setsockopt(s[0], 6, 1, &value, 4), EOPNOTSUPP), "a level that is not there");
	check(FAILS(setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &value, 2), EINVAL), "half an int");
	size = (socklen_t)-1;
	check(FAILS(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &size), EINVAL), "a negative size");
	size = 2;
	check(getsockopt(s[0], SOL_SOCKET, SO_TYPE, &value, &size) == 0 && size == 2, "a short one");
	close(s[0]);
	close(s[1]);
}

static void paths(void)
{
	struct sockaddr_un a = address("/tmp/socket-a"), b;
	socklen_t size = sizeof b;
	struct stat st;
	char c = 0;
	int l = bound(SOCK_STREAM, "/tmp/socket-a"), s = socket(AF_UNIX, SOCK_STREAM, 0), t, d;

	check(stat("/tmp/socket-a", &st) == 0 && S_ISSOCK(st.st_mode), "the inode of a socket");
	check(FAILS(open("/tmp/socket-a", O_RDWR), ENXIO), "cannot be opened");
	check(FAILS(connect_path(s, "/tmp/socket-a"), ECONNREFUSED), "not listening yet");
	check(FAILS(bind(l, (void *)&a, sizeof a), EADDRINUSE), "the name is there");
	b = address("/tmp/socket-b");
	check(FAILS(bind(l, (void *)&b, sizeof b), EINVAL) && access("/tmp/socket-b", F_OK) != 0, "one name only");
	check(FAILS(bind(s, (void *)&a, 2 + 200), EINVAL), "an address that is too long");
	check(FAILS(bind(s, (void *)8, 20), EFAULT), "from nowhere");
	b = address("/tmp/none/socket");
	check(FAILS(bind(s, (void *)&b, sizeof b), ENOENT), "no such directory");
	b.sun_family = AF_INET;
	check(FAILS(bind(s, (void *)&b, sizeof b), EINVAL), "another family");
	check(FAILS(listen(s, 1), EINVAL), "listen without a name");
	check(listen(l, 1) == 0, "listen");
	check(FAILS(connect_path(l, "/tmp/socket-a"), EINVAL), "a listener does not connect");
	check(FAILS(recv(l, &c, 1, 0), EINVAL) && FAILS(send(l, &c, 1, 0), ENOTCONN), "nor receive or send");
	check(connect_path(s, "/tmp/socket-a") == 0, "connect");
	check(FAILS(connect_path(s, "/tmp/socket-a"), EISCONN), "again");
	check(poll(&(struct pollfd){l, POLLIN, 0}, 1, 0) == 1, "the listener is readable");
	memset(&b, 0, sizeof b);
	size = sizeof b;
	t = accept4(l, (void *)&b, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	check(t >= 0 && size == 2 && b.sun_family == AF_UNIX, "accept4, from one without a name");
	check(fcntl(t, F_GETFD) == FD_CLOEXEC && fcntl(t, F_GETFL) == (O_RDWR | O_NONBLOCK), "with its flags");
	check(write(s, "q", 1) == 1 && read(t, &c, 1) == 1 && c == 'q', "they are connected");
	size = sizeof b;
	check(getpeername(s, (void *)&b, &size) == 0 && size == 2 + 14 && !strcmp(b.sun_path, "/tmp/socket-a"),
	      "getpeername");
	size = sizeof b;
	check(getsockname(t, (void *)&b, &size) == 0 && !strcmp(b.sun_path, "/tmp/socket-a"), "getsockname");
	size = 6;
	memset(&b, 'x', sizeof b);
	check(getsockname(t, (void *)&b, &size) == 0 && size == 16 && b.sun_path[4] == 'x', "cut to the room");
	check(FAILS(getpeername(l, (void *)&b, &size), ENOTCONN), "a listener has no peer");
	check(FAILS(syscall(SYS_accept4, l, NULL, NULL, 7), EINVAL), "flags of accept4");
	check(FAILS(accept(s, NULL, NULL), EINVAL), "accept of one that does not listen");
	d = socket(AF_UNIX, SOCK_DGRAM, 0);
	check(FAILS(connect_path(d, "/tmp/socket-a"), EPROTOTYPE), "of another type");
	check(FAILS(listen(d, 1), EOPNOTSUPP) && FAILS(accept(d, NULL, NULL), EOPNOTSUPP), "datagrams do not listen");
	close(d);
	close(l);
	close(s);
	close(t);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	check(FAILS(connect_path(s, "/tmp/socket-a"), ECONNREFUSED), "its name is left, and nobody there");
	check(FAILS(connect_path(s, "/tmp/none"), ENOENT), "no name");
	check(FAILS(connect_path(s, "/dev/null"), ECONNREFUSED), "no socket");
	check(unlink("/tmp/socket-a") == 0, "unlink");
	check(FAILS(send(s, "x", 1, 0), ENOTCONN) && FAILS(recv(s, &c, 1, 0), EINVAL), "not connected");
	check(poll(&(struct pollfd){s, POLLIN | POLLOUT, 0}, 1, 0) == 1, "POLLHUP | POLLOUT");
	close(s);
}

static void permissions(void)
{
	int l, s, status = 1;
	pid_t child;

	if (getuid() != 0)
		return;
	l = bound(SOCK_STREAM, "/tmp/socket-p");
	listen(l, 5);
	chmod("/tmp/socket-p", 0700);
	child = fork();
	if (child == 0) {
		if (setgid(1000) || setuid(1000))
			_exit(9);
		s = socket(AF_UNIX, SOCK_STREAM, 0);
		_exit(!FAILS(connect_path(s, "/tmp/socket-p"), EACCES));
	}
	check(waitpid(child, &status, 0) == child && status == 0, "who may not write may not connect");
	close(l);
	unlink("/tmp/socket-p");
}

static void abstract_names(void)
{
	struct sockaddr_un a, b = {.sun_family = AF_UNIX};
	socklen_t size = abstract(&a, "socket-test"), n = sizeof b;
	int l = socket(AF_UNIX, SOCK_STREAM, 0), s = socket(AF_UNIX, SOCK_STREAM, 0);

	check(bind(l, (void *)&a, size) == 0, "an abstract name");
	check(FAILS(bind(s, (void *)&a, size), EADDRINUSE), "is taken");
	check(FAILS(bind(l, (void *)&a, size), EINVAL), "one is enough");
	check(getsockname(l, (void *)&b, &n) == 0 && n == size && !memcmp(&a, &b, size), "and told");
	listen(l, 0);
	check(FAILS(connect(s, (void *)&a, size + 1), ECONNREFUSED), "a longer one is another");
	check(connect(s, (void *)&a, size) == 0, "connect");
	close(l);
	close(s);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	check(bind(l, (void *)&a, size) == 0, "the name goes with its socket");
	close(l);
	l = socket(AF_UNIX, SOCK_DGRAM, 0);
	n = sizeof b;
	check(bind(l, (void *)&b, 2) == 0 && getsockname(l, (void *)&b, &n) == 0 && n == 8 && b.sun_path[0] == 0,
	      "autobind");
	close(l);
}

static void backlog(void)
{
	struct sockaddr_un a;
	socklen_t size = abstract(&a, "socket-backlog");
	int l = socket(AF_UNIX, SOCK_STREAM, 0), s[3], status = 1;
	pid_t child;
	char c;

	bind(l, (void *)&a, size);
	listen(l, 1);
	for (int i = 0; i < 3; i++)
		s[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	check(connect(s[0], (void *)&a, size) == 0 && connect(s[1], (void *)&a, size) == 0, "backlog and one");
	check(FAILS(connect(s[2], (void *)&a, size), EAGAIN), "no more");
	child = fork();
	if (child == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		_exit(connect(fd, (void *)&a, size) != 0 || write(fd, "w", 1) != 1);
	}
	close(accept(l, NULL, NULL));
	close(accept(l, NULL, NULL));
	l = accept(l, NULL, NULL);
	check(l >= 0 && read(l, &c, 1) == 1 && c == 'w', "one that waited is let in");
	check(waitpid(child, &status, 0) == child && status == 0, "and hears of it");
	check(read(s[0], &c, 1) == 0, "those before were closed");
	for (int i = 0; i < 3; i++)
		close(s[i]);
	close(l);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	abstract(&a, "socket-backlog2");
	bind(l, (void *)&a, size + 1);
	listen(l, 1);
	s[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	connect(s[0], (void *)&a, size + 1);
	close(l);
	check(FAILS(read(s[0], &c, 1), ECONNRESET), "a listener that goes resets who waits");
	close(s[0]);
}

static void datagrams(void)
{
	struct sockaddr_un a = address("/tmp/socket-d"), b;
	socklen_t size = sizeof b;
	char data[8] = "";
	int r = bound(SOCK_DGRAM, "/tmp/socket-d"), s = socket(AF_UNIX, SOCK_DGRAM, 0), n, sent = 0;

	check(FAILS(write(s, "x", 1), ENOTCONN), "without a destination");
	check(FAILS(recv(s, data, 1, MSG_DONTWAIT), EAGAIN), "nothing came");
	check(sendto(s, "first", 5, 0, (void *)&a, sizeof a) == 5, "sendto");
	check(connect_path(s, "/tmp/socket-d") == 0 && send(s, "second!", 7, 0) == 7, "connect, send");
	check(ioctl(r, FIONREAD, &n) == 0 && n == 5, "FIONREAD: the first");
	check(recvfrom(r, data, 3, 0, (void *)&b, &size) == 3 && size == 0, "cut, from nobody");
	check(recv(r, data, 8, 0) == 7 && !memcmp(data, "second!", 7), "the next");
	send(s, "12345", 5, 0);
	check(recv(r, data, 2, MSG_TRUNC) == 5, "MSG_TRUNC tells the size");
	check(send(s, data, 0, 0) == 0 && recv(r, data, 8, 0) == 0, "an empty one");
	check(FAILS(sendto(s, "x", 1, 0, (void *)&a, 1), EINVAL), "half an address");
	a = address("/tmp/socket-none");
	check(FAILS(sendto(s, "x", 1, 0, (void *)&a, sizeof a), ENOENT), "to no name");
	while (send(s, "fill", 4, MSG_DONTWAIT) == 4)
		sent++;
	check(errno == EAGAIN && sent >= 10 && sent < 300, "a full queue");
	check(poll(&(struct pollfd){s, POLLOUT, 0}, 1, 0) == 0, "is not writable");
	for (; sent; sent--)
		recv(r, data, 8, 0);
	check(poll(&(struct pollfd){s, POLLOUT, 0}, 1, 0) == 1, "until it is read");
	close(r);
	check(FAILS(send(s, "x", 1, 0), ECONNREFUSED), "its receiver is gone");
	check(FAILS(send(s, "x", 1, 0), ENOTCONN), "and forgotten");
	close(s);
	unlink("/tmp/socket-d");
}

static void large_datagrams(void)
{
	static char out[150000], in[150000];
	int s[2];

	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (char)(i * 3 + i / 1009);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	check(send(s[0], out, sizeof out, 0) == sizeof out, "a datagram of 150,000 bytes");
	check(recv(s[1], in, sizeof in, MSG_PEEK) == sizeof in && !memcmp(in, out, sizeof in), "peeked at");
	memset(in, 0, sizeof in);
	check(recv(s[1], in, 100000, 0) == 100000 && !memcmp(in, out, 100000), "received in part");
	check(FAILS(recv(s[1], in, 1, MSG_DONTWAIT), EAGAIN), "the rest is lost");
	check(FAILS(send(s[0], out, 300000, 0), EMSGSIZE) || errno == EFAULT, "EMSGSIZE");
	check(send(s[0], out, 20000, 0) == 20000 && read(s[1], in, sizeof in) == 20000 && !memcmp(in, out, 20000),
	      "20,000 bytes");
	close(s[0]);
	close(s[1]);
}

static void records(void)
{
	char data[8] = "";
	struct iovec v = {data, 2};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	struct sockaddr_un a = address("/x");
	int s[2], one = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	check(FAILS(recv(one, data, 1, 0), ENOTCONN) && FAILS(send(one, data, 1, 0), ENOTCONN), "not connected");
	close(one);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s);
	check(write(s[0], "abc", 3) == 3 && write(s[0], "de", 2) == 2, "two records");
	check(recvmsg(s[1], &m, 0) == 2 && m.msg_flags == MSG_TRUNC, "the first is cut");
	check(recvmsg(s[1], &m, 0) == 2 && !memcmp(data, "de", 2) && m.msg_flags == 0, "the second is whole");
	check(sendto(s[0], "n", 1, MSG_EOR, (void *)&a, sizeof a) == 1 && recv(s[1], data, 8, 0) == 1,
	      "a name is overlooked");
	write(s[0], "last", 4);
	close(s[0]);
	check(recv(s[1], data, 8, 0) == 4 && recv(s[1], data, 8, MSG_DONTWAIT) == 0, "end of file after the last");
	close(s[1]);
}

static void many_messages(void)
{
	char data[4][8] = {"one", "two2", "three"};
	struct iovec v[4];
	struct mmsghdr m[4];
	int s[2];

	memset(m, 0, sizeof m);
	for (int i = 0; i < 4; i++) {
		v[i] = (struct iovec){data[i], strlen(data[i])};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1};
	}
	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	check(sendmmsg(s[0], m, 3, 0) == 3 && m[2].msg_len == 5, "sendmmsg");
	memset(data, 0, sizeof data);
	for (int i = 0; i < 4; i++)
		v[i].iov_len = 8;
	check(recvmmsg(s[1], m, 4, MSG_WAITFORONE, NULL) == 3 && m[0].msg_len == 3 && !strcmp(data[2], "three"),
	      "recvmmsg");
	check(FAILS(recvmmsg(s[1], m, 4, MSG_DONTWAIT, NULL), EAGAIN), "none left");
	close(s[0]);
	close(s[1]);
}

static void on_alarm(int n) { (void)n; }

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval t = {{0, 0}, {0, 30000}};
	char c;
	int s[2], status = 1;
	pid_t child;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	check(FAILS(read(s[0], &c, 1), EINTR), "a signal interrupts");
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	child = fork();
	if (child == 0) {
		usleep(60000);
		_exit(write(s[1], "r", 1) != 1);
	}
	setitimer(ITIMER_REAL, &t, NULL);
	check(read(s[0], &c, 1) == 1 && c == 'r', "or the call starts again");
	check(waitpid(child, &status, 0) == child && status == 0, "the other process");
	child = fork();
	if (child == 0) {
		close(s[1]);
		pause();
	}
	close(s[0]);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	check(read(s[1], &c, 1) == 0, "the peer dies in the middle");
	close(s[1]);
}

static void pause_ms(long ms) { usleep((useconds_t)ms * 1000); }

// poll that waits, for what another process does.
static void waiting(void)
{
	struct sockaddr_un a;
	socklen_t size = abstract(&a, "socket-waiting");
	struct pollfd p[2];
	int s[2], l = socket(AF_UNIX, SOCK_STREAM, 0), d, status = 1;
	pid_t child;
	char c;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	bind(l, (void *)&a, size);
	listen(l, 1);
	p[0] = (struct pollfd){s[0], POLLIN, 0};
	p[1] = (struct pollfd){l, POLLIN, 0};
	child = fork();
	if (child == 0) {
		close(s[0]);
		pause_ms(30);
		write(s[1], "p", 1);
		pause_ms(30);
		connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, size);
		_exit(0);
	}
	close(s[1]);
	check(poll(p, 2, 20000) == 1 && p[0].revents == POLLIN, "a stream becomes readable");
	check(read(s[0], &c, 1) == 1 && c == 'p', "and is read");
	p[0].fd = -1;
	check(poll(p, 2, 20000) == 1 && p[1].revents == POLLIN, "a listener has a connection");
	p[0].fd = s[0];
	p[1].fd = -1;
	check(poll(p, 2, 20000) == 1 && p[0].revents == (POLLIN | POLLHUP), "the peer ends");
	check(waitpid(child, &status, 0) == child && status == 0, "the other process");
	close(s[0]);
	close(l);
	abstract(&a, "socket-waiting2");
	size++;
	d = socket(AF_UNIX, SOCK_DGRAM, 0);
	bind(d, (void *)&a, size);
	l = socket(AF_UNIX, SOCK_DGRAM, 0);
	connect(l, (void *)&a, size);
	while (send(l, "x", 1, MSG_DONTWAIT) == 1)
		;
	child = fork();
	if (child == 0) {
		pause_ms(30);
		for (int i = 0; i < 300 && recv(d, &c, 1, MSG_DONTWAIT) == 1; i++)
			;
		_exit(0);
	}
	p[0] = (struct pollfd){l, POLLOUT, 0};
	check(poll(p, 1, 20000) == 1 && p[0].revents == POLLOUT, "a receiver makes room");
	waitpid(child, &status, 0);
	while (send(l, "x", 1, MSG_DONTWAIT) == 1)
		;
	child = fork();
	if (child == 0) {
		pause_ms(30);
		_exit(recv(d, &c, 1, 0) != 1);
	}
	check(send(l, "y", 1, 0) == 1, "a sender waits for it");
	check(waitpid(child, &status, 0) == child && status == 0, "the receiver");
	close(l);
	close(d);
}

static void executed(char *name)
{
	char first[12], second[12], data[8];
	int s[2], t[2], status = 1;
	pid_t child;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, t);
	snprintf(first, sizeof first, "%d", s[1]);
	snprintf(second, sizeof second, "%d", t[1]);
	child = fork();
	if (child == 0) {
		execl(name, name, first, second, NULL);
		_exit(9);
	}
	check(waitpid(child, &status, 0) == child && status == 0, "a socket outlives exec, but for close-on-exec");
	check(read(s[0], data, 8) == 4, "and is written to");
	for (int i = 0; i < 2; i++) {
		close(s[i]);
		close(t[i]);
	}
}

// Abstract names of one type are not those of another.
static void names_of_types(void)
{
	struct sockaddr_un name = {AF_UNIX, "\0types"};
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + 6;
	int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}, s[3], other = socket(AF_UNIX, SOCK_DGRAM, 0), big = 4096;
	bool is_ok = true;

	for (int i = 0; i < 3; i++) {
		s[i] = socket(AF_UNIX, types[i], 0);
		is_ok = is_ok && bind(s[i], (struct sockaddr *)&name, size) == 0;
	}
	check(is_ok && FAILS(bind(other, (struct sockaddr *)&name, size), EADDRINUSE), "one abstract name for each type");
	close(s[0]);
	s[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	check(FAILS(connect(s[0], (struct sockaddr *)&name, size), ECONNREFUSED), "a name of another type is none");
	check(connect(other, (struct sockaddr *)&name, size) == 0, "but one of the same is");
	check(setsockopt(other, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big) == 0, "SO_SNDBUFFORCE is root's");
	for (int i = 0; i < 3; i++)
		close(s[i]);
	close(other);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return write(atoi(argv[1]), "exec", 4) != 4 || fcntl(atoi(argv[2]), F_GETFD) != -1;
	making();
	streams();
	broken_pipe();
	large();
	shutdowns();
	timeouts_and_options();
	paths();
	permissions();
	abstract_names();
	names_of_types();
	backlog();
	datagrams();
	large_datagrams();
	records();
	many_messages();
	interrupted();
	waiting();
	executed(argv[0]);
	return tap_end();
}
