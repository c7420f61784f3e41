# The kernel, and the same sources as a library of the host for the unit tests. The port
# is a folder: it is the only thing that differs.

PORT ?= x86_64

KERNEL_FOLDERS := kernel $(addprefix kernel/,base mem cap sched object syscall)
KERNEL_COMMON := $(call sources,$(KERNEL_FOLDERS))
KERNEL_SOURCES := $(KERNEL_COMMON) $(call sources,kernel/arch/$(PORT))
KERNEL_OBJECTS := $(call objects,kernel/obj,$(KERNEL_SOURCES))
KERNEL_SCRIPT := kernel/arch/$(PORT)/kernel.ld

# gcc sees all files at once when it links: half of the calls of the slow path are gone then. No room is
# left between functions and their parts: it is text that nobody needs, or steps that do nothing.
KERNEL_GCC := $(shell echo | $(CC) -x c -Werror -falign-jumps=1 -c -o /dev/null - 2>/dev/null && echo yes)
KERNEL_DENSE := -falign-functions=1 -falign-loops=1 $(if $(KERNEL_GCC),-falign-jumps=1 -falign-labels=1 -flto)

KERNEL_FLAGS := -std=c11 -O2 -g $(WARNINGS) $(PLAIN) -ffreestanding -mgeneral-regs-only \
	-mno-red-zone -mcmodel=kernel -fno-pic -fno-pie -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing $(KERNEL_DENSE) -I. -Ikernel \
	-Ikernel/arch/$(PORT)

# What runs at boot or before the machine stops: small comes first. And what the compiler calls itself.
KERNEL_COLD := main.c program.c base/print.c \
	$(addprefix arch/x86_64/,boot.c console.c panic.c smp.c)
$(call objects,kernel/obj,$(addprefix kernel/,$(KERNEL_COLD))): KERNEL_FLAGS += -Os -fno-lto

# What is done seldom and not for its cost: small comes first, too, but the compiler sees who calls it.
KERNEL_SELDOM := $(addprefix object/,thread.c schedcontext.c interrupt.c) \
	$(addprefix arch/x86_64/,mmu.c apic.c)
$(call objects,kernel/obj,$(addprefix kernel/,$(KERNEL_SELDOM))): KERNEL_FLAGS += -Os
$(call objects,kernel/obj,kernel/base/string.c): KERNEL_FLAGS += -fno-lto

$(eval $(call compile,kernel/obj,KERNEL_FLAGS))

ifneq ($(KERNEL_COMMON),)
KERNEL := $B/kernel/pith.elf $B/kernel/pith.stripped
endif

# Linked twice: the names in the first make the table for the backtraces of the second. The table lies
# behind the text, so it moves no function.
comma := ,
LINK_FLAGS := -z max-page-size=4096 -z noexecstack --build-id=none
KERNEL_LINK = $(if $(KERNEL_GCC),$(CC) $(KERNEL_FLAGS) -flto-partition=one -no-pie \
	$(addprefix -Wl$(comma),$(LINK_FLAGS)),$(LD) $(LINK_FLAGS)) -nostdlib -static -T $(KERNEL_SCRIPT) -o $@
SYMBOLS := $B/kernel/symbol
KERNEL_BASE := ffffffff80000000

$(SYMBOLS)0.c: tools/symbols.py
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tools/symbols.py $(KERNEL_BASE) </dev/null >$@

$(SYMBOLS)1.c: $B/kernel/pith.first tools/symbols.py
	$(Q)nm -n $< | $(PYTHON) tools/symbols.py $(KERNEL_BASE) >$@

$(SYMBOLS)%.o: $(SYMBOLS)%.c
	$(Q)$(CC) $(KERNEL_FLAGS) -c -o $@ $<

$B/kernel/pith.first: $(KERNEL_OBJECTS) $(SYMBOLS)0.o $(KERNEL_SCRIPT)
	$(Q)$(KERNEL_LINK) $(KERNEL_OBJECTS) $(SYMBOLS)0.o

$B/kernel/pith.elf: $(KERNEL_OBJECTS) $(SYMBOLS)1.o $(KERNEL_SCRIPT)
	$(say) LD $@
	$(Q)$(KERNEL_LINK) $(KERNEL_OBJECTS) $(SYMBOLS)1.o

$B/kernel/pith.stripped: $B/kernel/pith.elf
	$(Q)$(STRIP) -o $@ $<

# The host port: AddressSanitizer and UndefinedBehaviorSanitizer stop at the first error.
# The host's C library has memcpy and its like, with the sanitizers' eyes on them.
HOST_SOURCES := $(filter-out kernel/base/string.c,$(KERNEL_COMMON)) $(call sources,kernel/arch/host)
HOST_OBJECTS := $(call objects,host/kernel,$(HOST_SOURCES))
HOST_LIBRARY := $B/host/libpithkernel.a
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
# Hidden: sched_yield and the like are the kernel's, and the C library must not find them.
HOST_FLAGS := -std=c11 -O1 -g $(WARNINGS) $(SANITIZE) -fno-omit-frame-pointer \
	-fvisibility=hidden -fno-strict-aliasing -I. -Ikernel -Ikernel/arch/host

$(eval $(call compile,host/kernel,HOST_FLAGS))

$(HOST_LIBRARY): $(HOST_OBJECTS)
	$(say) AR $@
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(HOST_OBJECTS)

# Each file of tests/unit is a program, which finds cmocka and the host library.
UNIT_SOURCES := $(wildcard tests/unit/*.c)
UNIT_TESTS := $(patsubst tests/unit/%.c,$B/tests/unit/%,$(UNIT_SOURCES))
UNIT_FLAGS = $(HOST_FLAGS) -Itests/unit

$(eval $(call compile,host/unit,UNIT_FLAGS))

# A test of user code names what it tests in its first line: `// sources: A.c B.c`. Others test the
# kernel.
unit_named = $(shell sed -n '1s,^// sources: ,,p' $(1))
unit_parts = $(if $(unit_named),$(call objects,host/unit,$(unit_named)),$(HOST_LIBRARY))

define unit_test
$B/tests/unit/$(1): $B/host/unit/tests/unit/$(1).c.o $(call unit_parts,tests/unit/$(1).c)
	$$(say) LD $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $(SANITIZE) -o $$@ $$^ -lcmocka -lpthread
endef
$(foreach t,$(patsubst tests/unit/%.c,%,$(UNIT_SOURCES)),$(eval $(call unit_test,$(t))))

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)
tests: unit-tests
