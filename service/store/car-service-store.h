/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

#include <libcar/car.h>

#include "service/model/car-core-model.h"
#include "service/query/car-query-plan.h"
#include "service/store/car-service-page.h"
#include "service/store/car-service-row.h"

G_BEGIN_DECLS

/* The store: what the service keeps, whatever database it is kept in. Each database is a class of its own (store/sqlite,
 * store/postgres), which alone knows how the graph lies in its tables. What all databases take in the same SQL, jobs and the like,
 * is in store/sql. An object is one connection, with the model as this database extends it. It belongs to one thread at a time. */

#define CAR_TYPE_SERVICE_STORE (car_service_store_get_type ())
G_DECLARE_DERIVABLE_TYPE (CarServiceStore, car_service_store, CAR, SERVICE_STORE, GObject)

/* The end of what holds still. */
#define CAR_SERVICE_STORE_OPEN G_MAXINT64

/* A moment that sees what holds now. */
#define CAR_SERVICE_STORE_NOW (G_MAXINT64 - 1)

#define CAR_SERVICE_STORE_MEMORY ":memory:"

/* What is read for longer than this is given up. */
#define CAR_SERVICE_STORE_READING_SECONDS 60

/* Room on the disk, in parts of one size. */
typedef struct
{
  gint64 all;
  gint64 free; /* of these: to be used again */
  gint64 size; /* of each, in bytes */
} CarServicePages;

/* Which changes are listed, and where the next page of them begins: each phase lists one kind, in an order of its own. What came
 * is what no object of its name was before; what was closed and came again has changed. */
#define CAR_SERVICE_CHANGES_N_PHASES 4

typedef struct
{
  gint64 from;
  gint64 to;
  char *source; /* NULL: all */
} CarServiceSpan;

typedef struct
{
  gint64 phase; /* 0 and 1: vertices that came, and that changed or were closed; 2 and 3: edges */
  gint64 time;  /* when and row of the last line given; 0 and 0: from the beginning */
  gint64 row;
} CarServicePlace;

/* What is copied from one store to another: objects that hold, or of history, and what full imports under way have brought. */
typedef enum
{
  CAR_SERVICE_COPY_VERTICES,
  CAR_SERVICE_COPY_EDGES,
  CAR_SERVICE_COPY_OLD_VERTICES,
  CAR_SERVICE_COPY_OLD_EDGES,
  CAR_SERVICE_COPY_BROUGHT,
} CarServiceCopyKind;

#define CAR_SERVICE_COPY_N_KINDS 5

/* All of these are called through the functions below, which say what they do. */
struct _CarServiceStoreClass
{
  GObjectClass parent_class;

  CarServiceStore *(*open_another) (CarServiceStore *self, gboolean patient, GError **error);
  void (*hide) (CarServiceStore *self);
  void (*tidy) (CarServiceStore *self);

  gboolean (*begin) (CarServiceStore *self, GError **error);
  gboolean (*commit) (CarServiceStore *self, GError **error);
  void (*rollback) (CarServiceStore *self);
  gboolean (*begin_call) (CarServiceStore *self, GError **error);
  gboolean (*end_call) (CarServiceStore *self, gboolean keep, GError **error);
  gboolean (*begin_reading) (CarServiceStore *self, GCancellable *cancellable, GError **error);
  void (*end_reading) (CarServiceStore *self);

  CarServiceRow *(*prepare) (CarServiceStore *self,
                             const char *sql,
                             const char *types,
                             va_list *arguments,
                             GError **error);
  gint64 (*get_changes) (CarServiceStore *self);

  gboolean (*follow_model) (CarServiceStore *self, CarCoreModel *model, GError **error);

  gboolean (*put_page) (CarServiceStore *self,
                        const CarServiceReport *report,
                        CarServicePage *page,
                        GError **error);
  gboolean (*begin_full_import) (CarServiceStore *self, const char *source, GError **error);
  gboolean (*end_full_import) (CarServiceStore *self, const char *source, gint64 now, GError **error);
  gboolean (*delete_vertex) (CarServiceStore *self,
                             const char *source,
                             const char *collection,
                             const char *key,
                             gint64 now,
                             GError **error);
  gboolean (*put_tagging) (CarServiceStore *self,
                           const CarServiceTagging *tagging,
                           gint64 now,
                           gint64 *id,
                           GError **error);
  gboolean (*clear) (CarServiceStore *self, GError **error);

  gboolean (*answer) (CarServiceStore *self, const CarQueryPlan *plan, GString *out, GError **error);

  CarServiceRow *(*find_vertices) (CarServiceStore *self,
                                   const char *collection,
                                   const char *conditions,
                                   gint64 limit,
                                   GError **error);
  CarServiceRow *(*find_named) (CarServiceStore *self,
                                const char *collection,
                                const char *source,
                                const char *key,
                                gboolean by_id,
                                gint64 limit,
                                GError **error);
  CarServiceRow *(*find_edges) (CarServiceStore *self,
                                const char *collection,
                                const char *source,
                                const char *from,
                                const char *to,
                                gboolean closed,
                                GError **error);
  CarServiceRow *(*list_related) (CarServiceStore *self,
                                  const char *collection,
                                  const char *id,
                                  gboolean out,
                                  gint64 limit,
                                  GError **error);

  CarServiceRow *(*search) (CarServiceStore *self, const char *text, gint64 limit, GError **error);
  CarServiceRow *(
      *get_vertex) (CarServiceStore *self, const char *collection, const char *id, gint64 at, GError **error);
  CarServiceRow *(*list_versions) (CarServiceStore *self,
                                   const char *collection,
                                   const char *id,
                                   gint64 limit,
                                   GError **error);
  CarServiceRow *(*list_instances) (CarServiceStore *self,
                                    const char *collection,
                                    const char *id,
                                    const char *connecting_id,
                                    gint64 at,
                                    gint64 limit,
                                    GError **error);
  CarServiceRow *(
      *list_kinds) (CarServiceStore *self, const char *collection, const char *id, gint64 at, GError **error);
  CarServiceRow *(*list_neighbours) (CarServiceStore *self,
                                     const char *collection,
                                     const char *id,
                                     gint64 at,
                                     const char *edge,
                                     gboolean out,
                                     gint64 limit,
                                     gint64 offset,
                                     GError **error);
  CarServiceRow *(*list_changes) (CarServiceStore *self,
                                  const CarServiceSpan *span,
                                  const CarServicePlace *place,
                                  gint64 limit,
                                  GError **error);
  CarServiceRow *(*count_changes) (CarServiceStore *self, const CarServiceSpan *span, GError **error);

  gboolean (*forget) (CarServiceStore *self, gint64 before, gint64 n, gint64 *forgotten, GError **error);
  gboolean (*read_pages) (CarServiceStore *self, CarServicePages *pages, GError **error);
  gboolean (*give_back) (CarServiceStore *self, gboolean *more, GError **error);
  CarServiceRow *(*list_usage) (CarServiceStore *self, GError **error);
  gboolean (*back_up) (CarServiceStore *self, const char *path, GError **error);
  GPtrArray *(*check) (CarServiceStore *self, GError **error);

  CarServiceRow *(*copy_out) (CarServiceStore *self, CarServiceCopyKind kind, GError **error);
  gboolean (*copy_in) (CarServiceStore *self,
                       CarServiceCopyKind kind,
                       CarServiceRow *rows,
                       gint64 *n,
                       GError **error);
  gboolean (*end_copy) (CarServiceStore *self, GError **error);
};

/* Opens or makes the database, and holds a lock on it until the store is gone: two services on one database would each run the
 * jobs of both. `database` is a file of SQLite's; or ":memory:", a file in the folder for temporary files, which is gone with
 * the last connection; or postgresql://…, as libpq takes it. */
CarServiceStore *car_service_store_open (const char *database, GError **error);

/* Whether the database is a file, beside which others can be. */
gboolean car_service_store_is_file (const char *database);

/* What the database is called before people: without the password that its URI may hold. */
char *car_service_store_name_database (const char *database);

/* A connection for a short while, of another program than the service, which may run: without the lock. The database has to
 * be there. */
CarServiceStore *car_service_store_open_beside (const char *database, GError **error);

/* A connection for another thread, which only reads. One that is not patient does not wait for locks. */
CarServiceStore *car_service_store_open_another (CarServiceStore *self, gboolean patient, GError **error);

/* To be called once all connections are open: takes the file of ":memory:" away, so that nothing of it stays, whatever
 * happens. */
void car_service_store_hide (CarServiceStore *self);

/* What is best done when nobody writes, outside a transaction. */
void car_service_store_tidy (CarServiceStore *self);

/* A transaction that writes. */
gboolean car_service_store_begin (CarServiceStore *self, GError **error);
gboolean car_service_store_commit (CarServiceStore *self, GError **error);
void car_service_store_rollback (CarServiceStore *self);

/* What is read between the two is of one moment. Reading fails with G_IO_ERROR_CANCELLED once the cancellable, which may be
 * NULL, says so, from whichever thread; and with CAR_SERVICE_ERROR 504 once it takes too long. */
gboolean car_service_store_begin_reading (CarServiceStore *self, GCancellable *cancellable, GError **error);
void car_service_store_end_reading (CarServiceStore *self);

/* One call or job among several in a transaction: what it did is kept, or taken back alone. */
gboolean car_service_store_begin_call (CarServiceStore *self, GError **error);
gboolean car_service_store_end_call (CarServiceStore *self, gboolean keep, GError **error);

/* The time of this transaction in milliseconds since the epoch: later than that of every one before it, also where the
 * machine's clock was set back. */
gboolean car_service_store_tick (CarServiceStore *self, gint64 *now, GError **error);

char *car_service_store_get_setting (CarServiceStore *self, const char *name, GError **error);
gboolean
car_service_store_set_setting (CarServiceStore *self, const char *name, const char *value, GError **error);

/* The model with the extensions stored, and the import schema made from them. Borrowed; they hold until the extensions
 * change. */
CarCoreModel *car_service_store_get_model (CarServiceStore *self, GError **error);
CarImportSchema *car_service_store_get_import_schema (CarServiceStore *self, GError **error);

/* To be called in the transaction that changes the table of extensions. */
gboolean car_service_store_note_extensions_changed (CarServiceStore *self, GError **error);

/* Makes the tables fit the model: indices of properties, and what else the database needs of it. In a transaction of the caller's.
 * CAR_SERVICE_ERROR 422 where it wants more than there can be. */
gboolean car_service_store_follow_model (CarServiceStore *self, GError **error);

/* What a model that was read earlier is told by; it is another one once the extensions change. */
char *car_service_store_dup_model_mark (CarServiceStore *self, GError **error);

/* ---- The graph, written in a transaction of the caller's (protocol.md, "What a CAR service keeps") ---- */

/* Each object of the page replaces the one of the same name: a version of its own where its value differs. An edge that is not
 * active is closed. What cannot be kept is left out, and car_service_page_note_left_out() told: an edge whose ends the source
 * does not have, a value that must be unique and is another object's. */
gboolean car_service_store_put_page (CarServiceStore *self,
                                     const CarServiceReport *report,
                                     CarServicePage *page,
                                     GError **error);

/* What pages bring from now on is remembered, whoever sends them, and the end closes all of the source that was not brought. */
gboolean car_service_store_begin_full_import (CarServiceStore *self, const char *source, GError **error);
gboolean
car_service_store_end_full_import (CarServiceStore *self, const char *source, gint64 now, GError **error);

/* Closes the vertex, with its tags and edges. One that is not there is no error. */
gboolean car_service_store_delete_vertex (CarServiceStore *self,
                                          const char *source,
                                          const char *collection,
                                          const char *key,
                                          gint64 now,
                                          GError **error);

/* Makes the tag where it is missing. *id is the tagging's: the new one, or the one that was there; 0: the source of the vertex
 * has no such vertex. */
gboolean car_service_store_put_tagging (CarServiceStore *self,
                                        const CarServiceTagging *tagging,
                                        gint64 now,
                                        gint64 *id,
                                        GError **error);

/* Forgets all objects, tags and sources, with their save points. The model, and what became of jobs, stay. */
gboolean car_service_store_clear (CarServiceStore *self, GError **error);

/* ---- The graph, read ---- */

/* Appends the fields of the plan: what follows "data" in the answer. In a mutation's plan, what it did is seen. */
gboolean
car_service_store_answer (CarServiceStore *self, const CarQueryPlan *plan, GString *out, GError **error);

/* The vertices of a collection that fit all conditions: [[ATTRIBUTE, VALUE], …] in JSON, where an attribute is source, _id, id,
 * _key, external_id or a member of the object. Columns: source, id, body; by source and id. */
CarServiceRow *car_service_store_find_vertices (CarServiceStore *self,
                                                const char *collection,
                                                const char *conditions,
                                                gint64 limit,
                                                GError **error);

/* The vertices of a key; `source` NULL: of any source; `by_id`: of a key or an id. Columns: source, id, body, reported_at. */
CarServiceRow *car_service_store_find_named (CarServiceStore *self,
                                             const char *collection,
                                             const char *source,
                                             const char *key,
                                             gboolean by_id,
                                             gint64 limit,
                                             GError **error);

/* The edges between two vertices of the source, by their keys; `closed`: the last one that was closed. Columns: external_id,
 * body, reported_at. */
CarServiceRow *car_service_store_find_edges (CarServiceStore *self,
                                             const char *collection,
                                             const char *source,
                                             const char *from,
                                             const char *to,
                                             gboolean closed,
                                             GError **error);

/* The neighbours of a vertex over all edges that begin (`out`) or end in it. Columns: collection of the edge, collection, source
 * and id of the neighbour, id where the edge begins, id where it ends, body of the neighbour. */
CarServiceRow *car_service_store_list_related (CarServiceStore *self,
                                               const char *collection,
                                               const char *id,
                                               gboolean out,
                                               gint64 limit,
                                               GError **error);

/* Vertices that are called so, or have the text in their name or key: the same first, then what begins so, then the others.
 * Columns: collection, id, source, label, connecting_id, reported_at. A label is what people call it, of 300 characters at
 * most: the address, name of the host or key; else the member name, fullname or username, or port_number/protocol. */
CarServiceRow *
car_service_store_search (CarServiceStore *self, const char *text, gint64 limit, GError **error);

/* The vertex as it was at the moment; where it was not there then, as it was last. Columns: collection, id, source, label,
 * connecting_id, whether it held. */
CarServiceRow *car_service_store_get_vertex (CarServiceStore *self,
                                             const char *collection,
                                             const char *id,
                                             gint64 at,
                                             GError **error);

/* The last first. Columns: begin, end, reported_at, body. */
CarServiceRow *car_service_store_list_versions (CarServiceStore *self,
                                                const char *collection,
                                                const char *id,
                                                gint64 limit,
                                                GError **error);

/* The other vertices that are the same thing. Columns: collection, id, source, label. */
CarServiceRow *car_service_store_list_instances (CarServiceStore *self,
                                                 const char *collection,
                                                 const char *id,
                                                 const char *connecting_id,
                                                 gint64 at,
                                                 gint64 limit,
                                                 GError **error);

/* The collections of edges that begin or end in the vertex. Columns: collection of the edges, of their other ends, whether they
 * begin here, count. */
CarServiceRow *car_service_store_list_kinds (CarServiceStore *self,
                                             const char *collection,
                                             const char *id,
                                             gint64 at,
                                             GError **error);

/* The vertices at the other ends of the edges of one collection, in an order that stays. Columns: collection, id, source, label,
 * body of the edge. */
CarServiceRow *car_service_store_list_neighbours (CarServiceStore *self,
                                                  const char *collection,
                                                  const char *id,
                                                  gint64 at,
                                                  const char *edge,
                                                  gboolean out,
                                                  gint64 limit,
                                                  gint64 offset,
                                                  GError **error);

/* What is otherwise at the end of the span than at its beginning, of one phase. Columns: when, row, collection, source, id or
 * the id where an edge begins, NULL or the id where it ends, body before or NULL, body after or NULL, label of a vertex. A row
 * may have the same body before and after: it changed, and changed back. */
CarServiceRow *car_service_store_list_changes (CarServiceStore *self,
                                               const CarServiceSpan *span,
                                               const CarServicePlace *place,
                                               gint64 limit,
                                               GError **error);

/* Columns: source, collection, how many came, changed, were closed; by source and collection. */
CarServiceRow *
car_service_store_count_changes (CarServiceStore *self, const CarServiceSpan *span, GError **error);

/* ---- Room ---- */

/* Forgets the n versions that were closed first, as far as they were closed before this moment, in a transaction of the
 * caller's. */
gboolean
car_service_store_forget (CarServiceStore *self, gint64 before, gint64 n, gint64 *forgotten, GError **error);

gboolean car_service_store_read_pages (CarServiceStore *self, CarServicePages *pages, GError **error);

/* Gives some of the free ones back to the disk, in a transaction of the caller's. *more: there are others. */
gboolean car_service_store_give_back (CarServiceStore *self, gboolean *more, GError **error);

/* What takes room: source, collection, whether it holds, how many versions, bytes of their bodies. Several rows may be of one
 * source and collection. */
CarServiceRow *car_service_store_list_usage (CarServiceStore *self, GError **error);

/* Copies the database, as it is at one moment, into a new file that only its owner can read. Others may read and write meanwhile.
 * A file that is there is refused. Where it fails, nothing is left. */
gboolean car_service_store_back_up (CarServiceStore *self, const char *path, GError **error);

/* What is wrong with the database, for people; empty: nothing is. */
GPtrArray *car_service_store_check (CarServiceStore *self, GError **error);

/* ---- From one store to another (car-service-copy.h) ---- */

/* All of a kind, in a transaction of the caller's and in little memory; what is closed by its end. Columns of vertices: id, source,
 * collection, key, connecting_id or NULL, body, reported_at, begin, end; of edges: id, source, collection, numbers of the
 * vertices where it begins and ends, external_id, body, reported_at, begin, end; of what was brought: source, ids of vertices and of
 * edges, each as "{1,2}", in as many rows as the store likes. */
CarServiceRow *car_service_store_copy_out (CarServiceStore *self, CarServiceCopyKind kind, GError **error);

/* Writes such rows of another store, with their ids, into one that has their sources and collections and no objects; *n becomes how
 * many they were. */
gboolean car_service_store_copy_in (CarServiceStore *self,
                                    CarServiceCopyKind kind,
                                    CarServiceRow *rows,
                                    gint64 *n,
                                    GError **error);

/* All was written: counts what holds, and gives no id again. */
gboolean car_service_store_end_copy (CarServiceStore *self, GError **error);

/* ---- Between threads ---- */

/* From any thread: whatever takes long ends soon. */
void car_service_store_stop (CarServiceStore *self);

/* Sets CAR_SERVICE_ERROR 503 once that was said. Asked in loops over what somebody has sent. */
gboolean car_service_store_may_go_on (CarServiceStore *self, GError **error);

/* Why nothing can be written, as the thread that writes found when it last tried; NULL where it could. All connections to
 * one database know it, and any thread may ask. */
void car_service_store_note_trouble (CarServiceStore *self, const char *trouble);
char *car_service_store_dup_trouble (CarServiceStore *self);

/* There may be something to forget, or room to give back, as soon as there is time. Taking the mark clears it. */
void car_service_store_ask_for_upkeep (CarServiceStore *self);
gboolean car_service_store_take_upkeep (CarServiceStore *self);

G_END_DECLS
