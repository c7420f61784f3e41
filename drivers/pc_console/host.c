#include "drivers/pc_console/host.h"

#include <string.h>

#include "abi/control.h"
#include "lib/boot/command_line.h"

#define PROGRAM_MAX 256

static const char environment[] = "HOME=/root\0"
				  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\0"
				  "TERM=xterm";
#define ENVIRONMENT_COUNT 3

void host_start(struct ring_end *frames, const char *command_line, uint32_t rows, uint32_t columns)
{
	const char *program = command_line_find(command_line, "program=");
	size_t length = program ? strcspn(program, " ") : 0;
	char name[PROGRAM_MAX] = "/bin/sh";
	struct {
		struct control_header header;
		struct control_start start;
	} frame = {{.type = CONTROL_START},
		   {.tty_flags = CONTROL_TTY_IN | CONTROL_TTY_OUT | CONTROL_TTY_ERR,
		    .rows = (uint16_t)rows, .columns = (uint16_t)columns, .argc = 1,
		    .envc = ENVIRONMENT_COUNT}};

	if (length && length < PROGRAM_MAX) {
		memcpy(name, program, length);
		name[length] = 0;
	}
	length = strlen(name) + 1;
	frame.header.length = (uint32_t)(sizeof(frame.start) + length + sizeof(environment));
	ring_store(frames, 0, &frame, sizeof(frame));
	ring_store(frames, sizeof(frame), name, (uint32_t)length);
	ring_store(frames, (uint32_t)(sizeof(frame) + length), environment, sizeof(environment));
	ring_advance(frames, (uint32_t)sizeof(frame.header) + frame.header.length);
}

bool host_pump(struct ring_end *frames)
{
	do
		ring_advance(frames, ring_room(frames));
	while (!ring_sleep(frames, 1));
	return ring_wake(frames);
}
