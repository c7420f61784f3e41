// Contexts and their windows. A context goes when neither of its capabilities has a user.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"
#include "lib/rt/random.h"
#include "servers/file/board.h"
#include "servers/file/cview.h"
#include "servers/file/desk.h"
#include "servers/file/heap.h"

static struct context *contexts[CONTEXTS_MAX];
static uint32_t generations[CONTEXTS_MAX];
static struct window *windows[WINDOWS_MAX];

void window_wait_end(struct window *window)
{
	lock_window_end(window);
	if (!window->waiting)
		return;
	pipe_forget(&window->wait);
	window->waiting = false;

	struct msg m = {.tag = TAG(0, 1), .words = {(uint64_t)-EINTR}};

	(void)server_answer(&file.server, window->wait.reply, &m);
}

void window_anchor_set(struct window *window, struct inode *inode, struct mount *mount)
{
	if (inode) {
		inode_hold(inode);
		mount_hold(mount);
	}
	if (window->anchor) {
		inode_put(&file.fs, window->anchor);
		mount_put(&file.fs, window->anchor_mount);
	}
	window->anchor = inode;
	window->anchor_mount = mount;
}

// A root or current directory becomes another one.
void context_place_set(struct inode **inode, struct mount **mount, struct inode *new,
		       struct mount *new_mount)
{
	inode_hold(new);
	mount_hold(new_mount);
	inode_put(&file.fs, *inode);
	mount_put(&file.fs, *mount);
	*inode = new;
	*mount = new_mount;
}

static void window_free(struct window *window)
{
	window_wait_end(window);
	sleeper_window_end(window);
	share_window_end(window);
	window_anchor_set(window, NULL, NULL);
	if (window->notification != 0) {
		(void)cnode_delete(file.cnode, window->notification, 1);
		slot_free(window->notification);
	}
	if (window->slot != 0) {
		(void)cnode_delete(file.cnode, window->slot, 1);
		slot_free(window->slot);
	}
	if (window->page != 0)
		store_put(&file.fs.store, window->page, WINDOW_PAGES);
	windows[window->token & 0xffff] = NULL;
	heap_put(window, sizeof *window);
}

static struct window *window_make(struct context *context, uint32_t i)
{
	struct window *window = heap_get(sizeof *window, HEAP_NORMAL);

	if (!window)
		return NULL;
	windows[i] = window;
	rt_random(&window->token, sizeof window->token);
	window->token = window->token << 16 | i;
	window->context = context;
	window->slot = slot_alloc();
	window->page = store_get(&file.fs.store, WINDOW_PAGES);
	if (window->slot == 0 || window->page == 0) {
		window_free(window);
		return NULL;
	}
	window->bytes = store_address(&file.fs.store, window->page);
	memset(window->bytes, 0, WINDOW_BYTES);
	return window;
}

static void context_window_end(struct context *context, uint32_t index)
{
	struct window **link = &context->windows;

	while (*link && (*link)->index != index)
		link = &(*link)->next;
	if (!*link)
		return;

	struct window *window = *link;

	*link = window->next;
	window_free(window);
}

struct window *window_attach(struct context *context, uint32_t index, int *error)
{
	uint32_t i = 0;

	context_window_end(context, index);
	while (i < WINDOWS_MAX && windows[i])
		i++;
	*error = -ENFILE;
	if (i == WINDOWS_MAX)
		return NULL;
	*error = -ENOMEM;

	struct window *window = window_make(context, i);

	if (!window)
		return NULL;
	window->index = index;
	window->next = context->windows;
	context->windows = window;
	return window;
}

struct window *window_find(uint64_t token)
{
	uint64_t i = token & 0xffff;

	if (i >= WINDOWS_MAX || !windows[i] || windows[i]->token != token)
		return NULL;
	return windows[i];
}

static void context_free(struct context *context)
{
	while (context->boards)
		board_free(context->boards);
	while (context->windows)
		context_window_end(context, context->windows->index);
	desk_context_end(context);
	cview_context_end(context);
	lock_context_end(context);
	grant_free(&context->user);
	grant_free(&context->owner);
	inode_put(&file.fs, context->cwd);
	inode_put(&file.fs, context->root);
	mount_put(&file.fs, context->cwd_mount);
	mount_put(&file.fs, context->root_mount);
	contexts[context->index] = NULL;
	heap_put(context, sizeof *context);
}

// Contexts whose capabilities never arrived are found when the table is full.
static void contexts_sweep(void)
{
	for (uint32_t i = 0; i < CONTEXTS_MAX; i++)
		if (contexts[i] && contexts[i]->owner.handed > 0 &&
		    grant_is_unused(&contexts[i]->user) &&
		    grant_is_unused(&contexts[i]->owner))
			context_free(contexts[i]);
}

static uint32_t context_index(void)
{
	static uint32_t hint;

	for (uint32_t n = 0; n < CONTEXTS_MAX; n++) {
		uint32_t i = (hint + n) % CONTEXTS_MAX;

		if (!contexts[i]) {
			hint = i;
			return i;
		}
	}
	return CONTEXTS_MAX;
}

struct context *context_make(const struct context *like)
{
	uint32_t index = context_index();
	struct context *context;

	if (index == CONTEXTS_MAX) {
		contexts_sweep();
		index = context_index();
	}
	if (index == CONTEXTS_MAX)
		return NULL;
	context = heap_get(sizeof *context, HEAP_NORMAL);
	if (!context)
		return NULL;
	contexts[index] = context;
	context->index = index;
	context->generation = ++generations[index];
	context->cred = like ? like->cred : (struct cred){.umask = 022};
	if (like)
		memcpy(context->groups, like->groups, sizeof context->groups);
	context->cred.groups = context->groups;
	context->root = like ? like->root : file.fs.root;
	context->cwd = like ? like->cwd : file.fs.root;
	context->root_mount = like ? like->root_mount : &file.fs.mounts[0];
	context->cwd_mount = like ? like->cwd_mount : &file.fs.mounts[0];
	inode_hold(context->root);
	inode_hold(context->cwd);
	mount_hold(context->root_mount);
	mount_hold(context->cwd_mount);
	if (!grant_make(&context->user, badge_make(BADGE_CONTEXT, index, context->generation)) ||
	    !grant_make(&context->owner, badge_make(BADGE_OWNER, index, context->generation))) {
		context_free(context);
		return NULL;
	}
	return context;
}

struct context *context_find(uint64_t badge)
{
	uint64_t index = badge >> 8 & 0xffffff;

	if (index >= CONTEXTS_MAX || !contexts[index] ||
	    contexts[index]->generation != badge >> 32)
		return NULL;
	return contexts[index];
}

void context_gone(uint64_t badge, uint64_t minted)
{
	struct context *context = context_find(badge);
	struct grant *grant;

	if (!context)
		return;
	grant = (badge & 0xff) == BADGE_OWNER ? &context->owner : &context->user;
	if (!grant_is_gone(grant, minted))
		return;
	grant->gone = true;
	if (context->user.gone && context->owner.gone)
		context_free(context);
}
