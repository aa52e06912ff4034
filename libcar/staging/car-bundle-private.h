/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <libcar/staging/car-page-private.h>
#include <libcar/staging/car-part-file-private.h>

G_BEGIN_DECLS

/* What a run stages on disk before anything is sent: pages ready to be sent, each a whole envelope. */

#define CAR_TYPE_BUNDLE (car_bundle_get_type ())
G_DECLARE_FINAL_TYPE (CarBundle, car_bundle, CAR, BUNDLE, GObject)

typedef enum
{
  CAR_BUNDLE_VERTICES,
  CAR_BUNDLE_EDGES,
  CAR_BUNDLE_DELETIONS, /* its pages are no envelopes: see car_bundle_add_deletions() */
  CAR_BUNDLE_N_PARTS,
} CarBundlePart;

/* The objects of one collection in the open page of a part: `text` is `,"COLLECTION":[{…},{…}`. */
typedef struct
{
  char *collection;
  CarBundlePart part;
  GString *text;
  guint n_objects;
  gsize n_bytes;
} CarBundleSlot;

/* Pages are staged in `parent`, made where it is missing, or in the system's temporary folder where that is NULL. Their
 * files have no name: nothing is left of them, whatever ends the process. With `keep` they stay, in a new folder of
 * their own (0700): vertices.jsonl and edges.jsonl, whose lines are the pages, and a journal that tells which job took
 * which page.
 *
 * A page takes up to page_size objects (0: 2000), and no further object once it is too large (see
 * car_bundle_set_max_page_bytes()). No disk space, no right to write: CAR_RECOVERABLE_FAILURE, which stays. */
CarBundle *car_bundle_new (const char *parent, guint page_size, gboolean keep, GError **error);
void car_bundle_set_max_page_bytes (CarBundle *self, gsize max_page_bytes);

/* The service refused a page of so many bytes as too large: pages that are opened from now on are smaller. It may be called
 * while objects are added. */
void car_bundle_note_refused (CarBundle *self, gsize n_bytes);

/* Whether one of so many bytes is larger than they are. It is FALSE as long as none was refused. */
gboolean car_bundle_expects_refusal (CarBundle *self, gsize n_bytes);

/* Before anything is added: the pages stay when they are sent, so that car_bundle_keep() can leave all of them. */
void car_bundle_set_resumable (CarBundle *self);

/* One lock guards all that is staged, from the check of an object to the list of the pages. Whoever adds holds it for
 * slots, car_bundle_flush() and car_bundle_set_envelope(); what is asked while pages are sent takes it by itself. */
void car_bundle_lock (CarBundle *self);
void car_bundle_unlock (CarBundle *self);

/* NULL: nothing is kept. */
const char *car_bundle_get_directory (CarBundle *self);

/* What every envelope begins with: the text of two JSON objects. */
void car_bundle_set_envelope (CarBundle *self, const char *source, const char *report);

/* An object is appended to `text` of its collection's slot, behind what car_bundle_begin() put there, and then either
 * committed or, with the same `begin`, rolled back. Slots live as long as the bundle. */
CarBundleSlot *car_bundle_get_slot (CarBundle *self, CarBundlePart part, const char *collection);
gsize car_bundle_begin (CarBundleSlot *slot);
gboolean car_bundle_commit (CarBundle *self, CarBundleSlot *slot, gsize begin, GError **error);
void car_bundle_roll_back (CarBundleSlot *slot, gsize begin);

/* All that was written to pages. */
guint64 car_bundle_get_n_bytes (CarBundle *self);

/* Closes the open page. The pages that are there now are those to be sent next: what is added while they are sent waits
 * for the next flush. No object may be begun and neither committed nor rolled back. */
gboolean car_bundle_flush (CarBundle *self, CarBundlePart part, GError **error);

/* Stages that these vertices are to be deleted, as a page of its own: {"collection":…,"keys":[…]}. Takes the lock. */
gboolean
car_bundle_add_deletions (CarBundle *self, const char *collection, const char *const *keys, GError **error);

/* Gives the files of a bundle that is resumable names in a folder, as vertices.jsonl, edges.jsonl and deletions.jsonl, for
 * another process to take. Everything is flushed. They are on the disk when this returns. */
gboolean
car_bundle_keep (CarBundle *self, int folder_fd, CarPartFileMark files[CAR_BUNDLE_N_PARTS], GError **error);

/* Takes such files for a bundle to which nothing was added, as pages to be sent. The error says what is wrong with them: no
 * byte differs from what was kept, or none is taken. */
gboolean car_bundle_take (CarBundle *self,
                          int folder_fd,
                          const CarPartFileMark files[CAR_BUNDLE_N_PARTS],
                          GError **error);

/* Removes what stands under these names. */
void car_bundle_remove_kept (int folder_fd);

/* Whether any page was sent. */
gboolean car_bundle_has_sent (CarBundle *self);

/* The pages to be sent, in their order. Pages whose jobs are done (car_bundle_note_done()) are not among them any more:
 * page 0 is the first that is not done. */
guint car_bundle_get_n_pages (CarBundle *self, CarBundlePart part);
GBytes *car_bundle_load_page (CarBundle *self, CarBundlePart part, guint page, GError **error);

/* Visits the objects of a collection that are on pages which are not done, the open one among them, in the order in which they
 * came. One page at a time is read. Whoever calls it holds the lock. FALSE with an error: they cannot be read back. */
gboolean car_bundle_foreach_object (CarBundle *self,
                                    CarBundlePart part,
                                    const char *collection,
                                    CarPageVisit visit,
                                    gpointer user_data,
                                    GError **error);

/* The envelope with the source and the report alone. */
GBytes *car_bundle_get_report_envelope (CarBundle *self);

/* Notes that a page was taken under this job's id, and later that the jobs of all pages to be sent are done. */
gboolean
car_bundle_note_posted (CarBundle *self, CarBundlePart part, guint page, const char *job, GError **error);
gboolean car_bundle_note_done (CarBundle *self, CarBundlePart part, GError **error);

G_END_DECLS
