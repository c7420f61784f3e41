// Stands in for QEMU and the guest, to test the relay alone: finds the ports among the
// arguments, as QEMU would, and does what the command (from START) says.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/control.h"

static int in = -1, out = -1, err = -1, control = -1;
static char payload[CONTROL_PAYLOAD_MAX];
static struct control_start start;
static char *strings[4096];

static void die(const char *why)
{
	fprintf(stderr, "fake: %s\n", why);
	exit(1);
}

static void read_all(int fd, void *data, size_t size)
{
	for (char *to = data; size > 0;) {
		ssize_t n = read(fd, to, size);

		if (n <= 0)
			die("read");
		to += n;
		size -= (size_t)n;
	}
}

static void write_all(int fd, const void *data, size_t size)
{
	for (const char *from = data; size > 0;) {
		ssize_t n = write(fd, from, size);

		if (n <= 0)
			die("write");
		from += n;
		size -= (size_t)n;
	}
}

static void say(int fd, const char *text)
{
	write_all(fd, text, strlen(text));
}

static uint8_t frame_read(void)
{
	struct control_header header;

	read_all(control, &header, sizeof(header));
	if (header.zero[0] || header.zero[1] || header.zero[2] || header.length > sizeof(payload))
		die("header");
	read_all(control, payload, header.length);
	return header.type;
}

static void leave(uint32_t status)
{
	struct control_header header = {.type = CONTROL_EXIT, .length = sizeof(struct control_exit)};
	struct control_exit exit_frame = {status};

	write_all(control, &header, sizeof(header));
	write_all(control, &exit_frame, sizeof(exit_frame));
	pause();
}

static void ports_find(int argc, char **argv)
{
	static const struct {
		const char *pattern;
		int *fd;
	} ports[] = {
		{"socket,id=pith.in,fd=%d", &in},
		{"socket,id=pith.out,fd=%d", &out},
		{"socket,id=pith.err,fd=%d", &err},
		{"socket,id=pith.control,fd=%d", &control},
	};

	for (int i = 1; i < argc; i++)
		for (int p = 0; p < 4; p++)
			if (sscanf(argv[i], ports[p].pattern, ports[p].fd) == 1) // NOLINT
				break;
	if (in < 0 || out < 0 || err < 0 || control < 0)
		die("ports");
}

// Copy exactly as many bytes as EOF says were sent.
static void cat(int to)
{
	static char data[65536];
	uint64_t total = UINT64_MAX;

	for (uint64_t copied = 0; copied < total;) {
		struct pollfd fds[] = {{in, POLLIN, 0}, {control, POLLIN, 0}};

		poll(fds, 2, -1);
		if (fds[0].revents) {
			ssize_t n = read(in, data, sizeof(data));

			if (n <= 0)
				die("input");
			write_all(to, data, (size_t)n);
			copied += (uint64_t)n;
		}
		if (fds[1].revents && frame_read() == CONTROL_EOF)
			memcpy(&total, payload, sizeof(total));
	}
	if (poll(&(struct pollfd){in, POLLIN, 0}, 1, 100) > 0)
		die("input after EOF");
}

static void show_start(void)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %u %u\n", start.tty_flags, start.rows, start.columns);
	say(out, text);
	for (uint32_t i = 0; i < start.argc + start.envc; i++) {
		say(out, strings[i]);
		say(out, "\n");
	}
}

static void show_arguments(char **argv)
{
	for (; *argv; argv++) {
		say(out, *argv);
		say(out, "\n");
	}
}

static void show_winsize(void)
{
	struct control_winsize size;
	char text[64];

	say(out, "ready\n");
	while (frame_read() != CONTROL_WINSIZE)
		;
	memcpy(&size, payload, sizeof(size));
	snprintf(text, sizeof(text), "%u %u\n", size.rows, size.columns);
	say(out, text);
}

// Write without end; leave with the number of the stream that was closed.
static void yes(int fd)
{
	struct control_closed closed;

	for (;;) {
		write_all(fd, "yes\n", 4);
		if (poll(&(struct pollfd){control, POLLIN, 0}, 1, 0) > 0 &&
		    frame_read() == CONTROL_CLOSED)
			break;
	}
	memcpy(&closed, payload, sizeof(closed));
	// What is still written is thrown away, so this must not wait for ever.
	for (int i = 0; i < 1000000; i++)
		write_all(fd, "lost\n", 5);
	leave(closed.stream);
}

static void flood(long size)
{
	uint32_t x = 1;

	for (long i = 0; i < size; i += 4) {
		static uint32_t block[1024];
		long n = i / 4 % 1024;

		x = x * 1664525 + 1013904223;
		block[n] = x;
		if (n == 1023)
			write_all(i & 1 << 12 ? out : err, block, sizeof(block));
	}
}

// Echo keys until "q", as a raw terminal delivers them.
static void keys(void)
{
	char key = 0;

	say(out, "ready\n");
	while (key != 'q') {
		char text[8];

		read_all(in, &key, 1);
		snprintf(text, sizeof(text), "<%02x>", (unsigned char)key);
		say(out, text);
	}
}

static void start_read(void)
{
	char *text = payload + sizeof(start);

	if (frame_read() != CONTROL_START)
		die("no START");
	memcpy(&start, payload, sizeof(start));
	for (uint32_t i = 0; i < start.argc + start.envc && i < 4096; i++) {
		strings[i] = text;
		text += strlen(text) + 1;
	}
}

int main(int argc, char **argv)
{
	ports_find(argc, argv);
	if (argc > 1 && strcmp(argv[1], "deaf") == 0)
		pause();
	start_read();

	const char *what = strings[0];
	const char *argument = start.argc > 1 ? strings[1] : "0";

	if (strcmp(what, "cat") == 0)
		cat(out);
	else if (strcmp(what, "cat-err") == 0)
		cat(err);
	else if (strcmp(what, "start") == 0)
		show_start();
	else if (strcmp(what, "arguments") == 0)
		show_arguments(argv);
	else if (strcmp(what, "winsize") == 0)
		show_winsize();
	else if (strcmp(what, "yes") == 0)
		yes(strcmp(argument, "err") == 0 ? err : out);
	else if (strcmp(what, "flood") == 0)
		flood(atol(argument));
	else if (strcmp(what, "keys") == 0)
		keys();
	else if (strcmp(what, "hang") == 0)
		pause();
	else if (strcmp(what, "crash") == 0)
		die("crashed on purpose");
	else if (strcmp(what, "garbage") == 0)
		say(control, "garbage garbage garbage");
	else if (strcmp(what, "status") == 0)
		leave((uint32_t)atol(argument));
	leave(0);
}
