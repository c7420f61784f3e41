// More threads in a component.
//
// A thread is made of the component's own memory: the capability "untyped" pays for it, and one of
// "contexts" (SchedContexts that the supervisor has configured) lets it run. It runs for good.
//
// Only the component's first thread may use the C library: its locks would need a futex, which the
// runtime does not offer, and thread-local storage is the first thread's. Another thread may call the
// kernel and the stubs, slot_alloc, lib/ring, lib/drv, string functions and its own code; errno,
// malloc, stdio and rt_log are not for it.
#ifndef LIB_THREAD_THREAD_H
#define LIB_THREAD_THREAD_H

#include <stdint.h>

#include "abi/types.h"

// Run `function(data)` on a stack of `stack_bytes` (whole pages, with an unmapped page below it).
// `function` must not return. ERR_NO_MEMORY also when the manifest gives no untyped or context.
// *thread: its capability; may be null.
err_t thread_start(void (*function)(void *data), void *data, uint64_t stack_bytes, cap_t *thread);

#endif
