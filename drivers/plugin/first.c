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

/* Until 26.07 the list of drivers was in a structure that is private to the PCI bus
 * (drivers/bus/pci/private.h). Since then each bus has one. */
#if RTE_VERSION < RTE_VERSION_NUM(26, 7, 0, 0)
struct pci_bus {
	struct rte_bus bus;
	RTE_TAILQ_HEAD(, rte_pci_device) devices;
	RTE_TAILQ_HEAD(, rte_pci_driver) drivers;
};
#define DRIVERS(generic) (&container_of(generic, struct pci_bus, bus)->drivers)
#define NAME(pci_driver) ((pci_driver)->driver.name)
typedef struct rte_pci_driver driver_t;
#else
#define DRIVERS(generic) (&(generic)->driver_list)
#define NAME(generic_driver) ((generic_driver)->name)
typedef struct rte_driver driver_t;
#endif

/* Constructors run in the order of the linker's inputs: this one after the driver's own, which
 * has appended the driver to the list. */
RTE_INIT(plugin_driver_first)
{
	struct rte_bus *bus = rte_bus_find_by_name("pci");
	driver_t *last = NULL, *driver;

	RTE_TAILQ_FOREACH(driver, DRIVERS(bus), next)
		last = driver;
	if (last == NULL || strcmp(NAME(last), PLUGIN_DRIVER) != 0)
		return;
	TAILQ_REMOVE(DRIVERS(bus), last, next);
	TAILQ_INSERT_HEAD(DRIVERS(bus), last, next);
}
