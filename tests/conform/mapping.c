#include "tests/conform/mapping.h"

cap_t frame_of(unsigned bits) { return make(TYPE_FRAME, bits); }

cap_t mapped(unsigned bits, uint64_t at, uint64_t rights)
{
	cap_t frame = frame_of(bits);

	WORKS(frame_map(frame, VSPACE, at, rights));
	return frame;
}

uint64_t address_of(cap_t frame)
{
	uint64_t at = ~0ull;

	WORKS(frame_info(frame, NULL, &at, NULL));
	return at;
}

void touch_read(struct worker *w)
{
	w->seen[0] = raw_load(w->seen[1]);
	worker_finish(w);
}

void touch_write(struct worker *w)
{
	raw_store(w->seen[1], 1);
	worker_finish(w);
}

uint64_t touch(enum where where, uint64_t at, void (*how)(struct worker *))
{
	cap_t e = make(TYPE_ENDPOINT, 0);
	struct worker *w = worker_with_fault(where, LOW, e);
	struct msg m;

	w->seen[1] = at;
	worker_run(w, how);
	if (w->done)
		return ~0ull;
	WORKS(take(e, 0, &m));
	return m.words[2];
}
