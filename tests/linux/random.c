// random SEED SECONDS: system calls with random and boundary arguments, from four children at once.
// Nobody looks at what they answer; the system has to be there afterwards.
#define _GNU_SOURCE
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

static uint64_t state;
static char *memory;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static uint64_t argument(void)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 4, 7, 8, 63, 64, 255, 4095, 4096, 4097, 65535, 65536, 0x7fffffff, 0x80000000,
		0xffffffff, 1ull << 32, 1ull << 40, 0x7f7fffffffff, 0x7f8000000000, 0x7f8001000000,
		0x7fffffffffff, 0x800000000000, 0x1234567812345678, 0xffff800000000000, 0xffffffff80100000,
		0xffffffffff600000, 1ull << 63, ~0ull - 4095, ~0ull - 1, ~0ull, ~0ull >> 1, (uint64_t)-100,
	};
	uint64_t r = next();

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
		return next() >> (r >> 8) % 64;
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
					    ".", "/dev/null", "", "/bin/sh"};

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
	*(int *)CMSG_DATA((struct cmsghdr *)(memory + 64 * 11)) = (int)(next() % 24);
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
	s = socket(AF_UNIX, types[next() % 3], 0);
	if (bind(s, (void *)&a, 9) == 0)
		listen(s, 3);
	socket(AF_UNIX, types[next() % 3], 0);
}

static void child(uint64_t seed, time_t end)
{
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	setsid();
	memory = mmap(NULL, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (time(NULL) < end) {
		long number = (long)(next() % CALLS);

		if (is_left_out(number))
			continue;
		names_make();
		if (next() % 64 == 0)
			sockets_make();
		if (next() % 8 == 0)
			number = SYS_socket + (long)(next() % 15);
		alarm(1);
		if (number == SYS_fork || number == SYS_clone || number == SYS_clone3) {
			if (fork() == 0)
				_exit(0);
			continue;
		}
		syscall(number, argument(), argument(), argument(), argument(), argument(), argument());
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 20);
	uint64_t born = 0;

	if (chdir("/tmp"))
		return 1;
	mkdir("/tmp/random-d", 0777);
	// A child that has lost its memory or its life is followed by the next.
	for (int running = 0; time(NULL) < end || running; running -= wait(NULL) > 0) {
		while (running < CHILDREN && time(NULL) < end) {
			pid_t pid = fork();

			if (pid == 0)
				child(seed * 100000 + born, end);
			running += pid > 0;
			born++;
		}
	}
	printf("done\n");
	fprintf(stderr, "%llu children\n", (unsigned long long)born);
	return 0;
}
