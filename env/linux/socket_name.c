// Addresses: bind, connect, accept, and who is who.
//
// A name of the file system is looked up by the file server, with its permissions; what it answers with
// is the address capability of the socket, which the net server then takes.
#include "abi/gen/stubs.h"
#include "env/linux/socket.h"
#include "protocol/gen/name.h"
#include "protocol/gen/socket.h"

int64_t address_get(struct address *a, uint64_t user, uint64_t size)
{
	uint32_t length = (uint32_t)size;
	char all[ADDRESS_MAX];

	*a = (struct address){0};
	if (length > ADDRESS_MAX)
		return -EINVAL;
	if (length && user_get(all, user, length))
		return -EFAULT;
	if (length < 2)
		return -EINVAL;
	memcpy(&a->family, all, 2);
	a->size = length - 2;
	memcpy(a->bytes, all + 2, a->size);
	return 0;
}

bool address_is_path(const struct address *a) { return a->size && a->bytes[0]; }

// As Linux looks at it: 0 or -EINVAL.
static int64_t address_check(const struct address *a)
{
	return a->family == AF_UNIX && a->size && a->size <= PATH_SIZE ? 0 : -EINVAL;
}

// The name up to its NUL; room for one is there.
static void path_cut(struct address *a)
{
	a->bytes[a->size] = 0;
	a->size = (uint32_t)strlen(a->bytes) + 1;
}

static int64_t fill_name(struct window_call *call, char *window)
{
	return window_write(window + SOCKET_NAME, (const void *)call->user[0], call->size);
}

static int64_t name_call(cap_t cap, const struct address *a, struct msg m)
{
	struct window_call call = {.cap = cap, .kind = WINDOW_NET, .m = m, .fill = fill_name,
				   .user = {(uint64_t)a->bytes}, .size = a->size};

	return window_call(&call);
}

static int64_t bind_name(cap_t cap, const struct address *a)
{
	return name_call(cap, a, (struct msg){.tag = TAG(SOCKET_BIND, 2), .words = {0, a->size}});
}

static int64_t path_do(const struct address *a, struct msg m) { return path_call_text(a->bytes, &m); }

static int64_t path_remove(const struct address *a)
{
	return path_do(a, (struct msg){.tag = TAG(NAME_UNLINK, 3), .words = {0, PATH_FIRST, 0}});
}

// It has a name: Linux makes the inode before it sees that, so a name that cannot be made counts first.
static int64_t bind_again(const struct address *a)
{
	struct msg m = {.tag = TAG(NAME_MKNOD, 4), .words = {0, PATH_FIRST, 0140777, 0}};
	int64_t result = path_do(a, m);

	if (result)
		return result == -EEXIST ? -EADDRINUSE : result;
	(void)path_remove(a);
	return -EINVAL;
}

static int64_t bind_path(cap_t cap, struct address *a)
{
	struct window_call begin = {.cap = cap, .kind = WINDOW_NET, .m = {.tag = TAG(SOCKET_BIND_BEGIN, 1)}};
	int64_t index = handle_reserve_spare(), result;

	if (index < 0)
		return -ENOMEM;
	path_cut(a);
	result = window_call(&begin);
	if (result == 0) {
		msg_set_cap(0, handle_slot(index));
		result = path_do(a, (struct msg){.tag = TAG(NAME_BIND, 3) | TAG_CAPS(1),
						 .words = {0, PATH_FIRST, 0777}});
		if (result == 0) {
			result = bind_name(cap, a);
			if (result)
				(void)path_remove(a);
		}
	} else if (result == -EINVAL) {
		result = bind_again(a);
	}
	handle_release(index);
	return result;
}

int64_t call_bind(uint64_t fd, uint64_t user, uint64_t size)
{
	struct handle handle;
	struct address a;
	int64_t err = socket_find(fd, &handle);

	if (!err)
		err = address_get(&a, user, size);
	if (err)
		return err;
	if (a.family == AF_UNIX && a.size == 0)
		return bind_name(handle.cap, &a);
	err = address_check(&a);
	if (err)
		return err;
	return address_is_path(&a) ? bind_path(handle.cap, &a) : bind_name(handle.cap, &a);
}

int64_t address_find(const struct address *a)
{
	struct address path = *a;
	int64_t err = address_check(a), index;

	if (err)
		return err;
	index = handle_reserve_spare();
	if (index < 0)
		return -ENOMEM;
	path_cut(&path);
	err = path_do(&path, (struct msg){.tag = TAG(NAME_SOCKET, 2), .words = {0, PATH_FIRST}});
	if (err == 0)
		return index;
	handle_release(index);
	return err;
}

static int64_t connect_to(cap_t cap, const struct address *a)
{
	struct msg m = {.tag = TAG(SOCKET_CONNECT, 2) | TAG_INTERRUPTIBLE, .words = {0, a->size}};
	int64_t index, result;

	if (!address_is_path(a))
		return name_call(cap, a, m);
	index = address_find(a);
	if (index < 0)
		return index;
	msg_set_cap(0, handle_slot(index));
	m.tag |= TAG_CAPS(1);
	m.words[1] = 0;
	result = name_call(cap, &(struct address){0}, m);
	handle_release(index);
	return result;
}

int64_t call_connect(uint64_t fd, uint64_t user, uint64_t size)
{
	struct handle handle;
	struct address a;
	int64_t err = socket_find(fd, &handle);

	if (!err)
		err = address_get(&a, user, size);
	if (err)
		return err;
	if (a.family == AF_UNSPEC)
		a.size = 0;
	else
		err = address_check(&a);
	return err ? err : socket_restart(&handle, connect_to(handle.cap, &a), SO_SNDTIMEO);
}

int64_t address_put(uint64_t user, uint64_t user_size, uint64_t size, uint64_t least)
{
	char all[2 + SOCKET_NAME_MAX] = {AF_UNIX, 0};
	int32_t room, length = (int32_t)(size ? size + 2 : least);

	if (user_get(&room, user_size, sizeof room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (size > SOCKET_NAME_MAX || window_read(all + 2, window_memory(WINDOW_NET) + SOCKET_NAME, size))
		return -EIO;
	if (user_put(user, all, (size_t)(room < length ? room : length)))
		return -EFAULT;
	return user_put(user_size, &length, sizeof length);
}

static int64_t name_get(uint64_t fd, uint64_t user, uint64_t user_size, uint64_t which)
{
	struct window_call call = {.kind = WINDOW_NET,
				   .m = {.tag = TAG(SOCKET_GET_NAME, 2), .words = {0, which}}};
	struct handle handle;
	int64_t result = socket_find(fd, &handle);

	if (result)
		return result;
	call.cap = handle.cap;
	result = window_call(&call);
	return result < 0 ? result : address_put(user, user_size, (uint64_t)result, 2);
}

int64_t call_getsockname(uint64_t fd, uint64_t user, uint64_t size) { return name_get(fd, user, size, 0); }
int64_t call_getpeername(uint64_t fd, uint64_t user, uint64_t size) { return name_get(fd, user, size, 1); }

int64_t call_accept4(uint64_t fd, uint64_t user, uint64_t user_size, uint64_t flags)
{
	struct window_call call = {.kind = WINDOW_NET, .m = {.tag = TAG(SOCKET_ACCEPT, 2) | TAG_INTERRUPTIBLE,
							     .words = {0, flags & O_NONBLOCK}}};
	struct handle handle;
	int64_t result = socket_find(fd, &handle), index;

	if ((uint32_t)flags & ~(O_NONBLOCK | O_CLOEXEC))
		return result == -EBADF ? result : -EINVAL;
	if (result)
		return result;
	index = handle_reserve();
	if (index < 0)
		return index;
	call.cap = handle.cap;
	result = socket_restart(&handle, window_call(&call), SO_RCVTIMEO);
	if (result == 0 && msg_get_cap(&call.m, 0) != handle_slot(index))
		result = -EIO;
	if (result == 0 && user)
		result = address_put(user, user_size, call.m.words[1], 2);
	if (result) {
		handle_release(index);
		return result;
	}
	handle_set(index, HANDLE_SOCKET, TYPE_SOCKET);
	return handle_install(index, flags & O_CLOEXEC);
}

int64_t call_accept(uint64_t fd, uint64_t user, uint64_t user_size)
{
	return call_accept4(fd, user, user_size, 0);
}
