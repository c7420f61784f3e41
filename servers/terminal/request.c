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

static int target_ring(enum target target)
{
	return target == TARGET_OUT ? CONSOLE_OUT : target == TARGET_ERR ? CONSOLE_ERR
				    : target == TARGET_TTY ? terminal.tty_ring : -1;
}

uint32_t stream_readable(enum target target, bool *ended)
{
	bool is_over = terminal.input_ends && terminal.consumed >= terminal.input_total;
	uint32_t count;

	if (target == TARGET_TTY) {
		count = line_available(&terminal.line, ended);
		*ended |= !count && (is_over || !terminal.tty_in);
		return count;
	}
	count = ring_room(&terminal.rings[CONSOLE_IN]);
	*ended = !count && is_over;
	return count;
}

// Bytes of a program that surely fit.
uint32_t stream_writable(enum target target)
{
	int ring = target_ring(target);

	if (ring < 0 || (target == TARGET_TTY && terminal.line.stopped))
		return 0;
	return ring_room(&terminal.rings[ring]) / (target == TARGET_TTY ? 2 : 1);
}

uint64_t stream_events(enum target target)
{
	uint64_t in = atomic_load(&terminal.rings[CONSOLE_IN].ring->head);
	int ring = target_ring(target);

	return 1 + in + (ring >= 0 ? atomic_load(&terminal.rings[ring].ring->tail) : 0);
}

void stream_room_want(enum target target)
{
	int ring = target_ring(target);

	if (ring >= 0)
		(void)ring_sleep(&terminal.rings[ring], 1);
}

static bool is_raw(enum target target)
{
	return target == TARGET_TTY && !(terminal.line.settings.local & TTY_ICANON);
}

// Whether the read can be answered, by VMIN and VTIME in raw mode. Sets its deadline.
static bool read_is_ready(struct request *r)
{
	const uint8_t *c = terminal.line.settings.characters;
	uint64_t tenth = component_get()->ticks_per_second / 10;
	bool ended;
	uint32_t count = stream_readable(r->target, &ended);

	if (ended || !is_raw(r->target))
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

static void read_finish(struct request *r)
{
	uint8_t *window = window_find(r->token);
	struct ring_end *in = &terminal.rings[CONSOLE_IN];
	uint32_t count, used = 0;

	if (!window) {
		(void)request_answer(r, -EFAULT);
		return;
	}
	if (r->target == TARGET_TTY) {
		count = line_peek(&terminal.line, window, r->length, &used);
		if (!request_answer(r, count))
			line_take(&terminal.line, used);
		return;
	}
	count = ring_room_max(in, r->length);
	ring_load(in, 0, window, count);
	if (!request_answer(r, count) && count) {
		terminal.consumed += count;
		ring_publish(CONSOLE_IN, count);
	}
}

static void write_finish(struct request *r)
{
	static uint8_t cooked[2 * WINDOW_SIZE + 2];
	uint8_t *window = window_find(r->token);
	int ring = target_ring(r->target);
	uint32_t column = terminal.line.column, count = r->length, used;

	if (!window || ring < 0) {
		(void)request_answer(r, window ? -EIO : -EFAULT);
		return;
	}
	if (terminal.closed[ring]) {
		(void)request_answer(r, r->target == TARGET_TTY ? -EIO : -EPIPE);
		return;
	}
	if (r->target == TARGET_TTY)
		count = line_output(&terminal.line, window, r->length, cooked, sizeof(cooked),
				    terminal.cooks, &used);
	ring_store(&terminal.rings[ring], 0, r->target == TARGET_TTY ? cooked : window, count);
	if (!request_answer(r, r->length))
		ring_publish(ring, count);
	else
		terminal.line.column = column;
}

static bool write_is_ready(const struct request *r)
{
	int ring = target_ring(r->target);

	if (ring < 0 || terminal.closed[ring])
		return true;
	(void)ring_sleep(&terminal.rings[ring], 1);
	return stream_writable(r->target) >= r->length;
}

static bool drain_is_ready(void)
{
	return terminal.tty_ring < 0 || !ring_sleep_drain(&terminal.rings[terminal.tty_ring]);
}

static void drain_finish(struct request *r)
{
	struct line_settings settings = r->settings;
	bool set = r->set, flush = r->flush;

	if (request_answer(r, 0))
		return;
	if (flush)
		line_flush(&terminal.line);
	if (set)
		line_set(&terminal.line, &settings);
}

static void request_try(struct request *r)
{
	if (r->kind == REQUEST_READ && read_is_ready(r))
		read_finish(r);
	else if (r->kind == REQUEST_WRITE && write_is_ready(r))
		write_finish(r);
	else if (r->kind == REQUEST_DRAIN && drain_is_ready())
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
	room = stream_writable(r->target);
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
	r->token = token;
	r->length = length < WINDOW_SIZE ? (uint32_t)length : WINDOW_SIZE;
	if (must_not_wait(h, r))
		(void)request_answer(r, -EAGAIN);
	else
		terminal_pump();
}

void request_read(const struct handle *h, struct msg *m)
{
	prompt_note();
	if ((h->flags & O_ACCMODE) == O_WRONLY)
		result_set(m, -EBADF);
	else
		request_start(h, m, REQUEST_READ);
}

void request_write(const struct handle *h, struct msg *m)
{
	if ((h->flags & O_ACCMODE) == O_RDONLY)
		result_set(m, -EBADF);
	else
		request_start(h, m, REQUEST_WRITE);
}

void request_drain(struct msg *m, uint64_t token, const struct line_settings *settings, bool flush)
{
	struct request *r = request_keep(m);

	if (!r)
		return;
	r->kind = REQUEST_DRAIN;
	r->token = token;
	r->set = settings != NULL;
	r->flush = flush;
	if (settings)
		r->settings = *settings;
	terminal_pump();
}
