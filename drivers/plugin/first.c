/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * A plugin's PCI driver comes first.
 *
 * Of the drivers that match a device, DPDK's PCI bus takes the one that was registered first: that
 * is one which the program was linked with, as Debian's dpdk-testpmd is with net_ixgbe, before any
 * that a plugin brings. But who names a plugin on the command line wants its driver. This file is
 * part of the plugin only; the driver itself, and a build in DPDK's tree, know nothing of it.
 */

#include <string.h>

#include <rte_version.h>
#include <bus_driver.h>
#include <bus_pci_driver.h>

#if RTE_VERSION >= RTE_VERSION_NUM(26, 7, 0, 0)
#error "this DPDK's PCI bus keeps its drivers elsewhere"
#endif

/* The layout of the PCI bus is private to it (drivers/bus/pci/private.h). */
struct pci_bus {
	struct rte_bus bus;
	RTE_TAILQ_HEAD(, rte_pci_device) devices;
	RTE_TAILQ_HEAD(, rte_pci_driver) drivers;
};

/* Constructors run in the order of the linker's inputs: this one after the driver's own, which
 * has appended the driver to the list. */
RTE_INIT(plugin_driver_first)
{
	struct pci_bus *bus = container_of(rte_bus_find_by_name("pci"), struct pci_bus, bus);
	struct rte_pci_driver *last = NULL, *driver;

	RTE_TAILQ_FOREACH(driver, &bus->drivers, next)
		last = driver;
	if (last == NULL || strcmp(last->driver.name, PLUGIN_DRIVER) != 0)
		return;
	TAILQ_REMOVE(&bus->drivers, last, next);
	TAILQ_INSERT_HEAD(&bus->drivers, last, next);
}
