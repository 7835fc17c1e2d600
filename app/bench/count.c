/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What packets cost by exact counts: what the burst functions execute, register accesses, and what
 * PCIe would carry.  Device and driver work in turn, as in window.c. */

#include <errno.h>
#include <inttypes.h>
#include <semaphore.h>
#include <string.h>

#include <rte_alarm.h>

#include "bench.h"

#define SETTLING 64  /* turns until each one is like the one before it */
#define TURNS    4

/* Counters of the device whose growth is written */
static const char *const counters[] = {
	"reg_reads", "reg_writes", "pcie_up", "pcie_down", "desc_reads", "desc_writes",
};
#define NB_COUNTERS RTE_DIM(counters)

static sem_t held, go_on; /* EAL's thread of alarms: it waits, it may go on */

static void
read_counters(const struct port *port, uint64_t *values)
{
	for (unsigned int i = 0; i < NB_COUNTERS; i++)
		values[i] = device_counter(port, counters[i]);
}

/* @return packets */
static unsigned int
forward_stepped(const struct port *port, unsigned int burst, struct steps *rx, struct steps *tx)
{
	const struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[port->id];
	struct rte_mbuf *pkts[MAX_BURST];
	uint16_t n, sent;

	n = step_call(ops->rx_pkt_burst, ops->rxq.data[0], pkts, burst, rx);
	if (port->use)
		use_offloads(port, pkts, n);
	sent = step_call(ops->tx_pkt_burst, ops->txq.data[0], pkts, n, tx);
	if (sent < n)
		rte_pktmbuf_free_bulk(pkts + sent, n - sent);
	return n;
}

static void
print_steps(FILE *csv, const struct steps *steps)
{
	fprintf(csv, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, steps->instructions,
		steps->branches, steps->loads, steps->stores);
}

/* Half a ring in a turn, so that the rings were gone around whole times, and what a driver does
 * once for several calls is counted as often as it happens. */
static void
count(const struct port *port, unsigned int burst, FILE *csv)
{
	unsigned int ring = RTE_MIN(port->rx_ring, port->tx_ring);
	unsigned int calls = RTE_MAX(ring / 2 / burst, 1u);
	uint64_t before[NB_COUNTERS], after[NB_COUNTERS];
	struct steps rx = { 0 }, tx = { 0 };
	unsigned int packets = 0;

	for (unsigned int t = 0; t < SETTLING + TURNS; t++) {
		device_turn(port);
		if (t == SETTLING)
			read_counters(port, before);
		for (unsigned int i = 0; i < calls; i++)
			if (t < SETTLING)
				forward(port, burst);
			else
				packets += forward_stepped(port, burst, &rx, &tx);
	}
	device_turn(port);
	read_counters(port, after);
	fprintf(csv, "%u,%u,%u", port->id, burst, packets);
	print_steps(csv, &rx);
	print_steps(csv, &tx);
	for (unsigned int i = 0; i < NB_COUNTERS; i++)
		fprintf(csv, ",%" PRIu64, after[i] - before[i]);
	fprintf(csv, "\n");
}

/* Alarms of drivers, which read statistics, wait meanwhile: the device would work at these
 * accesses, too, and counts would depend on the time. */

static void
hold(void *arg __rte_unused)
{
	sem_post(&held);
	while (sem_wait(&go_on) < 0)
		;
}

static int
alarms_hold(void)
{
	int ret;

	sem_init(&held, 0, 0);
	sem_init(&go_on, 0, 0);
	ret = rte_eal_alarm_set(1, hold, NULL);
	if (ret < 0)
		return ret;
	while (sem_wait(&held) < 0)
		;
	return 0;
}

int
counts_run(const struct args *args, FILE *csv)
{
	int ret = step_init();

	if (ret < 0) {
		fprintf(stderr, "bench: --count: instructions cannot be stepped here\n");
		return ret;
	}
	ret = alarms_hold();
	if (ret < 0) {
		fprintf(stderr, "bench: --count: EAL has no alarms: %s\n", strerror(-ret));
		return ret;
	}
	fputs("port,burst,packets,rx_instructions,rx_branches,rx_loads,rx_stores,"
	      "tx_instructions,tx_branches,tx_loads,tx_stores", csv);
	for (unsigned int i = 0; i < NB_COUNTERS; i++)
		fprintf(csv, ",%s", counters[i]);
	fprintf(csv, "\n");
	for (unsigned int i = 0; i < args->nb_ports; i++)
		for (unsigned int b = 0; b < args->nb_bursts; b++)
			count(&args->port[i], args->burst[b], csv);
	sem_post(&go_on);
	return 0;
}
