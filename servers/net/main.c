// The net server: sockets of AF_UNIX (protocol/socket.def). One thread.
//
// It calls the process server (who is behind a badge) and, once, the file server (to be known there),
// and is called by programs alone.
#include "abi/gen/stubs.h"
#include "lib/rt/rt.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "protocol/gen/socket.h"
#include "servers/net/net.h"

struct net net;

static void request_handle(struct msg *m)
{
	static struct request r;
	uint32_t words = tag_words(m->tag), interface = tag_label(m->tag) >> 8;

	for (uint32_t i = words; i < MSG_WORDS_REGISTERS; i++)
		m->words[i] = 0;
	r.m = m;
	r.arrived = msg_get_cap(m, 0);
	r.kept = false;
	r.window = NULL;
	memcpy(r.words, m->words, sizeof(r.words));
	r.socket = badge_find(m->badge, BADGE_KIND_SOCKET);
	if (m->badge & NET_BADGE)
		method_net(&r);
	else if (!r.socket)
		result_set(m, -EBADF);
	else if (interface == SOCKET_SEND >> 8)
		method_socket(&r);
	else if (interface == FILE_READ >> 8)
		method_file(&r);
	else
		result_set(m, -ENOSYS);
	arrived_drop(r.arrived);
}

static void message_handle(struct server *server, struct msg *m)
{
	(void)server;
	switch (tag_kind(m->tag)) {
	case KIND_NO_SENDERS:
		if (m->badge & NET_BADGE) {
			net.clients_ended++;
			window_client_end(m->badge);
		} else {
			grant_no_senders(m->badge);
		}
		break;
	case KIND_NOTIFICATION:
		wait_expire();
		break;
	default:
		request_handle(m);
	}
	if (net.sweeps)
		window_sweep();
	net_settle();
}

static _Noreturn void give_up(const char *why, err_t err)
{
	rt_log("%s: error %u", why, (unsigned)err);
	rt_exit(1);
}

static cap_t derive(cap_t source, uint64_t rights, uint64_t badge)
{
	cap_t slot = slot_alloc();
	err_t err = slot ? cnode_derive(net.cnode, slot, net.cnode, source, rights, badge, 0) : ERR_NO_MEMORY;

	if (err)
		give_up("a capability", err);
	return slot;
}

static void alarm_make(void)
{
	cap_t notification = component_get_cap("notification");
	err_t err = thread_bind(component_get_cap("thread"), notification);

	if (!err)
		err = schedcontext_bind_notification(component_get_cap("context"),
						     derive(notification, NOTIFICATION_SIGNAL, SIGNAL_ALARM));
	if (err)
		give_up("the alarm", err);
}

// The file server learns whose capabilities socket inodes may lead to.
static void file_register(void)
{
	cap_t mine = derive(net.server.endpoint, ENDPOINT_SEND, BADGE_KIND_ADDRESS);
	uint64_t result = 0;
	err_t err = control_register(net.file, 0, HANDLE_SOCKET, mine, &result);

	if (err || result)
		give_up("the file server does not know sockets", err);
}

int main(void)
{
	uint32_t count = 0;
	cap_t replies = component_find_cap("replies", &count);

	net.cnode = component_get_cap("cnode");
	net.file = component_get_cap("file");
	net.terminal = component_get_cap("terminal");
	net.identity = component_get_cap("identity");
	limit_init(component_get()->heap_size / 4 * 3);
	if (!window_init() || !server_make(&net.server, component_get_cap("endpoint"), replies, count)) {
		rt_log("no memory");
		return 1;
	}
	alarm_make();
	file_register();
	arrived_init();
	server_run(&net.server, message_handle);
	return 0;
}
