#include "object/ops.h"

#include "cap/delete.h"

const struct object_ops object_ops[TYPE_COUNT] = {
	[TYPE_CNODE] = {cnode_empty},
	[TYPE_VSPACE] = {vspace_empty},
	[TYPE_THREAD] = {thread_empty},
	[TYPE_SCHEDCONTEXT] = {schedcontext_empty},
	[TYPE_ENDPOINT] = {endpoint_empty},
	[TYPE_REPLY] = {reply_empty},
	[TYPE_NOTIFICATION] = {notification_empty},
	[TYPE_INTERRUPT] = {interrupt_empty},
};
