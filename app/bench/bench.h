/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * The bench: how many cycles rx_burst and tx_burst of a driver take for a packet, by itself.
 *
 * Driver and device work in turn on one processor.  The device fills the receive ring; the driver
 * receives and sends some packets, which is timed; the device drains the transmit ring.  Nothing
 * waits for another processor then.  Several ports, each with a driver and a way to use it, take
 * turns in each round, so that all of them meet the same machine.
 *
 *   main.c    EAL, and the order of the parts
 *   args.c    arguments
 *   port.c    a port is configured and started
 *   device.c  the device's turn, and the state of memory after it
 *   window.c  the driver's turn, and the rounds
 *   count.c   the same turns, counted exactly instead of timed
 *   step.c    instructions of a call, one by one
 */

#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define MAX_PORTS  16
#define MAX_BURSTS 16
#define MAX_BURST  256

/* What the driver finds in the caches that the device wrote */
enum state {
	STATE_WARM,   /* all, as the device left it in this processor's caches */
	STATE_L3,     /* nothing above the last-level cache: they were swept in between */
	STATE_COUNT
};

extern const char *const state_names[STATE_COUNT];

/* A set of offloads that is asked for at configuration */
struct offload_set {
	const char *name;
	uint64_t rx, tx;     /* of enum RTE_ETH_RX_OFFLOAD_..., RTE_ETH_TX_OFFLOAD_... */
	uint64_t used;       /* mbuf flags of packets that use it */
};

struct port {
	uint16_t id;         /* ethdev's, and N of sim82599_N */
	uint16_t rx_ring, tx_ring;
	unsigned int simd;   /* bits of a vector that the driver may use; 64: none */
	const struct offload_set *offloads;
	bool fast_free;
	bool use;            /* packets use the offloads */
	struct rte_mempool *pool;
	double start_ms;     /* from configuration until the link was up */
};

struct args {
	unsigned int nb_ports;
	struct port port[MAX_PORTS];
	unsigned int nb_bursts;
	unsigned int burst[MAX_BURSTS];
	bool state[STATE_COUNT];
	unsigned int rounds;
	unsigned int window; /* packets */
	bool count;          /* instead of timing */
	const char *csv;
};

/* args.c */

/** Does not return if they are wrong: exit code 2. */
void args_parse(int argc, char **argv, struct args *args);

/* port.c */

/** Plug in a virtual device of EAL. @return 0 or a negative errno, said */
int port_plug(const char *name, const char *arguments);

/** Configure and start; what the port is goes to stdout. @return 0 or a negative errno, said */
int port_start(struct port *port);
void port_stop(struct port *port);

/* device.c */

/** Find the device's function. @return 0 or a negative errno, said */
int device_init(void);
/** A counter of the device, see sim82599.h */
uint64_t device_counter(const struct port *port, const char *name);
/** The device sends all that it was given, and fills the receive ring. @return frames moved */
unsigned int device_turn(const struct port *port);
/** Bring memory into a state after the device's turn. */
void device_leave(enum state state);

/* window.c */

/** How a window is divided: packets of a call, calls and turns, so that a turn fits the rings. */
struct shape {
	unsigned int warm, burst; /* packets of the call before the window, and of those in it */
	unsigned int calls;       /* of a turn */
	unsigned int turns;
};

struct shape window_shape(const struct port *port, unsigned int burst, unsigned int packets);
/** Have packets use the port's offloads. */
void use_offloads(const struct port *port, struct rte_mbuf **pkts, uint16_t n);
/** Receive and send once, as an application does. @return packets */
unsigned int forward(const struct port *port, unsigned int burst);
/** Does each port's device work when it is called? @return 0 or a negative errno, said */
int devices_check(const struct args *args);
/** The processor's clock cycles for each of the TSC. */
double clock_ratio(void);
/** All rounds. @return 0 or a negative errno, said */
int windows_run(const struct args *args, FILE *csv);

/* count.c */

/** Of each port and burst. @return 0 or a negative errno, said */
int counts_run(const struct args *args, FILE *csv);

/* step.c */

struct steps {
	uint64_t instructions, branches, loads, stores;
};

typedef uint16_t burst_function(void *queue, struct rte_mbuf **pkts, uint16_t n);

int step_init(void);
/** Call the function, and add what it executes until it has returned. */
uint16_t step_call(burst_function *function, void *queue, struct rte_mbuf **pkts, uint16_t n,
		   struct steps *steps);

#endif /* BENCH_H */
