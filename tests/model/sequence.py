"""Steps of a sequence: random ones, of which most make sense where the model stands."""
import random

from state import *  # noqa: F401,F403 - the vocabulary of the model

(CMD_STATE, CMD_SYSCALL, CMD_ADVANCE, CMD_RAISE, CMD_FAULT, CMD_EXCEPTION, CMD_FOREIGN, CMD_RESET) = range(8)

SLOTS = 32
AT = 0x40000000


class Generator:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.plan = []  # of the first task, when it is its turn

    def call(self, cap, label, *words):
        return [CMD_SYSCALL, CALL, cap, tag_make(label, max(len(words), 1)), 0,
                list(words) + [0] * (8 - len(words)), self.block()]

    def revival(self, m):
        """The first task's turn: the players get back what they need, and it waits for its alarm again."""
        r, w = self.rng, m.world
        yield self.call(w.alarm, 3, m.time + r.randrange(20000, 60000))
        for space, slot, what in w.gifts:
            if r.random() < .2:
                yield self.call(space, 4, slot, 1)
                yield self.call(space, 1, slot, 1, what, 0xff, 0, 0)
        for i, (thread, context, space, vspace) in enumerate(w.players):
            if r.random() < .3:
                continue
            yield self.call(thread, 6)
            yield self.call(thread, 1, space, vspace, w.endpoint if i % 2 else 0)
            yield self.call(16, 1, context, r.randrange(8, 14), 0)
            yield self.call(context, 1, 0)
            yield self.call(context, 1, thread)
            yield self.call(thread, 7)
        yield [CMD_SYSCALL, RECV, w.doorbell, 0, 0, [0] * 8, self.block()]

    def idle(self, m):
        due = [c.event() for (kind, _), c in m.objects.items() if kind == CONTEXT and c.event() != NEVER]
        if self.rng.random() < .2 or not due:
            return [CMD_RAISE, 32 + self.rng.randrange(6)]
        return [CMD_ADVANCE, max(min(due) - m.time, 0)]

    def word(self):
        r = self.rng
        return r.choice([
            lambda: r.choice([MASK, 1 << 63, 1 << 32, USER_END, USER_END - PAGE, 0xffffffff]),
            lambda: r.randrange(16) << 12, lambda: r.randrange(4096), lambda: r.randrange(SLOTS),
            lambda: r.randrange(SLOTS)])()

    def tag(self):
        r = self.rng
        tag = tag_make(r.randrange(12), r.choice([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 21, 64, 65, 127]))
        if r.random() < .25:
            tag |= r.randrange(6) << 39
        if r.random() < .15:
            tag |= r.randrange(6) << 42
        if r.random() < .3:
            tag |= INTERRUPTIBLE
        if r.random() < .01:
            tag |= r.randrange(256) << 48
        return tag

    def block(self):
        r = self.rng
        items = [(r.randrange(SLOTS), r.randrange(SLOTS), AT + (r.randrange(40) << 12), r.randrange(4), r.randrange(4),
                  r.randrange(8)) for _ in range(4)]
        return ([r.randrange(SLOTS) for _ in range(4)], (r.randrange(SLOTS), r.randrange(SLOTS)),
                (AT, r.choice([0, 8, 64])), [r.randrange(1 << 32) for _ in range(56)], items)

    def slots_of(self, m, cnode):
        """The indices of a CNode capability's window that are in use, and those that are empty."""
        used, empty = [], []
        for index in range(min(cnode.data, SLOTS) if cnode and cnode.type == CNODE else 0):
            place = m.find(cnode, index)
            if place:
                (used if place in m.slots else empty).append(index)
        return used, empty

    def pick(self, m, kind):
        """An index of the current thread's CSpace with a capability of that type, most of the time."""
        space = m.cspace(m.current)
        found = [i for i in self.slots_of(m, space)[0] if m.slots[m.find(space, i)].type == kind]
        return self.rng.choice(found) if found and self.rng.random() < .97 else self.rng.randrange(SLOTS)

    def used(self, m, cnode):
        found = self.slots_of(m, cnode)[0]
        return self.rng.choice(found) if found and self.rng.random() < .95 else self.rng.randrange(SLOTS)

    def empty(self, m, cnode):
        found = self.slots_of(m, cnode)[1]
        return self.rng.choice(found) if found and self.rng.random() < .95 else self.rng.randrange(SLOTS)

    def cnode_arguments(self, m, cap, label, words):
        r = self.rng
        if label in (1, 2, 3, 7):
            words[1] = self.pick(m, CNODE)
            other = m.lookup(m.current, words[1])
            words[0], words[2] = self.empty(m, cap), self.used(m, other)
            if label == 7:
                words[0] = self.used(m, cap)
            elif label == 3:
                words[3] = r.randrange(4)
            elif label == 2:
                words[3] = 1 | r.choice([0, 0, 1 << r.randrange(8)])
            else:
                words[3] = r.choice([0xff, 0xff, 0xff, r.randrange(16)])
                words[4] = r.choice([0, 0, r.randrange(1, 60)])
                words[5] = r.choice([0, 0, r.randrange(1, 4)])
        else:
            words[0], words[1] = self.used(m, cap), r.choice([1, 1, 1, 0, 3])

    def arguments(self, m, cap, label, words):
        """Words that often make sense for the method, so that what lies deeper is reached."""
        r, kind = self.rng, cap.type
        if kind == UNTYPED and label == 1:
            words[0] = r.randrange(1, 11)
            words[1] = {UNTYPED: r.choice([8, 12, 16]), FRAME: 12 + r.randrange(3), CNODE: r.randrange(1, 4)}.get(
                words[0], 0)
            words[2], words[3] = r.randrange(1, 4), self.pick(m, CNODE)
            words[4] = self.empty(m, m.lookup(m.current, words[3]))
        elif kind == CNODE:
            self.cnode_arguments(m, cap, label, words)
        elif kind == FRAME and label == 1:
            words[0], words[1], words[2] = self.pick(m, VSPACE), AT + (r.randrange(24) << 12), r.randrange(1, 8)
        elif kind == FRAME:
            words[0] = r.randrange(1, 8)
        elif kind == VSPACE and label == 1:
            words[0] = self.pick(m, UNTYPED)
        elif kind == VSPACE:
            words[0] = AT + (r.randrange(24) << 12)
            words[1], words[2] = words[0] + (r.randrange(12) << 12), r.randrange(8)
        elif kind == THREAD and label == 1:
            words[:3] = [self.pick(m, CNODE), self.pick(m, VSPACE), r.choice([0, self.pick(m, ENDPOINT)])]
        elif kind in (THREAD, INTERRUPT):
            words[0] = r.choice([0, self.pick(m, NOTIFICATION)]) if label in (1, 3) else words[0]
            if label == 11:
                words[0] = r.choice([0, 1, 1, 2])
        elif kind == CONTEXT:
            words[0] = (r.choice([0, self.pick(m, THREAD)]), r.choice([0, self.pick(m, NOTIFICATION)]),
                        m.time + r.randrange(3000), 0, self.pick(m, THREAD), r.randrange(9), 0)[label - 1]
        elif kind == CONTROL and label == 2:
            budget = r.choice([0, r.randrange(BUDGET_MIN, 3 * BUDGET_MIN)])
            words[:4] = [self.pick(m, CONTEXT), budget, budget + r.randrange(4000), r.randrange(100)]
        elif kind == CONTROL:
            words[:3] = [self.pick(m, CONTEXT), r.randrange(8, 16), 0]
        elif kind == IRQCONTROL and label == 1:
            words[2] = self.pick(m, CNODE)
            words[:2] = [r.randrange(26), r.randrange(4)]
            words[3] = self.empty(m, m.lookup(m.current, words[2]))
        elif kind == IRQCONTROL:
            words[0] = self.pick(m, CNODE)
            words[1] = self.empty(m, m.lookup(m.current, words[0]))

    LABELS = {UNTYPED: [1, 1, 1, 2, 3], CNODE: [1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7], FRAME: [1, 1, 1, 2, 3, 4], VSPACE: [1, 4],
              THREAD: [1, 3, 6, 7, 7, 7, 8, 9, 10, 11], CONTEXT: [1, 2, 3, 4, 5, 5, 6, 7], CONTROL: [1, 2, 2], INTERRUPT: [1, 2],
              IRQCONTROL: [1, 2]}
    KINDS = [UNTYPED, CNODE, CNODE, CNODE, FRAME, FRAME, VSPACE, THREAD, CONTEXT, CONTROL, INTERRUPT, IRQCONTROL,
             ENDPOINT, ENDPOINT, ENDPOINT, ENDPOINT, NOTIFICATION, NOTIFICATION, REPLY]

    def message(self, m, index, cap):
        """A message that is likely to meet somebody."""
        r, kind = self.rng, cap.type
        tag = tag_make(r.randrange(2), r.choice([0, 3, 8, 12])) | r.choice([0, 0, INTERRUPTIBLE])
        number = {NOTIFICATION: r.choice([SEND, SEND, RECV, NB_RECV]), REPLY: SEND}.get(kind)
        if kind == ENDPOINT:
            endpoint = m.object(cap)
            meets = [CALL, CALL, SEND, NB_SEND] if endpoint.receivers else [RECV, RECV, NB_RECV, REPLY_RECV]
            number = r.choice(meets + [REPLY_RECV, r.choice([CALL, RECV])])
            tag |= r.choice([0, 0, 1, 2]) << 39
        if number in (REPLY_RECV, SEND) and kind != NOTIFICATION:
            tag |= r.choice([0, 0, 1]) << 42 if kind == REPLY or number == REPLY_RECV else 0
        reply = r.choice([self.pick(m, REPLY), self.pick(m, REPLY), 0, self.word()])
        return [CMD_SYSCALL, number, index, tag, reply, [self.word() for _ in range(8)], self.block()]

    def syscall(self, m):
        r, thread = self.rng, m.current
        index = self.pick(m, r.choice(self.KINDS)) if r.random() < .93 else self.word()
        cap = m.lookup(thread, index)
        kind = cap.type if cap else NONE
        if kind in (ENDPOINT, NOTIFICATION, REPLY) and r.random() < .95:
            return self.message(m, index, cap)
        words, tag, number = [self.word() for _ in range(8)], self.tag(), r.randrange(8)
        if kind in self.LABELS and r.random() < .95:
            label = r.choice(self.LABELS[kind])
            if kind == THREAD and label in (1, 6) and m.object(cap) is thread and r.random() < .8:
                label = 7
            self.arguments(m, cap, label, words)
            number, tag = CALL, tag_make(label, 6)
        return [CMD_SYSCALL, number, index, tag, self.word(), words, self.block()]

    def is_followed(self, m, step):
        """What the model does not tell: the reading and writing of registers, blocks, ports, times."""
        if step[0] != CMD_SYSCALL or step[1] != CALL:
            return True
        cap = m.lookup(m.current, step[2])
        label = tag_label(step[3])
        if not cap:
            return True
        if (cap.type == VSPACE and label in (2, 3, 5)) or (cap.type == FRAME and label == 1 and step[5][2] & ~15):
            return False
        if cap.type == IOPORT or (cap.type == THREAD and label in (2, 4, 5)) or \
                (cap.type == INTERRUPT and label == 3):
            return False
        if cap.type == CONTROL and label == 1 and step[5][2]:
            return False
        # Counts that would go on for ever.
        big = {(UNTYPED, 1): 2, (CNODE, 3): 3, (CNODE, 4): 1, (CNODE, 8): 1}.get((cap.type, label))
        return big is None or step[5][big] <= 64

    def step(self, m):
        r = self.rng
        if m.current is None:
            return self.idle(m)
        if m.current.name == m.world.task:
            self.plan = self.plan or list(self.revival(m))
            return self.plan.pop(0)
        x = r.random()
        if x < .03:
            return [CMD_ADVANCE, r.randrange(1, 1000)]
        if x < .06:
            return [CMD_RAISE, 32 + r.randrange(6)]
        if x < .09:
            return [CMD_FAULT, AT + (r.randrange(24) << 12), r.randrange(8)]
        if x < .11:
            return [CMD_EXCEPTION, r.randrange(32), r.randrange(8)]
        if x < .13:
            return [CMD_FOREIGN, r.randrange(400)]
        while True:
            step = self.syscall(m)
            if self.is_followed(m, step):
                return step
