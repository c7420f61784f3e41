// What to do when memory is short: see pressure.c.
#ifndef PROCESS_PRESSURE_H
#define PROCESS_PRESSURE_H

#include <stdbool.h>

struct task;

// Slots are nearly gone: the space with most mappings loses them. False: enough, or nobody has many.
bool pressure_slots(void);
// Are there slots for one more space? The last ones are for the faults of those that there are.
bool pressure_has_slots(void);
// Give back what is only kept to save work. False: nothing was.
bool pressure_relieve(void);
// A task cannot go on for want of memory. Relieve, or end the process that has most of what is short; the
// task then tries again, if it lives.
void pressure_end(struct task *task);

#endif
