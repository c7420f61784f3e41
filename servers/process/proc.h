// /proc: its names, and what they say. Texts are made up when they are opened, from this server's tables;
// the file server keeps them as nodes (protocol/file.def, control_node).
#ifndef PROCESS_PROC_H
#define PROCESS_PROC_H

#include "servers/process/server.h"
#include "servers/process/thread.h"

// A text that grows. When memory runs out it is cut off, and `failed` set.
struct text {
	char *bytes;
	uint64_t length, size;
	bool failed;
};

void text_put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_bytes(struct text *text, const void *bytes, uint64_t length);

// What a text is about: a process, for those below its directory, and a descriptor of it.
struct proc_of {
	struct task *task;
	uint32_t fd;
	uint32_t tid;  // of a thread's directory; 0: the process's
	const struct task *caller;
};
typedef void proc_writer(struct text *text, const struct proc_of *of);

// proc_task.c: of one process.
proc_writer proc_stat, proc_statm, proc_status, proc_cmdline, proc_environ, proc_maps, proc_comm;
proc_writer proc_limits, proc_zero, proc_fdinfo;
// `asker` runs.
char proc_state(struct task *task, const struct task *asker);

// proc_system.c: of the machine.
proc_writer system_cpuinfo, system_meminfo, system_stat, system_uptime, system_loadavg;
proc_writer system_filesystems, system_version, system_cmdline, system_mounts, system_swaps;
proc_writer system_hostname, system_domainname, system_osrelease, system_ostype, system_osversion;
proc_writer system_pid_max, system_uuid, system_boot_id, system_entropy, system_file_max;
proc_writer system_nr_open, system_ngroups, system_pipe_max, system_overcommit, system_cap_last;
extern char system_names[2][65];  // nodename, domainname

// May `task` look into `of`? As Linux for reading a process's memory.
bool proc_may_look(const struct task *task, const struct task *of);

// proc_node.c: make a node with a content. The slot of its handle, or -errno.
struct proc_node {
	const char *path;  // below /proc
	uint32_t mode, uid, gid, links;
	uint64_t number;
};
int64_t proc_node_make(const struct proc_node *node, const struct text *content);
// The name of an open file of the file server: bytes, or -errno.
struct proc_open {
	uint64_t flags, offset, mode, number;
};
int64_t proc_file_name(cap_t handle, char *to, uint64_t size, struct proc_open *open);

#endif
