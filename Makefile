# One make for everything. `./pith` calls it; by hand:
#
#   make                    everything but the tests
#   make run-files          what ./pith run needs: kernel, image, relay
#   make tests              the test programs
#   make programs           all programs and no image
#   make check              the checks that need no machine (see mk/check.mk)
#   make compile_commands.json
#   make V=1                show commands        make CC=clang B=build-clang programs
#
# Sources are found by their folder: a new file needs no change here. The parts:
# mk/kernel.mk (kernel, and its host port for the unit tests), mk/user.mk (everything
# that runs on the kernel), mk/image.mk (root file system, boot image), mk/host.mk (tools
# that run here), mk/check.mk. A server may bring a build.mk of its own.

B ?= build
V ?= 0
ifneq ($(filter default undefined,$(origin CC)),)
CC := gcc
endif
MUSLCC ?= musl-gcc
LD := ld
AR := ar
STRIP := strip
# The system's own python starts faster than one behind a wrapper.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say = @printf '  %-7s %s\n'
endif

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Werror
# Distributions turn some of these on by default; what we build must not depend on it.
PLAIN := -fno-stack-protector -fcf-protection=none -U_FORTIFY_SOURCE
MAKEFILES_ALL := Makefile $(wildcard mk/*.mk)
DEPFLAGS = -MMD -MP -MF $@.d

# $(call sources,FOLDERS): all C and assembly files right in them.
sources = $(wildcard $(foreach d,$(1),$(d)/*.c $(d)/*.S))
# $(call objects,WHERE,SOURCES): their objects under $B/WHERE.
objects = $(addprefix $B/$(1)/,$(addsuffix .o,$(2)))
# Names of the folders right under a folder that hold sources.
folders = $(sort $(patsubst $(1)/%/,%,$(dir $(wildcard $(1)/*/*.c $(1)/*/*.S))))

# $(call compile,WHERE,FLAGS): rules for objects under $B/WHERE. FLAGS is a variable's
# name, so that what is computed in it is computed only when something is compiled.
define compile
$B/$(1)/%.c.o: %.c $(MAKEFILES_ALL)
	$$(say) CC $$<
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(2)) $$(DEPFLAGS) -c -o $$@ $$<

$B/$(1)/%.S.o: %.S $(MAKEFILES_ALL)
	$$(say) AS $$<
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(2)) $$(DEPFLAGS) -c -o $$@ $$<
endef

.PHONY: all run-files tests check clean
all:
clean:
	rm -rf $B build-clang compile_commands.json

# In this order: prerequisites are read when their rule is.
MK_ORDER := mk/kernel.mk mk/user.mk mk/host.mk mk/image.mk
include $(MK_ORDER) $(filter-out $(MK_ORDER),$(sort $(wildcard mk/*.mk)))

all: run-files

# Everything that is compiled, without images: what another compiler has to show.
.PHONY: programs
programs: $(KERNEL) user $B/host/relay unit-tests $(SYSTEM_TEST_FILES)

ifneq ($(MAKECMDGOALS),clean)
-include $(shell find $B -name '*.o.d' 2>/dev/null)
endif

compile_commands.json: $(MAKEFILES_ALL)
	$(Q)$(MAKE) --no-print-directory --always-make --dry-run V=1 all tests | \
		$(PYTHON) tools/compdb.py >$@

FORCE:
.PHONY: FORCE
