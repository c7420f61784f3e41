// mprotect where it needs no message: docs/decisions/0023-protection.md.
//
// A change is written down first, where the process server finds it before it looks at the areas; then the
// kernel is told, which gives no page more than the server did. Changes that are there do not overlap, so
// their order is nobody's business. Should another thread's have come between, this one is made again by
// the server, which notes what is there and then sets both itself.
#include "abi/gen/stubs.h"
#include "env/linux/library.h"

#define PAGES_MAX 1024ull  // more than that is the server's to do

static bool is_covered(const struct space_protect *p, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < PROTECT_RUNS; i++) {
		uint64_t run = __atomic_load_n(&p->runs[i], __ATOMIC_RELAXED);

		if (protect_start(run) <= start && end <= protect_end(run))
			return true;
	}
	return false;
}

static bool is_crossed(const struct space_protect *p, unsigned own, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < PROTECT_CHANGES; i++) {
		uint64_t other = i == own ? 0 : __atomic_load_n(&p->changes[i], __ATOMIC_SEQ_CST);

		if (protect_start(other) < end && start < protect_end(other))
			return true;
	}
	return false;
}

bool protect_set(uint64_t start, uint64_t end, uint64_t prot)
{
	struct space_protect *p = &((struct space_block *)ENV_SPACE)->protect;
	unsigned i = (unsigned)(start / PAGE_SIZE % PROTECT_CHANGES);
	uint64_t word = protect_word(start, end, prot), rights = prot ? prot | FRAME_READ : 0;

	if (end - start > PAGES_MAX * PAGE_SIZE || prot & ~PROTECT_PROT || !is_covered(p, start, end))
		return false;

	uint64_t old = __atomic_load_n(&p->changes[i], __ATOMIC_SEQ_CST);
	bool is_again = (old | PROTECT_PROT) == (word | PROTECT_PROT);

	if (!is_again && (old || is_crossed(p, i, start, end)))
		return false;
	if (!__atomic_compare_exchange_n(&p->changes[i], &old, word, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ||
	    vspace_restrict(LINUX_SLOT_SPACE, start, end, rights))
		return false;
	return __atomic_load_n(&p->changes[i], __ATOMIC_SEQ_CST) == word &&
	       (is_again || !is_crossed(p, i, start, end));
}
