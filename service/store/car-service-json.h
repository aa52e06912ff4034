/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <libcar/json/car-json-scanner-private.h>

G_BEGIN_DECLS

typedef struct
{
  CarJsonSpan name;
  CarJsonSpan value;
} CarServiceMember;

/* The members of an object, in the order of its text, into which they point. */
typedef struct
{
  GArray *members; /* CarServiceMember */
} CarServiceObject;

/* Reads the object that begins here; `object` may be used again and again. */
gboolean car_service_object_read (CarServiceObject *object, CarJsonScanner *scanner);

/* Reads a text that is one object and nothing else. CAR_SERVICE_ERROR 400 where it is not; a member named twice is
 * refused as well. `what` names the text in the message. */
gboolean car_service_object_parse (CarServiceObject *object, GBytes *text, const char *what, GError **error);
void car_service_object_clear (CarServiceObject *object);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CarServiceObject, car_service_object_clear)

/* NULL where there is no such member. */
const CarJsonSpan *car_service_object_get (const CarServiceObject *object, const char *name);

/* The member as a string without NULs, NULL where there is none. *wrong is set where it is something else. */
char *car_service_object_dup_string (const CarServiceObject *object, const char *name, gboolean *wrong);

/* Appends the members as an object, without those that `leave_out` (a NULL-ended list) names, and with those of
 * `changes` (may be NULL) in the place of its own. */
void car_service_object_write (const CarServiceObject *object,
                               const char *const *leave_out,
                               const CarServiceObject *changes,
                               GString *out);

/* Appends `"name":`, after a comma where it is not the first. */
void car_service_json_name (GString *out, const char *name);
void car_service_json_string (GString *out, const char *name, const char *value);
void car_service_json_integer (GString *out, const char *name, gint64 value);
void car_service_json_boolean (GString *out, const char *name, gboolean value);

/* As bytes, and the string is gone. */
GBytes *car_service_json_finish (GString *out);

G_END_DECLS
