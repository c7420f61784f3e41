#include "object/make.h"

#include "mem/table.h"
#include "object/message.h"
#include "sched/sched.h"

static void frame_make(struct slot *dest, unsigned size_bits, uint64_t physical)
{
	dest->size_bits = (uint8_t)size_bits;
	dest->count = (uint32_t)(BIT(size_bits) / PAGE_SIZE);
	dest->object = physical / PAGE_SIZE;
	dest->data = physical;
	dest->rights = FRAME_RIGHTS;
}

static void cnode_make(struct slot *dest, unsigned size_bits, struct cnode *cnode)
{
	cnode->head.type = TYPE_CNODE;
	cnode->head.bits = (uint8_t)size_bits;
	dest->size_bits = (uint8_t)size_bits;
	dest->count = 0;
	dest->data = BIT(size_bits);
	dest->address = (uintptr_t)cnode_slots(cnode);
	dest->rights = CNODE_RIGHTS;
}

static void thread_make(struct thread *thread)
{
	list_init(&thread->queue);
	arch_registers_init(&thread->regs);
	arch_fpu_init(&thread->fpu);
	thread->flags = THREAD_FULL;
	thread_set_fast_tags(thread);
}

static void context_make(struct sched_context *context)
{
	list_init(&context->ready);
	list_init(&context->binding);
	context->deadline = context->event = ~0ull;
}

static void endpoint_make(struct endpoint *endpoint)
{
	list_init(&endpoint->senders);
	for (unsigned i = 0; i < CORES_MAX; i++)
		list_init(&endpoint->core[i].receivers);
}

static void notification_make(struct notification *notification)
{
	list_init(&notification->waiters);
	list_init(&notification->sources);
}

static void object_init(struct slot *dest, unsigned type, unsigned size_bits, void *memory)
{
	switch (type) {
	case TYPE_CNODE:
		cnode_make(dest, size_bits, memory);
		break;
	case TYPE_VSPACE:
		dest->object = (uintptr_t)vspace_make(memory);
		dest->address = ((struct vspace *)slot_object(dest))->top_physical;
		dest->rights = VSPACE_RIGHTS;
		break;
	case TYPE_THREAD:
		thread_make(memory);
		dest->rights = THREAD_RIGHTS;
		break;
	case TYPE_SCHEDCONTEXT:
		context_make(memory);
		dest->rights = SCHEDCONTEXT_RIGHTS;
		break;
	case TYPE_ENDPOINT:
		endpoint_make(memory);
		dest->rights = ENDPOINT_RIGHTS;
		break;
	case TYPE_REPLY:
		dest->rights = REPLY_RIGHTS;
		break;
	default:
		notification_make(memory);
		dest->rights = NOTIFICATION_RIGHTS;
	}
}

void object_make(struct slot *dest, unsigned type, unsigned size_bits, uint64_t physical)
{
	dest->type = (uint8_t)type;
	if (type == TYPE_FRAME) {
		frame_make(dest, size_bits, physical);
		return;
	}
	struct object *object = arch_phys_to_virt(physical);

	dest->object = (uintptr_t)object;
	if (type != TYPE_VSPACE)
		object->type = (uint8_t)type;
	object_init(dest, type, size_bits, object);
}
