// Epoll sets. An entry of a handle of this server's is a watch on the set's board; of others' handles
// the set only keeps what was said of them.
#ifndef FILE_EPOLL_H
#define FILE_EPOLL_H

#include "servers/file/board.h"

struct set {
	struct source source;  // the set itself becomes ready
	struct board *board;
	struct linux_set_entry *entries;
	struct linux_set_state *states;
	uint32_t used;         // entries from here on are free
	uint32_t number;
	struct share *shares;
};

struct set *set_make(void);
void set_free(struct set *set);
bool set_is_ready(const struct set *set);
// The watch of an entry is about to go.
void set_entry_end(struct set *set, uint32_t index);
// Of POLL* bits those that the entry asks for; all ones where whoever waits has to look further.
uint32_t set_entry_bits(const struct set *set, uint32_t index, uint32_t bits);
void set_share_end(struct share *share);

struct set_control {
	uint32_t operation;
	int32_t fd;
	uint16_t handle, kind;
	uint32_t events;
	uint64_t data;
};
// `d` null: another server's.
int64_t set_control(struct set *set, struct description *d, const struct set_control *c);

#endif
