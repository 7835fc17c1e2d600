/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* /sim82599/... of DPDK's telemetry. PORT is sim82599_N, or N alone. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>
#include <rte_version.h>

#include "sim82599.h"

#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
#define rte_tel_data_add_dict_uint rte_tel_data_add_dict_u64
#endif

#define MAX_ENTRIES 250 /* a dictionary has 256 at most */

static int __rte_format_printf(2, 3)
answer(struct rte_tel_data *d, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return rte_tel_data_string(d, text);
}

static void
add_number(void *d, const char *name, uint64_t value)
{
	rte_tel_data_add_dict_uint(d, name, value);
}

static int
on_stats(struct sim_port *port, const char *rest __rte_unused, struct rte_tel_data *d)
{
	rte_tel_data_start_dict(d);
	sim_counters(port, add_number, d);
	return 0;
}

static int
on_rules(struct sim_port *port, const char *rest __rte_unused, struct rte_tel_data *d)
{
	const struct nic_rule *rule;
	char first[RTE_TEL_MAX_STRING_LEN];
	uint64_t n;

	rte_tel_data_start_dict(d);
	for (unsigned int i = 0; (rule = nic_get_rule(port->nic, i, &n)) != NULL; i++)
		add_number(d, rule->name, n);
	nic_get_first_violation(port->nic, first, sizeof(first));
	rte_tel_data_add_dict_string(d, "first_violation", first);
	return 0;
}

static int
on_absent(struct sim_port *port, const char *rest __rte_unused, struct rte_tel_data *d)
{
	const char *name;
	uint64_t n;

	rte_tel_data_start_dict(d);
	for (unsigned int i = 0; (name = nic_get_absent(port->nic, i, &n)) != NULL; i++)
		add_number(d, name, n);
	return 0;
}

/* A dictionary's names are letters, digits, '_': RDT[5] becomes RDT_5. */
static void
dict_name(char *name)
{
	char *to = name;

	for (const char *from = name; *from != '\0'; from++)
		if (*from != ']')
			*to++ = *from == '[' ? '_' : *from;
	*to = '\0';
}

/* All registers that begin with what is given, or all that are not zero. */
static int
on_regs(struct sim_port *port, const char *prefix, struct rte_tel_data *d)
{
	struct nic_reg_info info;
	uint32_t cursor = 0, value;
	unsigned int n = 0;

	rte_tel_data_start_dict(d);
	while (nic_next_reg(&cursor, &info)) {
		dict_name(info.name);
		if (strncmp(info.name, prefix, strlen(prefix)) != 0)
			continue;
		value = nic_peek(port->nic, info.offset);
		if (value == 0 && prefix[0] == '\0')
			continue;
		if (n++ < MAX_ENTRIES)
			add_number(d, info.name, value);
	}
	if (n > MAX_ENTRIES)
		add_number(d, "left_out", n - MAX_ENTRIES);
	return 0;
}

/* How often the line was asserted, and messages by vector. */
static int
on_irq(struct sim_port *port, const char *rest __rte_unused, struct rte_tel_data *d)
{
	struct nic_counts counts;
	char name[16];

	nic_get_counts(port->nic, &counts);
	rte_tel_data_start_dict(d);
	add_number(d, "line", counts.irq_line);
	for (unsigned int v = 0; v < NIC_MSIX_VECTORS; v++) {
		snprintf(name, sizeof(name), "vector_%u", v);
		if (counts.messages[v] > 0)
			add_number(d, name, counts.messages[v]);
	}
	return 0;
}

static int
on_link(struct sim_port *port, const char *state, struct rte_tel_data *d)
{
	if (strcmp(state, "up") != 0 && strcmp(state, "down") != 0)
		return answer(d, "%s: '%s' is wrong; allowed: up, down", port->name, state);
	port->wire->light = state[0] == 'u';
	return answer(d, "%s: light %s", port->name, state);
}

static int
on_fault(struct sim_port *port, const char *names, struct rte_tel_data *d)
{
	uint32_t faults;

	if (!parse_faults(names, &faults))
		return answer(d, "%s: '%s' is wrong; allowed, joined by '+': %s",
			      port->name, names, fault_list());
	nic_set_faults(port->nic, faults);
	return answer(d, "%s: fault %s", port->name, names);
}

static int
on_start(struct sim_port *port, const char *text, struct rte_tel_data *d)
{
	unsigned long long count;
	char *end;
	int ret;

	errno = 0;
	count = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
		return answer(d, "%s: '%s' is wrong; allowed: a number of frames, 0 for no end",
			      port->name, text);
	ret = wire_start(port->wire, count);
	if (ret < 0)
		return answer(d, "%s: wire=%s does not start: %s", port->name,
			      port->args.device.wire, strerror(-ret));
	return answer(d, "%s: started", port->name);
}

static int
on_stop(struct sim_port *port, const char *rest __rte_unused, struct rte_tel_data *d)
{
	int ret = wire_stop(port->wire);

	if (ret < 0)
		return answer(d, "%s: wire=%s does not stop: %s", port->name,
			      port->args.device.wire, strerror(-ret));
	return answer(d, "%s: stopped", port->name);
}

static const struct {
	const char *name, *help;
	int (*handle)(struct sim_port *port, const char *rest, struct rte_tel_data *d);
} commands[] = {
	{ "/sim82599/stats", "Counters of the device, its wire and its thread. Parameters: PORT",
	  on_stats },
	{ "/sim82599/rules", "How often each rule of the data sheet was violated. Parameters: PORT",
	  on_rules },
	{ "/sim82599/absent", "How often a driver asked for what is not emulated. Parameters: PORT",
	  on_absent },
	{ "/sim82599/regs", "Registers. Parameters: PORT[,START OF NAME]; without: those not zero",
	  on_regs },
	{ "/sim82599/irq", "Interrupts: the line, messages by vector. Parameters: PORT", on_irq },
	{ "/sim82599/link", "Light on the wire. Parameters: PORT,up|down", on_link },
	{ "/sim82599/fault", "Misbehaviour. Parameters: PORT,NAME[+NAME...]|none", on_fault },
	{ "/sim82599/start", "Let a generator send. Parameters: PORT,COUNT", on_start },
	{ "/sim82599/stop", "Stop a generator. Parameters: PORT", on_stop },
};

static struct sim_port *
find_port(const char *name, size_t len)
{
	char number[8];
	struct sim_port *port;

	TAILQ_FOREACH(port, &sim_ports, next) {
		snprintf(number, sizeof(number), "%u", port->index);
		if ((strlen(port->name) == len && memcmp(port->name, name, len) == 0) ||
		    (strlen(number) == len && memcmp(number, name, len) == 0))
			return port;
	}
	return NULL;
}

static int
on_command(const char *cmd, const char *params, struct rte_tel_data *d)
{
	size_t len = params != NULL ? strcspn(params, ",") : 0;
	struct sim_port *port;
	sigset_t old;
	int ret = -EINVAL;

	sim_block_signals(&old);
	pthread_mutex_lock(&sim_mutex);
	port = find_port(params, len);
	for (unsigned int i = 0; i < RTE_DIM(commands); i++) {
		if (strcmp(commands[i].name, cmd) != 0)
			continue;
		if (port != NULL)
			ret = commands[i].handle(port, params[len] == ',' ? params + len + 1 : "",
						 d);
		else
			ret = answer(d, "no port '%.*s'; allowed: N or " PORT_PREFIX "N, as "
				     "/sim82599/list has them", (int)len, len > 0 ? params : "");
	}
	pthread_mutex_unlock(&sim_mutex);
	sim_restore_signals(&old);
	return ret;
}

static int
on_list(const char *cmd __rte_unused, const char *params __rte_unused, struct rte_tel_data *d)
{
	struct sim_thread_info thread;
	struct rte_tel_data *entry;
	struct sim_port *port;
	sigset_t old;

	rte_tel_data_start_dict(d);
	sim_block_signals(&old);
	pthread_mutex_lock(&sim_mutex);
	TAILQ_FOREACH(port, &sim_ports, next) {
		char address[PCI_PRI_STR_SIZE + 1];

		entry = rte_tel_data_alloc();
		if (entry == NULL)
			break;
		rte_pci_device_name(&port->args.pci, address, sizeof(address));
		sim_thread_info(port, &thread);
		rte_tel_data_start_dict(entry);
		rte_tel_data_add_dict_string(entry, "pci", address);
		rte_tel_data_add_dict_string(entry, "driver", port->driver->driver.name);
		rte_tel_data_add_dict_string(entry, "wire", port->args.device.wire);
		rte_tel_data_add_dict_string(entry, "link",
					     nic_link_is_up(port->nic) ? "up" : "down");
		rte_tel_data_add_dict_int(entry, "core", thread.core);
		rte_tel_data_add_dict_container(d, port->name, entry, 0);
	}
	pthread_mutex_unlock(&sim_mutex);
	sim_restore_signals(&old);
	return 0;
}

void
sim_telemetry_register(void)
{
	rte_telemetry_register_cmd("/sim82599/list", on_list, "The software NICs. No parameters");
	for (unsigned int i = 0; i < RTE_DIM(commands); i++)
		rte_telemetry_register_cmd(commands[i].name, on_command, commands[i].help);
}
