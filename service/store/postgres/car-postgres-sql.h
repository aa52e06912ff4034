/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/query/car-query-plan.h"
#include "service/store/postgres/car-postgres-private.h"

G_BEGIN_DECLS

/* The SQL of a plan, over the tables of car-postgres-tables.c. Names in it are a model's: letters, digits and underscores. Values
 * are parameters.
 *
 * What an index has of a text is its beginning: an entry has a largest size, and a text has not. */
#define CAR_POSTGRES_INDEXED "500"

/* One statement in the making. */
typedef struct
{
  CarPostgresStore *store;
  gint64 timepoint; /* -1: now */
  GString *text;
  GPtrArray *values; /* of the parameters: texts, or arrays of texts as PostgreSQL writes them */
  guint n_aliases;
} CarPostgresSql;

CarPostgresSql *car_postgres_sql_new (CarPostgresStore *store, gint64 timepoint);
void car_postgres_sql_free (CarPostgresSql *self);

/* The next one, a table's in this statement. Free it. */
char *car_postgres_sql_make_alias (CarPostgresSql *self);

/* Writes the place of a value, or of all values as an array. */
void car_postgres_sql_append_value (CarPostgresSql *self, const CarQueryBind *bind);
void car_postgres_sql_append_values (CarPostgresSql *self, const GArray *binds);

/* ---- Columns (car-postgres-columns.c) ---- */

/* Whether the column is read from the object as it was imported, for comparing. */
gboolean car_postgres_is_member (const CarQueryColumn *column);

/* What the tables have beside the object: of a member what stands in for a missing one. */
void car_postgres_append_stored (GString *sql,
                                 const CarQueryTable *table,
                                 const CarQueryColumn *column,
                                 const char *alias,
                                 gint64 timepoint);

/* The column as its values are compared; `alias` NULL: as an index has it. */
void car_postgres_append_comparable (GString *sql,
                                     const CarQueryTable *table,
                                     const CarQueryColumn *column,
                                     const char *alias,
                                     gint64 timepoint);

/* The type that a value, a text, is cast to before it is compared with a column of this type. */
const char *car_postgres_get_comparable_value (CarPropertyType type);

/* Whether the texts of the column are indexed by their beginnings. */
gboolean car_postgres_is_indexed_text (const CarQueryColumn *column);

/* ---- Tables and links (car-postgres-links.c) ---- */

const char *car_postgres_get_table (const CarPostgresSql *self, const CarQueryTable *table);

/* The condition on the rows that are seen. */
void car_postgres_append_seen (CarPostgresSql *self, const CarQueryTable *table, const char *alias);

/* "TABLE ALIAS", with what a link from a row of `above` needs beside it; the link's condition is another part. */
void car_postgres_append_from (CarPostgresSql *self,
                               const CarQueryLink *link,
                               const CarQueryTable *to,
                               const char *alias,
                               const CarQueryTable *from,
                               const char *above);
void car_postgres_append_link (CarPostgresSql *self,
                               const CarQueryLink *link,
                               const CarQueryTable *to,
                               const char *alias,
                               const char *above);

/* The vertices of an id, SOURCE/KEY, that `id` is in SQL, as rows of source and id; `condition` is on v. */
void car_postgres_append_vertices_of_id (GString *sql,
                                         const char *table,
                                         gint64 collection,
                                         const char *id,
                                         const char *condition);

/* ---- Conditions (car-postgres-where.c) ---- */

void car_postgres_append_where (CarPostgresSql *self,
                                const CarQueryTable *table,
                                const CarQueryCondition *where,
                                const char *alias);

/* ---- Nodes (car-postgres-query.c) ---- */

/* "SELECT …" of a node's rows: `select` writes what is selected of a row. `above`: the alias of the row that a link comes from. */
typedef void (*CarPostgresSelect) (CarPostgresSql *self,
                                   const CarQueryNode *node,
                                   const char *alias,
                                   gpointer data);

void car_postgres_append_rows (CarPostgresSql *self,
                               const CarQueryNode *node,
                               const CarQueryTable *from,
                               const char *above,
                               CarPostgresSelect select,
                               gpointer data);

/* A statement of one row and column. */
void car_postgres_append_aggregate (CarPostgresSql *self,
                                    const CarQueryNode *node,
                                    const CarQueryAggregate *aggregate,
                                    const CarQueryTable *from,
                                    const char *above);

/* An array of what its row is made of: see car-postgres-answer.c. */
void
car_postgres_append_array (CarPostgresSql *self, const CarQueryNode *node, const char *alias, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarPostgresSql, car_postgres_sql_free)

G_END_DECLS
