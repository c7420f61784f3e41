# Checks of the sources and of what was built. tests/run calls each as a test.

.PHONY: check-gen check-abi check-floors check-ratchets check-fpu

# Generated files are checked in; they must be what the generator makes today.
check-gen:
	$(Q)if [ -e tools/gen.py ]; then $(PYTHON) tools/gen.py --check; fi

# What docs/linux-abi.md says is what the tests claim.
check-abi:
	$(Q)$(PYTHON) tools/linux_abi.py --check

check-floors:
	$(Q)$(PYTHON) tools/check_floors.py

check-ratchets: $(KERNEL)
	$(Q)$(PYTHON) tools/check_ratchets.py $B

check-fpu: user
	$(Q)$(PYTHON) tools/check_fpu.py $(USER_OBJECTS) $(ENV_OBJECTS)

check: check-gen check-abi check-floors check-ratchets check-fpu
