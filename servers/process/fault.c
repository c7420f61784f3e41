// Faults of processes: the pager, and the signals of those that are not its business.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <string.h>

#include "lib/rt/component.h"
#include "servers/process/growth.h"
#include "servers/process/pressure.h"
#include "servers/process/server.h"

#define SEGV_MAPERR_ 1
#define SEGV_ACCERR_ 2
#define BUS_ADRERR_ 2
#define SI_KERNEL_ 0x80

static bool is_environment(uint64_t ip) { return ip >= ENV_BASE && ip < ENV_END; }

// A fault of the library's own code: where it touches the program's memory it expects one, anything else is its bug.
static void library_fault(struct task *task, struct msg *m, uint64_t ip, uint64_t address)
{
	uint64_t fixup = body_fixup(ip);

	if (fixup) {
		*m = (struct msg){.tag = TAG(FAULT_REPLY_JUMP, 1), .words = {fixup}};
		return;
	}
	rt_log("pid %u (%s): fault in the library at %#llx, address %#llx", task->pid, task->name,
	       (unsigned long long)ip, (unsigned long long)address);
	task_end(task, SIGSEGV);
}

static void page_fault(struct task *task, struct msg *m)
{
	uint64_t ip = m->words[0], address = m->words[1];
	struct fault fault = {address, m->words[2], m->words[3]};
	struct map_items made = {.count = 0};
	enum outcome outcome = space_settle(task->body->space) ? space_fault(task->body->space, &fault, &made)
							       : OUTCOME_MEMORY;

	if (outcome == OUTCOME_NO_AREA && growth_try(task, address))
		outcome = space_fault(task->body->space, &fault, &made);

	struct signal_info info = {SIGSEGV, outcome == OUTCOME_NO_AREA ? SEGV_MAPERR_ : SEGV_ACCERR_, 0, 0,
				   address};

	*m = (struct msg){.tag = TAG(FAULT_REPLY_RESUME, 0)};
	if (outcome == OUTCOME_OK) {
		memcpy(sys_block()->items, made.items, made.count * sizeof(made.items[0]));
		m->tag |= TAG_ITEMS(made.count);
	} else if (outcome == OUTCOME_MEMORY) {
		pressure_end(task);
	} else if (is_environment(ip)) {
		library_fault(task, m, ip, address);
	} else {
		if (outcome == OUTCOME_BEYOND)
			info = (struct signal_info){SIGBUS, BUS_ADRERR_, 0, 0, address};
		signal_force(caller, &info);
	}
}

static uint32_t exception_signal(uint64_t vector)
{
	switch (vector) {
	case 0:
	case 16:
	case 19:
		return SIGFPE;
	case 1:
	case 3:
		return SIGTRAP;
	case 6:
		return SIGILL;
	case 11:
	case 12:
	case 17:
		return SIGBUS;
	default:
		return SIGSEGV;
	}
}

void fault_handle(struct task *task, struct msg *m)
{
	uint64_t ip = m->words[0], vector = m->words[1];
	uint32_t label = tag_label(m->tag);
	struct signal_info info = {exception_signal(vector), SI_KERNEL_, 0, 0, ip};

	if (label == FAULT_PAGE) {
		page_fault(task, m);
		return;
	}
	*m = (struct msg){.tag = TAG(FAULT_REPLY_RESUME, 0)};
	if (label != FAULT_EXCEPTION) {
		rt_log("pid %u (%s): system call %llu went past the library", task->pid, task->name,
		       (unsigned long long)vector);
		task_end(task, SIGSYS);
	} else if (is_environment(ip)) {
		library_fault(task, m, ip, vector);
	} else {
		if (vector == 0)
			info.code = 1;  // FPE_INTDIV
		else if (vector == 6)
			info.code = 2;  // ILL_ILLOPN
		signal_force(caller, &info);
	}
}
