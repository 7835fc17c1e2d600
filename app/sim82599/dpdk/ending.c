/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The reports when the program ends without removing its ports: by exit(), or by a signal that it
 * does not handle.  A signal handler cannot write them, for the thread that it interrupts may have
 * locked what printing needs.  So a thread that waits for it does it, and then lets the signal end
 * the program.  A thread that has crashed waits for that. */

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
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
static pthread_t writer;
static bool has_writer;
static sem_t awake;   /* of the writer: a signal came, or it has to end */
static atomic_int ending; /* the signal */
static atomic_flag claimed = ATOMIC_FLAG_INIT;
static atomic_bool done;

static void
wake_writer(int sig)
{
	atomic_store(&ending, sig);
	sem_post(&awake);
}

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
	wake_writer(sig);
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
		wake_writer(sig);
	}
	errno = saved_errno;
}

static void
write_reports(int sig)
{
	struct sim_port *port;

	if (atomic_flag_test_and_set(&claimed))
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

static void *
writer_main(void *arg __rte_unused)
{
	int sig;

	while (sem_wait(&awake) < 0)
		;
	sig = atomic_load(&ending);
	if (sig != 0)
		write_reports(sig);
	return NULL;
}

static int
writer_start(void)
{
	sigset_t old;
	int ret;

	sem_init(&awake, 0, 0);
	/* Its signals are for the application's threads. */
	sim_block_signals(&old);
	ret = pthread_create(&writer, NULL, writer_main, NULL);
	sim_restore_signals(&old);
	if (ret != 0)
		return -ret;
	pthread_setname_np(writer, "sim82599-end");
	has_writer = true;
	return 0;
}

void
sim_ending_watch(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK };
	struct sigaction now;
	int ret = has_writer ? 0 : writer_start();

	if (ret < 0) {
		SIM_LOG(WARNING, "no reports if a signal ends the program: cannot make a thread: "
			"%s", strerror(-ret));
		return;
	}
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

	if (!has_writer)
		return;
	bar_before_crash = NULL;
	for (unsigned int i = 0; i < RTE_DIM(signals); i++)
		if (sigaction(signals[i].number, NULL, &now) == 0 && now.sa_handler == on_signal)
			signal(signals[i].number, SIG_DFL);
	sem_post(&awake);
	pthread_join(writer, NULL);
	has_writer = false;
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
