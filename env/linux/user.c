// Copies to and from the program's memory.
#include "env/linux/library.h"

size_t user_get_some(void *to, uint64_t from, size_t size)
{
	if (!user_is_range(from, size))
		return size;
	return ucopy_bytes(to, (const void *)from, size);
}

size_t user_put_some(uint64_t to, const void *from, size_t size)
{
	if (!user_is_range(to, size))
		return size;
	return ucopy_bytes((void *)to, from, size);
}

int64_t user_get(void *to, uint64_t from, size_t size)
{
	if (!user_is_range(from, size))
		return -EFAULT;
	return user_get_some(to, from, size) ? -EFAULT : 0;
}

int64_t user_put(uint64_t to, const void *from, size_t size)
{
	if (!user_is_range(to, size))
		return -EFAULT;
	return user_put_some(to, from, size) ? -EFAULT : 0;
}

int64_t user_get_string(char *to, uint64_t from, size_t size)
{
	int64_t length;
	size_t room = size;

	if (from >= PROGRAM_END)
		return -EFAULT;
	if (room > PROGRAM_END - from)
		room = PROGRAM_END - from;
	length = ucopy_string(to, (const char *)from, room);
	return room < size && length == (int64_t)room ? -EFAULT : length;
}

int64_t user_probe(uint64_t address, size_t size)
{
	if (!user_is_range(address, size))
		return -EFAULT;
	for (uint64_t at = address; at < address + size; at = (at & ~(uint64_t)(PAGE_SIZE - 1)) + PAGE_SIZE)
		if (ucopy_probe((void *)at))
			return -EFAULT;
	return 0;
}

int64_t user_get_timespec(uint64_t from, struct timespec *to)
{
	int64_t err = user_get(to, from, sizeof *to);

	if (err)
		return err;
	return to->tv_sec < 0 || (uint64_t)to->tv_nsec >= NS_PER_SECOND ? -EINVAL : 0;
}
