# The names of system calls come from the C library's header when this is built. musl's stands for
# Linux's: it is the one that every build has.
PROCESS_NAMES := $B/user/servers/process/syscall_name.c

$(PROCESS_NAMES): tools/syscall_names.py servers/process/build.mk
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <sys/syscall.h>' | $(MUSLCC) -E -dM - | $(PYTHON) tools/syscall_names.py >$@

$(PROCESS_NAMES).o: $(PROCESS_NAMES)
	$(Q)$(CC) $(USER_FLAGS) -c -o $@ $<

LIBS_process := $(PROCESS_NAMES).o
