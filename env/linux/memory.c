// Memory calls: the process server's, but for what lies in the environment's range.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

// Does [address, address + length) touch the environment, or wrap?
static bool is_beyond(uint64_t address, uint64_t length) { return !user_is_range(address, length); }

static bool is_unaligned(uint64_t address) { return address & (PAGE_SIZE - 1); }

int64_t call_brk(uint64_t address)
{
	uint64_t result = 0;
	err_t err = process_brk(LINUX_SLOT_PROCESS, address, &result);

	return err ? (int64_t)process_get()->brk : (int64_t)result;
}

int64_t call_mmap(uint64_t address, uint64_t length, uint64_t prot, uint64_t flags, uint64_t fd, uint64_t offset)
{
	uint64_t result = 0;
	struct handle handle;
	int64_t found;
	err_t err;

	if (length == 0 || is_unaligned(offset))
		return -EINVAL;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (is_unaligned(address))
			return -EINVAL;
		if (is_beyond(address, length))
			return -ENOMEM;
	} else if (is_beyond(address, length)) {
		address = 0;  // only a hint
	}
	if (length > PROGRAM_END)
		return -ENOMEM;
	if (flags & MAP_ANONYMOUS) {
		err = process_mmap(LINUX_SLOT_PROCESS, address, length, prot, flags, &result);
		return answer_get(err, result);
	}
	found = handle_find(fd, &handle);
	if (found)
		return found;
	if (handle.kind != HANDLE_FILE)
		return -ENODEV;
	err = process_mmap_file(LINUX_SLOT_PROCESS, address, length, prot, flags, offset, handle.cap, &result);
	return answer_get(err, result);
}

int64_t call_munmap(uint64_t address, uint64_t length)
{
	uint64_t result = 0;
	err_t err;

	if (is_unaligned(address) || length == 0 || is_beyond(address, length))
		return -EINVAL;
	err = process_munmap(LINUX_SLOT_PROCESS, address, length, &result);
	return answer_get(err, result);
}

int64_t call_mprotect(uint64_t address, uint64_t length, uint64_t prot)
{
	uint64_t result = 0;
	err_t err;

	if (is_unaligned(address))
		return -EINVAL;
	if (length == 0)
		return 0;
	if (is_beyond(address, length))
		return -ENOMEM;
	err = process_mprotect(LINUX_SLOT_PROCESS, address, length, prot, &result);
	return answer_get(err, result);
}

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u

int64_t call_mremap(uint64_t address, uint64_t old, uint64_t new, uint64_t flags, uint64_t to)
{
	uint64_t result = 0;
	err_t err;

	if (is_unaligned(address) || new == 0 || (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED)))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && (!(flags & MREMAP_MAYMOVE) || is_unaligned(to) || is_beyond(to, new)))
		return -EINVAL;
	if (is_beyond(address, old))
		return -EFAULT;
	if (new > PROGRAM_END)
		return -ENOMEM;
	err = process_mremap(LINUX_SLOT_PROCESS, address, old, new, flags, to, &result);
	return answer_get(err, result);
}

int64_t call_madvise(uint64_t address, uint64_t length, uint64_t advice)
{
	uint64_t result = 0;
	err_t err;

	if (is_unaligned(address))
		return -EINVAL;
	if (is_beyond(address, length))
		return -ENOMEM;
	err = process_madvise(LINUX_SLOT_PROCESS, address, length, advice, &result);
	return answer_get(err, result);
}
