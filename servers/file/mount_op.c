// Methods of the interface name that mount, and those of control about mounts.
#include "servers/file/answer.h"

request_method name_op_mount, name_op_umount, control_op_mounts;

#define SILENT 0x8000u
#define PROPAGATION 0x1e0000u  // UNBINDABLE, PRIVATE, SLAVE, SHARED
#define PRIVATE 0x40000u
#define SLAVE 0x80000u

// Every mount is private: that is all that can be asked for.
static int propagation_set(struct request *r, const struct view *view, const char *target,
			   uint32_t flags)
{
	struct inode *inode;
	uint32_t kind = flags & PROPAGATION;
	int error;

	if ((flags & ~(PROPAGATION | MOUNT_RECURSIVE | SILENT)) || (kind != PRIVATE && kind != SLAVE))
		return -EINVAL;
	(void)r;
	error = name_get(&file.fs, view, target, WALK_FOLLOW, &inode);
	if (error != 0)
		return error;
	return inode == name_found_mount()->root ? 0 : -EINVAL;
}

// Texts: source, type, options.
static int mount_do(struct request *r, const struct view *view, const char *target,
		    char texts[3][PATH_LIMIT], uint32_t flags)
{
	desk_close_all();
	answers_forget_all();
	if (flags & MOUNT_REMOUNT)
		return mount_change(&file.fs, view, target, flags, texts[2], description_writes);
	if (flags & MOUNT_BIND)
		return mount_bind(&file.fs, view, texts[0], target, flags & MOUNT_RECURSIVE);
	if (flags & PROPAGATION)
		return propagation_set(r, view, target, flags);
	if (flags & MOUNT_MOVE)
		return mount_move(&file.fs, view, texts[0], target);
	return mount_new(&file.fs, view, texts[1], texts[0], target, flags, texts[2]);
}

// What another server makes up is neither mounted on nor shown elsewhere.
int64_t name_op_mount(struct request *r)
{
	static char texts[3][PATH_LIMIT];
	uint32_t flags = (uint32_t)r->words[4];
	const char *target, *text;
	struct view view;
	int error = request_window(r, r->words[0]);

	if (error == 0)
		error = request_path(r, r->words[1], 0, &target);
	for (unsigned i = 0; error == 0 && i < 3; i++) {
		error = request_path(r, r->words[i < 2 ? i + 2 : 5], 1, &text);
		if (error == 0)
			strcpy(texts[i], text);
	}
	if (error != 0)
		return error;
	if (r->context->cred.uid != 0)
		return -EPERM;
	request_view(r, &view);
	error = mount_do(r, &view, target, texts, flags & ~SILENT);
	return error == -EREMOTE ? -EINVAL : error;
}

int64_t name_op_umount(struct request *r)
{
	const char *target;
	struct view view;
	int error = request_window(r, r->words[0]);

	if (error == 0)
		error = request_path(r, r->words[1], 0, &target);
	if (error != 0)
		return error;
	if (r->context->cred.uid != 0)
		return -EPERM;
	desk_close_all();
	answers_forget_all();
	request_view(r, &view);
	error = mount_end(&file.fs, &view, target, (uint32_t)min_u64(r->words[2], UINT32_MAX));
	return error == -EREMOTE ? -EINVAL : error;
}

// As many lines as the window has room for, from number words[1] on.
int64_t control_op_mounts(struct request *r)
{
	uint64_t i = r->words[1], used = 0;
	int error = request_window(r, r->words[0]);

	if (error != 0)
		return error;
	for (; i < MOUNTS_MAX; i++) {
		int64_t n = mount_line(&file.fs, (uint32_t)i, (char *)r->window->bytes + used,
				       WINDOW_BYTES - used);

		if (n < 0 && used > 0)
			break;
		used += n > 0 ? (uint64_t)n : 0;
	}
	r->out[1] = i;
	r->out_words = 2;
	return (int64_t)used;
}
