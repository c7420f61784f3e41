// Names that lead below /proc: the file server says so (-EREMOTE) and leaves what is left of the name in
// the window. The process server makes up what it leads to, or finds the file, and gives a handle; then
// the call is made again on that.
#include "abi/gen/stubs.h"
#include "env/linux/library.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "protocol/gen/proc.h"

#define NAME_BYTES 424  // protocol/process.def
#define ROUNDS 40       // as many as links that a name may lead through

struct remote {
	char name[NAME_BYTES + 1];
	const char *rest;
	int64_t index;  // of the handle
};

// Does a call follow a symbolic link that is the last name?
static bool is_following(const struct msg *m)
{
	switch (tag_label(m->tag)) {
	case NAME_OPEN:
		return !(m->words[2] & O_NOFOLLOW) && (m->words[2] & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	case NAME_STAT:
		return !(m->words[2] & AT_SYMLINK_NOFOLLOW);
	case NAME_ACCESS:
	case NAME_UTIMENS:
		return !(m->words[3] & AT_SYMLINK_NOFOLLOW);
	case NAME_CHOWN:
		return !(m->words[4] & AT_SYMLINK_NOFOLLOW);
	case NAME_LINK:
		return m->words[3] & AT_SYMLINK_FOLLOW;
	case NAME_CHDIR:
	case NAME_CHROOT:
	case NAME_CHMOD:
	case NAME_STATFS:
	case NAME_TRUNCATE:
	case NAME_UMOUNT:
	case NAME_MOUNT:
		return true;
	default:
		return false;
	}
}

// The handle, in a slot of its own; the caller's receive slot stays what it was.
static int64_t resolve(struct window_call *call, struct remote *remote, uint64_t length, uint64_t *kind)
{
	const struct abi_block *block = block_get();
	cap_t first = block->recv_first;
	uint32_t count = block->recv_count;
	uint64_t words[(NAME_BYTES + 7) / 8] = {0};
	struct msg m = {.tag = TAG(PROC_OPEN, 3 + (length + 7) / 8),
			.words = {tag_label(call->m.tag), is_following(&call->m), length}};
	int64_t result;

	memcpy(words, remote->name, length);
	msg_set_words(&m, 3, words, (unsigned)(length + 7) / 8);
	remote->index = handle_reserve();
	if (remote->index < 0)
		return remote->index;
	err_t err = sys_call(LINUX_SLOT_PROCESS, &m);

	msg_set_receive(first, count);
	result = answer_get(err, m.words[0]);
	if (!result && (msg_get_cap(&m, 0) != handle_slot(remote->index) || m.words[1] > length))
		result = -EIO;
	if (result) {
		handle_release(remote->index);
		return result;
	}
	remote->rest = remote->name + m.words[1];
	*kind = m.words[2];
	if (*remote->rest == '/') {
		while (*remote->rest == '/')
			remote->rest++;
		if (!*remote->rest)
			remote->rest = ".";
	}
	return 0;
}

// What is meant is an open file of another server: the handle is all that there is of it.
static int64_t other_call(struct window_call *call, const struct remote *remote)
{
	struct window_call stat = {handle_slot(remote->index), WINDOW_TERMINAL, .m = {.tag = TAG(FILE_STAT, 1)}};
	cap_t to = block_get()->recv_first;
	struct stat s;
	int64_t err;

	if (*remote->rest)
		return -ENOTDIR;
	switch (tag_label(call->m.tag)) {
	case NAME_OPEN:
		err = answer_errno(cnode_move(LINUX_SLOT_CNODE, to - LINUX_SLOT_HANDLES, LINUX_SLOT_CNODE,
					      (uint64_t)remote->index, 1, NULL));
		block_get()->received[0] = to;
		call->m = (struct msg){.tag = TAG(0, 3) | TAG_CAPS(1), .words = {0, HANDLE_TERMINAL}};
		return err;
	case NAME_STAT:
		err = window_call(&stat);
		if (!err)
			err = window_read(&s, window_memory(WINDOW_TERMINAL), sizeof s);
		return err ? err : window_write(window_memory(WINDOW_FILE), &s, sizeof s);
	case NAME_ACCESS:
		return 0;
	case NAME_CHDIR:
		return -ENOTDIR;
	default:
		return -EPERM;
	}
}

// The second name of a link starts where it did.
static int64_t anchor_set(struct window_call *call)
{
	struct window_call anchor = {call->cap, WINDOW_FILE, .m = {.tag = TAG(NAME_ANCHOR, 1)}};

	if (tag_label(call->m.tag) != NAME_LINK || call->m.words[4])
		return 0;
	call->m.words[4] = 1;
	return window_call(&anchor);
}

static int64_t call_again(struct window_call *call, const struct remote *remote)
{
	bool is_symlink = tag_label(call->m.tag) == NAME_SYMLINK;

	call->cap = handle_slot(remote->index);
	call->rest = *remote->rest ? remote->rest : NULL;
	call->rest_place = is_symlink ? PATH_SECOND : PATH_FIRST;
	call->m.words[is_symlink ? 2 : 1] = call->rest ? call->rest_place : UINT64_MAX;
	return window_call_once(call);
}

int64_t remote_call(struct window_call *call)
{
	struct remote remotes[2];
	int64_t result = -EREMOTE, before = -1;

	for (unsigned i = 0; result == -EREMOTE && i < ROUNDS; i++) {
		struct remote *remote = &remotes[i % 2];
		uint64_t length = call->remote_length, kind = HANDLE_FILE;

		result = length > NAME_BYTES ? -ENAMETOOLONG :
			 window_read(remote->name, window_memory(WINDOW_FILE), length);
		remote->name[length > NAME_BYTES ? 0 : length] = 0;
		if (!result)
			result = anchor_set(call);
		if (!result)
			result = resolve(call, remote, length, &kind);
		if (result)
			break;
		result = kind == HANDLE_FILE ? call_again(call, remote) : other_call(call, remote);
		if (before >= 0)
			handle_release(before);
		before = remote->index;
	}
	if (before >= 0)
		handle_release(before);
	return result == -EREMOTE ? -ELOOP : result;
}
