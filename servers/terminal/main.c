// The terminal server: messages, and what moves when something has changed.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/rt/rt.h"
#include "protocol/gen/console.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "protocol/gen/session.h"
#include "protocol/gen/terminal.h"
#include "protocol/linux.h"
#include "servers/terminal/terminal.h"

#define AT_RINGS 0x30000000ull
#define DEVICE_TTY 0x500
#define DEVICE_CONSOLE 0x501
#define DEVICE_PTMX 0x502
#define FLAGS_SETTABLE (O_APPEND | O_NONBLOCK)

// struct stat of Linux x86-64.
struct stat_words {
	uint64_t device, inode, links;
	uint32_t mode, uid, gid, pad;
	uint64_t rdev, size, block_size, blocks;
	uint64_t times[6];
	uint64_t reserved[3];
};
_Static_assert(sizeof(struct stat_words) == 144, "struct stat");

struct terminal terminal;

void result_set(struct msg *m, int64_t result)
{
	*m = (struct msg){.tag = TAG(0, 1), .words = {(uint64_t)result}};
}

void answer_now(struct msg *m)
{
	cap_t reply = server_keep(&terminal.server);

	result_set(m, 0);
	if (reply)
		(void)server_answer(&terminal.server, reply, m);
}

void ring_publish(int ring, uint32_t count)
{
	ring_advance(&terminal.rings[ring], count);
	if (ring_wake(&terminal.rings[ring]))
		(void)sys_signal(terminal.driver);
}

// Give what was typed to the line discipline, as long as it takes it.
static void input_pump(void)
{
	struct ring_end *in = &terminal.rings[CONSOLE_IN];
	uint8_t piece[64];
	uint32_t count, i;

	(void)ring_sleep(in, 1);
	while (terminal.tty_in && ring_room(in) && line_has_room(&console.line)) {
		count = ring_room_max(in, sizeof(piece));
		ring_load(in, 0, piece, count);
		for (i = 0; i < count && line_has_room(&console.line); i++)
			line_input(&console.line, piece[i]);
		terminal.consumed += i;
		ring_publish(CONSOLE_IN, i);
	}
}

// Each part announces its sleep before it looks, so whatever changes later wakes this server.
// A read makes room for more input, which may end another wait: so twice. What the host has said in
// between (the end of input!) may end one, too: so until it says nothing more.
void terminal_pump(void)
{
	do {
		(void)session_pump();
		input_pump();
		request_pump();
		input_pump();
		request_pump();
	} while (session_pump());
}

static void stat_handle(const struct handle *h, struct msg *m)
{
	uint8_t *window = window_find(m->words[0]);
	uint64_t device = !h->tty ? 0 : h->target == TARGET_MASTER ? DEVICE_PTMX
			  : h->tty->is_console ? DEVICE_TTY : TTY_DEVICE_PTY + h->tty->number;
	struct stat_words st = {
		.device = 6,
		.inode = h->tty && !h->tty->is_console ? 16 + h->tty->number : 1 + (uint64_t)h->target,
		.links = 1,
		.mode = h->target == TARGET_MASTER ? 0020666 : h->tty ? 0020620 : 0010600,
		.rdev = device,
		.block_size = h->tty ? 1024 : 4096,
	};

	if (window)
		memcpy(window, &st, sizeof(st));
	result_set(m, window ? 0 : -EFAULT);
}

static uint64_t stream_bits(const struct handle *h)
{
	bool reads = (h->flags & O_ACCMODE) != O_WRONLY, writes = (h->flags & O_ACCMODE) != O_RDONLY;
	bool ended = false;
	uint64_t bits = 0;

	if (reads && h->target != TARGET_OUT && h->target != TARGET_ERR) {
		if (stream_readable(handle_stream(h), &ended) || ended)
			bits |= POLLIN | POLLRDNORM;
		if (ended && (h->target == TARGET_IN || h->target == TARGET_MASTER))
			bits |= POLLHUP;
	}
	if (writes && stream_writable(handle_stream(h)))
		bits |= POLLOUT | POLLWRNORM;
	return bits;
}

int64_t poll_bits(const struct handle *h, uint64_t events)
{
	uint64_t bits = stream_bits(h);

	if (h->target == TARGET_MASTER && h->tty->packet_status)
		bits |= POLLPRI;
	if (h->target == TARGET_TTY && h->tty->hung)
		bits |= POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	if ((h->target == TARGET_OUT && terminal.closed[CONSOLE_OUT]) ||
	    (h->target == TARGET_ERR && terminal.closed[CONSOLE_ERR]))
		bits |= POLLERR;
	return (int64_t)(bits & (events | POLLERR | POLLHUP));
}

static void poll_answer(const struct handle *h, struct msg *m)
{
	int64_t bits = poll_bits(h, m->words[0]);

	result_set(m, bits);
	m->tag = TAG(0, 2);
	m->words[1] = stream_events(handle_stream(h));
}

static void flags_set(struct handle *h, struct msg *m)
{
	h->flags = (h->flags & ~(uint32_t)FLAGS_SETTABLE) | (m->words[0] & FLAGS_SETTABLE);
	result_set(m, 0);
}

static void file_handle(struct handle *h, struct msg *m, cap_t arrived)
{
	switch (tag_label(m->tag)) {
	case FILE_READ:
		request_read(h, m);
		break;
	case FILE_WRITE:
		request_write(h, m);
		break;
	case FILE_STAT:
		stat_handle(h, m);
		break;
	case FILE_GET_FLAGS:
		result_set(m, h->flags);
		break;
	case FILE_SET_FLAGS:
		flags_set(h, m);
		break;
	case FILE_IOCTL:
		request_supersede(m->words[0]);
		ioctl_handle(h, m);
		break;
	case FILE_POLL:
		if (m->words[0] & POLLIN)
			prompt_note();
		poll_answer(h, m);
		break;
	case FILE_ARM:
		if (m->words[1] & POLLIN)
			prompt_note();
		arming_handle(h, m, arrived);
		break;
	case FILE_ATTACH:
		window_attach(m);
		break;
	case FILE_SEEK:
	case FILE_PEEK:
	case FILE_FALLOCATE:
		result_set(m, -ESPIPE);
		break;
	case FILE_GETDENTS:
		result_set(m, -ENOTDIR);
		break;
	case FILE_MAP:
		result_set(m, -ENODEV);
		break;
	case FILE_TRUNCATE:
	case FILE_SYNC:
		result_set(m, -EINVAL);
		break;
	case FILE_CHMOD:
	case FILE_CHOWN:
		result_set(m, -EPERM);
		break;
	default:
		result_set(m, -ENOSYS);
	}
}

static bool is_device(uint64_t badge)
{
	return badge == BADGE_DEVICE_TTY || badge == BADGE_DEVICE_CONSOLE || badge == BADGE_DEVICE_PTMX ||
	       badge >> 62 == BADGE_PTY >> 62;
}

static void handle_message(struct server *server, struct msg *m)
{
	struct handle *h;
	cap_t arrived = msg_get_cap(m, 0);
	uint32_t words = tag_words(m->tag);

	(void)server;
	if (tag_kind(m->tag) == KIND_NO_SENDERS) {
		handle_no_senders(m->badge);
		return;
	}
	if (tag_kind(m->tag) == KIND_NOTIFICATION) {
		if (m->badge & SIGNAL_ENDED)
			session_ended();
		if (m->badge & SIGNAL_SESSION)
			job_sessions_check();
		terminal_pump();
		arming_pump();
		return;
	}
	for (uint32_t i = words; i < MSG_WORDS_REGISTERS; i++)
		m->words[i] = 0;
	h = handle_find(m->badge);
	if (h && tag_label(m->tag) == TERMINAL_PEER)
		open_peer(h, m);
	else if (h)
		file_handle(h, m, arrived);
	else if (m->badge >> 63 && tag_label(m->tag) == FILE_ATTACH)
		window_attach(m);
	else if (is_device(m->badge) && tag_label(m->tag) == TERMINAL_OPEN)
		open_handle(m);
	else
		result_set(m, -ENOSYS);
	arming_arrived_drop(arrived);
	arming_pump();
}

static _Noreturn void give_up(const char *why, err_t err)
{
	rt_log("%s: error %u", why, (unsigned)err);
	rt_exit(1);
}

static cap_t derive(cap_t source, uint64_t rights, uint64_t badge)
{
	cap_t cnode = component_get_cap("cnode");
	cap_t slot = slot_alloc();
	err_t err = slot ? cnode_derive(cnode, slot, cnode, source, rights, badge, 0) : ERR_NO_MEMORY;

	if (err)
		give_up("a capability", err);
	return slot;
}

static void console_connect(void)
{
	cap_t notification = component_get_cap("notification");
	cap_t context = component_get_cap("context");
	uint64_t result = 0;
	err_t err = thread_bind(component_get_cap("thread"), notification);

	if (!err)
		err = schedcontext_bind_notification(
			context, derive(notification, NOTIFICATION_SIGNAL, SIGNAL_ALARM));
	if (err)
		give_up("the notification", err);
	terminal.driver = slot_alloc();
	msg_set_receive(terminal.driver, 1);
	msg_set_window(AT_RINGS, CONSOLE_SIZE / PAGE_SIZE);
	err = console_attach(component_get_cap("console"), AT_RINGS,
			     derive(notification, NOTIFICATION_SIGNAL, SIGNAL_CONSOLE), &result);
	if (err || result)
		give_up("the console cannot be attached", err);
	arming_receive();
	msg_set_window(0, 0);
	for (unsigned i = 0; i < CONSOLE_RINGS; i++) {
		const struct console_place *place = &console_places[i];
		bool writes = i != CONSOLE_IN && i != CONSOLE_CONTROL_IN;

		ring_open(&terminal.rings[i], (void *)(AT_RINGS + place->head),
			  (void *)(AT_RINGS + place->bytes), place->size, writes);
	}
}

static void device_register(void)
{
	static const struct {
		uint64_t number, badge;
	} devices[] = {{DEVICE_TTY, BADGE_DEVICE_TTY}, {DEVICE_CONSOLE, BADGE_DEVICE_CONSOLE},
		       {DEVICE_PTMX, BADGE_DEVICE_PTMX}};
	cap_t file = component_get_cap("file");
	uint64_t result = 0;

	for (unsigned i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		cap_t device = derive(terminal.server.endpoint, ENDPOINT_SEND | ENDPOINT_GRANT,
				      devices[i].badge);
		err_t err = control_register(file, devices[i].number, HANDLE_DEVICE_TERMINAL, device, &result);

		if (err || result)
			rt_log("device %#llx is not registered: error %u, result %lld",
			       (unsigned long long)devices[i].number, (unsigned)err, (long long)result);
	}
}

int main(void)
{
	uint32_t count;
	cap_t replies = component_find_cap("replies", &count);

	terminal.tty_ring = -1;
	terminal.session = component_get_cap("session");
	tty_init(&console, true);
	if (!server_make(&terminal.server, component_get_cap("endpoint"), replies, count) ||
	    !window_init())
		give_up("no memory", ERR_NO_MEMORY);
	device_register();
	console_connect();
	terminal_pump();
	server_run(&terminal.server, handle_message);
}
