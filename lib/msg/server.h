// The message loop of a server: receive, handle, answer with the same system call.
//
// A server has one endpoint and a run of Reply objects. One Reply is in use for the next message; the
// others hold callers that are answered later.
#ifndef LIB_MSG_SERVER_H
#define LIB_MSG_SERVER_H

#include "lib/sys/msg.h"

struct server {
	cap_t endpoint;
	cap_t current;        // the Reply that the next receive uses
	bool answer;          // the message in hand is answered by the next receive
	uint32_t free_count;  // free Replies, a stack
	cap_t *free;
};

// Make a server of an endpoint and `count` Replies from `first` on. False: no memory.
bool server_make(struct server *server, cap_t endpoint, cap_t first, uint32_t count);

// Handle messages for ever. `handle` gets each message (look at tag_kind(m->tag)) and leaves the answer
// in *m, unless it called server_keep. What is not a call (notification, no senders) is not answered.
void server_run(struct server *server, void (*handle)(struct server *server, struct msg *m));

// Take the caller of the message in hand out of the loop, to be answered later with server_answer.
// 0: no Reply is free, and the caller must be answered now.
cap_t server_keep(struct server *server);

// Answer a kept caller and take the Reply back. Fails when the caller is gone or was cancelled: then
// nothing was delivered, and what the answer would have consumed is still there. With map items that
// fail, the Reply is answered with the error instead.
err_t server_answer(struct server *server, cap_t reply, struct msg *m);

#endif
