# The conformance suite: the first task of an image of its own (tests/conform).
CONFORM := $B/tests/conform/conform
CONFORM_OBJECTS := $(call objects,user,$(call sources,tests/conform))

$(eval $(call native,$(CONFORM).elf,$(CONFORM_OBJECTS),))

$B/tests/conform.img: $(CONFORM) tools/image.py
	$(say) IMAGE $@
	$(Q)$(IMAGE_TOOL) -o $@ --system supervisor=$<

tests: $(KERNEL) $B/tests/conform.img
