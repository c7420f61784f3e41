// Floating-point registers of the program: the library uses none, so they live on in the processor.
#include "env/linux/library.h"

#define FP_FXSAVE 512
#define FP_MAGIC1 0x46505853u
#define FP_MAGIC2 0x46505845u
#define FP_SOFTWARE 464  // offset of struct _fpx_sw_bytes
#define CPUID_OSXSAVE (1u << 27)

struct fp_software {
	uint32_t magic1, extended_size;
	uint64_t features;
	uint32_t size, pad[7];
};
_Static_assert(sizeof(struct fp_software) == 48, "struct _fpx_sw_bytes");

static void cpuid(uint32_t leaf, uint32_t *a, uint32_t *b, uint32_t *c)
{
	uint32_t d;

	*a = leaf;
	*c = 0;
	__asm__ volatile("cpuid" : "+a"(*a), "=b"(*b), "+c"(*c), "=d"(d));
}

// Bytes of an XSAVE image and the features that are on; 0: only FXSAVE.
static size_t xsave_size(uint64_t *features)
{
	uint32_t a, b, c, low, high;

	cpuid(1, &a, &b, &c);
	if (!(c & CPUID_OSXSAVE))
		return 0;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	*features = (uint64_t)high << 32 | low;
	cpuid(13, &a, &b, &c);
	return b > FP_FXSAVE && b <= FP_SIZE_MAX - 4 ? b : 0;
}

size_t fp_frame_size(void)
{
	uint64_t features;
	size_t size = xsave_size(&features);

	return size ? size + 4 : FP_FXSAVE;
}

size_t fp_save(void *image)
{
	uint64_t features = 0;
	size_t size = xsave_size(&features);
	struct fp_software software = {.magic1 = FP_MAGIC1, .features = features};
	uint32_t magic2 = FP_MAGIC2;

	if (!size) {
		__asm__ volatile("fxsave64 (%0)" : : "r"(image) : "memory");
		return FP_FXSAVE;
	}
	memset(image, 0, size);
	__asm__ volatile("xsave64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
	software.size = (uint32_t)size;
	software.extended_size = (uint32_t)size + 4;
	memcpy((char *)image + FP_SOFTWARE, &software, sizeof software);
	memcpy((char *)image + size, &magic2, sizeof magic2);
	return size + 4;
}

// What the program wrote there must not fault here.
static void image_clean(char *image, size_t size, uint64_t features)
{
	char now[FP_FXSAVE] __attribute__((aligned(16)));
	uint32_t mask, value;
	uint64_t present;

	__asm__ volatile("fxsave64 (%0)" : : "r"(now) : "memory");
	memcpy(&mask, now + 28, sizeof mask);
	memcpy(&value, image + 24, sizeof value);
	value &= mask ? mask : 0xffbf;
	memcpy(image + 24, &value, sizeof value);
	if (size == FP_FXSAVE)
		return;
	memcpy(&present, image + FP_FXSAVE, sizeof present);
	present &= features;
	memset(image + FP_FXSAVE, 0, 64);
	memcpy(image + FP_FXSAVE, &present, sizeof present);
}

void fp_restore(void *image, size_t size)
{
	uint64_t features = 0;
	size_t whole = xsave_size(&features);
	struct fp_software software;
	uint32_t magic2 = 0;

	memcpy(&software, (char *)image + FP_SOFTWARE, sizeof software);
	if (whole && size == whole + 4)
		memcpy(&magic2, (char *)image + whole, sizeof magic2);
	if (magic2 != FP_MAGIC2 || software.magic1 != FP_MAGIC1 || software.size != whole) {
		image_clean(image, FP_FXSAVE, features);
		__asm__ volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
		return;
	}
	image_clean(image, whole, features);
	__asm__ volatile("xrstor64 (%0)" : : "r"(image), "a"(-1), "d"(-1) : "memory");
}

void fp_save_fork(struct linux_thread *thread)
{
	__asm__ volatile("fxsave64 (%0)" : : "r"(thread->fp) : "memory");
}

void fp_restore_fork(struct linux_thread *thread)
{
	__asm__ volatile("fxrstor64 (%0)" : : "r"(thread->fp) : "memory");
}
