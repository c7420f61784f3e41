# The image of a bootable disc: GRUB (BIOS and UEFI) starts boot/multiboot, which starts the kernel with the
# boot image of a PC: screen, keyboard and serial line in place of the emulator's console.

ISO := $B/pith.iso
ISO_PACKAGES := $B/debian/iso.stamp
DEBIAN_ROOT := $B/debian/root

# libvterm for the screen's terminal, and a font.
$(ISO_PACKAGES): tools/debian.sh
	$(say) DEBIAN $(DEBIAN_ROOT)/libvterm-dev
	$(Q)tools/debian.sh $B libvterm-dev console-setup-linux
	$(Q)touch $@

# 32-bit code, and no C library.
MULTIBOOT_SOURCES := $(call sources,boot/multiboot)
MULTIBOOT_OBJECTS := $(call objects,multiboot,$(MULTIBOOT_SOURCES))
MULTIBOOT_FLAGS := -std=c11 -Os -g $(filter-out -Wconversion,$(WARNINGS)) $(PLAIN) -m32 -march=i686 -ffreestanding \
	-mgeneral-regs-only -fno-pic -fno-pie -fno-strict-aliasing -fno-asynchronous-unwind-tables -I.

$(eval $(call compile,multiboot,MULTIBOOT_FLAGS))

$B/multiboot/multiboot: $(MULTIBOOT_OBJECTS) boot/multiboot/multiboot.ld
	$(say) LD $@
	$(Q)$(LD) -m elf_i386 -nostdlib -static -z max-page-size=4096 -z noexecstack --build-id=none \
		-T boot/multiboot/multiboot.ld -o $@ $(MULTIBOOT_OBJECTS)

$B/iso/font: $(ISO_PACKAGES)
	$(Q)mkdir -p $(@D)
	$(Q)gzip -dc $(DEBIAN_ROOT)/console-setup-linux/usr/share/consolefonts/Uni2-Fixed16.psf.gz >$@

$B/iso/manifest: tools/manifest.awk servers/supervisor/manifest.pc servers/supervisor/manifest
	$(Q)mkdir -p $(@D)
	$(Q)awk -f $^ >$@

PC_ARGUMENTS := $(subst manifest=$(MANIFEST),manifest=$B/iso/manifest,$(IMAGE_ARGUMENTS)) \
	$(call system_folder,drivers,$(PC_DRIVERS)) --system font=$B/iso/font --tree root/bench=$(BENCH_ROOT) --tree root=iso/root

$B/iso/pith-pc.img: $(IMAGE_FILES) $B/image.args $B/iso/manifest $B/iso/font $(BENCH_ROOT)/linux \
		$(BENCH_HELPERS) $B/bench/tree.stamp $(wildcard iso/root/*) tools/image.py
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ $(PC_ARGUMENTS)

$(ISO): $(KERNEL) $B/multiboot/multiboot $B/iso/pith-pc.img $B/bench/native.img iso/grub.cfg
	$(say) ISO $@
	$(Q)rm -rf $B/iso/disc && mkdir -p $B/iso/disc/boot/grub
	$(Q)cp $B/kernel/pith.stripped $B/iso/disc/boot/pith
	$(Q)cp $B/multiboot/multiboot $B/iso/pith-pc.img $B/bench/native.img $B/iso/disc/boot/
	$(Q)cp iso/grub.cfg $B/iso/disc/boot/grub/
	$(Q)grub-mkrescue -o $@.new $B/iso/disc >$B/iso/log 2>&1 || { cat $B/iso/log >&2; exit 1; }
	$(Q)mv $@.new $@

.PHONY: iso
iso: $(ISO)
tests: iso
