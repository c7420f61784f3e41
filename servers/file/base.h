// What every file of the file server includes first: Linux's numbers, as the C library has them
// (x86-64: the same in every one), and the server's limits.
#ifndef FILE_BASE_H
#define FILE_BASE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define PAGE 4096u
#define PATH_LIMIT 4096u   // bytes of a path with its NUL
#define NAME_LIMIT 255u    // bytes of a name
#define LINK_LIMIT 40      // symbolic links followed in one walk
#define NLINK_LIMIT 65000u
#define FILE_SIZE_LIMIT (1ll << 42)
#define NS_PER_SECOND 1000000000ll
#define RELATIME_NS (86400 * NS_PER_SECOND)

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define RENAME_WHITEOUT 4
#endif
#define O_TMPFILE_BIT 020000000
#define O_LARGEFILE_BIT 0x8000u  // every open on x86-64 has it
#define O_EXECUTE 0x20u  // to be run: permission to execute is what counts

// Whose permissions count, and for what is created.
struct cred {
	uint32_t uid, gid, umask;
	uint32_t group_count;
	const uint32_t *groups;  // supplementary, in ascending order
};

static inline uint64_t min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }

#endif
