/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "fault/car-fault-kinds.h"

G_BEGIN_DECLS

/* Which requests a fault strikes: as `CALL:FAULT[,OPTION=VALUE…]` says it. */
typedef struct
{
  char *text;       /* as it was given */
  const char *call; /* a name of car_service_calls_list(); NULL: any */
  const CarFaultKind *kind;
  guint status;
  guint at;    /* the first request of the call that is struck, from 1 on */
  guint times; /* how many are; 0: all from there on */
  gboolean after;
  gsize larger_than; /* requests with a body of so many bytes, or fewer, do not count */
  char *retry_after; /* (nullable) */
  guint seconds;
  guint n_seen;
} CarFaultRule;

/* In the order in which they were given. Several threads ask. */
typedef struct _CarFaultRules CarFaultRules;

CarFaultRules *car_fault_rules_new (void);
void car_fault_rules_free (CarFaultRules *self);

/* G_OPTION_ERROR_BAD_VALUE says what is wrong with a rule. */
gboolean car_fault_rules_add (CarFaultRules *self, const char *text, GError **error);

/* A script has a rule a line. Empty lines, and those that begin with “#”, are left aside. */
gboolean car_fault_rules_add_script (CarFaultRules *self, const char *path, GError **error);

/* The rule that strikes this request: the first, where several do. All of them count it. NULL: none. `call` NULL: the service
 * has no such call. */
const CarFaultRule *car_fault_rules_choose (CarFaultRules *self, const char *call, gsize body_length);

/* What there is to be combined: a line each. */
char *car_fault_rules_describe (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CarFaultRules, car_fault_rules_free)

G_END_DECLS
