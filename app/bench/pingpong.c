/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * How far apart are two processors just now? A cache line goes to and fro between them; what one
 * round trip takes, in TSC cycles, is the state of the machine that every figure of a driver and
 * its software NIC depends on.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <x86intrin.h>

#define ROUNDS  20000
#define SAMPLES 21

static _Alignas(64) atomic_uint ball;

static int
run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *
other_side(void *cpu)
{
	if (run_on(*(int *)cpu) != 0) {
		fprintf(stderr, "pingpong: processor %d is not for us\n", *(int *)cpu);
		exit(1);
	}
	for (unsigned int i = 0; i < ROUNDS * SAMPLES; i++) {
		while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * i + 1)
			_mm_pause();
		atomic_store_explicit(&ball, 2 * i + 2, memory_order_release);
	}
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	double da = *(const double *)a, db = *(const double *)b;

	return da < db ? -1 : da > db;
}

int
main(int argc, char **argv)
{
	double sample[SAMPLES];
	pthread_t thread;
	int cpus[2];
	char *end[2];

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		puts("usage: pingpong CPU CPU\n"
		     "Prints the TSC cycles that a cache line takes from one processor to the\n"
		     "other and back: the median of 21 samples of 20,000 round trips each.");
		return 0;
	}
	if (argc == 3)
		for (int i = 0; i < 2; i++)
			cpus[i] = strtol(argv[i + 1], &end[i], 10);
	if (argc != 3 || *end[0] != '\0' || *end[1] != '\0' || cpus[0] == cpus[1] ||
	    cpus[0] < 0 || cpus[1] < 0 || cpus[0] >= CPU_SETSIZE || cpus[1] >= CPU_SETSIZE) {
		fputs("pingpong: the arguments must be the numbers of two different processors; "
		      "see --help\n", stderr);
		return 2;
	}
	if (run_on(cpus[0]) != 0 || sched_getcpu() != cpus[0]) {
		fprintf(stderr, "pingpong: processor %d is not for us\n", cpus[0]);
		return 1;
	}
	errno = pthread_create(&thread, NULL, other_side, &cpus[1]);
	if (errno != 0) {
		perror("pingpong: thread");
		return 1;
	}
	for (unsigned int s = 0, i = 0; s < SAMPLES; s++) {
		unsigned long long start = __rdtsc();

		for (unsigned int end_of_sample = i + ROUNDS; i < end_of_sample; i++) {
			atomic_store_explicit(&ball, 2 * i + 1, memory_order_release);
			while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * i + 2)
				_mm_pause();
		}
		sample[s] = (double)(__rdtsc() - start) / ROUNDS;
	}
	pthread_join(thread, NULL);
	qsort(sample, SAMPLES, sizeof(sample[0]), by_value);
	printf("%.0f\n", sample[SAMPLES / 2]);
	return 0;
}
