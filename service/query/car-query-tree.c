/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <service/query/car-query-private.h>

/* The memory of a plan. */

CarQueryCondition *
car_query_condition_new (CarQueryConditionKind kind)
{
  CarQueryCondition *self = g_new0 (CarQueryCondition, 1);

  self->kind = kind;
  if (kind == CAR_QUERY_ALL || kind == CAR_QUERY_ANY || kind == CAR_QUERY_NOT || kind == CAR_QUERY_LINKED)
    self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) car_query_condition_free);
  else if (kind != CAR_QUERY_IS_NULL)
    self->values = g_array_new (FALSE, FALSE, sizeof (CarQueryBind));
  return self;
}

void
car_query_condition_free (CarQueryCondition *self)
{
  g_clear_pointer (&self->values, g_array_unref);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_free (self);
}

CarQueryNode *
car_query_node_new (const CarQueryTable *table)
{
  CarQueryNode *self = g_new0 (CarQueryNode, 1);

  self->table = table;
  self->where = car_query_condition_new (CAR_QUERY_ALL);
  self->order = g_array_new (FALSE, FALSE, sizeof (CarQueryOrder));
  self->distinct_on = g_ptr_array_new ();
  self->limit = -1;
  self->fields = car_query_fields_new ();
  return self;
}

void
car_query_node_free (CarQueryNode *self)
{
  car_query_condition_free (self->where);
  g_array_unref (self->order);
  g_ptr_array_unref (self->distinct_on);
  g_clear_pointer (&self->ids, g_array_unref);
  g_ptr_array_unref (self->fields);
  g_free (self);
}

static void
field_free (gpointer data)
{
  CarQueryField *self = data;

  g_clear_pointer (&self->node, car_query_node_free);
  g_clear_pointer (&self->aggregate.columns, g_ptr_array_unref);
  g_clear_pointer (&self->fields, g_ptr_array_unref);
  g_strfreev (self->steps);
  g_free (self->text);
  g_free (self);
}

GPtrArray *
car_query_fields_new (void)
{
  return g_ptr_array_new_with_free_func (field_free);
}

CarQueryField *
car_query_fields_add (GPtrArray *fields, CarQueryFieldKind kind, const char *alias)
{
  CarQueryField *self = g_new0 (CarQueryField, 1);

  self->kind = kind;
  self->alias = alias;
  if (kind == CAR_QUERY_FIELD_GROUP)
    self->fields = car_query_fields_new ();
  else if (kind == CAR_QUERY_FIELD_VALUE)
    self->aggregate.columns = g_ptr_array_new ();
  g_ptr_array_add (fields, self);
  return self;
}
