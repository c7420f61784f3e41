// The control channel between the machine and the program that runs it on the
// host (tools/host/relay.c). Both sides include this file.
//
// The host gives the machine one virtio-serial device with four ports, found by
// name or by number:
//
//	1  pith.in       host to guest: standard input, bytes as they are
//	2  pith.out      guest to host: standard output
//	3  pith.err      guest to host: standard error
//	4  pith.control  both ways: frames, as described here
//
// A frame is a struct control_header and `length` bytes of payload. All numbers
// are little endian; frames have no padding and follow one another directly.
//
// Order. The ports are independent streams, so what has to be ordered says so:
// EOF carries the number of input bytes that precede it; the guest sends EXIT
// only when the device has taken back every buffer of pith.out and pith.err.
#ifndef ABI_CONTROL_H
#define ABI_CONTROL_H

#include <stdint.h>

#define CONTROL_PORT_IN      1
#define CONTROL_PORT_OUT     2
#define CONTROL_PORT_ERR     3
#define CONTROL_PORT_CONTROL 4

#define CONTROL_NAME_IN      "pith.in"
#define CONTROL_NAME_OUT     "pith.out"
#define CONTROL_NAME_ERR     "pith.err"
#define CONTROL_NAME_CONTROL "pith.control"

// Host to guest.
#define CONTROL_START   1  // first frame, exactly once: struct control_start and strings
#define CONTROL_EOF     2  // input has ended: struct control_eof; at most once
#define CONTROL_WINSIZE 3  // the terminal has another size: struct control_winsize
#define CONTROL_CLOSED  4  // nobody reads an output any more: struct control_closed

// Guest to host.
#define CONTROL_EXIT 16 // the command has ended: struct control_exit; the last frame

// The largest payload of a START; every other payload is shorter.
#define CONTROL_PAYLOAD_MAX (128 * 1024)

struct control_header {
	uint8_t type;    // CONTROL_*
	uint8_t zero[3]; // 0
	uint32_t length; // bytes of payload that follow
};

// Which of the command's streams are the host's terminal. Input of a terminal is
// raw: line editing, echo and signals are the guest's. If both input and output
// are the terminal then the guest also turns "\n" into "\r\n".
#define CONTROL_TTY_IN  0x1
#define CONTROL_TTY_OUT 0x2
#define CONTROL_TTY_ERR 0x4

// Followed by argc strings, the command's arguments, and envc strings
// "NAME=value", the whole environment; each ends with a zero byte.
struct control_start {
	uint32_t tty_flags; // CONTROL_TTY_*
	uint16_t rows;      // of the terminal; 0 when none is known
	uint16_t columns;
	uint32_t argc; // at least 1
	uint32_t envc;
};

struct control_eof {
	uint64_t total_bytes; // sent over pith.in, all in all
};

struct control_winsize {
	uint16_t rows;
	uint16_t columns;
};

#define CONTROL_STREAM_OUT 1
#define CONTROL_STREAM_ERR 2

// What is still sent to the stream is thrown away; the guest gives the writer
// what a pipe without a reader gives (EPIPE, SIGPIPE).
struct control_closed {
	uint32_t stream; // CONTROL_STREAM_*
};

struct control_exit {
	uint32_t status; // 0..255; 128 + n when signal n ended the command
};

#endif
