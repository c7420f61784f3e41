// Threads: registers, suspend and resume in each state, redirection and upcalls, their slots.
#include "kernel_machine.h"

static struct player a, b;

static struct result write_registers(cap_t thread, uint64_t mask, const uint64_t values[REGISTER_COUNT], unsigned words)
{
	uint64_t in[MSG_WORDS_REGISTERS] = {mask};

	for (unsigned i = 0; i < REGISTER_COUNT; i++) {
		if (i + 1 < MSG_WORDS_REGISTERS)
			in[i + 1] = values[i];
		else
			task->block->words[i + 1 - MSG_WORDS_REGISTERS] = values[i];
	}
	return method(task, thread, METHOD_THREAD_WRITE, words, in);
}

static struct result read_registers(cap_t thread, uint64_t values[REGISTER_COUNT])
{
	struct result r = method(task, thread, METHOD_THREAD_READ, 0, NO_WORDS);

	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		values[i] = i < MSG_WORDS_REGISTERS ? r.word[i] : task->block->words[i - MSG_WORDS_REGISTERS];
	return r;
}

static void registers_are_read_and_written(void **state)
{
	uint64_t values[REGISTER_COUNT], back[REGISTER_COUNT];

	(void)state;
	a = player();
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		values[i] = 0x1000 + i;
	assert_int_equal(read_registers(a.cap, back).err, ERR_STATE);
	assert_int_equal(write_registers(a.cap, ~0ull, values, 21).err, ERR_STATE);
	assert_int_equal(suspend(a.cap), OK);
	assert_int_equal(write_registers(a.cap, ~0ull, values, 20).err, ERR_TAG);
	assert_int_equal(write_registers(a.cap, ~0ull, values, 21).err, OK);
	struct result r = read_registers(a.cap, back);

	assert_int_equal(r.err, OK);
	assert_int_equal(tag_words(r.tag), REGISTER_COUNT);
	for (unsigned i = 0; i < REGISTER_COUNT; i++)
		if (i != REGISTER_FLAGS)
			assert_int_equal(back[i], values[i]);
	// Only what the mask says.
	values[REGISTER_RBX] = values[REGISTER_RCX] = 7;
	assert_int_equal(write_registers(a.cap, 1u << REGISTER_RBX, values, 21).err, OK);
	read_registers(a.cap, back);
	assert_int_equal(back[REGISTER_RBX], 7);
	assert_int_equal(back[REGISTER_RCX], 0x1000 + REGISTER_RCX);
}

static void dangerous_registers_are_refused(void **state)
{
	uint64_t values[REGISTER_COUNT] = {0}, back[REGISTER_COUNT];
	static const struct {
		unsigned index;
		uint64_t value;
	} bad[] = {
		{REGISTER_IP, USER_END}, {REGISTER_IP, ~0ull}, {REGISTER_IP, 0xffffffff80000000ull},
		{REGISTER_FS, 0x800000000000ull}, {REGISTER_GS, 0x8000000000000000ull},
	};

	(void)state;
	a = player();
	assert_int_equal(suspend(a.cap), OK);
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++) {
		values[bad[i].index] = bad[i].value;
		values[REGISTER_RAX] = 99;
		struct result r = write_registers(a.cap, ~0ull, values, 21);

		assert_int_equal(r.err, ERR_RANGE);
		values[bad[i].index] = 0;
		read_registers(a.cap, back);
		assert_int_not_equal(back[REGISTER_RAX], 99);  // nothing was written
	}
	values[REGISTER_FLAGS] = ~0ull;
	assert_int_equal(write_registers(a.cap, 1u << REGISTER_FLAGS, values, 21).err, OK);
	read_registers(a.cap, back);
	assert_int_equal(back[REGISTER_FLAGS] & 0x3000, 0);  // no I/O privilege
	assert_int_equal(back[REGISTER_FLAGS] & 0x4000, 0);  // no nested task
	assert_int_equal(back[REGISTER_FLAGS] & 0x202, 0x202);
}

static void suspend_and_resume_in_each_state(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), n = make(TYPE_NOTIFICATION, 0), reply = make(TYPE_REPLY, 0);

	(void)state;
	a = player();
	b = player();
	for (unsigned s = 0; s < 6; s++) {
		switch (s) {
		case 0:  // ready
			break;
		case 1:  // stopped
			assert_int_equal(suspend(a.cap), OK);
			break;
		case 2:
			native(a.thread, SYSCALL_CALL, e, 0, 0, NO_WORDS);
			assert_int_equal(a.thread->state, THREAD_SENDING);
			break;
		case 3:
			native(b.thread, SYSCALL_RECV, e, reply, 0, NO_WORDS);
			native(a.thread, SYSCALL_CALL, e, 0, 0, NO_WORDS);
			assert_int_equal(a.thread->state, THREAD_ANSWER);
			break;
		case 4:
			native(a.thread, SYSCALL_RECV, e, 0, 0, NO_WORDS);
			assert_int_equal(a.thread->state, THREAD_RECEIVING);
			break;
		case 5:
			native(a.thread, SYSCALL_RECV, n, 0, 0, NO_WORDS);
			assert_int_equal(a.thread->state, THREAD_WAITING);
		}
		assert_int_equal(suspend(a.cap), OK);
		assert_int_equal(a.thread->state, THREAD_STOPPED);
		assert_int_equal(suspend(a.cap), OK);
		assert_int_equal(resume(a.cap), OK);
		assert_int_equal(resume(a.cap), OK);
		assert_int_equal(a.thread->state, THREAD_READY);
		if (s >= 2)
			assert_int_equal(result_of(a.thread).err, ERR_CANCELLED);
		if (s == 3)
			assert_int_equal(native_now(b.thread, SYSCALL_SEND, reply, 0, 0, NO_WORDS).err, ERR_CANCELLED);
		as(a.thread);
	}
}

static void a_suspended_fault_runs_again(void **state)
{
	cap_t e = make(TYPE_ENDPOINT, 0), reply = make(TYPE_REPLY, 0);

	(void)state;
	b = player();
	a = player_in(CNODE, VSPACE, e, PRIORITY_MAX);
	as(a.thread);
	a.thread->regs.ip = USER_CODE;
	*regs_word(&a.thread->regs, 2) = 1234;
	host_fault(0x5000, 0);
	assert_int_equal(suspend(a.cap), OK);
	native(b.thread, SYSCALL_NB_RECV, e, reply, 0, NO_WORDS);
	assert_int_equal(result_of(b.thread).err, ERR_NOT_READY);
	assert_int_equal(resume(a.cap), OK);
	as(a.thread);
	assert_int_equal(a.thread->regs.ip, USER_CODE);
	assert_int_equal(*regs_word(&a.thread->regs, 2), 1234);
	assert_true(a.thread->flags & THREAD_FULL);
}

static void a_thread_suspends_itself(void **state)
{
	(void)state;
	a = player();
	native(a.thread, SYSCALL_CALL, a.cap, 0, TAG(METHOD_THREAD_SUSPEND, 0), NO_WORDS);
	assert_int_equal(a.thread->state, THREAD_STOPPED);
	assert_int_equal(resume(a.cap), OK);
	as(a.thread);
}

static void resume_needs_an_address_space(void **state)
{
	cap_t t = make(TYPE_THREAD, 0), c = make(TYPE_SCHEDCONTEXT, 0);

	(void)state;
	assert_int_equal(configure(c, PRIORITY_MAX, 0), OK);
	assert_int_equal(context_bind(c, t), OK);
	assert_int_equal(resume(t), ERR_STATE);
	assert_int_equal(method(task, t, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, VSPACE, 0)).err, OK);
	assert_int_equal(resume(t), OK);
	as(object_of(t));
}

static void redirect(const struct player *p, uint64_t entry)
{
	assert_int_equal(method(task, p->cap, METHOD_THREAD_SET_REDIRECT, 6,
				WORDS(entry, 0x10000, 0x20000, 0x18000, 0x18100, 0x19000)).err, OK);
}

static void foreign_calls_are_redirected(void **state)
{
	(void)state;
	a = player();
	redirect(&a, 0x11000);
	as(a.thread);
	a.thread->regs.ip = USER_CODE;
	a.thread->regs.flags = 0x246;
	host_foreign(1);
	assert_int_equal(a.thread->regs.ip, 0x11000);
	assert_int_equal(a.page->redirect_ip, USER_CODE + 2);
	assert_int_equal(a.page->redirect_flags, 0x246);
	assert_ptr_equal(kernel.core[0].current, a.thread);
}

static void redirect_is_checked(void **state)
{
	cap_t bare = make(TYPE_THREAD, 0);
	static const uint64_t good[6] = {0x11000, 0x10000, 0x20000, 0x18000, 0x18100, 0x19000};

	(void)state;
	a = player();
	for (unsigned i = 0; i < 6; i++) {
		uint64_t words[MSG_WORDS_REGISTERS] = {0};

		memcpy(words, good, sizeof good);
		words[i] = USER_END + 1;
		struct result r = method(task, a.cap, METHOD_THREAD_SET_REDIRECT, 6, words);

		assert_int_equal(r.err, ERR_RANGE);
		assert_int_equal(r.word[0], i + 1);
	}
	assert_int_equal(method(task, bare, METHOD_THREAD_SET_REDIRECT, 6, WORDS(0x1000)).err, ERR_BLOCK);
	assert_int_equal(method(task, bare, METHOD_THREAD_SET_REDIRECT, 6, WORDS(0)).err, OK);
	// Without its block a thread has no redirection: the kernel would write into nothing.
	redirect(&a, 0x11000);
	assert_int_equal(revoke(a.block), OK);
	assert_null(a.thread->block);
	assert_int_equal(a.thread->redirect, 0);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_UPCALL, 1, WORDS(0x11000)).err, ERR_BLOCK);
}

// The block is changed while a redirection stands.
static void a_new_block_takes_over(void **state)
{
	cap_t f = make(TYPE_FRAME, 12);

	(void)state;
	a = player();
	redirect(&a, 0x11000);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_BLOCK, 2, WORDS(f, 0x1000)).err, OK);
	assert_non_null(a.thread->block);
	assert_ptr_equal(a.thread->block, arch_phys_to_virt(slot_of(f)->object * PAGE_SIZE));
	assert_int_equal(revoke(f), OK);
	assert_null(a.thread->block);
	assert_int_equal(a.thread->redirect, 0);
	slot_of(f)->flags |= SLOT_DEVICE;
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_BLOCK, 2, WORDS(f, 0x1000)).err, ERR_ARGUMENT);
	slot_of(f)->flags &= (uint8_t)~SLOT_DEVICE;
}

static uint64_t upcall(const struct player *p, uint64_t ip)
{
	assert_int_equal(suspend(p->cap), OK);
	p->thread->regs.ip = ip;
	p->thread->regs.flags = 0x10a93;
	p->page->redirect_ip = 0;
	struct result r = method(task, p->cap, METHOD_THREAD_UPCALL, 1, WORDS(0x12340));

	assert_int_equal(r.err, OK);
	assert_int_equal(resume(p->cap), OK);
	return r.word[0];
}

static void upcalls_enter_outside_the_library(void **state)
{
	static const struct {
		uint64_t ip, after, entered;
	} cases[] = {
		{0x400000, 0x12340, 1}, {0xffff, 0x12340, 1}, {0x20000, 0x12340, 1}, {0x10000, 0x10000, 0},
		{0x1ffff, 0x1ffff, 0}, {0x18000, 0x19000, 0}, {0x180ff, 0x19000, 0}, {0x18100, 0x18100, 0},
		{0x17fff, 0x17fff, 0}, {0, 0x12340, 1},
	};

	(void)state;
	a = player();
	redirect(&a, 0x11000);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_int_equal(upcall(&a, cases[i].ip), cases[i].entered);
		assert_int_equal(a.thread->regs.ip, cases[i].after);
		assert_int_equal(a.page->redirect_ip, cases[i].entered ? cases[i].ip : 0);
		if (cases[i].entered)
			assert_int_equal(a.page->redirect_flags, 0x10a93);
	}
	assert_int_equal(method(task, a.cap, METHOD_THREAD_UPCALL, 1, WORDS(USER_END)).err, ERR_RANGE);
}

static void set_space_is_checked(void **state)
{
	cap_t send = derive(make(TYPE_ENDPOINT, 0), ENDPOINT_SEND, 0, 0), n = make(TYPE_NOTIFICATION, 0);

	(void)state;
	a = player();
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(VSPACE, VSPACE, 0)).err, ERR_CAP_TYPE);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, CNODE, 0)).err, ERR_CAP_TYPE);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, VSPACE, send)).err, ERR_CAP_RIGHTS);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, VSPACE, n)).err, ERR_CAP_TYPE);
	assert_int_equal(method(a.thread, a.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, VSPACE, 0)).err, ERR_STATE);
}

// A thread that is not loaded, and one that is, changes its address space.
static void set_space_changes_the_address_space(void **state)
{
	cap_t v = make(TYPE_VSPACE, 0);

	(void)state;
	a = player();
	as(a.thread);
	as(task);
	assert_int_equal(method(task, a.cap, METHOD_THREAD_SET_SPACE, 3, WORDS(CNODE, v, 0)).err, OK);
	as(a.thread);
	assert_int_equal(kernel.core[0].loaded_top, ((struct vspace *)object_of(v))->top_physical);
	as(task);
	assert_int_equal(kernel.core[0].loaded_top, ((struct vspace *)object_of(VSPACE))->top_physical);
}

// A CSpace smaller than the indices that are used: nothing beyond it is reached.
static void a_small_cspace_bounds_every_index(void **state)
{
	cap_t c = make(TYPE_CNODE, 3), window;

	(void)state;
	assert_int_equal(derive_to(c, 7, make(TYPE_ENDPOINT, 0), ALL, 0, 0), OK);
	assert_int_equal(derive_to(c, 2, c, ALL, 0, 0), OK);
	window = derive(c, ALL, 1, 4);
	a = player_in(c, VSPACE, 0, PRIORITY_MAX);
	assert_int_equal(native_now(a.thread, SYSCALL_NB_SEND, 7, 0, 0, NO_WORDS).err, ERR_NOT_READY);
	assert_int_equal(native_now(a.thread, SYSCALL_NB_SEND, 8, 0, 0, NO_WORDS).err, ERR_CAP_INVALID);
	assert_int_equal(native_now(a.thread, SYSCALL_NB_SEND, 0, 0, 0, NO_WORDS).err, ERR_CAP_INVALID);
	b = player_in(window, VSPACE, 0, PRIORITY_MAX);  // index 1 there is slot 2
	assert_int_equal(method(b.thread, 1, METHOD_CNODE_INFO, 1, WORDS(7)).word[0], TYPE_ENDPOINT);
	assert_int_equal(native_now(b.thread, SYSCALL_NB_SEND, 4, 0, 0, NO_WORDS).err, ERR_CAP_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_are_read_and_written),
		TEST(dangerous_registers_are_refused),
		TEST(suspend_and_resume_in_each_state),
		TEST(a_suspended_fault_runs_again),
		TEST(a_thread_suspends_itself),
		TEST(resume_needs_an_address_space),
		TEST(foreign_calls_are_redirected),
		TEST(redirect_is_checked),
		TEST(a_new_block_takes_over),
		TEST(upcalls_enter_outside_the_library),
		TEST(set_space_is_checked),
		TEST(set_space_changes_the_address_space),
		TEST(a_small_cspace_bounds_every_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
