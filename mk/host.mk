# Programs that run on the host.

RELAY_SOURCES := $(addprefix tools/host/,relay.c machine.c terminal.c channel.c stream.c)
FAKE_SOURCES := tests/host/fake_qemu.c
TOOL_FLAGS := -std=c11 -O2 -g $(WARNINGS) -I.
TOOL_OBJECTS = $(call objects,host/tool,$(1))

$(eval $(call compile,host/tool,TOOL_FLAGS))

$B/host/relay: $(call TOOL_OBJECTS,$(RELAY_SOURCES))
$B/host/fake_qemu: $(call TOOL_OBJECTS,$(FAKE_SOURCES))
$B/host/relay $B/host/fake_qemu:
	$(say) LD $@
	$(Q)$(CC) -o $@ $^

tests: $B/host/relay $B/host/fake_qemu

# A plugin for QEMU: counts instructions for ./pith profile.
$B/host/profile.so: tools/host/profile.c
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_FLAGS) -shared -fPIC -fvisibility=hidden -o $@ $<
