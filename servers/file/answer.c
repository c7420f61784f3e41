#include "servers/file/answer.h"

struct question {
	uint64_t key, words;
	uint64_t path[ANSWER_PATH / 8];
	uint32_t hash;
};

// A name longer than what is kept is not asked twice without a message.
static bool question_make(struct question *q, const struct request *r, uint64_t key)
{
	size_t length = r->path ? strlen(r->path) : 0;

	if (r->description || length == 0 || length >= ANSWER_PATH)
		return false;
	q->key = key;
	q->words = length / 8 + 1;
	memset(q->path, 0, sizeof q->path);
	memcpy(q->path, r->path, length);
	q->hash = answer_hash(key, q->path, q->words);
	return true;
}

// The place of an answer: the same question's, else one that is not valid, else the next in turn.
static uint32_t place_find(struct desk *desk, const struct question *q)
{
	uint32_t first = q->hash % ANSWER_SETS * ANSWER_WAYS, old = ANSWER_WAYS;

	for (uint32_t i = 0; i < ANSWER_WAYS; i++) {
		const struct linux_answer *a = &desk->memory->answers[first + i];

		if (a->hash == q->hash && a->key == q->key)
			return first + i;
		if (a->epoch != desk->epoch)
			old = i;
	}
	return first + (old < ANSWER_WAYS ? old : desk->next_way++ % ANSWER_WAYS);
}

static void answer_put(struct desk *desk, const struct question *q, int result, const struct stat *stat,
		       const struct inode *about, uint32_t lease)
{
	uint32_t place = place_find(desk, q);
	struct linux_answer *a = &desk->memory->answers[place];
	uint32_t sequence = a->sequence | 1;

	desk->about[place] = about;
	__atomic_store_n(&a->sequence, sequence, __ATOMIC_SEQ_CST);
	a->hash = q->hash;
	a->epoch = desk->epoch;
	a->absent = desk->absent;
	a->key = q->key;
	a->result = result;
	a->lease = lease;
	memcpy(a->path, q->path, sizeof a->path);
	if (stat)
		memcpy(a->stat, stat, sizeof a->stat);
	__atomic_store_n(&a->sequence, sequence + 1, __ATOMIC_SEQ_CST);
}

// Mark what the walk went through. False: it cannot all be marked.
static bool way_mark(const struct desk *desk, int result)
{
	const struct walk *walk = name_walk();

	if (walk->seen_count > WALK_SEEN || (result == -ENOENT ? walk->dir->nlink == 0 : !walk->inode))
		return false;
	for (uint32_t i = 0; i < walk->seen_count; i++)
		walk->seen[i]->answered.on_way |= desk_bit(desk);
	if (result == -ENOENT)
		walk->dir->answered.absent |= desk_bit(desk);
	else
		walk->inode->answered.on_way |= desk_bit(desk);
	return true;
}

void answer_stat(const struct request *r, uint64_t token, uint64_t key, int result, struct inode *inode)
{
	struct desk *desk = token ? desk_find(token, r->context) : NULL;
	struct question q;
	struct stat stat;

	if (!desk || (result != 0 && result != -ENOENT) || !question_make(&q, r, key))
		return;
	if (result == 0) {
		if (inode->remote || !(S_ISREG(inode->mode) || is_dir(inode) || S_ISLNK(inode->mode)))
			return;
		if (S_ISREG(inode->mode) && inode->data.paged && inode->data.leased)
			desk_close(inode);
		if (S_ISREG(inode->mode) && (inode->data.paged || inode->data.maps))
			return;
		inode_stat(&file.fs, inode, &stat);
	}
	if (!way_mark(desk, result))
		return;
	if (result == 0)
		inode->answered.stat |= desk_bit(desk);
	answer_put(desk, &q, result, result == 0 ? &stat : NULL, result == 0 ? inode : NULL, 0);
}

void answer_access(const struct request *r, uint64_t token, uint64_t key, int result)
{
	const struct inode *inode = name_walk()->inode;
	struct desk *desk = token ? desk_find(token, r->context) : NULL;
	struct question q;

	if (!desk || (result != 0 && result != -ENOENT) || (inode && inode->remote) || !question_make(&q, r, key))
		return;
	if (way_mark(desk, result))
		answer_put(desk, &q, result, NULL, NULL, 0);
}

void answer_open(const struct request *r, const struct description *d, uint64_t key)
{
	struct question q;

	if (d->desk && name_walk()->inode == d->inode && S_ISREG(d->inode->mode) && question_make(&q, r, key) && way_mark(d->desk, 0))
		answer_put(d->desk, &q, (int)d->lease, NULL, NULL, d->desk->memory->leases[d->lease]);
}

static void epoch_next(struct desk *desk, const void *argument)
{
	(void)argument;
	// 0 is no epoch.
	desk->epoch += desk->epoch == UINT32_MAX ? 2 : 1;
	__atomic_store_n(&desk->memory->epoch, desk->epoch, __ATOMIC_SEQ_CST);
}

static void absent_next(struct desk *desk, const void *argument)
{
	(void)argument;
	__atomic_store_n(&desk->memory->absent, ++desk->absent, __ATOMIC_SEQ_CST);
}

static void stat_drop(struct desk *desk, const void *inode)
{
	for (uint32_t i = 0; i < ANSWER_SETS * ANSWER_WAYS; i++)
		if (desk->about[i] == inode) {
			desk->about[i] = NULL;
			__atomic_store_n(&desk->memory->answers[i].epoch, 0, __ATOMIC_SEQ_CST);
		}
}

void answer_forget_way(struct inode *inode)
{
	desks_call(inode->answered.on_way, epoch_next, NULL);
	inode->answered.on_way = 0;
}

void answer_forget_stat(struct inode *inode)
{
	desks_call(inode->answered.stat, stat_drop, inode);
	inode->answered.stat = 0;
}

void answer_forget_absent(struct inode *dir)
{
	desks_call(dir->answered.absent, absent_next, NULL);
	dir->answered.absent = 0;
}

void answers_forget_context(const struct context *context)
{
	for (struct desk *desk = context->desks; desk; desk = desk->next)
		epoch_next(desk, NULL);
}

void answers_forget_all(void) { desks_call(UINT64_MAX, epoch_next, NULL); }
