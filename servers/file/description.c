// Open file descriptions.
#include "servers/file/file.h"

#include "servers/file/cview.h"
#include "servers/file/heap.h"

static struct description *descriptions[DESCRIPTIONS_MAX];
static uint32_t generations[DESCRIPTIONS_MAX];

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

// Descriptions whose capability never arrived are found when the table is full.
static void descriptions_sweep(void)
{
	for (uint32_t i = 0; i < DESCRIPTIONS_MAX; i++)
		if (descriptions[i] && descriptions[i]->grant.handed > 0 &&
		    grant_is_unused(&descriptions[i]->grant))
			description_free(descriptions[i]);
}

struct description *description_make(struct inode *inode, uint32_t flags,
				     const struct cred *cred)
{
	uint32_t index = description_index();
	struct description *d = NULL;

	if (index == DESCRIPTIONS_MAX) {
		descriptions_sweep();
		index = description_index();
	}
	if (index < DESCRIPTIONS_MAX)
		d = heap_get(sizeof *d, HEAP_NORMAL);
	if (!d) {
		inode_put(&file.fs, inode);
		return NULL;
	}
	descriptions[index] = d;
	d->index = index;
	d->generation = ++generations[index];
	d->flags = flags;
	d->inode = inode;
	d->cred = *cred;
	cview_description_add(d);
	if (!grant_make(&d->grant, badge_make(BADGE_DESCRIPTION, index, d->generation))) {
		description_free(d);
		return NULL;
	}
	return d;
}

struct description *description_find(uint64_t badge)
{
	uint64_t index = badge >> 8 & 0xffffff;

	if (index >= DESCRIPTIONS_MAX || !descriptions[index] ||
	    descriptions[index]->generation != badge >> 32)
		return NULL;
	return descriptions[index];
}

void description_free(struct description *d)
{
	descriptions[d->index] = NULL;
	grant_free(&d->grant);
	if (d->pipe)
		pipe_end_close(d);
	cview_description_end(d);
	inode_put(&file.fs, d->inode);
	heap_put(d, sizeof *d);
}

void description_gone(uint64_t badge, uint64_t minted)
{
	struct description *d = description_find(badge);

	if (d && grant_is_gone(&d->grant, minted))
		description_free(d);
}
