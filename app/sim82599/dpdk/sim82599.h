/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A port of the DPDK attachment, and what its parts call of each other.
 *
 *   sim82599.c   the virtual device: arguments, creation and removal
 *   secondary.c  the same in a secondary process; mailbox.c: its register accesses
 *   pci.c        the PCI function on DPDK's bus, and its driver
 *   bar.c        BAR0 by trapped accesses; decode.c, step.c: the instructions
 *   iommu.c      DMA addresses
 *   poll.c       what a port does in a round; sim82599_poll(); thread.c: the threads that do it
 *   port.c       the list of ports; ending.c: reports if the program ends without removing them
 *   telemetry.c  /sim82599/...; report.c: counters as text, report at exit
 */

#ifndef SIM82599_H
#define SIM82599_H

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/queue.h>

#include <bus_pci_driver.h>
#include <ethdev_driver.h>
#include <rte_common.h>
#include <rte_log.h>

#include "../common/args.h"
#include "../common/ports.h"
#include "../nic/nic.h"
#include "../wire/wire.h"
#include "bar.h"
#include "iommu.h"

#define SIM_MAX_PORTS BAR_MAX
#define SIM_QUEUE_VECTORS (NIC_MSIX_VECTORS - 1)

extern int sim82599_logtype;
#define SIM_LOG(level, fmt, ...) \
	rte_log(RTE_LOG_ ## level, sim82599_logtype, fmt "\n", ## __VA_ARGS__)

struct sim_args {
	struct device_args device; /* the first, see args.h */
	char *text;               /* the strings point into it */
	const char *driver;       /* NULL: the first that matches */
	struct rte_pci_addr pci;
	bool pci_given;
	bool adaptive;
	int core;                 /* of the device thread, or SIM_CORE_... */
};

#define SIM_CORE_MAIN -1          /* that of the main lcore */
#define SIM_CORE_APP  -2          /* none: the program calls sim82599_poll() */
/* A round that takes longer was interrupted: it says nothing about packets. */
#define SIM_ROUND_US  100

struct sim_thread;

struct sim_thread_info {
	int core;
	uint64_t busy, total; /* TSC cycles: of rounds that moved packets, of all */
};

struct sim_port {
	TAILQ_ENTRY(sim_port) next;
	char name[32];
	unsigned int index;       /* N of sim82599_N */
	struct sim_args args;

	struct nic_card *card;    /* shared by the functions of one slot */
	struct nic *nic;
	struct wire *wire;
	struct bar bar;
	bool iommu;               /* holds a reference */
	int trace_fd;
	FILE *report;

	struct rte_pci_device *pci;    /* NULL: the bus has removed it */
	struct rte_pci_driver *driver; /* the PMD */
	struct rte_pci_driver shim;    /* its copy, by which removal is noticed */
	bool probed;              /* the PMD has it */
	bool stuck;               /* the PMD refused when the bus removed it */
	struct rte_eth_dev *ethdev;    /* that the PMD made of it, or NULL */
	atomic_flag handle_lock;  /* of changing its interrupt handle */
	int irq_fd;               /* vector 0 */
	atomic_int queue_fd[SIM_QUEUE_VECTORS]; /* vectors 1.., -1: not made yet */

	struct sim_thread *thread;
	struct sim_thread_info thread_info; /* when it left it */
	struct {                  /* poll.c; times in TSC cycles */
		atomic_flag busy; /* core=app: one thread at a time */
		uint64_t last;    /* time of the last poll */
		uint64_t idle;    /* without packets until then */
		uint64_t reap_at; /* when to look for dead secondary processes */
		atomic_ullong busy_cycles, total_cycles; /* core=app: in polls */
	} poll;
};

TAILQ_HEAD(sim_port_list, sim_port);

/* port.c */

/** Ports that are complete; guarded by sim_mutex, as their removal is. */
extern struct sim_port_list sim_ports;
extern pthread_mutex_t sim_mutex;

/** @return NULL, having said why, or a port in which nothing is made yet */
struct sim_port *sim_port_new(const char *name);
struct sim_port *sim_port_find(const struct sim_port_list *ports, const char *name);
/** A port at this address, whatever the function. */
struct sim_port *sim_port_in_slot(const struct rte_pci_addr *addr);

/*
 * A signal handler of the application may access registers, and would wait for
 * ever for a lock that the thread it interrupts holds.  Called around whatever
 * takes the device's lock outside of the device thread and the trap handler.
 */
static inline void
sim_block_signals(sigset_t *old)
{
	sigset_t set;

	/* Faults stay as they are: blocked ones kill. */
	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGFPE);
	pthread_sigmask(SIG_BLOCK, &set, old);
}

static inline void
sim_restore_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

/* pci.c; those that return int: 0 or a negative errno, having said why */

/** A free address, of the port's choice if it made one. */
int sim_pci_address(struct sim_port *port);
/** Find the driver. */
int sim_pci_driver(struct sim_port *port);
/** Put the function on the bus and have the driver probe it. */
int sim_pci_plug(struct sim_port *port);
/** Have the driver remove it, unless the bus did, and take it off the bus. */
int sim_pci_unplug(struct sim_port *port);
/** nic_host_ops.irq: a level, as an eventfd that is readable. */
void sim_pci_irq(struct sim_port *port, bool level);
/** nic_host_ops.message, of a vector other than 0. */
void sim_pci_message(struct sim_port *port, unsigned int vector);
/** Before the driver's register accesses: see that its interrupt handle is right. */
void sim_pci_before_access(struct sim_port *port);

/** In a secondary process: the ports that it has of the primary one. */
extern struct sim_port_list sim_attached;

/* secondary.c; those that return int: 0 or a negative errno, having said why */

/** In the primary process: answer secondary ones. */
void sim_secondary_allow(void);
/** In a secondary process */
int sim_secondary_probe(const char *name);
int sim_secondary_remove(const char *name);

/* poll.c */

/**
 * Exported to programs: what the device thread does in one round, for a port with core=app.
 *
 * The port is N of sim82599_N, whatever its number in ethdev is.  Any thread may call it; while
 * another thread polls the same port, it returns 0.  It must not be interrupted by a signal handler
 * that accesses registers, and no thread may call it while the device is being removed.
 * @return the number of frames that the device received or sent; 0: it had nothing to do, or there
 *         is no such port with core=app, which is logged once
 */
__attribute__((visibility("default"))) unsigned int sim82599_poll(unsigned int port);

/** In a round: answer secondary processes. @return did one ask? */
bool sim_poll_serve(struct sim_port *port, uint64_t now);
/** In a round: let the device work. @return frames moved */
unsigned int sim_poll_nic(struct sim_port *port, uint64_t now);
/** Before a register access is done. With core=app it is a poll: nobody else may be polling. */
void sim_poll_before_access(struct sim_port *port);
/** With core=app: from now on it may be polled, and until then. */
void sim_poll_add(struct sim_port *port);
void sim_poll_remove(struct sim_port *port);
void sim_poll_info(const struct sim_port *port, struct sim_thread_info *info);

/** Add to a counter that has one writer, and any readers. */
static inline void
sim_count(atomic_ullong *counter, uint64_t n)
{
	atomic_store_explicit(counter,
		atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

/* thread.c */

/** The port's device thread starts polling it. @return 0 or a negative errno, having said why */
int sim_thread_add(struct sim_port *port);
/** Returns once the port is polled no more. */
void sim_thread_remove(struct sim_port *port);

/** Of now, or of the time when the port was removed. */
void sim_thread_info(const struct sim_port *port, struct sim_thread_info *info);

/* report.c */

/**
 * Exported to programs: a counter of port sim82599_N, by its name in /sim82599/stats.
 * @return UINT64_MAX if there is no such port or counter
 */
__attribute__((visibility("default"))) uint64_t sim82599_counter(unsigned int port,
								  const char *name);

/** Every counter of a port, by name, in the order of reports. */
void sim_counters(struct sim_port *port,
		  void (*add)(void *arg, const char *name, uint64_t value), void *arg);
/** One line on stderr, and the file of report=. */
void sim_report(struct sim_port *port);

/* ending.c */

/** From now on a signal that ends the program has reports written; while there are ports. */
void sim_ending_watch(void);
void sim_ending_unwatch(void);

/* telemetry.c */
void sim_telemetry_register(void);

#endif /* SIM82599_H */
