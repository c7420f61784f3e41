// Wild pointers into the calls: EFAULT, and nothing else happens.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

#define LINK "/tmp/badptr-link"

static void each(const char *kind, long bad)
{
	char name[64];
	int fd = open("/tmp", O_RDONLY), zero = open("/dev/zero", O_RDONLY), null = open("/tmp/badptr-test",
		 O_RDWR | O_CREAT, 0600), p[2];
#define TRY(what, ...) \
	snprintf(name, sizeof name, "%s: %s", kind, what); \
	check(FAILS(syscall(__VA_ARGS__), EFAULT), name)
	TRY("open", SYS_open, bad, 0, 0);
	TRY("stat", SYS_stat, bad, bad);
	TRY("stat buffer", SYS_stat, "/tmp", bad);
	TRY("fstat", SYS_fstat, fd, bad);
	TRY("read", SYS_read, zero, bad, 10);
	TRY("write", SYS_write, null, bad, 10);
	TRY("readv", SYS_readv, zero, bad, 1);
	TRY("writev", SYS_writev, null, bad, 1);
	TRY("getdents64", SYS_getdents64, fd, bad, 4096);
	TRY("getcwd", SYS_getcwd, bad, 4096);
	TRY("chdir", SYS_chdir, bad);
	TRY("mkdir", SYS_mkdir, bad, 0);
	TRY("unlink", SYS_unlink, bad);
	TRY("rename", SYS_rename, bad, bad);
	TRY("symlink", SYS_symlink, bad, "/tmp/x");
	TRY("readlink", SYS_readlink, LINK, bad, 100);
	TRY("access", SYS_access, bad, 0);
	TRY("pipe", SYS_pipe, bad);
	TRY("uname", SYS_uname, bad);
	TRY("clock_gettime", SYS_clock_gettime, 1, bad);
	TRY("nanosleep", SYS_nanosleep, bad, 0);
	TRY("rt_sigaction", SYS_rt_sigaction, 10, bad, 0, 8);
	TRY("rt_sigprocmask", SYS_rt_sigprocmask, 0, bad, 0, 8);
	TRY("sigaltstack", SYS_sigaltstack, bad, 0);
	TRY("execve", SYS_execve, bad, 0, 0);
	TRY("execve argv", SYS_execve, "/bin/sh", bad, 0);
	TRY("poll", SYS_poll, bad, 1, 0);
	TRY("select", SYS_select, 5, bad, 0, 0, 0);
	TRY("getrandom", SYS_getrandom, bad, 8, 0);
	TRY("statx", SYS_statx, AT_FDCWD, "/tmp", 0, 0x7ff, bad);
	TRY("prlimit64", SYS_prlimit64, 0, 7, 0, bad);
	TRY("times", SYS_times, bad);
	check(pipe(p) == 0 && write(p[1], "k", 1) == 1, "a pipe with a byte");
	TRY("read of a pipe", SYS_read, p[0], bad, 1);
	close(p[0]);
	close(p[1]);
	close(fd);
	close(zero);
	close(null);
	unlink("/tmp/badptr-test");
}

int main(void)
{
	char *none = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/zero", O_RDONLY);

	unlink(LINK);
	check(symlink("/somewhere", LINK) == 0, "a link to read");
	each("unmapped", 64);
	each("no access", (long)none);
	each("kernel", (long)0xffff800000001000);
	each("not canonical", 0x1234567812345678);
	mprotect(none, 4096, PROT_READ | PROT_WRITE);
	none[4094] = 'a';
	none[4095] = 'b';
	check(FAILS(open(none + 4094, O_RDONLY), EFAULT), "a name that runs off its page");
	close(fd);
	unlink(LINK);
	return tap_end();
}
