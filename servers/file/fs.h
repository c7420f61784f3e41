// The file system's state, and its objects: inodes, directory entries, file data.
//
// An image entry becomes an inode when it is looked up, and stays one. Invariants:
//  1. An inode is freed when it has no link and no reference. References: open file descriptions,
//     roots and current directories of contexts, and of a directory the directories in it.
//  2. Bytes of a data page beyond the end of the file are zero, unless data.is_mapped.
//  3. A name is in the overlay (an entry of the table) or in the image; the overlay wins. An entry
//     without an inode hides the image's.
//  4. An image entry's inode that was freed is never looked up again: its name is hidden.
#ifndef FILE_FS_H
#define FILE_FS_H

#include "servers/file/image.h"
#include "servers/file/store.h"

struct inode;
struct pipe;
struct map;
struct cview;
struct description;
struct lock_list;

#define MOUNTS_MAX 64
#define SOURCE_MAX 64

// A file system that can be mounted: its limits (0: none) and what it takes of them.
struct super {
	const char *type;
	uint64_t device;
	uint64_t page_limit, pages;
	uint64_t inode_limit, inodes;
	uint32_t mode;    // of the root when it was made: for /proc/mounts
	uint32_t mounts;  // that show it
};

// Where a directory shows another tree (mount.c).
struct mount {
	struct super *super;  // null: free
	struct mount *parent; // null: the first one, or detached
	struct inode *point;  // covered; held
	struct inode *root;   // held
	uint32_t flags;       // MS_*
	uint32_t users;       // contexts and descriptions in it
	bool detached;
	char source[SOURCE_MAX];
};

// What another server makes up on demand. Of the root of such a file system the path is empty: what
// is below it is asked for there. A node is one answer to that, kept as long as it is open.
struct remote {
	uint32_t listing_size;
	uint8_t *listing;  // struct linux_dirent64, of a directory
	uint32_t nlink;
	uint32_t path_length;
	char path[];       // from the root, without a slash in front
};

// A run of pages of a file in the store.
struct extent {
	uint32_t first;  // page of the file
	uint32_t page;   // page of the store
	uint32_t count;
};

// Extents lie over the base, which is a run of image pages.
struct data {
	struct extent *extents;  // in order
	uint32_t count, room;
	uint32_t base, base_count;
	struct map *maps;        // Frames handed out (map.c)
	struct cview *cviews;    // and views of clients (cview.c)
	struct description *paged;  // descriptions that have a page
	uint32_t status;         // page of the store that clients see, or 0
	struct description *leased;  // descriptions that may be closed by word (desk.c)
	uint32_t opens;          // descriptions
	bool is_mapped;          // clients had pages mapped that they can write: the last one may not end in zeroes
	uint32_t kept;           // pages before this one stay when they lie behind the end (fallocate)
	struct description *fresh;  // all that is in the file was written through this one, or null
};

// A name in the overlay.
struct entry {
	struct entry *hash_next;
	struct entry *previous, *next;  // in the directory, by cookie
	struct inode *dir;
	struct inode *inode;  // null: the name is not there
	uint64_t cookie;
	uint32_t child;       // the image entry that it stands before, or IMAGE_NONE
	bool in_place;        // listed where the image lists the child
	uint8_t length;
	char name[];
};

struct dir {
	struct inode *parent;
	struct entry *entry;         // its own name, when that is in the overlay
	struct entry *first, *last;  // names in it
	uint64_t cookie;             // of the next entry
	uint32_t child_count;        // image entries from `child` on
	uint32_t child;
	uint32_t over_image;         // entries that stand before an image entry
	uint32_t live;               // names that are there
};

// Which desks have answers that something rests on: bit i stands for desks i, i + 64 and so on (answer.c).
struct answered {
	uint64_t on_way;  // what a name leads to or through
	uint64_t stat;    // attributes
	uint64_t absent;  // of a directory: that it has no such name
};

struct inode {
	struct answered answered;
	uint64_t number;
	uint32_t mode, uid, gid;
	uint32_t nlink, refs;
	uint32_t image;   // its image entry, or IMAGE_NONE
	int64_t atime, mtime, ctime;  // ns
	uint64_t size;
	uint64_t device;  // of a device node
	struct super *super;
	struct remote *remote;    // null: an ordinary one
	struct lock_list *locks;  // record and file locks; null: none
	uint32_t covered;         // mounts on it
	uint32_t runs, writers;   // of a regular file: descriptions of programs that run it; that may write
	uint32_t seals;           // F_SEAL_*, of one that is_memory
	bool is_memory;           // of memfd_create
	bool linkable;            // has no name yet, but may get one (O_TMPFILE)
	union {
		struct data data;
		struct dir dir;
		char *target;       // of a symbolic link, size bytes and NUL; null: in the image
		struct pipe *pipe;  // null: nobody has it open
		uint32_t socket;    // of a socket: the slot that leads to it (socket.c); 0: to nobody
	};
};

struct fs {
	struct image image;
	struct store store;
	struct inode **image_inodes;
	struct entry **table;
	uint32_t table_size, table_count;
	uint64_t next_number;
	uint64_t inode_count;
	struct inode *root;
	struct super root_super;
	struct mount mounts[MOUNTS_MAX];  // the first is the root's
	uint64_t next_device;
	int64_t (*now)(void);
	// Pages of the file that were handed out are about to be something else.
	void (*unshare)(struct fs *fs, struct inode *inode);
	// Take over what clients did to a file that they see, its size above all.
	void (*settle)(struct inode *inode);
	// The attributes of a file that clients see have changed.
	void (*publish)(struct fs *fs, struct inode *inode);
	// Answers that rest on an inode are true no longer.
	void (*forget_way)(struct inode *inode);
	void (*forget_stat)(struct inode *inode);
	void (*forget_absent)(struct inode *dir);
	// A file with leased descriptions has lost its last name.
	void (*unlinked)(struct inode *inode);
	// Descriptions that were closed by a word alone are to be closed now. May be null.
	void (*close_late)(struct inode *inode);
	// A socket's inode goes, which has a slot.
	void (*socket_end)(struct inode *inode);
};

// The image's folder `root` becomes the root directory. 0, or -errno.
int fs_init(struct fs *fs);

#endif
