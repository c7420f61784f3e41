#include "servers/file/desk.h"

#include "abi/gen/stubs.h"
#include "lib/rt/random.h"
#include "servers/file/heap.h"

#define DESKS_MAX 1024

static struct desk *desks[DESKS_MAX];

struct desk *desk_find(uint64_t token, const struct context *context)
{
	uint64_t i = token & 0xffff;
	struct desk *desk = i < DESKS_MAX ? desks[i] : NULL;

	return desk && desk->token == token && desk->context == context ? desk : NULL;
}

void desks_call(uint64_t mask, void (*call)(struct desk *desk, const void *argument), const void *argument)
{
	for (; mask; mask &= mask - 1)
		for (uint32_t i = (uint32_t)__builtin_ctzll(mask); i < DESKS_MAX; i += 64)
			if (desks[i])
				call(desks[i], argument);
}

static void desk_free(struct desk *desk)
{
	struct desk **link = &desk->context->desks;

	while (*link && *link != desk)
		link = &(*link)->next;
	if (*link)
		*link = desk->next;
	for (uint32_t i = 0; i < DESK_LEASES; i++)
		if (desk->leased[i])
			desk_lease_end(description_get(desk->leased[i] - 1u));
	if (desk->slot != 0) {
		(void)cnode_delete(file.cnode, desk->slot, 1);
		slot_free(desk->slot);
	}
	if (desk->page != 0)
		store_put(&file.fs.store, desk->page, DESK_PAGES);
	desks[desk->token & 0xffff] = NULL;
	heap_put(desk, sizeof *desk);
}

void desk_context_end(struct context *context)
{
	while (context->desks)
		desk_free(context->desks);
}

// Free those whose process is gone: they are mapped nowhere.
static void desks_sweep(struct context *context)
{
	for (struct desk *desk = context->desks, *next; desk; desk = next) {
		uint64_t address = 1;

		next = desk->next;
		if (frame_info(desk->slot, NULL, &address, NULL) != OK || address == 0)
			desk_free(desk);
	}
}

static struct desk *desk_make(struct context *context)
{
	struct desk *desk = NULL;
	uint32_t i = 0;

	while (i < DESKS_MAX && desks[i])
		i++;
	if (i < DESKS_MAX)
		desk = heap_get(sizeof *desk, HEAP_NORMAL);
	if (!desk)
		return NULL;
	desks[i] = desk;
	rt_random(&desk->token, sizeof desk->token);
	desk->token = desk->token << 16 | i;
	desk->context = context;
	desk->slot = slot_alloc();
	desk->page = store_get(&file.fs.store, DESK_PAGES);
	if (desk->slot == 0 || desk->page == 0) {
		desk_free(desk);
		return NULL;
	}
	desk->memory = (struct linux_desk *)store_address(&file.fs.store, desk->page);
	memset(desk->memory, 0, sizeof *desk->memory);
	desk->memory->epoch = desk->epoch = 1;
	desk->next = context->desks;
	context->desks = desk;
	return desk;
}

request_method context_op_desk;
int64_t context_op_desk(struct request *r)
{
	const struct store_region *region;
	struct desk *desk;

	if (r->words[0] % PAGE != 0 || r->words[0] == 0)
		return -EINVAL;
	desks_sweep(r->context);
	desk = desk_make(r->context);
	if (!desk)
		return -ENOMEM;
	region = store_region(&file.fs.store, desk->page);
	sys_block()->items[r->items++] = (struct abi_map_item){
		.source = region->frame,
		.dest = desk->slot,
		.address = r->words[0],
		.first = desk->page - region->first,
		.count = DESK_PAGES,
		.rights = FRAME_READ | FRAME_WRITE,
	};
	r->out[1] = desk->token;
	r->out_words = 2;
	return 0;
}

static uint32_t *word_of(const struct description *d) { return &d->desk->memory->leases[d->lease]; }

// From one state to another, unless the process was quicker.
static bool word_move(const struct description *d, uint32_t from, uint32_t to)
{
	uint32_t word = __atomic_load_n(word_of(d), __ATOMIC_ACQUIRE);

	return (word & LEASE_STATE) == from &&
	       __atomic_compare_exchange_n(word_of(d), &word, (word & ~LEASE_STATE) | to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void desk_inode_end(struct description *d)
{
	struct description **link;

	if (!d->desk || !d->inode || !S_ISREG(d->inode->mode))
		return;
	link = &d->inode->data.leased;
	while (*link != d)
		link = &(*link)->next_leased;
	*link = d->next_leased;
}

static void lease_drop(struct description *d)
{
	__atomic_store_n(word_of(d), LEASE_NONE, __ATOMIC_RELEASE);
	d->desk->leased[d->lease] = 0;
	d->desk = NULL;
}

void desk_lease_end(struct description *d)
{
	if (!d->desk)
		return;
	desk_inode_end(d);
	lease_drop(d);
}

void desk_lease(struct desk *desk, uint64_t handle, struct description *d)
{
	const struct inode *inode = d->inode;
	bool can_be = (S_ISREG(inode->mode) || is_dir(inode)) && inode->nlink > 0 && !inode->remote &&
		      !(d->flags & O_PATH);

	// One that was parked is in no inode's list.
	if (d->desk)
		lease_drop(d);
	if (handle >= DESK_LEASES || !can_be)
		return;
	if (desk->leased[handle])
		desk_lease_end(description_get(desk->leased[handle] - 1u));
	d->desk = desk;
	d->lease = (uint32_t)handle;
	desk->leased[handle] = (uint16_t)(d->index + 1);
	if (S_ISREG(inode->mode)) {
		d->next_leased = d->inode->data.leased;
		d->inode->data.leased = d;
	}
	desk->serial += LEASE_SERIAL;
	__atomic_store_n(word_of(d), desk->serial | LEASE_OPEN, __ATOMIC_RELEASE);
}

bool desk_hold(struct description *d)
{
	bool is_open = !d->desk || word_move(d, LEASE_OPEN, LEASE_NONE) ||
		       (*word_of(d) & LEASE_STATE) == LEASE_NONE;

	if (is_open)
		desk_lease_end(d);
	return is_open;
}

// Close what its process has closed. False: it has not, or others have it.
static bool park(struct description *d)
{
	if (!word_move(d, LEASE_CLOSED, LEASE_PARKED))
		return false;
	if (!grant_is_sole(&d->grant)) {
		(void)word_move(d, LEASE_PARKED, LEASE_CLOSED);
		return false;
	}
	description_park(d);
	return true;
}

struct description *desk_reuse(struct desk *desk, uint64_t handle)
{
	struct description *d = NULL;

	if (handle < DESK_LEASES && desk->leased[handle])
		d = description_get(desk->leased[handle] - 1u);
	if (!d)
		return NULL;
	if (d->is_parked ? grant_is_sole(&d->grant) : park(d))
		return d;
	desk_lease_end(d);
	return NULL;
}

void desk_close(struct inode *inode)
{
	for (struct description *d = inode->data.leased, *next; d; d = next) {
		next = d->next_leased;
		(void)park(d);
	}
}

void desk_close_all(void)
{
	for (uint32_t i = 0; i < DESCRIPTIONS_MAX; i++) {
		struct description *d = description_get(i);

		if (d && d->desk && d->inode)
			(void)park(d);
	}
}

void desk_unlinked(struct inode *inode)
{
	for (struct description *d = inode->data.leased, *next; d; d = next) {
		next = d->next_leased;
		if (word_move(d, LEASE_OPEN, LEASE_NONE) || !park(d))
			desk_lease_end(d);
	}
}
