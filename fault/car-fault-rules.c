/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "fault/car-fault-rules.h"
#include "service/http/car-service-calls.h"

#define ANY "any"
#define DEFAULT_SECONDS 5

struct _CarFaultRules
{
  GMutex lock;
  GPtrArray *rules;
};

static void
rule_free (gpointer data)
{
  CarFaultRule *self = data;

  g_free (self->text);
  g_free (self->retry_after);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarFaultRule, rule_free)

CarFaultRules *
car_fault_rules_new (void)
{
  CarFaultRules *self = g_new0 (CarFaultRules, 1);

  g_mutex_init (&self->lock);
  self->rules = g_ptr_array_new_with_free_func (rule_free);
  return self;
}

void
car_fault_rules_free (CarFaultRules *self)
{
  g_ptr_array_unref (self->rules);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static G_GNUC_PRINTF (3, 4) gboolean
    set_wrong (const CarFaultRule *rule, GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *why = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("The fault “%s”: %s"), rule->text, why);
  return FALSE;
}

static const char *
find_call (const char *name)
{
  guint n_routes;
  const CarServiceRoute *routes = car_service_calls_list (&n_routes);

  for (guint i = 0; i < n_routes; i++)
    if (strcmp (routes[i].name, name) == 0)
      return routes[i].name;
  return NULL;
}

static gboolean
read_number (const CarFaultRule *rule, const char *name, const char *value, guint64 *number, GError **error)
{
  return g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT32, number, NULL) ||
         set_wrong (rule, error, _ ("%s= is a number"), name);
}

static gboolean
read_when (CarFaultRule *rule, const char *value, GError **error)
{
  if (strcmp (value, "before") != 0 && strcmp (value, "after") != 0)
    return set_wrong (rule, error, _ ("when= is before or after"));
  if (rule->kind->spoils || rule->kind->is_of_sessions)
    return set_wrong (rule, error, _ ("when= is not for this fault, which always asks the service"));

  rule->after = strcmp (value, "after") == 0;
  return TRUE;
}

static gboolean
read_option (CarFaultRule *rule, const char *name, const char *value, GError **error)
{
  guint64 number = 0;

  if (strcmp (name, "when") == 0)
    return read_when (rule, value, error);
  if (strcmp (name, "retry-after") == 0)
    {
      g_free (rule->retry_after);
      rule->retry_after = g_strdup (value);
      return TRUE;
    }
  if (strcmp (name, "times") == 0 && strcmp (value, "always") == 0)
    {
      rule->times = 0;
      return TRUE;
    }
  if (!read_number (rule, name, value, &number, error))
    return FALSE;

  if (strcmp (name, "at") == 0 && number > 0)
    rule->at = (guint) number;
  else if (strcmp (name, "times") == 0 && number > 0)
    rule->times = (guint) number;
  else if (strcmp (name, "seconds") == 0)
    rule->seconds = (guint) number;
  else if (strcmp (name, "larger-than") == 0)
    rule->larger_than = number;
  else if (strcmp (name, "status") == 0)
    rule->status = (guint) number;
  else
    return set_wrong (rule, error,
                      _ ("“%s=%s” is none of at=N, times=N, times=always, when=before, when=after, "
                         "larger-than=BYTES, retry-after=TEXT, seconds=N and status=N"),
                      name, value);
  return TRUE;
}

static gboolean
is_of_jobs (const char *call)
{
  return call != NULL && (strcmp (call, "job") == 0 || strcmp (call, "import-status") == 0);
}

static gboolean
is_of_sessions (const char *call)
{
  return call != NULL && (strcmp (call, "import") == 0 || g_str_has_suffix (call, "-full"));
}

static gboolean
read_call_and_kind (CarFaultRule *rule, const char *call, const char *kind, GError **error)
{
  rule->call = find_call (call);
  rule->kind = car_fault_kinds_find (kind, &rule->status);

  if (rule->call == NULL && strcmp (call, ANY) != 0)
    return set_wrong (rule, error, _ ("there is no call “%s”: --list tells which there are"), call);
  if (rule->kind == NULL)
    return set_wrong (rule, error, _ ("there is no fault “%s”: --list tells which there are"), kind);
  if (rule->kind->is_about_jobs && !is_of_jobs (rule->call))
    return set_wrong (rule, error, _ ("%s is for the calls job and import-status"), kind);
  if (rule->kind->is_of_sessions && !is_of_sessions (rule->call))
    return set_wrong (rule, error, _ ("%s is for the calls begin-full, import and end-full"), kind);
  return TRUE;
}

gboolean
car_fault_rules_add (CarFaultRules *self, const char *text, GError **error)
{
  g_autoptr (CarFaultRule) rule = g_new0 (CarFaultRule, 1);
  g_auto (GStrv) halves = g_strsplit (text, ":", 2);
  g_auto (GStrv) words = g_strsplit (halves[0] != NULL && halves[1] != NULL ? halves[1] : "", ",", -1);

  *rule = (CarFaultRule){
    .text = g_strdup (text), .at = 1, .times = 1, .status = 500, .seconds = DEFAULT_SECONDS
  };
  if (words[0] == NULL)
    return set_wrong (rule, error, _ ("a fault is CALL:FAULT, or CALL:FAULT,OPTION=VALUE"));
  if (!read_call_and_kind (rule, halves[0], words[0], error))
    return FALSE;

  for (guint i = 1; words[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (words[i], "=", 2);

      if (parts[0] == NULL || parts[1] == NULL)
        return set_wrong (rule, error, _ ("“%s” is no OPTION=VALUE"), words[i]);
      if (!read_option (rule, parts[0], parts[1], error))
        return FALSE;
    }

  g_ptr_array_add (self->rules, g_steal_pointer (&rule));
  return TRUE;
}

gboolean
car_fault_rules_add_script (CarFaultRules *self, const char *path, GError **error)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;

  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line != '\0' && *line != '#' && !car_fault_rules_add (self, line, error))
        {
          g_prefix_error (error, _ ("%s, line %u: "), path, i + 1);
          return FALSE;
        }
    }
  return TRUE;
}

/* Whether it strikes the request that it has counted last. */
static gboolean
strikes (const CarFaultRule *rule)
{
  return rule->n_seen >= rule->at && (rule->times == 0 || rule->n_seen - rule->at < rule->times);
}

const CarFaultRule *
car_fault_rules_choose (CarFaultRules *self, const char *call, gsize body_length)
{
  const CarFaultRule *chosen = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->rules->len; i++)
    {
      CarFaultRule *rule = self->rules->pdata[i];

      if ((rule->call != NULL && g_strcmp0 (rule->call, call) != 0) ||
          (rule->larger_than > 0 && body_length <= rule->larger_than))
        continue;
      rule->n_seen++;
      if (chosen == NULL && strikes (rule))
        chosen = rule;
    }
  g_mutex_unlock (&self->lock);
  return chosen;
}

char *
car_fault_rules_describe (void)
{
  GString *out = g_string_new (_ ("Calls:"));
  guint n;

  g_string_append_printf (out, "\n  %-26s %s\n", ANY, _ ("every request, also those that are no call"));
  const CarServiceRoute *routes = car_service_calls_list (&n);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "  %-26s %s /api/car/%s/%s\n", routes[i].name, routes[i].method,
                            routes[i].version, routes[i].path);

  g_string_append_printf (out, "\n%s\n", _ ("Faults:"));
  const CarFaultKind *kinds = car_fault_kinds_list (&n);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "  %-26s %s\n", kinds[i].name, _ (kinds[i].description));
  return g_string_free (out, FALSE);
}
