"""The shells: what each command of tests/shell does in busybox, bash, mksh and zsh is, byte for byte, what the
same binaries do on Linux.

A file NAME.cases holds commands, each after a line `### what it shows`; `[fails]` at its end: it must end
with a status other than 0. Each is run by all shells as a script of its own, in a folder of its own. The
reference is made by this machine's Linux in namespaces of its own, with the root file system of the image;
where that is refused, by Debian's cloud kernel in QEMU, which the benchmark needs anyway.
"""
import base64
import glob
import os
import re
import tempfile

import subprocess
import sys

from pithtest import PITH, TOP, run

SHELLS = {"busybox": "/bin/busybox sh", "bash": "/bin/bash-static", "mksh": "/bin/mksh-static",
          "zsh": "/bin/zsh-static"}
ROOT = os.path.join(TOP, "build/root")
SEPARATOR = b"\0--\0"
LIMIT = 60  # seconds for one command

# Runs the commands of folder /cases with the shells that are named, NAME=COMMAND, all shells at the same
# time. What each prints comes out as one record: number, shell, standard output, standard error, status. A
# command that takes too long is killed. It is the same on both systems.
DRIVER = r"""
limit=$1; shift
one() {
	name=$1; state=/tmp/s/$1; command=$2
	mkdir -p /tmp/w $state
	(
		last=
		while sleep $limit; do
			now=$(cat $state/now 2>/dev/null)
			[ "$now" != "$last" ] || kill -9 -- -${now#* }
			last=$now
		done
	) </dev/null >/dev/null 2>&1 &
	watcher=$!
	for case in $(cd /cases; echo * | tr ' ' '\n' | sort -n); do
		[ -s /cases/$case ] || continue
		case " $(head -n 1 /cases/$case) " in *" not-$name "*) continue ;; esac
		d=/tmp/w/$case.$name
		mkdir $d
		(cd $d; exec setsid $command /cases/$case) </dev/null >$state/out 2>$state/err &
		p=$!
		echo "$case $p" >$state/now
		wait $p 2>/dev/null
		code=$?
		{
			printf '%s %s\0--\0' $case $name
			cat $state/out; printf '\0--\0'; cat $state/err
			printf '\0--\0%s\0--\0' $code
		} >$state/record
		cat $state/record
		rm -rf $d
	done
	kill $watcher
}
for s in "$@"; do one ${s%%=*} "${s#*=}" & done
wait
"""

# The root for the reference: the image's own, with devices and an empty /tmp.
REFERENCE = r"""
mount -t tmpfs none /mnt && cd /mnt || exit 125
cp -R -P -p "$1"/. . && chmod 1777 tmp && chmod 700 root
for d in null zero full random urandom tty; do : >dev/$d; mount --bind /dev/$d dev/$d || exit 125; done
mount -t proc none proc || exit 125
mkdir cases; cp "$2"/cases/* cases/
shift 2
exec chroot . /bin/busybox env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb "$@"
"""


# The same in a machine of its own: what comes out is text, for the serial line would change it.
MACHINE = r"""#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t devtmpfs none /dev
mount -t proc none /proc
chmod 1777 /tmp; chmod 700 /root
mkdir -p /dev/shm
stty raw </dev/ttyS0
{
	echo BEGIN
	sh /reference </dev/null 2>/dev/null | base64
	echo END
} >/dev/ttyS0
poweroff -f
"""


class Case:
    def __init__(self, file, name, tags):
        self.file = file
        self.name = name
        self.fails = "fails" in tags
        self.without = [tag[4:] for tag in tags if tag.startswith("not ")]
        # What the driver looks at is a comment to the shells.
        self.text = "# %s\n" % " ".join("not-" + name for name in self.without)


def cases():
    found = []
    for path in sorted(glob.glob(os.path.join(TOP, "tests/shell/*.cases"))):
        name = os.path.basename(path)
        with open(path) as f:
            for line in f:
                head = re.match(r"### (.*?)((?: \[[a-z ]+\])*)$", line)
                if head:
                    found.append(Case(name, head[1], re.findall(r"\[(.*?)\]", head[2])))
                elif found and found[-1].file == name:
                    found[-1].text += line
    return found


def write_cases(folder, chosen):
    os.mkdir(os.path.join(folder, "cases"))
    for number, case in enumerate(chosen):
        with open(os.path.join(folder, "cases", str(number)), "w") as f:
            f.write(case.text)


def command(shells):
    return ["/bin/busybox", "sh", "-c", DRIVER, "driver", str(LIMIT)] + \
        ["%s=%s" % (name, SHELLS[name]) for name in shells]


def parse(out):
    """(number, shell) -> (status, output, errors)"""
    parts = out.split(SEPARATOR)
    results = {}
    for i in range(0, len(parts) - 3, 4):
        number, shell = parts[i].decode().split()
        results[int(number), shell] = (int(parts[i + 3]), parts[i + 1], parts[i + 2])
    return results


def on_pith(folder, shells):
    return run([PITH, "run", "--memory", "1G", "--root", folder, "--", "/bin/busybox", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", *command(shells)],
               timeout=400)


def quoted(words):
    return " ".join("'%s'" % word.replace("'", "'\\''") for word in words)


def on_machine(folder, shells):
    """As on_linux, by Debian's cloud kernel in QEMU."""
    sys.path.insert(0, os.path.join(TOP, "tools"))
    import bench_linux  # pylint: disable=import-outside-toplevel,import-error
    kernel, _ = bench_linux.fetch_kernel()
    with tempfile.TemporaryDirectory() as place:
        init, image, extra = (os.path.join(place, name) for name in ("init", "image", "root"))
        os.makedirs(extra)
        with open(init, "w") as f:
            f.write(MACHINE)
        os.chmod(init, 0o755)
        with open(os.path.join(extra, "reference"), "w") as f:
            f.write("exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb %s\n"
                    % quoted(command(shells)))
        subprocess.run([sys.executable, os.path.join(TOP, "tools/initramfs.py"), "-o", image, "--init", init,
                        ROOT, folder, extra], check=True)
        status, out, err = run(["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1",
                                "-m", "1G", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
                                "-kernel", kernel, "-initrd", image, "-append", "console=ttyS0 quiet panic=-1",
                                "-serial", "stdio"], timeout=600)
    found = re.search(rb"^BEGIN\r?\n(.*?)^END", out, re.M | re.S)
    return (status, base64.b64decode(found[1]), err) if found else (125, b"", out + err)


def reference(folder, shells):
    """What Linux does: this machine's, or one of its own where this machine's gives no namespaces."""
    result = on_linux(folder, shells)
    return on_machine(folder, shells) if result[0] else result


def on_linux(folder, shells):
    return run(["unshare", "-r", "-m", "-p", "-f", "sh", "-c", REFERENCE, "reference", ROOT, folder,
                *command(shells)], timeout=200)


def known():
    """What is known to differ: FILE: NAME: SHELL..."""
    found = set()
    with open(os.path.join(TOP, "tests/shell/differs.txt")) as f:
        for line in f:
            if not line.startswith("#"):
                file, name, shells = line.rstrip("\n").split(": ")
                found |= {(file, name, shell) for shell in shells.split()}
    return found


def shown(result):
    return "nothing" if result is None else "status %d\n      out %r\n      err %r" % result


def compare(chosen, linux, pith):
    """Says for each command whether all shells did what they do on Linux; returns how many did not."""
    differs, failed = known(), 0
    for number, case in enumerate(chosen):
        names = [name for name in SHELLS if name not in case.without]
        for name in names:
            wanted = linux.get((number, name))
            assert wanted, "no reference for %s in %s" % (case.name, name)
            assert (wanted[0] != 0) == case.fails, "%s in %s: [fails] is wrong: %s" \
                % (case.name, name, shown(wanted))
        wrong = [name for name in names if linux[number, name] != pith.get((number, name))]
        new = [name for name in wrong if (case.file, case.name, name) not in differs]
        failed += bool(new)
        print("%s %s%s" % ("not ok" if new else "ok", case.name,
                           " (differs, as known: %s)" % " ".join(wrong) if wrong and not new else ""))
        for name in new:
            print("   %s: Linux %s\n   %s: Pith %s" % (name, shown(linux[number, name]), name,
                                                    shown(pith.get((number, name)))))
    return failed


def run_file(name):
    chosen = [case for case in cases() if case.file == name + ".cases"]
    with tempfile.TemporaryDirectory() as folder:
        write_cases(folder, chosen)
        status, out, err = reference(folder, SHELLS)
        assert status == 0, "neither this machine's Linux (unshare -r -m -p, then chroot) nor one in QEMU " \
            "gives a reference: status %r, %r" % (status, err)
        linux = parse(out)
        status, out, err = on_pith(folder, SHELLS)
    failed = compare(chosen, linux, parse(out))
    assert not failed, "%d of %d commands differ; the run on Pith: status %r, %r" \
        % (failed, len(chosen), status, err[-500:])


def test_text_tools_and_substitution():
    run_file("text")


def test_pipes_signals_traps_and_jobs():
    run_file("jobs")


def test_what_must_fail():
    run_file("failures")


def test_the_list_is_large_enough():
    chosen = cases()
    assert len(chosen) >= 150
    assert sum(case.file == "jobs.cases" for case in chosen) >= 60
    assert sum(case.fails for case in chosen) >= 30
    names = [case.name for case in chosen]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]


for _test in (test_text_tools_and_substitution, test_pipes_signals_traps_and_jobs, test_what_must_fail):
    _test.limit = 600


def test_both_references_are_equal():
    chosen = [case for case in cases() if case.file == "failures.cases"][:8]
    with tempfile.TemporaryDirectory() as folder:
        write_cases(folder, chosen)
        here = on_linux(folder, SHELLS)
        status, out, err = on_machine(folder, SHELLS)
    assert status == 0, (status, err[-500:])
    assert here[0] != 0 or parse(here[1]) == parse(out), (parse(here[1]), parse(out))

test_both_references_are_equal.slow = True
