// Messages of the interface proc.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "protocol/gen/context.h"
#include "protocol/gen/name.h"
#include "protocol/gen/proc.h"
#include "servers/process/proc_find.h"

static void slot_discard(cap_t slot)
{
	(void)cnode_delete(store_cnode, slot, 1);
	slot_free(slot);
}

// A copy of the handle behind a descriptor: its slot, or -errno.
static int64_t fd_copy(const struct proc_of *of)
{
	uint32_t handle = proc_handle_of(of->task, of->fd);
	cap_t slot = handle ? slot_alloc() : 0;

	if (!slot)
		return handle ? -ENOMEM : -ENOENT;
	if (cnode_copy(store_cnode, slot, body_slot(of->task->body, BODY_CNODE),
		       LINUX_SLOT_HANDLES + handle - 1, 1, NULL)) {
		slot_free(slot);
		return -ENOENT;
	}
	return slot;
}

static int64_t place_get(struct body *body, bool root)
{
	uint64_t result = 0;
	cap_t slot = slot_alloc();

	if (!slot)
		return -ENOMEM;
	msg_set_receive(slot, 1);
	err_t err = context_place(body_slot(body, BODY_OWNER), root, &result);

	receive_default();
	if (!err && !result)
		return slot;
	slot_discard(slot);
	return err ? -EIO : (int64_t)result;
}

static int64_t exe_get(const struct body *body)
{
	const struct file *file = body->space->program.file;
	cap_t slot = file ? slot_alloc() : 0;

	if (!slot)
		return file ? -ENOMEM : -ENOENT;
	if (cnode_copy(store_cnode, slot, store_cnode, file->handle, 1, NULL)) {
		slot_free(slot);
		return -ENOENT;
	}
	return slot;
}

// What a link leads to: the slot of a handle of it, or -errno.
static int64_t link_get(const struct proc_place *at)
{
	struct body *body = at->of.task->body;

	if (!body)
		return -ENOENT;
	switch (at->entry->kind) {
	case ENTRY_EXE:
		return exe_get(body);
	case ENTRY_FD:
		return fd_copy(&at->of);
	default:
		return place_get(body, at->entry->kind == ENTRY_ROOT);
	}
}

// Handles of other servers have no names here: they are the terminal's, or streams from outside.
static void other_name(const struct proc_place *at, char to[4096])
{
	uint32_t handle = proc_handle_of(at->of.task, at->of.fd);
	const struct linux_handle *h = handle ? &at->of.task->body->block->handles[handle - 1] : NULL;

	strcpy(to, h && h->kind == HANDLE_SOCKET ? "socket:[1]" : h && h->type == 1 ? "pipe:[1]" : "/dev/console");
}

// The target of a link, as readlink shows it. *mode gets the access of a descriptor.
static int64_t link_name(const struct proc_find *find, char to[4096], uint32_t *mode)
{
	const struct proc_place *at = &find->stack[find->depth];
	struct proc_open open = {.flags = 2};
	int64_t slot, n = 0;

	if (at->entry->kind <= ENTRY_LINK) {
		proc_link_text(at, find->caller, to);
		return 0;
	}
	slot = link_get(at);
	if (slot < 0)
		return slot;
	if (!file_is_handle((cap_t)slot))
		other_name(at, to);
	else
		n = proc_file_name((cap_t)slot, to, 4096, &open);
	slot_discard((cap_t)slot);
	if (at->entry->kind == ENTRY_FD)
		*mode = 0100 | ((open.flags & 3) != 1 ? 0400 : 0) | ((open.flags & 3) != 0 ? 0200 : 0);
	return n < 0 ? n : 0;
}

void proc_fdinfo(struct text *text, const struct proc_of *of)
{
	struct proc_open open = {.flags = 2};
	static char name[4096];
	int64_t slot = fd_copy(of);

	if (slot < 0)
		return;
	if (file_is_handle((cap_t)slot))
		(void)proc_file_name((cap_t)slot, name, sizeof(name), &open);
	slot_discard((cap_t)slot);
	text_put(text, "pos:\t%llu\nflags:\t0%llo\nmnt_id:\t1\nino:\t%llu\n", (unsigned long long)open.offset,
		 (unsigned long long)open.flags, (unsigned long long)open.number);
}

// What belongs to a node: contents only when it is about to be opened.
static int64_t content_make(struct proc_find *find, uint64_t operation, struct text *text, uint32_t *mode)
{
	struct proc_place *at = &find->stack[find->depth];
	static char name[4096];
	bool may = !at->of.task || at->entry->kind == ENTRY_FILE || proc_may_look(find->caller, at->of.task);
	int64_t error = 0;

	switch (at->entry->kind) {
	case ENTRY_DIR:
		if (operation == NAME_OPEN)
			proc_list(text, at);
		return 0;
	case ENTRY_FILE:
	case ENTRY_LOOK:
		if (operation == NAME_OPEN && !may)
			return -EACCES;
		if (operation == NAME_OPEN)
			at->entry->write(text, &at->of);
		return 0;
	default:
		break;
	}
	if (!may && operation == NAME_READLINK)
		return -EACCES;
	strcpy(name, "?");
	if (may)
		error = link_name(find, name, mode);
	if (error && operation != NAME_READLINK)
		error = 0;
	text_bytes(text, name, strlen(name));
	return error;
}

static int64_t node_get(struct proc_find *find, uint64_t operation)
{
	const struct proc_place *at = &find->stack[find->depth];
	const struct task *task = at->of.task;
	bool is_dir = at->entry->kind == ENTRY_DIR, is_link = at->entry->kind >= ENTRY_SELF;
	uint32_t mode = at->entry->mode;
	struct text text = {0};
	char path[256];
	int64_t slot = content_make(find, operation, &text, &mode);

	proc_find_path(find, path, sizeof(path));
	struct proc_node node = {.path = path,
				 .mode = mode | (is_dir ? S_IFDIR : is_link ? S_IFLNK : S_IFREG),
				 .uid = task ? task->ids.euid : 0,
				 .gid = task ? task->ids.egid : 0,
				 .links = is_dir ? 2 : 1,
				 .number = proc_number(at)};

	if (slot == 0)
		slot = proc_node_make(&node, &text);
	free(text.bytes);
	return slot;
}

// The capability goes with an answer of its own, so that this server's copy does not outlive it.
static void handle_answer(struct msg *m, int64_t slot, uint64_t used, uint64_t kind)
{
	cap_t reply = slot > 0 ? server_keep(&process_server) : 0;
	struct msg answer = {.tag = TAG(0, 3) | TAG_CAPS(1), .words = {0, used, kind}};

	if (reply) {
		msg_set_cap(0, (cap_t)slot);
		(void)server_answer(&process_server, reply, &answer);
	} else {
		answer_set(m, slot < 0 ? slot : -EAGAIN);
	}
	if (slot > 0)
		slot_discard((cap_t)slot);
}

static void open_handle(struct task *task, struct msg *m)
{
	static struct proc_find find;
	uint64_t operation = m->words[0], length = m->words[2], kind = HANDLE_FILE;
	uint64_t words[PROC_NAME_MAX / 8];
	const struct proc_place *at;
	int64_t slot;

	if (length > PROC_NAME_MAX || tag_words(m->tag) < 3 + (length + 7) / 8) {
		answer_set(m, length > PROC_NAME_MAX ? -ENAMETOOLONG : -EINVAL);
		return;
	}
	msg_get_words(m, 3, words, (unsigned)(length + 7) / 8);
	memcpy(find.text, words, length);
	find.text[length] = 0;
	find.caller = task;
	find.follow = m->words[1];
	slot = file_client_make() ? proc_find(&find) : -EIO;
	at = &find.stack[find.depth];
	if (slot == 0 && find.is_through) {
		slot = proc_may_look(task, at->of.task) ? link_get(at) : -EACCES;
		if (slot > 0 && !file_is_handle((cap_t)slot))
			kind = HANDLE_TERMINAL;
	} else if (slot == 0) {
		slot = node_get(&find, operation);
		find.rest = "";
	}
	handle_answer(m, slot, length - strlen(find.rest), kind);
}

// In ascending order, as they are told later.
static void groups_sort(uint32_t *groups, uint64_t count)
{
	for (uint64_t i = 1; i < count; i++) {
		uint32_t group = groups[i];
		uint64_t k = i;

		for (; k && groups[k - 1] > group; k--)
			groups[k] = groups[k - 1];
		groups[k] = group;
	}
}

static void set_groups_handle(struct task *task, struct msg *m)
{
	uint64_t words[1 + TASK_GROUPS_MAX / 2], count = m->words[0], result = 0;
	uint32_t parts = (uint32_t)(1 + (count + 1) / 2);

	if (task->ids.euid != 0 || count > TASK_GROUPS_MAX || tag_words(m->tag) < parts) {
		answer_set(m, task->ids.euid != 0 ? -EPERM : -EINVAL);
		return;
	}
	msg_get_words(m, 0, words, parts);
	groups_sort((uint32_t *)(void *)(words + 1), count);
	struct msg forward = {.tag = TAG(CONTEXT_SET_GROUPS, parts)};

	msg_set_words(&forward, 0, words, parts);
	err_t err = sys_call(body_slot(task->body, BODY_OWNER), &forward);

	result = forward.words[0];
	if (!err && !result) {
		task->group_count = (uint32_t)count;
		memcpy(task->groups, words + 1, count * sizeof(task->groups[0]));
	}
	answer_set(m, err ? -EIO : (int64_t)result);
}

static void get_groups_handle(const struct task *task, struct msg *m)
{
	uint64_t words[TASK_GROUPS_MAX / 2] = {0};
	uint32_t parts = (task->group_count + 1) / 2;

	memcpy(words, task->groups, task->group_count * sizeof(task->groups[0]));
	*m = (struct msg){.tag = TAG(0, 1 + parts), .words = {task->group_count}};
	msg_set_words(m, 1, words, parts);
}

static void set_name_handle(const struct task *task, struct msg *m)
{
	uint64_t words[9] = {0}, which = m->words[0], length = m->words[1];
	int64_t error = task->ids.euid != 0 ? -EPERM : length > 64 || which > 1 ? -EINVAL : 0;

	if (!error && tag_words(m->tag) < 2 + (length + 7) / 8)
		error = -EINVAL;
	if (!error) {
		msg_get_words(m, 2, words, (unsigned)(length + 7) / 8);
		memset(system_names[which], 0, sizeof(system_names[0]));
		memcpy(system_names[which], words, length);
	}
	answer_set(m, error);
}

static void get_names_handle(struct msg *m)
{
	uint64_t words[(sizeof(system_names) + 7) / 8] = {0};

	memcpy(words, system_names, sizeof(system_names));
	*m = (struct msg){.tag = TAG(0, 1 + sizeof(words) / 8)};
	msg_set_words(m, 1, words, sizeof(words) / 8);
}

void proc_handle(struct task *task, struct msg *m)
{
	switch (tag_label(m->tag)) {
	case PROC_OPEN:
		open_handle(task, m);
		return;
	case PROC_SET_GROUPS:
		set_groups_handle(task, m);
		return;
	case PROC_GET_GROUPS:
		get_groups_handle(task, m);
		return;
	case PROC_SET_NAME:
		set_name_handle(task, m);
		return;
	case PROC_GET_NAMES:
		get_names_handle(m);
		return;
	default:
		answer_set(m, -ENOSYS);
	}
}
