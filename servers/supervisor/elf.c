// Programs of components: static ELF files in the image. What is only read or run is mapped in
// place; what is written is copied.
#include <elf.h>
#include <string.h>

#include "abi/gen/stubs.h"
#include "servers/supervisor/block.h"
#include "servers/supervisor/component.h"
#include "servers/supervisor/image.h"

#define PROGRAM_FIRST 0x10000ull
#define PROGRAM_LAST 0x10000000ull

#define PAGES(bytes) (((bytes) + PAGE_SIZE - 1) / PAGE_SIZE)

static bool map(struct component *c, cap_t frame, uint64_t first, uint64_t pages, uint64_t address,
		uint64_t rights)
{
	cap_t slot = slot_alloc();
	err_t err = slot ? cnode_derive(BOOT_SLOT_CNODE, slot, BOOT_SLOT_CNODE, frame, rights, first,
					pages)
			 : ERR_NO_MEMORY;

	if (!err)
		err = frame_map(slot, c->vspace, address, rights);
	return !err || component_failed(c, "mapping the program", err);
}

static bool segment_copy(struct component *c, const struct image_file *file, const Elf64_Phdr *p)
{
	uint64_t before = p->p_vaddr % PAGE_SIZE;
	uint64_t pages = PAGES(before + p->p_memsz);
	cap_t frame = component_frame(c, bits_up(pages * PAGE_SIZE), RETYPE_RAW);
	uint8_t *to = frame ? scratch_map(frame, 0, pages) : NULL;

	if (!to)
		return component_failed(c, "memory for the program", ERR_NO_MEMORY);
	memset(to, 0, before);
	memcpy(to + before, file->data + p->p_offset, p->p_filesz);
	memset(to + before + p->p_filesz, 0, pages * PAGE_SIZE - before - p->p_filesz);
	scratch_unmap();
	return map(c, frame, 0, pages, p->p_vaddr - before, FRAME_READ | FRAME_WRITE);
}

static bool segment_load(struct component *c, const struct image_file *file, const Elf64_Phdr *p)
{
	uint64_t before = p->p_vaddr % PAGE_SIZE;

	if (p->p_offset > file->size || p->p_filesz > file->size - p->p_offset ||
	    p->p_filesz > p->p_memsz || p->p_vaddr < PROGRAM_FIRST || p->p_vaddr >= PROGRAM_LAST ||
	    p->p_memsz > PROGRAM_LAST - p->p_vaddr)
		return component_failed(c, "a segment of the program", ERR_RANGE);
	if (p->p_flags & PF_W)
		return segment_copy(c, file, p);
	if (p->p_offset % PAGE_SIZE != before || p->p_filesz != p->p_memsz)
		return component_failed(c, "a segment of the program", ERR_ALIGN);
	return map(c, BOOT_SLOT_IMAGE, file->page + p->p_offset / PAGE_SIZE,
		   PAGES(before + p->p_filesz), p->p_vaddr - before,
		   FRAME_READ | (p->p_flags & PF_X ? FRAME_EXECUTE : 0));
}

static bool header_check(const struct image_file *file, const Elf64_Ehdr *e)
{
	return file->size >= sizeof(*e) && !memcmp(e->e_ident, ELFMAG, SELFMAG) &&
	       e->e_ident[EI_CLASS] == ELFCLASS64 && e->e_type == ET_EXEC &&
	       e->e_machine == EM_X86_64 && e->e_phentsize == sizeof(Elf64_Phdr) &&
	       e->e_phoff <= file->size &&
	       e->e_phnum <= (file->size - e->e_phoff) / sizeof(Elf64_Phdr);
}

bool component_load(struct component *c)
{
	char path[MANIFEST_PATH_MAX + 8] = "system/";
	struct image_file file;
	Elf64_Ehdr header;

	strcat(path, c->entry->program);
	if (!image_find(path, &file))
		return component_failed(c, path, ERR_CAP_INVALID);
	memcpy(&header, file.data, file.size < sizeof(header) ? file.size : sizeof(header));
	if (!header_check(&file, &header))
		return component_failed(c, "the program is no static ELF file", ERR_ARGUMENT);
	for (unsigned i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr p;

		memcpy(&p, file.data + header.e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_LOAD && p.p_memsz && !segment_load(c, &file, &p))
			return false;
	}
	c->ip = header.e_entry;
	return true;
}
