// The lines of /proc/mounts (mount.h).
#include "servers/file/mount.h"

#include <stdio.h>

static const struct {
	uint32_t flag;
	const char *name;
} names[] = {{2, ",nosuid"}, {4, ",nodev"}, {8, ",noexec"}, {16, ",sync"}, {128, ",dirsync"},
	     {0x400, ",noatime"}, {0x800, ",nodiratime"}, {0x100, ",nosymfollow"}};

// Blanks and backslashes as Linux writes them: the fields are told apart by blanks.
static size_t escape(char *to, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 5 < size; text++) {
		if (strchr(" \t\n\\#", *text))
			n += (size_t)snprintf(to + n, size - n, "\\%03o", (unsigned char)*text);
		else
			to[n++] = *text;
	}
	to[n] = 0;
	return n;
}

static size_t limits_put(const struct super *super, char *to, size_t size)
{
	size_t n = 0;

	to[0] = 0;
	if (super->page_limit)
		n += (size_t)snprintf(to + n, size - n, ",size=%lluk",
				      (unsigned long long)super->page_limit * (PAGE / 1024));
	if (super->inode_limit)
		n += (size_t)snprintf(to + n, size - n, ",nr_inodes=%llu",
				      (unsigned long long)super->inode_limit);
	if (super->page_limit && super->mode != 01777)
		n += (size_t)snprintf(to + n, size - n, ",mode=%o", super->mode);
	return n;
}

int64_t mount_line(struct fs *fs, uint32_t i, char *buffer, size_t size)
{
	struct mount *m = &fs->mounts[i];
	const struct view view = {.root = fs->mounts[0].root, .root_mount = &fs->mounts[0]};
	char path[PATH_LIMIT], escaped[2 * PATH_LIMIT], source[4 * SOURCE_MAX], flags[128] = "";
	char limits[128];
	int n;

	if (!m->super || m->detached || mount_path(fs, &view, m, m->root, path, sizeof path) < 0)
		return 0;
	escape(escaped, sizeof escaped, path);
	escape(source, sizeof source, m->source[0] ? m->source : "none");
	for (unsigned k = 0; k < sizeof names / sizeof names[0]; k++)
		if (m->flags & names[k].flag)
			strcat(flags, names[k].name);
	if (!(m->flags & 0x400))
		strcat(flags, ",relatime");
	(void)limits_put(m->super, limits, sizeof limits);
	n = snprintf(buffer, size, "%s %s %s %s%s%s 0 0\n", source, escaped, m->super->type,
		     m->flags & MOUNT_READ_ONLY ? "ro" : "rw", flags, limits);
	return n < 0 || (size_t)n >= size ? -ERANGE : n;
}
