// Cache views (docs/decisions/0013-cache-views.md): what clients see of regular files without asking (protocol/linux.h, struct cview_*).
//
// Invariants:
// 1. A description that ever had a view has a page; its offset is there, and nowhere else.
// 2. A file with such a description has a status page, and what that says is true between requests.
// 3. Pages of a view are mapped while they are the file's, at that place, and below its end when they
//    were mapped; the generation changes before they go.
// 4. Writable pages are seen through the only description of the file, which may read, write and does
//    not append; no set-user-id or set-group-id bit would have to go at a write.
// 5. Pages behind the end are writable in one view at most, the only one of its file; the description's
//    room_end says how far they go. The size that its page tells is believed up to there.
#ifndef FILE_CVIEW_H
#define FILE_CVIEW_H

#include "servers/file/file.h"

// Take over what clients did to a file since: times.
void cview_settle(struct inode *inode);

// The attributes or the size have changed.
void cview_publish(struct fs *fs, struct inode *inode);

// All cached pages of the file are unmapped.
void cview_unshare(struct inode *inode);

// Nobody writes past the server any more.
void cview_write_end(struct inode *inode);

// A description was made, or goes.
void cview_description_add(struct description *d);
void cview_description_end(struct description *d);
void cview_context_end(struct context *context);

// Where the description's offset is.
uint64_t description_offset(const struct description *d);
void description_set_offset(struct description *d, uint64_t offset);

#endif
