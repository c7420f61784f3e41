// Queued signals: those that a block has no room for. Pure but for the pool.
//
// Invariants: bit n - 1 of mask is set when the queue has signal n; of the signals below REALTIME_FIRST
// it has one of each at most.
#ifndef PROCESS_QUEUE_H
#define PROCESS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define REALTIME_FIRST 32
#define QUEUE_POOL 4096

struct signal_info {
	uint32_t signal;
	int32_t code;
	uint32_t pid, uid;
	uint64_t value;
};

struct signal_queue {
	uint64_t mask;
	uint16_t first, last;  // nodes, + 1
	uint32_t count;
};

// Append a signal. False: the pool is empty. One that is no real-time signal is dropped when it is there.
bool queue_add(struct signal_queue *queue, const struct signal_info *info);
// Take out the oldest of the lowest number in the set: false when there is none.
bool queue_take(struct signal_queue *queue, uint64_t set, struct signal_info *out);
// One with that number, code and sender; null: there is none.
struct signal_info *queue_find(struct signal_queue *queue, const struct signal_info *like);
void queue_remove(struct signal_queue *queue, uint64_t set);

#endif
