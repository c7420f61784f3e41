// Messages between threads: call and reply_recv, send, recv, and calls that meet nobody.
#include <stdio.h>
#include <string.h>

#include "bench/native/native.h"
#include "lib/rt/rt.h"

#define SLICE 1000000000ull

extern const char rt_redirect[], rt_redirect_end[];

static const unsigned word_counts[] = {0, 4, 8, 16, 64};

// Answers every call with what it brought.
static void echo(struct worker *w)
{
	struct probe *p = &w->probe;

	*p = (struct probe){.number = SYSCALL_BASE + SYSCALL_RECV};
	for (;;) {
		p->cap = w->endpoint;
		p->reply = w->reply;
		p->tag = p->number == SYSCALL_BASE + SYSCALL_RECV ? 0 : TAG(0, tag_words(p->tag));
		probe_call(p);
		p->number = SYSCALL_BASE + SYSCALL_REPLY_RECV;
		if (w->uses_fpu)
			fpu_use(1);
	}
}

static void word_set(struct probe *p, unsigned i, uint64_t value)
{
	if (i < MSG_WORDS_REGISTERS)
		p->words[i] = value;
	else
		sys_block()->words[i - MSG_WORDS_REGISTERS] = value;
}

static uint64_t word_get(const struct probe *p, unsigned i)
{
	return i < MSG_WORDS_REGISTERS ? p->words[i] : sys_block()->words[i - MSG_WORDS_REGISTERS];
}

static void call_once(struct worker *w, struct probe *p, unsigned words, uint64_t extra)
{
	*p = (struct probe){.number = SYSCALL_BASE + SYSCALL_CALL, .cap = w->endpoint, .tag = TAG(1, words) | extra};
	for (unsigned i = 0; i < words; i++)
		word_set(p, i, 1000 + i);
	probe_call(p);
	must((err_t)p->err, "call");
	if (tag_words(p->tag) != words)
		must(ERR_TAG, "answer");
	for (unsigned i = 0; i < words; i++)
		if (word_get(p, i) != 1000 + i)
			must(ERR_TAG, "words");
}

// `kind` stands between the operation and the rest of the row's name.
static void calls(struct worker *w, const char *kind, unsigned words, uint64_t extra)
{
	char call[48], answer[48];
	struct probe p;

	snprintf(call, sizeof(call), "ipc.call.%s", kind);
	snprintf(answer, sizeof(answer), "ipc.reply_recv.%s", kind);
	for (unsigned i = 0; i < TIMES; i++) {
		call_once(w, &p, words, extra);
		row_add(call, p.start, w->probe.end);
		row_add(answer, w->probe.start, p.end);
	}
}

static void calls_of_all_sizes(enum where where, const char *name)
{
	struct worker *w = worker_make(echo, where, PRIORITY_HIGH, 0, 0);
	char kind[32];

	for (unsigned i = 0; i < sizeof(word_counts) / sizeof(word_counts[0]); i++) {
		snprintf(kind, sizeof(kind), "%s.words%u", name, word_counts[i]);
		calls(w, kind, word_counts[i], 0);
	}
}

static void calls_of_all_kinds(void)
{
	struct worker *lent = worker_make(echo, ELSEWHERE, PRIORITY_HIGH, 0, 0);
	struct worker *budgeted = worker_make(echo, ELSEWHERE, PRIORITY_HIGH, SLICE, 0);
	struct worker *own = worker_make(echo, ELSEWHERE, PRIORITY_HIGH, 0, 0);

	worker_make_passive(lent);
	calls(lent, "cross.lent.words8", 8, 0);
	calls(budgeted, "cross.budgeted.words8", 8, 0);
	msg_set_cap(0, own->notification);
	own->block->recv_first = slot_alloc_run(2 * TIMES);
	own->block->recv_count = 2 * TIMES;
	calls(own, "cross.cap1", 1, TAG_CAPS(1));
}

// The first FPU instruction after the answer is a row of its own: it traps when the FPU is off.
static void calls_with_fpu(const char *kind, bool both)
{
	struct worker *w = worker_make(echo, ELSEWHERE, PRIORITY_HIGH, 0, 0);
	struct probe p, use;
	char call[48], answer[48], after[48];

	w->uses_fpu = both;
	snprintf(call, sizeof(call), "ipc.call.%s", kind);
	snprintf(answer, sizeof(answer), "ipc.reply_recv.%s", kind);
	snprintf(after, sizeof(after), "ipc.fpu_after.%s", kind);
	for (unsigned i = 0; i < TIMES; i++) {
		fpu_use(2);
		call_once(w, &p, 8, 0);
		use = (struct probe){0};
		probe_fpu(&use);
		row_add(call, p.start, w->probe.end);
		row_add(answer, w->probe.start, p.end);
		row_add(after, use.start, use.end);
	}
}

static void receive_for_ever(struct worker *w)
{
	for (;;) {
		w->probe = (struct probe){.number = SYSCALL_BASE + SYSCALL_RECV, .cap = w->endpoint};
		probe_call(&w->probe);
	}
}

static void send_for_ever(struct worker *w)
{
	for (;;) {
		w->probe = (struct probe){.number = SYSCALL_BASE + SYSCALL_SEND, .cap = w->endpoint, .tag = TAG(1, 4)};
		probe_call(&w->probe);
		w->last = w->probe.end;
	}
}

// To a lower receiver that waits, which becomes ready; and from a lower sender that waits.
static void sends(void)
{
	struct worker *receiver = worker_make(receive_for_ever, ELSEWHERE, PRIORITY_MIDDLE, 0, 0);
	struct worker *sender = worker_make(send_for_ever, ELSEWHERE, PRIORITY_MIDDLE, 0, 0);
	struct probe p;

	for (unsigned i = 0; i < TIMES; i++) {
		rest();
		p = (struct probe){.number = SYSCALL_BASE + SYSCALL_SEND, .cap = receiver->endpoint, .tag = TAG(1, 4)};
		probe_call(&p);
		must((err_t)p.err, "send");
		row_add("ipc.send", p.start, p.end);
		p = (struct probe){.number = SYSCALL_BASE + SYSCALL_RECV, .cap = sender->endpoint};
		probe_call(&p);
		must((err_t)p.err, "recv");
		row_add("ipc.recv.pending", p.start, p.end);
	}
	worker_end(sender);
}

// A sender below wakes this receiver above, which goes on at once; its next receive lets the sender run.
static void sends_up(void)
{
	struct worker *sender = worker_make(send_for_ever, ELSEWHERE, PRIORITY_MIDDLE, 0, 0);
	struct probe p;

	for (unsigned i = 0; i < TIMES; i++) {
		p = (struct probe){.number = SYSCALL_BASE + SYSCALL_RECV, .cap = sender->endpoint};
		probe_call(&p);
		must((err_t)p.err, "recv");
		if (i < 2)
			continue;
		row_add("ipc.send.higher", sender->probe.start, p.end);
		row_add("ipc.recv.blocking", p.start, sender->last);
	}
	worker_end(sender);
}

static void foreign_rows(void)
{
	uint64_t at = (uint64_t)(uintptr_t)probe_redirected, own = (uint64_t)(uintptr_t)rt_redirect;
	uint64_t end = (uint64_t)(uintptr_t)rt_redirect_end;
	struct probe p = {.number = 39};

	must(thread_set_redirect(BOOT_SLOT_THREAD, at, 0, 0, 0, 0, 0), "redirect");
	for (unsigned i = 0; i < TIMES; i++) {
		p = (struct probe){.number = 39};
		probe_foreign(&p);
		row_add("foreign.redirect", p.start, p.end);
	}
	must(thread_set_redirect(BOOT_SLOT_THREAD, own, own, end, end, end, end), "redirect");
}

static void null_rows(void)
{
	for (unsigned i = 0; i < TIMES; i++) {
		struct probe p = {.number = SYSCALL_BASE + SYSCALL_CALL};

		probe_call(&p);
		row_add("null.call", p.start, p.end);
		p = (struct probe){.number = SYSCALL_BASE + SYSCALL_YIELD};
		probe_call(&p);
		row_add("yield.alone", p.start, p.end);
		invoke("invoke.cnode_info", BOOT_SLOT_CNODE, METHOD_CNODE_INFO, 1, WORDS(BOOT_SLOT_CNODE));
	}
}

void message_rows(void)
{
	calls_of_all_sizes(ELSEWHERE, "cross");
	calls_of_all_sizes(HERE, "local");
	calls_of_all_kinds();
	calls_with_fpu("fpu_caller.words8", false);
	calls_with_fpu("fpu_both.words8", true);
	sends();
	sends_up();
	null_rows();
	foreign_rows();
}
