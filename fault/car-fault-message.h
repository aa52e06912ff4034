/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Requests and answers as they stand on the wire. Everything here blocks: each connection has a thread of its own, which
 * carries one request and one answer. A library of HTTP would not let us break its rules. */

typedef struct
{
  char *head;   /* without the empty line */
  char *method; /* of a request; NULL in an answer */
  char *path;   /* as it was sent: encoded */
  char *query;  /* the same; NULL: none */
  guint status; /* of an answer; 0 in a request */
  GBytes *body;
} CarFaultMessage;

void car_fault_message_free (CarFaultMessage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarFaultMessage, car_fault_message_free)

/* NULL: the client sent no whole request, or none that this program reads. Of a body, its length must be told. */
CarFaultMessage *car_fault_message_read_request (GIOStream *connection);

/* The value of a header; NULL: there is none. */
char *car_fault_message_dup_header (const CarFaultMessage *self, const char *name);

/* Sends a request to the service on this port of the loopback. Its answer; NULL with an error. */
CarFaultMessage *car_fault_message_ask (guint16 port, const CarFaultMessage *request, GError **error);

/* The same for a request of our own, with the credentials of another, and one more header ("Name: value"). */
CarFaultMessage *car_fault_message_ask_alike (guint16 port,
                                              const CarFaultMessage *other,
                                              const char *method,
                                              const char *path,
                                              const char *header,
                                              GError **error);

/* Write to a client. One that hangs up meanwhile is no error. `headers`: lines that end with CR and LF. */
void car_fault_message_write (GIOStream *connection, const void *data, gsize length);
void car_fault_message_write_head (GIOStream *connection, guint status, const char *headers);
void car_fault_message_write_answer (GIOStream *connection, const CarFaultMessage *answer);
void
car_fault_message_write_json (GIOStream *connection, guint status, const char *headers, const char *json);

G_END_DECLS
