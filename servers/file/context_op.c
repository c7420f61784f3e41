// Methods of the interfaces context and control.
#include "servers/file/file.h"
#include "servers/file/pts.h"

#include "protocol/gen/context.h"
#include "protocol/gen/control.h"

request_method context_op_attach, context_op_fork, context_op_umask, context_op_set_ids;
request_method control_op_make, control_op_register, control_op_node, control_op_remove;

int64_t context_op_attach(struct request *r)
{
	int error;

	if (r->words[0] >= CONTEXT_WINDOWS || r->words[1] % PAGE != 0 || r->words[1] == 0)
		return -EINVAL;
	r->window = window_attach(r->context, (uint32_t)r->words[0], &error);
	if (!r->window)
		return error;
	r->out[1] = r->window->token;
	r->out[2] = WINDOW_BYTES;
	r->out_words = 3;
	r->item = true;
	return 0;
}

static int64_t context_hand(struct request *r, struct context *context)
{
	if (!context)
		return -ENFILE;
	r->cap[0] = grant_hand(&context->user);
	r->cap[1] = grant_hand(&context->owner);
	r->caps = 2;
	return 0;
}

int64_t context_op_fork(struct request *r)
{
	return r->is_owner ? context_hand(r, context_make(r->context)) : -EPERM;
}

int64_t context_op_umask(struct request *r)
{
	uint32_t before = r->context->cred.umask;

	r->context->cred.umask = r->words[0] & 0777;
	return before;
}

int64_t context_op_set_ids(struct request *r)
{
	if (!r->is_owner)
		return -EPERM;
	r->context->cred.uid = (uint32_t)r->words[0];
	r->context->cred.gid = (uint32_t)r->words[1];
	return 0;
}

int64_t control_op_make(struct request *r) { return context_hand(r, context_make(NULL)); }

static int64_t capability_keep(uint64_t device, uint64_t kind, cap_t capability)
{
	int64_t result;

	if (capability == 0 || capability != file.receive)
		return -EINVAL;
	result = device_register(device, kind, capability);
	if (result == 0) {
		file.receive = slot_alloc();
		msg_set_receive(file.receive, file.receive ? 1 : 0);
	}
	return result;
}

static uint64_t device_number(uint64_t word) { return makedev((unsigned)word >> 8, (unsigned)word & 0xff); }

int64_t control_op_register(struct request *r)
{
	if (r->words[0] > 0xffff)
		return -EINVAL;
	return capability_keep(device_number(r->words[0]), r->words[1], msg_get_cap(r->m, 0));
}

int64_t control_op_node(struct request *r)
{
	struct pts_node node = {(uint32_t)r->words[2], (uint32_t)r->words[3], (uint32_t)(r->words[3] >> 32)};
	uint64_t device = device_number(r->words[0]);
	int64_t result;

	if (r->words[0] > 0xffff || major(device) != PTS_MAJOR)
		return -EINVAL;
	result = capability_keep(device, r->words[1], msg_get_cap(r->m, 0));
	if (result)
		return result;
	result = pts_add(&file.fs, minor(device), &node);
	if (result)
		device_forget(device);
	return result;
}

int64_t control_op_remove(struct request *r)
{
	uint64_t device = device_number(r->words[0]);

	if (r->words[0] > 0xffff || major(device) != PTS_MAJOR)
		return -EINVAL;
	device_forget(device);
	return pts_remove(&file.fs, minor(device));
}
