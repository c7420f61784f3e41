// Address spaces: mapping, protecting, unmapping, cloning, and the memory of tables.
#define CATEGORY "VSpace"
#include "tests/conform/conform.h"
#include "tests/conform/mapping.h"

#define AT FREE_AT
#define RW (FRAME_READ | FRAME_WRITE)
#define LARGE 0x200000ull

CASE(a_mapped_page_is_read_and_written)
{
	mapped(12, AT, RW);
	raw_store(AT, 7);
	EQ(raw_load(AT), 7);
}
CASE(a_read_only_page_is_not_written)
{
	mapped(12, AT, FRAME_READ);
	EQ(touch(HERE, AT, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
	EQ(touch(HERE, AT, touch_read), ~0ull);
}
CASE(a_page_with_execute_runs)
{
	cap_t frame = mapped(12, AT, RW);
	cap_t code = derive(frame, ALL, 0, 0);

	for (unsigned i = 0; i < (unsigned)(raw_code_end - raw_code); i++)
		((volatile char *)AT)[i] = raw_code[i];
	WORKS(frame_map(code, VSPACE, AT + LARGE, FRAME_READ | FRAME_EXECUTE));
	raw_jump(AT + LARGE);
}
CASE(info_tells_where_a_frame_is_mapped)
{
	cap_t frame = frame_of(12);

	EQ(address_of(frame), 0);
	WORKS(frame_map(frame, VSPACE, AT, RW));
	EQ(address_of(frame), AT);
	WORKS(frame_unmap(frame));
	EQ(address_of(frame), 0);
}
CASE(an_address_is_page_aligned)
{
	REFUSED(ERR_ALIGN, 2, frame_of(12), METHOD_FRAME_MAP, VSPACE, AT + 1, FRAME_READ);
	REFUSED(ERR_ALIGN, 2, frame_of(12), METHOD_FRAME_MAP, VSPACE, AT + 2048, FRAME_READ);
}
CASE(an_address_is_in_user_space)
{
	static const uint64_t bad[] = {0, USER_END, USER_END + 0x1000, 1ull << 47, ~0xfffull, 0xffff800000000000ull};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		REFUSED(ERR_RANGE, 2, frame_of(12), METHOD_FRAME_MAP, VSPACE, bad[i], FRAME_READ);
}
CASE(a_window_ends_in_user_space)
{
	REFUSED(ERR_RANGE, 2, frame_of(13), METHOD_FRAME_MAP, VSPACE, USER_END - 0x1000, FRAME_READ);
}
CASE(the_last_user_page_is_mapped)
{
	cap_t frame = mapped(12, USER_END - 0x1000, RW);

	raw_store(USER_END - 8, 5);
	EQ(raw_load(USER_END - 8), 5);
	WORKS(frame_unmap(frame));
}
CASE(a_slot_holds_one_mapping)
{
	REFUSED(ERR_MAPPED, 0, mapped(12, AT, RW), METHOD_FRAME_MAP, VSPACE, AT + 0x1000, FRAME_READ);
}
CASE(a_page_holds_one_mapping)
{
	mapped(12, AT, RW);
	REFUSED(ERR_MAPPED, 2, frame_of(12), METHOD_FRAME_MAP, VSPACE, AT, FRAME_READ);
}
CASE(a_mapping_that_fails_leaves_nothing_before_it)
{
	cap_t frame = frame_of(14);

	mapped(12, AT, RW);
	EQ(frame_map(frame, VSPACE, AT - 0, FRAME_READ), ERR_MAPPED);
	EQ(address_of(frame), 0);
}
CASE(map_over_takes_the_place_of_a_page)
{
	mapped(12, AT, RW);
	raw_store(AT, 3);
	WORKS(frame_map(frame_of(12), VSPACE, AT, RW | FRAME_MAP_OVER));
	EQ(raw_load(AT), 0);
}
CASE(unmap_of_what_was_taken_over_leaves_the_new_page)
{
	cap_t old = mapped(12, AT, RW);

	WORKS(frame_map(frame_of(12), VSPACE, AT, RW | FRAME_MAP_OVER));
	WORKS(frame_unmap(old));
	raw_store(AT, 4);
	EQ(raw_load(AT), 4);
}
CASE(unmap_of_what_is_not_mapped_fails)
{
	REFUSED(ERR_NOT_MAPPED, 0, frame_of(12), METHOD_FRAME_UNMAP);
}
CASE(an_unmapped_page_faults)
{
	cap_t frame = mapped(12, AT, RW);

	raw_store(AT, 1);
	WORKS(frame_unmap(frame));
	EQ(touch(HERE, AT, touch_read), 0);
}
CASE(a_page_that_is_unmapped_and_mapped_again_is_the_new_one)
{
	cap_t frame = mapped(12, AT, RW);

	raw_store(AT, 1);
	WORKS(frame_unmap(frame));
	mapped(12, AT, RW);
	EQ(raw_load(AT), 0);
}
CASE(protect_takes_the_right_to_write_at_once)
{
	cap_t frame = mapped(12, AT, RW);

	raw_store(AT, 1);
	WORKS(frame_protect(frame, FRAME_READ));
	EQ(touch(HERE, AT, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
}
CASE(protect_gives_the_right_to_write_back)
{
	cap_t frame = mapped(12, AT, FRAME_READ);

	WORKS(frame_protect(frame, RW));
	raw_store(AT, 1);
	EQ(raw_load(AT), 1);
}
CASE(protect_gives_no_more_than_the_capability_has)
{
	cap_t frame = derive(frame_of(12), FRAME_READ, 0, 0);

	WORKS(frame_map(frame, VSPACE, AT, RW));
	EQ(touch(HERE, AT, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
	WORKS(frame_protect(frame, RW));
	EQ(touch(HERE, AT, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
}
CASE(protect_of_what_is_not_mapped_fails)
{
	REFUSED(ERR_NOT_MAPPED, 0, frame_of(12), METHOD_FRAME_PROTECT, FRAME_READ);
}
CASE(many_pages_are_mapped_in_one_call)
{
	cap_t frame = mapped(20, AT + 0x1000, RW);

	for (uint64_t at = AT + 0x1000; at < AT + 0x101000; at += 0x1000)
		raw_store(at, at);
	for (uint64_t at = AT + 0x1000; at < AT + 0x101000; at += 0x1000)
		EQ(raw_load(at), at);
	WORKS(frame_unmap(frame));
}
CASE(a_large_page_is_mapped_where_its_alignment_allows)
{
	cap_t frame = mapped(21, AT, RW);

	raw_store(AT + LARGE - 8, 6);
	EQ(raw_load(AT + LARGE - 8), 6);
	WORKS(frame_protect(frame, FRAME_READ));
	EQ(touch(HERE, AT + 0x1000, touch_write), FAULT_ACCESS_WRITE | FAULT_ACCESS_PRESENT);
	WORKS(frame_unmap(frame));
	EQ(touch(HERE, AT, touch_read), 0);
}
CASE(a_large_page_is_in_the_way_of_small_ones)
{
	cap_t space = make(TYPE_VSPACE, 0);  // no table of small pages is there yet

	WORKS(frame_map(frame_of(21), space, AT, RW));
	EQ(frame_map(frame_of(12), space, AT + 0x1000, RW), ERR_MAPPED);
	EQ(frame_map(frame_of(12), space, AT + 0x1000, RW | FRAME_MAP_OVER), ERR_MAPPED);
}
CASE(small_pages_may_take_the_place_of_a_few_of_many)
{
	cap_t many = mapped(14, AT, RW);

	raw_store(AT, 1);
	raw_store(AT + 0x1000, 2);
	WORKS(frame_map(frame_of(12), VSPACE, AT + 0x1000, RW | FRAME_MAP_OVER));
	EQ(raw_load(AT), 1);
	EQ(raw_load(AT + 0x1000), 0);
	WORKS(frame_unmap(many));
	raw_store(AT + 0x1000, 3);
	EQ(touch(HERE, AT, touch_read), 0);
}
CASE(two_spaces_are_two)
{
	cap_t frame = mapped(12, AT, RW);

	EQ(touch(ELSEWHERE, AT, touch_read), 0);
	WORKS(frame_map(derive(frame, ALL, 0, 0), space_other(), AT, RW));
	EQ(touch(ELSEWHERE, AT, touch_write), ~0ull);
	EQ(raw_load(AT), 1);
}

// --- the end of a mapping by way of its slot

CASE(a_deleted_frames_mapping_goes)
{
	cap_t frame = mapped(12, AT, RW);

	WORKS(delete(frame));
	EQ(touch(HERE, AT, touch_read), 0);
}
CASE(a_revoked_child_takes_its_mapping_along)
{
	cap_t frame = frame_of(12), child = derive(frame, ALL, 0, 0);

	WORKS(frame_map(child, VSPACE, AT, RW));
	raw_store(AT, 1);
	WORKS(revoke(frame));
	EQ(touch(HERE, AT, touch_read), 0);
}
CASE(a_destroyed_space_unmaps_its_frames)
{
	cap_t space = make(TYPE_VSPACE, 0), frame = frame_of(12);

	WORKS(frame_map(frame, space, AT, RW));
	WORKS(delete(space));
	EQ(address_of(frame), 0);
	WORKS(frame_map(frame, VSPACE, AT, RW));
}
