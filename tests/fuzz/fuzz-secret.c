/* SPDX-License-Identifier: Apache-2.0 */

/* An encrypted setting. The input is a key (a JWK), a NUL and a token (a JWE), as they stand in their files. */

#include "config.h"

#include <glib/gstdio.h>

#include <libcar/base/car-error.h>
#include <libcar/base/car-file-private.h>
#include <libcar/settings/car-secrets-private.h>

#include "fuzz.h"

/* LeakSanitizer's, which looks for it from a library of its own. libjose 11 loses a number of OpenSSL's where an RSA key is not
 * whole; the key is the operator's, and is read once. */
const char *__lsan_default_suppressions (void) __attribute__ ((visibility ("default")));

const char *
__lsan_default_suppressions (void)
{
  return "leak:CRYPTO_zalloc";
}

static char *folder;

static void
remove_folder (void)
{
  static const char *const names[] = { "SETTING", ".jwk/key.jwk", ".jwk", "" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i], NULL);
      g_remove (path);
    }
  g_free (folder);
}

static void
make_folder (void)
{
  if (folder != NULL)
    return;

  folder = g_dir_make_tmp ("fuzz-secret-XXXXXX", NULL);
  g_assert_nonnull (folder);
  g_autofree char *keys = g_build_filename (folder, ".jwk", NULL);
  g_assert_no_errno (g_mkdir (keys, 0700));
  g_setenv ("CAR_SECRETS_DIR", folder, TRUE);
  atexit (remove_folder);
}

static void
write_file (const char *name, const void *text, gsize length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  fuzz_write_file (path, text, length);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gsize length = 0;
  g_autofree char *key = fuzz_take_text (&data, &size, &length);
  g_autoptr (GError) error = NULL;
  char *value;

  make_folder ();
  write_file (".jwk/key.jwk", key != NULL ? key : "", length);
  write_file ("SETTING", data, size);

  g_autoptr (CarSecrets) secrets = car_secrets_new ();
  if (car_secrets_read (secrets, "SETTING", &value, &error))
    g_assert_true (g_utf8_validate (value, -1, NULL));
  else
    {
      g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
      g_assert_null (value);
      fuzz_assert_message (error);
    }
  car_secret_free (value);
  return 0;
}
