// The session: what the terminal server may ask. It starts the first program and signals its groups.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "servers/process/server.h"

#define STRINGS_MAX 65536u
#define SCRIPT_DEPTH 4
#define APPEND_MAX 440u

static char strings[STRINGS_MAX];
static uint32_t strings_size;
static cap_t waiter;      // Reply of session_start
static uint32_t leader;   // pid of the first program; 0: none

static void append_handle(struct msg *m)
{
	uint64_t words[APPEND_MAX / 8], length = m->words[0];

	if (length > APPEND_MAX || length > STRINGS_MAX - strings_size) {
		answer_set(m, -E2BIG);
		return;
	}
	msg_get_words(m, 1, words, (unsigned)(length + 7) / 8);
	memcpy(strings + strings_size, words, length);
	strings_size += (uint32_t)length;
	answer_set(m, 0);
}

// The strings of a start, as they are being put together for exec.
struct launch {
	char *text;
	uint64_t size, argc, envc;
};

// How many bytes the first `count` strings take; 0: they are not all there.
static uint64_t strings_length(const char *text, uint64_t size, uint64_t count)
{
	uint64_t at = 0;

	for (uint64_t i = 0; i < count; i++) {
		const char *end = at < size ? memchr(text + at, 0, size - at) : NULL;

		if (!end)
			return 0;
		at = (uint64_t)(end - text) + 1;
	}
	return at;
}

static const char *path_find(const struct launch *l)
{
	const char *s = l->text;

	for (uint64_t i = 0; i < l->argc + l->envc; i++, s += strlen(s) + 1)
		if (i >= l->argc && strncmp(s, "PATH=", 5) == 0)
			return s + 5;
	return "/bin:/sbin:/usr/bin:/usr/sbin";
}

// Open a program by name, along PATH when it has no slash. Its slot, or -errno; `found` is its name.
static int64_t program_open(const struct launch *l, const char *name, char found[4096])
{
	int64_t result = -ENOENT;
	uint64_t mode = 0;
	const char *path = strchr(name, '/') ? "" : path_find(l);

	for (;;) {
		size_t part = strcspn(path, ":");

		if (part + strlen(name) + 2 <= 4096) {
			memcpy(found, path, part);
			found[part] = '/';
			strcpy(found + (part ? part + 1 : 0), name);
			result = file_client_open(found, &mode);
		}
		if (result > 0 || !path[part])
			break;
		path += part + 1;
	}
	if (result > 0 && ((mode & 0170000) != 0100000 || !(mode & 0111))) {
		(void)cnode_delete(store_cnode, (cap_t)result, 1);
		slot_free((cap_t)result);
		return -EACCES;
	}
	return result;
}

// argv[0] becomes the interpreter, its argument if there is one, and the script's name.
static bool launch_script(struct launch *l, char line[256], const char *script)
{
	char *name = line + 2 + strspn(line + 2, " \t"), *argument, *rest;
	uint64_t old = strings_length(l->text, l->size, 1), size;

	name[strcspn(name, "\n")] = 0;
	argument = name + strcspn(name, " \t");
	if (*argument) {
		*argument++ = 0;
		argument += strspn(argument, " \t");
	}
	size = strlen(name) + 1 + (*argument ? strlen(argument) + 1 : 0) + strlen(script) + 1;
	rest = malloc(size + l->size - old);
	if (!rest || !*name || !old) {
		free(rest);
		return false;
	}
	char *at = stpcpy(rest, name) + 1;

	if (*argument)
		at = stpcpy(at, argument) + 1;
	at = stpcpy(at, script) + 1;
	memcpy(at, l->text + old, l->size - old);
	l->size = size + l->size - old;
	l->argc += *argument ? 2 : 1;
	free(l->text);
	l->text = rest;
	return true;
}

// Open the program that is to be run, through the interpreters of scripts. Its slot, or -errno.
static int64_t launch_open(struct launch *l, char found[4096])
{
	for (int i = 0; i < SCRIPT_DEPTH; i++) {
		char line[256] = {0};
		int64_t slot = program_open(l, l->text, found);
		int64_t got = slot > 0 ? file_peek_at((cap_t)slot, 0, (uint8_t *)line, 255) : slot;

		if (got < 0)
			return got;
		if (line[0] != '#' || line[1] != '!')
			return slot;
		(void)cnode_delete(store_cnode, (cap_t)slot, 1);
		slot_free((cap_t)slot);
		if (!launch_script(l, line, found))
			return -ENOEXEC;
	}
	return -ELOOP;
}

static bool launch_make(struct launch *l, uint64_t argc, uint64_t envc)
{
	*l = (struct launch){malloc(strings_size + 4097u), strings_size, argc, envc};
	if (!l->text || argc == 0 || argc > strings_size || envc > strings_size ||
	    strings_length(strings, strings_size, argc + envc) != strings_size) {
		free(l->text);
		return false;
	}
	memcpy(l->text, strings, strings_size);
	return true;
}

// The three streams: handles 0, 1, 2 of the terminal server.
static bool streams_set(struct body *body, const cap_t streams[3])
{
	for (uint32_t i = 0; i < 3; i++) {
		if (cnode_copy(body_slot(body, BODY_CNODE), LINUX_SLOT_HANDLES + i, store_cnode, streams[i], 1,
			       NULL))
			return false;
		body->block->fds[i] = (struct linux_fd){(uint16_t)(i + 1), 0};
		body->block->fd_end = i + 1;
		body->block->handles[i] = (struct linux_handle){1, HANDLE_TERMINAL, 0, LINUX_SLOT_HANDLES + i};
	}
	return true;
}

static int64_t body_launch(struct task *task, struct launch *l, const cap_t streams[3])
{
	char found[4096];
	struct body *body = NULL;
	int64_t slot = launch_open(l, found);

	if (slot < 0)
		return slot;

	char *text = realloc(l->text, l->size + strlen(found) + 1);
	struct image image = {text, l->size + strlen(found) + 1, l->argc, l->envc, (cap_t)slot};

	if (!text)
		return -ENOMEM;
	l->text = text;
	strcpy(text + l->size, found);

	int64_t error = exec_build(task, &image, &body);

	(void)cnode_delete(store_cnode, (cap_t)slot, 1);
	slot_free((cap_t)slot);
	if (error)
		return error;
	if (file_context_make(body_slot(body, BODY_FILES)) || !body_files_set(body) ||
	    !streams_set(body, streams) || !body_start(body, body_library()->entry_start)) {
		body_destroy(body);
		return -EIO;
	}
	exec_name_set(task, &image);
	task->body = body;
	block_update(task);
	return 0;
}

static int64_t leader_start(struct launch *l, const cap_t streams[3])
{
	struct task *task = file_client_make() ? task_make(&tasks, task_init(&tasks)) : NULL;
	int64_t error;

	if (!task)
		return -EIO;
	task->pgid = task->sid = task->pid;
	task->start = counter_read();
	error = body_launch(task, l, streams);
	if (error)
		task_destroy(&tasks, task);
	else
		leader = task->pid;
	return error;
}

static void start_handle(struct msg *m)
{
	cap_t streams[3] = {0};
	struct launch l;
	int64_t error = leader ? -EBUSY : -EINVAL;

	// What arrived is moved out of the way of the capabilities that the file server sends.
	for (uint32_t i = 0; i < 3 && i < tag_caps(m->tag); i++)
		streams[i] = msg_get_cap(m, i);
	for (uint32_t i = 0; i < 3; i++)
		streams[i] = receive_take(streams[i]);
	if (!leader && streams[0] && streams[1] && streams[2] && launch_make(&l, m->words[0], m->words[1])) {
		error = leader_start(&l, streams);
		free(l.text);
	}
	for (uint32_t i = 0; i < 3; i++) {
		if (!streams[i])
			continue;
		(void)cnode_delete(store_cnode, streams[i], 1);
		slot_free(streams[i]);
	}
	strings_size = 0;
	answer_set(m, error);
	if (!error)
		waiter = server_keep(&process_server);
}

void session_end(uint32_t pid, uint32_t status)
{
	if (pid != leader)
		return;
	leader = 0;
	for (uint32_t i = 0; i < TASK_MAX; i++)
		if (tasks.items[i].body)
			task_end(&tasks.items[i], SIGKILL);
	(void)reply_answer(&waiter, status);
}

int64_t session_power_off(void)
{
	if (!leader)
		return supervisor_power_off(0);
	leader = 0;
	return reply_answer(&waiter, 0) ? -EIO : 0;
}

void session_handle(struct msg *m)
{
	uint64_t pgid = m->words[0];

	switch (tag_label(m->tag) & 0xff) {
	case 1:
		append_handle(m);
		return;
	case 2:
		start_handle(m);
		return;
	case 3:
		if (m->words[1] > LINUX_NSIG)
			answer_set(m, -EINVAL);
		else
			answer_set(m, m->words[2] && signal_group(pgid, (uint32_t)m->words[2],
								  (uint32_t)m->words[1]) ? 0 : -ESRCH);
		return;
	case 4:
		if (m->words[1] && task_group_find(&tasks, pgid, (uint32_t)m->words[1]))
			answer_set(m, 0);
		else
			answer_set(m, task_group_find(&tasks, pgid, 0) ? -EPERM : -ESRCH);
		return;
	case 5:
		answer_set(m, leader ? (int64_t)leader : -ESRCH);
		return;
	default:
		terminal_handle(m);
	}
}
