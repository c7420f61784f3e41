// Sockets: what the files socket*.c share.
#ifndef ENV_LINUX_SOCKET_H
#define ENV_LINUX_SOCKET_H

#include "env/linux/library.h"
#include "env/linux/segment.h"

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_MAX 46
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_MAX 11
#define SOCK_TYPE_MASK 0xfu
#define SOL_SOCKET 1
#define SO_TYPE 3
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define MSG_OOB 1u
#define MSG_PEEK 2u
#define MSG_CTRUNC 8u
#define MSG_DONTWAIT 0x40u
#define MSG_TRUNC 0x20u
#define MSG_WAITALL 0x100u
#define MSG_ERRQUEUE 0x2000u
#define MSG_NOSIGNAL 0x4000u
#define MSG_WAITFORONE 0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u
#define SCM_RIGHTS 1u
#define SCM_CREDENTIALS 2u
#define TYPE_SOCKET 12
#define ADDRESS_MAX 128  // struct sockaddr_storage
#define PATH_SIZE 108    // of sun_path
#define SIZE_MAX_ONE 0x7fffffffu

// An address as the program gave it. `size` 0: none.
struct address {
	uint16_t family;
	uint32_t size;               // of `bytes`, which is sun_path
	char bytes[ADDRESS_MAX];
};

struct message {
	struct segments segments;
	uint64_t size;
	struct address name;
	bool is_named;
	uint64_t control, control_size;
	uint32_t flags;
};

// socket.c
int64_t socket_find(uint64_t fd, struct handle *handle);  // 0, -EBADF, -ENOTSOCK
// An option of four bytes.
int64_t socket_option(const struct handle *handle, uint64_t option);
// A call that was broken off is not repeated where a timeout runs.
int64_t socket_restart(const struct handle *handle, int64_t result, uint64_t timeout_option);

// socket_name.c
int64_t address_get(struct address *a, uint64_t user, uint64_t size);
bool address_is_path(const struct address *a);
// Have the address capability of a named socket, in a reserved handle: its index, or -errno.
int64_t address_find(const struct address *a);
// A name of `size` bytes in the net server's window goes out; `least`: the length of no name.
int64_t address_put(uint64_t user, uint64_t user_size, uint64_t size, uint64_t least);

// socket_io.c
int64_t socket_move(const struct handle *handle, struct segments *s, uint64_t size, uint64_t offset,
		    bool is_write);
int64_t data_send(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags);
int64_t data_recv(const struct handle *handle, struct segments *s, uint64_t size, uint32_t flags);
// The first part of a large message is in the window: have the rest, too. Bytes, or -errno.
int64_t socket_fetch(const struct handle *handle, struct segments *s, uint64_t size);
// Hand the data of a large message to the server.
int64_t socket_stage(const struct handle *handle, struct segments *s, uint64_t size);
int64_t socket_call(cap_t cap, struct msg *m);
// What becomes of a result of sending: a signal, a restart.
int64_t socket_sent(const struct handle *handle, int64_t result, uint32_t flags);

// socket_control.c
struct control_out {
	uint64_t rights, credentials;  // counts
	uint32_t pid, uid, gid;
};
// What goes along: descriptors are handed to the server.
int64_t control_send(const struct handle *handle, const struct message *m, struct control_out *out);
// How many descriptors fit behind the credentials.
uint64_t control_room(uint64_t size, bool has_credentials);
// Returns the bytes that were used, or -errno. *flags: MSG_CTRUNC is added.
int64_t control_recv(const struct handle *handle, const struct message *m, const struct msg *answer,
		     uint32_t *flags);

#endif
