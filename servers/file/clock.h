// The time of day, from the processor's counter.
#ifndef FILE_CLOCK_H
#define FILE_CLOCK_H

#include <stdint.h>

// The counter was `start` at `epoch` nanoseconds after 1970, and counts `rate` in a second.
void clock_set(uint64_t epoch, uint64_t start, uint64_t rate);

int64_t clock_now(void);

// The time when the counter has a value, and the value at a time; what lies before the start is the start.
int64_t clock_at(uint64_t counter);
uint64_t clock_counter_at(int64_t ns);

#endif
