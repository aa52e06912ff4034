/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <libcar/car.h>
#include <libcar/base/car-file-private.h>
#include <libcar/settings/car-secrets-private.h>
#include <libcar/settings/car-settings-private.h>

#include "connector-runner.h"
#include "secret-maker.h"

/* The credentials and the encrypted settings: what is read, what is refused, and that they win. */

#define VALUE "the secret value, längere Zeichen"
#define HEADER "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}"

static const char *const content_algorithms[] = {
  "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512", "A128GCM", "A192GCM", "A256GCM",
};

/* One key for all tests that are not about keys. */
static char *shared_key;

static gboolean
read_from (const char *folder, const char *variable, char **value, GError **error)
{
  g_setenv ("CAR_SECRETS_DIR", folder, TRUE);
  g_autoptr (CarSecrets) secrets = car_secrets_new ();

  return car_secrets_read (secrets, variable, value, error);
}

static void
assert_read (const char *folder, const char *variable, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  char *value = NULL;

  g_assert_true (read_from (folder, variable, &value, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, wanted);
  car_secret_free (value);
}

/* The error names the file, says why, and shows nothing of what is in it. */
static void
assert_refused (const char *folder, const char *why)
{
  g_autofree char *path = g_build_filename (folder, "V", NULL);
  g_autofree char *begin = g_strdup_printf ("the encrypted setting %s cannot be used: ", path);
  g_autoptr (GError) error = NULL;
  char *value = NULL;

  g_assert_false (read_from (folder, "V", &value, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_null (value);
  g_assert_true (g_str_has_prefix (error->message, begin));
  g_assert_nonnull (strstr (error->message, why));
  g_assert_null (strstr (error->message, "the secret value"));
}

static void
write_secret (const char *folder, const char *name, const char *value)
{
  g_autofree char *token = secret_maker_encrypt (shared_key, HEADER, value, -1);

  secret_maker_write (folder, name, token, -1);
}

static void
assert_algorithms (const char *key, const char *algorithm, const char *content)
{
  char *folder = secret_maker_make_folder (key);
  g_autofree char *header = g_strdup_printf ("{\"alg\":\"%s\",\"enc\":\"%s\"}", algorithm, content);

  g_test_message ("%s", header);
  g_autofree char *token = secret_maker_encrypt (key, header, VALUE, -1);
  g_autofree char *empty = secret_maker_encrypt (key, header, "", 0);
  secret_maker_write (folder, "V", token, -1);
  assert_read (folder, "V", VALUE);
  secret_maker_write (folder, "V", empty, -1);
  assert_read (folder, "V", "");

  secret_maker_remove_folder (folder);
}

static void
test_algorithms (void)
{
  static const struct
  {
    const char *algorithm;
    const char *key;
  } cases[] = {
    { "A128KW", "{\"alg\":\"A128KW\"}" },
    { "A192KW", "{\"alg\":\"A192KW\"}" },
    { "A256KW", "{\"alg\":\"A256KW\"}" },
    { "RSA-OAEP", "{\"kty\":\"RSA\",\"bits\":2048}" },
    { "RSA-OAEP-256", "{\"kty\":\"RSA\",\"bits\":2048}" },
    { "ECDH-ES", "{\"kty\":\"EC\",\"crv\":\"P-256\"}" },
    { "ECDH-ES", "{\"kty\":\"EC\",\"crv\":\"P-521\"}" },
    { "ECDH-ES+A128KW", "{\"kty\":\"EC\",\"crv\":\"P-256\"}" },
    { "ECDH-ES+A192KW", "{\"kty\":\"EC\",\"crv\":\"P-384\"}" },
    { "ECDH-ES+A256KW", "{\"alg\":\"ECDH-ES+A256KW\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (content_algorithms); i++)
    {
      g_autofree char *like = g_strdup_printf ("{\"alg\":\"%s\"}", content_algorithms[i]);
      g_autofree char *key = secret_maker_make_key (like);

      assert_algorithms (key, "dir", content_algorithms[i]);
    }

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *key = secret_maker_make_key (cases[i].key);

      for (guint k = 0; k < G_N_ELEMENTS (content_algorithms); k++)
        assert_algorithms (key, cases[i].algorithm, content_algorithms[k]);
    }
}

/* What others made: RFC 7516, appendices A.1 and A.3, and three made with Python's cryptography. */
static const char rsa_key[] =
    "{\"kty\":\"RSA\",\"n\":\"oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imE"
    "VhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3Spsk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vE"
    "hxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMStPs6mS6XrgxnxbWhojf663tuEQ"
    "ueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw\",\"e\":\"A"
    "QAB\",\"d\":\"kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWM"
    "HXyvjYecPT9fpwR_M9gV8n9Hrh2anTpTD93Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghk"
    "qDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vlt3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxT"
    "EtE-id-4OJr0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ\"}";
static const char rsa_token[] =
    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoT"
    "CVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxI"
    "p5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLz"
    "fiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6"
    "UklfCpIMfIjf7iGdXKHzg.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EF"
    "ShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ";
static const char rsa_256_token[] =
    "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiayJ9.MSyqQwmwyBx-074QytVkwPIDzXz"
    "SlY2oltkOYThi20RtSN8T9Tq3_brValIo0y08M1iWqPsZMtCFbG5EUji6RdkxhhkNxSMx7I4BUBoHO66utsx3KxLRouQ"
    "Phql_vCTqkbq9Ou5hknS7eZtdkVO3Nn1td_P0jSYCs_EU9FdIgIT2L82evTMQfipHs1fZvsq-LetNqVAuH0UDlsB00XV"
    "AjEhEbQEDkh0TGmjl2G3UnxUrexdcFLITlrpf-hLU5CUDTEewMyx6sgRV0CS1NCEP2fV45pH2qKqDstyiNOYy_yPtaI4"
    "Vg3e_Ng93EIvVIbPgXW6CQ0WSZFPwE9kl6Jcffg.s5Z2mtbSJ4l3A9Ss.lcn-ProP3KDIOumnMZ4.dkcaUZMIQYAwT8G"
    "AWrfUtQ";
static const char dir_key[] =
    "{\"kty\":\"oct\",\"alg\":\"dir\",\"use\":\"enc\",\"k\":\"0AAQBh9BTrRhfDhjwUSMlw\"}";
static const char dir_token[] =
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..dunwQtkdpPrdE0mF.qJgotuD95eSG2KQPc4A._MMCXLpLCmGSb9"
    "eJZ07xkA";
static const char ec_key[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"IPrUuxkrAqi3N0OqBfflLUncMEgHFtoSeuxiyWHXs_4\",\"y\":"
    "\"eHQFt386UEc"
    "qx_03FZw-bDRLhJh_IytgimpVjw1MLsk\",\"d\":\"z6iRuqfGDllvGxz-CcD4InLFOn6rSQdZRVKJw_ngBIU\"}";
static const char ec_token[] =
    "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6"
    "IjBwcHhkXzhjMy0yN0Z5bTdPRjN2X0NrM0JlR2FsT1BTdkQ0VkF0cFVJZFkiLCJ5Ijoia0oxekt1NE5fYUZVa3NLUFRL"
    "Zi1jQkpoajdZRFR0TUlWMjY1QTV6a2cxNCJ9fQ..6ct25RsLawXGnXC-.Z1nnfMzwH-7EKCXqyoI.0umLp-_Q6BINatX"
    "3IP-tFg";
static const char kw_key[] = "{\"kty\":\"oct\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"}";
static const char kw_token[] =
    "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkD"
    "THzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04"
    "DJvceFICbCVQ";

static void
test_foreign_tokens (void)
{
  static const struct
  {
    const char *key;
    const char *token;
    const char *value;
  } cases[] = {
    { rsa_key, rsa_token, "The true sign of intelligence is not knowledge but imagination." },
    { rsa_key, rsa_256_token, "made by others" },
    { dir_key, dir_token, "made by others" },
    { ec_key, ec_token, "made by others" },
    { kw_key, kw_token, "Live long and prosper." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char *folder = secret_maker_make_folder (cases[i].key);
      g_autofree char *with_newline = g_strconcat (cases[i].token, "\r\n", NULL);

      secret_maker_write (folder, "V", cases[i].token, -1);
      assert_read (folder, "V", cases[i].value);
      secret_maker_write (folder, "V", with_newline, -1);
      assert_read (folder, "V", cases[i].value);
      secret_maker_remove_folder (folder);
    }
}

/* A key that says what it is for is for nothing else. */
static void
test_key_for_other_things (void)
{
  static const char *const members[] = { "\"alg\":\"RSA-OAEP-256\"", "\"key_ops\":[\"sign\"]",
                                         "\"use\":\"sig\"" };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      g_autofree char *key = g_strdup_printf ("{%s,%s", members[i], rsa_key + 1);
      char *folder = secret_maker_make_folder (key);

      secret_maker_write (folder, "V", rsa_token, -1);
      assert_refused (folder, "it cannot be decrypted with the key");
      secret_maker_remove_folder (folder);
    }
}

static void
test_nothing_there (void)
{
  char *folder = secret_maker_make_folder (NULL);
  g_autofree char *file = g_build_filename (folder, "file", NULL);

  assert_read ("/nonexistent/folder", "V", NULL);
  assert_read (folder, "V", NULL);
  secret_maker_write (folder, "file", "", 0);
  assert_read (file, "V", NULL);
  assert_read (folder, "../file", NULL);

  secret_maker_remove_folder (folder);
}

/* Tokens that are none, or ask for what is not done. */
static void
test_refused_tokens (void)
{
  static const struct
  {
    const char *token;
    const char *why;
  } cases[] = {
    { "", "five parts" },
    { "plain text", "five parts" },
    { "e30.a.b.c", "five parts" },
    { "e30.a.b.c.d.e", "five parts" },
    { ".a.b.c.d", "five parts" },
    { "e30.a=.b.c.d", "five parts" },
    { "e3 0.a.b.c.d", "five parts" },
    { "{\"protected\":\"e30\"}", "five parts" },
    { "e30.a.b.c.d", "its “alg” is none of dir, A128KW" },
    { "W10.a.b.c.d", "its header is not a JSON object" },
    { "eyJ.a.b.c.d", "its header is not a JSON object" },
    { "e.a.b.c.d", "its header is not a JSON object" },
  };
  char *folder = secret_maker_make_folder (shared_key);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].token);
      secret_maker_write (folder, "V", cases[i].token, -1);
      assert_refused (folder, cases[i].why);
    }

  secret_maker_remove_folder (folder);
}

/* `header` in the place of the one of a good token. */
static char *
with_header (const char *header)
{
  g_autofree char *token = secret_maker_encrypt (shared_key, HEADER, VALUE, -1);
  g_autofree char *encoded = g_base64_encode ((const guchar *) header, strlen (header));

  g_strdelimit (encoded, "+", '-');
  g_strdelimit (encoded, "/", '_');
  *strchrnul (encoded, '=') = '\0';

  return g_strconcat (encoded, strchr (token, '.'), NULL);
}

static void
test_refused_headers (void)
{
  static const struct
  {
    const char *header;
    const char *why;
  } cases[] = {
    { "{\"alg\":\"RSA1_5\",\"enc\":\"A128GCM\"}", "its “alg” is none of dir, " },
    { "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"p2s\":\"AAAAAAAAAAA\",\"p2c\":2000000000}",
      "its “alg” is none of dir, " },
    { "{\"alg\":\"A128GCMKW\",\"enc\":\"A128GCM\"}", "its “alg” is none of dir, " },
    { "{\"alg\":5,\"enc\":\"A128GCM\"}", "its “alg” is none of dir, " },
    { "{\"alg\":\"DIR\",\"enc\":\"A128GCM\"}", "its “alg” is none of dir, " },
    { "{\"enc\":\"A128GCM\"}", "its “alg” is none of dir, " },
    { "{\"alg\":\"dir\"}", "its “enc” is none of A128CBC-HS256, " },
    { "{\"alg\":\"dir\",\"enc\":\"A128CTR\"}", "its “enc” is none of A128CBC-HS256, " },
    { "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"zip\":\"DEF\"}", "its header has “zip”" },
    { "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"crit\":[\"exp\"],\"exp\":1}", "its header has “crit”" },
    { "{\"alg\":\"RSA1_5\",\"alg\":\"dir\",\"enc\":\"A128GCM\"}", "its header is not a JSON object" },
    { "{\"alg\":\"dir\",\"enc\":\"A128GCM\"} {}", "its header is not a JSON object" },
    /* The header is part of what is authenticated. */
    { "{\"enc\":\"A128GCM\",\"alg\":\"dir\"}", "cannot be decrypted" },
    { "{\"alg\":\"A128KW\",\"enc\":\"A128GCM\"}", "cannot be decrypted" },
    { "{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\"}", "cannot be decrypted" },
    { "{\"alg\":\"dir\",\"enc\":\"A256GCM\"}", "cannot be decrypted" },
  };
  char *folder = secret_maker_make_folder (shared_key);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *token = with_header (cases[i].header);

      g_test_message ("%s", cases[i].header);
      secret_maker_write (folder, "V", token, -1);
      assert_refused (folder, cases[i].why);
    }

  secret_maker_remove_folder (folder);
}

/* A bit of any part is another token. */
static void
test_changed_tokens (void)
{
  char *folder = secret_maker_make_folder (NULL);
  g_autofree char *key = secret_maker_make_key ("{\"alg\":\"A128KW\"}");
  g_autofree char *token =
      secret_maker_encrypt (key, "{\"alg\":\"A128KW\",\"enc\":\"A128CBC-HS256\"}", VALUE, -1);

  secret_maker_write (folder, ".jwk/key.jwk", key, -1);
  for (const char *at = strchr (token, '.'); at != NULL; at = strchr (at + 1, '.'))
    {
      g_autofree char *changed = g_strdup (token);
      char *character = changed + (at + 1 - token);

      *character = *character == 'A' ? 'B' : 'A';
      secret_maker_write (folder, "V", changed, -1);
      assert_refused (folder, "it was encrypted to another key, or changed");
    }

  secret_maker_remove_folder (folder);
}

static void
test_refused_values (void)
{
  static const struct
  {
    const char *value;
    gsize length;
  } cases[] = { { "the secret value\0more", 21 }, { "caf\xe9", 4 }, { "", 1 } };
  char *folder = secret_maker_make_folder (shared_key);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *token = secret_maker_encrypt (shared_key, HEADER, cases[i].value, cases[i].length);

      secret_maker_write (folder, "V", token, -1);
      assert_refused (folder, "what it holds is not UTF-8 text without NULs");
    }

  secret_maker_remove_folder (folder);
}

static void
test_refused_files (void)
{
  char *folder = secret_maker_make_folder (shared_key);
  g_autofree char *path = g_build_filename (folder, "V", NULL);
  g_autofree char *large = g_strnfill (64 * 1024 + 1, 'a');
  g_autofree char *token = secret_maker_encrypt (shared_key, HEADER, VALUE, -1);
  g_autofree char *with_nul = g_malloc0 (strlen (token) + 2);

  secret_maker_write (folder, "V", large, -1);
  assert_refused (folder, "it is larger than 65536 bytes");
  memcpy (with_nul, token, strlen (token));
  secret_maker_write (folder, "V", with_nul, strlen (token) + 1);
  assert_refused (folder, "five parts");

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_refused (folder, "it is not a regular file");
  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_refused (folder, "it is not a regular file");

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (symlink ("nowhere", path), ==, 0);
  assert_refused (folder, "No such file");

  /* As Kubernetes mounts them. */
  secret_maker_write (folder, "elsewhere", token, -1);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (symlink ("elsewhere", path), ==, 0);
  assert_read (folder, "V", VALUE);

  g_assert_cmpint (g_unlink (path), ==, 0);
  secret_maker_write (folder, "V", token, -1);
  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  if (geteuid () == 0)
    g_test_message ("root may read every file");
  else
    assert_refused (folder, "Permission denied");

  secret_maker_remove_folder (folder);
}

static void
test_refused_keys (void)
{
  g_autofree char *rsa = secret_maker_make_key ("{\"kty\":\"RSA\",\"bits\":2048}");
  g_autofree char *public = secret_maker_get_public_key (rsa);
  g_autofree char *other = secret_maker_make_key ("{\"alg\":\"A128GCM\"}");
  g_autofree char *large = g_strnfill (64 * 1024 + 1, ' ');
  g_autofree char *token =
      secret_maker_encrypt (rsa, "{\"alg\":\"RSA-OAEP\",\"enc\":\"A128GCM\"}", VALUE, -1);
  const struct
  {
    const char *key;
    const char *why;
  } cases[] = {
    { NULL, ".jwk/key.jwk cannot be read: No such file" },
    { "", ".jwk/key.jwk is not a JSON Web Key" },
    { "the secret value", ".jwk/key.jwk is not a JSON Web Key" },
    { "{\"kty\":\"oct\",\"k\":\"the secret value", ".jwk/key.jwk is not a JSON Web Key" },
    { "[]", ".jwk/key.jwk is not a JSON Web Key" },
    { "{\"kty\":5}", ".jwk/key.jwk is not a JSON Web Key" },
    { large, ".jwk/key.jwk cannot be read: it is larger than 65536 bytes" },
    { "{\"kty\":\"unknown\"}", "it cannot be decrypted with the key" },
    { "{\"kty\":\"RSA\",\"n\":\"!\",\"e\":5}", "it cannot be decrypted with the key" },
    { "{\"kty\":\"oct\",\"k\":7}", "it cannot be decrypted with the key" },
    { other, "it cannot be decrypted with the key" },
    { public, "it cannot be decrypted with the key" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      char *folder = secret_maker_make_folder (cases[i].key);

      g_test_message ("%s", cases[i].why);
      secret_maker_write (folder, "V", token, -1);
      assert_refused (folder, cases[i].why);
      secret_maker_remove_folder (folder);
    }
}

/* A text that every setting of this type takes, and the same said by its option. */
static const char *
make_text (const CarSetting *setting, const char *text)
{
  switch (setting->type)
    {
    case CAR_SETTING_INTEGER:
      return "7";
    case CAR_SETTING_BOOLEAN:
      return "true";
    case CAR_SETTING_CHOICE:
      return "json";
    case CAR_SETTING_FILE:
      return "/dev/null";
    case CAR_SETTING_TEXT:
    default:
      return text;
    }
}

static void
assert_values (CarSettings *settings, const GPtrArray *all, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (car_settings_load (settings, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < all->len; i++)
    {
      const CarSetting *setting = all->pdata[i];

      if (setting->variable != NULL && setting->type == CAR_SETTING_TEXT)
        g_assert_cmpstr (car_settings_get (settings, setting->name), ==, text);
      if (setting->variable != NULL && setting->type == CAR_SETTING_BOOLEAN)
        g_assert_cmpint (car_settings_is_on (settings, setting->name), ==, !g_str_equal (text, "from-file"));
    }
}

/* Every setting that has a variable, by variable, by option and by file: the one wins over the other in this order. */
static void
test_precedence (void)
{
  char *folder = secret_maker_make_folder (shared_key);
  g_autoptr (CarSettings) settings = car_settings_new ();
  g_autoptr (GError) error = NULL;
  guint n_own;
  g_autoptr (GPtrArray) all = car_settings_list (settings, &n_own);

  g_setenv ("CAR_SECRETS_DIR", "/nonexistent/folder", TRUE);
  for (guint i = 0; i < all->len; i++)
    {
      const CarSetting *setting = all->pdata[i];

      if (setting->variable != NULL)
        g_setenv (setting->variable, make_text (setting, "from-variable"), TRUE);
    }
  assert_values (settings, all, "from-variable");

  for (guint i = 0; i < all->len; i++)
    car_settings_set_option (settings, all->pdata[i], make_text (all->pdata[i], "from-option"));
  assert_values (settings, all, "from-option");

  for (guint i = 0; i < all->len; i++)
    {
      const CarSetting *setting = all->pdata[i];

      if (setting->variable != NULL)
        write_secret (folder, setting->variable,
                      setting->type == CAR_SETTING_BOOLEAN ? "false" : make_text (setting, "from-file"));
    }
  g_setenv ("CAR_SECRETS_DIR", folder, TRUE);
  assert_values (settings, all, "from-file");

  /* The program itself over all. */
  g_assert_true (car_settings_set (settings, "source", "from-program", &error));
  g_assert_true (car_settings_load (settings, &error));
  g_assert_cmpstr (car_settings_get (settings, "source"), ==, "from-program");
  g_assert_true (car_settings_set (settings, "source", NULL, &error));

  for (guint i = 0; i < all->len; i++)
    if (((const CarSetting *) all->pdata[i])->variable != NULL)
      g_unsetenv (((const CarSetting *) all->pdata[i])->variable);

  /* Given empty is given. */
  write_secret (folder, "CONNECTION_NAME", "");
  g_assert_true (car_settings_load (settings, &error));
  g_assert_cmpstr (car_settings_get (settings, "source"), ==, NULL);

  secret_maker_write (folder, "CAR_SERVICE_KEY", "broken", -1);
  g_assert_false (car_settings_load (settings, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_nonnull (strstr (error->message, "/CAR_SERVICE_KEY cannot be used: "));

  secret_maker_remove_folder (folder);
}

/* A folder as systemd makes it: for this user alone. */
static void
write_credential (const char *folder, const char *name, const char *value, gssize length, int mode)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  secret_maker_write (folder, name, value, length);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static void
test_credentials (void)
{
  static const struct
  {
    const char *text;
    const char *value;
  } cases[] = {
    { VALUE, VALUE },
    { VALUE "\n", VALUE },
    { VALUE "\n\n", VALUE "\n" },
    { " " VALUE " ", " " VALUE " " },
    { "a.b.c.d.e", "a.b.c.d.e" },
    { "", "" },
    { "\n", "" },
  };
  char *folder = secret_maker_make_folder (NULL);

  g_setenv ("CREDENTIALS_DIRECTORY", folder, TRUE);
  assert_read ("/nonexistent/folder", "V", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      write_credential (folder, "V", cases[i].text, -1, 0400);
      assert_read ("/nonexistent/folder", "V", cases[i].value);
    }

  g_setenv ("CREDENTIALS_DIRECTORY", "", TRUE);
  assert_read ("/nonexistent/folder", "V", NULL);
  g_unsetenv ("CREDENTIALS_DIRECTORY");
  secret_maker_remove_folder (folder);
}

static void
assert_credential_refused (const char *folder, const char *why)
{
  g_autofree char *begin = g_strdup_printf ("the credential %s/V cannot be used: ", folder);
  g_autoptr (GError) error = NULL;
  char *value = NULL;

  g_assert_false (read_from ("/nonexistent/folder", "V", &value, &error));
  g_assert_error (error, CAR_APP_ERROR, CAR_APP_ERROR_INVALID_PARAMETER);
  g_assert_null (value);
  g_assert_true (g_str_has_prefix (error->message, begin));
  g_assert_nonnull (strstr (error->message, why));
  g_assert_null (strstr (error->message, "the secret value"));
}

static void
test_refused_credentials (void)
{
  static const struct
  {
    const char *text;
    gssize length;
    int mode;
    const char *why;
  } cases[] = {
    { "the secret value", -1, 0404, "other users may read or change it" },
    { "the secret value", -1, 0602, "other users may read or change it" },
    { "the secret value", -1, 0620, "other users may read or change it" },
    { "the secret value\0rest", 21, 0400, "not UTF-8 text without NULs" },
    { "the secret value\xff", -1, 0400, "not UTF-8 text without NULs" },
  };
  g_autofree char *large = g_strnfill (64 * 1024 + 1, ' ');
  char *folder = secret_maker_make_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "V", NULL);

  g_setenv ("CREDENTIALS_DIRECTORY", folder, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      write_credential (folder, "V", cases[i].text, cases[i].length, cases[i].mode);
      assert_credential_refused (folder, cases[i].why);
    }
  write_credential (folder, "V", large, -1, 0400);
  assert_credential_refused (folder, "it is larger than 65536 bytes");

  if (geteuid () == 0)
    {
      write_credential (folder, "V", "the secret value", -1, 0400);
      g_assert_cmpint (chown (path, 12345, 12345), ==, 0);
      assert_credential_refused (folder, "it belongs neither to");
    }

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (symlink ("nowhere", path), ==, 0);
  assert_credential_refused (folder, "No such file");
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_credential_refused (folder, "it is not a regular file");
  g_assert_cmpint (g_rmdir (path), ==, 0);

  g_unsetenv ("CREDENTIALS_DIRECTORY");
  secret_maker_remove_folder (folder);
}

/* A connector's settings by credentials, seen from outside: they win over all that is not the program's, nothing shows
 * them, and what is wrong with one ends the run. */
static void
test_connector_credentials (void)
{
  char *folder = secret_maker_make_folder (NULL), *encrypted = secret_maker_make_folder (shared_key);
  g_autofree char *credentials = g_strconcat ("CREDENTIALS_DIRECTORY=", folder, NULL);
  g_autofree char *secrets = g_strconcat ("CAR_SECRETS_DIR=", encrypted, NULL);
  const char *const variables[] = { credentials, secrets, "CONTRACT_SERVER=from-variable",
                                    "CONTRACT_SHOW=server", NULL };
  const char *const arguments[] = { "-connection-test", "-server", "from-option", NULL };
  g_auto (ConnectorRun) given = { 0 }, redacted = { 0 }, broken = { 0 };

  write_credential (folder, "CONTRACT_SERVER", VALUE "\n", -1, 0400);
  write_secret (encrypted, "CONTRACT_SERVER", "from-file");
  run_connector (variables, arguments, &given);
  assert_exited (&given, 0, "The data source can be reached");
  g_assert_cmpstr (given.out, ==, "setting: " VALUE "\n");

  write_credential (folder, "CAR_LOG_FORMAT", VALUE, -1, 0400);
  run_connector (variables, arguments, &redacted);
  assert_exited (&redacted, 2, "-log-format (CAR_LOG_FORMAT) must be one of json, text, auto, not “***”");
  g_assert_null (strstr (redacted.log, "the secret value"));

  write_credential (folder, "CAR_LOG_FORMAT", "json", -1, 0400);
  write_credential (folder, "CONTRACT_SECRET", "plain text", -1, 0644);
  run_connector (variables, arguments, &broken);
  assert_exited (&broken, 2, "/CONTRACT_SECRET cannot be used: other users may read or change it");
  g_assert_null (strstr (broken.log, "plain text"));
  g_assert_cmpstr (broken.out, ==, "");

  secret_maker_remove_folder (folder);
  secret_maker_remove_folder (encrypted);
}

/* A connector's own settings too, seen from outside. */
static void
test_connector (void)
{
  char *folder = secret_maker_make_folder (shared_key);
  g_autofree char *variable = g_strconcat ("CAR_SECRETS_DIR=", folder, NULL);
  const char *const variables[] = { variable, "CONTRACT_SERVER=from-variable", "CONTRACT_SHOW=server", NULL };
  const char *const show_switch[] = { variable, "CONTRACT_SHOW=quick", NULL };
  const char *const arguments[] = { "-connection-test", "-server", "from-option", "-source", "told", NULL };
  g_auto (ConnectorRun) without = { 0 }, with = { 0 }, on = { 0 }, redacted = { 0 }, broken = { 0 };

  run_connector (variables, arguments, &without);
  assert_exited (&without, 0, "The data source can be reached");
  g_assert_cmpstr (without.out, ==, "setting: from-option\n");

  write_secret (folder, "CONTRACT_SERVER", VALUE);
  run_connector (variables, arguments, &with);
  assert_exited (&with, 0, "The data source can be reached");
  g_assert_cmpstr (with.out, ==, "setting: " VALUE "\n");

  write_secret (folder, "CONTRACT_QUICK", "1");
  run_connector (show_switch, arguments, &on);
  assert_exited (&on, 0, "The data source can be reached");
  g_assert_cmpstr (on.out, ==, "setting: true\n");

  write_secret (folder, "CAR_LOG_FORMAT", VALUE);
  run_connector (variables, arguments, &redacted);
  assert_exited (&redacted, 2, "-log-format (CAR_LOG_FORMAT) must be one of json, text, auto, not “***”");
  g_assert_null (strstr (redacted.log, "the secret value"));

  secret_maker_write (folder, "CONTRACT_SECRET", "plain text", -1);
  write_secret (folder, "CAR_LOG_FORMAT", "json");
  run_connector (variables, arguments, &broken);
  assert_exited (&broken, 2, "/CONTRACT_SECRET cannot be used: ");
  g_assert_nonnull (strstr (broken.log, "\"source\":\"told\""));
  g_assert_null (strstr (broken.log, "plain text"));
  g_assert_null (strstr (broken.log, "from-option"));
  g_assert_cmpstr (broken.out, ==, "");

  secret_maker_remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/secrets/algorithms", test_algorithms);
  g_test_add_func ("/secrets/foreign-tokens", test_foreign_tokens);
  g_test_add_func ("/secrets/key-for-other-things", test_key_for_other_things);
  g_test_add_func ("/secrets/nothing-there", test_nothing_there);
  g_test_add_func ("/secrets/refused-tokens", test_refused_tokens);
  g_test_add_func ("/secrets/refused-headers", test_refused_headers);
  g_test_add_func ("/secrets/changed-tokens", test_changed_tokens);
  g_test_add_func ("/secrets/refused-values", test_refused_values);
  g_test_add_func ("/secrets/refused-files", test_refused_files);
  g_test_add_func ("/secrets/refused-keys", test_refused_keys);
  g_test_add_func ("/secrets/precedence", test_precedence);
  g_test_add_func ("/secrets/connector", test_connector);
  g_test_add_func ("/secrets/credentials", test_credentials);
  g_test_add_func ("/secrets/refused-credentials", test_refused_credentials);
  g_test_add_func ("/secrets/connector-credentials", test_connector_credentials);

  shared_key = secret_maker_make_key ("{\"alg\":\"A128GCM\"}");
  int failed = g_test_run ();
  g_free (shared_key);

  return failed;
}
