/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <libsoup/soup.h>
#include <string.h>

#include "fault/car-fault-message.h"

#define MAX_HEAD (64 * 1024)
#define MAX_BODY (256 * 1024 * 1024)
#define END_OF_HEAD "\r\n\r\n"

void
car_fault_message_free (CarFaultMessage *self)
{
  g_free (self->head);
  g_free (self->method);
  g_free (self->path);
  g_free (self->query);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

/* Up to and without the empty line. Byte by byte: what stands behind it is the body. */
static char *
read_head (GInputStream *stream)
{
  g_autoptr (GString) head = g_string_new (NULL);
  char byte;

  while (head->len < MAX_HEAD && g_input_stream_read (stream, &byte, 1, NULL, NULL) == 1)
    {
      g_string_append_c (head, byte);
      if (g_str_has_suffix (head->str, END_OF_HEAD))
        {
          g_string_truncate (head, head->len - strlen (END_OF_HEAD));
          return g_string_free (g_steal_pointer (&head), FALSE);
        }
    }
  return NULL;
}

char *
car_fault_message_dup_header (const CarFaultMessage *self, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (self->head, "\r\n", -1);
  const gsize length = strlen (name);

  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    if (g_ascii_strncasecmp (lines[i], name, length) == 0 && lines[i][length] == ':')
      return g_strstrip (g_strdup (lines[i] + length + 1));
  return NULL;
}

/* "METHOD TARGET HTTP/1.1" */
static gboolean
read_request_line (CarFaultMessage *self)
{
  g_auto (GStrv) lines = g_strsplit (self->head, "\r\n", 2);
  g_auto (GStrv) words = g_strsplit (lines[0], " ", 3);

  if (g_strv_length (words) != 3 || !g_str_has_prefix (words[2], "HTTP/1."))
    return FALSE;

  g_auto (GStrv) target = g_strsplit (words[1], "?", 2);
  self->method = g_strdup (words[0]);
  self->path = g_strdup (target[0] != NULL ? target[0] : "");
  self->query = target[0] != NULL ? g_strdup (target[1]) : NULL;
  return TRUE;
}

/* FALSE: a body whose length is not told, or too large. */
static gboolean
read_length (const CarFaultMessage *self, GIOStream *connection, gsize *length)
{
  g_autofree char *coding = car_fault_message_dup_header (self, "Transfer-Encoding");
  g_autofree char *told = car_fault_message_dup_header (self, "Content-Length");
  g_autofree char *expects = car_fault_message_dup_header (self, "Expect");
  guint64 number = 0;

  if (coding != NULL || (told != NULL && !g_ascii_string_to_unsigned (told, 10, 0, MAX_BODY, &number, NULL)))
    {
      car_fault_message_write_json (connection, coding != NULL ? 411 : 413, "", "{\"errors\":[]}");
      return FALSE;
    }
  if (expects != NULL)
    car_fault_message_write (connection, "HTTP/1.1 100 Continue" END_OF_HEAD,
                             strlen ("HTTP/1.1 100 Continue" END_OF_HEAD));
  *length = number;
  return TRUE;
}

CarFaultMessage *
car_fault_message_read_request (GIOStream *connection)
{
  GInputStream *stream = g_io_stream_get_input_stream (connection);
  g_autoptr (CarFaultMessage) self = g_new0 (CarFaultMessage, 1);
  gsize length, found = 0;

  self->head = read_head (stream);
  if (self->head == NULL || !read_request_line (self) || !read_length (self, connection, &length))
    return NULL;

  g_autofree char *body = g_malloc (length + 1);
  if (!g_input_stream_read_all (stream, body, length, &found, NULL, NULL) || found < length)
    return NULL;
  self->body = g_bytes_new_take (g_steal_pointer (&body), length);
  return g_steal_pointer (&self);
}

/* A head without what says how the connection goes on, which ends with this answer. */
static GString *
write_request_head (const CarFaultMessage *request)
{
  g_auto (GStrv) lines = g_strsplit (request->head, "\r\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_ascii_strncasecmp (lines[i], "Connection:", strlen ("Connection:")) != 0 &&
        g_ascii_strncasecmp (lines[i], "Expect:", strlen ("Expect:")) != 0)
      g_string_append_printf (out, "%s\r\n", lines[i]);
  g_string_append (out, "Connection: close\r\n\r\n");
  return out;
}

/* All that comes until the service hangs up. */
static CarFaultMessage *
read_answer (GInputStream *stream, GError **error)
{
  g_autoptr (GOutputStream) all = g_memory_output_stream_new_resizable ();
  if (g_output_stream_splice (all, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, error) < 0)
    return NULL;

  g_autoptr (GBytes) bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (all));
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);
  const char *end = text != NULL ? g_strstr_len (text, (gssize) length, END_OF_HEAD) : NULL;
  if (end == NULL || end - text < (gssize) strlen ("HTTP/1.1 200"))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The service hung up");
      return NULL;
    }

  CarFaultMessage *answer = g_new0 (CarFaultMessage, 1);
  const gsize before = (gsize) (end - text) + strlen (END_OF_HEAD);
  answer->head = g_strndup (text, (gsize) (end - text));
  answer->status = (guint) g_ascii_strtoull (answer->head + strlen ("HTTP/1.1 "), NULL, 10);
  answer->body = g_bytes_new_from_bytes (bytes, before, length - before);
  return answer;
}

CarFaultMessage *
car_fault_message_ask (guint16 port, const CarFaultMessage *request, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, error);
  if (connection == NULL)
    return NULL;

  g_autoptr (GString) head = write_request_head (request);
  GOutputStream *stream = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  gsize length;
  gconstpointer body = g_bytes_get_data (request->body, &length);

  /* A service that refuses what is too large answers, and hangs up, before all of it is written. */
  if (g_output_stream_write_all (stream, head->str, head->len, NULL, NULL, NULL))
    g_output_stream_write_all (stream, body, length, NULL, NULL, NULL);
  return read_answer (g_io_stream_get_input_stream (G_IO_STREAM (connection)), error);
}

CarFaultMessage *
car_fault_message_ask_alike (guint16 port,
                             const CarFaultMessage *other,
                             const char *method,
                             const char *path,
                             const char *header,
                             GError **error)
{
  g_autofree char *authorization = car_fault_message_dup_header (other, "Authorization");
  g_autoptr (CarFaultMessage) request = g_new0 (CarFaultMessage, 1);

  request->body = g_bytes_new (NULL, 0);
  request->head =
      g_strdup_printf ("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: %s\r\nContent-Length: 0\r\n%s",
                       method, path, port, authorization != NULL ? authorization : "", header);
  return car_fault_message_ask (port, request, error);
}

void
car_fault_message_write (GIOStream *connection, const void *data, gsize length)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (connection), data, length, NULL, NULL, NULL);
}

void
car_fault_message_write_head (GIOStream *connection, guint status, const char *headers)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 %u %s\r\nConnection: close\r\n%s\r\n", status,
                                           soup_status_get_phrase (status), headers);

  car_fault_message_write (connection, head, strlen (head));
}

void
car_fault_message_write_answer (GIOStream *connection, const CarFaultMessage *answer)
{
  gsize length;
  gconstpointer body = g_bytes_get_data (answer->body, &length);
  g_autofree char *head = g_strconcat (answer->head, END_OF_HEAD, NULL);

  car_fault_message_write (connection, head, strlen (head));
  car_fault_message_write (connection, body, length);
}

void
car_fault_message_write_json (GIOStream *connection, guint status, const char *headers, const char *json)
{
  g_autofree char *all =
      g_strdup_printf ("Content-Type: application/json\r\nContent-Length: %zu\r\n%s", strlen (json), headers);

  car_fault_message_write_head (connection, status, all);
  car_fault_message_write (connection, json, strlen (json));
}
