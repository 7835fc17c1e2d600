/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * A virtual device of DPDK that plugs a software 82599 into DPDK's PCI bus:
 *
 *   --vdev=sim82599_N[,key=value]...
 *
 *     driver=NAME           PCI driver that gets it (default: the first that matches)
 *     pci=DDDD:BB:DD.F      address (default 0000:03:00.0, then 03:00.1, 04:00.0, ...)
 *     wire=...              what is plugged in, see wire.h (default none)
 *     mac=xx:xx:xx:xx:xx:xx (default 02:82:59:00:00:NN)
 *     strict=0|1            refuse what the data sheet forbids (default 0: only count)
 *     doorbells=adaptive|trap
 *     core=N|app            processor of the device thread (default: the main lcore's); app: none,
 *                           the program calls sim82599_poll()
 *     fault=NAME[+NAME]...  misbehaviour
 *     trace=FILE            a line for every register access
 *     report=FILE           counters at the end, JSON
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bus_vdev_driver.h>
#include <rte_eal.h>
#include <rte_pci.h>

#include "sim82599.h"

/* Arguments */

static bool
set_driver(void *to, const char *value)
{
	struct sim_args *args = to;

	args->driver = value;
	return value[0] != '\0';
}

static bool
set_pci(void *to, const char *value)
{
	struct sim_args *args = to;

	args->pci_given = true;
	return rte_pci_addr_parse(value, &args->pci) == 0 && args->pci.function <= 1;
}

static bool
set_doorbells(void *to, const char *value)
{
	return parse_choice(value, "trap", "adaptive", &((struct sim_args *)to)->adaptive);
}

static bool
set_core(void *to, const char *value)
{
	struct sim_args *args = to;
	unsigned long core;

	if (strcmp(value, "app") == 0) {
		args->core = SIM_CORE_APP;
		return true;
	}
	if (!parse_number(value, CPU_SETSIZE - 1, &core))
		return false;
	args->core = core;
	return true;
}

static const struct arg arguments[] = {
	{ "driver", set_driver, "the name of a PCI driver" },
	{ "pci", set_pci, "[DDDD:]BB:DD.F, function F 0 or 1" },
	{ "doorbells", set_doorbells, "adaptive or trap" },
	{ "core", set_core, "the number of a processor, or app" },
	DEVICE_ARGS,
};

/* Not by rte_kvargs, to which the second '=' of "wire=cable=..." starts another pair. */
static int
parse_args(struct sim_port *port, const char *text)
{
	struct sim_args *args = &port->args;
	char err[256];

	args->device.wire = "none";
	args->core = SIM_CORE_MAIN;
	args->adaptive = true;
	memcpy(args->device.mac, (uint8_t[6]){ 0x02, 0x82, 0x59, 0, 0, port->index }, 6);
	args->text = strdup(text != NULL ? text : "");
	if (args->text == NULL) {
		SIM_LOG(ERR, "%s: no memory for its arguments", port->name);
		return -ENOMEM;
	}
	if (args_parse(args->text, arguments, RTE_DIM(arguments), args, err, sizeof(err)))
		return 0;
	SIM_LOG(ERR, "%s: %s", port->name, err);
	return -EINVAL;
}

static int
parse_name(struct sim_port *port, const char *name)
{
	if (!port_parse_name(name, SIM_MAX_PORTS, &port->index)) {
		SIM_LOG(ERR, "%s: wrong name; allowed: " PORT_PREFIX "0 to " PORT_PREFIX "%d",
			name, SIM_MAX_PORTS - 1);
		return -EINVAL;
	}
	return 0;
}

/* The device, seen from its host */

static void
host_irq(void *host, bool level)
{
	sim_pci_irq(host, level);
}

static void
host_message(void *host, unsigned int vector)
{
	sim_pci_message(host, vector);
}

static const struct nic_host_ops host_ops = {
	.map = iommu_window, .epoch = &iommu_epoch, .irq = host_irq, .message = host_message,
};

static void
before_access(struct bar *bar)
{
	struct sim_port *port = container_of(bar, struct sim_port, bar);

	sim_pci_before_access(port);
	sim_poll_before_access(port);
}

/* Creation and removal */

static int
open_files(struct sim_port *port)
{
	const struct sim_args *args = &port->args;
	struct sim_port *other;
	int ret;

	TAILQ_FOREACH(other, &sim_ports, next) {
		if (args->device.report == NULL || other->args.device.report == NULL ||
		    strcmp(args->device.report, other->args.device.report) != 0)
			continue;
		SIM_LOG(ERR, "%s: report=%s is that of %s; allowed: a file for each port",
			port->name, args->device.report, other->name);
		return -EBUSY;
	}
	if (args->device.trace != NULL) {
		port->trace_fd = open(args->device.trace,
				      O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
		if (port->trace_fd < 0) {
			ret = -errno;
			SIM_LOG(ERR, "%s: trace=%s: %s; allowed: a file that can be written",
				port->name, args->device.trace, strerror(-ret));
			return ret;
		}
	}
	if (args->device.report != NULL) {
		port->report = fopen(args->device.report, "we");
		if (port->report == NULL) {
			ret = -errno;
			SIM_LOG(ERR, "%s: report=%s: %s; allowed: a file that can be written",
				port->name, args->device.report, strerror(-ret));
			return ret;
		}
	}
	return 0;
}

/* Does a cable lead to a port that can be its other end? That port may come later, also in place
 * of another one, which is then said once. */
static int
check_cables(const struct sim_port *port)
{
	const char *wire = port->args.device.wire;
	struct sim_port *other;
	unsigned int peer;
	char err[256];

	if (!port_check_cable(port->name, wire, SIM_MAX_PORTS, &peer, err, sizeof(err))) {
		SIM_LOG(ERR, "%s: %s", port->name, err);
		return -EINVAL;
	}
	TAILQ_FOREACH(other, &sim_ports, next) {
		const char *other_wire = other->args.device.wire;
		bool there = port_is_cable_to(wire, other->name);
		bool back = port_is_cable_to(other_wire, port->name);

		if (there && !back) {
			port_cable_error(port->name, wire, other->name, other_wire, err,
					 sizeof(err));
			SIM_LOG(ERR, "%s: %s", port->name, err);
			return -EINVAL;
		}
		if (back && !there)
			SIM_LOG(WARNING,
				"%s: wire: %s is not the other end of %s's %s: no link there",
				port->name, wire, other->name, other_wire);
		if (there)
			return 0;
	}
	if (peer < SIM_MAX_PORTS)
		SIM_LOG(NOTICE, "%s: wire: %s: no link until " PORT_PREFIX "%u is there, too",
			port->name, wire, peer);
	return 0;
}

static int
find_end(const struct rte_memseg_list *msl, void *arg)
{
	uintptr_t *end = arg;

	*end = RTE_MAX(*end, (uintptr_t)msl->base_va + msl->len);
	return 0;
}

/* BAR0 has the same address in secondary processes: behind DPDK's memory, which they have at the
 * same addresses, and behind where the PCI bus puts the BARs of cards. */
static void *
bar_place(const struct sim_port *port)
{
	const uintptr_t gigabyte = 1ul << 30;
	uintptr_t end = 0;

	rte_memseg_list_walk(find_end, &end);
	return (void *)(RTE_ALIGN_CEIL(end, gigabyte) + 4 * gigabyte +
			port->index * 2 * (uintptr_t)NIC_BAR_SIZE);
}

static int
create_device(struct sim_port *port)
{
	const struct sim_args *args = &port->args;
	struct nic_config config = {
		.name = port->name,
		.host_ops = &host_ops,
		.host = port,
		.lan_id = args->pci.function,
		.strict = args->device.strict,
		.faults = args->device.faults,
		.trace_fd = port->trace_fd,
	};
	const struct sim_port *neighbour;
	char err[256] = "";
	const char *what;
	int ret;

	port->wire = wire_create(args->device.wire, port->name, args->device.mac, err, sizeof(err));
	if (port->wire == NULL) {
		ret = -errno;
		SIM_LOG(ERR, "%s: %s", port->name, err);
		return ret;
	}

	what = "interrupt line";
	port->irq_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ret = port->irq_fd < 0 ? -errno : 0;
	if (ret == 0) {
		what = "IOMMU";
		ret = iommu_get();
		port->iommu = ret == 0;
	}
	if (ret == 0) {
		what = "BAR";
		ret = bar_map(&port->bar, port->name, bar_place(port));
	}
	if (ret == 0) {
		what = "card";
		neighbour = sim_port_in_slot(&args->pci); /* the other function of the card */
		port->card = neighbour != NULL ? neighbour->card : nic_card_create();
		ret = port->card == NULL ? -errno : 0;
	}
	if (ret == 0) {
		what = "device";
		config.bar = port->bar.device;
		config.card = port->card;
		memcpy(config.mac, args->device.mac, sizeof(config.mac));
		port->nic = nic_create(&config);
		ret = port->nic == NULL ? -errno : 0;
	}
	if (ret == 0) {
		what = "trap handler";
		nic_set_irq_mode(port->nic, NIC_IRQ_MSIX_LINE);
		nic_set_wire(port->nic, port->wire);
		port->bar.before = before_access;
		ret = bar_attach(&port->bar, port->nic, args->adaptive);
	}
	if (ret < 0)
		SIM_LOG(ERR, "%s: cannot make its %s: %s", port->name, what, strerror(-ret));
	return ret;
}

/* Whatever was created of it; the driver must have let go, and no list hold it. */
static void
port_free(struct sim_port *port)
{
	if (port->bar.mailbox != NULL)
		atomic_store(&port->bar.mailbox->closed, true);
	sim_thread_remove(port);
	bar_detach(&port->bar);
	if (port->nic != NULL)
		nic_free(port->nic);
	wire_free(port->wire);
	if (port->card != NULL && sim_port_in_slot(&port->args.pci) == NULL)
		nic_card_free(port->card);
	bar_unmap(&port->bar);
	if (port->iommu)
		iommu_put();
	if (port->irq_fd >= 0)
		close(port->irq_fd);
	for (unsigned int i = 0; i < SIM_QUEUE_VECTORS; i++)
		if (port->queue_fd[i] >= 0)
			close(port->queue_fd[i]);
	if (port->trace_fd >= 0)
		close(port->trace_fd);
	if (port->report != NULL)
		fclose(port->report);
	free(port->args.text);
	free(port);
}

static int
sim_probe(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct sim_port *port;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return sim_secondary_probe(name);
	port = sim_port_new(name);
	if (port == NULL)
		return -ENOMEM;

	ret = parse_name(port, name);
	if (ret == 0)
		ret = parse_args(port, rte_vdev_device_args(vdev));
	if (ret == 0)
		ret = sim_pci_address(port);
	if (ret == 0)
		ret = sim_pci_driver(port);
	if (ret == 0)
		ret = check_cables(port);
	if (ret == 0)
		ret = open_files(port);
	if (ret == 0)
		ret = create_device(port);
	if (ret == 0)
		ret = sim_thread_add(port);
	if (ret == 0)
		ret = sim_pci_plug(port);
	if (ret < 0) {
		port_free(port);
		return ret;
	}
	sim_ending_watch();
	sim_secondary_allow();
	pthread_mutex_lock(&sim_mutex);
	TAILQ_INSERT_TAIL(&sim_ports, port, next);
	pthread_mutex_unlock(&sim_mutex);
	return 0;
}

static int
sim_remove(struct rte_vdev_device *vdev)
{
	const char *name = rte_vdev_device_name(vdev);
	struct sim_port *port;
	int ret;

	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return sim_secondary_remove(name);
	port = sim_port_find(&sim_ports, name);
	if (port == NULL)
		return 0;
	ret = sim_pci_unplug(port);
	if (ret < 0) {
		/* The driver still has it, but memory may be about to go. */
		sim_thread_remove(port);
		return ret;
	}
	pthread_mutex_lock(&sim_mutex);
	TAILQ_REMOVE(&sim_ports, port, next);
	pthread_mutex_unlock(&sim_mutex);
	if (TAILQ_EMPTY(&sim_ports))
		sim_ending_unwatch();
	sim_thread_remove(port);
	sim_report(port);
	port_free(port);
	return 0;
}

static struct rte_vdev_driver sim82599_driver = {
	.probe = sim_probe,
	.remove = sim_remove,
	.drv_flags = RTE_VDEV_DRV_NEED_IOVA_AS_VA,
};

RTE_PMD_REGISTER_VDEV(sim82599, sim82599_driver);
RTE_PMD_REGISTER_PARAM_STRING(sim82599,
	"driver=<name> pci=<address> wire=<description> mac=<address> strict=0|1 "
	"doorbells=adaptive|trap core=<n>|app fault=<name>[+<name>...] "
	"trace=<file> report=<file>");

RTE_INIT(sim82599_init)
{
	sim82599_logtype = rte_log_register_type_and_pick_level("sim82599", RTE_LOG_NOTICE);
	sim_telemetry_register();
}
