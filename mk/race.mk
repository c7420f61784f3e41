# The kernel with cores that are threads of the host, under ThreadSanitizer: tests/race.
RACE_FLAGS := -std=c11 -O1 -g $(WARNINGS) -fsanitize=thread -fno-omit-frame-pointer -fvisibility=hidden \
	-fno-strict-aliasing -I. -Ikernel -Ikernel/arch/host -Itests/unit
RACE_OBJECTS := $(call objects,race,$(HOST_SOURCES) $(call sources,tests/race))
RACE := $B/tests/race/cores

$(eval $(call compile,race,RACE_FLAGS))

$(RACE): $(RACE_OBJECTS)
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -fsanitize=thread -o $@ $^ -lcmocka -lpthread

tests: $(RACE)
