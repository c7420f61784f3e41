// Timers of timer_create, for timer.c, which has the server's one deadline.
#ifndef PROCESS_POSIX_TIMER_H
#define PROCESS_POSIX_TIMER_H

#include "servers/process/server.h"

// When the first is to be looked at, 0: never; and looking.
uint64_t posix_timer_first(void);
void posix_timer_expire(uint64_t time);
// A process has ended, or runs another program.
void posix_timer_clear(const struct task *task);
// timer.c: the first one may be another now.
void timer_deadline_set(void);
// signal.c: is the timer's signal (by its number, si_timerid) pending? Then it stands for `times` more.
bool signal_overrun(struct task *task, const struct signal_info *info, uint64_t times, uint32_t *overrun);

#endif
