/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include <string.h>

#include <libcar/base/car-language-private.h>

#include "server/car-server-program.h"
#include "service/car-service-listening.h"
#include "service/http/car-service-certificate.h"

void
car_service_listening_clear (CarServiceListening *self)
{
  g_free (self->listen);
  g_strfreev (self->host_names);
  g_free (self->certificate);
  g_free (self->certificate_key);
  g_clear_object (&self->address);
}

static gboolean
has_tls (const CarServiceListening *self)
{
  return self->tls || self->certificate != NULL;
}

static gboolean
is_beyond_loopback (const CarServiceListening *self)
{
  return self->address != NULL && !g_inet_address_get_is_loopback (self->address);
}

/* A name of the DNS, or an address. */
static gboolean
is_host_name (const char *name)
{
  return *name != '\0' &&
         (g_hostname_is_ip_address (name) ||
          strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
              strlen (name));
}

static gboolean
check_names (const CarServiceListening *self, GError **error)
{
  for (guint i = 0; self->host_names != NULL && self->host_names[i] != NULL; i++)
    if (!is_host_name (self->host_names[i]))
      return car_server_refuse (
          error, _ ("--host-name is a name such as car.example.com, or an address, without a port: not %s"),
          self->host_names[i]);
  if (self->address != NULL && g_inet_address_get_is_any (self->address) && self->host_names == NULL)
    return car_server_refuse (
        error, _ ("--listen with an address that stands for all of the machine's needs --host-name NAME: "
                  "the name by which clients call the service"));

  return TRUE;
}

gboolean
car_service_listening_check (CarServiceListening *self, GError **error)
{
  if (self->listen != NULL)
    self->address = g_inet_address_new_from_string (self->listen);
  if (self->listen != NULL && self->address == NULL)
    return car_server_refuse (
        error, _ ("--listen is an address, such as 192.0.2.1, or 0.0.0.0 for all of this machine's"));
  if (self->certificate_key != NULL && self->certificate == NULL)
    return car_server_refuse (error, _ ("--certificate-key goes with --certificate: give both"));
  if (has_tls (self) && self->without_tls)
    return car_server_refuse (error,
                              _ ("--without-tls contradicts --tls and --certificate: give one of them"));
  if (is_beyond_loopback (self) && !has_tls (self) && !self->without_tls)
    return car_server_refuse (
        error, _ ("--listen beyond this machine's loopback needs TLS, or others read the credentials on "
                  "their way: give --tls or --certificate FILE, or --without-tls where a proxy before "
                  "the service speaks TLS"));

  return check_names (self, error);
}

/* All by which it is called besides the loopback's. */
static GStrv
dup_names (const CarServiceListening *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  if (self->host_names != NULL)
    g_strv_builder_addv (names, (const char **) self->host_names);
  if (is_beyond_loopback (self) && !g_inet_address_get_is_any (self->address))
    {
      g_autofree char *address = g_inet_address_to_string (self->address);
      g_strv_builder_add (names, address);
    }

  return g_strv_builder_end (names);
}

gboolean
car_service_listening_load_certificate (const CarServiceListening *self,
                                        const char *made_file,
                                        GTlsCertificate **certificate,
                                        GError **error)
{
  static const char *loopback[] = { "localhost", "127.0.0.1", "::1", NULL };
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) own = dup_names (self);

  if (!has_tls (self))
    return TRUE;
  if (self->certificate != NULL)
    {
      const char *key = self->certificate_key != NULL ? self->certificate_key : self->certificate;

      *certificate = car_service_certificate_read (self->certificate, key, error);
      return *certificate != NULL;
    }

  g_strv_builder_addv (names, (const char **) own);
  g_strv_builder_addv (names, loopback);
  g_auto (GStrv) all = g_strv_builder_end (names);
  *certificate = car_service_certificate_load (made_file, (const char *const *) all, error);

  return *certificate != NULL;
}

gboolean
car_service_listening_begin (const CarServiceListening *self,
                             CarServiceServer *server,
                             GTlsCertificate *certificate,
                             guint16 port,
                             GError **error)
{
  g_auto (GStrv) names = dup_names (self);

  car_service_server_set_names (server, (const char *const *) names);
  if (certificate != NULL)
    car_service_server_set_certificate (server, certificate);

  return car_service_server_listen (server, self->address, port, error);
}

char *
car_service_listening_to_url (const CarServiceListening *self, guint16 port)
{
  g_autofree char *address = self->address != NULL ? g_inet_address_to_string (self->address) : NULL;
  const char *name = self->host_names != NULL ? self->host_names[0] : address != NULL ? address : "127.0.0.1";
  gboolean is_ipv6 = strchr (name, ':') != NULL;

  return g_strdup_printf ("%s://%s%s%s:%u/api/car/v2", has_tls (self) ? "https" : "http", is_ipv6 ? "[" : "",
                          name, is_ipv6 ? "]" : "", port);
}
