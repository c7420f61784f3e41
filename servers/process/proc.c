// The names below /proc: finding one, and listing a directory of them.
//
// Directories are groups of entries. A few have others than those of the table: the processes in the
// root, the descriptors of a process, its threads.
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
#include "servers/process/proc_find.h"

#define R 0444

static const struct proc_entry entries[] = {
	{GROUP_ROOT, "self", ENTRY_SELF, 0777, 0, NULL},
	{GROUP_ROOT, "thread-self", ENTRY_SELF, 0777, 0, NULL},
	{GROUP_ROOT, "mounts", ENTRY_LINK, 0777, 0, NULL},
	{GROUP_ROOT, "cpuinfo", ENTRY_FILE, R, 0, system_cpuinfo},
	{GROUP_ROOT, "meminfo", ENTRY_FILE, R, 0, system_meminfo},
	{GROUP_ROOT, "stat", ENTRY_FILE, R, 0, system_stat},
	{GROUP_ROOT, "uptime", ENTRY_FILE, R, 0, system_uptime},
	{GROUP_ROOT, "loadavg", ENTRY_FILE, R, 0, system_loadavg},
	{GROUP_ROOT, "filesystems", ENTRY_FILE, R, 0, system_filesystems},
	{GROUP_ROOT, "version", ENTRY_FILE, R, 0, system_version},
	{GROUP_ROOT, "cmdline", ENTRY_FILE, R, 0, system_cmdline},
	{GROUP_ROOT, "swaps", ENTRY_FILE, R, 0, system_swaps},
	{GROUP_ROOT, "sys", ENTRY_DIR, 0555, GROUP_SYS, NULL},
	{GROUP_SYS, "kernel", ENTRY_DIR, 0555, GROUP_KERNEL, NULL},
	{GROUP_SYS, "fs", ENTRY_DIR, 0555, GROUP_SYS_FS, NULL},
	{GROUP_SYS, "vm", ENTRY_DIR, 0555, GROUP_VM, NULL},
	{GROUP_KERNEL, "hostname", ENTRY_FILE, R, 0, system_hostname},
	{GROUP_KERNEL, "domainname", ENTRY_FILE, R, 0, system_domainname},
	{GROUP_KERNEL, "osrelease", ENTRY_FILE, R, 0, system_osrelease},
	{GROUP_KERNEL, "ostype", ENTRY_FILE, R, 0, system_ostype},
	{GROUP_KERNEL, "version", ENTRY_FILE, R, 0, system_osversion},
	{GROUP_KERNEL, "pid_max", ENTRY_FILE, R, 0, system_pid_max},
	{GROUP_KERNEL, "ngroups_max", ENTRY_FILE, R, 0, system_ngroups},
	{GROUP_KERNEL, "cap_last_cap", ENTRY_FILE, R, 0, system_cap_last},
	{GROUP_KERNEL, "random", ENTRY_DIR, 0555, GROUP_RANDOM, NULL},
	{GROUP_RANDOM, "uuid", ENTRY_FILE, R, 0, system_uuid},
	{GROUP_RANDOM, "boot_id", ENTRY_FILE, R, 0, system_boot_id},
	{GROUP_RANDOM, "entropy_avail", ENTRY_FILE, R, 0, system_entropy},
	{GROUP_SYS_FS, "file-max", ENTRY_FILE, R, 0, system_file_max},
	{GROUP_SYS_FS, "nr_open", ENTRY_FILE, R, 0, system_nr_open},
	{GROUP_SYS_FS, "pipe-max-size", ENTRY_FILE, R, 0, system_pipe_max},
	{GROUP_VM, "overcommit_memory", ENTRY_FILE, R, 0, system_overcommit},
	{GROUP_TASK, "stat", ENTRY_FILE, R, 0, proc_stat},
	{GROUP_TASK, "statm", ENTRY_FILE, R, 0, proc_statm},
	{GROUP_TASK, "status", ENTRY_FILE, R, 0, proc_status},
	{GROUP_TASK, "cmdline", ENTRY_FILE, R, 0, proc_cmdline},
	{GROUP_TASK, "comm", ENTRY_FILE, R, 0, proc_comm},
	{GROUP_TASK, "environ", ENTRY_FILE, 0400, 0, proc_environ},
	{GROUP_TASK, "maps", ENTRY_LOOK, R, 0, proc_maps},
	{GROUP_TASK, "limits", ENTRY_FILE, R, 0, proc_limits},
	{GROUP_TASK, "mounts", ENTRY_FILE, R, 0, system_mounts},
	{GROUP_TASK, "oom_score", ENTRY_FILE, R, 0, proc_zero},
	{GROUP_TASK, "exe", ENTRY_EXE, 0777, 0, NULL},
	{GROUP_TASK, "cwd", ENTRY_CWD, 0777, 0, NULL},
	{GROUP_TASK, "root", ENTRY_ROOT, 0777, 0, NULL},
	{GROUP_TASK, "fd", ENTRY_DIR, 0500, GROUP_FD, NULL},
	{GROUP_TASK, "fdinfo", ENTRY_DIR, 0555, GROUP_FDINFO, NULL},
	{GROUP_TASK, "task", ENTRY_DIR, 0555, GROUP_THREADS, NULL},
};
#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

static const struct proc_entry root_entry = {GROUP_ROOT, "", ENTRY_DIR, 0555, GROUP_ROOT, NULL};
static const struct proc_entry task_entry = {GROUP_ROOT, "", ENTRY_DIR, 0555, GROUP_TASK, NULL};
static const struct proc_entry thread_entry = {GROUP_THREADS, "", ENTRY_DIR, 0555, GROUP_TASK, NULL};
static const struct proc_entry fd_entry = {GROUP_FD, "", ENTRY_FD, 0700, 0, NULL};
static const struct proc_entry fdinfo_entry = {GROUP_FDINFO, "", ENTRY_LOOK, R, 0, proc_fdinfo};

// A decimal number without leading zeroes; -1: none.
static int64_t number_read(const char *name, size_t length)
{
	int64_t n = 0;

	if (length == 0 || length > 7 || (name[0] == '0' && length > 1))
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (name[i] - '0');
	}
	return n;
}

uint32_t proc_handle_of(const struct task *task, uint64_t fd)
{
	const struct body *body = task->body;
	uint32_t handle = body && fd < LINUX_FD_MAX ? body->block->fds[fd].handle : 0;

	return handle <= (body ? body->handles : 0) ? handle : 0;
}

// Entries that are numbers.
static const struct proc_entry *numbered_find(struct proc_place *at, int64_t n)
{
	struct task *task = at->entry->leads == GROUP_ROOT && n > 0 ? task_find(&tasks, (uint64_t)n) : NULL;
	const struct thread *thread;

	if (task) {
		at->of = (struct proc_of){.task = task, .caller = at->of.caller};
		return &task_entry;
	}
	switch (at->entry->leads) {
	case GROUP_THREADS:
		thread = n > 0 ? thread_find((uint64_t)n) : NULL;
		if (n != at->of.task->pid && (!thread || thread->task != at->of.task))
			return NULL;
		at->of.tid = (uint32_t)n;
		return &thread_entry;
	case GROUP_FD:
	case GROUP_FDINFO:
		if (!proc_handle_of(at->of.task, (uint64_t)n))
			return NULL;
		at->of.fd = (uint32_t)n;
		return at->entry->leads == GROUP_FD ? &fd_entry : &fdinfo_entry;
	default:
		return NULL;
	}
}

// Is it an entry of that directory? A thread's has no threads in it.
static bool is_in(const struct proc_entry *entry, const struct proc_place *dir)
{
	return entry->group == dir->entry->leads && !(entry->leads == GROUP_THREADS && dir->of.tid);
}

static const struct proc_entry *entry_find(struct proc_place *at, const char *name, size_t length)
{
	int64_t n = number_read(name, length);

	if (n >= 0)
		return numbered_find(at, n);
	for (uint32_t i = 0; i < ENTRY_COUNT; i++)
		if (is_in(&entries[i], at) && strlen(entries[i].name) == length &&
		    memcmp(entries[i].name, name, length) == 0)
			return &entries[i];
	return NULL;
}

static bool is_link(const struct proc_entry *entry) { return entry->kind >= ENTRY_SELF; }

void proc_link_text(const struct proc_place *at, const struct task *task, char to[64])
{
	if (at->entry->kind == ENTRY_LINK)
		strcpy(to, "self/mounts");
	else if (at->entry->name[0] == 's')
		snprintf(to, 64, "%u", task->pid);
	else
		snprintf(to, 64, "%u/task/%u", task->pid, caller->tid);
}

// Go on at what a link in the root says, and then the rest.
static int64_t link_follow(struct proc_find *find)
{
	size_t rest = strlen(find->rest), length;
	char text[64];

	proc_link_text(&find->stack[find->depth], find->caller, text);
	length = strlen(text);
	if (length + 1 + rest + 1 > sizeof(find->text))
		return -ENAMETOOLONG;
	memmove(find->text + length + 1, find->rest, rest + 1);
	memcpy(find->text, text, length);
	find->text[length] = '/';
	if (rest == 0)
		find->text[length] = 0;
	find->rest = find->text;
	find->depth = 0;
	return 0;
}

// Permission to go through a directory of a process, and to look at what is behind its links.
static bool may_pass(const struct proc_find *find, const struct proc_place *at)
{
	if (at->entry->group != GROUP_TASK && at->entry->group != GROUP_FD && at->entry->group != GROUP_FDINFO)
		return true;
	if (at->entry->kind == ENTRY_DIR && at->entry->leads != GROUP_FD && at->entry->leads != GROUP_FDINFO)
		return true;
	return proc_may_look(find->caller, at->of.task);
}

// One name. 1: go on; 0: done; or -errno.
static int64_t step(struct proc_find *find)
{
	struct proc_place *next = &find->stack[find->depth + 1];
	const char *name = find->rest + strspn(find->rest, "/");
	size_t length = strcspn(name, "/");
	bool is_last = name[length + strspn(name + length, "/")] == 0;

	find->rest = name + length;
	if (length == 0)
		return 0;
	if (length == 1 && name[0] == '.')
		return !is_last;
	if (length == 2 && name[0] == '.' && name[1] == '.') {
		if (find->depth == 0)
			return -ENOENT;  // above /proc: known to the file server only
		find->depth--;
		return !is_last;
	}
	*next = find->stack[find->depth];
	if (next->entry->kind != ENTRY_DIR)
		return -ENOTDIR;
	if (find->depth > 0 && !may_pass(find, next))
		return -EACCES;
	next->entry = entry_find(next, name, length);
	if (!next->entry || find->depth + 2 >= PROC_DEPTH)
		return -ENOENT;
	memcpy(next->name, name, length);
	next->name[length] = 0;
	find->depth++;
	if (is_link(next->entry) && (!is_last || find->follow || *find->rest)) {
		if (next->entry->kind > ENTRY_LINK)
			return 0;
		int64_t error = link_follow(find);

		return error ? error : 1;
	}
	if (next->entry->kind != ENTRY_DIR && *find->rest)
		return -ENOTDIR;
	return !is_last;
}

int64_t proc_find(struct proc_find *find)
{
	int64_t more = 1;

	find->rest = find->text;
	find->depth = 0;
	find->stack[0] = (struct proc_place){.entry = &root_entry, .of.caller = find->caller};
	for (uint32_t steps = 0; more == 1 && steps < 64; steps++)
		more = step(find);
	// What is behind such a link is found; the rest starts there.
	find->is_through = more == 0 && find->stack[find->depth].entry->kind > ENTRY_LINK &&
			   (find->follow || *find->rest);
	return more;
}

void proc_find_path(const struct proc_find *find, char *to, size_t size)
{
	size_t n = 0;

	to[0] = 0;
	for (uint32_t i = 1; i <= find->depth && n + 40 < size; i++)
		n += (size_t)snprintf(to + n, size - n, "%s%s", i > 1 ? "/" : "", find->stack[i].name);
}

uint64_t proc_number(const struct proc_place *at)
{
	uint64_t base = at->of.task ? (uint64_t)at->of.task->pid << 16 : 0x1000;

	if (at->entry == &root_entry)
		return 1;
	if (at->entry >= entries && at->entry < entries + ENTRY_COUNT)
		return base + 0x10 + (uint64_t)(at->entry - entries);
	if (at->entry == &fd_entry || at->entry == &fdinfo_entry)
		return base + (at->entry == &fd_entry ? 0x1000 : 0x2000) + at->of.fd;
	return at->entry == &thread_entry ? base + 0x4000 + at->of.tid : base;
}

struct record {  // struct linux_dirent64
	uint64_t number, cookie;
	uint16_t size;
	uint8_t type;
} __attribute__((packed));

static void record_put(struct text *text, uint64_t number, uint32_t type, const char *name)
{
	static const char zeroes[8];
	size_t length = strlen(name) + 1, size = (sizeof(struct record) + length + 7) / 8 * 8;
	struct record record = {number, 0, (uint16_t)size, (uint8_t)type};

	text_bytes(text, &record, sizeof(record));
	text_bytes(text, name, length);
	text_bytes(text, zeroes, size - sizeof(record) - length);
}

static uint32_t type_of(const struct proc_entry *entry)
{
	return entry->kind == ENTRY_DIR ? 4 : is_link(entry) ? 10 : 8;
}

static void number_put(struct text *text, const struct proc_place *at, uint32_t n)
{
	char name[12];

	snprintf(name, sizeof(name), "%u", n);
	record_put(text, proc_number(at), type_of(at->entry), name);
}

static void threads_list(struct text *text, const struct proc_place *dir)
{
	struct proc_place at = {.entry = &thread_entry, .of = dir->of};
	const struct thread *thread = dir->of.task->body ? thread_first(dir->of.task->body) : NULL;

	if (!thread)
		number_put(text, &at, dir->of.task->pid);
	for (; thread; thread = thread_next(thread)) {
		at.of.tid = thread->tid;
		number_put(text, &at, thread->tid);
	}
}

void proc_list(struct text *text, const struct proc_place *dir)
{
	struct proc_place at = *dir;

	record_put(text, proc_number(dir), 4, ".");
	record_put(text, 1, 4, "..");
	for (uint32_t i = 0; i < ENTRY_COUNT; i++) {
		at.entry = &entries[i];
		if (is_in(&entries[i], dir))
			record_put(text, proc_number(&at), type_of(&entries[i]), entries[i].name);
	}
	uint32_t left = dir->entry->leads == GROUP_ROOT ? tasks.count : 0;

	for (uint32_t pid = 1; left && pid < TASK_PID_MAX; pid++) {
		at = (struct proc_place){.entry = &task_entry, .of.task = task_find(&tasks, pid)};
		if (!at.of.task)
			continue;
		number_put(text, &at, pid);
		left--;
	}
	if (dir->entry->leads == GROUP_THREADS)
		threads_list(text, dir);
	if (dir->entry->leads != GROUP_FD && dir->entry->leads != GROUP_FDINFO)
		return;
	at.entry = dir->entry->leads == GROUP_FD ? &fd_entry : &fdinfo_entry;
	for (at.of.fd = 0; at.of.fd < LINUX_FD_MAX; at.of.fd++)
		if (proc_handle_of(dir->of.task, at.of.fd))
			number_put(text, &at, at.of.fd);
}
