/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A service for connectors that are run here, in a place of its own: nobody else sees it, and it sees nothing of the user's. */
typedef struct
{
  char *folder;   /* temporary: everything that goes with it */
  char *password; /* nobody else is there to know it */
  char *url;
  GSubprocess *process;
} CarctlLocalService;

/* The log hides it wherever it stands, so it is no word that a path has. */
#define CARCTL_LOCAL_SERVICE_KEY "key-of-a-service-for-one-run"

/* What it says is in this file of its folder. */
#define CARCTL_LOCAL_SERVICE_LOG "service.log"

/* Makes its folder, for whoever has to put something there before it starts. */
gboolean carctl_local_service_open (CarctlLocalService *self, GError **error);

/* Starts a car-service, or another program that takes its options; `options` are those besides, or NULL. */
gboolean carctl_local_service_start (CarctlLocalService *self,
                                     const char *program,
                                     const char *const *options,
                                     GError **error);

/* Ends it, and removes its folder. */
void carctl_local_service_clear (CarctlLocalService *self);

/* The path of a file in its folder. */
char *carctl_local_service_make_path (const CarctlLocalService *self, const char *name);

/* The URL of a service on this machine. */
char *carctl_local_service_make_url (const char *port);

/* For a connector that sends to it, and to no service that the user's settings name. */
GSubprocessLauncher *carctl_local_service_make_launcher (const CarctlLocalService *self,
                                                         GSubprocessFlags flags);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarctlLocalService, carctl_local_service_clear)

G_END_DECLS
