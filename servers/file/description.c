// Open file descriptions.
//
// One that is closed keeps its index, its badge and its watched slot, and waits idle for the next open:
// nobody has a capability with that badge any more, so it can mean another file.
#include "servers/file/file.h"

#include "servers/file/board.h"
#include "servers/file/cview.h"
#include "servers/file/desk.h"
#include "servers/file/epoll.h"
#include "servers/file/heap.h"
#include "servers/file/timer.h"

#include "abi/gen/stubs.h"

#include <poll.h>

static struct description *descriptions[DESCRIPTIONS_MAX];
static uint32_t generations[DESCRIPTIONS_MAX];
static struct description *idle;
static uint32_t idle_count;

static uint32_t description_index(void)
{
	static uint32_t hint;

	for (uint32_t n = 0; n < DESCRIPTIONS_MAX; n++) {
		uint32_t i = (hint + n) % DESCRIPTIONS_MAX;

		if (!descriptions[i]) {
			hint = i;
			return i;
		}
	}
	return DESCRIPTIONS_MAX;
}

// When the table is full, descriptions are found that wait for their process's next open, and those whose
// capability never arrived.
static void descriptions_sweep(void)
{
	desk_close_all();
	for (uint32_t i = 0; i < DESCRIPTIONS_MAX; i++) {
		struct description *d = descriptions[i];

		if (!d)
			continue;
		if (d->is_parked || (d->inode && d->grant.handed > 0 && grant_is_unused(&d->grant))) {
			(void)cnode_revoke(file.cnode, d->grant.slot);
			description_free(d);
		}
	}
}

static struct description *description_new(void)
{
	uint32_t index = description_index();
	struct description *d;

	if (index == DESCRIPTIONS_MAX) {
		descriptions_sweep();
		if (idle)
			return NULL;
		index = description_index();
	}
	d = index < DESCRIPTIONS_MAX ? heap_get(sizeof *d, HEAP_NORMAL) : NULL;
	if (!d)
		return NULL;
	d->index = index;
	d->generation = ++generations[index];
	if (!grant_make(&d->grant, badge_make(BADGE_DESCRIPTION, index, d->generation))) {
		heap_put(d, sizeof *d);
		return NULL;
	}
	descriptions[index] = d;
	return d;
}

static struct description *idle_take(void)
{
	struct description *d = idle;

	if (d) {
		idle = d->next_idle;
		idle_count--;
	}
	return d;
}

static void description_drop(struct description *d)
{
	descriptions[d->index] = NULL;
	grant_free(&d->grant);
	heap_put(d, sizeof *d);
}

void descriptions_trim(void)
{
	for (struct description *d = idle_take(); d; d = idle_take())
		description_drop(d);
}

// Who may write, and who runs it: never both (open_check in name.c).
static void text_count(const struct description *d, uint32_t more)
{
	if (!S_ISREG(d->inode->mode) || d->flags & O_PATH)
		return;
	if (d->flags & O_EXECUTE)
		d->inode->runs += more;
	else if ((d->flags & O_ACCMODE) != O_RDONLY)
		d->inode->writers += more;
}

static void description_set(struct description *d, struct inode *inode, uint32_t flags, const struct cred *cred)
{
	if (S_ISREG(inode->mode) && inode->data.leased)
		desk_close(inode);
	d->flags = flags;
	d->inode = inode;
	d->cred = (struct cred){cred->uid, cred->gid, cred->umask, 0, NULL};
	cview_description_add(d);
	text_count(d, 1);
}

void description_again(struct description *d, struct inode *inode, uint32_t flags, const struct cred *cred)
{
	d->is_parked = false;
	description_set(d, inode, flags, cred);
}

struct description *description_make(struct inode *inode, uint32_t flags,
				     const struct cred *cred)
{
	struct description *d = idle_take();

	if (!d)
		d = description_new();
	if (!d)
		d = idle_take();  // there may be one now
	if (!d) {
		inode_put(&file.fs, inode);
		return NULL;
	}
	description_set(d, inode, flags, cred);
	return d;
}

struct description *description_get(uint32_t index) { return descriptions[index]; }

static struct description *description_of(uint64_t badge)
{
	uint64_t index = badge >> 8 & 0xffffff;

	if (index >= DESCRIPTIONS_MAX || !descriptions[index] || descriptions[index]->generation != badge >> 32)
		return NULL;
	return descriptions[index];
}

struct description *description_find(uint64_t badge)
{
	struct description *d = description_of(badge);

	return d && d->inode ? d : NULL;
}

uint32_t description_ready(const struct description *d)
{
	if (d->pipe)
		return pipe_poll(d);
	if (d->event)
		return event_poll(d->event);
	if (d->set)
		return set_is_ready(d->set) ? POLLIN | POLLRDNORM : 0;
	return d->is_signal ? 0 : POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
}

static void source_free(struct description *d)
{
	if (d->pipe) {
		pipe_end_close(d);
		return;
	}
	if (d->source)
		source_end(d->source, d);
	if (d->event) {
		event_answer_owner(d->event, d, -EBADF);
		timer_end(d->event);
		heap_put(d->event, sizeof *d->event);
	}
	if (d->set)
		set_free(d->set);
}

// Let go of what it is open on.
static void description_end(struct description *d)
{
	source_free(d);
	text_count(d, UINT32_MAX);
	cview_description_end(d);
	lock_description_end(d);
	desk_inode_end(d);
	inode_put(&file.fs, d->inode);
	if (d->mount)
		mount_put(&file.fs, d->mount);
	d->inode = NULL;
	d->source = NULL;
	d->mount = NULL;
	d->pipe = NULL;
	d->event = NULL;
	d->set = NULL;
	d->is_signal = false;
	d->offset = 0;
}

void description_park(struct description *d)
{
	description_end(d);
	d->is_parked = true;
}

void description_free(struct description *d)
{
	if (!d->is_parked)
		description_end(d);
	desk_lease_end(d);
	d->is_parked = false;
	if (idle_count == IDLE_MAX) {
		description_drop(d);
		return;
	}
	d->next_idle = idle;
	idle = d;
	idle_count++;
}

struct inode *description_inode(uint32_t index)
{
	return descriptions[index] ? descriptions[index]->inode : NULL;
}

void description_mount_set(struct description *d, struct mount *mount)
{
	d->mount = mount;
	mount_hold(mount);
}

bool description_writes(const struct mount *mount)
{
	for (uint32_t i = 0; i < DESCRIPTIONS_MAX; i++) {
		const struct description *d = descriptions[i];

		if (d && d->inode && d->mount == mount && (d->flags & O_ACCMODE) != O_RDONLY &&
		    !(d->flags & O_PATH) && S_ISREG(d->inode->mode))
			return true;
	}
	return false;
}

void description_gone(uint64_t badge, uint64_t minted)
{
	struct description *d = description_of(badge);

	if (d && (d->inode || d->is_parked) && grant_is_gone(&d->grant, minted))
		description_free(d);
}
