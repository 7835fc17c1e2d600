/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>

#include "../common/report.h"
#include "sim82599.h"

struct counter {
	const char *name;
	size_t offset;
};

#define NIC(field) { #field, offsetof(struct nic_counts, field) }
static const struct counter nic_counters[] = {
	NIC(rx_packets), NIC(rx_bytes), NIC(tx_packets), NIC(tx_bytes),
	NIC(rx_filtered), NIC(rx_missed), NIC(tx_unsupported),
	NIC(reg_reads), NIC(reg_writes), NIC(rdt_writes), NIC(tdt_writes),
	NIC(desc_reads), NIC(desc_writes), NIC(pcie_up), NIC(pcie_down),
	NIC(dma_refused), NIC(unknown_access), NIC(violations), NIC(irq_line),
};

#define WIRE(field) { #field, offsetof(struct wire_counts, field) }
static const struct counter wire_counters[] = {
	WIRE(to_nic), WIRE(to_nic_bytes), WIRE(from_nic), WIRE(from_nic_bytes),
	WIRE(intact), WIRE(reordered), WIRE(corrupt), WIRE(duplicated), WIRE(foreign),
	WIRE(lost), WIRE(dropped),
};

static void
add_all(const struct counter *counters, size_t n, const void *values,
	void (*add)(void *arg, const char *name, uint64_t value), void *arg)
{
	for (size_t i = 0; i < n; i++)
		add(arg, counters[i].name,
		    *(const uint64_t *)((const char *)values + counters[i].offset));
}

static void
get_counts(struct sim_port *port, struct nic_counts *nic, struct wire_counts *wire)
{
	sigset_t old;

	sim_block_signals(&old);
	nic_get_counts(port->nic, nic);
	wire_get_counts(port->wire, wire);
	sim_restore_signals(&old);
}

void
sim_counters(struct sim_port *port,
	     void (*add)(void *arg, const char *name, uint64_t value), void *arg)
{
	struct sim_thread_info thread;
	struct wire_counts wire;
	struct nic_counts nic;
	uint64_t messages = 0;

	get_counts(port, &nic, &wire);
	sim_thread_info(port, &thread);
	add_all(nic_counters, RTE_DIM(nic_counters), &nic, add, arg);
	for (unsigned int v = 0; v < NIC_MSIX_VECTORS; v++)
		messages += nic.messages[v];
	add(arg, "messages", messages);
	add_all(wire_counters, RTE_DIM(wire_counters), &wire, add, arg);
	add(arg, "done", wire.done);
	add(arg, "thread_busy_cycles", thread.busy);
	add(arg, "thread_total_cycles", thread.total);
	add(arg, "doorbells_direct", atomic_load(&port->bar.direct));
	add(arg, "doorbell_flips", atomic_load(&port->bar.flips));
	add(arg, "traps", atomic_load(&port->bar.traps));
}

static void
report_file(struct sim_port *port, const char *violation)
{
	FILE *f = port->report;

	fprintf(f, "{\n");
	report_string(f, "port", port->name);
	report_string(f, "driver", port->driver->driver.name);
	report_string(f, "wire", port->args.wire);
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
	struct wire_counts wire;
	struct nic_counts nic;
	char violation[200];

	get_counts(port, &nic, &wire);
	sim_thread_info(port, &thread);
	nic_get_first_violation(port->nic, violation, sizeof(violation));
	fprintf(stderr, "%s (%s): rx %" PRIu64 " packets, tx %" PRIu64 ", missed %" PRIu64
		"; wire: in %" PRIu64 ", lost %" PRIu64 ", out %" PRIu64 ", intact %" PRIu64
		", reordered %" PRIu64 ", corrupt %" PRIu64 ", duplicated %" PRIu64 ", foreign %" PRIu64
		", dropped %" PRIu64 "; DMA refused %" PRIu64 "; rule violations %" PRIu64 "%s%s%s"
		"; device thread %" PRIu64 "%% busy\n",
		port->name, port->driver->driver.name, nic.rx_packets, nic.tx_packets,
		nic.rx_missed, wire.to_nic, wire.lost, wire.from_nic, wire.intact,
		wire.reordered, wire.corrupt, wire.duplicated, wire.foreign, wire.dropped, nic.dma_refused,
		nic.violations,
		violation[0] != '\0' ? " (" : "", violation, violation[0] != '\0' ? ")" : "",
		thread.total > 0 ? thread.busy * 100 / thread.total : 0);
	if (port->report == NULL)
		return;
	report_file(port, violation);
	if (fflush(port->report) != 0)
		fprintf(stderr, "%s: report=%s: %s\n", port->name, port->args.report, strerror(errno));
}
