/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The ids of vertices that were met lately, by their names: the edges that end in them come soon. It has a fixed size, and
 * forgets what another one takes the place of. */
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

/* `id` 0: the vertex is there no more. */
void car_sqlite_known_set (CarSqliteKnown *self,
                           int collection,
                           gint64 source,
                           const char *node_id,
                           gsize length,
                           gint64 id);

G_END_DECLS
