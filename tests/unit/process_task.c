// sources: servers/process/task.c servers/process/disposition.c
// Pids, groups, sessions, waits, credentials, and what signals do.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "servers/process/disposition.h"
#include "servers/process/task.h"

static struct task_table table;

static void table_fills_and_empties(void **state)
{
	(void)state;
	task_table_make(&table);
	for (int round = 0; round < 300; round++) {
		uint32_t made = 0;

		while (task_make(&table, task_init(&table)))
			made++;
		assert_int_equal(made, TASK_MAX - 1);
		for (struct task *t = task_init(&table)->child; t; t = task_init(&table)->child) {
			assert_ptr_equal(task_find(&table, t->pid), t);
			task_destroy(&table, t);
		}
		assert_int_equal(table.count, 1);
	}
	assert_null(task_find(&table, 0));
	assert_null(task_find(&table, TASK_PID_MAX));
	assert_null(task_find(&table, ~0ull));
}

static void groups_and_sessions(void **state)
{
	(void)state;
	task_table_make(&table);
	struct task *shell = task_make(&table, task_init(&table)), *a, *b;

	assert_int_equal(task_set_session(&table, shell), shell->pid);
	assert_int_equal(task_set_session(&table, shell), -EPERM);
	assert_int_equal(task_set_group(&table, shell, 0, 0), -EPERM);
	a = task_make(&table, shell);
	b = task_make(&table, shell);
	assert_int_equal(task_set_group(&table, shell, a->pid, 0), 0);
	assert_int_equal(task_set_group(&table, shell, b->pid, a->pid), 0);
	assert_int_equal(task_set_group(&table, a, b->pid, 0), -ESRCH);
	assert_int_equal(task_set_group(&table, shell, b->pid, 999), -EPERM);
	b->has_exec = true;
	assert_int_equal(task_set_group(&table, shell, b->pid, 0), -EACCES);
	assert_false(task_group_is_orphaned(&table, a->pgid, shell->sid));
	task_orphan(&table, shell);
	assert_true(task_group_is_orphaned(&table, a->pgid, shell->sid));
	assert_ptr_equal(a->parent, task_init(&table));
}

static void pids_of_live_groups_are_kept(void **state)
{
	(void)state;
	task_table_make(&table);
	struct task *leader = task_make(&table, task_init(&table)), *member = task_make(&table, leader);
	uint32_t pid = leader->pid;

	assert_int_equal(task_set_group(&table, leader, 0, 0), 0);
	member->pgid = pid;
	task_orphan(&table, leader);
	task_destroy(&table, leader);
	for (int i = 0; i < 2 * TASK_PID_MAX; i++) {
		struct task *t = task_make(&table, task_init(&table));

		assert_int_not_equal(t->pid, pid);
		task_destroy(&table, t);
	}
}

static void waits(void **state)
{
	(void)state;
	task_table_make(&table);
	struct task *parent = task_make(&table, task_init(&table)), *found;

	assert_int_equal(task_wait_find(parent, WAIT_ALL, 0, WAIT_EXITED, &found), WAIT_NO_CHILD);
	struct task *child = task_make(&table, parent);

	assert_int_equal(task_wait_find(parent, WAIT_ALL, 0, WAIT_EXITED, &found), WAIT_NOTHING);
	assert_int_equal(task_wait_find(parent, WAIT_PID, child->pid + 1, WAIT_EXITED, &found), WAIT_NO_CHILD);
	child->stop_news = true;
	assert_int_equal(task_wait_find(parent, WAIT_ALL, 0, WAIT_EXITED, &found), WAIT_NOTHING);
	assert_int_equal(task_wait_find(parent, WAIT_PGID, child->pgid, WAIT_STOPPED, &found), WAIT_STOP);
	child->state = TASK_ZOMBIE;
	assert_int_equal(task_wait_find(parent, WAIT_PID, child->pid, WAIT_EXITED, &found), WAIT_ZOMBIE);
	assert_ptr_equal(found, child);
}

static void credentials(void **state)
{
	const uint64_t keep = ~0ull, drop[6] = {5, 5, 5, keep, keep, keep}, back[6] = {keep, 0, keep, keep, keep, keep};
	const uint64_t wide[6] = {1ull << 32, keep, keep, keep, keep, keep};

	(void)state;
	task_table_make(&table);
	struct task *t = task_make(&table, task_init(&table)), *other = task_make(&table, t);

	assert_int_equal(task_set_ids(t, wide), -EINVAL);
	assert_int_equal(task_set_ids(t, drop), 0);
	assert_int_equal(task_set_ids(t, back), -EPERM);
	assert_int_equal(t->ids.euid, 5);
	assert_false(task_may_signal(t, other, SIGTERM));
	assert_true(task_may_signal(t, other, SIGCONT));
	assert_true(task_may_signal(other, t, SIGTERM));
}

static void signals(void **state)
{
	(void)state;
	assert_int_equal(disposition_decide(SIGKILL, 1, ~0ull, false), VERDICT_TERMINATE);
	assert_int_equal(disposition_decide(SIGSTOP, 1, ~0ull, true), VERDICT_STOP);
	assert_int_equal(disposition_decide(SIGTERM, 0, 0, false), VERDICT_TERMINATE);
	assert_int_equal(disposition_decide(SIGTERM, 0, SIGNAL_BIT(SIGTERM), false), VERDICT_PEND);
	assert_int_equal(disposition_decide(SIGTERM, 1, 0, false), VERDICT_DROP);
	assert_int_equal(disposition_decide(SIGTERM, 4096, 0, false), VERDICT_DELIVER);
	assert_int_equal(disposition_decide(SIGCHLD, 0, 0, false), VERDICT_DROP);
	assert_int_equal(disposition_decide(SIGTSTP, 0, 0, false), VERDICT_STOP);
	assert_int_equal(disposition_decide(SIGTSTP, 0, 0, true), VERDICT_DROP);
	assert_int_equal(disposition_decide(SIGCONT, 0, 0, false), VERDICT_CONTINUE);
	assert_int_equal(disposition_decide(64, 0, 0, false), VERDICT_TERMINATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_fills_and_empties), cmocka_unit_test(groups_and_sessions),
		cmocka_unit_test(pids_of_live_groups_are_kept), cmocka_unit_test(waits),
		cmocka_unit_test(credentials), cmocka_unit_test(signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
