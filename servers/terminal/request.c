// Reads and writes. What a caller is told is done only once the answer has reached it: a cancelled
// caller has consumed nothing and written nothing.
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/linux.h"
#include "servers/terminal/linux_tty.h"
#include "servers/terminal/terminal.h"

#define REQUEST_MAX 128

static struct request requests[REQUEST_MAX];
static uint64_t arrivals;

static uint64_t counter_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

bool request_has_token(uint64_t token)
{
	for (unsigned i = 0; i < REQUEST_MAX; i++)
		if (requests[i].reply && requests[i].token == token)
			return true;
	return false;
}

static err_t request_answer(struct request *r, int64_t result)
{
	struct msg m;
	cap_t reply = r->reply;

	r->reply = 0;
	result_set(&m, result);
	return server_answer(&terminal.server, reply, &m);
}

// A thread has one request at a time: who asks again with the same window was cancelled before.
void request_supersede(uint64_t token)
{
	for (unsigned i = 0; token && i < REQUEST_MAX; i++)
		if (requests[i].reply && requests[i].token == token)
			(void)request_answer(&requests[i], -EINTR);
}

void request_hang_up(const struct tty *tty)
{
	for (unsigned i = 0; i < REQUEST_MAX; i++)
		if (requests[i].reply && requests[i].tty == tty)
			(void)request_answer(&requests[i], -EIO);
}

// -1: it is no stream of the host's, or goes nowhere.
static int stream_ring(struct stream s)
{
	return s.target == TARGET_OUT ? CONSOLE_OUT : s.target == TARGET_ERR ? CONSOLE_ERR
	       : s.target == TARGET_TTY && s.tty->is_console ? terminal.tty_ring : -1;
}

static bool input_is_over(void) { return terminal.input_ends && terminal.consumed >= terminal.input_total; }

static uint32_t tty_readable(struct tty *tty, bool *ended)
{
	uint32_t count = line_available(&tty->line, ended);

	if (tty->hung)
		*ended = true;
	if (tty->is_console)
		*ended |= !count && (input_is_over() || !terminal.tty_in);
	return tty->hung ? 0 : count;
}

uint32_t stream_readable(struct stream s, bool *ended)
{
	uint32_t count;

	if (s.target == TARGET_TTY)
		return tty_readable(s.tty, ended);
	if (s.target == TARGET_MASTER) {
		count = tty_out_count(s.tty) + (s.tty->packet_status != 0);
		*ended = !count && s.tty->had_slave && !s.tty->slaves;
		return count;
	}
	count = ring_room(&terminal.rings[CONSOLE_IN]);
	*ended = !count && input_is_over();
	return count;
}

// Bytes of a program that surely fit.
uint32_t stream_writable(struct stream s)
{
	int ring = stream_ring(s);

	if (s.target == TARGET_MASTER)
		return line_room(&s.tty->line);
	if (s.target == TARGET_TTY && s.tty->line.stopped)
		return 0;
	if (s.target == TARGET_TTY)
		return tty_out_room(s.tty) / line_output_max(&s.tty->line);
	return ring < 0 ? 0 : ring_room(&terminal.rings[ring]);
}

uint64_t stream_events(struct stream s)
{
	int ring = stream_ring(s);
	uint64_t out = ring >= 0 ? atomic_load(&terminal.rings[ring].ring->tail) : 0;

	if (s.tty && !s.tty->is_console)
		return 1 + s.tty->typed + s.tty->out_head + s.tty->out_tail + s.tty->hung;
	return 1 + atomic_load(&terminal.rings[CONSOLE_IN].ring->head) + out;
}

void stream_room_want(struct stream s)
{
	int ring = stream_ring(s);

	if (ring >= 0)
		(void)ring_sleep(&terminal.rings[ring], 1);
}

static struct stream request_stream(const struct request *r) { return (struct stream){r->target, r->tty}; }

static bool is_raw(const struct request *r)
{
	return r->target == TARGET_TTY && !(r->tty->line.settings.local & TTY_ICANON);
}

// Whether the read can be answered, by VMIN and VTIME in raw mode. Sets its deadline.
static bool read_is_ready(struct request *r)
{
	const uint8_t *c = is_raw(r) ? r->tty->line.settings.characters : NULL;
	uint64_t tenth = component_get()->ticks_per_second / 10;
	bool ended;
	uint32_t count = stream_readable(request_stream(r), &ended);

	if (ended || !c)
		return ended || count;
	if (!c[TTY_VMIN] && !c[TTY_VTIME])
		return true;
	if (count >= (c[TTY_VMIN] < r->length ? c[TTY_VMIN] : r->length) && count)
		return true;
	if (r->deadline && counter_read() >= r->deadline)
		return true;
	if (c[TTY_VTIME] && (c[TTY_VMIN] ? count > r->seen : !r->deadline))
		r->deadline = counter_read() + c[TTY_VTIME] * tenth;
	r->seen = count;
	return false;
}

static void stdin_read(struct request *r, uint8_t *window)
{
	struct ring_end *in = &terminal.rings[CONSOLE_IN];
	uint32_t count = ring_room_max(in, r->length);

	ring_load(in, 0, window, count);
	if (!request_answer(r, count) && count) {
		terminal.consumed += count;
		ring_publish(CONSOLE_IN, count);
	}
}

// What programs wrote, in packet mode behind a byte that says what it is.
static void master_read(struct request *r, uint8_t *window)
{
	struct tty *tty = r->tty;
	uint32_t packet = tty->packet ? 1 : 0, count = 0;
	uint8_t status = tty->packet_status;
	bool ended;

	if (!stream_readable(request_stream(r), &ended) && ended) {
		(void)request_answer(r, -EIO);
		return;
	}
	if (packet)
		window[0] = status;
	if (!packet || !status)
		count = tty_out_get(tty, window + packet, r->length - packet);
	if (request_answer(r, count + packet))
		return;
	if (packet && status)
		tty->packet_status = 0;
	tty_out_take(tty, count);
}

static void read_finish(struct request *r)
{
	uint8_t *window = window_find(r->token);
	uint32_t count, used = 0;
	struct tty *tty = r->tty;

	if (!window) {
		(void)request_answer(r, -EFAULT);
	} else if (r->target == TARGET_MASTER) {
		master_read(r, window);
	} else if (r->target == TARGET_TTY) {
		count = tty->hung ? 0 : line_peek(&tty->line, window, r->length, &used);
		if (!request_answer(r, count))
			line_take(&tty->line, used);
	} else {
		stdin_read(r, window);
	}
}

// What a program wrote to its terminal. As much as there is room for.
static void tty_write(struct request *r, const uint8_t *window)
{
	static uint8_t cooked[LINE_OUTPUT_MAX * WINDOW_SIZE];
	struct tty *tty = r->tty;
	uint32_t column = tty->line.column, room = tty_out_room(tty), count, used;

	if (room > sizeof(cooked))
		room = sizeof(cooked);
	count = line_output(&tty->line, window, r->length, cooked, room,
			    !tty->is_console || terminal.cooks, &used);
	if (!request_answer(r, used))
		tty_out_put(tty, cooked, count);
	else
		tty->line.column = column;
}

// What the master wrote is typed. The caller is answered before, the window is still its.
static void master_write(struct request *r, const uint8_t *window)
{
	uint32_t room = line_room(&r->tty->line), count = r->length < room ? r->length : room;
	struct tty *tty = r->tty;
	static uint8_t typed[LINE_SIZE];

	memcpy(typed, window, count);
	if (request_answer(r, count))
		return;
	tty->typed += count;
	for (uint32_t i = 0; i < count; i++)
		line_input(&tty->line, typed[i]);
}

static void write_finish(struct request *r)
{
	uint8_t *window = window_find(r->token);
	int ring = stream_ring(request_stream(r));
	uint32_t count = r->length;
	bool is_tty = r->target == TARGET_TTY;

	if (!window) {
		(void)request_answer(r, -EFAULT);
	} else if (r->target == TARGET_MASTER) {
		master_write(r, window);
	} else if (is_tty && (r->tty->hung || (r->tty->is_console && ring < 0))) {
		(void)request_answer(r, -EIO);
	} else if (ring >= 0 && terminal.closed[ring]) {
		(void)request_answer(r, is_tty ? -EIO : -EPIPE);
	} else if (is_tty) {
		tty_write(r, window);
	} else {
		ring_store(&terminal.rings[ring], 0, window, count);
		if (!request_answer(r, count))
			ring_publish(ring, count);
	}
}

// A pseudo-terminal takes what fits, the host's streams all or nothing.
static bool write_is_ready(const struct request *r)
{
	int ring = stream_ring(request_stream(r));
	bool is_pty = r->target == TARGET_MASTER || (r->target == TARGET_TTY && !r->tty->is_console);

	if (is_pty)
		return (r->target == TARGET_TTY && r->tty->hung) || !r->length ||
		       stream_writable(request_stream(r)) > 0;
	if (ring < 0 || terminal.closed[ring])
		return true;
	(void)ring_sleep(&terminal.rings[ring], 1);
	return stream_writable(request_stream(r)) >= r->length;
}

// What a pseudo-terminal's program wrote is at the master at once.
static bool drain_is_ready(const struct request *r)
{
	return !r->tty->is_console || terminal.tty_ring < 0 ||
	       !ring_sleep_drain(&terminal.rings[terminal.tty_ring]);
}

static void drain_finish(struct request *r)
{
	struct line_settings settings = r->settings;
	bool set = r->set, flush = r->flush;
	struct tty *tty = r->tty;

	if (request_answer(r, 0))
		return;
	if (flush)
		tty_flush(tty, true, false);
	if (set)
		line_set(&tty->line, &settings);
}

static void request_try(struct request *r)
{
	if (r->kind == REQUEST_READ && read_is_ready(r))
		read_finish(r);
	else if (r->kind == REQUEST_WRITE && write_is_ready(r))
		write_finish(r);
	else if (r->kind == REQUEST_DRAIN && drain_is_ready(r))
		drain_finish(r);
}

static void alarm_set(void)
{
	static uint64_t set;
	uint64_t first = 0;

	for (unsigned i = 0; i < REQUEST_MAX; i++)
		if (requests[i].reply && requests[i].deadline &&
		    (!first || requests[i].deadline < first))
			first = requests[i].deadline;
	if (first != set)
		(void)schedcontext_set_deadline(component_find_cap("context", NULL), first, NULL);
	set = first;
}

// The requests in the order in which they came.
void request_pump(void)
{
	uint64_t done = 0;

	for (;;) {
		struct request *next = NULL;

		for (unsigned i = 0; i < REQUEST_MAX; i++)
			if (requests[i].reply && requests[i].order > done &&
			    (!next || requests[i].order < next->order))
				next = &requests[i];
		if (!next)
			break;
		done = next->order;
		request_try(next);
	}
	alarm_set();
}

// Keep the caller and try at once. Null, with the answer in m: too many wait.
static struct request *request_keep(struct msg *m)
{
	for (unsigned i = 0; i < REQUEST_MAX; i++) {
		struct request *r = &requests[i];

		if (r->reply)
			continue;
		*r = (struct request){.order = ++arrivals};
		r->reply = server_keep(&terminal.server);
		if (r->reply)
			return r;
		break;
	}
	result_set(m, -ENOMEM);
	return NULL;
}

static bool must_not_wait(const struct handle *h, struct request *r)
{
	uint32_t room;
	bool ready;

	if (!(h->flags & O_NONBLOCK))
		return false;
	if (r->kind == REQUEST_READ) {
		ready = read_is_ready(r);
		return !ready;
	}
	room = stream_writable(request_stream(r));
	if (room && room < r->length)
		r->length = room;
	return !write_is_ready(r);
}

static void request_start(const struct handle *h, struct msg *m, enum request_kind kind)
{
	uint64_t token = m->words[0], length = m->words[1];
	struct request *r;

	request_supersede(token);
	if (!window_find(token)) {
		result_set(m, -EFAULT);
		return;
	}
	if (!length && kind == REQUEST_READ) {
		result_set(m, 0);
		return;
	}
	r = request_keep(m);
	if (!r)
		return;
	r->kind = kind;
	r->target = h->target;
	r->tty = h->tty;
	r->token = token;
	r->length = length < WINDOW_SIZE ? (uint32_t)length : WINDOW_SIZE;
	if (must_not_wait(h, r))
		(void)request_answer(r, -EAGAIN);
	else
		terminal_pump();
}

void request_read(const struct handle *h, struct msg *m)
{
	int64_t error = 0;

	prompt_note();
	if ((h->flags & O_ACCMODE) == O_WRONLY)
		error = -EBADF;
	else if (h->target == TARGET_TTY && !h->tty->hung)
		error = job_check_read(h->tty, m->words[0]);
	if (error)
		result_set(m, error);
	else
		request_start(h, m, REQUEST_READ);
}

void request_write(const struct handle *h, struct msg *m)
{
	int64_t error = 0;

	if ((h->flags & O_ACCMODE) == O_RDONLY)
		error = -EBADF;
	else if (h->target == TARGET_TTY && !h->tty->hung && h->tty->line.settings.local & TTY_TOSTOP)
		error = job_check_change(h->tty, m->words[0]);
	if (error)
		result_set(m, error);
	else
		request_start(h, m, REQUEST_WRITE);
}

void request_drain(struct tty *tty, struct msg *m, uint64_t token, const struct line_settings *settings, bool flush)
{
	struct request *r = request_keep(m);

	if (!r)
		return;
	r->kind = REQUEST_DRAIN;
	r->target = TARGET_TTY;
	r->tty = tty;
	r->token = token;
	r->set = settings != NULL;
	r->flush = flush;
	if (settings)
		r->settings = *settings;
	terminal_pump();
}
