// Map items: windows that travel with answers.
#define CATEGORY "transfer"
#include "tests/conform/conform.h"

#define WINDOW FREE_AT

struct client {
	cap_t e, reply, frame;
	struct worker *w;
};

static struct client client_new(enum where where, uint64_t pages)
{
	struct client c = {.e = make(TYPE_ENDPOINT, 0), .reply = make(TYPE_REPLY, 0), .frame = make(TYPE_FRAME, 14)};
	struct msg m;

	c.w = worker_new(where, MIDDLE);
	c.w->block->window_base = WINDOW;
	c.w->block->window_pages = pages;
	start_call(c.w, c.e, 0, 0);
	WORKS(take(c.e, c.reply, &m));
	return c;
}

static err_t give(const struct client *c, struct abi_map_item item)
{
	sys_block()->items[0] = item;
	return answer(c->reply, TAG_ITEMS(1), 0);
}

static uint64_t mapped_at(cap_t frame)
{
	uint64_t at = 0;

	if (is_there(frame))
		WORKS(frame_info(frame, NULL, &at, NULL));
	return at;
}

CASE_EACH(an_answer_maps_a_window_for_the_caller)
{
	struct client c = client_new(where, 4);
	cap_t dest = slots_new(1);

	WORKS(give(&c, (struct abi_map_item){c.frame, dest, WINDOW + PAGE_SIZE, 1, 2, FRAME_READ, 0}));
	rest();
	RETURNED(c.w, OK);
	EQ(mapped_at(dest), WINDOW + PAGE_SIZE);
}

CASE(a_map_items_frame_is_the_servers_to_revoke)
{
	struct client c = client_new(HERE, 4);
	cap_t dest = slots_new(1);

	WORKS(give(&c, (struct abi_map_item){c.frame, dest, WINDOW, 0, 4, FRAME_READ | FRAME_WRITE, 0}));
	raw_store(WINDOW, 5);
	EQ(raw_load(WINDOW), 5);
	WORKS(revoke(c.frame));
	TRUE(!is_there(dest));
}

CASE(a_map_item_outside_the_window_is_refused)
{
	struct client c = client_new(HERE, 2);
	cap_t dest = slots_new(1);
	static const struct {
		uint64_t address;
		uint32_t count;
	} bad[] = {{WINDOW - PAGE_SIZE, 1}, {WINDOW + 2 * PAGE_SIZE, 1}, {WINDOW, 3}, {WINDOW + PAGE_SIZE, 2},
		   {WINDOW + 1, 1}, {0, 1}, {~0xfffull, 1}, {USER_END, 1}};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		EQ(give(&c, (struct abi_map_item){c.frame, dest, bad[i].address, 0, bad[i].count, FRAME_READ, 0}),
		   ERR_RANGE);
	TRUE(!is_there(dest));
	WAITS(c.w);
}

CASE(a_caller_without_a_window_gets_no_mapping)
{
	struct client c = client_new(HERE, 0);

	EQ(give(&c, (struct abi_map_item){c.frame, slots_new(1), WINDOW, 0, 1, FRAME_READ, 0}), ERR_RANGE);
}

CASE(a_map_item_of_no_pages_is_refused)
{
	struct client c = client_new(HERE, 2);

	EQ(give(&c, (struct abi_map_item){c.frame, slots_new(1), WINDOW, 0, 0, FRAME_READ, 0}), ERR_RANGE);
}

CASE(a_map_item_beyond_its_frame_is_refused)
{
	struct client c = client_new(HERE, 8);

	EQ(give(&c, (struct abi_map_item){c.frame, slots_new(1), WINDOW, 3, 2, FRAME_READ, 0}), ERR_RANGE);
	EQ(give(&c, (struct abi_map_item){c.frame, slots_new(1), WINDOW, 4, 1, FRAME_READ, 0}), ERR_RANGE);
}

CASE(a_map_item_of_what_is_no_frame_is_refused)
{
	struct client c = client_new(HERE, 2);

	EQ(give(&c, (struct abi_map_item){CNODE, slots_new(1), WINDOW, 0, 1, FRAME_READ, 0}), ERR_CAP_TYPE);
	EQ(give(&c, (struct abi_map_item){0, slots_new(1), WINDOW, 0, 1, FRAME_READ, 0}), ERR_CAP_TYPE);
}

CASE(a_map_item_into_a_used_slot_is_refused)
{
	struct client c = client_new(HERE, 2);

	EQ(give(&c, (struct abi_map_item){c.frame, CNODE, WINDOW, 0, 1, FRAME_READ, 0}), ERR_SLOT_USED);
}

CASE(a_map_item_without_read_is_refused_and_leaves_nothing)
{
	struct client c = client_new(HERE, 2);
	cap_t dest = slots_new(1);

	EQ(give(&c, (struct abi_map_item){c.frame, dest, WINDOW, 0, 1, FRAME_WRITE, 0}), ERR_CAP_RIGHTS);
	TRUE(!is_there(dest));
}

CASE(a_map_item_on_a_mapped_page_is_refused)
{
	struct client c = client_new(HERE, 2);
	cap_t other = make(TYPE_FRAME, 12), dest = slots_new(1);

	WORKS(frame_map(other, VSPACE, WINDOW, FRAME_READ));
	EQ(give(&c, (struct abi_map_item){c.frame, dest, WINDOW, 0, 1, FRAME_READ, 0}), ERR_MAPPED);
	TRUE(!is_there(dest));
	EQ(mapped_at(other), WINDOW);
}

CASE(a_map_item_may_take_the_place_of_mapped_pages)
{
	struct client c = client_new(HERE, 2);
	cap_t other = make(TYPE_FRAME, 12), dest = slots_new(1);

	WORKS(frame_map(other, VSPACE, WINDOW, FRAME_READ | FRAME_WRITE));
	raw_store(WINDOW, 1);
	WORKS(give(&c, (struct abi_map_item){c.frame, dest, WINDOW, 0, 1, FRAME_READ, MAP_ITEM_OVER}));
	EQ(raw_load(WINDOW), 0);
}

CASE(a_map_item_may_map_its_source_whole)
{
	struct client c = client_new(ELSEWHERE, 4);

	WORKS(give(&c, (struct abi_map_item){c.frame, c.frame, WINDOW, 0, 4, FRAME_READ, 0}));
	EQ(mapped_at(c.frame), WINDOW);
}

CASE(a_failing_map_item_says_how_many_were_done)
{
	struct client c = client_new(HERE, 4);
	cap_t one = slots_new(2);
	struct msg m = {.tag = TAG_ITEMS(2)};

	sys_block()->items[0] = (struct abi_map_item){c.frame, one, WINDOW, 0, 1, FRAME_READ, 0};
	sys_block()->items[1] = (struct abi_map_item){c.frame, one + 1, WINDOW, 0, 9, FRAME_READ, 0};
	EQ(sys_send(c.reply, &m), ERR_RANGE);
	EQ(m.words[2], 1);
	EQ(mapped_at(one), WINDOW);
	WAITS(c.w);
	WORKS(answer(c.reply, 0, 0));
}

CASE(an_answer_of_five_map_items_is_refused)
{
	struct client c = client_new(HERE, 4);

	EQ(answer(c.reply, TAG_ITEMS(5), 0), ERR_TAG);
}
