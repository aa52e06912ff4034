/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <sys/uio.h>

G_BEGIN_DECLS

/* A file of pages, one after the other, a newline behind each, and where each of them ends. What can fail returns 0 or an
 * errno. */
typedef struct
{
  int fd;       /* -1: it is not open */
  GArray *ends; /* (element-type guint64): where each page ends, its newline included */
} CarPartFile;

void car_part_file_init (CarPartFile *self);
void car_part_file_clear (CarPartFile *self);

/* A file without a name goes when the process does, whatever ends it. */
int car_part_file_open_unnamed (CarPartFile *self, const char *folder);

/* A new file of this name; none that is there is opened. */
int car_part_file_open_new (CarPartFile *self, int folder_fd, const char *name);

/* Appends a page of so many bytes, the newline behind it not counted. No half page stays. The pieces are used up. */
int car_part_file_append (CarPartFile *self, struct iovec *pieces, guint n_pieces, gsize n_bytes);

/* Network file systems tell when a file is closed that there was no room for it. */
int car_part_file_check_written (const CarPartFile *self);

guint64 car_part_file_get_n_bytes (const CarPartFile *self);
guint64 car_part_file_get_begin (const CarPartFile *self, guint page);
gsize car_part_file_get_length (const CarPartFile *self, guint page);

/* Reads so many bytes from there; ENODATA where the file is shorter than it was. */
int car_part_file_read (const CarPartFile *self, char *text, gsize length, guint64 begin);

/* Forgets all pages, and gives their room back. */
void car_part_file_empty (CarPartFile *self);

/* What a file holds, to be known again. */
typedef struct
{
  guint64 n_bytes;
  guint n_pages;
  char digest[33]; /* XXH3 of 128 bits, in hexadecimal */
} CarPartFileMark;

/* Gives a file without a name one, when all of it is on the disk. */
int car_part_file_keep (const CarPartFile *self, int folder_fd, const char *name, CarPartFileMark *mark);

/* Takes such a file, which holds just what was kept, in the place of its own. NULL, or what is wrong with it: then nothing is
 * taken. */
const char *
car_part_file_take (CarPartFile *self, int folder_fd, const char *name, const CarPartFileMark *mark);

G_END_DECLS
