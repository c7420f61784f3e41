#include "servers/file/inode.h"

#include "servers/file/data.h"
#include "servers/file/dir.h"
#include "servers/file/heap.h"
#include "servers/file/lock.h"

#include <stdlib.h>

#define NUMBER_OF_IMAGE 1u  // inode number of image entry 0

struct inode *inode_make(struct fs *fs, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct inode *inode = heap_get(sizeof *inode, HEAP_NORMAL);

	if (!inode)
		return NULL;
	inode->number = fs->next_number++;
	inode->mode = mode;
	inode->uid = uid;
	inode->gid = gid;
	inode->refs = 1;
	inode->image = IMAGE_NONE;
	inode->atime = inode->mtime = inode->ctime = fs->now();
	if (S_ISDIR(mode))
		inode->dir.child = IMAGE_NONE;
	inode->super = &fs->root_super;
	fs->root_super.inodes++;
	fs->inode_count++;
	return inode;
}

static void publish(struct fs *fs, struct inode *inode)
{
	inode_stat_changed(fs, inode);
	if (S_ISREG(inode->mode) && inode->data.status != 0)
		fs->publish(fs, inode);
}

static void image_fill(struct fs *fs, struct inode *inode, const struct image_entry *e)
{
	inode->number = NUMBER_OF_IMAGE + inode->image;
	inode->mode = e->mode & (IMAGE_MODE_TYPE | IMAGE_MODE_BITS);
	inode->uid = e->uid;
	inode->gid = e->gid;
	inode->size = e->size;
	inode->nlink = 1;
	inode->atime = (int64_t)min_u64(e->mtime, INT64_MAX / NS_PER_SECOND) * NS_PER_SECOND;
	inode->mtime = inode->ctime = inode->atime;
	if (S_ISREG(inode->mode)) {
		inode->data.base = (uint32_t)(e->offset / PAGE);
		inode->data.base_count = (uint32_t)((e->size + PAGE - 1) / PAGE);
	} else if (is_dir(inode)) {
		inode->size = 0;
		inode->dir.child = e->first_child;
		inode->dir.child_count = inode->dir.live = e->child_count;
		inode->nlink = e->nlink >= 2 ? e->nlink :
			       2 + image_subdirs(&fs->image, inode->image);
	}
}

int inode_of_image(struct fs *fs, uint32_t entry, struct inode *parent, struct inode **out)
{
	const struct image_entry *e = image_get(&fs->image, entry);

	if (!e)
		return -EIO;
	*out = fs->image_inodes[entry];
	if (*out)
		return 0;

	struct inode *inode = heap_get(sizeof *inode, HEAP_RESERVE);

	if (!inode)
		return -ENOMEM;
	inode->image = entry;
	inode->super = &fs->root_super;
	fs->root_super.inodes++;
	image_fill(fs, inode, e);
	if (is_dir(inode)) {
		inode->dir.parent = parent ? parent : inode;
		if (parent)
			inode_hold(parent);
	}
	fs->image_inodes[entry] = inode;
	fs->inode_count++;
	*out = inode;
	return 0;
}

void inode_super_set(struct inode *inode, struct super *super)
{
	inode->super->inodes--;
	inode->super = super;
	super->inodes++;
}

void inode_hold(struct inode *inode) { inode->refs++; }

static void remote_free(struct remote *remote)
{
	if (!remote)
		return;
	heap_put(remote->listing, remote->listing_size);
	heap_put(remote, sizeof *remote + remote->path_length + 1);
}

// Free an inode. Of a directory the parent is what may have to go next; null: nothing.
static struct inode *inode_free(struct fs *fs, struct inode *inode)
{
	struct inode *parent = NULL;

	inode_stat_changed(fs, inode);
	if (S_ISREG(inode->mode)) {
		fs->unshare(fs, inode);
		inode->super->pages -= data_own_pages(&inode->data);
		data_free(fs, &inode->data);
	} else if (is_dir(inode)) {
		if (inode->dir.parent != inode)
			parent = inode->dir.parent;
		dir_clear(fs, inode);
	} else if (S_ISLNK(inode->mode)) {
		heap_put(inode->target, inode->size + 1);
	} else if (S_ISSOCK(inode->mode) && inode->socket != 0) {
		fs->socket_end(inode);
	}
	if (inode->image != IMAGE_NONE)
		fs->image_inodes[inode->image] = NULL;
	remote_free(inode->remote);
	lock_list_free(inode);
	inode->super->inodes--;
	fs->inode_count--;
	heap_put(inode, sizeof *inode);
	return parent;
}

void inode_put(struct fs *fs, struct inode *inode)
{
	while (inode) {
		inode->refs--;
		if (inode->refs > 0 || inode->nlink > 0)
			return;
		inode = inode_free(fs, inode);
	}
}

void inode_unlink(struct fs *fs, struct inode *inode)
{
	inode_hold(inode);
	inode->nlink = is_dir(inode) ? 0 : inode->nlink - 1;
	inode_changed(fs, inode);
	if (inode->nlink == 0 && S_ISREG(inode->mode) && inode->data.leased)
		fs->unlinked(inode);
	inode_put(fs, inode);
}

bool cred_has_group(const struct cred *cred, uint32_t gid)
{
	uint32_t low = 0, high = cred->group_count;

	if (cred->gid == gid)
		return true;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (cred->groups[middle] == gid)
			return true;
		if (cred->groups[middle] < gid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int inode_allows(const struct inode *inode, const struct cred *cred, uint32_t want)
{
	uint32_t have = inode->mode & 7;

	if (cred->uid == inode->uid)
		have = inode->mode >> 6 & 7;
	else if (cred_has_group(cred, inode->gid))
		have = inode->mode >> 3 & 7;
	if (cred->uid == 0)
		have = MAY_READ | MAY_WRITE |
		       (is_dir(inode) || (inode->mode & 0111) ? MAY_EXEC : 0);
	return (want & ~have) ? -EACCES : 0;
}

bool inode_is_owned(const struct inode *inode, const struct cred *cred)
{
	return cred->uid == 0 || cred->uid == inode->uid;
}

static struct timespec time_of(int64_t ns)
{
	int64_t seconds = ns / NS_PER_SECOND, rest = ns % NS_PER_SECOND;

	if (rest < 0) {
		rest += NS_PER_SECOND;
		seconds--;
	}
	return (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
}

void inode_stat(const struct fs *fs, const struct inode *inode, struct stat *stat)
{
	(void)fs;
	memset(stat, 0, sizeof *stat);
	stat->st_dev = inode->super->device;
	stat->st_ino = inode->number;
	// What never had a name (a pipe, an eventfd) has no link, but shows one, as in Linux.
	stat->st_nlink = (S_ISFIFO(inode->mode) || (inode->mode & S_IFMT) == 0) && inode->nlink == 0 ? 1 : inode->nlink;
	if (inode->remote)
		stat->st_nlink = inode->remote->nlink;
	stat->st_mode = inode->mode;
	stat->st_uid = inode->uid;
	stat->st_gid = inode->gid;
	stat->st_rdev = inode->device;
	stat->st_size = (off_t)(is_dir(inode) ? (inode->dir.live + 2) * 20ull : inode->size);
	stat->st_blksize = PAGE;
	if (inode->remote)
		stat->st_size = 0;
	else if (S_ISREG(inode->mode))
		stat->st_blocks = (blkcnt_t)(data_pages(&inode->data) * (PAGE / 512));
	stat->st_atim = time_of(inode->atime);
	stat->st_mtim = time_of(inode->mtime);
	stat->st_ctim = time_of(inode->ctime);
}

const char *inode_target(const struct fs *fs, const struct inode *inode)
{
	if (inode->target)
		return inode->target;
	return (const char *)fs->image.base + fs->image.entries[inode->image].offset;
}

int inode_chmod(struct fs *fs, struct inode *inode, const struct cred *cred, uint32_t mode)
{
	if (!inode_is_owned(inode, cred))
		return -EPERM;
	if (S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	mode &= 07777;
	// Who writes past the server takes no such bit away.
	if (S_ISREG(inode->mode) && (mode & (S_ISUID | S_ISGID)))
		fs->unshare(fs, inode);
	if (cred->uid != 0 && !cred_has_group(cred, inode->gid))
		mode &= ~(uint32_t)S_ISGID;
	inode->mode = (inode->mode & S_IFMT) | mode;
	inode_way_changed(fs, inode);
	inode_changed(fs, inode);
	return 0;
}

int inode_chown(struct fs *fs, struct inode *inode, const struct cred *cred, uint64_t uid,
		uint64_t gid)
{
	uint32_t to_uid = (uint32_t)uid == UINT32_MAX ? inode->uid : (uint32_t)uid;
	uint32_t to_gid = (uint32_t)gid == UINT32_MAX ? inode->gid : (uint32_t)gid;

	if (cred->uid != 0 && ((uint32_t)uid != UINT32_MAX || (uint32_t)gid != UINT32_MAX)) {
		if (cred->uid != inode->uid || to_uid != inode->uid)
			return -EPERM;
		if (to_gid != inode->gid && !cred_has_group(cred, to_gid))
			return -EPERM;
	}
	inode->uid = to_uid;
	inode->gid = to_gid;
	if (!is_dir(inode)) {
		inode->mode &= ~(uint32_t)S_ISUID;
		if (inode->mode & S_IXGRP)
			inode->mode &= ~(uint32_t)S_ISGID;
	}
	inode_way_changed(fs, inode);
	inode_changed(fs, inode);
	return 0;
}

#define NSEC_NOW 0x3fffffff
#define NSEC_OMIT 0x3ffffffe

// The new value of a time, or false when it is none.
static bool time_get(const struct timespec *time, int64_t now, int64_t *value)
{
	const int64_t seconds_max = INT64_MAX / NS_PER_SECOND - 1;

	if (time->tv_nsec == NSEC_OMIT)
		return true;
	if (time->tv_nsec == NSEC_NOW) {
		*value = now;
		return true;
	}
	if (time->tv_nsec < 0 || time->tv_nsec >= NS_PER_SECOND)
		return false;

	int64_t seconds = time->tv_sec;

	if (seconds > seconds_max)
		seconds = seconds_max;
	if (seconds < -seconds_max)
		seconds = -seconds_max;
	*value = seconds * NS_PER_SECOND + time->tv_nsec;
	return true;
}

int inode_utimens(struct fs *fs, struct inode *inode, const struct cred *cred,
		  const struct timespec *times)
{
	static const struct timespec now_both[2] = {{0, NSEC_NOW}, {0, NSEC_NOW}};
	int64_t now = fs->now(), atime = inode->atime, mtime = inode->mtime;

	if (!times)
		times = now_both;

	bool both_now = times[0].tv_nsec == NSEC_NOW && times[1].tv_nsec == NSEC_NOW;

	if (!time_get(&times[0], now, &atime) || !time_get(&times[1], now, &mtime))
		return -EINVAL;
	if (times[0].tv_nsec == NSEC_OMIT && times[1].tv_nsec == NSEC_OMIT)
		return 0;
	if (!inode_is_owned(inode, cred)) {
		if (!both_now)
			return -EPERM;
		if (inode_allows(inode, cred, MAY_WRITE) != 0)
			return -EACCES;
	}
	inode->atime = atime;
	inode->mtime = mtime;
	inode->ctime = now;
	publish(fs, inode);
	return 0;
}

// relatime: a reading is noted when none was since the last change, or for a day.
void inode_note_read(struct inode *inode, int64_t when)
{
	if (inode->atime <= inode->mtime || inode->atime <= inode->ctime ||
	    (inode->atime < when && (uint64_t)when - (uint64_t)inode->atime > RELATIME_NS))
		inode->atime = when;
}

void inode_read(struct fs *fs, struct inode *inode)
{
	int64_t before = inode->atime;

	inode_note_read(inode, fs->now());
	if (inode->atime != before)
		publish(fs, inode);
}

void inode_changed(struct fs *fs, struct inode *inode)
{
	inode->ctime = fs->now();
	publish(fs, inode);
}

void inode_written(struct fs *fs, struct inode *inode)
{
	inode->mtime = inode->ctime = fs->now();
	publish(fs, inode);
}
