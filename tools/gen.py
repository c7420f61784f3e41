#!/usr/bin/env python3
"""Make the checked-in files of abi/gen, protocol/gen and docs/spec from abi/abi.def and protocol/*.def.

gen.py           write them
gen.py --check   change nothing; exit 1 and name the files that are out of date
"""
import glob
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOTE = "// Made by tools/gen.py from %s. Do not edit.\n"
REGISTERS = 8


class Fail(Exception):
    pass


class Arg:
    def __init__(self, name, kind, text):
        self.name, self.text = name, text
        m = re.fullmatch(r"cap\(([^)]*)\)", kind)
        self.cap = [p.strip() for p in m.group(1).split(",")] if m else None
        self.kind = "cap" if m else kind


class Method:
    def __init__(self, name, number, needs, flags, text):
        self.name, self.number, self.needs, self.flags, self.text = name, number, needs, flags, text
        self.ins, self.outs = [], []


class Object:
    def __init__(self, name, number, text):
        self.name, self.number, self.text = name, number, text
        self.rights, self.methods = [], []


LINE = re.compile(r'\s*(\S+)\s+(.*?)(?:\s*"(.*)")?\s*$')


def parse(path):
    errors, objects = [], []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        m = LINE.match(line)
        if not m:
            raise Fail("%s:%d: cannot read this line" % (path, number))
        word, text = m.group(1), m.group(3) or ""
        rest = re.findall(r"cap\([^)]*\)|\S+", m.group(2))
        try:
            if word == "error":
                errors.append((rest[0], text))
            elif word in ("object", "interface"):
                objects.append(Object(rest[0], int(rest[1]), text))
            elif word == "right":
                objects[-1].rights.append((rest[0], int(rest[1]), text))
            elif word == "method":
                needs = rest[rest.index("needs") + 1] if "needs" in rest else None
                objects[-1].methods.append(Method(rest[0], int(rest[1]), needs, rest[2:], text))
            elif word in ("in", "out"):
                arg = Arg(rest[0], rest[1], text)
                method = objects[-1].methods[-1]
                (method.ins if word == "in" else method.outs).append(arg)
            else:
                raise Fail("%s:%d: unknown word %s" % (path, number, word))
        except (IndexError, ValueError) as e:
            raise Fail("%s:%d: %s" % (path, number, e))
    for o in objects:
        if len({x.number for x in o.methods}) != len(o.methods):
            raise Fail("%s: %s has two methods of one number" % (path, o.name))
    return errors, objects


def comment(text, indent=""):
    out, line = [], ""
    for w in text.split():
        if len(line) + len(w) > 92:
            out.append(line)
            line = ""
        line += (" " if line else "") + w
    if line:
        out.append(line)
    return "".join("%s// %s\n" % (indent, x) for x in out)


def numbers(errors, objects):
    out = NOTE % "abi/abi.def" + "#ifndef ABI_GEN_NUMBERS_H\n#define ABI_GEN_NUMBERS_H\n\n"
    for i, (name, text) in enumerate(errors):
        full = "OK" if name == "OK" else "ERR_" + name
        out += "#define %s %d  // %s\n" % (full, i, text)
    out += "#define ERR_COUNT %d\n\n#define TYPE_NONE 0\n" % len(errors)
    for o in objects:
        out += "#define TYPE_%s %d\n" % (o.name.upper(), o.number)
    out += "#define TYPE_COUNT %d\n" % (max(o.number for o in objects) + 1)
    for o in objects:
        up = o.name.upper()
        out += "\n"
        for name, bit, text in o.rights:
            out += "#define %s_%s (1u << %d)  // %s\n" % (up, name, bit, text)
        out += "#define %s_RIGHTS %su\n" % (up, hex(sum(1 << b for _, b, _ in o.rights)))
        for m in o.methods:
            out += "#define METHOD_%s_%s %d\n" % (up, m.name.upper(), m.number)
    return out + "\n#endif\n"


def ctype(a):
    return {"cap": "cap_t ", "word": "uint64_t ", "registers": "const uint64_t *"}[a.kind]


def method_comment(o, m):
    out = comment(m.text)
    for a in m.ins:
        if a.text:
            out += comment("%s: %s" % (a.name, a.text))
    for a in m.outs:
        if a.text:
            out += comment("*%s: %s" % (a.name, a.text))
    return out


def stub(o, m):
    params = ["cap_t %s" % o.name] + ["%s%s" % (ctype(a), a.name if a.name != o.name else a.name + "_")
                                      for a in m.ins]
    params += ["uint64_t *%s" % a.name for a in m.outs]
    head = "static inline err_t %s_%s(" % (o.name, m.name)
    out = method_comment(o, m) + head + ", ".join(params) + ")\n{\n"
    regs_in = [a for a in m.ins if a.kind == "registers"]
    regs_out = [a for a in m.outs if a.kind == "registers"]
    words = "%d + REGISTER_COUNT" % (len(m.ins) - 1) if regs_in else str(len(m.ins))
    init = ", ".join(a.name if a.name != o.name else a.name + "_" for a in m.ins if a.kind != "registers")
    out += "\tstruct msg m = {.tag = TAG(METHOD_%s_%s, %s)" % (o.name.upper(), m.name.upper(), words)
    out += (", .words = {%s}};\n" % init) if init else "};\n"
    if regs_in:
        out += "\tmsg_set_words(&m, %d, %s, REGISTER_COUNT);\n" % (len(m.ins) - 1, regs_in[0].name)
    out += "\terr_t err = sys_call(%s, &m);\n\n" % o.name
    if regs_out:
        out += "\tif (!err)\n\t\tmsg_get_words(&m, 0, %s, REGISTER_COUNT);\n" % regs_out[0].name
    else:
        for i, a in enumerate(m.outs):
            out += "\tif (%s)\n\t\t*%s = m.words[%d];\n" % (a.name, a.name, i)
    return out + "\treturn err;\n}\n"


def stubs(objects):
    out = NOTE % "abi/abi.def" + "// How user mode calls the kernel's objects. Every stub blocks until the kernel has answered,\n"
    out += "// returns OK or an ERR_*, and takes null for an output that is not wanted.\n"
    out += "#ifndef ABI_GEN_STUBS_H\n#define ABI_GEN_STUBS_H\n\n#include \"lib/sys/msg.h\"\n"
    for o in objects:
        for m in o.methods:
            out += "\n" + stub(o, m)
    return out + "\n#endif\n"


def decode(objects):
    out = NOTE % "abi/abi.def" + "// The kernel's method table: what each method needs before its handler sees it.\n"
    out += "#ifndef ABI_GEN_DECODE_H\n#define ABI_GEN_DECODE_H\n\n"
    for o in objects:
        for m in o.methods:
            out += "err_t %s_%s(struct invocation *call);\n" % (o.name, m.name)
    out += "\nstatic const struct method methods[] = {\n"
    for o in objects:
        for m in o.methods:
            up = o.name.upper()
            caps = []
            for i, a in enumerate(m.ins):
                if a.kind == "cap":
                    rights = " | ".join("%s_%s" % (a.cap[0].upper(), r) for r in a.cap[1:]) or "0"
                    caps.append("{%d, TYPE_%s, %s}" % (i, a.cap[0].upper(), rights))
            words = sum(1 for a in m.ins if a.kind != "registers")
            needs = "%s_%s" % (up, m.needs) if m.needs else "0"
            out += "\t{TYPE_%s, METHOD_%s_%s, %s, %d, %d, {%s}, %s_%s},\n" % (
                up, up, m.name.upper(), needs, words, len(caps), ", ".join(caps), o.name, m.name)
    out += "};\n\n// By type: its first method in the table, and how many it has (numbered from 1 in order).\n"
    out += "static const struct { uint8_t first, count; } method_index[TYPE_COUNT] = {\n"
    first = 0
    for o in objects:
        if [m.number for m in o.methods] != list(range(1, len(o.methods) + 1)):
            raise Fail("%s: methods are not numbered from 1 in order" % o.name)
        out += "\t[TYPE_%s] = {%d, %d},\n" % (o.name.upper(), first, len(o.methods))
        first += len(o.methods)
    return out + "};\n\n#endif\n"


def names(errors, objects):
    out = NOTE % "abi/abi.def" + "// Names for logs and traces.\n#ifndef ABI_GEN_NAMES_H\n#define ABI_GEN_NAMES_H\n\n"
    out += "static inline const char *error_name(unsigned err)\n{\n\tstatic const char *const names[] = {\n"
    for name, _ in errors:
        out += '\t\t"%s",\n' % name
    out += '\t};\n\n\treturn err < sizeof names / sizeof names[0] ? names[err] : "?";\n}\n\n'
    out += "static inline const char *type_name(unsigned type)\n{\n\tswitch (type) {\n"
    for o in objects:
        out += '\tcase %d:\n\t\treturn "%s";\n' % (o.number, o.name)
    out += '\tdefault:\n\t\treturn "?";\n\t}\n}\n\n'
    out += "static inline const char *method_name(unsigned type, unsigned label)\n{\n\tswitch (type << 8 | label) {\n"
    for o in objects:
        for m in o.methods:
            out += '\tcase %d << 8 | %d:\n\t\treturn "%s_%s";\n' % (o.number, m.number, o.name, m.name)
    return out + '\tdefault:\n\t\treturn "?";\n\t}\n}\n\n#endif\n'


def page(o, source):
    out = "# %s\n\n<!-- Made by tools/gen.py from %s. -->\n\n%s\n" % (o.name, source, o.text)
    if o.rights:
        out += "\n| right | bit | meaning |\n| --- | --- | --- |\n"
        out += "".join("| %s | %d | %s |\n" % r for r in o.rights)
    for m in o.methods:
        out += "\n## %s_%s (%d)\n\n%s\n" % (o.name, m.name, m.number, m.text)
        if m.needs:
            out += "\nNeeds the right %s.\n" % m.needs
        rows = [("in", a) for a in m.ins] + [("out", a) for a in m.outs]
        if rows:
            out += "\n| | name | type | meaning |\n| --- | --- | --- | --- |\n"
            for way, a in rows:
                kind = "cap(%s)" % ", ".join(a.cap) if a.cap else a.kind
                out += "| %s | %s | %s | %s |\n" % (way, a.name, kind, a.text)
    return out


def errors_page(errors):
    out = "# Errors\n\n<!-- Made by tools/gen.py from abi/abi.def. -->\n\n| number | name | meaning |\n| --- | --- | --- |\n"
    return out + "".join("| %d | %s | %s |\n" % (i, n, t) for i, (n, t) in enumerate(errors))


def protocol_stub(o, m):
    caps_in = [a for a in m.ins if a.kind == "cap"]
    words_in = [a for a in m.ins if a.kind != "cap"]
    params = ["cap_t to"] + ["uint64_t %s" % a.name for a in words_in] + ["cap_t %s" % a.name for a in caps_in]
    params += ["uint64_t *%s" % a.name for a in m.outs if a.kind != "cap"]
    out = method_comment(o, m) + "static inline err_t %s_%s(%s)\n{\n" % (o.name, m.name, ", ".join(params))
    tag = "TAG(%s_%s, %d)" % (o.name.upper(), m.name.upper(), len(words_in))
    if caps_in:
        tag += " | TAG_CAPS(%d)" % len(caps_in)
    if "interruptible" in m.flags:
        tag += " | TAG_INTERRUPTIBLE"
    out += "\tstruct msg m = {.tag = %s" % tag
    out += ", .words = {%s}};\n" % ", ".join(a.name for a in words_in) if words_in else "};\n"
    for i, a in enumerate(caps_in):
        out += "\tmsg_set_cap(%d, %s);\n" % (i, a.name)
    out += "\terr_t err = sys_call(to, &m);\n\n"
    for i, a in enumerate([a for a in m.outs if a.kind != "cap"]):
        out += "\tif (%s)\n\t\t*%s = m.words[%d];\n" % (a.name, a.name, i)
    return out + "\treturn err;\n}\n"


def protocol(o, source):
    up = o.name.upper()
    out = NOTE % source + comment(o.text)
    out += "#ifndef PROTOCOL_GEN_%s_H\n#define PROTOCOL_GEN_%s_H\n\n#include \"lib/sys/msg.h\"\n\n" % (up, up)
    for m in o.methods:
        out += "#define %s_%s 0x%x\n" % (up, m.name.upper(), o.number << 8 | m.number)
    out += "\n// For a server's table: X(name, words in, capabilities in), in the order above.\n"
    out += "#define %s_METHODS(X)" % up
    for m in o.methods:
        caps = sum(1 for a in m.ins if a.kind == "cap")
        out += " \\\n\tX(%s, %d, %d)" % (m.name, len(m.ins) - caps, caps)
    out += "\n"
    for m in o.methods:
        out += "\n" + protocol_stub(o, m)
    return out + "\n#endif\n"


def outputs():
    errors, objects = parse(os.path.join(TOP, "abi/abi.def"))
    files = {
        "abi/gen/numbers.h": numbers(errors, objects),
        "abi/gen/stubs.h": stubs(objects),
        "abi/gen/decode.h": decode(objects),
        "abi/gen/names.h": names(errors, objects),
        "docs/spec/errors.md": errors_page(errors),
    }
    for o in objects:
        files["docs/spec/%s.md" % o.name] = page(o, "abi/abi.def")
    for path in sorted(glob.glob(os.path.join(TOP, "protocol/*.def"))):
        source = os.path.relpath(path, TOP)
        for o in parse(path)[1]:
            for m in o.methods:
                words = sum(1 for a in m.ins if a.kind != "cap")
                if words > REGISTERS:
                    raise Fail("%s: %s_%s has more than %d words" % (source, o.name, m.name, REGISTERS))
            files["protocol/gen/%s.h" % o.name] = protocol(o, source)
            files["docs/spec/protocol-%s.md" % o.name] = page(o, source)
    return files


def main():
    stale = []
    for name, text in outputs().items():
        path = os.path.join(TOP, name)
        old = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        if old == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    if stale and "--check" in sys.argv:
        sys.exit("out of date, run tools/gen.py: " + " ".join(stale))


if __name__ == "__main__":
    try:
        main()
    except Fail as e:
        sys.exit("gen.py: %s" % e)
