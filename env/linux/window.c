// Transfer windows: memory of a server in which names and data travel.
//
// A thread has one window for each kind of server, attached at the first use. The token in its block
// names it; a server that does not know the token any more (it was restarted, the context was
// exchanged) answers -EFAULT, and the window is made anew once.
#include "env/linux/library.h"
#include "protocol/gen/context.h"
#include "protocol/gen/file.h"
#include "protocol/gen/net.h"
#include "protocol/gen/process.h"

char *window_memory(uint8_t kind) { return (char *)env_window(thread_get()->index, kind); }

uint8_t window_kind(const struct handle *handle)
{
	switch (handle->kind) {
	case HANDLE_TERMINAL:
		return WINDOW_TERMINAL;
	case HANDLE_SOCKET:
		return WINDOW_NET;
	default:
		return WINDOW_FILE;
	}
}

// The net server's windows are attached through the program's own capability, which it gets when it
// first needs it.
static err_t net_renew(uint64_t old, uint64_t address, uint64_t *result, uint64_t *token, uint64_t *size)
{
	err_t err = net_attach(LINUX_SLOT_NET, old, address, result, token, size);

	if (err != ERR_CAP_INVALID)
		return err;
	err = process_net(LINUX_SLOT_PROCESS, result);
	return err || *result ? err : net_attach(LINUX_SLOT_NET, 0, address, result, token, size);
}

// On a capability of this process's own, so that the terminal server knows who speaks.
static err_t terminal_attach(struct linux_thread *thread, uint64_t address, uint64_t *result, uint64_t *token,
			     uint64_t *size)
{
	uint64_t old = thread->window_token[WINDOW_TERMINAL], given = 0;
	err_t err = file_attach(LINUX_SLOT_TERMINAL, old, address, result, token, size);

	if (err != ERR_CAP_INVALID && err != ERR_CAP_TYPE)
		return err;
	err = process_terminal(LINUX_SLOT_PROCESS, &given);
	if (err || given) {
		*result = given;
		return err;
	}
	msg_set_window(address, WINDOW_SIZE / PAGE_SIZE);
	return file_attach(LINUX_SLOT_TERMINAL, old, address, result, token, size);
}

// Attach, or attach again. The file server finds the window by index; others by the old token.
static uint64_t window_renew(uint8_t kind, cap_t cap, int64_t *error)
{
	struct linux_thread *thread = thread_get();
	uint64_t address = env_window(thread->index, kind);
	uint64_t result = 0, token = 0, size = 0;
	err_t err;

	msg_set_window(address, WINDOW_SIZE / PAGE_SIZE);
	if (kind == WINDOW_FILE)
		err = context_attach(LINUX_SLOT_CONTEXT, thread->index, address, &result, &token, &size);
	else if (kind == WINDOW_NET)
		err = net_renew(thread->window_token[kind], address, &result, &token, &size);
	else if (kind == WINDOW_TERMINAL)
		err = terminal_attach(thread, address, &result, &token, &size);
	else
		err = file_attach(cap, thread->window_token[kind], address, &result, &token, &size);
	msg_set_window(0, 0);
	*error = answer_get(err, result);
	if (*error == 0 && (token == 0 || size < WINDOW_SIZE))
		*error = -EIO;
	thread->window_token[kind] = *error ? 0 : token;
	return *error ? 0 : token;
}

uint64_t window_get(uint8_t kind, cap_t cap, int64_t *error)
{
	uint64_t token = thread_get()->window_token[kind];

	return token ? token : window_renew(kind, cap, error);
}

static int64_t call_once(struct window_call *call, struct msg *m)
{
	int64_t err = 0;
	uint64_t token = window_get(call->kind, call->cap, &err);

	if (!token)
		return err;
	if (call->fill) {
		err = call->fill(call, window_memory(call->kind));
		if (err < 0)
			return err;
	}
	if (call->rest && window_write(window_memory(call->kind) + call->rest_place, call->rest,
				       strlen(call->rest) + 1))
		return -EFAULT;
	*m = call->m;
	m->words[0] = token;
	if (m->tag & TAG_INTERRUPTIBLE)
		return answer_call(call->cap, m);
	err_t failed = sys_call(call->cap, m);

	return answer_get(failed, m->words[0]);
}

static inline int64_t call_twice(struct window_call *call)
{
	struct msg m;
	bool is_old = thread_get()->window_token[call->kind] != 0;
	int64_t result = call_once(call, &m);

	// Only a token that was there before can have become stale; what `fill` could not copy fails
	// again in the same way.
	if (result == -EFAULT && is_old) {
		int64_t err = 0;

		if (!window_renew(call->kind, call->cap, &err))
			return err;
		result = call_once(call, &m);
	}
	if (result >= 0)
		call->m = m;
	else if (result == -EREMOTE)
		call->remote_length = m.words[1];
	return result;
}

int64_t window_call_once(struct window_call *call) { return call_twice(call); }

// The answer is left in call->m.
int64_t window_call(struct window_call *call)
{
	int64_t result = call_twice(call);

	return result == -EREMOTE ? remote_call(call) : result;
}

int64_t window_read(void *to, const char *window, size_t size)
{
	return ucopy_bytes(to, window, size) ? -EFAULT : 0;
}

int64_t window_write(char *window, const void *from, size_t size)
{
	return ucopy_bytes(window, from, size) ? -EFAULT : 0;
}
