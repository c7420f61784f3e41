// Checking ELF headers.
#include "servers/process/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "servers/process/vma.h"

#define PAGE 4096ull

_Static_assert(sizeof(Elf64_Ehdr) == ELF_HEADER_SIZE, "header size");
_Static_assert(sizeof(Elf64_Phdr) == ELF_SEGMENT_SIZE, "segment size");

int elf_header_check(const uint8_t *bytes, uint64_t length, struct elf_image *image)
{
	Elf64_Ehdr h;

	*image = (struct elf_image){0};
	if (length < sizeof(h))
		return -ENOEXEC;
	memcpy(&h, bytes, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 || h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_machine != EM_X86_64)
		return -ENOEXEC;
	if ((h.e_type != ET_EXEC && h.e_type != ET_DYN) || h.e_phentsize != sizeof(Elf64_Phdr) ||
	    h.e_phnum == 0 || h.e_phnum > ELF_SEGMENTS_MAX || h.e_phoff > 1ull << 40)
		return -ENOEXEC;
	image->is_movable = h.e_type == ET_DYN;
	image->entry = h.e_entry;
	image->header_offset = h.e_phoff;
	image->header_offset_count = h.e_phnum;
	return 0;
}

// One PT_LOAD. Loads come in ascending order, as the ELF specification has it.
static int load_add(struct elf_image *image, const Elf64_Phdr *p, uint64_t floor, uint64_t limit)
{
	if (p->p_memsz == 0)
		return 0;
	if (image->load_count == ELF_LOADS_MAX || p->p_filesz > p->p_memsz ||
	    p->p_vaddr % PAGE != p->p_offset % PAGE || p->p_offset > 1ull << 50 ||
	    p->p_vaddr >= limit || p->p_memsz > limit - p->p_vaddr || p->p_filesz > 1ull << 50)
		return -ENOEXEC;

	struct elf_load load = {
		.start = p->p_vaddr & ~(PAGE - 1),
		.end = (p->p_vaddr + p->p_memsz + PAGE - 1) & ~(PAGE - 1),
		.offset = p->p_offset & ~(PAGE - 1),
		.valid_end = p->p_vaddr + p->p_filesz,
		.prot = (uint8_t)((p->p_flags & PF_R ? VMA_READ : 0) | (p->p_flags & PF_W ? VMA_WRITE : 0) |
				  (p->p_flags & PF_X ? VMA_EXECUTE : 0)),
	};

	if (p->p_filesz == 0)
		load.valid_end = load.start;
	if (load.end > limit || (!image->is_movable && load.start < floor) || load.start < image->high)
		return -ENOEXEC;
	if (image->load_count == 0)
		image->low = load.start;
	image->high = load.end;
	image->loads[image->load_count++] = load;
	return 0;
}

// The address of the program headers, when one load holds them all.
static void headers_find(struct elf_image *image, const Elf64_Phdr *p)
{
	uint64_t size = (uint64_t)image->header_offset_count * ELF_SEGMENT_SIZE;

	if (!image->headers && image->header_offset >= p->p_offset && p->p_filesz >= size &&
	    image->header_offset - p->p_offset <= p->p_filesz - size)
		image->headers = p->p_vaddr + (image->header_offset - p->p_offset);
}

static bool entry_is_loaded(const struct elf_image *image)
{
	for (uint32_t i = 0; i < image->load_count; i++)
		if (image->entry >= image->loads[i].start && image->entry < image->loads[i].end)
			return true;
	return false;
}

int elf_segments_check(const uint8_t *bytes, uint64_t length, uint64_t floor, uint64_t limit,
		       struct elf_image *image)
{
	if (length < (uint64_t)image->header_offset_count * ELF_SEGMENT_SIZE)
		return -ENOEXEC;
	for (uint32_t i = 0; i < image->header_offset_count; i++) {
		Elf64_Phdr p;

		memcpy(&p, bytes + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_INTERP)
			image->has_interpreter = true;
		if (p.p_type != PT_LOAD)
			continue;
		if (load_add(image, &p, floor, limit))
			return -ENOEXEC;
		headers_find(image, &p);
	}
	if (image->load_count == 0 || image->high - image->low > ELF_SPAN_MAX || !entry_is_loaded(image))
		return -ENOEXEC;
	return 0;
}
