// Lines that wait for the serial line: a ring of bytes that takes a line whole or not at all.
#ifndef DRIVERS_UART_BUFFER_H
#define DRIVERS_UART_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUFFER_SIZE 16384u

struct buffer {
	uint32_t head, tail;  // free running
	uint64_t lost;        // lines dropped since the last line that was taken
	char bytes[BUFFER_SIZE];
};

// Append "name: text\r\n", control characters as '?'. Without room the line is counted as lost; the
// first line that finds room again is preceded by how many were.
void buffer_line(struct buffer *buffer, const char *name, const char *text, size_t length);

// Take one byte out. False: empty.
bool buffer_take(struct buffer *buffer, char *byte);

#endif
