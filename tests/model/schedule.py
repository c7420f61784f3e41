"""Who runs: ready queues, contexts and their lending."""
from state import *  # noqa: F401,F403 - the vocabulary of the model


class Schedule:
    def wake(self, thread):
        thread.state = READY
        if not thread.running or thread is self.current or thread is self.woken:
            return
        if self.woken:
            self.ready[self.woken.running.priority].append(self.woken.running)
        self.woken = thread

    def unready(self, thread):
        if thread.running:
            queue = self.ready[thread.running.priority]
            if thread.running in queue:
                queue.remove(thread.running)
        if self.woken is thread:
            self.woken = None

    def ready_first(self):
        for queue in reversed(self.ready):
            if queue:
                return queue[0]
        return None

    @staticmethod
    def can_run(thread):
        return thread if thread and thread.state == READY and thread.running else None

    def choose(self):
        current, woken, ready = self.can_run(self.current), self.can_run(self.woken), self.ready_first()
        best = current
        if woken and (not best or woken.running.priority > best.running.priority):
            best = woken
        if ready and (not best or ready.priority > best.running.priority):
            best = ready.user
        if current and current is not best:
            self.ready[current.running.priority].insert(0, current.running)
        if woken and woken is not best:
            self.ready[woken.running.priority].append(woken.running)
        if best and best.running in self.ready[best.running.priority]:
            self.ready[best.running.priority].remove(best.running)
        self.woken = None
        return best

    def finish(self):
        """At the end of each entry to the kernel: who goes on."""
        while True:
            chosen = self.choose()
            if not chosen or (chosen.name, IN_THREAD + VSPACE_SLOT) in self.slots:
                break
            chosen.state = STOPPED
        self.current = chosen

    def lend(self, context, to):
        user = context.user
        if user:
            self.unready(user)
            user.running = None
        context.user = to
        if to:
            to.running = context

    def lends_cut(self, context, reply):
        while context.lends:
            last = context.lends.pop()
            last.lent = None
            if last is reply:
                break

    def context_unbind(self, context):
        self.lends_cut(context, None)
        self.lend(context, None)
        if context.thread:
            context.thread.own = None
        context.thread = None
