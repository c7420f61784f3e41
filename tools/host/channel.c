// The host's half of the control channel: see abi/control.h.
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>

#include "tools/host/relay.h"

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "frames are written as they lie in memory");

static void size_check(size_t size, size_t limit)
{
	if (size > limit)
		fail(STATUS_USAGE,
		     "the command and its arguments are longer than %d KiB: put them in a script, "
		     "and lay its folder over the root with --root",
		     CONTROL_PAYLOAD_MAX / 1024);
}

static void channel_put(struct channel *channel, const void *data, size_t size)
{
	size_check(size, sizeof(channel->out) - channel->out_end);
	memcpy(channel->out + channel->out_end, data, size);
	channel->out_end += size;
}

void channel_add(struct channel *channel, uint8_t type, const void *payload, size_t size)
{
	struct control_header header = {.type = type, .length = (uint32_t)size};

	channel_put(channel, &header, sizeof(header));
	channel_put(channel, payload, size);
}

// The environment is ours, not the host's: paths of the host mean nothing inside.
static uint32_t environment_put(struct channel *channel, uint32_t tty_flags)
{
	const char *term = getenv("TERM");
	char text[128];

	if (!term || !*term || strlen(term) > 64)
		term = tty_flags & CONTROL_TTY_IN ? "linux" : "dumb";
	channel_put(channel, "HOME=/root", sizeof("HOME=/root"));
	channel_put(channel, "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		    sizeof("PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
	channel_put(channel, text, (size_t)snprintf(text, sizeof(text), "TERM=%s", term) + 1);
	return 3;
}

void channel_init(struct channel *channel, int fd, char **command)
{
	struct control_header header = {.type = CONTROL_START};
	struct control_winsize size = terminal_get_size();
	struct control_start start = {
		.tty_flags = terminal_get_flags(),
		.rows = size.rows,
		.columns = size.columns,
	};

	channel->fd = fd;
	channel->is_ended = channel->has_exit = false;
	channel->out_start = channel->in_end = 0;
	channel->out_end = sizeof(header) + sizeof(start);
	for (; command[start.argc]; start.argc++)
		channel_put(channel, command[start.argc], strlen(command[start.argc]) + 1);
	start.envc = environment_put(channel, start.tty_flags);
	header.length = (uint32_t)(channel->out_end - sizeof(header));
	size_check(header.length, CONTROL_PAYLOAD_MAX);
	memcpy(channel->out, &header, sizeof(header));
	memcpy(channel->out + sizeof(header), &start, sizeof(start));
}

bool channel_is_idle(const struct channel *channel)
{
	return channel->out_start == channel->out_end;
}

bool channel_is_taken(const struct channel *channel)
{
	int waiting = 0;

	return channel_is_idle(channel) && ioctl(channel->fd, SIOCOUTQ, &waiting) == 0 &&
	       waiting == 0;
}

void channel_send(struct channel *channel)
{
	while (!channel_is_idle(channel)) {
		ssize_t n = send(channel->fd, channel->out + channel->out_start,
				 channel->out_end - channel->out_start, MSG_NOSIGNAL);

		if (n < 0)
			return; // full, or gone, which the next receive will tell
		channel->out_start += (size_t)n;
	}
	channel->out_start = channel->out_end = 0;
}

// EXIT is the only frame that can come, so the buffer holds just that.
static void channel_decode(struct channel *channel)
{
	struct control_header header;
	struct control_exit exit_frame;

	memcpy(&header, channel->in, sizeof(header));
	if (header.type != CONTROL_EXIT || header.length != sizeof(exit_frame))
		fail(STATUS_MACHINE, "the machine sent a control frame of type %u, length %u",
		     header.type, header.length);
	if (channel->in_end < sizeof(channel->in))
		return;
	memcpy(&exit_frame, channel->in + sizeof(header), sizeof(exit_frame));
	channel->status = exit_frame.status & 0xff;
	channel->has_exit = channel->is_ended = true;
}

void channel_recv(struct channel *channel)
{
	while (!channel->is_ended) {
		ssize_t n = recv(channel->fd, channel->in + channel->in_end,
				 sizeof(channel->in) - channel->in_end, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			channel->is_ended = true;
			return;
		}
		channel->in_end += (size_t)n;
		if (channel->in_end >= sizeof(struct control_header))
			channel_decode(channel);
	}
}
