/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The whole: see check.h. */
typedef struct _Check Check;

/* One thing that is looked at, and what was seen. Trials in threads of their own may add to it. */
typedef struct
{
  Check *check;
  char *id; /* the name of its folder */
  char *title;
  const char *right; /* what a good connector does, not translated yet */
  char *folder;      /* its logs; removed with what passed */
  char *skipped;     /* NULL, or why it was not looked at */
  GPtrArray *problems;
  double seconds;
  gint64 begin;
  GMutex lock;
} CheckCase;

CheckCase *
check_case_new (Check *check, const char *folder, const char *id, const char *title, const char *right);
void check_case_free (CheckCase *self);

/* What was seen and is wrong. */
void check_case_fail (CheckCase *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean check_case_has_failed (CheckCase *self);

/* The same, of an error that the check met; takes it. */
void check_case_take (CheckCase *self, GError *error);

void check_case_skip (CheckCase *self, const char *reason);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckCase, check_case_free)

/* What all of them were: told as they end, for people or as TAP, and at the end as JUnit's XML. */
typedef struct _CheckReport CheckReport;

CheckReport *check_report_new (gboolean tap);
void check_report_free (CheckReport *self);

/* Takes the case. */
void check_report_add (CheckReport *self, CheckCase *found);

/* Whether all passed that were not skipped. */
gboolean check_report_is_good (const CheckReport *self);

/* Tells the sum. Stopped: not all was looked at. */
void check_report_end (const CheckReport *self, gboolean stopped);

gboolean check_report_write_junit (const CheckReport *self, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CheckReport, check_report_free)

G_END_DECLS
