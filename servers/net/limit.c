// What one user may hold, so that none takes everything: sockets, bytes that wait to be received,
// descriptors under way. Users beyond the table share its last entry.
#include "servers/net/socket.h"

#define USERS_MAX 128
#define SOCKETS_EACH (SOCKET_MAX / 4 * 3)
#define RIGHTS_MAX 4096u
#define RIGHTS_EACH 1024u

static struct user users[USERS_MAX];
static uint64_t bytes_max, bytes_all;
static uint32_t rights_all;

void limit_init(uint64_t bytes) { bytes_max = bytes; }

static bool is_used(const struct user *user) { return user->sockets || user->rights || user->bytes; }

struct user *user_get(uint32_t uid)
{
	struct user *free = NULL;

	for (unsigned i = 0; i < USERS_MAX - 1; i++) {
		if (is_used(&users[i]) && users[i].uid == uid)
			return &users[i];
		if (!free && !is_used(&users[i]))
			free = &users[i];
	}
	if (!free)
		return &users[USERS_MAX - 1];
	free->uid = uid;
	return free;
}

bool user_socket_add(struct user *user)
{
	if (user->sockets >= SOCKETS_EACH)
		return false;
	user->sockets++;
	return true;
}

void user_socket_remove(struct user *user) { user->sockets--; }

bool user_bytes_add(struct user *user, uint64_t bytes)
{
	if (bytes > bytes_max - bytes_all || user->bytes + bytes > bytes_max / 4 * 3)
		return false;
	user->bytes += bytes;
	bytes_all += bytes;
	return true;
}

void user_bytes_remove(struct user *user, uint64_t bytes)
{
	user->bytes -= bytes;
	bytes_all -= bytes;
}

bool user_rights_add(struct user *user, uint32_t count)
{
	if (rights_all + count > RIGHTS_MAX || user->rights + count > RIGHTS_EACH)
		return false;
	user->rights += count;
	rights_all += count;
	return true;
}

void user_rights_remove(struct user *user, uint32_t count)
{
	user->rights -= count;
	rights_all -= count;
}
