/* SPDX-License-Identifier: Apache-2.0 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* For LD_PRELOAD: a wall clock that is wrong by as many seconds as the file in CAR_TEST_CLOCK holds (a signed number of 64
 * bits), and jumps when that changes. The clocks that measure how long something takes stay right. */

static const volatile int64_t *shift;
static int (*real_clock_gettime) (clockid_t, struct timespec *);

static void
set_up (void)
{
  static const int64_t none;
  const char *path = getenv ("CAR_TEST_CLOCK");
  const int fd = path == NULL ? -1 : open (path, O_RDONLY | O_CLOEXEC);
  void *map = fd < 0 ? MAP_FAILED : mmap (NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0);

  *(void **) &real_clock_gettime = dlsym (RTLD_NEXT, "clock_gettime");
  shift = map == MAP_FAILED ? &none : map;
  if (fd >= 0)
    close (fd);
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once (&once, set_up);
  const int result = real_clock_gettime (clock, now);

  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += *shift;
  return result;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  struct timespec time;

  clock_gettime (CLOCK_REALTIME, &time);
  *now = (struct timeval){ time.tv_sec, time.tv_nsec / 1000 };
  return 0;
}

time_t
time (time_t *result)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  if (result != NULL)
    *result = now.tv_sec;
  return now.tv_sec;
}
