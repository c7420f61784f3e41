// Names below /proc (proc.c), and what they lead to (proc_op.c).
#ifndef PROCESS_PROC_FIND_H
#define PROCESS_PROC_FIND_H

#include <stdio.h>

#include "servers/process/proc.h"

#define PROC_DEPTH 8
#define PROC_NAME_MAX 424

enum proc_group {
	GROUP_ROOT, GROUP_SYS, GROUP_KERNEL, GROUP_RANDOM, GROUP_SYS_FS, GROUP_VM, GROUP_TASK, GROUP_FD,
	GROUP_FDINFO, GROUP_THREADS
};

// From ENTRY_SELF on: links; from ENTRY_EXE on: to a file itself, whatever its name is.
// ENTRY_LOOK: a file for those who may look into the process.
enum proc_kind {
	ENTRY_DIR, ENTRY_FILE, ENTRY_LOOK, ENTRY_SELF, ENTRY_LINK, ENTRY_EXE, ENTRY_CWD, ENTRY_ROOT, ENTRY_FD
};

struct proc_entry {
	uint8_t group;
	const char *name;
	uint8_t kind;
	uint16_t mode;
	uint8_t leads;  // of a directory: the group in it
	proc_writer *write;
};

struct proc_place {
	const struct proc_entry *entry;
	struct proc_of of;
	char name[24];
};

struct proc_find {
	struct task *caller;
	bool follow;
	char text[PROC_NAME_MAX + 64];  // the name; changed as links are followed
	const char *rest;               // what is left of it
	struct proc_place stack[PROC_DEPTH];
	uint32_t depth;
	bool is_through;                // the place is a link to a file, and that is meant
};

// 0: the place is stack[depth]; or -errno.
int64_t proc_find(struct proc_find *find);
// Its canonical name.
void proc_find_path(const struct proc_find *find, char *to, size_t size);

void proc_list(struct text *text, const struct proc_place *dir);
uint64_t proc_number(const struct proc_place *at);
void proc_link_text(const struct proc_place *at, const struct task *task, char to[64]);
// The handle behind a descriptor: its number + 1; 0: none.
uint32_t proc_handle_of(const struct task *task, uint64_t fd);

#endif
