// What a signal does to a process that has no handler for it, and the sets that stop and continue.
#ifndef PROCESS_DISPOSITION_H
#define PROCESS_DISPOSITION_H

#include <stdbool.h>
#include <stdint.h>

enum disposition {
	DISPOSITION_TERMINATE,
	DISPOSITION_IGNORE,
	DISPOSITION_STOP,
	DISPOSITION_CONTINUE,
};

// What to do with a signal that was sent.
enum verdict {
	VERDICT_DROP,
	VERDICT_PEND,       // blocked: only remembered
	VERDICT_DELIVER,    // a handler runs
	VERDICT_TERMINATE,
	VERDICT_STOP,
	VERDICT_CONTINUE,   // default action of SIGCONT: nothing more is to be done
};

#define SIGNAL_BIT(n) (1ull << ((n) - 1))
#define SIGNALS_STOP (SIGNAL_BIT(19) | SIGNAL_BIT(20) | SIGNAL_BIT(21) | SIGNAL_BIT(22))

enum disposition disposition_get(uint32_t signal);

// `handler`: 0 default, 1 ignore, else a handler; `blocked`: mask; `is_orphaned`: its group is.
enum verdict disposition_decide(uint32_t signal, uint64_t handler, uint64_t blocked, bool is_orphaned);

#endif
