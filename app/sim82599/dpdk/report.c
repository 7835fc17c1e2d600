/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>

#include "../common/report.h"
#include "sim82599.h"

void
sim_counters(struct sim_port *port,
	     void (*add)(void *arg, const char *name, uint64_t value), void *arg)
{
	struct sim_thread_info thread;
	sigset_t old;

	sim_block_signals(&old);
	report_counters(port->nic, port->wire, add, arg);
	sim_restore_signals(&old);
	sim_thread_info(port, &thread);
	add(arg, "thread_busy_cycles", thread.busy);
	add(arg, "thread_total_cycles", thread.total);
	add(arg, "doorbells_direct", atomic_load(&port->bar.direct));
	add(arg, "doorbell_flips", atomic_load(&port->bar.flips));
	add(arg, "traps", atomic_load(&port->bar.traps));
	add(arg, "secondaries", atomic_load(&port->bar.mailbox->users));
}

struct wanted {
	const char *name;
	uint64_t value;
};

static void
keep_wanted(void *arg, const char *name, uint64_t value)
{
	struct wanted *wanted = arg;

	if (strcmp(name, wanted->name) == 0)
		wanted->value = value;
}

uint64_t
sim82599_counter(unsigned int number, const char *name)
{
	struct wanted wanted = { name, UINT64_MAX };
	struct sim_port *port;

	pthread_mutex_lock(&sim_mutex);
	TAILQ_FOREACH(port, &sim_ports, next)
		if (port->index == number)
			sim_counters(port, keep_wanted, &wanted);
	pthread_mutex_unlock(&sim_mutex);
	return wanted.value;
}

static void
report_file(struct sim_port *port, const char *violation)
{
	FILE *f = port->report;

	fprintf(f, "{\n");
	report_string(f, "port", port->name);
	report_string(f, "driver", port->driver->driver.name);
	report_string(f, "wire", port->args.device.wire);
	report_string(f, "first_violation", violation);
	report_number(f, "tsc_hz", rte_get_tsc_hz());
	sim_counters(port, report_number, f);
	report_absent(f, port->nic);
	report_rules(f, port->nic);
	fprintf(f, "}\n");
}

void
sim_report(struct sim_port *port)
{
	struct sim_thread_info thread;
	char violation[200];
	sigset_t old;

	sim_thread_info(port, &thread);
	sim_block_signals(&old);
	nic_get_first_violation(port->nic, violation, sizeof(violation));
	fprintf(stderr, "%s (%s): ", port->name, port->driver->driver.name);
	report_line(stderr, port->nic, port->wire);
	sim_restore_signals(&old);
	if (port->args.core == SIM_CORE_APP)
		fprintf(stderr, "; polled by the program\n");
	else
		fprintf(stderr, "; device thread %" PRIu64 "%% busy\n",
			thread.total > 0 ? thread.busy * 100 / thread.total : 0);
	if (port->report == NULL)
		return;
	report_file(port, violation);
	if (fflush(port->report) != 0)
		fprintf(stderr, "%s: report=%s: %s\n", port->name, port->args.device.report,
			strerror(errno));
}
