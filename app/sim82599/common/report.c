/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <inttypes.h>
#include <stddef.h>

#include "report.h"

struct counter {
	const char *name;
	size_t offset;
};

#define NIC(field) { #field, offsetof(struct nic_counts, field) }
static const struct counter nic_counters[] = {
	NIC(rx_packets), NIC(rx_bytes), NIC(tx_packets), NIC(tx_bytes),
	NIC(rx_filtered), NIC(rx_missed), NIC(rx_disabled),
	NIC(tx_unsupported),
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

void
report_counters(struct nic *nic, struct wire *wire,
		void (*add)(void *arg, const char *name, uint64_t value), void *arg)
{
	struct wire_counts of_wire;
	struct nic_counts of_nic;
	uint64_t messages = 0;

	nic_get_counts(nic, &of_nic);
	wire_get_counts(wire, &of_wire);
	add_all(nic_counters, sizeof(nic_counters) / sizeof(nic_counters[0]), &of_nic, add, arg);
	for (unsigned int v = 0; v < NIC_MSIX_VECTORS; v++)
		messages += of_nic.messages[v];
	add(arg, "messages", messages);
	add_all(wire_counters, sizeof(wire_counters) / sizeof(wire_counters[0]), &of_wire, add,
		arg);
	add(arg, "done", of_wire.done);
}

void
report_line(FILE *f, struct nic *nic, struct wire *wire)
{
	struct wire_counts w;
	struct nic_counts n;
	char violation[200];

	nic_get_counts(nic, &n);
	wire_get_counts(wire, &w);
	nic_get_first_violation(nic, violation, sizeof(violation));
	fprintf(f, "rx %" PRIu64 " packets, tx %" PRIu64 ", missed %" PRIu64
		"; wire: in %" PRIu64 ", lost %" PRIu64 ", out %" PRIu64 ", intact %" PRIu64
		", reordered %" PRIu64 ", corrupt %" PRIu64 ", duplicated %" PRIu64
		", foreign %" PRIu64 ", dropped %" PRIu64 "; DMA refused %" PRIu64
		"; rule violations %" PRIu64 "%s%s%s",
		n.rx_packets, n.tx_packets, n.rx_missed, w.to_nic, w.lost, w.from_nic, w.intact,
		w.reordered, w.corrupt, w.duplicated, w.foreign, w.dropped, n.dma_refused,
		n.violations,
		violation[0] != '\0' ? " (" : "", violation, violation[0] != '\0' ? ")" : "");
}

void
report_number(void *f, const char *name, uint64_t value)
{
	fprintf(f, "\t\"%s\": %" PRIu64 ",\n", name, value);
}

void
report_string(FILE *f, const char *name, const char *value)
{
	fprintf(f, "\t\"%s\": \"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', f);
		if ((unsigned char)*value >= ' ')
			fputc(*value, f);
	}
	fprintf(f, "\",\n");
}

/* One more member of {"name": n, ...}. */
static void
report_member(FILE *f, bool *first, const char *name, uint64_t n)
{
	fprintf(f, "%s\n\t\t\"%s\": %" PRIu64, *first ? "" : ",", name, n);
	*first = false;
}

void
report_absent(FILE *f, struct nic *nic)
{
	const char *name;
	bool first = true;
	uint64_t n;

	fprintf(f, "\t\"not_emulated\": {");
	for (unsigned int i = 0; (name = nic_get_absent(nic, i, &n)) != NULL; i++)
		if (n > 0)
			report_member(f, &first, name, n);
	fprintf(f, "%s},\n", first ? "" : "\n\t");
}

void
report_rules(FILE *f, struct nic *nic)
{
	const struct nic_rule *rule;
	struct nic_reg_info info;
	uint32_t cursor = 0;
	bool first = true;
	uint64_t n;

	fprintf(f, "\t\"ill_written\": {");
	while (nic_next_ill_written(nic, &cursor, &info, &n))
		report_member(f, &first, info.name, n);
	fprintf(f, "%s},\n", first ? "" : "\n\t");
	first = true;
	fprintf(f, "\t\"rules\": {");
	for (unsigned int i = 0; (rule = nic_get_rule(nic, i, &n)) != NULL; i++)
		if (n > 0)
			report_member(f, &first, rule->name, n);
	fprintf(f, "%s}\n", first ? "" : "\n\t");
}
