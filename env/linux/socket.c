// Making sockets, and what is asked of them and set. Only AF_UNIX is there.
#include "env/linux/socket.h"
#include "protocol/gen/net.h"
#include "protocol/gen/socket.h"

int64_t socket_find(uint64_t fd, struct handle *handle)
{
	int64_t err = handle_find(fd, handle);

	if (err)
		return err;
	return handle->kind == HANDLE_SOCKET ? 0 : -ENOTSOCK;
}

// The type to ask the server for, or -errno, found in Linux's order.
static int64_t type_check(uint64_t family, uint64_t type, uint64_t protocol)
{
	uint32_t kind = (uint32_t)type & SOCK_TYPE_MASK;

	if ((uint32_t)type & ~(SOCK_TYPE_MASK | O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	if ((uint32_t)family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (kind >= SOCK_MAX)
		return -EINVAL;
	if ((uint32_t)family != AF_UNIX)
		return -EAFNOSUPPORT;
	if ((uint32_t)protocol != 0 && (uint32_t)protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (kind == SOCK_RAW)
		kind = SOCK_DGRAM;  // as Linux has it
	if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	return kind;
}

// Into a reserved handle, whose slot is the receive slot.
static int64_t make(int64_t index, cap_t from, struct msg m)
{
	struct window_call call = {.cap = from, .kind = WINDOW_NET, .m = m};
	int64_t result;

	msg_set_receive(handle_slot(index), 1);
	result = window_call(&call);
	if (result == 0 && msg_get_cap(&call.m, 0) != handle_slot(index))
		result = -EIO;
	if (result == 0)
		handle_set(index, HANDLE_SOCKET, TYPE_SOCKET);
	return result;
}

static struct msg make_first(uint64_t kind, uint64_t type)
{
	return (struct msg){.tag = TAG(NET_SOCKET, 2), .words = {0, kind | (type & O_NONBLOCK)}};
}

int64_t call_socket(uint64_t family, uint64_t type, uint64_t protocol)
{
	int64_t kind = type_check(family, type, protocol), index, result;

	if (kind < 0)
		return kind;
	index = handle_reserve();
	if (index < 0)
		return index;
	result = make(index, LINUX_SLOT_NET, make_first((uint64_t)kind, type));
	if (result) {
		handle_release(index);
		return result;
	}
	return handle_install(index, type & O_CLOEXEC);
}

static int64_t pair_install(int64_t first, int64_t second, uint64_t out, bool cloexec)
{
	int64_t a = handle_install(first, cloexec), b;
	int32_t pair[2];

	if (a < 0) {
		handle_release(second);
		return a;
	}
	b = handle_install(second, cloexec);
	pair[0] = (int32_t)a;
	pair[1] = (int32_t)b;
	if (b >= 0 && user_put(out, pair, sizeof pair) == 0)
		return 0;
	(void)handle_close((uint64_t)a);
	if (b >= 0)
		(void)handle_close((uint64_t)b);
	return b < 0 ? b : -EFAULT;
}

int64_t call_socketpair(uint64_t family, uint64_t type, uint64_t protocol, uint64_t out)
{
	int64_t kind = type_check(family, type, protocol), first, second, result;

	if (kind < 0)
		return kind;
	if (!user_is_range(out, 8) || user_probe(out, 8))
		return -EFAULT;
	first = handle_reserve();
	if (first < 0)
		return first;
	second = handle_reserve();
	result = second < 0 ? second : make(first, LINUX_SLOT_NET, make_first((uint64_t)kind, type));
	if (result == 0)
		result = make(second, handle_slot(first), (struct msg){.tag = TAG(SOCKET_PAIR, 1)});
	if (result == 0)
		return pair_install(first, second, out, type & O_CLOEXEC);
	handle_release(first);
	if (second >= 0)
		handle_release(second);
	return result;
}

// A call with a few words.
static int64_t simple(uint64_t fd, struct msg m)
{
	struct window_call call = {.kind = WINDOW_NET, .m = m};
	struct handle handle;
	int64_t err = socket_find(fd, &handle);

	call.cap = handle.cap;
	return err ? err : window_call(&call);
}

int64_t call_listen(uint64_t fd, uint64_t backlog)
{
	return simple(fd, (struct msg){.tag = TAG(SOCKET_LISTEN, 2), .words = {0, (uint32_t)backlog}});
}

int64_t call_shutdown(uint64_t fd, uint64_t how)
{
	struct msg m = {.tag = TAG(SOCKET_SHUTDOWN, 1), .words = {(uint32_t)how}};
	struct handle handle;
	int64_t err = socket_find(fd, &handle);

	if (err)
		return err;
	err_t failed = sys_call(handle.cap, &m);

	return answer_get(failed, m.words[0]);
}

static int64_t option_ask(const struct handle *handle, uint64_t option, struct msg *m)
{
	struct window_call call = {.cap = handle->cap, .kind = WINDOW_NET,
				   .m = {.tag = TAG(SOCKET_GET_OPTION, 2), .words = {0, option}}};
	int64_t result = window_call(&call);

	*m = call.m;
	return result;
}

int64_t socket_option(const struct handle *handle, uint64_t option)
{
	struct msg m;
	int64_t result = option_ask(handle, option, &m);

	return result < 0 ? result : (int64_t)(uint32_t)m.words[1];
}

int64_t socket_restart(const struct handle *handle, int64_t result, uint64_t timeout_option)
{
	struct msg m;

	if (result != -RESTART || option_ask(handle, timeout_option, &m) < 0)
		return result;
	return m.words[1] || m.words[2] ? -EINTR : result;
}

int64_t call_getsockopt(uint64_t fd, uint64_t level, uint64_t option, uint64_t value, uint64_t size)
{
	struct handle handle;
	struct msg m;
	int32_t room;
	int64_t result = socket_find(fd, &handle);

	if (result)
		return result;
	if ((uint32_t)level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (user_get(&room, size, sizeof room))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	result = option_ask(&handle, (uint32_t)option, &m);
	if (result < 0)
		return result;
	if (room > result)
		room = (int32_t)result;
	return user_put(value, &m.words[1], (size_t)room) || user_put(size, &room, sizeof room) ? -EFAULT : 0;
}

int64_t call_setsockopt(uint64_t fd, uint64_t level, uint64_t option, uint64_t value, uint64_t size)
{
	struct msg m = {.tag = TAG(SOCKET_SET_OPTION, 5), .words = {0, (uint32_t)option, (uint32_t)size}};
	struct handle handle;
	int64_t err = socket_find(fd, &handle);

	if (err)
		return err;
	if ((int32_t)size < 0)
		return -EINVAL;
	if ((uint32_t)level != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (user_get(&m.words[3], value, (uint32_t)size < 16 ? (uint32_t)size : 16))
		return -EFAULT;
	return simple(fd, m);
}
