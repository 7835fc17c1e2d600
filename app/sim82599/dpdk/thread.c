/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The device threads: one for each processor that some port names, which it
 * shares with the application's own threads if need be. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_pause.h>

#include "sim82599.h"

/* Without packets: spin, then let others run each round, then sleep a little
 * each round; doorbells trap again. */
#define SPIN_US   5
#define YIELD_US  1000
#define SLEEP_US  50

struct sim_thread {
	TAILQ_ENTRY(sim_thread) next;
	pthread_t pthread;
	int core;
	unsigned int nb_ports;
	atomic_bool quit;
	_Atomic(struct sim_port *) ports[SIM_MAX_PORTS];
	atomic_ullong rounds;
	atomic_ullong busy, total; /* TSC */
};

static TAILQ_HEAD(, sim_thread) threads = TAILQ_HEAD_INITIALIZER(threads);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *
thread_main(void *arg)
{
	const uint64_t us = rte_get_tsc_hz() / 1000000;
	uint64_t now = rte_rdtsc(), start, idle = 0;
	struct sim_thread *t = arg;

	/* Else a sleep takes at least 50 us more. */
	prctl(PR_SET_TIMERSLACK, 1000);
	while (!atomic_load_explicit(&t->quit, memory_order_relaxed)) {
		unsigned int moved = 0;
		bool served = false;

		/* Everything of the round before is done. */
		atomic_fetch_add_explicit(&t->rounds, 1, memory_order_acq_rel);
		for (unsigned int i = 0; i < SIM_MAX_PORTS; i++) {
			struct sim_port *port = atomic_load_explicit(&t->ports[i],
								     memory_order_acquire);

			if (port == NULL)
				break;
			served |= sim_poll_serve(port, now);
			moved += sim_poll_nic(port, now);
		}
		start = now;
		now = rte_rdtsc();
		if (moved > 0) {
			idle = 0;
			sim_count(&t->busy, now - start);
		} else {
			if (served)
				idle = 0;
			if (idle < SPIN_US * us)
				rte_pause();
			else if (idle < YIELD_US * us)
				sched_yield();
			else
				nanosleep(&(struct timespec){ .tv_nsec = SLEEP_US * 1000 }, NULL);
			now = rte_rdtsc();
			idle += RTE_MIN(now - start, SIM_ROUND_US * us);
		}
		sim_count(&t->total, now - start);
	}
	return NULL;
}

static int
thread_start(struct sim_thread *t)
{
	pthread_attr_t attr;
	sigset_t old;
	cpu_set_t set;
	char name[16];
	int ret;

	CPU_ZERO(&set);
	CPU_SET(t->core, &set);
	pthread_attr_init(&attr);
	pthread_attr_setaffinity_np(&attr, sizeof(set), &set);
	/* Its signals are for the application's threads. */
	sim_block_signals(&old);
	ret = pthread_create(&t->pthread, &attr, thread_main, t);
	sim_restore_signals(&old);
	pthread_attr_destroy(&attr);
	if (ret == 0) {
		snprintf(name, sizeof(name), "sim82599-%d", t->core);
		pthread_setname_np(t->pthread, name);
	}
	return -ret;
}

/* The first processor of the main lcore: an application seldom polls there. */
static int
default_core(void)
{
	rte_cpuset_t set = rte_lcore_cpuset(rte_get_main_lcore());

	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			return i;
	return 0;
}

static struct sim_thread *
thread_get(int core, int *error)
{
	struct sim_thread *t;

	TAILQ_FOREACH(t, &threads, next)
		if (t->core == core)
			return t;
	t = calloc(1, sizeof(*t));
	*error = -ENOMEM;
	if (t == NULL)
		return NULL;
	t->core = core;
	*error = thread_start(t);
	if (*error < 0) {
		free(t);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&threads, t, next);
	return t;
}

int
sim_thread_add(struct sim_port *port)
{
	int core = port->args.core >= 0 ? port->args.core : default_core();
	struct sim_thread *t;
	int error;

	if (port->args.core == SIM_CORE_APP) {
		sim_poll_add(port);
		return 0;
	}
	pthread_mutex_lock(&mutex);
	t = thread_get(core, &error);
	if (t != NULL) {
		port->thread = t;
		/* The ports of a thread are its array's first ones, without a gap. */
		atomic_store_explicit(&t->ports[t->nb_ports++], port, memory_order_release);
	}
	pthread_mutex_unlock(&mutex);
	if (t != NULL)
		return 0;
	SIM_LOG(ERR, "%s: core=%d: cannot start a thread there: %s; allowed: the number of a "
		"processor that this process may use", port->name, core, strerror(-error));
	return error;
}

void
sim_thread_remove(struct sim_port *port)
{
	struct sim_thread *t = port->thread;
	unsigned int i;
	uint64_t rounds;

	if (port->args.core == SIM_CORE_APP)
		sim_poll_remove(port);
	if (t == NULL)
		return;
	pthread_mutex_lock(&mutex);
	for (i = 0; t->ports[i] != port; i++)
		;
	/* The last one takes its place, and may be polled twice in a round. */
	t->nb_ports--;
	atomic_store(&t->ports[i], t->ports[t->nb_ports]);
	atomic_store(&t->ports[t->nb_ports], NULL);
	/* The round after the next does not know the port any more. */
	rounds = atomic_load(&t->rounds);
	while (atomic_load(&t->rounds) - rounds < 2)
		nanosleep(&(struct timespec){ .tv_nsec = 10000 }, NULL);
	sim_thread_info(port, &port->thread_info);
	port->thread = NULL;
	if (t->nb_ports == 0) {
		atomic_store(&t->quit, true);
		pthread_join(t->pthread, NULL);
		TAILQ_REMOVE(&threads, t, next);
		free(t);
	}
	pthread_mutex_unlock(&mutex);
}

void
sim_thread_info(const struct sim_port *port, struct sim_thread_info *info)
{
	const struct sim_thread *t = port->thread;

	*info = port->thread_info;
	if (port->args.core == SIM_CORE_APP)
		sim_poll_info(port, info);
	if (t == NULL)
		return;
	info->core = t->core;
	info->busy = atomic_load(&t->busy);
	info->total = atomic_load(&t->total);
}
