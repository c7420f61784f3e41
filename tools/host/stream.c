// The program's standard streams. Nothing here waits: the descriptors belong to our
// caller, who may share them, so they stay in blocking mode and are asked first.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/host/relay.h"

void input_init(struct input *input, int fd, int port)
{
	input->fd = fd;
	input->port = port;
	input->is_ended = input->is_told = false;
	input->total = 0;
	input->start = input->end = 0;
}

// Called when fd has something, and the buffer is empty. An input that cannot be
// read (a folder, a terminal that hung up) has ended.
void input_read(struct input *input)
{
	ssize_t n = read(input->fd, input->data, sizeof(input->data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		input->is_ended = true;
		return;
	}
	input->start = 0;
	input->end = (size_t)n;
}

void input_send(struct input *input)
{
	while (input->start < input->end) {
		ssize_t n = send(input->port, input->data + input->start,
				 input->end - input->start, MSG_NOSIGNAL);

		if (n < 0)
			return;
		input->start += (size_t)n;
		input->total += (uint64_t)n;
	}
}

void output_init(struct output *output, int fd, int port, uint32_t number)
{
	struct stat info;

	output->fd = isatty(fd) ? terminal_open_output(fd) : fd;
	output->port = port;
	output->number = number;
	output->is_socket = fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
	output->is_pipe = S_ISFIFO(info.st_mode);
	output->is_closed = output->is_ended = output->is_drained = false;
	output->start = output->end = 0;
}

// A pipe that is ready takes PIPE_BUF bytes at once; more could wait for its reader.
static ssize_t output_write(const struct output *output)
{
	const uint8_t *data = output->data + output->start;
	size_t size = output->end - output->start;
	struct pollfd ready = {.fd = output->fd, .events = POLLOUT};

	if (output->is_socket)
		return send(output->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&ready, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(output->fd, data, output->is_pipe && size > PIPE_BUF ? PIPE_BUF : size);
}

static void output_recv(struct output *output)
{
	ssize_t n = recv(output->port, output->data, sizeof(output->data), 0);

	output->is_drained = n <= 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		output->is_ended = true;
	output->start = 0;
	output->end = n > 0 ? (size_t)n : 0;
}

bool output_move(struct output *output)
{
	bool was_closed = output->is_closed;

	for (;;) {
		if (output->is_closed)
			output->start = output->end;
		if (output->start == output->end) {
			output_recv(output);
			if (output->is_drained)
				break;
		}
		if (output->is_closed)
			continue;

		ssize_t n = output_write(output);

		if (n >= 0)
			output->start += (size_t)n;
		else if (errno == EAGAIN || errno == EINTR)
			break;
		else
			output->is_closed = true;
	}
	return output->is_closed && !was_closed;
}
