// The server's own state: contexts, windows, open file descriptions, and the request in hand.
//
// Who asks is told by the badge: kind, index, generation. Nothing in a message is believed but the
// tokens of windows, which cannot be guessed.
#ifndef FILE_FILE_H
#define FILE_FILE_H

#include "servers/file/base.h"

#include "lib/msg/server.h"
#include "lib/rt/component.h"
#include "servers/file/mount.h"
#include "servers/file/name.h"
#include "servers/file/event.h"
#include "servers/file/pipe.h"

#define WINDOW_BYTES 16384u
#define WINDOW_PAGES (WINDOW_BYTES / PAGE)
#define CONTEXT_WINDOWS 1024  // one for each thread
#define CONTEXT_CVIEWS 32
#define CONTEXTS_MAX 1024
#define WINDOWS_MAX 4096
#define DESCRIPTIONS_MAX 4096
#define IDLE_MAX 256u  // descriptions kept for the next open
#define NO_OFFSET UINT64_MAX
#define GROUPS_MAX 32

#define BADGE_CONTROL 1
enum badge_kind { BADGE_CONTEXT = 0x11, BADGE_OWNER = 0x12, BADGE_DESCRIPTION = 0x13 };

// A watched slot, and how often its capability was handed out.
struct grant {
	cap_t slot;
	uint64_t handed;
	bool gone;  // nobody has it any more
};

struct context {
	uint32_t index, generation;
	struct grant user, owner;
	struct cred cred;  // its groups are below
	uint32_t groups[GROUPS_MAX];
	struct inode *root, *cwd;
	struct mount *root_mount, *cwd_mount;
	struct window *windows;  // a list
	struct cview *cviews[CONTEXT_CVIEWS];
	struct board *boards;
	struct desk *desks;
	bool locked;  // had a lock of a range
};

struct window {
	struct window *next;  // of its context
	uint32_t index;       // which of the context's
	uint64_t token;
	struct context *context;
	uint32_t page;   // first of WINDOW_PAGES in the store
	cap_t slot;      // what is mapped for the client
	uint8_t *bytes;
	bool waiting;    // `wait` has a caller
	struct pipe_wait wait;
	struct sleeper *sleepers;
	uint32_t sleeper_count;
	cap_t notification;  // what they signal; 0: none came yet
	struct inode *anchor;  // where a second name starts; held, or null
	struct mount *anchor_mount;
};

struct description {
	uint32_t index, generation;
	struct grant grant;
	uint32_t flags;       // O_*
	struct inode *inode;  // held; null: idle, nobody has its capability
	struct mount *mount;  // where it was found; held, or null
	struct source *source;  // of what may have to be waited for, or null
	struct pipe *pipe;    // of a pipe's end
	uint32_t opened_seen; // then: how often the other end had been opened
	struct event *event;
	struct set *set;
	bool is_signal;       // signalfd
	uint64_t mask;        // of it
	struct cred cred;     // of who opened it, without groups
	uint64_t offset;      // of a directory: the cookie; of a file: while there is no page
	uint32_t page;        // of the store, which clients write; or 0
	uint64_t room_end;    // clients may make the file as long as this
	struct description *next_paged;
	struct description *next_idle;
	struct desk *desk;    // it is leased to; null: none
	uint32_t lease;       // as this handle
	bool is_parked;       // nothing is open, but its process has the capability
	struct description *next_leased;  // of the same file
};

struct request {
	struct server *server;
	struct msg *m;
	uint64_t words[8];
	struct context *context;          // of the badge, or of the window's token
	bool is_owner;
	struct description *description;  // of the badge, or null
	struct window *window;
	const char *path;                 // the first one, as it was copied
	uint32_t out_words;               // of the reply, with the result
	uint64_t out[64];
	uint32_t caps;
	cap_t cap[2];
	bool item;                        // the window is to be mapped, at words[1]
	uint32_t items;                   // that lie in the block already
	bool kept;                        // answered later
};

struct file {
	struct fs fs;
	struct server server;
	cap_t endpoint, cnode;
	const struct component_region *image;
	cap_t receive;  // slot for a capability that arrives
};
extern struct file file;

// grant.c
bool grant_make(struct grant *grant, uint64_t badge);
cap_t grant_hand(struct grant *grant);
bool grant_is_gone(struct grant *grant, uint64_t minted);
bool grant_is_unused(const struct grant *grant);
// One capability is all that was ever made of it and is still there.
bool grant_is_sole(const struct grant *grant);
void grant_free(struct grant *grant);
static inline uint64_t badge_make(enum badge_kind kind, uint32_t index, uint32_t generation)
{
	return (uint64_t)generation << 32 | (uint64_t)index << 8 | kind;
}

// context.c
struct context *context_make(const struct context *like);
struct context *context_find(uint64_t badge);
void context_gone(uint64_t badge, uint64_t minted);
struct window *window_attach(struct context *context, uint32_t index, int *error);
struct window *window_find(uint64_t token);
void window_wait_end(struct window *window);
void window_anchor_set(struct window *window, struct inode *inode, struct mount *mount);
void context_place_set(struct inode **inode, struct mount **mount, struct inode *new,
		       struct mount *new_mount);

// description.c
// Takes over the reference, also when it fails.
struct description *description_make(struct inode *inode, uint32_t flags,
				     const struct cred *cred);
struct description *description_find(uint64_t badge);
struct description *description_get(uint32_t index);  // or null
// Let go of what it is open on, but keep it for the one who has its capability; and open it again.
void description_park(struct description *description);
void description_again(struct description *description, struct inode *inode, uint32_t flags,
		       const struct cred *cred);
struct inode *description_inode(uint32_t index);  // null: there is none of that number
void description_mount_set(struct description *description, struct mount *mount);
// Is a file of the mount open for writing?
bool description_writes(const struct mount *mount);
void description_gone(uint64_t badge, uint64_t minted);
// Nobody has its capability, or none was handed out.
void description_free(struct description *description);
// Give back what idle ones hold.
void descriptions_trim(void);
// POLL* bits of what would not wait.
uint32_t description_ready(const struct description *description);

// map.c
int64_t map_get(struct inode *inode, uint64_t page, uint64_t count, uint64_t *first, cap_t *cap);
int64_t map_get_writable(struct inode *inode, uint64_t page, uint64_t *first, cap_t *cap);
bool map_is_writable(const struct inode *inode);  // has somebody pages of it that can be written?
void map_unshare(struct fs *fs, struct inode *inode);

// device.c
int64_t device_read(const struct inode *inode, void *to, uint32_t length);
int64_t device_write(const struct inode *inode, uint32_t length);
bool device_is_known(const struct inode *inode);
cap_t device_registered(uint64_t device, uint64_t *kind);
void device_forget(uint64_t device);
int64_t device_register(uint64_t device, uint64_t kind, cap_t capability);

// socket.c
int64_t socket_register(cap_t capability);
// Let the inode lead to the address that arrived. 0 or -errno.
int64_t socket_set(struct inode *inode, cap_t arrived);
void socket_end(struct inode *inode);
// The slot that the inode leads to, 0: nobody is there.
cap_t socket_get(const struct inode *inode);

// pipeend.c
int pipe_make_ends(uint32_t flags, const struct cred *cred, struct description *ends[2]);
int pipe_open(struct description *description);  // of a FIFO: 0 or -errno
void pipe_end_close(struct description *description);
int64_t pipe_transfer(struct request *r, bool write);
int64_t pipe_open_wait(struct request *r);  // until the other end is open
int64_t pipe_size_set(struct description *d, uint64_t size);  // 0: only ask
void pipe_changed(struct pipe *pipe, uint32_t events);
uint32_t pipe_poll(const struct description *d);
bool window_answer(struct pipe_wait *wait, int64_t result);
bool request_wait(struct request *r);

// wait_op.c
int64_t event_transfer(struct request *r, bool write);

// lock_op.c: who or what waits or locks is gone.
void lock_window_end(const struct window *window);
void lock_description_end(struct description *description);
void lock_context_end(const struct context *context);

// node.c: what another server makes up (fs.h, struct remote).
int64_t node_list(struct description *d, uint8_t *to, uint64_t size);

// request.c: the window of the request's token, and a path in it (copied to one of two places).
int request_window(struct request *r, uint64_t token);
int request_path(struct request *r, uint64_t offset, unsigned place, const char **path);
// Word i of a request that may be shorter.
static inline uint64_t request_word(const struct request *r, unsigned i, uint64_t missing)
{
	return i < tag_words(r->m->tag) ? r->words[i] : missing;
}

void request_view(const struct request *r, struct view *view);
void request_handle(struct server *server, struct msg *m);

typedef int64_t request_method(struct request *r);

#endif
