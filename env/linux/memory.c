// Memory calls: the process server's, but for what lies in the environment's range.
#include "env/linux/library.h"
#include "protocol/gen/process.h"

#define PROT_WRITE 2u
#define PROT_KNOWN 7u
#define MAP_SHARED 1u
#define MAP_TYPE 15u
#define MS_ASYNC 1u
#define MS_SYNC 4u
#define MS_ALL 7u
#define MS_INVALIDATE 2u
#define MLOCK_ONFAULT 1u

// /dev/zero is anonymous memory with a descriptor.
static int64_t zero_check(const struct handle *handle, uint64_t prot, uint64_t flags)
{
	uint32_t io = process_get()->io[handle->index], mode = (io - IO_DEVICE) % 4;

	if (io < IO_DEVICE + 4 * IO_ZERO || io >= IO_DEVICE + 4 * IO_ZERO + 4)
		return -ENODEV;
	if (mode == O_WRONLY || ((flags & MAP_TYPE) == MAP_SHARED && prot & PROT_WRITE && mode != O_RDWR))
		return -EACCES;
	return 0;
}

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
	prot &= PROT_KNOWN;  // mmap does not mind others
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
	if (handle.type == TYPE_CHARACTER) {
		found = zero_check(&handle, prot, flags);
		if (found)
			return found;
		err = process_mmap(LINUX_SLOT_PROCESS, address, length, prot, flags, &result);
		return answer_get(err, result);
	}
	desk_share_one(handle.index);  // the process server keeps a copy
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
	if (protect_set(address, address + ((length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull)), prot))
		return 0;
	err = process_mprotect(LINUX_SLOT_PROCESS, address, length, prot, &result);
	return answer_get(err, result);
}

#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u
#define MREMAP_DONTUNMAP 4u

int64_t call_mremap(uint64_t address, uint64_t old, uint64_t new, uint64_t flags, uint64_t to)
{
	uint64_t result = 0;
	err_t err;

	if (is_unaligned(address) || new == 0 || (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && (!(flags & MREMAP_MAYMOVE) || is_unaligned(to)))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && is_beyond(to, new))
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
	err = process_madvise(LINUX_SLOT_PROCESS, address, length, (uint32_t)advice, &result);
	return answer_get(err, result);
}

#define QUERY_PAGES 448u
#define QUERY_WORDS (QUERY_PAGES / 64)

// Which pages from `address` on are in memory, a bit for each; or an error.
static int64_t memory_query(uint64_t address, uint64_t length, uint64_t sync, uint64_t bits[QUERY_WORDS])
{
	struct msg m = {.tag = TAG(PROCESS_MEMORY_QUERY, 3), .words = {address, length, sync}};
	err_t err = sys_call(LINUX_SLOT_PROCESS, &m);

	for (unsigned i = 0; i < QUERY_WORDS; i++)
		bits[i] = m.words[1 + i];
	return answer_get(err, m.words[0]);
}

int64_t call_mincore(uint64_t address, uint64_t length, uint64_t vector)
{
	uint64_t pages = length / PAGE_SIZE + !!(length % PAGE_SIZE), bits[QUERY_WORDS];
	uint8_t bytes[QUERY_PAGES];

	if (is_unaligned(address))
		return -EINVAL;
	if (is_beyond(address, length))
		return -ENOMEM;
	for (uint64_t done = 0; done < pages; done += QUERY_PAGES) {
		uint64_t count = pages - done < QUERY_PAGES ? pages - done : QUERY_PAGES;
		int64_t err = memory_query(address + done * PAGE_SIZE, count * PAGE_SIZE, 0, bits);

		if (err)
			return err;
		for (uint64_t i = 0; i < count; i++)
			bytes[i] = bits[i / 64] >> (i % 64) & 1;
		if (user_put(vector + done, bytes, count))
			return -EFAULT;
	}
	return 0;
}

// Shared pages are the file's own: there is nothing to write back.
int64_t call_msync(uint64_t address, uint64_t length, uint64_t flags)
{
	uint64_t bits[QUERY_WORDS];

	if (is_unaligned(address) || flags & ~(uint64_t)MS_ALL || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (length > UINT64_MAX - PAGE_SIZE || is_beyond(address, length))
		return -ENOMEM;
	return length ? memory_query(address, length, flags & MS_INVALIDATE ? 3 : 1, bits) : 0;
}

static int64_t lock_call(uint64_t address, uint64_t length, uint64_t how)
{
	uint64_t start = address & ~(PAGE_SIZE - 1ull), result = 0;
	err_t err;

	length += address - start;
	if (length > UINT64_MAX - PAGE_SIZE)
		return -EINVAL;
	length = (length + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1ull);
	if (start + length < start)
		return -EINVAL;
	if (is_beyond(start, length))
		return -ENOMEM;
	err = process_memory_lock(LINUX_SLOT_PROCESS, start, length, how, &result);
	return answer_get(err, result);
}

#define HOW_UNLOCK 0
#define HOW_LOCK 1
#define HOW_ON_FAULT 2
#define HOW_ALL 3
#define HOW_UNLOCK_ALL 4

int64_t call_mlock2(uint64_t address, uint64_t length, uint64_t flags)
{
	if (flags & ~(uint64_t)MLOCK_ONFAULT)
		return -EINVAL;
	return lock_call(address, length, flags ? HOW_ON_FAULT : HOW_LOCK);
}

int64_t call_mlock(uint64_t address, uint64_t length) { return lock_call(address, length, HOW_LOCK); }
int64_t call_munlock(uint64_t address, uint64_t length) { return lock_call(address, length, HOW_UNLOCK); }

#define MCL_ONFAULT 4u
#define MCL_ALL 7u

int64_t call_mlockall(uint64_t flags)
{
	uint64_t result = 0;
	err_t err;

	if ((uint32_t)flags == 0 || (uint32_t)flags & ~MCL_ALL || (uint32_t)flags == MCL_ONFAULT)
		return -EINVAL;
	err = process_memory_lock(LINUX_SLOT_PROCESS, 0, (uint32_t)flags, HOW_ALL, &result);
	return answer_get(err, result);
}

int64_t call_munlockall(void)
{
	uint64_t result = 0;
	err_t err = process_memory_lock(LINUX_SLOT_PROCESS, 0, 0, HOW_UNLOCK_ALL, &result);

	return answer_get(err, result);
}
