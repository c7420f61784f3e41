// The texts of /proc that are about the machine.
#include <stdlib.h>
#include <string.h>

#include "lib/rt/component.h"
#include "lib/rt/random.h"
#include "protocol/gen/control.h"
#include "servers/process/proc.h"

#define UNUSED(x) ((void)(x))
#define TICK_NS 10000000ull

char system_names[2][65] = {"pith", "(none)"};

static uint64_t ticks_to_ns(uint64_t ticks)
{
	uint64_t rate = component_get()->ticks_per_second;

	return rate ? ticks / rate * 1000000000 + ticks % rate * 1000000000 / rate : 0;
}

// Processor time of all processes that there were, and of those that run.
static uint64_t busy_ns(void)
{
	uint64_t ticks = 0;

	for (uint32_t i = 0; i < TASK_MAX; i++) {
		const struct task *t = &tasks.items[i];

		if (t->state == TASK_FREE)
			continue;
		ticks += t->ticks + t->child_ticks + (t->body ? body_ticks(t->body) : 0);
	}
	return ticks_to_ns(ticks);
}

static void cpu_name(char name[49])
{
	uint32_t words[12], highest, b, c, d;

	__asm__("cpuid" : "=a"(highest), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000000u));
	memset(name, 0, 49);
	if (highest < 0x80000004u)
		return;
	for (uint32_t i = 0; i < 3; i++)
		__asm__("cpuid"
			: "=a"(words[4 * i]), "=b"(words[4 * i + 1]), "=c"(words[4 * i + 2]),
			  "=d"(words[4 * i + 3])
			: "a"(0x80000002u + i));
	memcpy(name, words, 48);
}

static const char *const flags_edx[32] = {
	"fpu", "vme", "de",    "pse",   "tsc", "msr", "pae", "mce",  "cx8", "apic", NULL,
	"sep", "mtrr", "pge",  "mca",   "cmov", "pat", "pse36", "pn", "clflush", NULL, "dts",
	"acpi", "mmx", "fxsr", "sse",   "sse2", "ss",  "ht",  "tm",  "ia64", "pbe"};

static const char *const flags_ecx[32] = {
	"pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3", "cid",
	"sdbg", "fma", "cx16", "xtpr", "pdcm", NULL, "pcid", "dca", "sse4_1", "sse4_2", "x2apic",
	"movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", NULL, "avx", "f16c", "rdrand",
	"hypervisor"};

static void flags_put(struct text *text, uint32_t bits, const char *const names[32])
{
	for (uint32_t i = 0; i < 32; i++)
		if (bits >> i & 1 && names[i])
			text_put(text, " %s", names[i]);
}

void system_cpuinfo(struct text *text, const struct proc_of *of)
{
	uint32_t a, b, c, d, vendor[4] = {0}, family, model;
	uint64_t khz = component_get()->ticks_per_second / 1000;
	char name[49];

	UNUSED(of);
	cpu_name(name);
	__asm__("cpuid" : "=a"(a), "=b"(vendor[0]), "=c"(vendor[2]), "=d"(vendor[1]) : "a"(0));
	__asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1), "c"(0));
	family = (a >> 8 & 15) == 15 ? 15 + (a >> 20 & 255) : a >> 8 & 15;
	model = (a >> 4 & 15) | (family >= 6 ? a >> 12 & 0xf0 : 0);
	text_put(text, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
		       "model name\t: %s\nstepping\t: %u\n", (char *)vendor, family, model, name, a & 15);
	text_put(text, "cpu MHz\t\t: %llu.%03llu\nphysical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\n"
		       "cpu cores\t: 1\nfpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\nflags\t\t:",
		 (unsigned long long)khz / 1000, (unsigned long long)khz % 1000);
	flags_put(text, d, flags_edx);
	flags_put(text, c, flags_ecx);
	text_put(text, " lm\nbogomips\t: %llu.%02llu\nclflush size\t: %u\n\n",
		 (unsigned long long)khz / 500, (unsigned long long)khz / 5 % 100, (b >> 8 & 255) * 8);
}

void system_meminfo(struct text *text, const struct proc_of *of)
{
	unsigned long long total = store_pages.count * 4ull, left = store_pages.free_count * 4ull;
	static const char *const zero[] = {"Buffers", "Cached", "SwapCached", "Active", "Inactive",
					   "SwapTotal", "SwapFree", "Dirty", "Writeback", "Shmem", "Slab"};

	UNUSED(of);
	text_put(text, "MemTotal:       %8llu kB\nMemFree:        %8llu kB\nMemAvailable:   %8llu kB\n", total,
		 left, left);
	for (uint32_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		text_put(text, "%s:%*s%8u kB\n", zero[i], (int)(15 - strlen(zero[i])), "", 0);
}

// One processor: what programs had is counted as user time, all else as idle.
void system_stat(struct text *text, const struct proc_of *of)
{
	uint64_t up = uptime_ns(), busy = busy_ns();
	unsigned long long user = busy / TICK_NS, idle = (up > busy ? up - busy : 0) / TICK_NS;
	uint64_t epoch = component_get()->epoch_ns / 1000000000;
	uint32_t running = 0;

	for (uint32_t i = 0; i < TASK_MAX; i++)
		running += tasks.items[i].state == TASK_RUNNING && proc_state(&tasks.items[i], of->caller) == 'R';
	for (uint32_t i = 0; i < 2; i++)
		text_put(text, "cpu%s %llu 0 0 %llu 0 0 0 0 0 0\n", i ? "0" : " ", user, idle);
	text_put(text, "intr 0\nctxt 0\nbtime %llu\nprocesses %u\nprocs_running %u\nprocs_blocked 0\n",
		 (unsigned long long)epoch, tasks.pid_next, running ? running : 1);
}

void system_uptime(struct text *text, const struct proc_of *of)
{
	uint64_t up = uptime_ns(), busy = busy_ns(), idle = up > busy ? up - busy : 0;

	UNUSED(of);
	text_put(text, "%llu.%02llu %llu.%02llu\n", (unsigned long long)up / 1000000000,
		 (unsigned long long)up / 10000000 % 100, (unsigned long long)idle / 1000000000,
		 (unsigned long long)idle / 10000000 % 100);
}

// The averages are not measured; they read 0. What can be counted is.
void system_loadavg(struct text *text, const struct proc_of *of)
{
	uint32_t running = 0;

	for (uint32_t i = 0; i < TASK_MAX; i++)
		running += tasks.items[i].state == TASK_RUNNING && proc_state(&tasks.items[i], of->caller) == 'R';
	text_put(text, "0.00 0.00 0.00 %u/%u %u\n", running ? running : 1, tasks.count, tasks.pid_next - 1);
}

void system_filesystems(struct text *text, const struct proc_of *of)
{
	UNUSED(of);
	text_put(text, "nodev\tproc\nnodev\ttmpfs\n");
}

void system_version(struct text *text, const struct proc_of *of)
{
	UNUSED(of);
	text_put(text, "Linux version 6.1-pith (pith) (cc) #1 Pith\n");
}

void system_cmdline(struct text *text, const struct proc_of *of)
{
	UNUSED(of);
	text_put(text, "\n");
}

void system_swaps(struct text *text, const struct proc_of *of)
{
	UNUSED(of);
	text_put(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
}

void system_mounts(struct text *text, const struct proc_of *of)
{
	uint64_t token, next = 0, result;
	const uint8_t *window = file_window(&token);

	UNUSED(of);
	for (;;) {
		if (control_mounts(file_control(), token, next, &result, &next) || (int64_t)result <= 0)
			return;
		text_bytes(text, window, result);
	}
}

void system_hostname(struct text *text, const struct proc_of *of)
{
	UNUSED(of);
	text_put(text, "%s\n", system_names[0]);
}

void system_domainname(struct text *text, const struct proc_of *of)
{
	UNUSED(of);
	text_put(text, "%s\n", system_names[1]);
}

#define CONSTANT(name, value)                                      \
	void system_##name(struct text *text, const struct proc_of *of) \
	{                                                          \
		UNUSED(of);                                        \
		text_put(text, "%s\n", value);                     \
	}
CONSTANT(osrelease, "6.1-pith")
CONSTANT(ostype, "Linux")
CONSTANT(osversion, "#1 Pith")
CONSTANT(pid_max, "32768")
CONSTANT(entropy, "256")
CONSTANT(file_max, "4096")
CONSTANT(nr_open, "1024")
CONSTANT(ngroups, "32")
CONSTANT(pipe_max, "65536")
CONSTANT(overcommit, "0")
CONSTANT(cap_last, "40")

static void uuid_put(struct text *text, const uint8_t bytes[16])
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t byte = i == 6 ? (bytes[i] & 15u) | 0x40 : i == 8 ? (bytes[i] & 63u) | 0x80 : bytes[i];

		text_put(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", byte);
	}
	text_put(text, "\n");
}

void system_uuid(struct text *text, const struct proc_of *of)
{
	uint8_t bytes[16];

	UNUSED(of);
	rt_random(bytes, sizeof(bytes));
	uuid_put(text, bytes);
}

void system_boot_id(struct text *text, const struct proc_of *of)
{
	static uint8_t bytes[16];
	static bool is_made;

	UNUSED(of);
	if (!is_made)
		rt_random(bytes, sizeof(bytes));
	is_made = true;
	uuid_put(text, bytes);
}
