#include "mem/mailbox.h"

void mailbox_serve(struct core *core, unsigned rewind)
{
	struct mailbox *mail = &core->mail;
	uint32_t request = __atomic_load_n(&mail->request, __ATOMIC_ACQUIRE);

	if (request == MAIL_NONE)
		return;
	if (request == MAIL_FLUSH) {
		arch_flush(core, mail->address, mail->pages);
	} else {
		if (core->current)
			core->current->regs.ip -= rewind;
		arch_core_leave(core);
	}
	core->counters.requests++;
	__atomic_store_n(&mail->request, MAIL_NONE, __ATOMIC_RELEASE);
}

static void ask(struct core *core, enum mail_request request, uint64_t address, unsigned pages)
{
	core->mail.address = address;
	core->mail.pages = pages;
	__atomic_store_n(&core->mail.request, request, __ATOMIC_RELEASE);
	arch_core_signal(core);
}

static void wait(const struct core *core)
{
	while (__atomic_load_n(&core->mail.request, __ATOMIC_ACQUIRE))
		arch_relax();
}

void core_leave(struct core *core)
{
	if (core == arch_core()) {
		arch_core_leave(core);
		return;
	}
	ask(core, MAIL_LEAVE, 0, 0);
	wait(core);
}

// The address space that another core uses: the fast path does not keep `loaded_top`.
static uint64_t space_of(const struct core *core)
{
	return core->current ? core->current->vspace.address : core->loaded_top;
}

void space_flush(uint64_t top_physical, uint64_t address, unsigned pages)
{
	struct core *self = arch_core();
	unsigned asked = 0;

	if (self->loaded_top == top_physical)
		arch_flush(self, address, pages);
	for (unsigned i = 0; i < kernel.cores; i++) {
		struct core *core = &kernel.core[i];

		if (core == self || space_of(core) != top_physical)
			continue;
		ask(core, MAIL_FLUSH, address, pages);
		asked++;
	}
	for (unsigned i = 0; asked && i < kernel.cores; i++)
		wait(&kernel.core[i]);
}

void space_retire(uint64_t top_physical)
{
	struct core *self = arch_core();

	for (unsigned i = 0; i < kernel.cores; i++) {
		struct core *core = &kernel.core[i];

		if ((core == self ? core->loaded_top : space_of(core)) == top_physical)
			core_leave(core);
	}
}
