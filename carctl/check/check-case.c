/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "carctl/carctl.h"
#include "carctl/check/check-report.h"

CheckCase *
check_case_new (Check *check, const char *folder, const char *id, const char *title, const char *right)
{
  CheckCase *self = g_new0 (CheckCase, 1);

  self->check = check;
  self->id = g_strdup (id);
  self->title = g_strdup (title);
  self->right = right;
  self->folder = g_build_filename (folder, id, NULL);
  self->problems = g_ptr_array_new_with_free_func (g_free);
  self->begin = g_get_monotonic_time ();
  g_mutex_init (&self->lock);
  return self;
}

void
check_case_free (CheckCase *self)
{
  g_free (self->id);
  g_free (self->title);
  g_free (self->folder);
  g_free (self->skipped);
  g_ptr_array_unref (self->problems);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
add (CheckCase *self, char *problem)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->problems, problem);
  g_mutex_unlock (&self->lock);
}

void
check_case_fail (CheckCase *self, const char *format, ...)
{
  va_list values;

  va_start (values, format);
  add (self, g_strdup_vprintf (format, values));
  va_end (values);
}

gboolean
check_case_has_failed (CheckCase *self)
{
  g_mutex_lock (&self->lock);
  gboolean failed = self->problems->len > 0;
  g_mutex_unlock (&self->lock);

  return failed;
}

void
check_case_take (CheckCase *self, GError *error)
{
  add (self, g_strdup (error->message));
  g_error_free (error);
}

void
check_case_skip (CheckCase *self, const char *reason)
{
  g_free (self->skipped);
  self->skipped = g_strdup (reason);
}
