// random SEED SECONDS: system calls with random and boundary arguments, from four children at once, each
// with a second thread now and then. Nobody looks at what they answer; the system has to be there
// afterwards. A child that has made itself wait for good (its alarm is ignored, say) is killed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 4
#define CALLS 460

#define STUCK 3  // seconds without a call: then it is killed
#define THREAD_CALLS 40

static uint64_t states[2];  // of the first thread, of the second
static char *memory;
static volatile unsigned *progress;  // a count for each child, shared with the parent
static _Alignas(16) char stack[65536];
static int thread_tid;  // the kernel clears it when the second thread ends

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1dull;
}

static uint64_t argument(uint64_t *state)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 4, 7, 8, 63, 64, 255, 4095, 4096, 4097, 65535, 65536, 0x7fffffff, 0x80000000,
		0xffffffff, 1ull << 32, 1ull << 40, 0x7f7fffffffff, 0x7f8000000000, 0x7f8001000000,
		0x7fffffffffff, 0x800000000000, 0x1234567812345678, 0xffff800000000000, 0xffffffff80100000,
		0xffffffffff600000, 1ull << 63, ~0ull - 4095, ~0ull - 1, ~0ull, ~0ull >> 1, (uint64_t)-100,
	};
	uint64_t r = next(state);

	switch (r % 6) {
	case 0:
		return edges[(r >> 8) % (sizeof edges / sizeof edges[0])];
	case 1:
		return (r >> 8) % 24;  // descriptors, signals, commands
	case 2:
		return (uint64_t)(uintptr_t)memory + (r >> 8) % 0x5000;  // the last page is not there
	case 3:
		return (uint64_t)(uintptr_t)memory + ((r >> 8) % 16) * 64;  // names, messages
	case 4:
		return next(state) >> (r >> 8) % 64;
	default:
		return (r >> 8) % 0x10000 & ~0xfffull;
	}
}

// What would end, stop or silence this very test, and what lasts.
static int is_left_out(long number)
{
	switch (number) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
	case SYS_pidfd_send_signal:
	case SYS_pause:
	case SYS_reboot:
	case SYS_rt_sigreturn:
	case SYS_vfork:
		return 1;
	default:
		return 0;
	}
}

static void names_make(void)
{
	static const char *const names[] = {"/tmp/random-a", "/tmp/random-b", "/tmp/random-d/x", "/tmp/random-d",
					    ".", "/dev/null", "", "/tmp/random-sh"};

	for (int i = 0; i < 8; i++)
		strcpy(memory + 64 * i, names[i]);
	// An address of a socket, too, and a message with a descriptor.
	memcpy(memory + 64 * 6, "\1\0\0random", 9);
	*(struct msghdr *)(memory + 64 * 8) = (struct msghdr){
		.msg_iov = (void *)(memory + 64 * 10), .msg_iovlen = 1,
		.msg_control = memory + 64 * 11, .msg_controllen = CMSG_SPACE(sizeof(int))};
	*(struct iovec *)(memory + 64 * 10) = (struct iovec){memory + 64 * 12, 64};
	*(struct cmsghdr *)(memory + 64 * 11) = (struct cmsghdr){
		.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	*(int *)CMSG_DATA((struct cmsghdr *)(memory + 64 * 11)) = (int)(next(&states[0]) % 24);
}

// Random numbers hardly ever make a socket: so here are some, where descriptors are likely.
static void sockets_make(void)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	struct sockaddr_un a = {AF_UNIX, "\0random"};
	int pair[2], s;

	for (int i = 3; i < 12; i++)
		close(i);
	for (int i = 0; i < 3; i++)
		if (socketpair(AF_UNIX, types[i], 0, pair))
			return;
	s = socket(AF_UNIX, types[next(&states[0]) % 3], 0);
	if (bind(s, (void *)&a, 9) == 0)
		listen(s, 3);
	socket(AF_UNIX, types[next(&states[0]) % 3], 0);
}

static void call(long number, uint64_t *state)
{
	uint64_t a[6];

	for (int i = 0; i < 6; i++)
		a[i] = argument(state);
	syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int is_fork(long number) { return number == SYS_fork || number == SYS_clone || number == SYS_clone3; }

static int second(void *unused)
{
	(void)unused;
	for (int i = 0; i < THREAD_CALLS; i++) {
		long number = (long)(next(&states[1]) % CALLS);

		if (!is_left_out(number) && !is_fork(number))
			call(number, &states[1]);
	}
	return 0;
}

// Where the last one is gone: one more thread of this child's.
static void thread_start(void)
{
	if (thread_tid)
		return;
	thread_tid = -1;
	if (clone(second, stack + sizeof stack,
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
			  CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
		  NULL, &thread_tid, NULL, &thread_tid) < 0)
		thread_tid = 0;
}

// The shell, for them to run: they are root, and may change its mode.
static int shell_copy(void)
{
	static char data[65536];
	int from = open("/bin/sh", O_RDONLY), to = open("/tmp/random-sh", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	while ((n = read(from, data, sizeof data)) > 0)
		if (write(to, data, (size_t)n) != n)
			return -1;
	close(from);
	close(to);
	return n == 0 ? 0 : -1;
}

// Not where this test writes: a child may make its output of any size.
static void streams_set(void)
{
	int fd = open("/tmp/random-o", O_RDWR | O_CREAT | O_TRUNC, 0600);

	dup2(fd, 1);
	dup2(fd, 2);
}

static void child(uint64_t seed, time_t end, int place)
{
	streams_set();
	states[0] = seed * 0x9e3779b97f4a7c15ull + 1;
	states[1] = ~states[0] | 1;
	setsid();
	memory = mmap(NULL, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (time(NULL) < end) {
		long number = (long)(next(&states[0]) % CALLS);

		progress[place]++;
		if (is_left_out(number))
			continue;
		names_make();
		if (next(&states[0]) % 64 == 0)
			sockets_make();
		if (next(&states[0]) % 256 == 0)
			thread_start();
		if (next(&states[0]) % 8 == 0)
			number = SYS_socket + (long)(next(&states[0]) % 15);
		alarm(1);
		if (is_fork(number)) {
			if (fork() == 0)
				_exit(0);
			continue;
		}
		call(number, &states[0]);
	}
	_exit(0);
}

static struct {
	pid_t pid;
	unsigned seen;  // its progress at that time
	time_t since;
} children[CHILDREN];

static void children_start(uint64_t seed, time_t end, uint64_t *born)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = children[i].pid ? 0 : fork();

		if (children[i].pid || pid < 0)
			continue;
		if (pid == 0)
			child(seed * 100000 + *born, end, i);
		children[i].pid = pid;
		children[i].since = time(NULL);
		(*born)++;
	}
}

static int children_reap(void)
{
	pid_t pid;
	int running = 0;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < CHILDREN; i++)
			if (children[i].pid == pid)
				children[i].pid = 0;
	for (int i = 0; i < CHILDREN; i++)
		running += children[i].pid != 0;
	return running;
}

static int children_watch(void)
{
	int killed = 0;

	for (int i = 0; i < CHILDREN; i++) {
		if (children[i].pid && progress[i] == children[i].seen) {
			if (time(NULL) - children[i].since >= STUCK && kill(children[i].pid, SIGKILL) == 0)
				killed++;
			continue;
		}
		children[i].seen = progress[i];
		children[i].since = time(NULL);
	}
	return killed;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 20);
	uint64_t born = 0;
	int stuck = 0;

	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (chdir("/tmp") || progress == MAP_FAILED || shell_copy())
		return 1;
	mkdir("/tmp/random-d", 0777);
	// A child that has lost its memory or its life is followed by the next.
	while (children_reap() || time(NULL) < end) {
		if (time(NULL) < end)
			children_start(seed, end, &born);
		stuck += children_watch();
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	}
	printf("done\n");
	fprintf(stderr, "%llu children, %d of them stuck\n", (unsigned long long)born, stuck);
	return 0;
}
