// Names of Linux's system calls, for the log. Made at build time from the C library's header.
#ifndef SERVERS_PROCESS_SYSCALL_NAME_H
#define SERVERS_PROCESS_SYSCALL_NAME_H

#include <stdint.h>

// The name, "unknown" for a number that Linux does not have either.
const char *syscall_name(uint64_t number);

#endif
