// sources: servers/net/socket.c servers/net/packet.c servers/net/name.c servers/net/connect.c servers/net/transfer.c servers/net/garbage.c servers/net/limit.c servers/net/rights.c
#include "servers/net/hook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <poll.h>
#include <cmocka.h>

// Stand-ins: a socket has handles as long as the test says so.
static bool handles[SOCKET_MAX];
static unsigned rights_ended, slots;

bool hook_socket_make(struct socket *s)
{
	handles[s->index] = s->has_handles = true;
	slots++;
	return true;
}

void hook_socket_end(struct socket *s)
{
	handles[s->index] = false;
	slots--;
}

bool hook_has_handles(const struct socket *s) { return handles[s->index]; }

void hook_right_end(uint32_t slot)
{
	(void)slot;
	rights_ended++;
}

uint32_t hook_right_copy(uint32_t slot) { return slot + 1; }
void hook_each_kept(void (*fn)(struct socket *s)) { (void)fn; }

static const struct cred me = {7, 1, 2};

static void settle(void)
{
	struct socket *s;

	do {
		while ((s = socket_next_changed())) {
			if (s->may_end) {
				s->may_end = false;
				socket_release(s);
			}
			socket_put(s);
		}
		garbage_collect();
		s = socket_next_changed();
		if (s) {
			socket_changed(s);
			socket_put(s);
		}
	} while (s);
}

static struct socket *make(uint8_t type)
{
	int error;
	struct socket *s = socket_make(type, user_get(1), &error);

	assert_non_null(s);
	return s;
}

static void drop(struct socket *s)
{
	handles[s->index] = false;
	socket_release(s);
	settle();
}

static void pair(uint8_t type, struct socket *s[2])
{
	s[0] = make(type);
	s[1] = make(type);
	assert_int_equal(connect_pair(s[0], s[1], &me), 0);
}

static int64_t send_bytes(struct socket *s, const void *bytes, uint32_t size, struct rights *rights)
{
	struct send send = {.socket = s, .data = bytes, .size = size, .rights = rights};
	struct wait **queue;
	int64_t result = send_check(&send, &queue);

	if (result >= 0)
		send_commit(&send);
	return result;
}

static int64_t recv_bytes(struct socket *s, void *to, uint32_t size, bool peeks, struct rights **rights)
{
	struct recv recv = {.socket = s, .to = to, .size = size, .room = size, .peeks = peeks};
	int64_t result = recv_check(&recv);
	struct rights *got = result >= 0 && recv.packet ? recv_commit(&recv) : NULL;

	if (rights)
		*rights = got;
	else if (got)
		rights_free(got);
	return result;
}

static struct rights *rights_of(struct socket *s)
{
	struct rights *rights = calloc(1, sizeof(*rights) + sizeof(struct right));

	rights->user = user_get(1);
	assert_true(user_rights_add(rights->user, 1));
	rights->count = 1;
	rights->items[0].socket = s;
	if (s)
		s->in_flight++;
	return rights;
}

static int setup(void **state)
{
	(void)state;
	limit_init(1 << 24);
	rights_ended = 0;
	return 0;
}

// Whatever a test has made is gone, and nothing is charged to anybody.
static int teardown(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SOCKET_MAX; i++)
		if (socket_at(i))
			drop(socket_at(i));
	settle();
	return slots || user_get(1)->sockets || user_get(1)->bytes || user_get(1)->rights;
}

static void test_a_stream_is_read_in_any_pieces(void **state)
{
	struct socket *s[2];
	char in[8] = "";

	(void)state;
	pair(SOCK_STREAM, s);
	assert_int_equal(recv_bytes(s[1], in, 4, false, NULL), NET_WAIT);
	assert_int_equal(send_bytes(s[0], "abc", 3, NULL), 3);
	assert_int_equal(send_bytes(s[0], "defg", 4, NULL), 4);
	assert_int_equal(recv_bytes(s[1], in, 2, false, NULL), 2);
	assert_int_equal(recv_bytes(s[1], in + 2, 6, true, NULL), 5);
	assert_int_equal(recv_bytes(s[1], in + 2, 3, false, NULL), 3);
	assert_int_equal(recv_bytes(s[1], in + 5, 3, false, NULL), 2);
	assert_memory_equal(in, "abcdefg", 7);
	assert_int_equal(s[1]->byte_count, 0);
	assert_int_equal(s[0]->charge, 0);
}

static void test_what_is_not_committed_is_still_there(void **state)
{
	struct socket *s[2];
	char in[4];
	struct wait **queue;

	(void)state;
	pair(SOCK_STREAM, s);
	send_bytes(s[0], "xy", 2, NULL);
	struct recv recv = {.socket = s[1], .to = (uint8_t *)in, .size = 4, .room = 4};
	assert_int_equal(recv_check(&recv), 2);
	assert_int_equal(s[1]->byte_count, 2);

	struct send send = {.socket = s[0], .data = (const uint8_t *)"z", .size = 1};
	assert_int_equal(send_check(&send, &queue), 1);
	send_abort(&send);
	assert_int_equal(s[1]->byte_count, 2);
	assert_int_equal(s[0]->charge, packet_charge(2));
}

static void test_the_send_buffer_bounds_what_waits(void **state)
{
	static uint8_t bytes[70000];
	struct socket *s[2];
	uint64_t total = 0;
	int64_t n;

	(void)state;
	pair(SOCK_STREAM, s);
	s[0]->send_buffer = BUFFER_MIN;
	while ((n = send_bytes(s[0], bytes, sizeof bytes, NULL)) > 0)
		total += (uint64_t)n;
	assert_int_equal(n, NET_WAIT);
	assert_true(total <= 2 * BUFFER_MIN && total > 1000);
	assert_false(socket_poll(s[0]) & POLLOUT);
	while (recv_bytes(s[1], bytes, sizeof bytes, false, NULL) > 0)
		;
	assert_true(socket_poll(s[0]) & POLLOUT);
}

static void test_a_user_cannot_take_all_memory(void **state)
{
	static uint8_t bytes[100000];
	struct socket *s[2];
	int64_t n = 0;

	(void)state;
	limit_init(1 << 20);
	for (int i = 0; i < 40 && n >= 0; i++) {
		pair(SOCK_STREAM, s);
		n = send_bytes(s[0], bytes, sizeof bytes, NULL);
	}
	assert_int_equal(n, -ENOBUFS);
	assert_true(user_get(1)->bytes <= (1 << 20) / 4 * 3);
}

static void test_datagrams_keep_their_edges(void **state)
{
	struct socket *s[2];
	char in[4];

	(void)state;
	pair(SOCK_DGRAM, s);
	send_bytes(s[0], "12345", 5, NULL);
	send_bytes(s[0], "", 0, NULL);
	assert_int_equal(recv_bytes(s[1], in, 4, false, NULL), 4);
	assert_int_equal(recv_bytes(s[1], in, 4, false, NULL), 0);
	assert_int_equal(recv_bytes(s[1], in, 4, false, NULL), NET_WAIT);
	assert_int_equal(send_bytes(s[0], in, BUFFER_MAX, NULL), -EMSGSIZE);
	drop(s[1]);
	assert_int_equal(send_bytes(s[0], "x", 1, NULL), -ECONNREFUSED);
	assert_int_equal(send_bytes(s[0], "x", 1, NULL), -ENOTCONN);
}

static void test_a_peer_that_goes_says_whether_data_was_lost(void **state)
{
	struct socket *s[2];
	char c;

	(void)state;
	pair(SOCK_STREAM, s);
	send_bytes(s[0], "kept", 4, NULL);
	send_bytes(s[1], "lost", 4, NULL);
	drop(s[0]);
	assert_int_equal(socket_poll(s[1]) & (POLLERR | POLLHUP | POLLIN), POLLERR | POLLHUP | POLLIN);
	for (int i = 0; i < 4; i++)
		assert_int_equal(recv_bytes(s[1], &c, 1, false, NULL), 1);
	assert_int_equal(recv_bytes(s[1], &c, 1, false, NULL), -ECONNRESET);
	assert_int_equal(recv_bytes(s[1], &c, 1, false, NULL), 0);
	assert_int_equal(send_bytes(s[1], "x", 1, NULL), -EPIPE);
}

static void test_connections_wait_to_be_accepted(void **state)
{
	struct socket *l = make(SOCK_STREAM), *s, *made;

	(void)state;
	assert_int_equal(connect_listen(l, 0, &me), -EINVAL);
	assert_int_equal(name_bind(l, "\0l", 2), 0);
	assert_int_equal(name_bind(make(SOCK_STREAM), "\0l", 2), -EADDRINUSE);
	assert_null(name_find("\0l", 2, SOCK_DGRAM));
	s = make(SOCK_STREAM);
	assert_int_equal(connect_check(s, name_find("\0l", 2, SOCK_STREAM)), -ECONNREFUSED);
	assert_int_equal(connect_listen(l, 0, &me), 0);
	assert_int_equal(connect_check(make(SOCK_SEQPACKET), l), -EPROTOTYPE);
	assert_int_equal(connect_check(s, l), 0);
	made = make(SOCK_STREAM);
	connect_commit(s, l, made, &me);
	assert_int_equal(connect_check(s, l), -EISCONN);
	assert_int_equal(connect_check(make(SOCK_STREAM), l), NET_WAIT);
	assert_int_equal(accept_check(l), 0);
	accept_commit(l);
	assert_int_equal(accept_check(l), NET_WAIT);
	assert_int_equal(send_bytes(s, "q", 1, NULL), 1);
	assert_int_equal(made->byte_count, 1);
	drop(l);
	assert_null(name_find("\0l", 2, SOCK_STREAM));
	assert_true(made->is_open);
}

static void test_a_listener_that_goes_resets_who_waits(void **state)
{
	struct socket *l = make(SOCK_STREAM), *s = make(SOCK_STREAM);
	char c;

	(void)state;
	name_bind(l, "\0m", 2);
	connect_listen(l, 5, &me);
	connect_commit(s, l, make(SOCK_STREAM), &me);
	drop(l);
	assert_int_equal(recv_bytes(s, &c, 1, false, NULL), -ECONNRESET);
}

static void test_descriptors_end_with_their_message(void **state)
{
	struct socket *s[2], *sent = make(SOCK_STREAM);
	struct rights *rights;
	char c;

	(void)state;
	pair(SOCK_DGRAM, s);
	send_bytes(s[0], "a", 1, rights_of(sent));
	send_bytes(s[0], "b", 1, rights_of(NULL));
	handles[sent->index] = false;
	socket_release(sent);
	settle();
	assert_true(sent->is_open);
	assert_int_equal(recv_bytes(s[1], &c, 1, true, &rights), 1);
	assert_int_equal(rights->count, 1);
	assert_int_equal(sent->in_flight, 2);
	rights_free(rights);
	socket_hold(sent);
	drop(s[1]);
	assert_false(sent->is_open);
	socket_put(sent);
	assert_int_equal(rights_ended, 1);
}

// Two pairs, each in the queue of the other.
static void test_circles_are_collected(void **state)
{
	struct socket *a[2], *b[2];

	(void)state;
	pair(SOCK_STREAM, a);
	pair(SOCK_STREAM, b);
	send_bytes(a[0], "1", 1, rights_of(b[1]));
	send_bytes(b[0], "2", 1, rights_of(a[1]));
	drop(a[0]);
	drop(b[0]);
	handles[b[1]->index] = false;
	socket_release(b[1]);
	settle();
	assert_true(b[1]->is_open);  // a[1] has a handle, and b[1] in its queue
	handles[a[1]->index] = false;
	socket_release(a[1]);
	settle();
	assert_int_equal(slots, 0);
}

static void test_a_long_chain_ends_without_depth(void **state)
{
	struct socket *s[2], *before = make(SOCK_STREAM);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		pair(SOCK_STREAM, s);
		send_bytes(s[0], "c", 1, rights_of(before));
		handles[before->index] = false;
		socket_release(before);
		drop(s[0]);
		before = s[1];
	}
	settle();
	assert_true(slots > 1000);
	drop(before);
	assert_int_equal(slots, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_a_stream_is_read_in_any_pieces),
		TEST(test_what_is_not_committed_is_still_there),
		TEST(test_the_send_buffer_bounds_what_waits),
		TEST(test_a_user_cannot_take_all_memory),
		TEST(test_datagrams_keep_their_edges),
		TEST(test_a_peer_that_goes_says_whether_data_was_lost),
		TEST(test_connections_wait_to_be_accepted),
		TEST(test_a_listener_that_goes_resets_who_waits),
		TEST(test_descriptors_end_with_their_message),
		TEST(test_circles_are_collected),
		TEST(test_a_long_chain_ends_without_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
