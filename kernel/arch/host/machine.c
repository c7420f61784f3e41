// Boot, save and restore, time, interrupts, ports, the console.
#define _GNU_SOURCE  // MAP_FIXED_NOREPLACE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "abi/image.h"
#include "base/print.h"
#include "host.h"
#include "mem/mailbox.h"

#define IMAGE_AT 0x100000ull
#define IMAGE_PAGES 2
#define RAM_FROM 0x200000ull

struct host host;
jmp_buf *host_panic_jump;
char host_panic_text[256];

struct host_state {
	struct kernel kernel;
	struct host host;
	char ram[HOST_RAM_SIZE];
};

// A static ELF file of one segment, as program.c reads it: header, program header, code.
struct program_file {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_size, program_count, section_size, section_count, names;
	uint32_t segment_type, segment_flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};

static void image_make(void)
{
	struct image_header *image = arch_phys_to_virt(IMAGE_AT);
	struct program_file *file = arch_phys_to_virt(IMAGE_AT + PAGE_SIZE);

	memcpy(image->magic, IMAGE_MAGIC, sizeof image->magic);
	image->version = IMAGE_VERSION;
	image->total_size = IMAGE_PAGES * IMAGE_PAGE;
	image->boot_offset = IMAGE_PAGE;
	image->boot_size = sizeof *file;
	*file = (struct program_file){
		.ident = {0x7f, 'E', 'L', 'F', 2, 1},
		.type = 2,
		.entry = HOST_ENTRY,
		.program_offset = offsetof(struct program_file, segment_type),
		.program_size = sizeof *file - offsetof(struct program_file, segment_type),
		.program_count = 1,
		.segment_type = 1,
		.segment_flags = 5,
		.address = HOST_ENTRY,
		.file_size = sizeof *file,
		.memory_size = PAGE_SIZE,
	};
}

void host_boot(void)
{
	struct boot boot = {
		.ram = {{RAM_FROM, HOST_RAM_SIZE}},
		.ram_count = 1,
		.image = {IMAGE_AT, IMAGE_AT + IMAGE_PAGES * PAGE_SIZE},
		.device = {HOST_DEVICE, HOST_DEVICE + HOST_DEVICE_SIZE},
		.entered = 1,
		.cores = host.cores,
		.command_line = "host",
	};
	void *ram = mmap((void *)HOST_RAM, HOST_RAM_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (ram != (void *)HOST_RAM)
		panic("no memory at %lx", (uint64_t)HOST_RAM);
	// What was in RAM before is nobody's zero.
	memset(arch_phys_to_virt(RAM_FROM), 0xa5, HOST_RAM_SIZE - RAM_FROM);
	host.time = 1;
	for (unsigned i = 0; i < CORES_MAX; i++)
		host.core[i].timer = ~0ull;
	image_make();
	kernel_boot(&boot);
}

struct host_state *host_save(void)
{
	struct host_state *state = aligned_alloc(_Alignof(struct host_state), sizeof *state);

	if (!state)
		panic("no memory for a copy of the machine");
	state->kernel = kernel;
	state->host = host;
	memcpy(state->ram, (void *)HOST_RAM, HOST_RAM_SIZE);
	return state;
}

// Most pages are as they were: only those that differ are written.
void host_restore(const struct host_state *state)
{
	char *ram = (char *)HOST_RAM;

	kernel = state->kernel;
	host = state->host;
	for (uint64_t at = 0; at < HOST_RAM_SIZE; at += PAGE_SIZE)
		if (memcmp(ram + at, state->ram + at, PAGE_SIZE))
			memcpy(ram + at, state->ram + at, PAGE_SIZE);
}

_Thread_local unsigned host_core;
bool host_in_turns;

struct core *arch_core(void) { return &kernel.core[host_core]; }

static void serve_others(void)
{
	unsigned self = host_core;

	for (host_core = 0; host_core < kernel.cores; host_core++)
		if (host_core != self)
			mailbox_serve(arch_core(), 0);
	host_core = self;
}

void arch_relax(void)
{
	if (kernel.cores == 1)
		panic("a lock is taken twice");
	if (host_in_turns)
		serve_others();
	else
		syscall(SYS_sched_yield);
}

void arch_core_signal(struct core *core)
{
	__atomic_store_n(&host.core[core->number].signalled, true, __ATOMIC_RELEASE);
}

void host_poll(void)
{
	if (__atomic_exchange_n(&host.core[host_core].signalled, false, __ATOMIC_ACQ_REL))
		kernel_signal(arch_core());
}

uint64_t arch_time(void) { return __atomic_load_n(&host.time, __ATOMIC_RELAXED); }
uint64_t arch_ticks_per_second(void) { return HOST_TICKS_PER_SECOND; }
void arch_timer_set(uint64_t time) { host.core[host_core].timer = time; }

void host_advance(uint64_t ticks)
{
	uint64_t now = __atomic_add_fetch(&host.time, ticks, __ATOMIC_RELAXED);

	if (host.core[host_core].timer > now)
		return;
	host.core[host_core].timer = ~0ull;
	kernel_timer(arch_core());
}

// A device raises what it raises while a core looks at the controller under all locks.
static void mask(unsigned vector, bool on) { __atomic_store_n(&host.vector_masked[vector], on, __ATOMIC_RELAXED); }

static unsigned vector_of(unsigned line) { return __atomic_load_n(&host.line_vector[line], __ATOMIC_RELAXED); }

static void connect(unsigned line, unsigned vector)
{
	__atomic_store_n(&host.line_vector[line], (uint8_t)vector, __ATOMIC_RELAXED);
}

static bool vector_take(unsigned *vector)
{
	for (unsigned v = HOST_VECTOR_FIRST; v < VECTOR_COUNT; v++) {
		if (host.vector_used[v])
			continue;
		host.vector_used[v] = true;
		mask(v, true);
		*vector = v;
		return true;
	}
	return false;
}

bool arch_interrupt_make_line(unsigned line, unsigned flags, unsigned *vector)
{
	(void)flags;
	if (line >= HOST_LINES || vector_of(line) || !vector_take(vector))
		return false;
	connect(line, *vector);
	return true;
}

bool arch_interrupt_make_message(unsigned *vector, uint64_t *address, uint64_t *data)
{
	if (!vector_take(vector))
		return false;
	mask(*vector, false);
	*address = 0xfee00000;
	*data = *vector;
	return true;
}

void arch_interrupt_unmask(unsigned vector) { mask(vector, false); }

void arch_interrupt_free(unsigned vector)
{
	host.vector_used[vector] = false;
	for (unsigned i = 0; i < HOST_LINES; i++)
		if (vector_of(i) == vector)
			connect(i, 0);
}

static bool is_line(unsigned vector)
{
	for (unsigned i = 0; i < HOST_LINES; i++)
		if (vector_of(i) == vector)
			return true;
	return false;
}

bool host_raise(unsigned vector)
{
	if (__atomic_load_n(&host.vector_masked[vector], __ATOMIC_RELAXED))
		return false;
	mask(vector, is_line(vector));
	kernel_interrupt(arch_core(), vector);
	return true;
}

uint32_t arch_port_in(unsigned port, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)host.port[port + i] << (8 * i);
	return value;
}

void arch_port_out(unsigned port, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++)
		host.port[port + i] = (uint8_t)(value >> (8 * i));
}

unsigned arch_port_count(void) { return sizeof host.port; }

void arch_console_put(char c)
{
	size_t length = strlen(host_panic_text);

	if (length < sizeof host_panic_text - 1)
		host_panic_text[length] = c;
	if (!host_panic_jump)
		fputc(c, stderr);
}

void arch_panic(void)
{
	if (host_panic_jump)
		longjmp(*host_panic_jump, 1);
	abort();
}
