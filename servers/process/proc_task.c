// The texts of /proc that are about one process.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rt/component.h"
#include "servers/process/proc.h"

#define TICKS_PER_SECOND 100ull
#define SIGNALS_UNKNOWN 0ull

static uint64_t to_ticks(uint64_t counter)
{
	uint64_t rate = component_get()->ticks_per_second / TICKS_PER_SECOND;

	return rate ? counter / rate : 0;
}

static uint64_t time_of(const struct task *task)
{
	return task->ticks + (task->body ? body_ticks(task->body) : 0);
}

bool proc_may_look(const struct task *task, const struct task *of)
{
	const struct task_ids *a = &task->ids, *b = &of->ids;

	if (a->euid == 0 || task == of)
		return true;
	return a->euid == b->ruid && a->euid == b->euid && a->euid == b->suid && a->egid == b->rgid &&
	       a->egid == b->egid && a->egid == b->sgid;
}

// Whether a process waits is the kernel's to know. What is told here is whether it had the processor for
// half of the time since somebody asked before.
char proc_state(struct task *task, const struct task *asker)
{
	uint64_t now = counter_read(), used = time_of(task);
	bool is_busy = used - task->seen_ticks > (now - task->seen_at) / 2;

	if (task->state == TASK_ZOMBIE)
		return 'Z';
	if (task->state == TASK_STOPPED)
		return 'T';
	task->seen_at = now;
	task->seen_ticks = used;
	return task == asker || (is_busy && task->body) ? 'R' : 'S';
}

// The thread's own part of what the program may write: the first one's, for a process.
static const struct linux_thread *thread_block(const struct proc_of *of)
{
	struct thread *thread = of->task->body ? thread_first(of->task->body) : NULL;

	while (thread && of->tid && thread->tid != of->tid)
		thread = thread_next(thread);
	return thread ? thread->block : NULL;
}

// PR_SET_NAME leaves a name in the thread's block.
static void name_get(const struct proc_of *of, char name[TASK_NAME_MAX])
{
	const struct linux_thread *thread = thread_block(of);

	memcpy(name, thread && thread->name[0] ? thread->name : of->task->name, TASK_NAME_MAX);
	name[TASK_NAME_MAX - 1] = 0;
}

static uint64_t size_of(const struct space *space, uint8_t prot, uint8_t flags)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < space->vmas.count; i++) {
		const struct vma *v = &space->vmas.items[i];

		if (v->start < PROGRAM_END && (v->prot & prot) == prot && (v->flags & flags) == flags)
			pages += (v->end - v->start) / PAGE_SIZE;
	}
	return pages;
}

void proc_stat(struct text *text, const struct proc_of *of)
{
	struct task *t = of->task;
	const struct space *space = t->body ? t->body->space : NULL;
	static const struct program none;
	const struct program *p = space ? &space->program : &none;
	const struct process_block *b = t->body ? t->body->block : NULL;
	const struct linux_thread *thread = thread_block(of);
	typedef unsigned long long u64;
	char name[TASK_NAME_MAX];

	name_get(of, name);
	text_put(text, "%u (%s) %c %u %u %u 0 -1 %u 0 0 0 0 ", of->tid ? of->tid : t->pid, name, proc_state(t, of->caller),
		 t->parent ? t->parent->pid : 0, t->pid == 1 ? 1 : t->pgid, t->sid, 0x400000u);
	text_put(text, "%llu 0 %llu 0 20 0 %u 0 %llu %llu %llu %llu ", (u64)to_ticks(time_of(t)),
		 (u64)to_ticks(t->child_ticks), t->body ? t->body->thread_count : 0,
		 (u64)to_ticks(t->start ? t->start - component_get()->ticks_at_boot : 0),
		 space ? (u64)size_of(space, 0, 0) * PAGE_SIZE : 0, space ? (u64)space->resident : 0,
		 b ? (u64)b->limits[5][0] : ~0ull);
	text_put(text, "%llu %llu %llu 0 0 %llu %llu %llu %llu 0 0 0 %u 0 0 0 0 0 0 ", (u64)p->code_start,
		 (u64)p->code_end, (u64)p->stack_start, thread ? (u64)thread->pending & 0x7fffffff : 0,
		 thread ? (u64)thread->sigmask & 0x7fffffff : 0, b ? (u64)b->ignored & 0x7fffffff : 0,
		 b ? (u64)b->caught & 0x7fffffff : 0, t->exit_signal);
	text_put(text, "%llu %llu %llu %llu %llu %llu %llu %u\n", (u64)p->code_start, (u64)p->code_end,
		 space ? (u64)space->brk_start : 0, (u64)p->arg_start, (u64)p->arg_end, (u64)p->env_start,
		 (u64)p->env_end, t->state == TASK_ZOMBIE ? t->status : 0);
}

void proc_statm(struct text *text, const struct proc_of *of)
{
	const struct space *space = of->task->body ? of->task->body->space : NULL;
	typedef unsigned long long u64;

	if (!space) {
		text_put(text, "0 0 0 0 0 0 0\n");
		return;
	}
	text_put(text, "%llu %u 0 %llu 0 %llu 0\n", (u64)size_of(space, 0, 0), space->resident,
		 (u64)size_of(space, VMA_EXECUTE, 0), (u64)size_of(space, VMA_WRITE, 0));
}

static void memory_put(struct text *text, const struct space *space)
{
	typedef unsigned long long u64;
	u64 size = size_of(space, 0, 0) * 4, peak = space->peak * 4ull, resident = space->resident * 4ull;
	const struct vma *top = space->program.stack_start ? vma_find(&space->vmas, space->program.stack_start) : NULL;
	u64 stack = top ? (top->end - top->start) / 1024 : 0;
	u64 locked = vma_pages(&space->vmas, PROGRAM_END, 0, VMA_LOCKED, VMA_LOCKED) * 4;

	text_put(text, "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8llu kB\nVmPin:\t       0 kB\n"
		       "VmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\nRssAnon:\t%8llu kB\nRssFile:\t       0 kB\n"
		       "RssShmem:\t       0 kB\nVmData:\t%8llu kB\nVmStk:\t%8llu kB\nVmExe:\t%8llu kB\n"
		       "VmLib:\t       0 kB\nVmPTE:\t%8llu kB\nVmSwap:\t       0 kB\n",
		 size, size, locked, peak, resident, resident, (u64)size_of(space, VMA_WRITE, 0) * 4, stack,
		 (u64)size_of(space, VMA_EXECUTE, VMA_FILE) * 4, (u64)space->supply_count * 64);
}

static void signals_put(struct text *text, const struct proc_of *of)
{
	const struct body *body = of->task->body;
	const struct process_block *b = body ? body->block : NULL;
	const struct linux_thread *t = thread_block(of);
	typedef unsigned long long u64;

	text_put(text, "SigQ:\t0/%u\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\n"
		       "SigCgt:\t%016llx\n",
		 LINUX_NSIG, t ? (u64)(t->pending & ~t->shared) : 0,
		 (b ? (u64)b->pending : 0) | (t ? (u64)(t->pending & t->shared) : 0), t ? (u64)t->sigmask : 0, b ? (u64)b->ignored : 0,
		 b ? (u64)b->caught : 0);
}

void proc_status(struct text *text, const struct proc_of *of)
{
	struct task *t = of->task;
	const struct task_ids *i = &t->ids;
	static const char *const states[] = {"R (running)", "S (sleeping)", "T (stopped)", "Z (zombie)"};
	const char *state = states[strcspn("RSTZ", (char[2]){proc_state(t, of->caller)}) & 3];
	char name[TASK_NAME_MAX];
	const char *caps = i->euid == 0 ? "000001ffffffffff" : "0000000000000000";

	name_get(of, name);
	text_put(text, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%u\nNgid:\t0\nPid:\t%u\nPPid:\t%u\n"
		       "TracerPid:\t0\n", name, t->body ? t->body->block->umask & 0777 : 0, state, t->pid,
		 of->tid ? of->tid : t->pid, t->parent ? t->parent->pid : 0);
	text_put(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", i->ruid, i->euid,
		 i->suid, i->euid, i->rgid, i->egid, i->sgid, i->egid, t->body ? t->body->handles : 0);
	for (uint32_t k = 0; k < t->group_count; k++)
		text_put(text, "%u ", t->groups[k]);
	text_put(text, "\n");
	if (t->body)
		memory_put(text, t->body->space);
	text_put(text, "Threads:\t%u\n", t->body ? t->body->thread_count : 1);
	signals_put(text, of);
	text_put(text, "CapInh:\t0000000000000000\nCapPrm:\t%s\nCapEff:\t%s\nCapBnd:\t000001ffffffffff\n"
		       "CapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\nCpus_allowed:\t1\n"
		       "Cpus_allowed_list:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0\n"
		       "voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0\n", caps, caps);
}

// What lies in the program's memory now, as Linux shows it.
static void memory_copy(struct text *text, struct body *body, uint64_t start, uint64_t end)
{
	char piece[1024];

	for (uint64_t at = start; body && at < end;) {
		uint64_t part = end - at < sizeof(piece) ? end - at : sizeof(piece);
		uint64_t got = space_read(body->space, at, piece, part);

		text_bytes(text, piece, got);
		if (got < part)
			return;
		at += got;
	}
}

void proc_cmdline(struct text *text, const struct proc_of *of)
{
	struct body *body = of->task->body;

	if (body)
		memory_copy(text, body, body->space->program.arg_start, body->space->program.arg_end);
}

void proc_environ(struct text *text, const struct proc_of *of)
{
	struct body *body = of->task->body;

	if (body)
		memory_copy(text, body, body->space->program.env_start, body->space->program.env_end);
}

void proc_comm(struct text *text, const struct proc_of *of)
{
	char name[TASK_NAME_MAX];

	name_get(of, name);
	text_put(text, "%s\n", name);
}

void proc_zero(struct text *text, const struct proc_of *of)
{
	(void)of;
	text_put(text, "0\n");
}

static const char *area_name(const struct space *space, const struct vma *v)
{
	if (v->start < space->brk && v->end > space->brk_start && !v->backing)
		return "[heap]";
	if (v->start <= space->program.stack_start &&
	    v->end > space->program.stack_start)
		return "[stack]";
	return "";
}

void proc_maps(struct text *text, const struct proc_of *of)
{
	struct space *space = of->task->body ? of->task->body->space : NULL;
	static char name[4096];

	if (space)
		(void)space_settle(space);
	for (uint32_t i = 0; space && i < space->vmas.count; i++) {
		const struct vma *v = &space->vmas.items[i];
		struct proc_open open = {0};
		uint64_t before = text->length;

		if (v->start >= PROGRAM_END)
			break;
		strcpy(name, area_name(space, v));
		if (v->flags & VMA_FILE && proc_file_name(((struct file *)v->backing)->handle, name,
							  sizeof(name), &open) < 0)
			name[0] = 0;
		text_put(text, "%08llx-%08llx %c%c%c%c %08llx 00:%02x %llu ", (unsigned long long)v->start,
			 (unsigned long long)v->end, v->prot & VMA_READ ? 'r' : '-',
			 v->prot & VMA_WRITE ? 'w' : '-', v->prot & VMA_EXECUTE ? 'x' : '-',
			 v->flags & VMA_SHARED ? 's' : 'p',
			 v->flags & VMA_FILE ? (unsigned long long)v->offset : 0, v->flags & VMA_FILE ? 1 : 0,
			 (unsigned long long)open.number);
		if (name[0])
			text_put(text, "%*s%s", (int)(before + 73 > text->length ? before + 73 - text->length : 1),
				 "", name);
		text_put(text, "\n");
	}
}

void proc_limits(struct text *text, const struct proc_of *of)
{
	static const struct {
		const char *name, *unit;
	} rows[16] = {{"Max cpu time", "seconds"},       {"Max file size", "bytes"},
		      {"Max data size", "bytes"},        {"Max stack size", "bytes"},
		      {"Max core file size", "bytes"},   {"Max resident set", "bytes"},
		      {"Max processes", "processes"},    {"Max open files", "files"},
		      {"Max locked memory", "bytes"},    {"Max address space", "bytes"},
		      {"Max file locks", "locks"},       {"Max pending signals", "signals"},
		      {"Max msgqueue size", "bytes"},    {"Max nice priority", ""},
		      {"Max realtime priority", ""},     {"Max realtime timeout", "us"}};

	text_put(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (uint32_t i = 0; of->task->body && i < 16; i++) {
		text_put(text, "%-25s", rows[i].name);
		for (uint32_t k = 0; k < 2; k++) {
			uint64_t limit = of->task->body->block->limits[i][k];

			if (limit == ~0ull)
				text_put(text, " %-20s", "unlimited");
			else
				text_put(text, " %-20llu", (unsigned long long)limit);
		}
		text_put(text, rows[i].unit[0] ? " %-10s\n" : "\n", rows[i].unit);
	}
}
