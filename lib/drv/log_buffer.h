// Lines of the log that wait for a device: a ring of bytes that takes a line whole or not at all.
#ifndef LIB_DRV_LOG_BUFFER_H
#define LIB_DRV_LOG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sys/msg.h"
#include "protocol/names.h"

#define LOG_BUFFER_SIZE 16384u

struct log_buffer {
	uint32_t head, tail;  // free running
	uint64_t lost;        // lines dropped since the last line that was taken
	char bytes[LOG_BUFFER_SIZE];
};

// Append "name: text\r\n", control characters as '?'. Without room the line is counted as lost; the
// first line that finds room again is preceded by how many were.
void log_buffer_line(struct log_buffer *buffer, const char *name, const char *text, size_t length);

// Serve a message of the log protocol (protocol/log.def) by its line, under the sender's name. Returns
// the answer's result: 0, -EINVAL, or -ENOSYS for another message. names may be null.
int64_t log_buffer_serve(struct log_buffer *buffer, const struct names *names, const struct msg *m);

// Take one byte out. False: empty.
bool log_buffer_take(struct log_buffer *buffer, char *byte);

#endif
