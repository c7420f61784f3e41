// Random bytes.
#ifndef LIB_RT_RANDOM_H
#define LIB_RT_RANDOM_H

#include <stddef.h>

// Fill `buffer`. From the processor's generator where it has one (RDRAND). Otherwise from a ChaCha20
// generator that is seeded, and stirred each time it makes some, with the time-stamp counter: on a machine
// whose timing an attacker knows to the tick, that can be predicted.
void rt_random(void *buffer, size_t bytes);

#endif
