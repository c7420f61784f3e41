// What the timer of one core is to look at: a leftist heap of contexts, the earliest at the root. Merging, adding and
// removing take a number of steps logarithmic in the number of deadlines: the rank of a node is the
// length of its right spine, and no rank exceeds the logarithm of the size.
#include "sched/sched.h"

static uint32_t heap_rank(const struct sched_context *node) { return node ? node->heap_rank : 0; }

// Restore the shape from `node` upwards until nothing changes.
static void heap_repair(struct sched_context *node)
{
	for (; node; node = node->heap_up) {
		if (heap_rank(node->heap_left) < heap_rank(node->heap_right)) {
			struct sched_context *left = node->heap_left;

			node->heap_left = node->heap_right;
			node->heap_right = left;
		}
		uint32_t rank = heap_rank(node->heap_right) + 1;

		if (node->heap_rank == rank)
			return;
		node->heap_rank = rank;
	}
}

// Merge two heaps along their right spines; the result's parent is `up`, null for a root.
static struct sched_context *heap_merge(struct sched_context *a, struct sched_context *b,
					struct sched_context *up)
{
	struct sched_context *root = NULL, **place = &root, *last = NULL;

	while (a && b) {
		if (b->event < a->event) {
			struct sched_context *swap = a;

			a = b;
			b = swap;
		}
		*place = a;
		a->heap_up = last ? last : up;
		last = a;
		place = &a->heap_right;
		a = a->heap_right;
	}
	*place = a ? a : b;
	if (*place)
		(*place)->heap_up = last ? last : up;
	// The ranks of the merged spine, from its end up.
	for (struct sched_context *node = last; node && node != up; node = node->heap_up) {
		if (heap_rank(node->heap_left) < heap_rank(node->heap_right)) {
			struct sched_context *left = node->heap_left;

			node->heap_left = node->heap_right;
			node->heap_right = left;
		}
		node->heap_rank = heap_rank(node->heap_right) + 1;
	}
	return root;
}

static void heap_add(struct core *core, struct sched_context *context, uint64_t time)
{
	context->event = time;
	context->heap_left = context->heap_right = context->heap_up = NULL;
	context->heap_rank = 1;
	core->deadlines = heap_merge(core->deadlines, context, NULL);
	core->timer_old = true;
}

static void heap_remove(struct core *core, struct sched_context *context)
{
	struct sched_context *up = context->heap_up;
	struct sched_context *rest = heap_merge(context->heap_left, context->heap_right, up);

	if (!up)
		core->deadlines = rest;
	else if (up->heap_left == context)
		up->heap_left = rest;
	else
		up->heap_right = rest;
	core->timer_old = true;
	context->heap_left = context->heap_right = context->heap_up = NULL;
	heap_repair(up);
}

void context_plan(struct core *core, struct sched_context *context)
{
	uint64_t time = context->deadline;

	if (context->is_used_up && context->refill < time)
		time = context->refill;
	if (context->has_news)
		time = 0;
	if (time == context->event)
		return;
	if (context->event != ~0ull)
		heap_remove(core, context);
	context->event = ~0ull;
	if (time != ~0ull)
		heap_add(core, context, time);
}

void context_unplan(struct core *core, struct sched_context *context)
{
	if (context->event != ~0ull)
		heap_remove(core, context);
	context->event = ~0ull;
	if (core->limited == context)
		core->limited = NULL;
}
