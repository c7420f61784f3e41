"""Mappings, in pages of 4 KiB."""
from state import *  # noqa: F401,F403 - the vocabulary of the model


class Mappings:
    def table_make(self, vspace, level, address):
        """Is there a table of that level for the address? Make it, from the first batch that has one."""
        key = (level, address >> (12 + 9 * (level + 1)))
        if key in vspace.tables:
            return
        for i, (batch, free) in enumerate(vspace.batches):
            if free:
                vspace.batches[i] = (batch, free - 1)
                vspace.tables[key] = batch
                return
        raise Failed(NO_MEMORY)

    def map_pages(self, cap, rights):
        """Map the rest of a window; the mapping says how far it came."""
        vspace_name, address, done = cap.mapping
        vspace = self.objects[(VSPACE, vspace_name)]
        while done < cap.count:
            at = address + done * PAGE
            for level in (2, 1, 0):
                self.table_make(vspace, level, at)
            if at in vspace.pages:
                raise Failed(MAPPED)
            vspace.pages[at] = ((cap.obj + done) * PAGE, entry_make(rights))
            done += 1
            cap.mapping = (vspace_name, address, done)

    @staticmethod
    def range_check(address, pages):
        if address % PAGE:
            raise Failed(ALIGN, 2, PAGE)
        if address == 0 or address >= USER_END or pages > (USER_END - address) // PAGE:
            raise Failed(RANGE, 2, USER_END)

    def map_once(self, cap, vspace, address, rights):
        self.range_check(address, cap.count)
        if cap.mapping:
            raise Failed(MAPPED)
        rights &= cap.rights & (READ | WRITE | EXECUTE)
        if not rights & READ:
            raise Failed(CAP_RIGHTS)
        cap.mapping = (vspace.name, address, 0)
        vspace.mapped.append(cap)
        try:
            self.map_pages(cap, rights)
        except Failed:
            self.unmap(cap)
            raise

    def own_pages(self, cap):
        vspace_name, address, done = cap.mapping
        vspace = self.objects[(VSPACE, vspace_name)]
        for i in range(done):
            at = address + i * PAGE
            if vspace.pages.get(at, (None,))[0] == (cap.obj + i) * PAGE:
                yield vspace, at

    def unmap(self, cap):
        for vspace, at in list(self.own_pages(cap)):
            del vspace.pages[at]
        self.objects[(VSPACE, cap.mapping[0])].mapped.remove(cap)
        cap.mapping = None

    def batch_detach(self, cap):
        name = cap.place[0]
        vspace = next(v for (kind, _), v in self.objects.items() if kind == VSPACE
                      and any(b == name for b, _ in v.batches))
        vspace.batches = [(b, free) for b, free in vspace.batches if b != name]
        gone = {key for key, batch in vspace.tables.items() if batch == name}
        # A table below one that is gone is cut off: what it holds is not seen any more, and it is not
        # given back.
        for level in (1, 0):
            gone |= {(n, k) for n, k in vspace.tables if n == level and (n + 1, k >> 9) in gone}
        for key in gone:
            del vspace.tables[key]
        vspace.pages = {at: page for at, page in vspace.pages.items() if (0, at >> 21) in vspace.tables}
