/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include "carctl/carctl.h"
#include "carctl/check/check-graph.h"
#include "carctl/check/check-report.h"

G_BEGIN_DECLS

/* carctl check: a connector from outside, as a service, a data source and an operator meet it. */

/* The folder of the files that tell a secret. */
#define CHECK_SECRETS "secrets"

/* What the command line says for it. */
typedef struct
{
  char *change; /* each NULL, or a command of the shell */
  char *break_source;
  char *mend;
  char **secrets; /* names of options or variables; NULL: none */
  char **only;    /* names of checks; NULL: all */
  char *junit;    /* NULL: no file */
  gboolean tap;
  gboolean thorough;
  int timeout; /* seconds that a run may take */
} CheckOptions;

/* What trials begin from, and what they have to end with. */
typedef struct
{
  char *database;    /* NULL: an empty one */
  char *save_point;  /* that there is in it; NULL: none */
  CheckGraph *right; /* what the source has: NULL until it is known */
} CheckWorld;

struct _Check
{
  const CarctlCall *call;
  const CheckOptions *options;
  const char *folder;  /* what failed is kept here */
  char *work;          /* temporary */
  const char *source;  /* its name in the service */
  GHashTable *secrets; /* name → value */
  GCancellable *cancellable;
  CheckReport *report;

  double seconds;  /* that a good run takes */
  gboolean steady; /* two full imports bring the same */
  gboolean has_summary;
  CheckWorld full;
  CheckWorld change;
  GHashTable *leaks; /* name of a secret → file that tells it; under the lock */
  GMutex lock;
};

/* The checks, one a function: check-settings.c and check-imports.c. What each wants is in the table of check-steps.c. */
void check_settings (CheckCase *self);
void check_unreachable (CheckCase *self);
void check_credentials (CheckCase *self);
void check_connection (CheckCase *self);
void check_full (CheckCase *self);
void check_left_out (CheckCase *self);
void check_dangling (CheckCase *self);
void check_again (CheckCase *self);
void check_broken (CheckCase *self);
void check_stop (CheckCase *self);
void check_change (CheckCase *self);
void check_arguments (CheckCase *self);
void check_leaks (CheckCase *self);

/* A case that has been looked at: it is told, and only what failed keeps its folder. Takes it. */
void check_tell (Check *check, CheckCase *found);

G_END_DECLS
