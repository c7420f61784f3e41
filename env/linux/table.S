// Which function answers which system call number of Linux x86-64. In the order of the numbers; what
// lies between is not there.
#include "env/linux/offset.h"

	.section .rodata
	.balign	8
	.globl	table
	.set	at, 0

	.macro	CALL number, name
	.rept	\number - at
	.quad	call_missing
	.endr
	.quad	\name
	.set	at, \number + 1
	.endm

table:
	CALL	0, call_read
	CALL	1, call_write
	CALL	2, call_open
	CALL	3, call_close
	CALL	4, call_stat
	CALL	5, call_fstat
	CALL	6, call_lstat
	CALL	7, call_poll
	CALL	8, call_lseek
	CALL	9, call_mmap
	CALL	10, call_mprotect
	CALL	11, call_munmap
	CALL	12, call_brk
	CALL	13, call_rt_sigaction
	CALL	14, call_rt_sigprocmask
	CALL	15, entry_sigreturn
	CALL	16, call_ioctl
	CALL	17, call_pread64
	CALL	18, call_pwrite64
	CALL	19, call_readv
	CALL	20, call_writev
	CALL	21, call_access
	CALL	22, call_pipe
	CALL	23, call_select
	CALL	24, call_sched_yield
	CALL	25, call_mremap
	CALL	28, call_madvise
	CALL	32, call_dup
	CALL	33, call_dup2
	CALL	34, call_pause
	CALL	35, call_nanosleep
	CALL	36, call_getitimer
	CALL	37, call_alarm
	CALL	38, call_setitimer
	CALL	39, call_getpid
	CALL	40, call_sendfile
	CALL	56, entry_clone
	CALL	57, entry_fork
	CALL	58, entry_vfork
	CALL	59, call_execve
	CALL	60, call_exit
	CALL	61, call_wait4
	CALL	62, call_kill
	CALL	63, call_uname
	CALL	72, call_fcntl
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
	CALL	102, call_getuid
	CALL	104, call_getgid
	CALL	105, call_setuid
	CALL	106, call_setgid
	CALL	107, call_geteuid
	CALL	108, call_getegid
	CALL	109, call_setpgid
	CALL	110, call_getppid
	CALL	111, call_getpgrp
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
	CALL	124, call_getsid
	CALL	127, call_rt_sigpending
	CALL	128, call_rt_sigtimedwait
	CALL	129, call_rt_sigqueueinfo
	CALL	130, call_rt_sigsuspend
	CALL	131, call_sigaltstack
	CALL	132, call_utime
	CALL	133, call_mknod
	CALL	137, call_statfs
	CALL	138, call_fstatfs
	CALL	140, call_getpriority
	CALL	141, call_setpriority
	CALL	157, call_prctl
	CALL	158, call_arch_prctl
	CALL	160, call_setrlimit
	CALL	162, call_sync
	CALL	169, call_reboot
	CALL	170, call_sethostname
	CALL	186, call_gettid
	CALL	187, call_readahead
	CALL	200, call_tkill
	CALL	201, call_time
	CALL	202, call_futex
	CALL	204, call_sched_getaffinity
	CALL	217, call_getdents64
	CALL	218, call_set_tid_address
	CALL	221, call_fadvise64
	CALL	228, call_clock_gettime
	CALL	229, call_clock_getres
	CALL	230, call_clock_nanosleep
	CALL	231, call_exit_group
	CALL	234, call_tgkill
	CALL	235, call_utimes
	CALL	247, call_waitid
	CALL	257, call_openat
	CALL	258, call_mkdirat
	CALL	259, call_mknodat
	CALL	260, call_fchownat
	CALL	261, call_futimesat
	CALL	262, call_newfstatat
	CALL	263, call_unlinkat
	CALL	264, call_renameat
	CALL	265, call_linkat
	CALL	266, call_symlinkat
	CALL	267, call_readlinkat
	CALL	268, call_fchmodat
	CALL	269, call_faccessat
	CALL	270, call_pselect6
	CALL	271, call_ppoll
	CALL	273, call_set_robust_list
	CALL	274, call_get_robust_list
	CALL	280, call_utimensat
	CALL	285, call_fallocate
	CALL	292, call_dup3
	CALL	293, call_pipe2
	CALL	295, call_preadv
	CALL	296, call_pwritev
	CALL	297, call_rt_tgsigqueueinfo
	CALL	302, call_prlimit64
	CALL	309, call_getcpu
	CALL	316, call_renameat2
	CALL	318, call_getrandom
	CALL	326, call_copy_file_range
	CALL	327, call_preadv2
	CALL	328, call_pwritev2
	CALL	332, call_statx
	CALL	436, call_close_range
	CALL	439, call_faccessat2
	.rept	TABLE_COUNT - at
	.quad	call_missing
	.endr

	.section .note.GNU-stack, "", @progbits
