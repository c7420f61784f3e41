// Default actions of signals: as in signal(7).
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "servers/process/disposition.h"

#include <signal.h>

enum disposition disposition_get(uint32_t signal)
{
	switch (signal) {
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
		return DISPOSITION_IGNORE;
	case SIGCONT:
		return DISPOSITION_CONTINUE;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return DISPOSITION_STOP;
	default:
		return DISPOSITION_TERMINATE;
	}
}

enum verdict disposition_decide(uint32_t signal, uint64_t handler, uint64_t blocked, bool is_orphaned)
{
	if (signal == SIGKILL)
		return VERDICT_TERMINATE;
	if (signal == SIGSTOP)
		return VERDICT_STOP;
	if (blocked & SIGNAL_BIT(signal))
		return VERDICT_PEND;
	if (handler == 1)
		return VERDICT_DROP;
	if (handler > 1)
		return VERDICT_DELIVER;
	switch (disposition_get(signal)) {
	case DISPOSITION_IGNORE:
		return VERDICT_DROP;
	case DISPOSITION_CONTINUE:
		return VERDICT_CONTINUE;
	case DISPOSITION_STOP:
		return is_orphaned ? VERDICT_DROP : VERDICT_STOP;
	default:
		return VERDICT_TERMINATE;
	}
}
