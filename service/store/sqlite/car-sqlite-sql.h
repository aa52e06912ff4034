/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include <service/query/car-query-plan.h>

G_BEGIN_DECLS

/* The SQL of a plan, over the tables of car-sqlite-tables.c. Names in it are a model's: letters, digits and underscores. Values
 * are bound.
 *
 * Functions that take a `timepoint` write what holds now where it is -1. */

/* One statement in the making. */
typedef struct
{
  sqlite3 *db;             /* what conditions say of sources is looked up in it while they are written */
  GHashTable *collections; /* numbers by names */
  gint64 timepoint;
  GString *text;
  GArray *
      binds; /* (element-type CarQueryBind): values, by the order of their places, from CAR_SQLITE_FIRST_BIND */
  GPtrArray *texts; /* what binds point to that is not the plan's */
  GError *error;    /* why a look-up failed */
} CarSqliteSql;

/* ?1 and ?2 are the values of the link to the row of the node above. */
#define CAR_SQLITE_FIRST_BIND 3

CarSqliteSql *car_sqlite_sql_new (sqlite3 *db, GHashTable *collections, gint64 timepoint);
void car_sqlite_sql_free (CarSqliteSql *self);

/* Writes the place of a value. */
void car_sqlite_sql_append_bind (CarSqliteSql *self, const CarQueryBind *bind);

/* The same of a text that is not the plan's, and is copied. */
void car_sqlite_sql_append_text (CarSqliteSql *self, const char *text, gsize length);

gboolean car_sqlite_sql_prepare (CarSqliteSql *self, sqlite3_stmt **statement, GError **error);

/* What the connection failed with, for CarQueryAnswer: CAR_QUERY_ERROR, G_IO_ERROR_CANCELLED where it was interrupted, or
 * G_IO_ERROR_FAILED. Returns FALSE. */
gboolean car_sqlite_fail_query (sqlite3 *db, GError **error);

/* 0, which matches nothing, where there is none yet. */
int car_sqlite_get_collection (GHashTable *collections, const char *name);

/* Columns (car-sqlite-columns.c). Without an alias (NULL), as an index wants them. */
void car_sqlite_append_column (GString *sql,
                               const CarQueryTable *table,
                               const CarQueryColumn *column,
                               const char *alias,
                               gint64 timepoint);

/* The column as its values are compared. */
void car_sqlite_append_comparable (GString *sql,
                                   const CarQueryTable *table,
                                   const CarQueryColumn *column,
                                   const char *alias,
                                   gint64 timepoint);

/* A function's name that brings a value of this type to the form in which it is compared; NULL where it has it. */
const char *car_sqlite_get_comparable_function (CarPropertyType type);

/* Tables and links (car-sqlite-links.c). */

/* What a statement reads the rows from. */
const char *car_sqlite_get_table (const CarSqliteSql *self, const CarQueryTable *table);

/* The condition on the rows that are seen. */
void car_sqlite_append_seen (CarSqliteSql *self, const CarQueryTable *table, const char *alias);

/* The one or two expressions, in the row that a link starts from, that its condition compares with: NULL-terminated. */
char **car_sqlite_dup_link_values (const CarQueryLink *link, const CarQueryTable *from, const char *alias);

/* The condition on the rows that a link leads to. */
void car_sqlite_append_link (CarSqliteSql *self,
                             const CarQueryLink *link,
                             const CarQueryTable *to,
                             const char *alias,
                             const char *const *values);

/* The condition of a node over t0. `found`: its rows are few (car-sqlite-where.c). */
void car_sqlite_append_where (CarSqliteSql *self,
                              const CarQueryTable *table,
                              const CarQueryCondition *where,
                              gboolean found);

/* Whether an index finds what fits. */
gboolean car_sqlite_is_found (const CarQueryCondition *condition, gboolean through_links);

/* The statement of a node (car-sqlite-query.c): `select` are expressions of t0. */
void car_sqlite_append_rows (CarSqliteSql *self, const CarQueryNode *node, const GPtrArray *select);

/* A statement of one row and column. */
void car_sqlite_append_aggregate (CarSqliteSql *self,
                                  const CarQueryNode *node,
                                  const CarQueryAggregate *aggregate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarSqliteSql, car_sqlite_sql_free)

G_END_DECLS
