// What the component was given, by name.
#include <string.h>

#include "lib/rt/rt.h"

cap_t component_find_cap(const char *name, uint32_t *count)
{
	const struct component_info *info = component_get();

	for (uint32_t i = 0; i < info->cap_count && i < COMPONENT_CAPS_MAX; i++) {
		if (strncmp(info->caps[i].name, name, COMPONENT_NAME_MAX))
			continue;
		if (count)
			*count = info->caps[i].count;
		return info->caps[i].slot;
	}
	if (count)
		*count = 0;
	return 0;
}

cap_t component_get_cap(const char *name)
{
	cap_t cap = component_find_cap(name, NULL);

	if (!cap) {
		rt_log("the manifest gives no capability named %s", name);
		rt_exit(1);
	}
	return cap;
}

const struct component_region *component_find_region(const char *name)
{
	const struct component_info *info = component_get();

	for (uint32_t i = 0; i < info->region_count && i < COMPONENT_REGIONS_MAX; i++)
		if (!strncmp(info->regions[i].name, name, COMPONENT_NAME_MAX))
			return &info->regions[i];
	return NULL;
}
