// Which function answers which system call number of Linux x86-64. In the order of the numbers; what
// lies between is not there. CALL: a function in C. HOT: the same, with a stub of its own, which takes two
// instructions less. BARE: assembly, which keeps the registers itself.
//
// The list is read three times: for the first numbers, whose table lies in the trampoline page
// (IS_NEAR); for the stubs (IS_STUBS, entry.S); and by itself for the table of the other numbers.
#include "env/linux/offset.h"

#ifdef IS_STUBS
	.macro	BARE number, name
	.endm
#else
#ifdef IS_NEAR
#define TABLE_END TABLE_NEAR
	.set	at, 0
#else
#define TABLE_END TABLE_COUNT
	.set	at, TABLE_NEAR
	.section .rodata
	.balign	8
	.globl	table_far
table_far:
#endif

	.macro	BARE number, name
	.if	\number >= at && \number < TABLE_END
	.rept	\number - at
	.quad	entry_missing
	.endr
	.quad	\name
	.set	at, \number + 1
	.endif
	.endm

	.macro	CALL number, name
	BARE	\number, stub_\name
	.endm

	.macro	HOT number, name
	BARE	\number, stub_\name
	.endm
#endif

	HOT	0, call_read
	HOT	1, call_write
	CALL	2, call_open
	HOT	3, call_close
	CALL	4, call_stat
	HOT	5, call_fstat
	CALL	6, call_lstat
	HOT	7, call_poll
	BARE	8, leaf_lseek
	CALL	9, call_mmap
	CALL	10, call_mprotect
	CALL	11, call_munmap
	CALL	12, call_brk
	HOT	13, call_rt_sigaction
	HOT	14, call_rt_sigprocmask
	BARE	15, entry_sigreturn
	CALL	16, call_ioctl
	HOT	17, call_pread64
	HOT	18, call_pwrite64
	CALL	19, call_readv
	CALL	20, call_writev
	CALL	21, call_access
	CALL	22, call_pipe
	CALL	23, call_select
	BARE	24, leaf_sched_yield
	CALL	25, call_mremap
	CALL	26, call_msync
	CALL	27, call_mincore
	CALL	28, call_madvise
	HOT	32, call_dup
	CALL	33, call_dup2
	CALL	34, call_pause
	CALL	35, call_nanosleep
	CALL	36, call_getitimer
	CALL	37, call_alarm
	CALL	38, call_setitimer
	BARE	39, leaf_getpid
	CALL	40, call_sendfile
	CALL	41, call_socket
	CALL	42, call_connect
	CALL	43, call_accept
	CALL	44, call_sendto
	CALL	45, call_recvfrom
	CALL	46, call_sendmsg
	CALL	47, call_recvmsg
	CALL	48, call_shutdown
	CALL	49, call_bind
	CALL	50, call_listen
	CALL	51, call_getsockname
	CALL	52, call_getpeername
	CALL	53, call_socketpair
	CALL	54, call_setsockopt
	CALL	55, call_getsockopt
	BARE	56, entry_clone
	BARE	57, entry_fork
	BARE	58, entry_vfork
	CALL	59, call_execve
	CALL	60, call_exit
	CALL	61, call_wait4
	CALL	62, call_kill
	CALL	63, call_uname
	CALL	72, call_fcntl
	CALL	73, call_flock
	CALL	74, call_fsync
	CALL	75, call_fsync		// fdatasync
	CALL	76, call_truncate
	CALL	77, call_ftruncate
	CALL	79, call_getcwd
	CALL	80, call_chdir
	CALL	81, call_fchdir
	CALL	82, call_rename
	CALL	83, call_mkdir
	CALL	84, call_rmdir
	CALL	85, call_creat
	CALL	86, call_link
	CALL	87, call_unlink
	CALL	88, call_symlink
	CALL	89, call_readlink
	CALL	90, call_chmod
	CALL	91, call_fchmod
	CALL	92, call_chown
	CALL	93, call_fchown
	CALL	94, call_lchown
	CALL	95, call_umask
	CALL	96, call_gettimeofday
	CALL	97, call_getrlimit
	CALL	98, call_getrusage
	CALL	99, call_sysinfo
	CALL	100, call_times
	BARE	102, leaf_getuid
	CALL	103, call_syslog
	BARE	104, leaf_getgid
	CALL	105, call_setuid
	CALL	106, call_setgid
	BARE	107, leaf_geteuid
	BARE	108, leaf_getegid
	CALL	109, call_setpgid
	BARE	110, leaf_getppid
	BARE	111, leaf_getpgrp
	CALL	112, call_setsid
	CALL	113, call_setreuid
	CALL	114, call_setregid
	CALL	115, call_getgroups
	CALL	116, call_setgroups
	CALL	117, call_setresuid
	CALL	118, call_getresuid
	CALL	119, call_setresgid
	CALL	120, call_getresgid
	CALL	121, call_getpgid
	CALL	122, call_setfsuid
	CALL	123, call_setfsgid
	CALL	124, call_getsid
	CALL	125, call_capget
	CALL	126, call_capset
	CALL	127, call_rt_sigpending
	CALL	128, call_rt_sigtimedwait
	CALL	129, call_rt_sigqueueinfo
	CALL	130, call_rt_sigsuspend
	CALL	131, call_sigaltstack
	CALL	132, call_utime
	CALL	133, call_mknod
	CALL	135, call_personality
	CALL	137, call_statfs
	CALL	138, call_fstatfs
	CALL	140, call_getpriority
	CALL	141, call_setpriority
	CALL	142, call_sched_setparam
	CALL	143, call_sched_getparam
	CALL	144, call_sched_setscheduler
	CALL	145, call_sched_getscheduler
	CALL	146, call_sched_get_priority_max
	CALL	147, call_sched_get_priority_min
	CALL	148, call_sched_rr_get_interval
	CALL	149, call_mlock
	CALL	150, call_munlock
	CALL	151, call_mlockall
	CALL	152, call_munlockall
	CALL	157, call_prctl
	CALL	158, call_arch_prctl
	CALL	160, call_setrlimit
	CALL	161, call_chroot
	CALL	162, call_sync
	CALL	163, call_acct
	CALL	164, call_settimeofday
	CALL	165, call_mount
	CALL	166, call_umount2
	CALL	169, call_reboot
	CALL	170, call_sethostname
	CALL	171, call_setdomainname
	BARE	186, leaf_gettid
	CALL	187, call_readahead
	CALL	188, call_xattr
	CALL	189, call_lxattr
	CALL	190, call_fxattr
	CALL	191, call_xattr
	CALL	192, call_lxattr
	CALL	193, call_fxattr
	CALL	194, call_listxattr
	CALL	195, call_llistxattr
	CALL	196, call_flistxattr
	CALL	197, call_xattr
	CALL	198, call_lxattr
	CALL	199, call_fxattr
	CALL	200, call_tkill
	CALL	201, call_time
	HOT	202, call_futex
	CALL	203, call_sched_setaffinity
	CALL	204, call_sched_getaffinity
	CALL	213, call_epoll_create
	CALL	217, call_getdents64
	CALL	218, call_set_tid_address
	CALL	221, call_fadvise64
	CALL	222, call_timer_create
	CALL	223, call_timer_settime
	CALL	224, call_timer_gettime
	CALL	225, call_timer_getoverrun
	CALL	226, call_timer_delete
	CALL	227, call_clock_settime
	HOT	228, call_clock_gettime
	CALL	229, call_clock_getres
	CALL	230, call_clock_nanosleep
	CALL	231, call_exit_group
	HOT	232, call_epoll_wait
	CALL	233, call_epoll_ctl
	CALL	234, call_tgkill
	CALL	235, call_utimes
	CALL	247, call_waitid
	CALL	257, call_openat
	CALL	258, call_mkdirat
	CALL	259, call_mknodat
	CALL	260, call_fchownat
	CALL	261, call_futimesat
	HOT	262, call_newfstatat
	CALL	263, call_unlinkat
	CALL	264, call_renameat
	CALL	265, call_linkat
	CALL	266, call_symlinkat
	CALL	267, call_readlinkat
	CALL	268, call_fchmodat
	CALL	269, call_faccessat
	CALL	270, call_pselect6
	CALL	271, call_ppoll
	CALL	272, call_unshare
	CALL	273, call_set_robust_list
	CALL	274, call_get_robust_list
	CALL	277, call_sync_file_range
	CALL	280, call_utimensat
	HOT	281, call_epoll_pwait
	CALL	282, call_signalfd
	CALL	283, call_timerfd_create
	CALL	284, call_eventfd
	CALL	285, call_fallocate
	CALL	286, call_timerfd_settime
	CALL	287, call_timerfd_gettime
	CALL	288, call_accept4
	CALL	289, call_signalfd4
	CALL	290, call_eventfd2
	CALL	291, call_epoll_create1
	CALL	292, call_dup3
	CALL	293, call_pipe2
	CALL	295, call_preadv
	CALL	296, call_pwritev
	CALL	297, call_rt_tgsigqueueinfo
	CALL	299, call_recvmmsg
	CALL	302, call_prlimit64
	CALL	306, call_syncfs
	CALL	307, call_sendmmsg
	CALL	309, call_getcpu
	CALL	310, call_process_vm_readv
	CALL	311, call_process_vm_writev
	CALL	314, call_sched_setattr
	CALL	315, call_sched_getattr
	CALL	316, call_renameat2
	CALL	318, call_getrandom
	CALL	319, call_memfd_create
	CALL	325, call_mlock2
	CALL	326, call_copy_file_range
	CALL	327, call_preadv2
	CALL	328, call_pwritev2
	CALL	332, call_statx
	CALL	436, call_close_range
	CALL	439, call_faccessat2
	CALL	441, call_epoll_pwait2

#ifndef IS_STUBS
	.rept	TABLE_END - at
	.quad	entry_missing
	.endr
#endif

#if !defined(IS_NEAR) && !defined(IS_STUBS)
	.section .note.GNU-stack, "", @progbits
#endif
