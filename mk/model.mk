# The kernel as a process for the model to be held against (tests/model/run.py).
MODEL_MACHINE := $B/tests/model/machine

$(MODEL_MACHINE): $B/host/unit/tests/model/machine.c.o $(HOST_LIBRARY)
	$(say) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SANITIZE) -o $@ $^ -lcmocka -lpthread

tests: $(MODEL_MACHINE)
