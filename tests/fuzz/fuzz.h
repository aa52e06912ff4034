/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* A fuzz target is one function, which asserts what must hold for whatever it is given. Under `make check` replay.c calls it
 * with the files of its corpus, and with mutations of them. Under `./dev fuzz` libFuzzer calls it. */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Takes the next text off the input: up to a NUL, or the rest. It is in memory of its own, with a NUL behind it. NULL: there is
 * none left. */
static inline char *
fuzz_take_text (const guint8 **data, gsize *size, gsize *length)
{
  if (*size == 0)
    return NULL;

  const guint8 *nul = memchr (*data, '\0', *size);
  *length = nul != NULL ? (gsize) (nul - *data) : *size;
  char *text = g_strndup ((const char *) *data, *length);

  const gsize taken = nul != NULL ? *length + 1 : *length;
  *data += taken;
  *size -= taken;
  return text;
}

static inline void
fuzz_write_file (const char *path, const void *text, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, (gssize) length, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

/* What is wrong is said in valid UTF-8 that is not empty. */
static inline void
fuzz_assert_message (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (*error->message != '\0');
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static inline GLogWriterOutput
fuzz_drop_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  return G_LOG_WRITER_HANDLED;
}

/* For a target that has much to warn of. Criticals end the program all the same. */
static inline void
fuzz_be_quiet (void)
{
  static gboolean is_quiet;

  if (!is_quiet)
    g_log_set_writer_func (fuzz_drop_line, NULL, NULL);
  is_quiet = TRUE;
}

G_END_DECLS
