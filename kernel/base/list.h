// A circular doubly linked list through a member of its elements. An element that is in no list
// points to itself, so that removing it twice does no harm.
#ifndef KERNEL_BASE_LIST_H
#define KERNEL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev, *next;
};

#define LIST_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *list) { list->prev = list->next = list; }
static inline bool list_is_empty(const struct list *list) { return list->next == list; }

static inline void list_add_before(struct list *at, struct list *node)
{
	node->prev = at->prev;
	node->next = at;
	at->prev->next = node;
	at->prev = node;
}

static inline void list_append(struct list *list, struct list *node) { list_add_before(list, node); }
static inline void list_prepend(struct list *list, struct list *node) { list_add_before(list->next, node); }

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#endif
