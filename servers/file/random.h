// Random bytes: ChaCha20 keyed from the processor's generator, when it has one, and from the jitter
// of its counter. The key is replaced by output of its own after each request, so that what was
// handed out cannot be found again from the state.
//
// Without rdrand the start is only as good as the counter's jitter: on an emulator that counts
// instructions it can be guessed.
#ifndef FILE_RANDOM_H
#define FILE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_init(void);
void random_get(void *to, size_t size);

#endif
