/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <inttypes.h>
#include <x86intrin.h>

#include <rte_cycles.h>
#include <rte_random.h>

#include "bench.h"

#define WARM 32u        /* packets of the untimed burst before a window, at most */
#define HELD 64         /* descriptors that a driver may hold back, at most */
#define WARM_UP 100     /* rounds before those that count */

struct window {
	uint64_t cycles;
	unsigned int packets, calls;
};

static uint64_t timer_cycles; /* that reading the clock twice takes */

static inline uint64_t
now(void)
{
	uint64_t tsc;

	_mm_lfence(); /* all before it is done */
	tsc = __rdtsc();
	_mm_lfence(); /* nothing behind it has begun */
	return tsc;
}

static void
calibrate(void)
{
	timer_cycles = UINT64_MAX;
	for (unsigned int i = 0; i < 10000; i++) {
		uint64_t start = now();

		timer_cycles = RTE_MIN(timer_cycles, now() - start);
	}
}

/* Clock cycles of the processor for each of the TSC: additions that depend on each other take a
 * cycle each. The best of many, because some are interrupted. */
double
clock_ratio(void)
{
	uint64_t best = UINT64_MAX;
	unsigned int x = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t start = now();

		for (unsigned int j = 0; j < 1000; j++)
			__asm__ volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\t"
					 "add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\t"
					 "add $1, %0\n\tadd $1, %0" : "+r"(x));
		best = RTE_MIN(best, now() - start);
	}
	return 10000.0 / best;
}

void
use_offloads(const struct port *port, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		pkts[i]->ol_flags |= port->offloads->used;
		pkts[i]->l2_len = 14;
		pkts[i]->l3_len = 20;
		pkts[i]->vlan_tci = 1;
	}
}

unsigned int
forward(const struct port *port, unsigned int burst)
{
	struct rte_mbuf *pkts[MAX_BURST];
	uint16_t n, sent;

	n = rte_eth_rx_burst(port->id, 0, pkts, burst);
	if (port->use)
		use_offloads(port, pkts, n);
	sent = rte_eth_tx_burst(port->id, 0, pkts, n);
	if (unlikely(sent < n))
		rte_pktmbuf_free_bulk(pkts + sent, n - sent);
	return n;
}

struct shape
window_shape(const struct port *port, unsigned int burst, unsigned int packets)
{
	unsigned int ring = RTE_MIN(port->rx_ring, port->tx_ring);
	unsigned int warm = RTE_MIN(RTE_MIN(burst, WARM), ring / 8);
	unsigned int room = ring > HELD + warm ? ring - HELD - warm : ring / 4;
	unsigned int calls = RTE_MAX(RTE_MIN(packets, room) / burst, 1u);

	return (struct shape){ .warm = warm, .burst = burst, .calls = calls,
			       .turns = RTE_MAX(packets / (calls * burst), 1u) };
}

static void
window_run(const struct port *port, enum state state, unsigned int burst, unsigned int packets,
	   struct window *window)
{
	struct shape shape = window_shape(port, burst, packets);

	*window = (struct window){ .calls = shape.calls * shape.turns };
	for (unsigned int t = 0; t < shape.turns; t++) {
		uint64_t start;

		device_turn(port);
		device_leave(state);
		forward(port, shape.warm);
		start = now();
		for (unsigned int i = 0; i < shape.calls; i++)
			window->packets += forward(port, burst);
		window->cycles += now() - start - timer_cycles;
	}
}

/* One window of each port, in an order of chance: none always follows the same one. */
static void
round_run(const struct args *args, FILE *csv, unsigned int number, enum state state,
	  unsigned int burst)
{
	unsigned int order[MAX_PORTS], n = args->nb_ports;
	struct window window;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int j = rte_rand_max(i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (unsigned int i = 0; i < n; i++) {
		const struct port *port = &args->port[order[i]];

		window_run(port, state, burst, args->window, &window);
		if (csv != NULL)
			fprintf(csv, "%u,%s,%u,%u,%" PRIu64 ",%u,%u\n", number, state_names[state],
				burst, port->id, window.cycles, window.packets, window.calls);
	}
}

int
devices_check(const struct args *args)
{
	for (unsigned int i = 0; i < args->nb_ports; i++) {
		const struct port *port = &args->port[i];
		unsigned int moved;

		/* what came while the port was started, which was polled with each register */
		for (unsigned int n = 0; n < port->rx_ring && forward(port, WARM) > 0; n += WARM)
			;
		moved = device_turn(port);
		if (moved > 0 && forward(port, WARM) > 0)
			continue;
		fprintf(stderr, "bench: port %u: its device moved %u frames; it has to be "
			"sim82599_%u, with core=app and wire=gen\n", port->id, moved, port->id);
		return -EIO;
	}
	return 0;
}

int
windows_run(const struct args *args, FILE *csv)
{
	calibrate();
	fprintf(csv, "round,state,burst,port,cycles,packets,calls\n");
	for (unsigned int r = 0; r < WARM_UP + args->rounds; r++) {
		FILE *to = r >= WARM_UP ? csv : NULL;

		for (unsigned int s = 0; s < STATE_COUNT; s++) {
			if (!args->state[s])
				continue;
			for (unsigned int b = 0; b < args->nb_bursts; b++)
				round_run(args, to, r - WARM_UP, s, args->burst[b]);
		}
	}
	return 0;
}
