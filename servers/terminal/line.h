// The line discipline of a terminal: what Linux's n_tty does, without any I/O. Input bytes go in, what
// is to be echoed and which signals are to be sent come out; readers take lines or bytes.
//
// Numbers and structures are those of Linux x86-64.
#ifndef SERVERS_TERMINAL_LINE_H
#define SERVERS_TERMINAL_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_SIZE 4096u
#define LINE_ECHO_MAX 64   // bytes that one input byte echoes at most, but for a line kill
#define LINE_CONTROLS 19
#define LINE_OUTPUT_MAX 8  // bytes that one byte of output becomes at most

// struct termios of the kernel: TCGETS.
struct line_settings {
	uint32_t input, output, control, local;
	uint8_t discipline;
	uint8_t characters[LINE_CONTROLS];
};
_Static_assert(sizeof(struct line_settings) == 36, "TCGETS");

// Where what the discipline produces goes: echo is written at once, signals are sent at once.
struct line_sink {
	void (*echo)(void *context, const char *bytes, uint32_t count);
	void (*signal)(void *context, int number);
	void *context;
	void (*flow)(void *context, bool is_stopped);  // may be null
};

struct line {
	struct line_settings settings;
	struct line_sink sink;
	uint8_t bytes[LINE_SIZE];
	uint8_t marks[LINE_SIZE];        // LINE_MARK_*
	uint32_t head, complete, tail;   // free running: written, end of complete lines, read
	uint32_t column, start_column;   // of the cursor; where the line being edited starts
	bool literal;                    // the next byte is taken as it is (VLNEXT)
	bool stopped;                    // output is (VSTOP)
};

void line_init(struct line *line, const struct line_sink *sink);

// Whether one more byte can be given.
bool line_has_room(const struct line *line);

void line_input(struct line *line, uint8_t byte);

// How many bytes can be given at least.
uint32_t line_room(const struct line *line);

// Stop the output, or let it go on.
void line_stop(struct line *line, bool is_stopped);

// Bytes that a read can have now: of one line in canonical mode. *ended: the line is an end of file.
uint32_t line_available(const struct line *line, bool *ended);

// Bytes that are there for reads to come: of all complete lines in canonical mode.
uint32_t line_unread(const struct line *line);

// Copy at most `size` bytes of them without taking them; *used: what line_take must then take.
uint32_t line_peek(const struct line *line, uint8_t *to, uint32_t size, uint32_t *used);
void line_take(struct line *line, uint32_t used);

// Throw away what was not read.
void line_flush(struct line *line);

void line_set(struct line *line, const struct line_settings *settings);

// Bytes that one byte of output may become, by the settings.
uint32_t line_output_max(const struct line *line);

// Output processing: at most `count` bytes become at most `size`; *used: how many were taken.
// `translate`: line ends are this side's to make.
uint32_t line_output(struct line *line, const uint8_t *from, uint32_t count, uint8_t *to,
		     uint32_t size, bool translate, uint32_t *used);

#endif
