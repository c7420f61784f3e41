"""./pith debug: gdb with the symbols of the kernel and of all components."""
import re
import socket

from pithtest import PITH, run


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def debug(commands, *program):
    """gdb reads its commands from its input."""
    status, out, err = run([PITH, "debug", "--port", free_port(), "--", *program],
                           stdin="".join(c + "\n" for c in commands).encode())
    assert status == 0, (status, out, err)
    return out.decode()


def test_breakpoint_in_the_kernel():
    said = debug(["break kernel_syscall", "continue", "backtrace", "info registers rip", "kill"], "true")
    assert re.search(r"Breakpoint 1, kernel_syscall \(core=0xffffffff80[0-9a-f]+", said), said
    assert re.search(r"#1 .*syscall_native", said), said
    assert re.search(r"rip .*<kernel_syscall", said), said


def test_breakpoints_in_components():
    said = debug(["break walk_path", "break write_finish", "continue", "backtrace", "delete 1",
                  "continue", "backtrace", "delete", "continue"], "echo", "hi")
    # Each backtrace is of one program, from the function to its main.
    assert re.search(r"#0 +walk_path(?s:.*?) main \(\) at servers/file/", said), said
    assert re.search(r"#0 +write_finish(?s:.*?) main \(\) at servers/terminal/", said), said
    # And the program goes on to its end.
    assert said.index("hi\n") > said.index("write_finish"), said
