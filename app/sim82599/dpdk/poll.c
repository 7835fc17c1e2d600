/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What a port does in a round: its device thread calls it, or, with core=app, the program, by
 * sim82599_poll().  Then nobody polls the device while the program is in a function of its driver,
 * which may wait for the device.  So each trapped access of a register is a poll, too. */

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "sim82599.h"

#define DIRECT_US 1000        /* without packets: doorbells trap again */
#define REAP_US   1000000

/* Ports with core=app, by N of sim82599_N */
static _Atomic(struct sim_port *) app_ports[SIM_MAX_PORTS];
static __thread const struct sim_port *polling __attribute__((tls_model("initial-exec")));

static uint64_t
cycles_per_us(void)
{
	return rte_get_tsc_hz() / 1000000;
}

bool
sim_poll_serve(struct sim_port *port, uint64_t now)
{
	bool asked = mailbox_is_asked(port->bar.mailbox);

	if (asked)
		bar_serve(&port->bar);
	if (atomic_load_explicit(&port->bar.mailbox->users, memory_order_relaxed) == 0 ||
	    now < port->poll.reap_at)
		return asked;
	port->poll.reap_at = now + REAP_US * cycles_per_us();
	bar_reap(&port->bar);
	return asked;
}

unsigned int
sim_poll_nic(struct sim_port *port, uint64_t now)
{
	unsigned int moved = nic_poll(port->nic);

	if (moved > 0)
		port->poll.idle = 0;
	else
		port->poll.idle += RTE_MIN(now - port->poll.last, SIM_ROUND_US * cycles_per_us());
	port->poll.last = now;
	if (atomic_load_explicit(&port->bar.direct, memory_order_relaxed) &&
	    (port->poll.idle > DIRECT_US * cycles_per_us() || nic_wants_trap(port->nic)))
		bar_trap_all(&port->bar);
	return moved;
}

static unsigned int
app_poll(struct sim_port *port)
{
	const struct sim_port *outer = polling; /* which a signal handler interrupted */
	uint64_t start, cycles;
	unsigned int moved;

	if (atomic_flag_test_and_set_explicit(&port->poll.busy, memory_order_acquire))
		return 0;
	polling = port;
	start = rte_rdtsc();
	sim_poll_serve(port, start);
	moved = sim_poll_nic(port, start);
	cycles = rte_rdtsc() - start;
	sim_count(&port->poll.total_cycles, cycles);
	if (moved > 0)
		sim_count(&port->poll.busy_cycles, cycles);
	polling = outer;
	atomic_flag_clear_explicit(&port->poll.busy, memory_order_release);
	return moved;
}

unsigned int
sim82599_poll(unsigned int number)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	struct sim_port *port = NULL;

	if (number < SIM_MAX_PORTS)
		port = atomic_load_explicit(&app_ports[number], memory_order_acquire);
	if (likely(port != NULL))
		return app_poll(port);
	if (!atomic_flag_test_and_set(&told))
		SIM_LOG(ERR, "sim82599_poll(%u) is wrong; allowed: N of a port sim82599_N with "
			"core=app", number);
	return 0;
}

void
sim_poll_before_access(struct sim_port *port)
{
	static const char text[] = "sim82599: a signal handler that interrupted sim82599_poll() "
		"accesses a register, and would wait for ever; block the signal meanwhile\n";

	if (polling == port) {
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		abort();
	}
	if (atomic_load_explicit(&app_ports[port->index], memory_order_acquire) == port)
		app_poll(port);
}

void
sim_poll_add(struct sim_port *port)
{
	atomic_store_explicit(&app_ports[port->index], port, memory_order_release);
}

void
sim_poll_remove(struct sim_port *port)
{
	atomic_store(&app_ports[port->index], NULL);
}

void
sim_poll_info(const struct sim_port *port, struct sim_thread_info *info)
{
	info->busy = atomic_load(&port->poll.busy_cycles);
	info->total = atomic_load(&port->poll.total_cycles);
}
