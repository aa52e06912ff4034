/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libcar/log/car-redaction-private.h>

#include <string.h>

#define assert_hidden(secret, text, expected)                                                                \
  G_STMT_START                                                                                               \
  {                                                                                                          \
    g_autoptr (CarRedaction) redaction_ = car_redaction_new ();                                              \
    car_redaction_add (redaction_, secret);                                                                  \
    g_autofree char *shown_ = car_redaction_hide (redaction_, text);                                         \
    g_assert_cmpstr (shown_, ==, expected);                                                                  \
  }                                                                                                          \
  G_STMT_END

static void
test_plain (void)
{
  assert_hidden ("hunter2", "the password hunter2, and hunter22", "the password ***, and ***2");
  assert_hidden ("hunter2", "HUNTER2 hunter", "HUNTER2 hunter");
  assert_hidden ("hunter2", "", "");
  assert_hidden ("pässwörd", "pässwörd\xff", "***\xef\xbf\xbd");
  assert_hidden ("aaaa", "aaaaaaaaa", "***a");
}

static void
test_percent_encoded (void)
{
  assert_hidden ("a/b c?é", "/x/a%2Fb%20c%3F%C3%A9/y", "/x/***/y");
  assert_hidden ("a/b c?é", "/x/a%2fb%20c%3f%c3%a9/y", "/x/***/y");
  assert_hidden ("a/b c?é", "x=a%2Fb+c%3F%C3%A9&y", "x=***&y");
  assert_hidden ("a/b c?é", "/x/a%252Fb%2520c%253F%25C3%25A9", "/x/***");
  assert_hidden ("hunter2", "%68%75nter%32", "***");
  assert_hidden ("a/\"b<c", "/x/a%2F%26quot%3Bb%26lt%3Bc /y/a%5C%2F%5C%22b%5Cu003cc", "/x/*** /y/***");
  assert_hidden ("100%25x", "100%25x 100%2525x 100%", "*** *** 100%");
}

static void
test_json (void)
{
  assert_hidden ("a/\"b\\é\n\U0001F511c", "{\"m\":\"a/\\\"b\\\\é\\n\U0001F511c\"}", "{\"m\":\"***\"}");
  assert_hidden ("a/\"b\\é\n\U0001F511c", "{\"m\":\"a\\/\\u0022b\\u005C\\u00e9\\u000a\\ud83d\\uDD11c\"}",
                 "{\"m\":\"***\"}");
  assert_hidden ("a/\"b\\é", "\"{\\\"m\\\":\\\"a\\/\\\\\\\"b\\\\\\\\\\u00E9\\\"}\"",
                 "\"{\\\"m\\\":\\\"***\\\"}\"");
  assert_hidden ("a/\"b\\é", "a/\"b\\é", "***");
  assert_hidden ("\\\\\\\\", "\\\\\\\\ \\\\\\\\\\\\\\\\", "*** ***");
  assert_hidden ("hunter2", "\\u0068\\u0075nter2 \\u00zz", "*** \\u00zz");
}

static void
test_html (void)
{
  assert_hidden ("<a&b>\"'é", "<p>&lt;a&amp;b&gt;&quot;&#39;&#233;</p>", "<p>***</p>");
  assert_hidden ("<a&b>\"'é", "&#x3c;a&#38;b&#X3E;&#034;&apos;é", "***");
  assert_hidden ("&lt;x", "&lt;x &amp;lt;x &amp;amp;lt;x", "*** *** ***");
  assert_hidden ("<a&b>", "&amp;lt;a&amp;amp;b&amp;gt;", "***");
  assert_hidden ("<a&b>", "<a&b> &lt; &#0; &#99999999999999999999;", "*** &lt; &#0; &#99999999999999999999;");
}

static void
test_base64 (void)
{
  static const char *const secrets[] = { "hunter2", "s3?cr3t~>>", "with space", "pässwörd" };
  static const char *const before[] = { "", "k:", "ke:", "key:", "a-long-key:" };
  static const char *const after[] = { "", ";", ":more" };

  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    for (guint j = 0; j < G_N_ELEMENTS (before); j++)
      for (guint k = 0; k < G_N_ELEMENTS (after); k++)
        {
          g_autofree char *bytes = g_strconcat (before[j], secrets[i], after[k], NULL);
          g_autofree char *encoded = g_base64_encode ((const guchar *) bytes, strlen (bytes));
          g_autofree char *text = g_strdup_printf ("\"Basic %s\"", encoded);
          g_autoptr (CarRedaction) redaction = car_redaction_new ();
          car_redaction_add (redaction, secrets[i]);
          g_autofree char *shown = car_redaction_hide (redaction, text);
          if (strchr (encoded, '/') == NULL)
            g_assert_cmpstr (shown, ==, "\"Basic ***\"");
          g_assert_nonnull (strstr (shown, "***"));
        }
}

/* base64url, and Base64 in a URL or a JSON string. */
static void
test_base64_spelt (void)
{
  assert_hidden ("ab?cd~ef", "YWI/Y2R+ZWY= YWI_Y2R-ZWY", "*** ***");
  assert_hidden ("ab?cd~ef", "YWI%2FY2R%2bZWY%3D.", "***.");
  assert_hidden ("ab?cd~ef", "\"YWI\\/Y2R+ZWY=\"", "\"***\"");
}

static void
test_json_pointer (void)
{
  assert_hidden ("a/b~c", "at /asset/0/a~1b~0c: wrong", "at /asset/0/***: wrong");
}

/* Of two secrets that begin alike, the longer one. */
static void
test_several (void)
{
  g_autoptr (CarRedaction) redaction = car_redaction_new ();

  car_redaction_add (redaction, "hunter2");
  car_redaction_add (redaction, "hunter2-longer");
  car_redaction_add (redaction, "hunter2");
  g_autofree char *shown = car_redaction_hide (redaction, "hunter2-longer hunter2");
  g_assert_cmpstr (shown, ==, "*** ***");
}

/* Too much else looks like a short one. An end of line is lost in a header. */
static void
test_ends (void)
{
  assert_hidden ("abc", "abc YWJj", "abc YWJj");
  assert_hidden ("abc\n", "abc", "abc");
  assert_hidden ("hunter2\n", "hunter2.", "***.");
  assert_hidden (" hunter2\r\n", "Basic aHVudGVyMg==", "Basic ***");
  g_assert_true (car_redaction_is_too_short ("äöü"));
  g_assert_true (car_redaction_is_too_short ("ab\360\0cdefgh")); /* it ends within a character */
  g_assert_false (car_redaction_is_too_short ("äöüß"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/redaction/plain", test_plain);
  g_test_add_func ("/redaction/percent-encoded", test_percent_encoded);
  g_test_add_func ("/redaction/json", test_json);
  g_test_add_func ("/redaction/html", test_html);
  g_test_add_func ("/redaction/base64", test_base64);
  g_test_add_func ("/redaction/base64-spelt", test_base64_spelt);
  g_test_add_func ("/redaction/json-pointer", test_json_pointer);
  g_test_add_func ("/redaction/several", test_several);
  g_test_add_func ("/redaction/ends", test_ends);

  return g_test_run ();
}
