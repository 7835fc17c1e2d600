/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <dlfcn.h>
#include <errno.h>
#include <unistd.h>

#include <rte_malloc.h>

#include "bench.h"

#define TURNS 10000          /* a device that still moves frames then will do so for ever */
#define DEFAULT_L2 (1 << 20) /* if the C library does not know it */

static unsigned int (*poll_device)(unsigned int port);
static uint64_t (*read_counter)(unsigned int port, const char *name);
static const volatile uint8_t *sweep;
static size_t sweep_size;

static int
states_init(void)
{
	long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);

	/* More than its size, because a cache does not replace its lines in their order; in huge
	 * pages, to reach all of its sets and leave the translations of addresses alone. */
	sweep_size = 4 * (l2 > 0 ? l2 : DEFAULT_L2);
	sweep = rte_zmalloc("sweep", sweep_size, RTE_CACHE_LINE_SIZE);
	if (sweep == NULL) {
		fprintf(stderr, "bench: no memory for %zu bytes to sweep caches with\n",
			sweep_size);
		return -ENOMEM;
	}
	return 0;
}

int
device_init(void)
{
	void *plugin = dlopen("librte_sim82599.so", RTLD_NOW | RTLD_NOLOAD);

	if (plugin != NULL) {
		*(void **)&poll_device = dlsym(plugin, "sim82599_poll");
		*(void **)&read_counter = dlsym(plugin, "sim82599_counter");
	}
	if (poll_device == NULL || read_counter == NULL) {
		fputs("bench: there is no sim82599_poll(); load librte_sim82599.so by EAL's -d\n",
		      stderr);
		return -ENOENT;
	}
	return states_init();
}

uint64_t
device_counter(const struct port *port, const char *name)
{
	return read_counter(port->id, name);
}

unsigned int
device_turn(const struct port *port)
{
	unsigned int moved, sum = 0;

	for (unsigned int i = 0; i < TURNS; i++) {
		moved = poll_device(port->id);
		if (moved == 0)
			break;
		sum += moved;
	}
	return sum;
}

void
device_leave(enum state state)
{
	if (state == STATE_L3)
		for (size_t i = 0; i < sweep_size; i += RTE_CACHE_LINE_SIZE)
			(void)sweep[i];
}
