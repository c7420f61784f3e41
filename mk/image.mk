# The Linux root file system and the boot image.
#
#   pith.img        the system
#   pith-test.img   the same and the tests: system/tests/NAME (native), /tests/NAME (Linux)

ROOT_STAMP := $B/root.stamp
DEBIAN_STAMP := $B/debian/stamp
MANIFEST := $(wildcard servers/supervisor/manifest)
IMAGE_TOOL := $(PYTHON) tools/image.py

# Drivers of the disc's image alone (mk/iso.mk).
PC_DRIVERS := pc_console

$(DEBIAN_STAMP): tools/debian.list tools/debian.sh
	$(say) DEBIAN $(B)/debian
	$(Q)tools/debian.sh $B
	$(Q)touch $@

$(ROOT_STAMP): $(DEBIAN_STAMP) tools/rootfs.sh $(shell find rootfs)
	$(say) ROOT $(B)/root
	$(Q)tools/rootfs.sh $B
	$(Q)touch $@

# system_files: NAME=FILE of everything under system/.
system_folder = $(foreach n,$(2),--system $(1)/$(n)=$B/$(1)/$(n)/$(n))
IMAGE_SYSTEM := $(call system_folder,servers,$(filter-out supervisor,$(SERVERS))) \
	$(call system_folder,drivers,$(filter-out $(PC_DRIVERS),$(DRIVERS))) $(call system_folder,apps,$(APPS)) \
	$(foreach n,$(filter supervisor,$(SERVERS)),--system $(n)=$B/servers/$(n)/$(n)) \
	$(addprefix --system manifest=,$(MANIFEST)) $(addprefix --system linux=,$(ENV_LINUX))
IMAGE_ARGUMENTS := $(IMAGE_SYSTEM) --tree root=$B/root --dir root/tmp 1777 \
	--dir root/var/tmp 1777 --dir root/root 0700
IMAGE_FILES := $(USER_PROGRAMS) $(ENV_LINUX) $(MANIFEST) $(ROOT_STAMP)
IMAGE_TESTS := $(foreach n,$(SYSTEM_TESTS),--system tests/$(n)=$B/tests/system/$(n)) \
	$(if $(LINUX_TESTS),--tree root/tests=$B/testroot)

# What image.py was called with: a removed server makes a new image, too. The same line
# lets ./pith run add folders to the image.
$B/image.args: FORCE
	@echo '$(IMAGE_ARGUMENTS)' | cmp -s - $@ || { mkdir -p $(@D) && \
		echo '$(IMAGE_ARGUMENTS)' >$@; }

$B/pith.img: $(IMAGE_FILES) $B/image.args tools/image.py
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ $(IMAGE_ARGUMENTS)

# Programs alone: their dependency files stay behind.
$B/testroot.stamp: $(LINUX_TESTS)
	$(Q)rm -rf $B/testroot && mkdir -p $B/testroot
	$(Q)$(if $(LINUX_TESTS),cp -p $(LINUX_TESTS) $B/testroot)
	$(Q)touch $@

$B/test.args: $B/image.args FORCE
	@echo '$(IMAGE_ARGUMENTS) $(IMAGE_TESTS)' | cmp -s - $@ || \
		echo '$(IMAGE_ARGUMENTS) $(IMAGE_TESTS)' >$@

$B/pith-test.img: $B/pith.img $(SYSTEM_TEST_FILES) $B/testroot.stamp $B/test.args
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ $(IMAGE_ARGUMENTS) $(IMAGE_TESTS)

run-files: $(KERNEL) $B/pith.img $B/host/relay
tests: $B/pith-test.img
