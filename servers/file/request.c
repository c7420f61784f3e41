// From a message to the method that answers it.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"
#include "servers/file/cview.h"
#include "protocol/gen/context.h"
#include "protocol/gen/control.h"
#include "protocol/gen/file.h"
#include "protocol/gen/name.h"
#include "protocol/gen/wait.h"
#include "servers/file/timer.h"

struct method {
	request_method *call;
	uint8_t words, caps;
};

#define DECLARE_context(name, words, caps) request_method context_op_##name;
#define DECLARE_name(name, words, caps) request_method name_op_##name;
#define DECLARE_file(name, words, caps) request_method file_op_##name;
#define DECLARE_wait(name, words, caps) request_method wait_op_##name;
#define DECLARE_control(name, words, caps) request_method control_op_##name;
CONTEXT_METHODS(DECLARE_context)
NAME_METHODS(DECLARE_name)
FILE_METHODS(DECLARE_file)
CONTROL_METHODS(DECLARE_control)
WAIT_METHODS(DECLARE_wait)

#define ROW_context(name, words, caps) {context_op_##name, words, caps},
#define ROW_name(name, words, caps) {name_op_##name, words, caps},
#define ROW_file(name, words, caps) {file_op_##name, words, caps},
#define ROW_wait(name, words, caps) {wait_op_##name, words, caps},
#define ROW_control(name, words, caps) {control_op_##name, words, caps},
static const struct method context_methods[] = {CONTEXT_METHODS(ROW_context)};
static const struct method name_methods[] = {NAME_METHODS(ROW_name)};
static const struct method file_methods[] = {FILE_METHODS(ROW_file)};
static const struct method wait_methods[] = {WAIT_METHODS(ROW_wait)};
static const struct method control_methods[] = {CONTROL_METHODS(ROW_control)};

#define INTERFACE(methods) {methods, sizeof methods / sizeof methods[0]}
static const struct {
	const struct method *methods;
	size_t count;
} interfaces[] = {
	[CONTEXT_ATTACH >> 8] = INTERFACE(context_methods),
	[NAME_OPEN >> 8] = INTERFACE(name_methods),
	[FILE_READ >> 8] = INTERFACE(file_methods),
	[CONTROL_MAKE >> 8] = INTERFACE(control_methods),
	[WAIT_BOARD >> 8] = INTERFACE(wait_methods),
};

static const struct method *method_find(uint32_t label)
{
	uint32_t interface = label >> 8, number = label & 0xff;

	if (interface >= sizeof interfaces / sizeof interfaces[0] || number == 0 ||
	    number > interfaces[interface].count)
		return NULL;
	return &interfaces[interface].methods[number - 1];
}

// Is the badge one that this interface is invoked on? Fills in who asks.
static int badge_check(struct request *r, uint32_t interface)
{
	uint64_t badge = r->m->badge, kind = badge & 0xff;

	if (badge == BADGE_CONTROL)
		return interface == CONTROL_MAKE >> 8 ? 0 : -EBADF;
	if (kind == BADGE_CONTEXT || kind == BADGE_OWNER) {
		r->context = context_find(badge);
		r->is_owner = kind == BADGE_OWNER;
		if (!r->context || interface == FILE_READ >> 8)
			return -EBADF;
	} else if (kind == BADGE_DESCRIPTION) {
		r->description = description_find(badge);
		if (!r->description || interface == CONTEXT_ATTACH >> 8)
			return -EBADF;
	} else {
		return -EBADF;
	}
	return interface == CONTROL_MAKE >> 8 ? -EPERM : 0;
}

int request_window(struct request *r, uint64_t token)
{
	struct window *window = window_find(token);

	if (!window || (r->context && r->context != window->context))
		return -EFAULT;
	// A thread has one call under way: what it waited for before is over.
	window_wait_end(window);
	r->window = window;
	r->context = window->context;
	return 0;
}

// Copy up to the first NUL, and not more than `room` bytes: the length, or `room`. The client may write
// while this reads, so each byte is read once.
static size_t text_copy(char *to, const uint8_t *from, size_t room)
{
	const uint64_t ones = 0x0101010101010101, highs = ones << 7;
	size_t i = 0;

	for (; i + 8 <= room; i += 8) {
		uint64_t word, zero;

		memcpy(&word, from + i, 8);
		memcpy(to + i, &word, 8);
		zero = (word - ones) & ~word & highs;
		if (zero)
			return i + (size_t)__builtin_ctzll(zero) / 8;
	}
	for (; i < room; i++) {
		to[i] = (char)*(const volatile uint8_t *)(from + i);
		if (to[i] == 0)
			return i;
	}
	return room;
}

int request_path(struct request *r, uint64_t offset, unsigned place, const char **path)
{
	static char paths[2][PATH_LIMIT];
	uint64_t room = offset < WINDOW_BYTES ? WINDOW_BYTES - offset : 0;
	uint64_t n = min_u64(room, PATH_LIMIT);

	*path = paths[place];
	if (place == 0)
		r->path = paths[0];
	if (n == 0)
		return -EFAULT;
	if (text_copy(paths[place], r->window->bytes + offset, n) < n)
		return 0;
	return n == PATH_LIMIT ? -ENAMETOOLONG : -EFAULT;
}

void request_view(const struct request *r, struct view *view)
{
	view->cred = r->context->cred;
	view->root = r->context->root;
	view->root_mount = r->context->root_mount;
	view->start = r->description ? r->description->inode : r->context->cwd;
	view->start_mount = r->context->cwd_mount;
	if (r->description)
		view->start_mount = r->description->mount ? r->description->mount :
							    &file.fs.mounts[0];
}

static int64_t request_call(struct request *r)
{
	uint32_t label = tag_label(r->m->tag);
	const struct method *method = method_find(label);
	int error;

	if (!method)
		return -ENOSYS;
	if (tag_words(r->m->tag) < method->words || tag_caps(r->m->tag) < method->caps)
		return -EINVAL;
	error = badge_check(r, label >> 8);
	if (error != 0)
		return error;
	if (r->description)
		cview_settle(r->description->inode);
	return method->call(r);
}

// Capabilities that came along and were not kept have no business here.
static void arrived_drop(const struct msg *m)
{
	cap_t arrived = msg_get_cap(m, 0);

	if (arrived != 0 && arrived == file.receive)
		(void)cnode_delete(file.cnode, arrived, 1);
}

static void item_put(const struct request *r)
{
	const struct window *window = r->window;
	const struct store_region *region = store_region(&file.fs.store, window->page);

	sys_block()->items[0] = (struct abi_map_item){
		.source = region->frame,
		.dest = window->slot,
		.address = r->words[1],
		.first = window->page - region->first,
		.count = WINDOW_PAGES,
		.rights = FRAME_READ | FRAME_WRITE,
	};
}

static void reply_put(struct request *r, struct msg *m)
{
	*m = (struct msg){.tag = TAG(0, r->out_words) | TAG_CAPS(r->caps) | TAG_ITEMS(r->item ? 1 : r->items)};
	msg_set_words(m, 0, r->out, r->out_words);
	for (uint32_t i = 0; i < r->caps; i++)
		msg_set_cap(i, r->cap[i]);
	if (r->item)
		item_put(r);
}

static void gone(uint64_t badge, uint64_t minted)
{
	uint64_t kind = badge & 0xff;

	if (kind == BADGE_DESCRIPTION)
		description_gone(badge, minted);
	else if (kind == BADGE_CONTEXT || kind == BADGE_OWNER)
		context_gone(badge, minted);
}

// What another server makes up: its path there, in the window.
static uint32_t remote_put(struct request *r)
{
	const char *path = name_remote();

	if (!path)
		return 1;
	r->out[1] = strlen(path);
	memcpy(r->window->bytes, path, r->out[1] + 1);
	return 2;
}

void request_handle(struct server *server, struct msg *m)
{
	static struct request r;
	int64_t result;

	if (tag_kind(m->tag) == KIND_NO_SENDERS)
		gone(m->badge, m->words[0]);
	if (tag_kind(m->tag) == KIND_NOTIFICATION)
		timer_expire();
	if (tag_kind(m->tag) != KIND_MESSAGE)
		return;
	r.context = NULL;
	r.is_owner = false;
	r.description = NULL;
	r.window = NULL;
	r.path = NULL;
	r.caps = 0;
	r.item = r.kept = false;
	r.items = 0;
	r.server = server;
	r.m = m;
	r.out_words = 1;
	memcpy(r.words, m->words, sizeof r.words);
	result = request_call(&r);
	arrived_drop(m);
	if (r.kept)
		return;
	r.out[0] = (uint64_t)result;
	if (result < 0) {
		r.out_words = result == -EREMOTE && r.window ? remote_put(&r) : 1;
		r.caps = 0;
		r.item = false;
		r.items = 0;
	}
	reply_put(&r, m);
}
