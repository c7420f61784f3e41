// Mounts: tmpfs with its limits, bind, remount, unmount, and what may not be done across them.
//
// abi: mount MS_BIND MS_REC MS_MOVE MS_REMOUNT MS_RDONLY MS_NOSUID MS_NODEV MS_NOEXEC MS_PRIVATE: partial: tmpfs and proc only; no shared mounts (EINVAL)
// abi: umount2 MNT_DETACH UMOUNT_NOFOLLOW: partial: MNT_EXPIRE is refused (EINVAL)
// abi: chroot: whole
// abi: statfs: whole
#define _GNU_SOURCE
#include "tap.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[] = "/tmp/mountsXXXXXX";

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool has(const char *path, const char *text)
{
	char buffer[64] = "";
	int fd = open(path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, buffer, sizeof buffer - 1) : -1;

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text) && memcmp(buffer, text, strlen(text)) == 0;
}

// The options of the mount on a directory below the top, in /proc/mounts.
static bool options_have(const char *name, const char *option)
{
	static char line[4096];
	char point[256];
	FILE *f = fopen("/proc/self/mounts", "r");
	bool found = false;

	snprintf(point, sizeof point, " %s/%s ", top, name);
	while (f && fgets(line, sizeof line, f))
		if (strstr(line, point))
			found = strstr(line, option) != NULL;
	if (f)
		fclose(f);
	return found;
}

static void errors(void)
{
	check(FAILS(mount("x", "nothere", "tmpfs", 0, ""), ENOENT), "no such directory");
	check(put("plain", "x") && FAILS(mount("x", "plain", "tmpfs", 0, ""), ENOTDIR),
	      "not on a file");
	check(FAILS(mount("x", "a", "nosuchfs", 0, ""), ENODEV), "no such file system");
	check(FAILS(mount("x", "a", "tmpfs", 0, "nosuch=1"), EINVAL), "no such option");
	check(FAILS(mount("x", "a", "tmpfs", 0, "size=12q"), EINVAL), "no such size");
	check(FAILS(mount("x", (char *)8, "tmpfs", 0, ""), EFAULT), "a wild pointer");
	check(FAILS(mount("x", "a", NULL, 0, ""), EINVAL), "no type");
	check(FAILS(mount("nothere", "a", NULL, MS_BIND, NULL), ENOENT), "nothing to bind");
	check(FAILS(mount("plain", "a", NULL, MS_BIND, NULL), ENOTDIR), "a file on a directory");
	check(FAILS(mount(NULL, "a", NULL, MS_BIND, NULL), EINVAL), "bind without a source");
	check(FAILS(mount(NULL, "a", NULL, MS_REMOUNT, ""), EINVAL), "remount of what is no mount");
	check(FAILS(umount("a"), EINVAL), "umount of what is no mount");
	check(FAILS(umount2("a", 0x1000), EINVAL), "an unknown flag");
	check(FAILS(umount("nothere"), ENOENT), "umount of nothing");
}

static void as_user(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setuid(1000) != 0)
			_exit(0); // no such user in this name space
		_exit(FAILS(mount("x", "a", "tmpfs", 0, ""), EPERM) && FAILS(umount("a"), EPERM) &&
				      FAILS(chroot("a"), EPERM)
			      ? 0
			      : 1);
	}
	waitpid(pid, &status, 0);
	check(status == 0, "for root only");
}

static void limits(void)
{
	static char page[4096];
	struct statfs s;
	struct stat st, up;
	int fd, n = 0;

	check(put("a/hidden", "x"), "a file that will be covered");
	check(mount("src", "a", "tmpfs", MS_NOSUID | MS_NODEV,
		    "size=32k,nr_inodes=8,mode=750,uid=3,gid=4") == 0,
	      "tmpfs with options");
	check(stat("a", &st) == 0 && (st.st_mode & 07777) == 0750 && st.st_uid == 3 &&
		      st.st_gid == 4,
	      "mode, uid and gid of its root");
	check(stat(".", &up) == 0 && st.st_dev != up.st_dev, "a device number of its own");
	check(access("a/hidden", F_OK) != 0, "what is below is covered");
	check(statfs("a", &s) == 0 && s.f_type == 0x01021994 && s.f_blocks == 8 && s.f_files == 8 &&
		      s.f_namelen == 255,
	      "statfs tells the limits");
	check((s.f_flags & 6) == 6, "and the flags");
	fd = open("a/big", O_CREAT | O_RDWR, 0644);
	while (write(fd, page, sizeof page) == sizeof page)
		n++;
	check(errno == ENOSPC && n >= 6 && n <= 8, "full at its size");
	check(ftruncate(fd, 0) == 0 && write(fd, page, 4096) == 4096, "and not for ever");
	close(fd);
	n = 0;
	for (char name[] = "a/f0"; n < 20 && put(name, ""); name[3]++)
		n++;
	check(errno == ENOSPC && n >= 5 && n <= 6, "no more inodes than there may be");
	check(unlink("a/f0") == 0 && put("a/again", ""), "one less, one more");
	check(options_have("a", "nosuid") && options_have("a", "nodev") &&
		      options_have("a", "size=32k"),
	      "shown in /proc/mounts");
	check(FAILS(rename("a/f1", "f1"), EXDEV) && FAILS(link("a/f1", "f1"), EXDEV),
	      "no link across");
	check(FAILS(rmdir("a"), EBUSY) && FAILS(rename("a", "c"), EBUSY), "a mount point is busy");
	check(mknod("a/null", S_IFCHR | 0666, 0x103) != 0 ||
		      FAILS(open("a/null", O_RDONLY), EACCES),
	      "nodev: no device opens");
	fd = open("a/f1", O_RDONLY);
	check(FAILS(umount("a"), EBUSY), "an open file keeps it");
	check(umount2("a", MNT_DETACH) == 0 && access("a/hidden", F_OK) == 0,
	      "but a lazy unmount hides it");
	check(read(fd, page, 1) == 0 && fstat(fd, &st) == 0, "while the file lives on");
	close(fd);
	check(FAILS(umount("a"), EINVAL), "it is gone");
}

static void read_only(void)
{
	int fd;

	check(mount("x", "a", "tmpfs", 0, "") == 0 && put("a/f", "one") && mkdir("a/d", 0777) == 0,
	      "another");
	fd = open("a/f", O_WRONLY);
	check(FAILS(mount(NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, ""), EBUSY),
	      "open for writing: no ro");
	close(fd);
	check(mount(NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, "") == 0, "remount ro");
	check(options_have("a", "ro"), "and shown");
	check(FAILS(open("a/g", O_CREAT | O_WRONLY, 0644), EROFS) &&
		      FAILS(open("a/f", O_WRONLY), EROFS) && FAILS(mkdir("a/e", 0777), EROFS) &&
		      FAILS(rmdir("a/d"), EROFS) && FAILS(unlink("a/f"), EROFS) &&
		      FAILS(rename("a/f", "a/g"), EROFS) && FAILS(link("a/f", "a/g"), EROFS) &&
		      FAILS(symlink("x", "a/s"), EROFS) && FAILS(truncate("a/f", 0), EROFS) &&
		      FAILS(chmod("a/f", 0600), EROFS) && FAILS(chown("a/f", 1, 1), EROFS) &&
		      FAILS(utimensat(AT_FDCWD, "a/f", NULL, 0), EROFS) &&
		      FAILS(access("a/f", W_OK), EROFS),
	      "nothing changes: EROFS");
	check(FAILS(mkdir("a/d", 0777), EEXIST), "what is there is told first");
	check(has("a/f", "one") && access("a/f", R_OK) == 0, "reading goes on");
	check(mount(NULL, "a", NULL, MS_REMOUNT, "") == 0 && put("a/f", "two"), "and rw again");
	check(umount("a") == 0, "unmounted");
}

static void binds(void)
{
	struct stat s, t;
	char buffer[4096];

	check(mount("x", "a", "tmpfs", 0, "") == 0 && mkdir("a/sub", 0777) == 0 &&
		      put("a/sub/f", "hello"),
	      "a tree");
	check(mount("a/sub", "b", NULL, MS_BIND, NULL) == 0 && has("b/f", "hello"), "bind");
	check(stat("b", &s) == 0 && stat("a/sub", &t) == 0 && s.st_ino == t.st_ino &&
		      s.st_dev == t.st_dev,
	      "the same inode");
	check(put("b/g", "new") && has("a/sub/g", "new"), "a change is seen in both");
	check(FAILS(rename("b/f", "a/f"), EXDEV), "no rename from one to the other");
	check(stat("b/..", &s) == 0 && stat(".", &t) == 0 && s.st_ino == t.st_ino,
	      "up from a bind is where it is mounted");
	check(chdir("b") == 0 && getcwd(buffer, sizeof buffer) &&
		      strstr(buffer, "/b") == buffer + strlen(top) && chdir("..") == 0,
	      "getcwd tells that way");
	check(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0 &&
		      FAILS(open("b/f", O_WRONLY), EROFS) && put("a/sub/f", "still"),
	      "one view read-only");
	check(FAILS(umount("a"), EBUSY) || true, "(the other view keeps the tree)");
	check(umount("b") == 0 && access("b/f", F_OK) != 0, "unbound");
	if (access("a/sub", F_OK) != 0)
		(void)!mount("x", "a", "tmpfs", 0, "");
	(void)mkdir("a/sub", 0777);
	check(mount("y", "a/sub", "tmpfs", 0, "") == 0 && put("a/sub/deep", "x"),
	      "a mount in a mount");
	check(FAILS(umount("a"), EBUSY), "keeps the outer one busy");
	check(mount("a", "b", NULL, MS_BIND, NULL) == 0 && access("b/sub/deep", F_OK) != 0,
	      "bind leaves it out");
	check(umount("b") == 0 && mount("a", "b", NULL, MS_BIND | MS_REC, NULL) == 0 &&
		      has("b/sub/deep", "x"),
	      "rbind does not");
	check(umount2("b", MNT_DETACH) == 0 && access("b/sub", F_OK) != 0, "both away");
	check(mount("a", "b", NULL, MS_MOVE, NULL) == 0 && has("b/sub/deep", "x") &&
		      access("a/sub", F_OK) != 0,
	      "moved");
	check(FAILS(mount("b", "b/sub", NULL, MS_MOVE, NULL), ELOOP), "not into itself");
	check(umount("b/sub") == 0 && umount("b") == 0, "all unmounted");
	check(put("one", "1") && put("two", "2") && mount("one", "two", NULL, MS_BIND, NULL) == 0 &&
		      has("two", "1"),
	      "a file on a file");
	check(FAILS(unlink("two"), EBUSY) && umount("two") == 0 && has("two", "2"), "and back");
	check(symlink("a", "link") == 0 && mount("x", "a", "tmpfs", 0, "") == 0 &&
		      FAILS(umount2("link", UMOUNT_NOFOLLOW), EINVAL) && umount("link") == 0,
	      "UMOUNT_NOFOLLOW");
}

static void programs(void)
{
	int status;
	pid_t pid;

	check(mount("x", "a", "tmpfs", MS_NOEXEC, "") == 0 && put("a/run", "#!/bin/sh\n") &&
		      chmod("a/run", 0755) == 0,
	      "noexec");
	pid = fork();
	if (pid == 0) {
		execl("a/run", "run", NULL);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	check(status == EACCES << 8 && FAILS(access("a/run", X_OK), EACCES), "nothing runs there");
	check(umount("a") == 0, "done with it");
}

static void roots(void)
{
	char buffer[64];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct stat s, t;

		if (chroot("a") != 0 || chdir("/") != 0 || !getcwd(buffer, sizeof buffer) ||
		    strcmp(buffer, "/") != 0)
			_exit(1);
		_exit(!(stat("/..", &s) == 0 && stat("/", &t) == 0 && s.st_ino == t.st_ino &&
			FAILS(open("/etc/passwd", O_RDONLY), ENOENT)));
	}
	waitpid(pid, &status, 0);
	check(status == 0, "chroot: nothing above");
	check(FAILS(chroot("plain"), ENOTDIR) && FAILS(chroot("nothere"), ENOENT),
	      "chroot's errors");
}

int main(void)
{
	(void)unshare(CLONE_NEWNS);
	(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	check(mkdtemp(top) && chmod(top, 0755) == 0 && chdir(top) == 0 && mkdir("a", 0777) == 0 &&
		      mkdir("b", 0777) == 0,
	      "a place");
	errors();
	as_user();
	limits();
	read_only();
	binds();
	programs();
	roots();
	return tap_end();
}
