// The other processors: found in ACPI's table of interrupt controllers (MADT; ACPI 6.5, 5.2.12), started
// one after the other by INIT and SIPI (Intel SDM volume 3, 9.4), each with an entry page of its own.
#include "base/print.h"
#include "base/string.h"
#include "cpu.h"

#define COMMAND_INIT 0x4500u
#define COMMAND_START (0x4600u | AP_ENTRY >> 12)
#define START_TRIES 2000
#define ENTRY_LOCAL_APIC 0
#define LOCAL_APIC_ENABLED 1u

struct acpi_root {
	char signature[8];
	uint8_t sum, oem[6], revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
} __attribute__((packed));

struct acpi_table {
	char signature[4];
	uint32_t length;
	uint8_t rest[28];
} __attribute__((packed));

struct acpi_madt {
	struct acpi_table head;
	uint32_t local_apic, flags;
} __attribute__((packed));

struct acpi_entry {
	uint8_t type, length, processor, apic;
	uint32_t flags;
} __attribute__((packed));

struct core *ap_core;  // for the next processor that comes; taken by boot.S
static uint8_t apic_ids[CORES_MAX];
static unsigned started;  // cores that have come so far
static bool released;

extern char ap_start[], ap_end[], stub_load[], stub_size[];
extern const uint16_t stub_endpoints[], stub_homes[];
void ap_main(struct core *core);
void core_start(struct core *core);

void arch_core_signal(struct core *core) { apic_send(apic_ids[core->number], VECTOR_SIGNAL); }

void smp_stub(unsigned number, void *page)
{
	uint8_t *code = page;
	uint32_t distance;

	memcpy(code, stub_load, (uint64_t)stub_size);
	for (const uint16_t *site = stub_homes; *site; site++)
		code[*site] = (uint8_t)number;
	for (const uint16_t *site = stub_endpoints; *site; site++) {
		memcpy(&distance, code + *site, sizeof distance);
		distance += number * E_CORE_SIZE;
		memcpy(code + *site, &distance, sizeof distance);
	}
}

static const struct acpi_madt *find_madt(uint64_t rsdp)
{
	const struct acpi_root *root = arch_phys_to_virt(rsdp);
	bool wide = rsdp && root->revision >= 2 && root->xsdt;

	if (!rsdp)
		return NULL;
	const struct acpi_table *list = arch_phys_to_virt(wide ? root->xsdt : root->rsdt);
	const char *at = (const char *)(list + 1), *end = (const char *)list + list->length;

	for (; at < end; at += wide ? 8 : 4) {
		uint64_t address = 0;

		memcpy(&address, at, wide ? 8 : 4);
		const struct acpi_table *table = arch_phys_to_virt(address);

		if (!memcmp(table->signature, "APIC", 4))
			return (const struct acpi_madt *)table;
	}
	return NULL;
}

static unsigned arrived(void) { return __atomic_load_n(&started, __ATOMIC_ACQUIRE); }

// Start the processor as the core of that number.
static bool start(unsigned id, unsigned number)
{
	apic_ids[number] = (uint8_t)id;
	__atomic_store_n(&ap_core, &kernel.core[number], __ATOMIC_SEQ_CST);
	apic_send(id, COMMAND_INIT);
	delay(10000);
	for (unsigned i = 0; i < 2 && arrived() < number; i++) {
		apic_send(id, COMMAND_START);
		delay(200);
	}
	for (unsigned i = 0; i < START_TRIES && arrived() < number; i++)
		delay(1000);
	// Too late for this one? What is not taken back has just been taken.
	if (arrived() < number && __atomic_exchange_n(&ap_core, NULL, __ATOMIC_SEQ_CST))
		return false;
	while (arrived() < number)
		arch_relax();
	return true;
}

static bool is_other(const struct acpi_entry *entry)
{
	return entry->type == ENTRY_LOCAL_APIC && (entry->flags & LOCAL_APIC_ENABLED) && entry->apic != apic_ids[0];
}

unsigned smp_start(uint64_t rsdp, uint64_t (*take)(uint64_t size))
{
	const struct acpi_madt *madt = find_madt(rsdp);
	const char *at = (const char *)(madt + 1), *end = madt ? (const char *)madt + madt->head.length : at;
	const struct acpi_entry *entry;
	unsigned cores = 1, unused = 0;

	apic_ids[0] = (uint8_t)apic_id();
	memcpy(arch_phys_to_virt(AP_ENTRY), arch_phys_to_virt((uint64_t)ap_start), (uint64_t)(ap_end - ap_start));
	for (; at < end; at += entry->length) {
		entry = (const void *)at;
		if (entry->length < 2)
			break;
		if (!is_other(entry))
			continue;
		if (cores == CORES_MAX) {
			unused++;
			continue;
		}
		cpu_tables(&kernel.core[cores], arch_phys_to_virt(take(STACKS_SIZE)));
		if (start(entry->apic, cores))
			cores++;
		else
			print("pith: the processor with APIC id %u does not start\n", entry->apic);
	}
	if (unused)
		print("pith: %u processors are left off: %u are used at most\n", unused, CORES_MAX);
	return cores;
}

void smp_release(void) { __atomic_store_n(&released, true, __ATOMIC_RELEASE); }

// What a processor does first: it is known to have come, and waits until the first task is there.
void ap_main(struct core *core)
{
	cpu_init(core);
	fpu_init();
	apic_start();
	__atomic_store_n(&started, (unsigned)(core - kernel.core), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE))
		arch_relax();
	mmu_load_kernel(core);
	kernel_signal(core);
	core_start(core);
}
