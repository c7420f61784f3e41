// Methods of the interfaces context and control.
#include "servers/file/answer.h"
#include "servers/file/pts.h"

#include "protocol/gen/context.h"
#include "protocol/gen/control.h"
#include "protocol/linux.h"

request_method context_op_attach, context_op_fork, context_op_umask, context_op_set_ids;
request_method context_op_set_groups, context_op_place;
request_method control_op_make, control_op_register, control_op_terminal_node, control_op_terminal_remove;

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
	answers_forget_context(r->context);
	return 0;
}

// Words 1 on hold two groups each.
int64_t context_op_set_groups(struct request *r)
{
	uint64_t words[GROUPS_MAX / 2], count = r->words[0];
	struct context *context = r->context;

	if (!r->is_owner)
		return -EPERM;
	if (count > GROUPS_MAX || tag_words(r->m->tag) < 1 + (count + 1) / 2)
		return -EINVAL;
	msg_get_words(r->m, 1, words, (unsigned)(count + 1) / 2);
	memcpy(context->groups, words, count * sizeof context->groups[0]);
	for (uint64_t i = 1; i < count; i++)
		for (uint64_t j = i; j > 0 && context->groups[j] < context->groups[j - 1]; j--) {
			uint32_t other = context->groups[j];

			context->groups[j] = context->groups[j - 1];
			context->groups[j - 1] = other;
		}
	context->cred.group_count = (uint32_t)count;
	answers_forget_context(context);
	return 0;
}

// A handle of the current directory or the root, to name things from.
int64_t context_op_place(struct request *r)
{
	struct context *context = r->context;
	bool root = r->words[0] != 0;
	struct inode *inode = root ? context->root : context->cwd;
	struct description *d;

	if (!r->is_owner)
		return -EPERM;
	inode_hold(inode);
	d = description_make(inode, O_PATH | O_DIRECTORY, &context->cred);
	if (!d)
		return -ENFILE;
	description_mount_set(d, root ? context->root_mount : context->cwd_mount);
	r->cap[0] = grant_hand(&d->grant);
	r->caps = 1;
	return 0;
}

int64_t control_op_make(struct request *r) { return context_hand(r, context_make(NULL)); }

static void receive_renew(void)
{
	file.receive = slot_alloc();
	msg_set_receive(file.receive, file.receive ? 1 : 0);
}

static int64_t capability_keep(uint64_t device, uint64_t kind, cap_t capability)
{
	int64_t result;

	if (capability == 0 || capability != file.receive)
		return -EINVAL;
	result = kind == HANDLE_SOCKET ? socket_register(capability) : device_register(device, kind, capability);
	if (result == 0)
		receive_renew();
	return result;
}

static uint64_t device_number(uint64_t word) { return makedev((unsigned)word >> 8, (unsigned)word & 0xff); }

int64_t control_op_register(struct request *r)
{
	if (r->words[0] > 0xffff)
		return -EINVAL;
	return capability_keep(device_number(r->words[0]), r->words[1], msg_get_cap(r->m, 0));
}

int64_t control_op_terminal_node(struct request *r)
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

int64_t control_op_terminal_remove(struct request *r)
{
	uint64_t device = device_number(r->words[0]);

	if (r->words[0] > 0xffff || major(device) != PTS_MAJOR)
		return -EINVAL;
	device_forget(device);
	return pts_remove(&file.fs, minor(device));
}
