/* SPDX-License-Identifier: Apache-2.0 */

#pragma once

#include <gio/gio.h>

/* Runs a connector as people do: a process with variables and arguments, an exit code, and what it wrote. */
typedef struct
{
  int code;  /* 128 + the signal that ended it, as a shell has it */
  char *out; /* its standard output */
  char *log; /* its standard error */
} ConnectorRun;

/* tests/contract-connector, or the command line in the variable CAR_TEST_CONNECTOR, for one in another language or under
 * a checker. `variables`: "NAME=value". */
GSubprocess *start_connector (const char *const *variables, const char *const *arguments);
void finish_connector (GSubprocess *process, ConnectorRun *run);

/* Reads the next line of a connector's standard output, which says that it is where the test wants it. */
void wait_for_line (GSubprocess *process, const char *wanted);

void run_connector (const char *const *variables, const char *const *arguments, ConnectorRun *run);

/* The same, with a terminal of 80 columns as its standard error, where there are any. */
gboolean has_terminals (void);
void
run_connector_on_terminal (const char *const *variables, const char *const *arguments, ConnectorRun *run);

void connector_run_clear (ConnectorRun *self);

/* Whether its methods raise exceptions (the variable CAR_TEST_CONNECTOR_RAISES): they can raise what is no GError. */
gboolean connector_raises (void);

/* Whether this CONTRACT_FAIL, to succeed and set an error all the same, is an error there that the method catches: its run
 * goes on. */
gboolean connector_catches (const char *told);

/* Whether it can run in another thread than its main one: not where its language has none (the variable
 * CAR_TEST_CONNECTOR_HAS_NO_THREADS). */
gboolean connector_has_threads (void);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ConnectorRun, connector_run_clear)

/* Fails the test, and shows the log, where the code is another or the text is not in the log. */
void assert_exited (const ConnectorRun *run, int code, const char *logged);
