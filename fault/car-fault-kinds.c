/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>

#include <libcar/base/car-language-private.h>

#include "fault/car-fault-answers.h"
#include "fault/car-fault-kinds.h"
#include "fault/car-fault-server.h"

#define HUGE_BYTES (500 * 1000 * 1000)
#define CHUNK_BYTES (1000 * 1000)
#define DEPTH 1000000
#define STATUS "STATUS"

/* The connection. */

/* Closed with what was not read yet, or with a linger of 0, a connection is reset. */
static void
reset (const CarFaultStroke *stroke)
{
  const struct linger none = { .l_onoff = 1, .l_linger = 0 };
  GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stroke->connection));

  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static void
refuse (const CarFaultStroke *stroke)
{
  car_fault_server_refuse (stroke->server, stroke->seconds);
  reset (stroke);
}

static void
hang_up (const CarFaultStroke *stroke)
{
}

/* Until the client hangs up. */
static void
hang (const CarFaultStroke *stroke)
{
  GInputStream *stream = g_io_stream_get_input_stream (stroke->connection);
  char bytes[256];

  while (g_input_stream_read (stream, bytes, sizeof bytes, NULL, NULL) > 0)
    ;
}

static void
write_part (const CarFaultStroke *stroke)
{
  gsize length;
  const char *body = g_bytes_get_data (stroke->answer->body, &length);
  g_autofree char *headers =
      g_strdup_printf ("Content-Type: application/json\r\nContent-Length: %zu\r\n", length + 1);

  car_fault_message_write_head (stroke->connection, stroke->answer->status, headers);
  car_fault_message_write (stroke->connection, body, length / 2);
}

static void
cut (const CarFaultStroke *stroke)
{
  write_part (stroke);
}

static void
stall (const CarFaultStroke *stroke)
{
  write_part (stroke);
  hang (stroke);
}

static gboolean
is_open (GIOStream *connection)
{
  return g_socket_condition_check (g_socket_connection_get_socket (G_SOCKET_CONNECTION (connection)),
                                   G_IO_HUP | G_IO_ERR) == 0;
}

static void
trickle (const CarFaultStroke *stroke)
{
  gsize length;
  const char *body = g_bytes_get_data (stroke->answer->body, &length);
  g_autofree char *headers =
      g_strdup_printf ("Content-Type: application/json\r\nContent-Length: %zu\r\n", length);

  car_fault_message_write_head (stroke->connection, stroke->answer->status, headers);
  for (gsize i = 0; i < length && is_open (stroke->connection); i++)
    {
      g_usleep (G_USEC_PER_SEC);
      car_fault_message_write (stroke->connection, body + i, 1);
    }
}

static void
write_with_headers (const CarFaultStroke *stroke, const char *headers, const char *prefix)
{
  gsize length;
  const char *body = g_bytes_get_data (stroke->answer->body, &length);

  car_fault_message_write_head (stroke->connection, stroke->answer->status, headers);
  car_fault_message_write (stroke->connection, prefix, strlen (prefix));
  car_fault_message_write (stroke->connection, body, length);
}

static void
break_chunk (const CarFaultStroke *stroke)
{
  write_with_headers (stroke, "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "xyz\r\n");
}

static void
tell_negative_length (const CarFaultStroke *stroke)
{
  write_with_headers (stroke, "Content-Type: application/json\r\nContent-Length: -1\r\n", "");
}

/* The status. */

static char *
write_retry_after (const char *retry_after)
{
  guint64 seconds;

  if (!g_str_has_prefix (retry_after, "date:") ||
      !g_ascii_string_to_unsigned (retry_after + strlen ("date:"), 10, 0, G_MAXINT32, &seconds, NULL))
    return g_strdup_printf ("Retry-After: %s\r\n", retry_after);

  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) then = g_date_time_add_seconds (now, (double) seconds);
  g_autofree char *date = soup_date_time_to_string (then, SOUP_DATE_HTTP);

  return g_strdup_printf ("Retry-After: %s\r\n", date);
}

static void
answer_status (const CarFaultStroke *stroke)
{
  g_autofree char *wait =
      stroke->retry_after != NULL ? write_retry_after (stroke->retry_after) : g_strdup ("");
  g_autofree char *headers =
      g_strdup_printf ("%s%s", wait, stroke->status / 100 == 3 ? "Location: /api/car/v2/log-in\r\n" : "");
  g_autofree char *json = g_strdup_printf (
      "{\"errors\":[{\"code\":%u,\"message\":\"a fault was asked for\"}],\"trace\":\"0\"}", stroke->status);

  if (stroke->status == SOUP_STATUS_NO_CONTENT || stroke->status == SOUP_STATUS_NOT_MODIFIED)
    car_fault_message_write_head (stroke->connection, stroke->status, headers);
  else
    car_fault_message_write_json (stroke->connection, stroke->status, headers, json);
}

/* The body. */

static void
answer_text (const CarFaultStroke *stroke, const char *json)
{
  car_fault_message_write_json (stroke->connection, 200, "", json);
}

static void
answer_taken (const CarFaultStroke *stroke, char *json)
{
  g_autofree char *text = json;

  answer_text (stroke, text);
}

static void
answer_page (const CarFaultStroke *stroke)
{
  const char *page = "<!DOCTYPE html><html><body>Please log in</body></html>";
  g_autofree char *headers =
      g_strdup_printf ("Content-Type: text/html\r\nContent-Length: %zu\r\n", strlen (page));

  car_fault_message_write_head (stroke->connection, 200, headers);
  car_fault_message_write (stroke->connection, page, strlen (page));
}

static void
answer_nothing (const CarFaultStroke *stroke)
{
  answer_text (stroke, "");
}

static void
answer_null (const CarFaultStroke *stroke)
{
  answer_text (stroke, "null");
}

static void
answer_array (const CarFaultStroke *stroke)
{
  answer_text (stroke, "[]");
}

static void
answer_string (const CarFaultStroke *stroke)
{
  answer_text (stroke, "\"OK\"");
}

static void
answer_number (const CarFaultStroke *stroke)
{
  answer_text (stroke, "7");
}

static void
answer_empty_object (const CarFaultStroke *stroke)
{
  answer_text (stroke, "{}");
}

static void
answer_errors (const CarFaultStroke *stroke)
{
  answer_text (stroke, "{\"errors\":[{\"code\":500,\"message\":\"a fault was asked for\"}]}");
}

static void
answer_half (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_halve (stroke->answer));
}

static void
answer_bad_utf8 (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_spoil_utf8 (stroke->answer));
}

static void
answer_other_types (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_change_types (stroke->answer));
}

static void
answer_other_ids (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_change_ids (stroke->answer));
}

static void
answer_deep (const CarFaultStroke *stroke)
{
  const char *level = "{\"result\":";
  g_autoptr (GString) text = g_string_sized_new (DEPTH * strlen (level));

  for (guint i = 0; i < DEPTH; i++)
    g_string_append (text, level);
  answer_text (stroke, text->str);
}

/* One string of HUGE_BYTES. */
static void
write_huge (const CarFaultStroke *stroke, GOutputStream *stream)
{
  g_autofree char *chunk = g_strnfill (CHUNK_BYTES, 'x');
  const char *begin = "{\"result\":\"";
  gboolean open = g_output_stream_write_all (stream, begin, strlen (begin), NULL, NULL, NULL);

  for (guint i = 0; open && i < HUGE_BYTES / CHUNK_BYTES; i++)
    open = g_output_stream_write_all (stream, chunk, CHUNK_BYTES, NULL, NULL, NULL);
  if (open)
    g_output_stream_write_all (stream, "\"}", strlen ("\"}"), NULL, NULL, NULL);
}

static void
answer_huge (const CarFaultStroke *stroke)
{
  car_fault_message_write_head (stroke->connection, 200, "Content-Type: application/json\r\n");
  write_huge (stroke, g_io_stream_get_output_stream (stroke->connection));
}

static void
answer_gzip_bomb (const CarFaultStroke *stroke)
{
  GOutputStream *stream = g_io_stream_get_output_stream (stroke->connection);
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
  g_autoptr (GOutputStream) compressing = g_converter_output_stream_new (stream, G_CONVERTER (compressor));

  g_filter_output_stream_set_close_base_stream (G_FILTER_OUTPUT_STREAM (compressing), FALSE);
  car_fault_message_write_head (stroke->connection, 200,
                                "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
  write_huge (stroke, compressing);
  g_output_stream_close (compressing, NULL, NULL);
}

/* Jobs and sessions. */

static void
fail_job (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_tell_jobs (stroke->request, CAR_FAULT_JOB_FAILED, stroke->status));
}

static void
fail_job_without_status (const CarFaultStroke *stroke)
{
  answer_taken (stroke,
                car_fault_answers_tell_jobs (stroke->request, CAR_FAULT_JOB_FAILED_WITHOUT_STATUS, 0));
}

static void
never_end_job (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_tell_jobs (stroke->request, CAR_FAULT_JOB_RUNS, 0));
}

static void
lose_job (const CarFaultStroke *stroke)
{
  answer_taken (stroke, car_fault_answers_tell_jobs (stroke->request, CAR_FAULT_JOB_LOST, 0));
}

/* The source that a page, or the path of a full import's begin or end, is of, as it stands in a path; NULL: none. */
static char *
dup_source (const CarFaultMessage *request)
{
  const char *begin = strstr (request->path, "/source/");
  if (begin != NULL)
    return g_strndup (begin + strlen ("/source/"), strcspn (begin + strlen ("/source/"), "/"));

  gsize length;
  const char *text = g_bytes_get_data (request->body, &length);
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (length == 0 || !json_parser_load_from_data (parser, text, (gssize) length, NULL))
    return NULL;

  g_autoptr (JsonReader) reader = json_reader_new (json_parser_get_root (parser));
  const char *key = json_reader_read_member (reader, "source") && json_reader_read_member (reader, "_key")
                        ? json_reader_get_string_value (reader)
                        : NULL;
  return key != NULL ? g_uri_escape_string (key, NULL, FALSE) : NULL;
}

/* Another run of the same source begins a full import just before this request. */
static void
lose_session (const CarFaultStroke *stroke)
{
  const guint16 port = car_fault_server_get_service_port (stroke->server);
  g_autofree char *source = dup_source (stroke->request);
  g_autofree char *path = g_strdup_printf ("/api/car/v2/source/%s/full-import-in-progress", source);
  g_autoptr (CarFaultMessage) began = source != NULL
                                          ? car_fault_message_ask_alike (port, stroke->request, "POST", path,
                                                                         "X-Car-Report: another-run", NULL)
                                          : NULL;
  g_autoptr (CarFaultMessage) answer = car_fault_message_ask (port, stroke->request, NULL);

  if (answer != NULL)
    car_fault_message_write_answer (stroke->connection, answer);
}

static const CarFaultKind kinds[] = {
  { "refused", N_ ("nobody listens for a while (seconds=)"), FALSE, FALSE, FALSE, refuse },
  { "reset", N_ ("the connection is reset"), FALSE, FALSE, FALSE, reset },
  { "closed", N_ ("the connection is closed without an answer"), FALSE, FALSE, FALSE, hang_up },
  { "hang", N_ ("no answer comes"), FALSE, FALSE, FALSE, hang },
  { "cut", N_ ("the answer's body ends early"), TRUE, FALSE, FALSE, cut },
  { "stall", N_ ("half of the answer's body comes, and nothing more"), TRUE, FALSE, FALSE, stall },
  { "trickle", N_ ("the answer's body comes with one byte a second"), TRUE, FALSE, FALSE, trickle },
  { "bad-chunk", N_ ("the answer's body is chunked, and the first length is no number"), TRUE, FALSE, FALSE,
    break_chunk },
  { "negative-length", N_ ("the answer's body has the length -1"), TRUE, FALSE, FALSE, tell_negative_length },
  { STATUS, N_ ("an HTTP status from 200 to 599, such as 503, with an error's body (retry-after=)"), FALSE,
    FALSE, FALSE, answer_status },
  { "web-page", N_ ("200 and a web page"), FALSE, FALSE, FALSE, answer_page },
  { "empty", N_ ("200 and an empty body"), FALSE, FALSE, FALSE, answer_nothing },
  { "null", N_ ("200 and null"), FALSE, FALSE, FALSE, answer_null },
  { "array", N_ ("200 and an array"), FALSE, FALSE, FALSE, answer_array },
  { "string", N_ ("200 and a string"), FALSE, FALSE, FALSE, answer_string },
  { "number", N_ ("200 and a number"), FALSE, FALSE, FALSE, answer_number },
  { "empty-object", N_ ("200 and an object without members"), FALSE, FALSE, FALSE, answer_empty_object },
  { "errors", N_ ("200 and a list of errors"), FALSE, FALSE, FALSE, answer_errors },
  { "deep", N_ ("200 and objects nested a million deep"), FALSE, FALSE, FALSE, answer_deep },
  { "huge", N_ ("200 and 500 MB"), FALSE, FALSE, FALSE, answer_huge },
  { "gzip-bomb", N_ ("200 and 500 MB that are compressed into a few kB"), FALSE, FALSE, FALSE,
    answer_gzip_bomb },
  { "half", N_ ("the first half of the answer's text, as if it were all"), TRUE, FALSE, FALSE, answer_half },
  { "bad-utf8", N_ ("the answer with a byte that UTF-8 has not"), TRUE, FALSE, FALSE, answer_bad_utf8 },
  { "wrong-types", N_ ("the answer with members of other types"), TRUE, FALSE, FALSE, answer_other_types },
  { "wrong-ids", N_ ("the answer with ids that nobody knows"), TRUE, FALSE, FALSE, answer_other_ids },
  { "job-failed", N_ ("the jobs have failed (status=)"), FALSE, TRUE, FALSE, fail_job },
  { "job-failed-without-status", N_ ("the jobs have failed, and no status says how"), FALSE, TRUE, FALSE,
    fail_job_without_status },
  { "job-runs", N_ ("the jobs are not done yet"), FALSE, TRUE, FALSE, never_end_job },
  { "job-lost", N_ ("the service knows of no such jobs"), FALSE, TRUE, FALSE, lose_job },
  { "session-lost", N_ ("another run of the source begins a full import first"), FALSE, FALSE, TRUE,
    lose_session },
};

const CarFaultKind *
car_fault_kinds_list (guint *n_kinds)
{
  *n_kinds = G_N_ELEMENTS (kinds);
  return kinds;
}

const CarFaultKind *
car_fault_kinds_find (const char *name, guint *status)
{
  guint64 number;
  const gboolean is_status = g_ascii_string_to_unsigned (name, 10, 200, 599, &number, NULL);

  if (is_status)
    *status = (guint) number;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, STATUS) == 0 ? is_status : strcmp (kinds[i].name, name) == 0)
      return &kinds[i];
  return NULL;
}
