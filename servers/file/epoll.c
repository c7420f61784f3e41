#include "servers/file/epoll.h"

#include "servers/file/heap.h"

#include <poll.h>
#include <sys/epoll.h>

#define DEPTH_MAX 5  // sets within sets
#define EVENTS_EXCLUSIVE \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct set *set_make(void)
{
	struct set *set = heap_get(sizeof *set, HEAP_NORMAL);
	uint8_t *memory;

	if (!set)
		return NULL;
	set->board = board_make(NULL, set, SET_PAGES);
	if (!set->board) {
		heap_put(set, sizeof *set);
		return NULL;
	}
	memory = (uint8_t *)set->board->words;
	set->entries = (struct linux_set_entry *)(memory + BOARD_PAGES * PAGE);
	set->states = (struct linux_set_state *)(memory + (BOARD_PAGES + SET_ENTRY_PAGES) * PAGE);
	set->used = 1;
	set->board->words[0].mask = 1;
	return set;
}

void set_free(struct set *set)
{
	while (set->shares)
		share_free(set->shares);
	board_free(set->board);
	heap_put(set, sizeof *set);
}

void set_share_end(struct share *share)
{
	struct share **link = &share->set->shares;

	while (*link != share)
		link = &(*link)->object_next;
	*link = share->object_next;
}

static bool entry_is_ready(const struct set *set, uint32_t i)
{
	uint32_t events = set->entries[i].events;
	struct linux_word word = set->board->words[i];
	const struct watch *watch = set->board->watches[i];

	if (!watch || set->states[i].off)
		return false;
	if (watch->description->set)
		return set_is_ready(watch->description->set);
	if (!(word.mask & events))
		return false;
	return !(events & EPOLLET) || set->states[i].seen != word.count;
}

bool set_is_ready(const struct set *set)
{
	for (uint32_t i = 1; i < set->used; i++)
		if (set->entries[i].events != 0 && entry_is_ready(set, i))
			return true;
	return false;
}

// How deep sets lie below this one; more than DEPTH_MAX also when `target` is among them.
static uint32_t depth_below(const struct set *set, const struct set *target, uint32_t limit)
{
	uint32_t deepest = 0;

	if (set == target || limit == 0)
		return DEPTH_MAX + 1;
	for (uint32_t i = 1; i < set->used; i++) {
		const struct watch *watch = set->board->watches[i];
		uint32_t depth;

		if (!watch || !watch->description->set)
			continue;
		depth = 1 + depth_below(watch->description->set, target, limit - 1);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest;
}

static uint32_t depth_above(const struct set *set, uint32_t limit)
{
	uint32_t highest = 0;

	for (const struct watch *watch = set->source.watches; watch && limit; watch = watch->next) {
		uint32_t depth;

		if (!watch->board->set)
			continue;
		depth = 1 + depth_above(watch->board->set, limit - 1);
		highest = depth > highest ? depth : highest;
	}
	return highest;
}

// The entry of a handle under a descriptor, or 0.
static uint32_t entry_find(const struct set *set, const struct description *d,
			   const struct set_control *c)
{
	if (d) {
		for (const struct watch *w = d->source->watches; w; w = w->next)
			if (w->board == set->board && w->description == d &&
			    set->entries[w->index].fd == c->fd)
				return w->index;
		return 0;
	}
	for (uint32_t i = 1; i < set->used; i++)
		if (set->entries[i].events != 0 && set->entries[i].fd == c->fd &&
		    set->entries[i].kind == c->kind)
			return i;
	return 0;
}

static uint32_t entry_free_find(const struct set *set)
{
	uint32_t i = 1;

	while (i < BOARD_WORDS && set->entries[i].events != 0)
		i++;
	return i < BOARD_WORDS ? i : 0;
}

static void used_publish(struct set *set)
{
	while (set->used > 1 && set->entries[set->used - 1].events == 0)
		set->used--;
	set->board->words[0].mask = set->used;
}

uint32_t set_entry_bits(const struct set *set, uint32_t index, uint32_t bits)
{
	const struct linux_set_entry *entry = &set->entries[index];

	return entry->kind != 0 ? UINT32_MAX : bits & entry->events;
}

void set_entry_end(struct set *set, uint32_t index)
{
	set->entries[index].events = 0;
	set->board->words[index].mask = 0;
	used_publish(set);
}

// Errors and hang-ups always count. So no entry in use has events 0.
static void entry_put(struct set *set, uint32_t i, const struct description *d, const struct set_control *c)
{
	struct linux_word *word = &set->board->words[i];

	set->entries[i] = (struct linux_set_entry){
		.data = c->data,
		.events = c->events | EPOLLERR | EPOLLHUP,
		.fd = c->fd,
		.handle = c->handle,
		.kind = d && d->set ? SET_KIND_SET : c->kind,
		.number = ++set->number,
	};
	word->mask = set_entry_bits(set, i, d ? description_ready(d) : 0);
	set->states[i] = (struct linux_set_state){.seen = c->kind != 0 ? 0 : word->count++};
	if (i >= set->used)
		set->used = i + 1;
	used_publish(set);
}

static int64_t entry_add(struct set *set, struct description *d, const struct set_control *c)
{
	uint32_t i = entry_free_find(set);

	if (d && d->set && (c->events & EPOLLEXCLUSIVE))
		return -EINVAL;
	if (d && d->set && depth_below(d->set, set, DEPTH_MAX) + 1 + depth_above(set, DEPTH_MAX) >
			      DEPTH_MAX)
		return -ELOOP;
	if (entry_find(set, d, c) != 0)
		return -EEXIST;
	if (i == 0)
		return -ENOSPC;
	if (d && !watch_make(set->board, i, d, c->events))
		return -ENOMEM;
	entry_put(set, i, d, c);
	return 0;
}

static int64_t entry_change(struct set *set, struct description *d, const struct set_control *c)
{
	uint32_t i = entry_find(set, d, c);

	if (i == 0)
		return -ENOENT;
	if ((c->events | set->entries[i].events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	if (d)
		(void)watch_make(set->board, i, d, c->events);
	entry_put(set, i, d, c);
	return 0;
}

static int64_t entry_remove(struct set *set, const struct description *d, const struct set_control *c)
{
	uint32_t i = entry_find(set, d, c);

	if (i == 0)
		return -ENOENT;
	if (set->board->watches[i])
		watch_free(set->board->watches[i]);
	set_entry_end(set, i);
	return 0;
}

int64_t set_control(struct set *set, struct description *d, const struct set_control *c)
{
	int64_t result;

	if (d && d->set == set)
		return -EINVAL;
	if (c->operation == EPOLL_CTL_DEL)
		return entry_remove(set, d, c);
	if (c->operation == EPOLL_CTL_ADD) {
		if ((c->events & EPOLLEXCLUSIVE) && (c->events & ~(uint32_t)EVENTS_EXCLUSIVE))
			return -EINVAL;
		result = entry_add(set, d, c);
	} else if (c->operation == EPOLL_CTL_MOD) {
		result = entry_change(set, d, c);
	} else {
		return -EINVAL;
	}
	if (result != 0)
		return result;
	// Who sleeps looks at the new entry.
	board_wake(set->board);
	if (set_is_ready(set))
		source_event(&set->source, POLLIN | POLLRDNORM);
	return 0;
}
