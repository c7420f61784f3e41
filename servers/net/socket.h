// Sockets of AF_UNIX: what they are, and what happens to them. Pure: the kernel is behind hook.h.
//
// Invariants:
//  1. A socket's memory lives as long as `references`: one while it is open, one for each packet that
//     it sent and nobody received, for each peer pointer to it, each wait that names it, its place in
//     the list of changed ones.
//  2. `charge` is the sum of the charges of the packets that it sent and nobody received.
//  3. A packet is in one receive queue, or in the care of one window (peeked ones too: `references`).
//  4. Nobody is answered from within an operation: what changed is put into the list of changed
//     sockets, and net_settle looks after their waiters.
#ifndef SERVERS_NET_SOCKET_H
#define SERVERS_NET_SOCKET_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define SOCKET_MAX 4096u
#define NAME_MAX_BYTES 110u  // of sun_path, and a NUL
#define BUFFER_MAX 212992u
#define BUFFER_MIN 4608u
#define RECEIVE_MIN 2304u
#define BACKLOG_MAX 4096u
#define DATAGRAM_BACKLOG 10u
#define SIZE_OVERHEAD 32u  // a datagram must be smaller than the buffer by so much
#define NET_WAIT (-512)    // result: it would have to wait

enum socket_state { SOCKET_UNCONNECTED, SOCKET_LISTENING, SOCKET_CONNECTED };
enum { SHUT_IN = 1, SHUT_OUT = 2, SHUT_BOTH = 3 };  // bits

struct cred {
	uint32_t pid, uid, gid;
};

// What one user holds (limit.c).
struct user {
	uint32_t uid;
	uint32_t sockets, rights;
	uint64_t bytes;
};

// A descriptor that is under way: a socket of this server, or a capability.
struct right {
	struct socket *socket;
	uint32_t slot;
	uint8_t kind;  // HANDLE_*
};

struct rights {
	struct user *user;
	uint32_t count, taken;
	struct right items[];
};

struct packet {
	struct packet *next;
	struct socket *owner;  // held
	struct user *user;
	struct rights *rights;
	struct cred cred;
	bool has_cred;
	uint32_t references;
	uint32_t size, offset;  // offset: what was received already
	uint32_t charge, room;
	uint8_t data[];
};

struct name {
	uint8_t size;  // 0: none. Bytes of sun_path, the NUL of a file's name included
	char bytes[NAME_MAX_BYTES];
};

struct wait;

struct socket {
	uint32_t index, generation, references;
	bool is_open;
	bool has_handles;     // somebody holds its capability
	bool is_changed;      // in the list of changed ones
	bool may_end;         // a right that named it is gone: socket_release
	bool is_marked;       // of garbage.c
	uint8_t type;         // SOCK_*
	uint8_t shutdown;     // SHUT_*
	enum socket_state state;
	uint32_t flags;       // O_NONBLOCK
	int error;            // SO_ERROR
	uint32_t in_flight;   // rights that name it
	struct socket *peer;  // held
	struct socket *listener;               // of a connection that was not accepted yet
	struct socket *pending, *pending_last; // of a listener: connections to accept
	struct socket *pending_next;
	uint32_t pending_count, backlog;
	struct packet *first, *last;
	uint32_t packet_count;
	uint64_t byte_count;
	uint32_t charge, send_buffer, receive_buffer, low_water;
	uint64_t receive_timeout, send_timeout;  // microseconds, 0: none
	bool passes_cred;
	uint32_t option_bits;  // of options that are only remembered
	uint32_t linger[2];
	uint32_t priority;
	uint32_t mode;
	struct cred peer_cred;
	struct user *user;
	struct name name;
	struct socket *name_next;  // in the table of abstract names
	uint32_t handle_slot, address_slot;  // grants
	uint64_t inode;
	struct wait *read_queue, *write_queue;  // receivers and acceptors; senders that need own room
	struct wait *full_queue;                // who waits for room in this socket's queue
	struct socket *changed_next;
	struct arming *armings;
	uint64_t event_count;  // things that happened which may have made it ready
};

static inline bool socket_is_stream(const struct socket *s) { return s->type == SOCK_STREAM; }
static inline bool socket_is_connecting(const struct socket *s) { return s->type != SOCK_DGRAM; }
static inline bool socket_is_writable(const struct socket *s)
{
	return s->state != SOCKET_LISTENING && (uint64_t)s->charge * 4 <= s->send_buffer;
}

// socket.c
struct socket *socket_make(uint8_t type, struct user *user, int *error);
struct socket *socket_find(uint32_t index, uint32_t generation);
struct socket *socket_at(uint32_t index);  // null: none that is open
void socket_hold(struct socket *s);
void socket_put(struct socket *s);
void socket_close(struct socket *s);
// Its handles, or a right that named it, may be gone: close it when nothing else leads to it.
void socket_release(struct socket *s);
void socket_set_peer(struct socket *s, struct socket *peer);
void socket_changed(struct socket *s);
// There is room in its queue again: for those who have chosen it as their peer.
void socket_room_changed(struct socket *s);
struct socket *socket_next_changed(void);

// packet.c
struct packet *packet_make(struct socket *owner, uint32_t size);
void packet_put(struct packet *packet);
// What a message of that size counts for.
uint32_t packet_charge(uint32_t size);
void queue_append(struct socket *to, struct packet *packet);
struct packet *queue_take(struct socket *s);
void queue_purge(struct socket *s);

// name.c
struct socket *name_find(const char *bytes, uint32_t size, uint32_t type);
int name_bind(struct socket *s, const char *bytes, uint32_t size);
int name_choose(struct socket *s);
void name_remove(struct socket *s);

// connect.c
int connect_pair(struct socket *a, struct socket *b, const struct cred *cred);
int connect_listen(struct socket *s, uint32_t backlog, const struct cred *cred);
// May s connect to a listener now? 0, -errno, NET_WAIT. Then commit makes it so: it cannot fail.
int connect_check(const struct socket *s, const struct socket *listener);
void connect_commit(struct socket *s, struct socket *listener, struct socket *made,
		    const struct cred *cred);
int connect_datagram(struct socket *s, struct socket *to);  // null: to nobody
int accept_check(const struct socket *s);
void accept_commit(struct socket *s);  // takes the first pending one
int connect_shutdown(struct socket *s, unsigned how);
uint32_t socket_poll(const struct socket *s);

// transfer.c
struct send {
	struct socket *socket;
	struct socket *target;  // that was named, or null
	const uint8_t *data;
	uint32_t size;
	bool has_cred, resumes;  // resumes: it has waited
	struct cred cred;
	struct rights *rights;  // taken over by the packet
	// What send_check found.
	struct socket *to;
	struct packet *packet;
};
// Can it be sent now? Bytes, -errno or NET_WAIT; *queue: where to wait. With bytes, commit or abort.
int64_t send_check(struct send *send, struct wait ***queue);
void send_commit(struct send *send);
void send_abort(struct send *send);

struct recv {
	struct socket *socket;
	uint8_t *to;            // room for `size`, at most `room` is written
	uint32_t size, room;
	bool peeks, says_size;  // MSG_PEEK, MSG_TRUNC
	// What recv_check found.
	uint32_t copied, consumed, flags;
	struct packet *packet;  // the message, or the last one of a stream that had rights
	struct socket *from;    // null: nobody
	const struct cred *cred;
};
int64_t recv_check(struct recv *recv);
// Take what was received. The rights that came are returned, or null.
struct rights *recv_commit(struct recv *recv);

// rights.c
void rights_trim(struct rights *rights, uint32_t count);  // those beyond are dropped
void rights_free(struct rights *rights);
struct rights *rights_copy(const struct rights *rights);  // null: no memory, or null was given

// garbage.c
void garbage_want(void);
void garbage_collect(void);

// limit.c
struct user *user_get(uint32_t uid);
bool user_socket_add(struct user *user);
void user_socket_remove(struct user *user);
bool user_bytes_add(struct user *user, uint64_t bytes);
void user_bytes_remove(struct user *user, uint64_t bytes);
bool user_rights_add(struct user *user, uint32_t count);
void user_rights_remove(struct user *user, uint32_t count);
void limit_init(uint64_t bytes);

#endif
