/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/json/car-json-pointer-private.h>

#include <string.h>

void
car_json_pointer_append (GString *pointer, const char *part, gsize length)
{
  g_string_append_c (pointer, '/');
  for (gsize i = 0; i < length; i++)
    if (part[i] == '~' || part[i] == '/')
      g_string_append (pointer, part[i] == '~' ? "~0" : "~1");
    else
      g_string_append_c (pointer, part[i]);
}

void
car_json_pointer_append_index (GString *pointer, gsize index)
{
  g_string_append_printf (pointer, "/%" G_GSIZE_FORMAT, index);
}

char *
car_json_pointer_read (const char **pointer)
{
  if (**pointer != '/')
    return NULL;

  g_autoptr (GString) part = g_string_new (NULL);
  const char *at = *pointer + 1;
  for (; *at != '\0' && *at != '/'; at++)
    if (*at != '~')
      g_string_append_c (part, *at);
    else if (at[1] == '0' || at[1] == '1')
      g_string_append_c (part, *++at == '0' ? '~' : '/');
    else
      return NULL;

  *pointer = at;
  return g_string_free (g_steal_pointer (&part), FALSE);
}
