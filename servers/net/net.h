// The server's own state: programs and their windows, who waits, and the message in hand.
//
// Who asks is told by the token of a window, which is attached through a program's own capability; its
// badge is what the process server knows the program by. Nothing else in a message is believed.
#ifndef SERVERS_NET_NET_H
#define SERVERS_NET_NET_H

#include "lib/msg/server.h"
#include "lib/rt/component.h"
#include "protocol/linux.h"
#include "servers/net/hook.h"

#define WINDOW_PAGES (WINDOW_SIZE / PAGE_SIZE)
#define BADGE_KIND_SOCKET 0x21u
#define BADGE_KIND_ADDRESS 0x22u
#define SIGNAL_ALARM 1u
#define RIGHTS_SEND_MAX 253u

enum wait_kind {
	WAIT_RECV, WAIT_READ, WAIT_RECV_MESSAGE,  // WAIT_READ: as the file interface has it
	WAIT_SEND, WAIT_WRITE, WAIT_SEND_MESSAGE,
	WAIT_ACCEPT, WAIT_CONNECT,
};

struct window;

// One call that is under way, and what it was found to do.
struct wait {
	struct wait *next;
	struct wait **queue;      // that it is in, or null
	struct window *window;
	enum wait_kind kind;
	struct socket *socket;    // held while it is kept
	struct socket *target;    // that was named: held while it is kept
	cap_t reply;              // 0: it is not kept
	uint64_t deadline;        // counter value, 0: none
	uint32_t size, flags;     // flags: MSG_*, of accept O_NONBLOCK
	uint32_t with;            // SOCKET_WITH_*
	uint32_t rights_room;
	bool has_cred;            // named by the sender
	struct cred cred;
	uint64_t words[SOCKET_INLINE / 8];
	struct send send;
	struct recv recv;
	struct socket *made;      // by a connect
};

struct window {
	uint64_t token;           // 0: free
	uint64_t used;            // when
	uint64_t client;          // badge of the program
	cap_t slot;
	uint8_t *bytes;
	struct wait wait;
	struct rights *staged, *received;
	uint8_t *data;            // staged bytes
	uint32_t data_size;
	struct packet *fetched;   // a large message whose rest may be fetched
};

struct request {
	struct msg *m;
	uint64_t words[MSG_WORDS_REGISTERS];
	struct socket *socket;
	struct window *window;
	cap_t arrived;
	bool kept;
};

struct net {
	struct server server;
	cap_t cnode, file, terminal, identity;
	cap_t receive;  // slot for a capability that arrives
	uint64_t clients_ended;  // programs with a badge whose end was heard of
	uint64_t ended_said;     // how many there were by the process server's last word
	bool sweeps;             // one was missed: window_sweep
};
extern struct net net;

static inline uint64_t counter_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void result_set(struct msg *m, int64_t result)
{
	m->tag = TAG(0, 1);
	m->words[0] = (uint64_t)result;
}

// grant.c
uint64_t badge_make(unsigned kind, const struct socket *s);
struct socket *badge_find(uint64_t badge, unsigned kind);
cap_t grant_handle(struct socket *s);   // to hand out
cap_t grant_address(struct socket *s);  // 0: no slot
void grant_no_senders(uint64_t badge);
void grant_sweep(void);                 // close sockets whose handle never arrived

// window.c
bool window_init(void);
struct window *window_find(uint64_t token);
void window_attach(uint64_t client, struct msg *m);
void window_client_end(uint64_t client);
// The end of a program may have been missed: what the kernel has to say is lost when the process server
// takes the program apart while this one waits for it to answer.
void window_sweep(void);
// What is in its care is dropped.
void window_staged_drop(struct window *w);
void window_data_drop(struct window *w);
// Adds what lies in the window to a large message. 0 or -errno.
int64_t window_data_add(struct window *w, uint32_t size);
void window_received_drop(struct window *w);
void window_fetched_set(struct window *w, struct packet *packet);
void window_each(void (*fn)(struct window *w));

// wait.c
void wait_answer_now(struct wait *w, int64_t result);
void wait_supersede(struct window *w);
void wait_start(struct request *r, enum wait_kind kind, bool may_wait, uint64_t timeout);
void wait_expire(void);
void net_settle(void);

// operation.c: checks leave the answer in m (with a result >= 0) for commit or abort to follow.
struct operation {
	int64_t (*check)(struct wait *w, struct msg *m, struct wait ***queue);
	void (*commit)(struct wait *w);
	void (*abort)(struct wait *w);
};
extern const struct operation operations[];
int64_t send_now(struct request *r, uint32_t size, uint32_t flags);

// right.c
// What kind of handle is it? HANDLE_*, or 0. *socket: of this server.
uint8_t right_kind(cap_t slot, struct socket **socket);
int64_t right_stage(struct request *r);
void right_take(struct request *r);
uint64_t address_badge(cap_t slot);  // 0: it is no capability of this server
cap_t arrived_keep(cap_t arrived);  // the slot is the caller's now; 0: no slot for the next
void arrived_drop(cap_t arrived);
void arrived_init(void);

// credential.c
struct identity {
	uint32_t pid, uid, euid, suid, gid, egid, sgid;
};
bool identity_get(uint64_t client, uint64_t pid, struct identity *out, bool *pid_exists);
struct cred cred_real(const struct window *w);
struct cred cred_effective(const struct window *w);
// May the program say that it is this? 0, -EPERM, -ESRCH.
int64_t cred_check(const struct window *w, const struct cred *cred);

// arming.c
void arming_handle(struct request *r);
void arming_check(struct socket *s);
void arming_socket_end(struct socket *s);

// option.c
void option_get(struct request *r);
void option_set(struct request *r);

// method.c
void method_net(struct request *r);     // on a program's capability
void method_socket(struct request *r);  // on a handle
void method_file(struct request *r);

#endif
