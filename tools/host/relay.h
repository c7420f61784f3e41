// The relay: what is shared between its files.
#ifndef TOOLS_HOST_RELAY_H
#define TOOLS_HOST_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/control.h"

// Statuses of our own, besides the command's.
#define STATUS_USAGE    2   // wrong arguments, or a command line that is too long
#define STATUS_MACHINE  70  // the machine ended without telling a status
#define STATUS_TIMEOUT  124 // as timeout(1)
#define STATUS_SIGNAL   128 // plus the signal's number

#define PORT_COUNT 4 // port number n is index n - 1

struct options {
	const char *log;      // what the machine writes on COM1, appended
	const char *last_log; // name that the log gets at the end, or NULL
	const char *scratch;  // folder to remove at the end, or NULL
	double timeout;       // seconds; 0 is for ever
	char **machine;       // QEMU and its arguments, machine_count of them
	size_t machine_count;
	char **command; // ends with NULL; at least one
};

// machine.c
struct machine {
	pid_t pid;
	int ports[PORT_COUNT]; // our ends, non-blocking
	off_t log_start;       // length of the log before this run
};

void machine_init(struct machine *machine, const struct options *options);
void machine_free(struct machine *machine);
void machine_print_log(const struct machine *machine, const char *log);

// terminal.c
bool terminal_is_raw(void);
void terminal_init(void);
void terminal_free(void);
uint32_t terminal_get_flags(void);
struct control_winsize terminal_get_size(void);

// An fd that writes to the same terminal without blocking, else fd itself.
int terminal_open_output(int fd);

// channel.c: the host's half of the control channel.
struct channel {
	int fd;
	bool is_ended; // EXIT has come, or the machine has closed the port
	bool has_exit;
	uint32_t status;
	size_t out_start, out_end, in_end;
	uint8_t out[CONTROL_PAYLOAD_MAX + 4096];
	uint8_t in[sizeof(struct control_header) + sizeof(struct control_exit)];
};

void channel_init(struct channel *channel, int fd, char **command);
bool channel_is_idle(const struct channel *channel);
void channel_add(struct channel *channel, uint8_t type, const void *payload, size_t size);
void channel_send(struct channel *channel);
void channel_recv(struct channel *channel);

// Whether the machine has taken everything that was sent: it is up.
bool channel_is_taken(const struct channel *channel);

// stream.c
#define STREAM_BUFFER (64 * 1024)

// Standard input on its way in.
struct input {
	int fd, port;
	bool is_ended; // no more bytes from fd
	bool is_told;  // and the machine knows it
	uint64_t total;
	size_t start, end;
	uint8_t data[STREAM_BUFFER];
};

// One output on its way out.
struct output {
	int fd, port;
	uint32_t number; // CONTROL_STREAM_*
	bool is_socket, is_pipe;
	bool is_closed;  // nobody reads: bytes are thrown away
	bool is_ended;   // the machine has closed the port
	bool is_drained; // the port had nothing when we last looked
	size_t start, end;
	uint8_t data[STREAM_BUFFER];
};

void input_init(struct input *input, int fd, int port);
void input_read(struct input *input);
void input_send(struct input *input);
void output_init(struct output *output, int fd, int port, uint32_t number);

// Move what can be moved without waiting. Returns true when the reader has just gone.
bool output_move(struct output *output);

void fail(int status, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

#endif
