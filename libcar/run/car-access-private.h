/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/client/car-client.h>
#include <libcar/settings/car-settings-private.h>

G_BEGIN_DECLS

/* Where the CAR service is, and who one is to it: what the settings that begin with car-service- say. The texts are the
 * settings'. */
typedef struct
{
  const char *url;
  const char *key;
  const char *password;
  const char *token;  /* set: url is the one for a token, and key and password are NULL */
  const char *ca;     /* NULL: the system's certificates */
  guint idle_timeout; /* seconds */
  guint max_retries;
  guint max_retry_delay; /* seconds */
  guint max_outage;      /* seconds */
} CarAccess;

/* What is missing is a problem, for car_settings_set_error(). */
void car_access_init (CarAccess *self, const CarSettings *settings, GStrvBuilder *problems);

/* A client that is ready; the product is the program in a request's User-Agent. CAR_APP_ERROR_INVALID_PARAMETER names the settings
 * that are wrong. */
CarClient *car_access_open (const CarAccess *self, const char *product, GError **error);

G_END_DECLS
