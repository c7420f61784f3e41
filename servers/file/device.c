// The device nodes that live here, and those that other servers registered.
#include "servers/file/file.h"

#include "abi/gen/stubs.h"
#include "lib/rt/random.h"

#define DEVICES_MAX 72  // the terminals, and each pseudo-terminal

enum { MINOR_NULL = 3, MINOR_ZERO = 5, MINOR_FULL = 7, MINOR_RANDOM = 8, MINOR_URANDOM = 9 };

static struct {
	uint64_t device, kind;
	cap_t capability;  // 0: free
} devices[DEVICES_MAX];

bool device_is_known(const struct inode *inode)
{
	unsigned minor_number = minor(inode->device);

	return S_ISCHR(inode->mode) && major(inode->device) == 1 &&
	       (minor_number == MINOR_NULL || minor_number == MINOR_ZERO ||
		minor_number == MINOR_FULL || minor_number == MINOR_RANDOM ||
		minor_number == MINOR_URANDOM);
}

int64_t device_read(const struct inode *inode, void *to, uint32_t length)
{
	switch (minor(inode->device)) {
	case MINOR_NULL:
		return 0;
	case MINOR_ZERO:
	case MINOR_FULL:
		memset(to, 0, length);
		return length;
	default:
		rt_random(to, length);
		return length;
	}
}

int64_t device_write(const struct inode *inode, uint32_t length)
{
	return minor(inode->device) == MINOR_FULL && length > 0 ? -ENOSPC : (int64_t)length;
}

cap_t device_registered(uint64_t device, uint64_t *kind)
{
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		if (devices[i].capability == 0 || devices[i].device != device)
			continue;
		*kind = devices[i].kind;
		return devices[i].capability;
	}
	return 0;
}

void device_forget(uint64_t device)
{
	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		if (devices[i].capability == 0 || devices[i].device != device)
			continue;
		(void)cnode_delete(file.cnode, devices[i].capability, 1);
		slot_free(devices[i].capability);
		devices[i].capability = 0;
	}
}

int64_t device_register(uint64_t device, uint64_t kind, cap_t capability)
{
	unsigned place = DEVICES_MAX;

	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		if (devices[i].capability != 0 && devices[i].device == device) {
			(void)cnode_delete(file.cnode, devices[i].capability, 1);
			slot_free(devices[i].capability);
			devices[i].capability = 0;
		}
		if (devices[i].capability == 0 && place == DEVICES_MAX)
			place = i;
	}
	if (place == DEVICES_MAX)
		return -ENOSPC;
	devices[place].device = device;
	devices[place].kind = kind;
	devices[place].capability = capability;
	return 0;
}
