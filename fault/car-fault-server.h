/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "fault/car-fault-rules.h"

G_BEGIN_DECLS

/* Stands before a car-service: hands requests on to it, and lets faults strike those that the rules say. Takes the rules.
 * `service_port` is a port of the loopback, and so is what this listens on. */
CarFaultServer *car_fault_server_new (CarFaultRules *rules, guint16 service_port, gboolean verbose);
void car_fault_server_free (CarFaultServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarFaultServer, car_fault_server_free)

/* Port 0: a free one. The port, or 0 with an error. */
guint16 car_fault_server_listen (CarFaultServer *self, guint16 port, GError **error);

guint16 car_fault_server_get_service_port (const CarFaultServer *self);

/* Whoever connects is refused for so long; 0: for ever. From any thread; returns when it is so. */
void car_fault_server_refuse (CarFaultServer *self, guint seconds);

G_END_DECLS
