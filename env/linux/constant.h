// Constants of the Linux x86-64 interface that the library looks at.
#ifndef ENV_LINUX_CONSTANT_H
#define ENV_LINUX_CONSTANT_H

#include <stdint.h>

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_REMOVEDIR 0x200u
#define AT_SYMLINK_FOLLOW 0x400u
#define AT_EACCESS 0x200u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u
#define AT_STATX_SYNC_TYPE 0x6000u

#define O_ACCMODE 3u
#define O_WRONLY 1u
#define O_RDWR 2u
#define O_EXECUTE 0x20u  // the library's own: permission to execute is what counts
#define O_CREAT 0x40u
#define O_TRUNC 0x200u
#define O_PATH 0x200000u
#define O_TMPFILE 0x400000u
#define O_DIRECTORY 0x10000u
#define O_NOFOLLOW 0x20000u
#define O_EXCL 0x80u
#define O_NONBLOCK 0x800u
#define O_NOCTTY 0x100u
#define O_LARGEFILE 0x8000u
#define O_DIRECT 0x4000u
#define O_CLOEXEC 0x80000u
#define O_PATH 0x200000u

#define S_IFMT 0xf000u
#define TYPE_FIFO 1
#define TYPE_CHARACTER 2
#define TYPE_FOLDER 4
#define TYPE_REGULAR 8
#define TYPE_SHIFT 12

#define SIGHUP 1
#define SIGILL 4
#define SIGTRAP 5
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGPIPE 13
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXFSZ 25
#define SIGWINCH 28
#define SIGSYS 31
#define SIGNAL_BIT(n) (1ull << ((n)-1))
#define SIGNAL_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

#define SIG_DFL 0
#define SIG_IGN 1
#define SA_SIGINFO 4u
#define SA_RESTORER 0x04000000u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u
#define SA_KNOWN 0xdc000807u  // all that Linux has (these, NOCLDSTOP, NOCLDWAIT, EXPOSE_TAGBITS)
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_TKILL (-6)

#define SS_ONSTACK 1u
#define SS_DISABLE 2u
#define SS_AUTODISARM (1u << 31)
#define SIGNAL_STACK_MIN 2048

#define MAP_FIXED 0x10u
#define MAP_ANONYMOUS 0x20u
#define MAP_FIXED_NOREPLACE 0x100000u

#define POLLIN 1u
#define POLLPRI 2u
#define POLLOUT 4u
#define POLLERR 8u
#define POLLHUP 16u
#define POLLNVAL 32u
#define POLLRDNORM 0x40u
#define POLLRDBAND 0x80u
#define POLLWRNORM 0x100u
#define POLLWRBAND 0x200u

#define RLIMIT_FSIZE 1
#define RLIMIT_STACK 3
#define RLIMIT_NOFILE 7
#define RLIMIT_COUNT 16

#define PATH_MAX 4096
#define IOV_MAX 1024
#define IO_MAX 0x7ffff000ull  // bytes that one read or write moves at most

struct timespec {
	int64_t tv_sec;
	int64_t tv_nsec;
};

struct timeval {
	int64_t tv_sec;
	int64_t tv_usec;
};

// struct stat, 144 bytes.
struct stat {
	uint64_t st_dev, st_ino, st_nlink;
	uint32_t st_mode, st_uid, st_gid, pad;
	uint64_t st_rdev;
	int64_t st_size, st_blksize, st_blocks;
	struct timespec st_atime, st_mtime, st_ctime;
	int64_t unused[3];
};
_Static_assert(sizeof(struct stat) == 144, "struct stat of x86-64");

#endif
