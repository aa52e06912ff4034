/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "service/http/car-service-server.h"

G_BEGIN_DECLS

/* Where the service listens, by which names, and by which certificate: as the options say. */
typedef struct
{
  char *listen;
  char **host_names;
  gboolean tls;
  char *certificate;
  char *certificate_key;
  gboolean without_tls;

  GInetAddress *address; /* of `listen`; NULL: the loopback */
} CarServiceListening;

void car_service_listening_clear (CarServiceListening *self);

/* Checks the options, and reads the address. G_OPTION_ERROR. */
gboolean car_service_listening_check (CarServiceListening *self, GError **error);

/* The certificate, which stays NULL where there is no TLS; without a file that was given, the one in `made_file`. */
gboolean car_service_listening_load_certificate (const CarServiceListening *self,
                                                 const char *made_file,
                                                 GTlsCertificate **certificate,
                                                 GError **error);

/* Tells the server, and lets it listen. `certificate` may be NULL. */
gboolean car_service_listening_begin (const CarServiceListening *self,
                                      CarServiceServer *server,
                                      GTlsCertificate *certificate,
                                      guint16 port,
                                      GError **error);

/* What clients call. */
char *car_service_listening_to_url (const CarServiceListening *self, guint16 port);

G_END_DECLS
