/* SPDX-License-Identifier: Apache-2.0 */

/* How secrets are kept out of texts. The input is a secret, a NUL and a text. What holds no secret stays as it is, and what is
 * shown holds none. */

#include "config.h"

#include <libcar/log/car-redaction-private.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize length;
  g_autofree char *secret = fuzz_take_text (&data, &size, &length);
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autoptr (CarRedaction) redaction = car_redaction_new ();
  if (secret == NULL || !g_utf8_validate (secret, -1, NULL))
    return 0;

  car_redaction_add (redaction, secret);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *shown = car_redaction_hide (redaction, text);
  g_assert_true (g_utf8_validate (shown, -1, NULL));
  if (strstr (shown, "***") == NULL)
    g_assert_cmpstr (shown, ==, valid);

  /* Stars may make one of what stands around them. */
  g_strstrip (secret);
  if (!car_redaction_is_too_short (secret) && strchr (secret, '*') == NULL)
    g_assert_null (strstr (shown, secret));
  return 0;
}
