/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* The mutations there are: tags are put on vertices. Everything else is changed by imports. */

#define PREFIX "insert_"
#define ONE "_one"

/* The table that a mutation puts rows into; NULL for all but taggings. */
static const CarQueryTable *
find_table (CarQueryContext *self, const char *name, gboolean *one)
{
  g_autofree char *base = NULL;
  const CarQueryTable *table;

  if (!g_str_has_prefix (name, PREFIX))
    return NULL;
  table = car_query_schema_find (self->schema, name + strlen (PREFIX));
  *one = table == NULL && g_str_has_suffix (name, ONE);
  if (*one)
    {
      base = g_strndup (name + strlen (PREFIX), strlen (name) - strlen (PREFIX ONE));
      table = car_query_schema_find (self->schema, base);
    }
  return table != NULL && table->kind == CAR_QUERY_TAGGING ? table : NULL;
}

static gboolean
get_text (CarQueryContext *self, const CarQueryPath *path, const CarGraphqlValue *value, const char **text)
{
  if (!car_query_resolve (self, path, "String", &value))
    return FALSE;
  *text = NULL;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  *text = value->text;
  return (value->type == CAR_GRAPHQL_STRING && strlen (value->text) == value->length) ||
         car_query_fail (self, path, "a text without NULs is wanted here");
}

static gboolean
get_time (CarQueryContext *self, const CarQueryPath *path, const CarGraphqlValue *value, gint64 *time)
{
  CarQueryBind bind;

  if (!car_query_resolve (self, path, "timestamp", &value))
    return FALSE;
  if (value == NULL || value->type == CAR_GRAPHQL_NULL)
    return TRUE;
  if (!car_query_to_bind (self, path, CAR_PROPERTY_TIMESTAMP, value, &bind))
    return FALSE;
  *time = (gint64) bind.number;
  return TRUE;
}

static gboolean
get_properties (CarQueryContext *self,
                const CarQueryPath *path,
                const CarGraphqlValue *value,
                const char **json)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!car_query_append_json (self, path, text, value))
    return FALSE;
  *json = memcpy (car_graphql_document_alloc (self->document, text->len + 1), text->str, text->len);
  return TRUE;
}

static gboolean
read_member (CarQueryContext *self,
             const CarQueryPath *path,
             const char *vertex_id,
             const CarGraphqlValue *member,
             CarQueryTagging *tagging)
{
  const CarQueryPath here = { path, member->name };

  if (g_str_equal (member->name, "source"))
    return get_text (self, &here, member, &tagging->source);
  if (g_str_equal (member->name, "tag_id"))
    return get_text (self, &here, member, &tagging->tag_id);
  if (g_str_equal (member->name, vertex_id))
    return get_text (self, &here, member, &tagging->vertex_id);
  if (g_str_equal (member->name, "external_id"))
    return get_text (self, &here, member, &tagging->external_id);
  if (g_str_equal (member->name, "properties"))
    return get_properties (self, &here, member, &tagging->properties);
  if (g_str_equal (member->name, "reported_at"))
    return get_time (self, &here, member, &tagging->reported_at);
  return car_query_fail (self, &here, "there are source, reported_at, %s, tag_id, external_id and properties",
                         vertex_id);
}

static gboolean
insert (CarQueryContext *self,
        const CarQueryPath *path,
        const CarQueryTable *table,
        const CarGraphqlValue *object,
        GArray *ids)
{
  g_autofree char *type = g_strconcat (table->name, "_insert_input", NULL);
  g_autofree char *vertex_id = g_strconcat (table->collection, "_id", NULL);
  g_autofree char *problem = NULL;
  CarQueryTagging tagging = { .collection = table->collection, .reported_at = g_get_real_time () / 1000 };
  gint64 id;

  if (!car_query_resolve (self, path, type, &object))
    return FALSE;
  if (object == NULL || object->type != CAR_GRAPHQL_OBJECT)
    return car_query_fail (self, path, "an object is wanted here");
  for (const CarGraphqlValue *member = object->items; member != NULL; member = member->next)
    if (!read_member (self, path, vertex_id, member, &tagging))
      return FALSE;
  if (tagging.source == NULL || tagging.vertex_id == NULL || tagging.tag_id == NULL)
    return car_query_fail (self, path, "source, %s and tag_id have to be there", vertex_id);
  id = self->writer->tag (self->writer->data, &tagging, &problem, &self->failure);
  if (id == 0)
    return car_query_fail (self, path, "%s", problem != NULL ? problem : "the database failed");
  g_array_append_val (ids, id);
  return TRUE;
}

gboolean
car_query_insert (CarQueryContext *self,
                  const CarQueryPath *path,
                  const CarQueryAsked *asked,
                  const CarQueryTable **table,
                  GArray *ids,
                  gboolean *one)
{
  static const char *const many_known[] = { "objects", NULL }, *const one_known[] = { "object", NULL };
  const char *argument;
  const CarGraphqlValue *value;
  g_autofree char *type = NULL;

  *table = find_table (self, asked->selection->name, one);
  if (*table == NULL || self->writer == NULL)
    {
      self->code = "not-supported";
      return car_query_fail (
          self, path,
          "“%s” is not taken here: what changes this service is imports, and mutations named "
          "insert_tag_COLLECTION and insert_tag_COLLECTION_one",
          asked->selection->name);
    }
  argument = *one ? "object" : "objects";
  const CarQueryPath here = { path, argument };
  value = car_graphql_value_find (asked->selection->arguments, argument);
  type = g_strdup_printf (*one ? "%s_insert_input!" : "[%s_insert_input!]!", (*table)->name);
  if (!car_query_check_arguments (self, path, asked->selection, *one ? one_known : many_known) ||
      !car_query_resolve (self, &here, type, &value))
    return FALSE;
  if (value == NULL)
    return car_query_fail (self, path, "“%s” needs the argument “%s”", asked->selection->name, argument);
  if (*one || value->type != CAR_GRAPHQL_LIST)
    return insert (self, &here, *table, value, ids);
  for (const CarGraphqlValue *object = value->items; object != NULL; object = object->next)
    if (!insert (self, &here, *table, object, ids))
      return FALSE;
  return TRUE;
}
