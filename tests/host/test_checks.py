"""The checks find what they are for: each is given a tree or an object with a fault."""
import os
import tempfile

from pithtest import TOP, run


def floors(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)
        status, out, err = run([os.path.join(TOP, "tools/check_floors.py"), folder])
        return status, out.decode()


KERNEL = {
    "abi/types.h": "",
    "kernel/kernel.h": "",
    "kernel/base/list.h": "",
    "kernel/arch/arch.h": '#include "abi/types.h"\n',
    "kernel/mem/frame.h": '#include "base/list.h"\n#include "arch/arch.h"\n',
    "kernel/cap/cap.h": '#include "mem/frame.h"\n',
    "kernel/object/endpoint.h": '#include "cap/cap.h"\n',
    "kernel/main.c": '#include "object/endpoint.h"\n',
}


def test_floors_accept_going_down():
    assert floors(KERNEL)[0] == 0


def test_floors_find_a_climb():
    for name, line in (("kernel/base/print.c", "cap/cap.h"),
                       ("kernel/mem/map.c", "cap/cap.h"),
                       ("kernel/cap/more.c", "object/endpoint.h"),
                       ("kernel/arch/x86_64/trap.c", "object/endpoint.h")):
        status, out = floors({**KERNEL, name: '#include "%s"\n' % line})
        assert status == 1 and name + ":1" in out, (name, out)


def test_floors_keep_components_apart():
    files = {"abi/types.h": "", "protocol/file.h": "", "lib/rt/rt.h": "",
             "servers/file/file.h": '#include "protocol/file.h"\n#include "lib/rt/rt.h"\n',
             "servers/file/main.c": '#include "file.h"\n'}
    assert floors(files)[0] == 0
    for name, line in (("servers/net/main.c", "servers/file/file.h"),
                       ("drivers/pci/main.c", "../../servers/file/file.h"),
                       ("lib/rt/start.c", "servers/file/file.h")):
        assert floors({**files, name: '#include "%s"\n' % line})[0] == 1, name


def test_floors_keep_users_out_of_the_kernel():
    for name in ("lib/rt/a.c", "servers/file/a.c", "drivers/pci/a.c", "env/linux/a.c",
                 "apps/demo/a.c"):
        assert floors({**KERNEL, name: '#include "kernel/kernel.h"\n'})[0] == 1, name


def test_floors_find_an_architecture_condition():
    assert floors({"kernel/mem/map.c": "#ifdef __x86_64__\n#endif\n"})[0] == 1
    assert floors({"kernel/arch/x86_64/map.c": "#ifdef __x86_64__\n#endif\n"})[0] == 0


def fpu(code):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "code")
        with open(path + ".S", "w") as f:
            f.write("xmm_in_a_name:\n" + code + "\n")
        assert run(["gcc", "-c", "-o", path + ".o", path + ".S"])[0] == 0
        return run([os.path.join(TOP, "tools/check_fpu.py"), path + ".o"])[0]


def test_fpu_instructions_are_found():
    for code in ("movaps %xmm0, %xmm1", "vaddps %ymm1, %ymm2, %ymm3", "fldz", "fadd %st(1), %st",
                 "fldl (%rax)", "movq %rax, %xmm7"):
        assert fpu(code) == 1, code


def test_general_registers_are_accepted():
    assert fpu("mov %rax, %fs:(%rbx); call xmm_in_a_name; xsave (%rdi); fxrstor (%rdi); "
               "wrfsbase %rax; mov %fs, %eax") == 0
