// Calls that wait: each thread has one, in its window.
//
// What a call does is done once its answer has reached the caller: a caller that was cancelled has
// neither sent nor received, and repeats the call. So whatever takes or gives anything is answered
// through its Reply, which says whether it was still wanted.
#include "abi/gen/stubs.h"
#include "servers/net/net.h"

static uint32_t timed;  // waits with a deadline

static void queue_remove(struct wait *w)
{
	struct wait **link = w->queue;

	if (!link)
		return;
	while (*link != w)
		link = &(*link)->next;
	*link = w->next;
	w->queue = NULL;
}

static void queue_add(struct wait **queue, struct wait *w)
{
	struct wait **link = queue;

	while (*link)
		link = &(*link)->next;
	*link = w;
	w->next = NULL;
	w->queue = queue;
}

static struct {
	uint64_t first, set;
} alarm_state;

static void alarm_find(struct window *window)
{
	const struct wait *w = &window->wait;

	if (w->reply && w->deadline && (!alarm_state.first || w->deadline < alarm_state.first))
		alarm_state.first = w->deadline;
}

static void alarm_set(void)
{
	alarm_state.first = 0;
	if (timed)
		window_each(alarm_find);
	if (alarm_state.first != alarm_state.set)
		(void)schedcontext_set_deadline(component_find_cap("context", NULL), alarm_state.first, NULL);
	alarm_state.set = alarm_state.first;
}

// The answer is given: nothing of the call is left.
static void wait_end(struct wait *w)
{
	struct socket *socket = w->socket, *target = w->target;

	queue_remove(w);
	w->reply = 0;
	w->socket = w->target = NULL;
	if (w->deadline) {
		w->deadline = 0;
		timed--;
		alarm_set();
	}
	socket_put(socket);
	if (target)
		socket_put(target);
}

void wait_answer_now(struct wait *w, int64_t result)
{
	struct msg m;

	result_set(&m, result);
	(void)server_answer(&net.server, w->reply, &m);
	operations[w->kind].abort(w);
	wait_end(w);
}

// A thread has one call under way: what it waited for before is over.
void wait_supersede(struct window *w)
{
	if (w->wait.reply)
		wait_answer_now(&w->wait, -EINTR);
}

static void wait_finish(struct wait *w, struct msg *m, int64_t result)
{
	if (server_answer(&net.server, w->reply, m) == OK && result >= 0)
		operations[w->kind].commit(w);
	else
		operations[w->kind].abort(w);
	wait_end(w);
}

// False: it has to wait on.
static bool wait_try(struct wait *w)
{
	struct wait **queue = w->queue;
	struct msg m = {0};
	int64_t result;

	w->send.resumes = true;
	result = w->socket->is_open ? operations[w->kind].check(w, &m, &queue) : -EBADF;
	if (result == NET_WAIT) {
		if (queue != w->queue) {
			queue_remove(w);
			queue_add(queue, w);
		}
		return false;
	}
	if (result < 0)
		result_set(&m, result);
	wait_finish(w, &m, result);
	return true;
}

static void wait_keep(struct wait *w, struct wait **queue, uint64_t timeout)
{
	uint64_t per_second = component_get()->ticks_per_second;

	queue_add(queue, w);
	if (!timeout)
		return;
	w->deadline = counter_read() + timeout / 1000000 * per_second + timeout % 1000000 * per_second / 1000000;
	timed++;
	alarm_set();
}

// Start the call that is described in the window's wait.
void wait_start(struct request *r, enum wait_kind kind, bool may_wait, uint64_t timeout)
{
	struct wait *w = &r->window->wait, **queue = &r->socket->read_queue;
	int64_t result;

	w->kind = kind;
	w->socket = r->socket;
	w->send.resumes = false;
	result = operations[kind].check(w, r->m, &queue);
	if (result == NET_WAIT && !may_wait)
		result = -EAGAIN;
	if (result < 0 && result != NET_WAIT) {
		operations[kind].abort(w);
		result_set(r->m, result);
		w->target = NULL;
		return;
	}
	w->reply = server_keep(&net.server);
	if (!w->reply) {
		operations[kind].abort(w);
		result_set(r->m, -ENOMEM);
		w->target = NULL;
		return;
	}
	r->kept = true;
	socket_hold(w->socket);
	if (w->target)
		socket_hold(w->target);
	if (result == NET_WAIT)
		wait_keep(w, queue, timeout);
	else
		wait_finish(w, r->m, result);
}

static void expire(struct window *window)
{
	struct wait *w = &window->wait;

	if (w->reply && w->deadline && w->deadline <= counter_read())
		wait_answer_now(w, -EAGAIN);
}

void wait_expire(void)
{
	alarm_state.set = 0;
	window_each(expire);
	alarm_set();
}

// Those who wait for room in another's queue may each be right now; one that cannot go waits on.
static void full_queue_try(struct socket *s)
{
	for (struct wait *w = s->full_queue, *next; w; w = next) {
		next = w->next;
		(void)wait_try(w);
	}
}

static void settle(struct socket *s)
{
	const struct wait *w;

	s->event_count++;
	if (s->may_end) {
		s->may_end = false;
		socket_release(s);
	}
	while (s->read_queue && wait_try(s->read_queue))
		;
	while (w = s->write_queue, w && (wait_try(s->write_queue) || s->write_queue != w))
		;
	if (s->full_queue)
		full_queue_try(s);
	if (s->armings)
		arming_check(s);
}

// Until nothing changes any more.
void net_settle(void)
{
	for (;;) {
		struct socket *s = socket_next_changed();

		if (!s) {
			garbage_collect();
			s = socket_next_changed();
		}
		if (!s)
			return;
		settle(s);
		socket_put(s);
	}
}
