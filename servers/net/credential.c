// Who is behind a program's badge: the process server is asked. It calls nobody but the file server, so
// that cannot go round.
#include "protocol/gen/identity.h"
#include "servers/net/net.h"

bool identity_get(uint64_t client, uint64_t pid, struct identity *out, bool *pid_exists)
{
	uint64_t result, real, effective, saved, exists, ended;

	if (identity_credentials(net.identity, client, pid, &result, &real, &effective, &saved, &exists, &ended))
		return false;
	net.ended_said = ended;
	net.sweeps |= ended != net.clients_ended;
	if ((int64_t)result <= 0)
		return false;
	*out = (struct identity){
		(uint32_t)result, (uint32_t)real, (uint32_t)effective, (uint32_t)saved,
		(uint32_t)(real >> 32), (uint32_t)(effective >> 32), (uint32_t)(saved >> 32),
	};
	if (pid_exists)
		*pid_exists = exists;
	return true;
}

struct cred cred_real(const struct window *w)
{
	struct identity i;

	if (!identity_get(w->client, 0, &i, NULL))
		return (struct cred){0, UINT32_MAX, UINT32_MAX};
	return (struct cred){i.pid, i.uid, i.gid};
}

struct cred cred_effective(const struct window *w)
{
	struct identity i;

	if (!identity_get(w->client, 0, &i, NULL))
		return (struct cred){0, UINT32_MAX, UINT32_MAX};
	return (struct cred){i.pid, i.euid, i.egid};
}

int64_t cred_check(const struct window *w, const struct cred *cred)
{
	struct identity i;
	bool exists;

	if (!identity_get(w->client, cred->pid, &i, &exists))
		return -EPERM;
	if (i.euid != 0 && (cred->pid != i.pid ||
			    (cred->uid != i.uid && cred->uid != i.euid && cred->uid != i.suid) ||
			    (cred->gid != i.gid && cred->gid != i.egid && cred->gid != i.sgid)))
		return -EPERM;
	return exists ? 0 : -ESRCH;
}
