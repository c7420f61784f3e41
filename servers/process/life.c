// Ending the machine's run: through the supervisor.
#include "protocol/gen/life.h"

#include <errno.h>

#include "lib/rt/component.h"
#include "servers/process/server.h"

int64_t supervisor_power_off(uint64_t status)
{
	uint64_t result = (uint64_t)-EIO;
	cap_t supervisor = component_find_cap("supervisor", NULL);

	if (!supervisor || life_power_off(supervisor, status & 0xff, &result))
		return -EIO;
	return (int64_t)result;
}

int64_t supervisor_restart(void)
{
	uint64_t result = (uint64_t)-EIO;
	cap_t supervisor = component_find_cap("supervisor", NULL);

	if (!supervisor || life_restart(supervisor, 0, &result))
		return -EIO;
	return (int64_t)result;
}
