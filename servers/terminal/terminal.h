// The terminal server: three streams and one terminal, behind handles that understand the file
// protocol. What its files share.
#ifndef SERVERS_TERMINAL_TERMINAL_H
#define SERVERS_TERMINAL_TERMINAL_H

#include "lib/msg/server.h"
#include "lib/ring/ring.h"
#include "protocol/console.h"
#include "servers/terminal/tty.h"

#define SIGNAL_CONSOLE 1u
#define SIGNAL_ENDED 2u
#define SIGNAL_ALARM 4u
#define SIGNAL_SESSION 8u  // the process server: the leader of a session has ended

// Badges. A device is what opens a terminal: of /dev/tty, the console, /dev/ptmx and each /dev/pts/N.
#define BADGE_DEVICE_TTY 2u
#define BADGE_DEVICE_CONSOLE 3u
#define BADGE_DEVICE_PTMX 4u
#define BADGE_HANDLES 16u  // handle i: generation << 16 | 16 + i
#define BADGE_PTY (1ull << 62)  // pseudo-terminal: | generation << 16 | number

enum target { TARGET_TTY, TARGET_MASTER, TARGET_IN, TARGET_OUT, TARGET_ERR };

struct handle {
	cap_t slot;  // 0: free; the watched parent of all that was handed out
	uint32_t generation;
	enum target target;
	struct tty *tty;  // of TARGET_TTY, TARGET_MASTER
	uint32_t flags;   // O_*
};

enum request_kind { REQUEST_READ, REQUEST_WRITE, REQUEST_DRAIN };

// A caller that waits.
struct request {
	cap_t reply;  // 0: free
	enum request_kind kind;
	enum target target;
	struct tty *tty;
	uint64_t order;      // of arrival
	uint64_t token;      // of its window; 0: none
	uint32_t length;
	uint32_t seen;       // bytes that were there when the deadline was set
	uint64_t deadline;   // counter value; 0: none
	bool set, flush;     // drain: then set, flush
	struct line_settings settings;
};

struct terminal {
	struct server server;
	struct ring_end rings[CONSOLE_RINGS];
	cap_t driver;        // notification that wakes the console driver
	cap_t session;       // process server
	bool has_tty, tty_in, cooks;  // cooks: line ends are made here
	int tty_ring;        // where the terminal's output goes; -1: nowhere
	bool console_was_given;  // to the first program's session
	uint64_t consumed;   // bytes of standard input taken
	uint64_t input_total;
	bool input_ends;     // input_total is known
	bool closed[CONSOLE_RINGS];
};

extern struct terminal terminal;

// window.c
bool window_init(void);
uint8_t *window_find(uint64_t token);
uint64_t window_speaker(uint64_t token);  // the badge it was attached with; 0: nobody's
void window_attach(struct msg *m);

// handle.c
struct handle *handle_find(uint64_t badge);
struct handle *handle_make(enum target target, struct tty *tty, uint32_t flags);
void handle_no_senders(uint64_t badge);

// request.c
bool request_has_token(uint64_t token);
void request_supersede(uint64_t token);
void request_read(const struct handle *handle, struct msg *m);

// A program wants input: the first time, a line in the log says how long the boot took (prompt.c).
void prompt_note(void);
void request_write(const struct handle *handle, struct msg *m);
void request_drain(struct tty *tty, struct msg *m, uint64_t token, const struct line_settings *settings, bool flush);
void request_pump(void);
// What a handle's reads and writes are on: a stream, a terminal, the other side of one.
struct stream {
	enum target target;
	struct tty *tty;
};
static inline struct stream handle_stream(const struct handle *h) { return (struct stream){h->target, h->tty}; }
uint32_t stream_readable(struct stream stream, bool *ended);
uint32_t stream_writable(struct stream stream);
uint64_t stream_events(struct stream stream);  // changes with what comes in, and what goes out; not 0
void stream_room_want(struct stream stream);  // the driver wakes this server when there is room
// The requests of a terminal that hangs up are answered.
void request_hang_up(const struct tty *tty);

// arming.c
void arming_receive(void);  // a capability may arrive, in a slot of its own
void arming_arrived_drop(cap_t arrived);
void arming_handle(const struct handle *handle, struct msg *m, cap_t arrived);
void arming_clear(const struct handle *handle, uint64_t token);  // null, 0: any
void arming_pump(void);

// open.c
void open_handle(struct msg *m);
void open_peer(const struct handle *handle, struct msg *m);

// ioctl.c
void ioctl_handle(const struct handle *handle, struct msg *m);

// session.c: frames of the host, and the first program.
bool session_pump(void);
void session_ended(void);
bool session_is_running(void);

// main.c
int64_t poll_bits(const struct handle *handle, uint64_t events);
void terminal_pump(void);
void ring_publish(int ring, uint32_t count);
void result_set(struct msg *m, int64_t result);
// Answer the message in hand with 0 now: a signal that follows must not cancel it.
void answer_now(struct msg *m);

#endif
