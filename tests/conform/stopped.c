#include "tests/conform/stopped.h"

cap_t stopped(struct abi_block **page)
{
	cap_t thread = make(TYPE_THREAD, 0), frame = make(TYPE_FRAME, 12);

	WORKS(thread_set_space(thread, CNODE, VSPACE, 0));
	WORKS(thread_set_block(thread, frame, FREE_AT));
	WORKS(frame_map(frame, VSPACE, FREE_AT, FRAME_READ | FRAME_WRITE));
	*page = (struct abi_block *)FREE_AT;
	return thread;
}

err_t write_one(cap_t thread, unsigned which, uint64_t value)
{
	uint64_t values[REGISTER_COUNT] = {0};

	values[which] = value;
	return thread_write(thread, 1ull << which, values);
}

uint64_t read_one(cap_t thread, unsigned which)
{
	uint64_t values[REGISTER_COUNT] = {0};

	WORKS(thread_read(thread, values));
	return values[which];
}
