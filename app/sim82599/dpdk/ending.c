/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The reports when the program ends without removing its ports: by exit(), or by a signal that it
 * does not handle.  A signal handler cannot write them, for the thread that it interrupts may have
 * locked what printing needs.  So a device thread does it, and then lets the signal end the
 * program.  A thread that has crashed waits for that. */

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "sim82599.h"

#define CRASH_WAIT_MS 2000

static const struct {
	int number;
	bool crash;      /* the thread that gets it cannot go on */
} signals[] = {
	{ SIGHUP, false }, { SIGINT, false }, { SIGQUIT, false }, { SIGPIPE, false },
	{ SIGTERM, false }, { SIGABRT, true }, { SIGBUS, true }, { SIGFPE, true }, { SIGILL, true },
};

static pid_t creator; /* a forked child has the ports, but not their threads */
static atomic_int ending; /* the signal */
static atomic_flag claimed = ATOMIC_FLAG_INIT;
static atomic_bool done;

static void
wait_done(void)
{
	for (unsigned int i = 0; i < CRASH_WAIT_MS && !atomic_load(&done); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static void
on_crash(int sig)
{
	if (getpid() != creator)
		return;
	atomic_store(&ending, sig);
	wait_done();
}

static void
on_signal(int sig)
{
	int saved_errno = errno;
	bool crash = false;

	for (unsigned int i = 0; i < RTE_DIM(signals); i++)
		if (signals[i].number == sig)
			crash = signals[i].crash;
	if (crash)
		on_crash(sig);
	if (crash || getpid() != creator) {
		signal(sig, SIG_DFL);
		raise(sig);
	} else {
		atomic_store(&ending, sig);
	}
	errno = saved_errno;
}

void
sim_ending_watch(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK };
	struct sigaction now;

	creator = getpid();
	bar_before_crash = on_crash;
	for (unsigned int i = 0; i < RTE_DIM(signals); i++)
		if (sigaction(signals[i].number, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			sigaction(signals[i].number, &action, NULL);
}

void
sim_ending_unwatch(void)
{
	struct sigaction now;

	bar_before_crash = NULL;
	for (unsigned int i = 0; i < RTE_DIM(signals); i++)
		if (sigaction(signals[i].number, NULL, &now) == 0 && now.sa_handler == on_signal)
			signal(signals[i].number, SIG_DFL);
}

void
sim_ending_check(void)
{
	int sig = atomic_load_explicit(&ending, memory_order_relaxed);
	struct sim_port *port;

	if (likely(sig == 0) || atomic_flag_test_and_set(&claimed))
		return;
	TAILQ_FOREACH(port, &sim_ports, next)
		sim_report(port);
	atomic_store(&done, true);
	for (unsigned int i = 0; i < RTE_DIM(signals); i++)
		if (signals[i].number == sig && !signals[i].crash) {
			signal(sig, SIG_DFL);
			kill(getpid(), sig);
		}
}

/* The application ended without rte_eal_cleanup().  Its threads may be running, so nothing is
 * freed. */
RTE_FINI(sim82599_exit)
{
	struct sim_port *port;

	if (getpid() != creator)
		return;
	if (atomic_flag_test_and_set(&claimed)) {
		wait_done();
		return;
	}
	TAILQ_FOREACH(port, &sim_ports, next) {
		sim_thread_remove(port);
		sim_report(port);
	}
}
