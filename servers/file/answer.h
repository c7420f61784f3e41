// Answers about names, published on desks (desk.h), so that the same question needs no second message.
//
// A process gets nothing that it was not told before: an answer goes to the desk of the one who asked.
// Invariants:
//  1. An answer that can be read as valid is what the server would say now. Whatever changes it makes it
//     invalid before the one who changed it is answered.
//  2. What the way of an answer led through, its end included, has the desk's bit in answered.on_way; the
//     directory that lacks a name in answered.absent; what a struct stat describes in answered.stat, and
//     desk->about says which answers have it.
//  3. Files whose attributes change without the server's knowledge (views, mappings) have no struct stat
//     on a desk.
#ifndef FILE_ANSWER_H
#define FILE_ANSWER_H

#include "servers/file/desk.h"

// Publish what r was answered, the last walk's result: 0 or -ENOENT, with attributes for ANSWER_STAT, or
// with the handle and its lease for ANSWER_OPEN. `token`: the desk's.
void answer_stat(const struct request *r, uint64_t token, uint64_t key, int result, struct inode *inode);
void answer_access(const struct request *r, uint64_t token, uint64_t key, int result);
void answer_open(const struct request *r, const struct description *d, uint64_t key);

// Of all that the context's processes were told nothing is sure any more; or of all that anybody was.
void answers_forget_context(const struct context *context);
void answers_forget_all(void);

// Of struct fs.
void answer_forget_way(struct inode *inode);
void answer_forget_stat(struct inode *inode);
void answer_forget_absent(struct inode *dir);

#endif
