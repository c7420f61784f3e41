#include "abi/gen/stubs.h"
#include "lib/rt/component.h"
#include "lib/thread/thread.h"

// Where stacks and blocks of further threads are mapped; the supervisor leaves it free.
#define AREA_BASE 0x18000000ull
#define AREA_STRIDE 0x100000ull
#define AREA_MAX 16

struct parts {
	cap_t thread, block, stack;
	uint64_t block_address, stack_address, stack_bytes;
};

static _Atomic uint32_t started;

static unsigned log2_up(uint64_t value)
{
	unsigned bits = PAGE_BITS;

	while (1ull << bits < value)
		bits++;
	return bits;
}

static err_t object_make(uint64_t type, uint64_t size_bits, cap_t *slot)
{
	cap_t untyped = component_find_cap("untyped", NULL);

	*slot = slot_alloc();
	if (!untyped || !*slot)
		return ERR_NO_MEMORY;
	return untyped_retype(untyped, type, size_bits, 1, component_find_cap("cnode", NULL), *slot,
			      NULL);
}

static err_t memory_make(struct parts *p)
{
	cap_t vspace = component_find_cap("vspace", NULL);
	err_t err = object_make(TYPE_FRAME, PAGE_BITS, &p->block);

	if (!err)
		err = object_make(TYPE_FRAME, log2_up(p->stack_bytes), &p->stack);
	if (!err)
		err = frame_map(p->block, vspace, p->block_address, FRAME_READ | FRAME_WRITE);
	if (!err)
		err = frame_map(p->stack, vspace, p->stack_address, FRAME_READ | FRAME_WRITE);
	return err;
}

static err_t registers_set(const struct parts *p, void (*function)(void *), void *data)
{
	uint64_t values[REGISTER_COUNT] = {0};

	((struct abi_block *)(uintptr_t)p->block_address)->self = p->block_address;
	values[REGISTER_IP] = (uint64_t)(uintptr_t)function;
	values[REGISTER_SP] = p->stack_address + (1ull << log2_up(p->stack_bytes)) - 8;
	values[REGISTER_FLAGS] = 0x202;
	values[REGISTER_RDI] = (uint64_t)(uintptr_t)data;
	values[REGISTER_GS] = p->block_address;
	return thread_write(p->thread, (1u << REGISTER_COUNT) - 1, values);
}

static err_t thread_make(struct parts *p)
{
	err_t err = memory_make(p);

	if (!err)
		err = object_make(TYPE_THREAD, 0, &p->thread);
	if (!err)
		err = thread_set_space(p->thread, component_find_cap("cnode", NULL),
				       component_find_cap("vspace", NULL),
				       component_find_cap("fault", NULL));
	if (!err)
		err = thread_set_block(p->thread, p->block, p->block_address);
	return err;
}

static void parts_free(const struct parts *p)
{
	const cap_t slots[] = {p->thread, p->stack, p->block};

	for (unsigned i = 0; i < 3; i++) {
		if (!slots[i])
			continue;
		(void)cnode_delete(component_find_cap("cnode", NULL), slots[i], 1);
		slot_free(slots[i]);
	}
}

err_t thread_start(void (*function)(void *data), void *data, uint64_t stack_bytes, cap_t *thread)
{
	uint32_t count;
	cap_t contexts = component_find_cap("contexts", &count);
	uint32_t index = started++;
	uint64_t area = AREA_BASE + index * AREA_STRIDE;
	struct parts p = {0, 0, 0, area, area + 2 * PAGE_SIZE, stack_bytes};
	err_t err;

	if (index >= count || index >= AREA_MAX || stack_bytes > AREA_STRIDE / 2)
		return ERR_NO_MEMORY;
	err = thread_make(&p);
	if (!err)
		err = registers_set(&p, function, data);
	if (!err)
		err = schedcontext_bind(contexts + index, p.thread);
	if (!err)
		err = thread_resume(p.thread);
	if (err)
		parts_free(&p);
	if (thread)
		*thread = err ? 0 : p.thread;
	return err;
}
