# Benchmark programs. tools/bench.py runs them with --root $B/bench/root.
#
#   /bench/linux    all of bench/linux: one program
#   /bench/NAME     bench/helper/NAME.c
#   /bench/tree, data, text    what its jobs work on

BENCH_ROOT := $B/bench/root/bench
BENCH_FLAGS := $(filter-out -O1 -g,$(LINUX_FLAGS)) -O2 $(PLAIN)
BENCH_HELPERS := $(patsubst bench/helper/%.c,$(BENCH_ROOT)/%,$(wildcard bench/helper/*.c))

$(BENCH_ROOT)/linux: $(wildcard bench/linux/*.c bench/linux/*.h) $(MAKEFILES_ALL)
	$(say) BENCH $@
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(BENCH_FLAGS) -s -o $@ $(filter %.c,$^)

$(BENCH_ROOT)/%: bench/helper/%.c $(MAKEFILES_ALL)
	$(say) BENCH $@
	$(Q)mkdir -p $(@D)
	$(Q)$(MUSLCC) $(BENCH_FLAGS) -s -o $@ $<

$B/bench/tree.stamp: tools/bench_tree.py
	$(say) BENCH $(BENCH_ROOT)/tree
	$(Q)$(PYTHON) tools/bench_tree.py $(BENCH_ROOT)
	$(Q)touch $@

.PHONY: bench
bench: run-files $B/host/switches.so $(BENCH_ROOT)/linux $(BENCH_HELPERS) $B/bench/tree.stamp

# The benchmark of the kernel: the first task of an image of its own, on the kernel that ./pith run boots.
BENCH_NATIVE := $B/bench/native/native
BENCH_NATIVE_OBJECTS := $(call objects,user,$(call sources,bench/native))

$(eval $(call native,$(BENCH_NATIVE).elf,$(BENCH_NATIVE_OBJECTS),))

$B/bench/native.img: $(BENCH_NATIVE) tools/image.py
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ --system supervisor=$<

bench tests: $(KERNEL) $B/bench/native.img

# A native test: tests/native/NAME and the bench's threads, as the first task of an image of its own.
NATIVE_TESTS := $(call folders,tests/native)
NATIVE_TEST_WORLD := $(call objects,user,bench/native/world.c bench/native/probe.S)
$(foreach n,$(NATIVE_TESTS),$(eval $(call native,$B/tests/native/$(n).elf,$(call \
	objects,user,$(call sources,tests/native/$(n))) $(NATIVE_TEST_WORLD),)))

$B/tests/native/%.img: $B/tests/native/% tools/image.py
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ --system supervisor=$<

tests: $(foreach n,$(NATIVE_TESTS),$B/tests/native/$(n).img) $B/host/longest.so

# Several cores: tests/cores, as the first task of an image of its own.
CORES_TEST := $B/tests/cores/cores

$(eval $(call native,$(CORES_TEST).elf,$(call objects,user,$(call sources,tests/cores)),))

$(CORES_TEST).img: $(CORES_TEST) tools/image.py
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ --system supervisor=$<

tests: $(KERNEL) $(CORES_TEST).img
