#!/usr/bin/env python3
"""Hold the kernel against the model: random calls on both, and after each the whole abstract state.

tests/model/run.py [--seconds N] [--seed N] [--steps N] [--replay FILE] [--machine PROGRAM]

--seconds N   how long (default 60)
--seed N      the first sequence's (default 1); sequence i has seed + i
--steps N     of a sequence (default 300)
--replay FILE a reproducer that an earlier run wrote

A difference ends the run with status 1: what differs, and a reproducer, as short as it could be made.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from state import *  # noqa: E402,F401,F403
from model import Machine  # noqa: E402
import methods  # noqa: E402
from sequence import *  # noqa: E402,F401,F403

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMMAND_WORDS = 96
(A_CORE, A_SLOT, A_THREAD, A_ENDPOINT, A_REPLY, A_NOTIFICATION, A_CONTEXT, A_INTERRUPT, A_VSPACE, A_BLOCK,
 A_STEP, A_WORLD) = range(1, 13)


class Died(Exception):
    pass


class Kernel:
    """The kernel as a process (tests/model/machine.c): started when it is needed, and again when it died."""

    def __init__(self, program):
        self.program, self.process = program, None

    def start(self):
        if not self.process or self.process.poll() is not None:
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE)
        return self.do(CMD_RESET)

    def do(self, *words):
        words = list(words) + [0] * (COMMAND_WORDS - len(words))
        try:
            self.process.stdin.write(struct.pack("<%dQ" % COMMAND_WORDS, *(w & MASK for w in words)))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        head = self.process.stdout.read(8)
        if len(head) < 8:
            self.process.wait()
            raise Died(self.process.stderr.read().decode(errors="replace")[-3000:])
        count = struct.unpack("<Q", head)[0]
        data = struct.unpack("<%dQ" % count, self.process.stdout.read(8 * count))
        records, at = [], 0
        while at < count:
            kind, length = data[at], data[at + 1]
            records.append((kind, data[at + 2:at + 2 + length]))
            at += 2 + length
        return records

    def end(self):
        if self.process:
            self.process.kill()
            self.process.communicate()


# --- the two states in one form: key -> tuple

def threads_of(words):
    """A list that ends with 0, and what follows."""
    end = words.index(0)
    return words[:end], words[end + 1:]


def state_of_records(records):
    state = {}
    for kind, w in records:
        if kind == A_CORE:
            state["core"] = (w[0], w[1], tuple(zip(w[3::2], w[4::2])))
        elif kind == A_SLOT:
            state[("slot", w[0], w[1])] = w[2:]
        elif kind == A_ENDPOINT:
            senders, rest = threads_of(w[1:])
            receivers, dead = threads_of(rest)
            state[("endpoint", w[0])] = (senders, receivers, tuple(zip(dead[::2], dead[1::2])))
        elif kind == A_NOTIFICATION:
            state[("notification", w[0])] = (w[1], w[2], threads_of(w[3:])[0])
        elif kind == A_CONTEXT:
            state[("context", w[0])] = w[1:20] + (w[20:],)
        elif kind == A_VSPACE:
            pages = {}
            for address, physical, entry in zip(w[2::3], w[3::3], w[4::3]):
                for i in range(512 if entry >> 8 else 1):
                    pages[address + i * PAGE] = (physical + i * PAGE, entry & 0xe6)
            state[("vspace", w[0])] = (w[1], pages)
        elif kind == A_THREAD:
            state[("thread", w[0])] = w[1:]
        elif kind == A_REPLY:
            state[("reply", w[0])] = w[1:]
        elif kind == A_INTERRUPT:
            state[("interrupt", w[0])] = w[1:]
        elif kind == A_BLOCK:
            state[("block", w[0])] = w[1:2] + w[3:]
    return state


def name(thing): return thing.name if thing else 0


def thread_state(t):
    sending = t.state == SENDING
    fault = t.fault if t.is_faulted and sending else (0, [])
    words = list(fault[1]) + [0] * (8 - len(fault[1]))
    return (t.state, t.is_sticky * 8 | t.is_faulted * 4 | t.is_timeout * 0x40, t.is_call * 2 if sending else 0, t.ip, t.err, t.cap, t.tag,
            t.reply_reg, *t.words, name(t.endpoint), name(t.waiting), name(t.reply), name(t.bound), name(t.own),
            name(t.running), t.badge if sending else 0, fault[0], len(fault[1]), *(w or 0 for w in words),
            name(t.block), t.redirect)


def slot_state(cap):
    parent = cap.parent.place if cap.parent else (0, 0)
    siblings = cap.parent.children if cap.parent else [cap]
    at = siblings.index(cap)
    before = siblings[at - 1].place if at else (0, 0)
    flags = cap.is_dead * 0x10 | cap.is_device * 0x08 | cap.is_pool * 0x20
    return (cap.type, cap.rights, cap.obj, 0 if cap.type == FRAME else cap.data,
            cap.count if cap.type in (FRAME, CNODE) else 0, cap.bits if cap.type == UNTYPED else 0,
            cap.mints if cap.type == ENDPOINT else 0, flags, *(cap.mapping or (0, 0, 0)), *parent, *before)


def state_of_model(m):
    ready = tuple((p, c.user.name) for p in range(PRIORITY_MAX + 1) for c in m.ready[p])
    state = {"core": (name(m.current), m.time, ready)}
    for place, cap in m.slots.items():
        state[("slot",) + place] = slot_state(cap)
    for (kind, key), o in m.objects.items():
        if kind == THREAD:
            state[("thread", key)] = thread_state(o)
            if o.block:
                state[("block", o.block.name)] = (o.block.redirect_ip, *o.block.words, *o.block.received)
        elif kind == ENDPOINT:
            state[("endpoint", key)] = (tuple(t.name for t in o.senders), tuple(t.name for t in o.receivers),
                                        tuple(c.place for c in o.dead))
        elif kind == REPLY:
            state[("reply", key)] = (o.state, name(o.caller), int(o.state == PENDING and o.is_fault),
                                     name(o.receiver), name(o.lent))
        elif kind == NOTIFICATION:
            state[("notification", key)] = (o.bits, name(o.bound), tuple(t.name for t in o.waiters))
        elif kind == CONTEXT:
            state[("context", key)] = (int(o.is_configured), o.priority, o.slice, name(o.thread), name(o.user),
                                       name(o.notification), o.badge if o.notification else 0, o.deadline,
                                       o.budget, o.period, o.limit & MASK, o.refill, o.data, o.events, o.happened,
                                       int(o.has_news), int(o.is_used_up), int(o.is_reserve), o.consumed,
                                       tuple(r.name for r in reversed(o.lends)))
        elif kind == INTERRUPT:
            state[("interrupt", key)] = (int(o.is_masked), int(o.is_pending), name(o.notification),
                                         o.badge if o.notification else 0, int(o.is_hidden))
        elif kind == VSPACE:
            state[("vspace", key)] = (o.free_tables(), o.pages)
    return state


# --- the model begins where the kernel does

class World:
    """What the first task has in its CSpace to set the players going again."""

    def __init__(self, w):
        self.task, self.doorbell, self.alarm, self.endpoint = w[:4]
        self.players = [tuple(w[4 + 4 * i:8 + 4 * i]) for i in range(4)]
        rest = w[20:]
        self.gifts = list(zip(rest[::3], rest[1::3], rest[2::3]))


def import_slots(m, records):
    before = {}
    for kind, w in records:
        if kind != A_SLOT:
            continue
        cap = Cap(w[2], w[3], w[4], w[5], w[6], w[7], bool(w[9] & 8))
        cap.mints, cap.is_dead, cap.is_pool = w[8], bool(w[9] & 16), bool(w[9] & 32)
        cap.mapping = (w[10], w[11], w[12]) if w[10] else None
        m.put((w[0], w[1]), cap)
        before[(w[0], w[1])] = ((w[13], w[14]), (w[15], w[16]))
    for place, (parent, _) in before.items():
        m.slots[place].parent = m.slots.get(parent)
    after = {(parent, left): place for place, (parent, left) in before.items() if parent != (0, 0)}
    for parent in {parent for parent, _ in before.values() if parent != (0, 0)}:
        at = (0, 0)
        while (parent, at) in after:
            at = after[(parent, at)]
            m.slots[parent].children.append(m.slots[at])


def import_objects(m, records):
    for cap in m.slots.values():
        if cap.type in HAS_OBJECT and (cap.type, cap.obj) not in m.objects:
            methods.new_object(m, cap.type, cap.obj, 0)
            if cap.type == CNODE:
                whole = [c for c in m.slots.values() if c.type == CNODE and c.obj == cap.obj]
                m.objects[(CNODE, cap.obj)] = max(c.count + c.data for c in whole).bit_length() - 1
    for kind, w in records:
        if kind == A_BLOCK:
            m.blocks[w[0]] = block = Block(w[0])
            block.redirect_ip, block.words, block.received = w[1], list(w[3:59]), list(w[59:63])


def import_links(m, records):
    def get(kind, key): return m.objects[(kind, key)] if key else None
    # Who is ready is told first, by names of threads whose contexts come later.
    for kind, w in sorted(records, key=lambda record: record[0] == A_CORE):
        if kind == A_THREAD:
            t = m.objects[(THREAD, w[0])]
            t.state, t.is_sticky, t.is_faulted = w[1], bool(w[2] & 8), bool(w[2] & 4)
            t.is_timeout = bool(w[2] & 0x40)
            t.is_call, t.ip, t.err, t.cap, t.tag, t.reply_reg = bool(w[3]), *w[4:9]
            t.words = list(w[9:17])
            t.endpoint, t.waiting = get(ENDPOINT, w[17]), get(NOTIFICATION, w[18])
            t.reply, t.bound = get(REPLY, w[19]), get(NOTIFICATION, w[20])
            t.own, t.running, t.badge = get(CONTEXT, w[21]), get(CONTEXT, w[22]), w[23]
            t.block, t.redirect = m.blocks.get(w[34]), w[35]
        elif kind == A_NOTIFICATION:
            n = m.objects[(NOTIFICATION, w[0])]
            n.bits, n.bound = w[1], get(THREAD, w[2])
            n.waiters = [get(THREAD, t) for t in threads_of(w[3:])[0]]
        elif kind == A_CONTEXT:
            c = m.objects[(CONTEXT, w[0])]
            c.is_configured, c.priority, c.slice = bool(w[1]), w[2], w[3]
            c.thread, c.user, c.deadline = get(THREAD, w[4]), get(THREAD, w[5]), w[8]
            c.notification, c.badge = get(NOTIFICATION, w[6]), w[7]
            c.limit, c.refill, c.consumed = w[11], w[12], w[19]
            if c.notification:
                c.notification.sources.append(c)
        elif kind == A_VSPACE:
            v = m.objects[(VSPACE, w[0])]
            state = state_of_records([(kind, w)])[("vspace", w[0])]
            v.pages, v.batches = state[1], [(w[0], w[1])]
            v.mapped = [c for c in m.slots.values() if c.mapping and c.mapping[0] == w[0]]
            v.tables = {(level, a >> (12 + 9 * (level + 1))): w[0] for a in v.pages for level in range(3)}
        elif kind == A_CORE:
            m.current, m.time = get(THREAD, w[0]), w[1]
            for p, user in zip(w[3::2], w[4::2]):
                m.ready[p].append(get(THREAD, user).running)


def model_of(records):
    m = Machine(methods.METHODS)
    import_slots(m, records)
    import_objects(m, records)
    import_links(m, records)
    m.world = World(next(w for kind, w in records if kind == A_WORLD))
    return m


# --- a step, for the machine and for the model

def pack(step):
    if step[0] != CMD_SYSCALL:
        return step
    _, number, cap, tag, reply, words, (caps, receive, window, block_words, items) = step
    flat = [v for s, d, at, first, count, rights in items for v in (s | d << 32, at, first | count << 32, rights)]
    return [CMD_SYSCALL, number, cap, tag, reply, *words, *caps, *receive, *window, *block_words, *flat]


def apply(m, step):
    if step[0] == CMD_SYSCALL:
        m.syscall(*step[1:])
    elif step[0] == CMD_ADVANCE:
        m.advance(step[1])
    elif step[0] == CMD_RAISE:
        m.raise_interrupt(step[1])
    elif step[0] == CMD_FAULT:
        m.fault(FAULT_PAGE, [USER_CODE, step[1], step[2], 0])
    elif step[0] == CMD_EXCEPTION:
        m.fault(FAULT_EXCEPTION, [USER_CODE, step[1], step[2], 0])
    else:
        m.foreign(step[1])


def needs_thread(step): return step[0] in (CMD_SYSCALL, CMD_FAULT, CMD_EXCEPTION, CMD_FOREIGN)


def differences(kernel, model):
    for key in sorted(set(kernel) | set(model), key=str):
        if kernel.get(key) != model.get(key):
            yield "%s\n    kernel %s\n    model  %s" % (key, kernel.get(key), model.get(key))


def is_broken_off(records):
    """Did a call end in the middle, with its thread to go on later, or with objects still dying since the
    caller was among them? The model does not follow then."""
    return any(w[0] if kind == A_STEP else w[2] if kind == A_CORE else 0 for kind, w in records)


def run(kernel, steps):
    """Do the steps (a list, or a function of the model) on both. Returns (steps done, what differs or None)."""
    m, done = model_of(kernel.start()), []
    for step in steps(m) if callable(steps) else steps:
        if needs_thread(step) and not m.current:
            continue
        done.append(step)
        try:
            records = kernel.do(*pack(step))
        except Died as e:
            return done, "the kernel died: %s" % e
        if is_broken_off(records):
            return done, None
        apply(m, step)
        found = list(differences(state_of_records(records), state_of_model(m)))
        if found:
            return done, "\n".join(found[:12])
    return done, None


def shrink(kernel, steps):
    """Leave away what is not needed for a difference."""
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size:]
            try:
                done, found = run(kernel, fewer)
            except Exception:  # a step that makes no sense any more
                found = None
            if found:
                steps = done
            else:
                at += size
        size //= 2
    return steps


def report(kernel, seed, steps, found, is_shrunk):
    print("model: seed %d, step %d differs:\n%s" % (seed, len(steps), found))
    if not is_shrunk:
        return
    steps = shrink(kernel, steps)
    path = os.path.join(os.path.dirname(kernel.program), "reproducer-%d.json" % seed)
    with open(path, "w") as f:
        json.dump(steps, f)
    _, found = run(kernel, steps)
    print("model: %d steps are enough (%s):" % (len(steps), path))
    for step in steps:
        print("  ", describe(step))
    print(found)


def describe(step):
    if step[0] == CMD_SYSCALL:
        call = ("call", "reply_recv", "send", "recv", "nb_send", "nb_recv", "yield", "bad")[min(step[1], 7)]
        return "%s cap %d label %d words %d caps %d items %d reply %d %s" % (
            call, step[2], tag_label(step[3]), tag_words(step[3]), tag_caps(step[3]), tag_items(step[3]), step[4],
            step[5])
    return ("state", "", "advance", "raise", "page fault", "exception", "foreign", "reset")[step[0]] + str(step[1:])


def tuples(step):
    if step[0] == CMD_SYSCALL:
        b = step[6]
        step[6] = (b[0], tuple(b[1]), tuple(b[2]), b[3], [tuple(i) for i in b[4]])
    return step


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--replay")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--machine", default=os.path.join(TOP, "build/tests/model/machine"))
    return parser.parse_args()


def replay(kernel, path):
    with open(path) as f:
        steps = [tuples(s) for s in json.load(f)]
    _, found = run(kernel, steps)
    print(found or "model: no difference")
    return 1 if found else 0


def explore(kernel, options):
    end, calls, sequences = time.monotonic() + options.seconds, 0, 0
    while time.monotonic() < end:
        seed = options.seed + sequences
        generator = Generator(seed)
        steps, found = run(kernel, lambda m: (generator.step(m) for _ in range(options.steps)))
        if found:
            report(kernel, seed, steps, found, not options.no_shrink)
            return 1
        calls, sequences = calls + len(steps), sequences + 1
    print("model: %d sequences, %d calls, no difference" % (sequences, calls))
    return 0


def main():
    options = parse()
    kernel = Kernel(options.machine)
    try:
        return replay(kernel, options.replay) if options.replay else explore(kernel, options)
    finally:
        kernel.end()


if __name__ == "__main__":
    sys.exit(main())
