/* SPDX-License-Identifier: Apache-2.0 */

#include "config.h"

#include "carctl/check/check-rounds.h"
#include "carctl/check/check-trial.h"

#define ROUNDS 4
#define THOROUGH_ROUNDS 40

/* Side by side, runs take longer than the one that was measured. */
#define STRETCH 1.5

void
check_rounds (CheckCase *self, const CheckWorld *world, int number)
{
  const Check *check = self->check;
  g_autoptr (CheckTrials) trials = check_trials_new (check);
  guint n_rounds = check->options->thorough ? THOROUGH_ROUNDS : ROUNDS;

  for (guint i = 0; i < n_rounds; i++)
    {
      double moment = (i + g_random_double ()) / n_rounds * STRETCH * check->seconds;

      check_trials_add (trials, self, world, (CheckTrial){ .signal = number, .moment = moment });
    }
}
