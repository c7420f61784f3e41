# Everything that runs on the kernel in user mode: our library, servers, drivers, native
# programs, and the emulation library of the Linux environment.
#
# Native programs are static, at a fixed address, on musl. They start at rt_start, which
# makes the runtime ready and goes on to musl's own start. Our own objects use general
# registers only (tools/check_fpu.py looks at what came out); libraries may use others.

MUSL_INCLUDE ?= /usr/include/x86_64-linux-musl
MUSL_LIB ?= /usr/lib/x86_64-linux-musl
# The compiler's own headers come last, for what musl does not have (cpuid.h).
USER_FLAGS = -std=c11 -O2 -g $(WARNINGS) $(PLAIN) -D_GNU_SOURCE -fno-pic -fno-pie \
	-mno-red-zone -mgeneral-regs-only -fno-omit-frame-pointer -nostdinc \
	-isystem $(MUSL_INCLUDE) -isystem $(COMPILER_INCLUDE) -I. -Ilib
COMPILER_INCLUDE = $(eval COMPILER_INCLUDE := $$(shell $(CC) -print-file-name=include))$(COMPILER_INCLUDE)
LIBGCC = $(eval LIBGCC := $$(shell gcc -print-libgcc-file-name))$(LIBGCC)

$(eval $(call compile,user,USER_FLAGS))

LIB_SOURCES := $(call sources,$(wildcard lib/*))
LIB_OBJECTS := $(call objects,user,$(LIB_SOURCES))
LIB_PITH := $B/lib/libpith.a

$(LIB_PITH): $(LIB_OBJECTS)
	$(say) AR $@
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJECTS)

# $(call native,ELF,OBJECTS,LIBRARIES,NUMBER): a rule that links a program and strips a copy. Programs
# of the system lie at addresses of their own, by their numbers: so an address in the log, or in a
# debugger that knows all symbols, tells which program it is of.
define native
$(1): $(2) $(3) $(LIB_PITH)
	$$(say) LD $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(LD) -static -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none \
		-Ttext-segment=$$$$(printf %x $$$$((0x8000000 + 0x200000 * $(or $(4),0)))) \
		-e rt_start -o $$@ $(MUSL_LIB)/crt1.o $(MUSL_LIB)/crti.o $(2) \
		--start-group $(3) $(LIB_PITH) $(MUSL_LIB)/libc.a $$(LIBGCC) --end-group \
		$(MUSL_LIB)/crtn.o

$(1:.elf=): $(1)
	$$(Q)$$(STRIP) -o $$@ $$<
endef

# Servers, drivers, apps: a folder is a program, $B/servers/NAME/NAME. LIBS_NAME in its
# build.mk names static libraries to link besides.
SERVERS := $(call folders,servers)
DRIVERS := $(call folders,drivers)
APPS := $(call folders,apps)
-include $(wildcard servers/*/build.mk drivers/*/build.mk apps/*/build.mk)

program_objects = $(call objects,user,$(call sources,$(1)))
program_rule = $(call native,$B/$(1)/$(2)/$(2).elf,$(call \
	program_objects,$(1)/$(2)),$(LIBS_$(2)),$(words $(NUMBERED)))
program_add = $(eval $(call program_rule,$(1),$(2)))$(eval NUMBERED += $(2))
NUMBERED :=
$(foreach n,$(SERVERS),$(call program_add,servers,$(n)))
$(foreach n,$(DRIVERS),$(call program_add,drivers,$(n)))
$(foreach n,$(APPS),$(call program_add,apps,$(n)))

programs = $(foreach n,$(2),$B/$(1)/$(n)/$(n))
USER_PROGRAMS := $(call programs,servers,$(SERVERS)) $(call programs,drivers,$(DRIVERS)) \
	$(call programs,apps,$(APPS))
USER_OBJECTS := $(LIB_OBJECTS) $(foreach n,$(SERVERS),$(call program_objects,servers/$(n))) \
	$(foreach n,$(DRIVERS),$(call program_objects,drivers/$(n))) \
	$(foreach n,$(APPS),$(call program_objects,apps/$(n)))

# Native test programs: tests/system/NAME/*.c makes $B/tests/system/NAME.elf.
SYSTEM_TESTS := $(call folders,tests/system)
$(foreach n,$(SYSTEM_TESTS),$(eval $(call native,$B/tests/system/$(n).elf,$(call \
	program_objects,tests/system/$(n)),)))
SYSTEM_TEST_FILES := $(foreach n,$(SYSTEM_TESTS),$B/tests/system/$(n))

# The emulation library lies in a Linux program's address space, so it brings no libc. Its
# script puts it at its address, far from where small absolute addresses reach.
ENV_SOURCES := $(call sources,env/linux) lib/sys/syscall_x86_64.S
ENV_OBJECTS := $(call objects,env,$(ENV_SOURCES))
ENV_FLAGS = -std=c11 -O2 -g $(WARNINGS) $(PLAIN) -ffreestanding -fPIE -fvisibility=hidden -mno-red-zone \
	-mgeneral-regs-only -fno-asynchronous-unwind-tables -I. -Ilib -Ienv/linux

$(eval $(call compile,env,ENV_FLAGS))

ifneq ($(ENV_SOURCES),)
ENV_LINUX := $B/env/linux/linux
endif

$B/env/linux/linux.elf: $(ENV_OBJECTS) env/linux/linux.ld
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(LD) -static -nostdlib -z max-page-size=4096 -z noexecstack --build-id=none \
		-T env/linux/linux.ld -o $@ $(ENV_OBJECTS)

$B/env/linux/linux: $B/env/linux/linux.elf
	$(Q)$(STRIP) -o $@ $<

# The vDSO: a shared object, whole in the process server.
VDSO_FLAGS := -std=c11 -O2 $(WARNINGS) $(PLAIN) -ffreestanding -fPIC -fvisibility=hidden -mno-red-zone \
	-mgeneral-regs-only -fasynchronous-unwind-tables -I.

$B/env/vdso/vdso.so: env/vdso/vdso.c env/vdso/vdso.ld protocol/linux.h $(MAKEFILES_ALL)
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(VDSO_FLAGS) -c -o $@.o $<
	$(Q)$(LD) -shared -nostdlib -soname linux-vdso.so.1 --hash-style=both --eh-frame-hdr -Bsymbolic \
		-z max-page-size=4096 -z noexecstack --build-id=none -T env/vdso/vdso.ld -o $@ $@.o
	$(Q)$(STRIP) $@

$B/user/servers/process/vdso_image.S.o: $B/env/vdso/vdso.so
$B/user/servers/process/vdso_image.S.o: USER_FLAGS += -Wa,-I$B

# Linux test programs, ordinary ones: NAME_glibc.c on the host's C library, others on musl.
# They run inside as /tests/NAME.
LINUX_TESTS := $(patsubst tests/linux/%.c,$B/tests/linux/%,$(wildcard tests/linux/*.c))
# Without -Wconversion: what the C libraries make of their own macros is theirs.
LINUX_FLAGS := -std=gnu11 -O1 -g -static $(filter-out -Wconversion,$(WARNINGS)) -Itests/linux -I.

$B/tests/linux/%_glibc: tests/linux/%_glibc.c $(MAKEFILES_ALL)
	$(say) LINUX $<
	$(Q)mkdir -p $(@D)
	$(Q)gcc $(LINUX_FLAGS) -MMD -MP -MF $@.o.d -o $@ $< -lpthread

$B/tests/linux/%: tests/linux/%.c $(MAKEFILES_ALL)
	$(say) LINUX $<
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(LINUX_FLAGS) -MMD -MP -MF $@.o.d -o $@ $<

.PHONY: user
user: $(USER_PROGRAMS) $(ENV_LINUX)
tests: $(SYSTEM_TEST_FILES) $(LINUX_TESTS)
