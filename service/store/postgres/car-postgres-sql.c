/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-scanner-private.h>

#include "service/store/postgres/car-postgres-sql.h"

CarPostgresSql *
car_postgres_sql_new (CarPostgresStore *store, gint64 timepoint)
{
  CarPostgresSql *self = g_new0 (CarPostgresSql, 1);

  self->store = store;
  self->timepoint = timepoint;
  self->text = g_string_new (NULL);
  self->values = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
car_postgres_sql_free (CarPostgresSql *self)
{
  g_string_free (self->text, TRUE);
  g_ptr_array_unref (self->values);
  g_free (self);
}

char *
car_postgres_sql_make_alias (CarPostgresSql *self)
{
  return g_strdup_printf ("t%u", self->n_aliases++);
}

/* A NUL is what car_json() makes of it. */
static void
append_text (GString *out, const CarQueryBind *bind)
{
  for (gsize i = 0; i < bind->length; i++)
    if (bind->text[i] == '\0')
      g_string_append (out, "\357\277\275");
    else
      g_string_append_c (out, bind->text[i]);
}

static void
append_bind (GString *out, const CarQueryBind *bind)
{
  switch (bind->kind)
    {
    case CAR_QUERY_BIND_INTEGER:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, bind->integer);
      break;
    case CAR_QUERY_BIND_DOUBLE:
      car_json_append_double (out, bind->number);
      break;
    case CAR_QUERY_BIND_TEXT:
      append_text (out, bind);
      break;
    }
}

static void
append_place (CarPostgresSql *self, GString *value, const char *type)
{
  g_ptr_array_add (self->values, g_string_free (value, FALSE));
  g_string_append_printf (self->text, "$%u::%s", self->values->len, type);
}

void
car_postgres_sql_append_value (CarPostgresSql *self, const CarQueryBind *bind)
{
  GString *value = g_string_new (NULL);

  append_bind (value, bind);
  append_place (self, value, "text");
}

/* {"…","…"}: https://www.postgresql.org/docs/15/arrays.html, "Array Input and Output Syntax". */
void
car_postgres_sql_append_values (CarPostgresSql *self, const GArray *binds)
{
  GString *array = g_string_new ("{");

  for (guint i = 0; i < binds->len; i++)
    {
      g_autoptr (GString) value = g_string_new (NULL);

      append_bind (value, &g_array_index (binds, CarQueryBind, i));
      g_string_append (array, i > 0 ? ",\"" : "\"");
      for (const char *p = value->str; *p != '\0'; p++)
        {
          if (*p == '"' || *p == '\\')
            g_string_append_c (array, '\\');
          g_string_append_c (array, *p);
        }
      g_string_append_c (array, '"');
    }
  g_string_append_c (array, '}');
  append_place (self, array, "text[]");
}
