#include "servers/process/queue.h"

#include <stddef.h>

static struct node {
	struct signal_info info;
	uint16_t next;  // node + 1
} nodes[QUEUE_POOL];
static uint16_t free_first;
static uint32_t used;  // nodes that were ever given out

static uint16_t node_get(void)
{
	uint16_t node = free_first;

	if (node)
		free_first = nodes[node - 1].next;
	else if (used < QUEUE_POOL)
		node = (uint16_t)++used;
	return node;
}

static void node_put(uint16_t node)
{
	nodes[node - 1].next = free_first;
	free_first = node;
}

bool queue_add(struct signal_queue *queue, const struct signal_info *info)
{
	uint64_t bit = 1ull << (info->signal - 1);
	uint16_t node;

	if (info->signal < REALTIME_FIRST && queue->mask & bit)
		return true;
	node = node_get();
	if (!node)
		return false;
	nodes[node - 1] = (struct node){*info, 0};
	if (queue->last)
		nodes[queue->last - 1].next = node;
	else
		queue->first = node;
	queue->last = node;
	queue->mask |= bit;
	queue->count++;
	return true;
}

// Unlink the node that *link names, the one behind `before`.
static void unlink_node(struct signal_queue *queue, uint16_t *link, uint16_t before)
{
	uint16_t node = *link;

	*link = nodes[node - 1].next;
	if (queue->last == node)
		queue->last = before;
	queue->count--;
	node_put(node);
}

static bool has_signal(const struct signal_queue *queue, uint32_t signal)
{
	for (uint16_t n = queue->first; n; n = nodes[n - 1].next)
		if (nodes[n - 1].info.signal == signal)
			return true;
	return false;
}

bool queue_take(struct signal_queue *queue, uint64_t set, struct signal_info *out)
{
	uint64_t bits = queue->mask & set;
	uint32_t signal = bits ? (uint32_t)__builtin_ctzll(bits) + 1 : 0;
	uint16_t before = 0;

	if (!signal)
		return false;
	for (uint16_t *link = &queue->first; *link; before = *link, link = &nodes[*link - 1].next) {
		if (nodes[*link - 1].info.signal != signal)
			continue;
		*out = nodes[*link - 1].info;
		unlink_node(queue, link, before);
		break;
	}
	if (!has_signal(queue, signal))
		queue->mask &= ~(1ull << (signal - 1));
	return true;
}

void queue_remove(struct signal_queue *queue, uint64_t set)
{
	struct signal_info info;

	while (queue_take(queue, set, &info))
		;
}

struct signal_info *queue_find(struct signal_queue *queue, const struct signal_info *like)
{
	for (uint16_t n = queue->first; n; n = nodes[n - 1].next) {
		struct signal_info *info = &nodes[n - 1].info;

		if (info->signal == like->signal && info->code == like->code && info->pid == like->pid)
			return info;
	}
	return NULL;
}
