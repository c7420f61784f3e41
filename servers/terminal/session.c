// The host's frames (abi/control.h), and the first program: a second thread starts it and waits for
// its end, because the server itself must not wait.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/thread/thread.h"
#include "protocol/gen/life.h"
#include "protocol/gen/session.h"
#include "servers/terminal/terminal.h"

#define APPEND_MAX 440
#define STACK_BYTES 0x4000
#define STATUS_BROKEN 70

static struct {
	struct control_header header;
	uint32_t header_count;
	uint8_t *payload;
	uint32_t payload_count;
	bool is_broken;
} frame;

// Written before the thread starts, but for `result` and `failed`, which it writes before it signals.
static struct {
	const char *strings;
	uint32_t size, argc, envc;
	cap_t handles[3];
	cap_t ended, news, thread;
	uint64_t result;
	err_t failed;
} start;

static enum { RUN_NONE, RUN_STARTED, RUN_ENDED, RUN_REPORTED } run;
static uint32_t status;

bool session_is_running(void) { return run == RUN_STARTED; }

static err_t strings_send(void)
{
	for (uint32_t at = 0; at < start.size;) {
		uint32_t piece = start.size - at < APPEND_MAX ? start.size - at : APPEND_MAX;
		uint64_t words[APPEND_MAX / 8] = {0};
		struct msg m = {.words = {piece}};
		err_t err;

		memcpy(words, start.strings + at, piece);
		m.tag = TAG(SESSION_APPEND, 1 + (piece + 7) / 8);
		msg_set_words(&m, 1, words, (piece + 7) / 8);
		err = sys_call(terminal.session, &m);
		if (err)
			return err;
		if ((int64_t)m.words[0] < 0) {
			start.result = m.words[0];
			return OK;
		}
		at += piece;
	}
	// From now on it tells who a badge is, and when a session has ended.
	if (session_terminal(terminal.session, terminal.server.endpoint, start.news, &start.result) ||
	    (int64_t)start.result < 0)
		rt_log("programs will have no terminal of their own");
	return session_start(terminal.session, start.argc, start.envc, start.handles[0],
			     start.handles[1], start.handles[2], &start.result);
}

// The second thread. It uses no part of the C library but memcpy.
static void start_thread(void *data)
{
	(void)data;
	start.failed = strings_send();
	(void)sys_signal(start.ended);
	for (;;)
		(void)thread_suspend(start.thread);  // done for good
}

static void message_write(const char *text)
{
	int ring = terminal.has_tty && terminal.tty_ring >= 0 ? terminal.tty_ring : CONSOLE_ERR;
	uint32_t length = (uint32_t)strlen(text);

	if (ring_room(&terminal.rings[ring]) < length)
		return;
	ring_store(&terminal.rings[ring], 0, text, length);
	ring_publish(ring, length);
}

// The shell's numbers for what could not be started.
static uint32_t start_error(int error)
{
	char text[300];
	const char *why = error == ENOENT ? "not found" : strerror(error);

	snprintf(text, sizeof(text), "pith: %.200s: %s%s\n", start.strings, why,
		 terminal.cooks ? "\r" : "");
	message_write(text);
	return error == ENOENT ? 127 : 126;
}

void session_ended(void)
{
	int64_t result = (int64_t)start.result;

	if (run != RUN_STARTED)
		return;
	run = RUN_ENDED;
	if (start.failed) {
		rt_log("the process server does not answer: error %u", (unsigned)start.failed);
		status = STATUS_BROKEN;
	} else if (result < 0) {
		status = start_error((int)-result);
	} else if (result & 0x7f) {
		status = 128 + (uint32_t)(result & 0x7f);
	} else {
		status = (uint32_t)result >> 8 & 0xff;
	}
}

// When the device has all output, report; when it has the report, switch off. A system that is broken
// has no status to report: the host says that the machine stopped, and shows the log.
static void end_pump(void)
{
	struct {
		struct control_header header;
		struct control_exit exit;
	} report = {{.type = CONTROL_EXIT, .length = sizeof(struct control_exit)}, {status}};
	uint64_t result;

	if (run == RUN_ENDED && !ring_sleep_drain(&terminal.rings[CONSOLE_OUT]) &&
	    !ring_sleep_drain(&terminal.rings[CONSOLE_ERR])) {
		run = RUN_REPORTED;
		if (!start.failed) {
			ring_store(&terminal.rings[CONSOLE_CONTROL_OUT], 0, &report, sizeof(report));
			ring_publish(CONSOLE_CONTROL_OUT, sizeof(report));
		}
	}
	if (run == RUN_REPORTED && !ring_sleep_drain(&terminal.rings[CONSOLE_CONTROL_OUT]))
		(void)life_power_off(component_get_cap("supervisor"), status, &result);
}

static bool strings_check(const char *strings, uint32_t size, uint64_t count)
{
	uint64_t ends = 0;

	for (uint32_t i = 0; i < size; i++)
		ends += !strings[i];
	return ends == count && size && !strings[size - 1];
}

static void streams_init(uint32_t flags)
{
	terminal.has_tty = flags & (CONTROL_TTY_IN | CONTROL_TTY_OUT | CONTROL_TTY_ERR);
	terminal.tty_in = flags & CONTROL_TTY_IN;
	terminal.cooks = (flags & CONTROL_TTY_IN) && (flags & CONTROL_TTY_OUT);
	terminal.tty_ring = flags & CONTROL_TTY_OUT ? CONSOLE_OUT
			    : flags & CONTROL_TTY_ERR ? CONSOLE_ERR : -1;
}

// One description for all streams that are the terminal, as after a login.
static bool handles_make(uint32_t flags)
{
	static const uint32_t bits[3] = {CONTROL_TTY_IN, CONTROL_TTY_OUT, CONTROL_TTY_ERR};
	static const enum target targets[3] = {TARGET_IN, TARGET_OUT, TARGET_ERR};
	struct handle *tty = terminal.has_tty ? handle_make(TARGET_TTY, &console, O_RDWR) : NULL;

	for (unsigned i = 0; i < 3; i++) {
		struct handle *h = flags & bits[i] ? tty
				   : handle_make(targets[i], NULL, i ? O_WRONLY : O_RDONLY);

		if (!h)
			return false;
		start.handles[i] = h->slot;
	}
	return true;
}

static void frame_start(void)
{
	struct control_start head;
	cap_t cnode = component_get_cap("cnode");
	err_t err;

	if (run != RUN_NONE || frame.header.length < sizeof(head))
		return;
	memcpy(&head, frame.payload, sizeof(head));
	start.strings = (char *)frame.payload + sizeof(head);
	start.size = frame.header.length - (uint32_t)sizeof(head);
	start.argc = head.argc;
	start.envc = head.envc;
	if (!head.argc || !strings_check(start.strings, start.size, (uint64_t)head.argc + head.envc)) {
		rt_log("the host's start frame is malformed");
		return;
	}
	frame.payload = NULL;  // the strings stay
	console.rows = head.rows;
	console.columns = head.columns;
	streams_init(head.tty_flags);
	start.ended = slot_alloc();
	err = cnode_derive(cnode, start.ended, cnode, component_get_cap("notification"),
			   NOTIFICATION_SIGNAL, SIGNAL_ENDED, 0);
	start.news = slot_alloc();
	if (!err)
		err = cnode_derive(cnode, start.news, cnode, component_get_cap("notification"),
				   NOTIFICATION_SIGNAL, SIGNAL_SESSION, 0);
	run = RUN_STARTED;
	if (!err && !handles_make(head.tty_flags))
		err = ERR_NO_MEMORY;
	if (!err)
		err = thread_start(start_thread, NULL, STACK_BYTES, &start.thread);
	if (err) {
		start.failed = err;
		session_ended();
	}
}

static void frame_handle(void)
{
	const uint8_t *p = frame.payload;
	uint32_t length = frame.header.length;
	struct control_winsize size;
	struct control_eof eof;
	struct control_closed closed;

	if (frame.header.type == CONTROL_START) {
		frame_start();
	} else if (frame.header.type == CONTROL_EOF && length >= sizeof(eof)) {
		memcpy(&eof, p, sizeof(eof));
		terminal.input_total = eof.total_bytes;
		terminal.input_ends = true;
	} else if (frame.header.type == CONTROL_WINSIZE && length >= sizeof(size)) {
		memcpy(&size, p, sizeof(size));
		tty_size_set(&console, size.rows, size.columns, 0, 0);
	} else if (frame.header.type == CONTROL_CLOSED && length >= sizeof(closed)) {
		memcpy(&closed, p, sizeof(closed));
		if (closed.stream == CONTROL_STREAM_OUT || closed.stream == CONTROL_STREAM_ERR)
			terminal.closed[closed.stream == CONTROL_STREAM_OUT ? CONSOLE_OUT
									    : CONSOLE_ERR] = true;
	}
	free(frame.payload);
	frame.payload = NULL;
	frame.header_count = frame.payload_count = 0;
}

static bool header_complete(void)
{
	if (frame.header_count < sizeof(frame.header))
		return false;
	if (frame.payload)
		return true;
	if (frame.header.length <= CONTROL_PAYLOAD_MAX)
		frame.payload = malloc(frame.header.length + 1);
	if (!frame.payload) {
		rt_log("a frame of the host with %u bytes; no more are read",
		       (unsigned)frame.header.length);
		frame.is_broken = true;
	}
	return frame.payload;
}

// Take what the next part of the frame needs from the ring. False: nothing is there.
static bool frame_read(void)
{
	struct ring_end *in = &terminal.rings[CONSOLE_CONTROL_IN];
	bool has_header = header_complete();
	uint8_t *to = has_header ? frame.payload + frame.payload_count
				 : (uint8_t *)&frame.header + frame.header_count;
	uint32_t need = has_header ? frame.header.length - frame.payload_count
				   : (uint32_t)sizeof(frame.header) - frame.header_count;
	uint32_t count = ring_room_max(in, need);

	if (frame.is_broken || (!count && need))
		return false;
	ring_load(in, 0, to, count);
	ring_publish(CONSOLE_CONTROL_IN, count);
	*(has_header ? &frame.payload_count : &frame.header_count) += count;
	if (has_header && frame.payload_count == frame.header.length)
		frame_handle();
	return true;
}

bool session_pump(void)
{
	bool is_news = false;

	(void)ring_sleep(&terminal.rings[CONSOLE_CONTROL_IN], 1);
	while (frame_read())
		is_news = true;
	end_pump();
	return is_news;
}
