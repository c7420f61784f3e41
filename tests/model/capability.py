"""Capabilities: found, derived, deleted; and the death of objects with their last one."""
from state import *  # noqa: F401,F403 - the vocabulary of the model


class Capabilities:
    def find(self, cnode, index):
        """The place that an index of a CNode capability names, or None."""
        if cnode is None or cnode.type != CNODE or index >= cnode.data or cnode.count + index == 0:
            return None
        return cnode.obj, cnode.count + index

    def cspace(self, thread):
        return self.slots.get((thread.name, IN_THREAD + CSPACE))

    def lookup(self, thread, index):
        place = self.find(self.cspace(thread), index)
        return self.slots.get(place) if place else None

    def put(self, place, cap):
        assert place not in self.slots
        cap.place = place
        self.slots[place] = cap

    def add_child(self, parent, cap):
        cap.parent = parent
        parent.children.insert(0, cap)

    def siblings(self, cap):
        return cap.parent.children if cap.parent else None

    def others(self, cap):
        """Is there another capability for the same object?"""
        return any(c is not cap and c.type == cap.type and c.obj == cap.obj for c in self.slots.values())

    def object(self, cap):
        return self.objects[(cap.type, cap.obj)]

    def derive_check(self, source, rights, data, count):
        """The child that would be made."""
        if source.type in (UNTYPED, REPLY):
            raise Failed(CAP_TYPE, 0)
        made = Cap(source.type, source.rights & rights, source.obj, source.data, source.count, source.bits,
                   source.is_device)
        if source.type == ENDPOINT and source.rights & EP_WATCH and source.data:
            made.rights &= ~EP_WATCH
        if source.type in (FRAME, CNODE, IOPORT):
            size = source.count if source.type == FRAME else source.data
            if data >= size:
                raise Failed(RANGE, 2, size)
            count = count or size - data
            if count > size - data:
                raise Failed(RANGE, 3, size - data)
            if source.type == FRAME:
                made.obj, made.count = source.obj + data, count
            elif source.type == CNODE:
                made.count, made.data = source.count + data, count
            else:
                made.obj, made.data = source.obj + data, count
        elif source.type in (ENDPOINT, NOTIFICATION) and data:
            if source.data:
                raise Failed(ARGUMENT, 2, source.data)
            made.data = data
        return made

    def derive(self, source, made, place):
        self.put(place, made)
        self.add_child(source, made)
        if source.type == ENDPOINT:
            source.mints += 1
            self.watch_remove(source)

    def watch_remove(self, cap):
        if cap.is_dead:
            cap.is_dead = False
            self.object(cap).dead.remove(cap)

    def delete(self, cap):
        place = cap.place
        if cap.mapping:
            self.unmap(cap)
        if cap.is_pool:
            self.batch_detach(cap)
        self.watch_remove(cap)
        if place[1] == IN_THREAD + BLOCK_SLOT:
            thread = self.objects[(THREAD, place[0])]
            thread.block, thread.redirect = None, 0
        parent = cap.parent
        was_leaf = not cap.children
        dies = cap.type in HAS_OBJECT and not self.others(cap)
        if parent:
            at = parent.children.index(cap)
            parent.children[at:at + 1] = cap.children
        for child in cap.children:
            child.parent = parent
        del self.slots[place]
        cap.place = None
        if dies:
            self.dying.append((cap.type, cap.obj))
        if parent and was_leaf and not parent.children and self.is_watched(parent):
            self.childless(parent)

    @staticmethod
    def is_watched(cap):
        return cap.type == ENDPOINT and cap.rights & EP_WATCH and cap.data

    def childless(self, cap):
        endpoint = self.object(cap)
        if endpoint.receivers:
            receiver = endpoint.receivers[0]
            self.stop_receiving(receiver)
            self.deliver_dead(receiver, cap)
            self.wake(receiver)
        elif not cap.is_dead:
            cap.is_dead = True
            endpoint.dead.append(cap)

    def deliver_dead(self, thread, cap):
        self.deliver(thread, OK, cap.data, tag_make(0, 1, kind=KIND_NO_SENDERS), [cap.mints])

    def reap(self):
        while self.dying:
            kind, name = self.dying[0]
            getattr(self, "empty_%d" % kind)(self.objects[(kind, name)], name)
            self.dying.pop(0)
            del self.objects[(kind, name)]


    def empty_2(self, bits, name):  # CNode
        for i in range(1, 1 << bits):
            cap = self.slots.get((name, i))
            if cap:
                self.delete(cap)

    def empty_4(self, vspace, name):  # VSpace
        for cap in list(vspace.mapped):
            cap.mapping = None
        vspace.mapped, vspace.pages = [], {}
        for batch, _ in vspace.batches[:-1]:
            cap = self.slots.get((batch, IN_BATCH))
            if cap:
                cap.is_pool = False
                self.delete(cap)

    def empty_5(self, thread, name):  # Thread
        self.unready(thread)
        self.break_off(thread, DEAD)
        if self.current is thread:
            self.current = None
        self.unbind(thread)
        thread.block = None
        if thread.own:
            thread.own.thread = None
            thread.own = None
        if thread.running:
            self.lend(thread.running, None)
        for i in range(4):
            cap = self.slots.get((name, IN_THREAD + i))
            if cap:
                self.delete(cap)

    def empty_6(self, context, _):  # SchedContext
        context.deadline = NEVER
        if context.notification:
            context.notification.sources.remove(context)
        self.context_unbind(context)

    def empty_8(self, endpoint, _):  # Endpoint
        while endpoint.senders or endpoint.receivers:
            self.wake_dead((endpoint.senders or endpoint.receivers)[0])

    def empty_9(self, reply, _):  # Reply
        if reply.state == OFFERED:
            thread = reply.receiver
            self.stop_receiving(thread)
            self.deliver(thread, DEAD)
            self.wake(thread)
        elif reply.caller:
            self.wake_dead(reply.caller)

    def empty_10(self, notification, _):  # Notification
        while notification.waiters:
            thread = notification.waiters.pop(0)
            thread.waiting = None
            self.deliver(thread, DEAD, 0, tag_make(0, 0, kind=KIND_NOTIFICATION))
            self.wake(thread)
        for source in notification.sources:
            source.notification = None
        if notification.bound:
            self.unbind(notification.bound)

    def empty_11(self, interrupt, name):  # Interrupt
        if interrupt.notification:
            interrupt.notification.sources.remove(interrupt)
        self.lines = {line: vector for line, vector in self.lines.items() if vector != name}

    def wake_dead(self, thread):
        was_fault = thread.is_faulted
        self.break_off(thread, DEAD)
        if not was_fault:
            self.wake(thread)
