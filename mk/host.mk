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

# Plugins for QEMU: instructions for ./pith profile, switches of address space for ./pith bench --linux.
$B/host/%.so: tools/host/%.c tools/host/plugin.h
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_FLAGS) -shared -fPIC -fvisibility=hidden -o $@ $<
