/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The ids of vertices that were met lately, by their names: the edges that end in them come soon. It takes up to 33 MB, enough for
 * two million, and forgets what another one takes the place of. */
typedef struct _CarSqliteKnown CarSqliteKnown;

CarSqliteKnown *car_sqlite_known_new (void);
void car_sqlite_known_free (CarSqliteKnown *self);

/* 0: not known. */
gint64 car_sqlite_known_get (const CarSqliteKnown *self,
                             int collection,
                             gint64 source,
                             const char *node_id,
                             gsize length);

/* This one will be asked for soon: the place is brought near meanwhile. */
void car_sqlite_known_expect (const CarSqliteKnown *self,
                              int collection,
                              gint64 source,
                              const char *node_id,
                              gsize length);

/* The vertex is not known yet. */
void car_sqlite_known_add (CarSqliteKnown *self,
                           int collection,
                           gint64 source,
                           const char *node_id,
                           gsize length,
                           gint64 id);

/* The vertex is there no more. */
void car_sqlite_known_forget (CarSqliteKnown *self,
                              int collection,
                              gint64 source,
                              const char *node_id,
                              gsize length);

G_END_DECLS
