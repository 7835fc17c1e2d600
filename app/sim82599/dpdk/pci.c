/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What differs between versions of DPDK is here (but for one name in telemetry.c). */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bus_driver.h>
#include <dev_driver.h>
#include <rte_bus.h>
#include <rte_devargs.h>
#include <rte_interrupts.h>
#include <rte_lcore.h>
#include <rte_pci.h>
#include <rte_version.h>

#include "sim82599.h"

static struct sim_port *find_port(const struct rte_device *dev);
static int function_probe(struct sim_port *port);

/* The devices and drivers of the PCI bus. Until 26.07 the lists were in a structure of the PCI bus
 * that is private to it (drivers/bus/pci/private.h). Since then each bus has them. */
#if RTE_VERSION < RTE_VERSION_NUM(26, 7, 0, 0)
struct pci_bus {
	struct rte_bus bus;
	RTE_TAILQ_HEAD(, rte_pci_device) devices;
	RTE_TAILQ_HEAD(, rte_pci_driver) drivers;
};

#define PCI_BUS(generic) container_of(generic, struct pci_bus, bus)
#define FOREACH_DEVICE(dev, generic) TAILQ_FOREACH(dev, &PCI_BUS(generic)->devices, next)
#define FOREACH_DRIVER(driver, generic) TAILQ_FOREACH(driver, &PCI_BUS(generic)->drivers, next)

static void
bus_add(struct rte_bus *bus, struct rte_pci_device *dev)
{
	TAILQ_INSERT_TAIL(&PCI_BUS(bus)->devices, dev, next);
}

static void
bus_remove(struct rte_bus *bus, struct rte_pci_device *dev)
{
	TAILQ_REMOVE(&PCI_BUS(bus)->devices, dev, next);
}

static void
set_driver(struct rte_pci_device *dev, struct rte_pci_driver *driver)
{
	dev->driver = driver;
}

static rte_bus_plug_t bus_plug;

static int
hook_plug(struct rte_device *dev)
{
	struct sim_port *port = find_port(dev);

	return port != NULL ? function_probe(port) : bus_plug(dev);
}

static void
set_plug_hook(struct rte_bus *bus)
{
	bus_plug = bus->plug;
	bus->plug = hook_plug;
}
#else
#define FOREACH_DEVICE(dev, bus) RTE_BUS_FOREACH_DEV(dev, bus)
#define FOREACH_DRIVER(driver, bus) RTE_BUS_FOREACH_DRV(driver, bus)

static void
bus_add(struct rte_bus *bus, struct rte_pci_device *dev)
{
	rte_bus_add_device(bus, &dev->device);
}

static void
bus_remove(struct rte_bus *bus, struct rte_pci_device *dev)
{
	rte_bus_remove_device(bus, &dev->device);
}

static void
set_driver(struct rte_pci_device *dev, struct rte_pci_driver *driver)
{
	dev->device.driver = driver != NULL ? &driver->driver : NULL;
}

static rte_bus_probe_device_t bus_probe_device;

static int
hook_probe_device(struct rte_driver *driver, struct rte_device *dev)
{
	struct sim_port *port = find_port(dev);

	if (port == NULL)
		return bus_probe_device(driver, dev);
	return driver == &port->driver->driver ? function_probe(port) : 1; /* the next one */
}

static void
set_plug_hook(struct rte_bus *bus)
{
	bus_probe_device = bus->probe_device;
	bus->probe_device = hook_probe_device;
}
#endif

/* What the bus takes a device for, when it frees it. */
struct pci_function {
	struct rte_pci_device device;
#if RTE_VERSION >= RTE_VERSION_NUM(23, 7, 0, 0)
	struct {
		uint64_t size, offset;
	} region[9];
#endif
};

/* Ethernet Server Adapter X520-2, without Wake on LAN */
static const struct rte_pci_id sim_id = {
	.class_id = 0x020000,
	.vendor_id = NIC_VENDOR_ID,
	.device_id = NIC_DEVICE_ID,
	.subsystem_vendor_id = NIC_VENDOR_ID,
	.subsystem_device_id = 0x0003,
};

static struct rte_bus *
pci_bus(void)
{
	return rte_bus_find_by_name("pci");
}

static bool
is_ours(const struct rte_pci_device *dev)
{
	struct sim_port *port;

	TAILQ_FOREACH(port, &sim_ports, next)
		if (port->pci == dev)
			return true;
	return false;
}

/* Nothing at the function's address, and no stranger in its slot. */
static bool
is_free(const struct rte_bus *bus, const struct rte_pci_addr *addr)
{
	const struct rte_pci_device *dev;

	FOREACH_DEVICE(dev, bus) {
		if (dev->addr.domain != addr->domain || dev->addr.bus != addr->bus ||
		    dev->addr.devid != addr->devid)
			continue;
		if (dev->addr.function == addr->function || !is_ours(dev))
			return false;
	}
	return true;
}

/* What -a and -b say of an address: "-a <address>,key=value" has arguments for the driver. */
static struct rte_devargs *
find_devargs(const struct rte_pci_addr *addr)
{
	struct rte_devargs *devargs;
	struct rte_pci_addr a;

	RTE_EAL_DEVARGS_FOREACH("pci", devargs)
		if (rte_pci_addr_parse(devargs->name, &a) == 0 && rte_pci_addr_cmp(addr, &a) == 0)
			return devargs;
	return NULL;
}

/* A port is asked for by --vdev, so -a of others does not hide it; -b of its address does. */
static int
check_lists(const struct sim_port *port, const struct rte_bus *bus)
{
	const struct rte_devargs *devargs = find_devargs(&port->args.pci);
	char text[PCI_PRI_STR_SIZE + 1];

	rte_pci_device_name(&port->args.pci, text, sizeof(text));
	if (devargs != NULL && devargs->policy == RTE_DEV_BLOCKED) {
		SIM_LOG(ERR, "%s: %s is blocked by -b; choose another address with "
			"pci=DDDD:BB:DD.F", port->name, text);
		return -EACCES;
	}
	if (devargs == NULL && bus->conf.scan_mode == RTE_BUS_SCAN_ALLOWLIST)
		SIM_LOG(NOTICE, "%s: %s is not among the devices of -a, but --vdev asks for it",
			port->name, text);
	return 0;
}

int
sim_pci_address(struct sim_port *port)
{
	struct rte_pci_addr *addr = &port->args.pci;
	struct rte_bus *bus = pci_bus();
	char text[PCI_PRI_STR_SIZE + 1];

	if (bus == NULL) {
		SIM_LOG(ERR, "%s: DPDK has no PCI bus (librte_bus_pci is not loaded)", port->name);
		return -ENODEV;
	}
	if (port->args.pci_given) {
		if (is_free(bus, addr))
			return check_lists(port, bus);
		rte_pci_device_name(addr, text, sizeof(text));
		SIM_LOG(ERR, "%s: pci=%s is in use; allowed: a free address, function 0 or 1",
			port->name, text);
		return -EADDRINUSE;
	}
	/* Ports 0 and 1 are one card, 2 and 3 the next; not where a real device is. */
	addr->function = port->index % 2;
	for (addr->bus = 3 + port->index / 2; addr->bus < 255; addr->bus++)
		if (is_free(bus, addr))
			return check_lists(port, bus);
	SIM_LOG(ERR, "%s: no PCI address is free; choose one with pci=DDDD:BB:DD.F", port->name);
	return -EADDRINUSE;
}

static bool
id_matches(uint32_t wanted, uint32_t any, uint32_t id)
{
	return wanted == any || wanted == id;
}

static bool
driver_matches(const struct rte_pci_driver *driver)
{
	for (const struct rte_pci_id *id = driver->id_table; id->vendor_id != 0; id++)
		if (id_matches(id->vendor_id, RTE_PCI_ANY_ID, sim_id.vendor_id) &&
		    id_matches(id->device_id, RTE_PCI_ANY_ID, sim_id.device_id) &&
		    id_matches(id->subsystem_vendor_id, RTE_PCI_ANY_ID,
			       sim_id.subsystem_vendor_id) &&
		    id_matches(id->subsystem_device_id, RTE_PCI_ANY_ID,
			       sim_id.subsystem_device_id) &&
		    id_matches(id->class_id, RTE_CLASS_ANY_ID, sim_id.class_id))
			return true;
	return false;
}

int
sim_pci_driver(struct sim_port *port)
{
	const char *wanted = port->args.driver;
	struct rte_bus *bus = pci_bus();
	struct rte_pci_driver *driver;
	char matching[256] = "";
	size_t n = 0;

	FOREACH_DRIVER(driver, bus) {
		if (!driver_matches(driver))
			continue;
		if (wanted == NULL || strcmp(wanted, driver->driver.name) == 0) {
			port->driver = driver;
			return 0;
		}
		if (n < sizeof(matching))
			n += snprintf(matching + n, sizeof(matching) - n, "%s%s",
				      n > 0 ? ", " : "", driver->driver.name);
	}
	SIM_LOG(ERR, "%s: driver=%s: no such PCI driver for %04x:%04x; registered: %s",
		port->name, wanted != NULL ? wanted : "(any)", NIC_VENDOR_ID, NIC_DEVICE_ID,
		n > 0 ? matching : "none");
	return -ENODEV;
}

/*
 * The interrupt handle.  EAL makes the eventfds of Rx interrupts only for VFIO and UIO; of a
 * virtual device (VDEV) it expects them in the handle, takes them away at rte_intr_efd_disable()
 * when the port stops, and has no call by which the device would learn when a driver wants them
 * again.  But every driver touches a register between the configuration of its port and the use
 * of the handle in its start, and each such access traps: then, in the driver's own thread, the
 * handle is given an eventfd for each Rx queue if the application has asked for Rx interrupts,
 * and none otherwise, so that rte_intr_dp_is_en() and its kin are right either way.
 * Vector 1 + i is the handle's eventfd i, as with VFIO.  EAL closes those it takes away, and the
 * device may just be writing to one: so they are duplicates of the port's own.
 */

static unsigned int
queue_vectors_wanted(const struct rte_eth_dev *ethdev)
{
	const struct rte_eth_dev_data *data = ethdev->data;

	return data->dev_conf.intr_conf.rxq ? RTE_MIN(data->nb_rx_queues, SIM_QUEUE_VECTORS) : 0;
}

static void
queue_vectors_free(struct rte_intr_handle *handle)
{
	for (int i = 0; i < rte_intr_nb_efd_get(handle); i++)
		close(rte_intr_efds_index_get(handle, i));
	rte_intr_nb_efd_set(handle, 0);
	rte_intr_max_intr_set(handle, 0);
}

/* The handle's eventfd i. @return -1: no descriptor is left */
static int
queue_vector_open(struct sim_port *port, unsigned int i)
{
	uint64_t count;

	if (port->queue_fd[i] < 0)
		port->queue_fd[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	/* of the time before */
	else if (read(port->queue_fd[i], &count, sizeof(count)) < 0 && errno != EAGAIN)
		return -1;
	return port->queue_fd[i] < 0 ? -1 : fcntl(port->queue_fd[i], F_DUPFD_CLOEXEC, 0);
}

static void
queue_vectors_set(struct sim_port *port, struct rte_intr_handle *handle, unsigned int n)
{
	unsigned int i;
	int fd;

	queue_vectors_free(handle);
	for (i = 0; i < n; i++) {
		fd = queue_vector_open(port, i);
		if (fd < 0)
			break;
		rte_intr_efds_index_set(handle, i, fd);
	}
	rte_intr_nb_efd_set(handle, i);
	rte_intr_max_intr_set(handle, i > 0 ? i + 1 : 0);
}

/* Runs in the trap handler: async-signal-safe. */
void
sim_pci_before_access(struct sim_port *port)
{
	const struct rte_eth_dev *ethdev = port->ethdev;
	struct rte_intr_handle *handle;
	unsigned int wanted;

	/* once it is closed, it is nobody's or another device's */
	if (ethdev == NULL || ethdev->device != &port->pci->device || ethdev->data == NULL ||
	    ethdev->data->dev_started)
		return;
	while (atomic_flag_test_and_set(&port->handle_lock))
		sched_yield();
	handle = port->pci->intr_handle;
	wanted = queue_vectors_wanted(ethdev);
	if (wanted != (unsigned int)rte_intr_nb_efd_get(handle))
		queue_vectors_set(port, handle, wanted);
	atomic_flag_clear(&port->handle_lock);
}

static struct rte_eth_dev *
find_ethdev(const struct rte_pci_device *dev)
{
	uint16_t id;

	RTE_ETH_FOREACH_DEV_OF(id, &dev->device)
		return &rte_eth_devices[id];
	return NULL;
}

static int
driver_remove(struct sim_port *port, struct rte_pci_device *dev)
{
	int ret;

	port->ethdev = NULL;
	ret = port->driver->remove != NULL ? port->driver->remove(dev) : 0;
	if (ret >= 0)
		queue_vectors_free(dev->intr_handle);
	return ret;
}

/* What the bus calls to take the device away; it then frees the rte_pci_device. */
static int
shim_remove(struct rte_pci_device *dev)
{
	struct sim_port *port = container_of(dev->device.driver, struct sim_port, shim.driver);
	int ret = driver_remove(port, dev);

	/* The bus frees it at clean-up even if the driver refused: do not look at
	 * it again. The BAR stays as long as the driver may use it. */
	port->pci = NULL;
	port->probed = false;
	port->stuck = ret < 0;
	return ret;
}

static int
shim_dma_map(struct rte_pci_device *dev __rte_unused, void *addr, uint64_t iova, size_t len)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -ENOTSUP; /* the device is in the primary process */
	return iommu_map((uintptr_t)addr, iova, len);
}

static int
shim_dma_unmap(struct rte_pci_device *dev __rte_unused, void *addr, uint64_t iova __rte_unused,
	       size_t len)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return -ENOTSUP;
	return iommu_unmap((uintptr_t)addr, len);
}

static void
function_free(struct rte_pci_device *dev)
{
	rte_intr_instance_free(dev->intr_handle);
	free(dev->bus_info);
	free(container_of(dev, struct pci_function, device));
}

static struct rte_pci_device *
function_create(struct sim_port *port)
{
	struct pci_function *function = calloc(1, sizeof(*function));
	struct rte_pci_device *dev;

	if (function == NULL)
		return NULL;
	dev = &function->device;
	dev->addr = port->args.pci;
	dev->id = sim_id;
	dev->kdrv = RTE_PCI_KDRV_NONE;
	dev->mem_resource[0].addr = (void *)(uintptr_t)port->bar.driver;
	dev->mem_resource[0].phys_addr = (uintptr_t)port->bar.driver;
	dev->mem_resource[0].len = NIC_BAR_SIZE;
	rte_pci_device_name(&dev->addr, dev->name, sizeof(dev->name));
	dev->device.bus = pci_bus();
	dev->device.name = dev->name;
	dev->device.numa_node = rte_lcore_to_socket_id(rte_get_main_lcore());
	dev->device.devargs = find_devargs(&dev->addr);
	if (asprintf(&dev->bus_info, "vendor_id=%x, device_id=%x",
		     dev->id.vendor_id, dev->id.device_id) < 0)
		dev->bus_info = NULL;
	dev->device.bus_info = dev->bus_info;

	/* EAL watches the eventfd and calls the driver while it is readable;
	 * enabling, disabling and acknowledging are the device's registers. */
	dev->intr_handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	if (dev->bus_info == NULL || dev->intr_handle == NULL ||
	    rte_intr_type_set(dev->intr_handle, RTE_INTR_HANDLE_VDEV) != 0 ||
	    rte_intr_fd_set(dev->intr_handle, port->irq_fd) != 0 ||
	    rte_intr_efd_counter_size_set(dev->intr_handle, sizeof(uint64_t)) != 0) {
		function_free(dev);
		return NULL;
	}
	return dev;
}

/* Since 26.07 a bus keeps the devices that were unplugged, without their interrupt handles. */
static void
forget_unplugged(const struct rte_pci_addr *addr)
{
	struct rte_bus *bus = pci_bus();
	struct rte_pci_device *dev;

	FOREACH_DEVICE(dev, bus) {
		if (rte_pci_addr_cmp(&dev->addr, addr) == 0) {
			bus_remove(bus, dev);
			function_free(dev);
			return;
		}
	}
}

/* On the bus, and without a driver for the time being */
static int
function_add(struct sim_port *port)
{
	struct rte_pci_device *dev;

	forget_unplugged(&port->args.pci);
	dev = function_create(port);
	if (dev == NULL) {
		SIM_LOG(ERR, "%s: no memory for the PCI function", port->name);
		return -ENOMEM;
	}
	port->pci = dev;
	bus_add(pci_bus(), dev);
	return 0;
}

static void
function_remove(struct sim_port *port)
{
	bus_remove(pci_bus(), port->pci);
	function_free(port->pci);
	port->pci = NULL;
}

/* As the bus does it for a card, which is not this one's kind of memory */
static int
function_probe(struct sim_port *port)
{
	struct rte_pci_device *dev = port->pci;
	int ret;

	if (port->probed)
		return -EEXIST;
	port->shim = *port->driver;
	port->shim.remove = shim_remove;
	if (port->shim.dma_map == NULL) {
		port->shim.dma_map = shim_dma_map;
		port->shim.dma_unmap = shim_dma_unmap;
	}
	set_driver(dev, &port->shim);
	rte_log(RTE_LOG_INFO, RTE_LOGTYPE_EAL,
		"EAL: Probe PCI driver: %s (%x:%x) device: %s (socket %d)\n",
		port->driver->driver.name, dev->id.vendor_id, dev->id.device_id, dev->name,
		dev->device.numa_node);
	ret = port->shim.probe(&port->shim, dev);
	if (ret == 0) {
		dev->device.driver = &port->shim.driver;
		port->ethdev = find_ethdev(dev);
		port->probed = true;
		return 0;
	}
	set_driver(dev, NULL);
	SIM_LOG(ERR, "%s: driver %s does not take the device at %s: %s", port->name,
		port->driver->driver.name, dev->name, ret < 0 ? strerror(-ret) : "declined");
	return ret < 0 ? ret : -ENODEV;
}

/*
 * A function that was removed from the bus ("port detach 0") is found again when the bus is scanned
 * ("port attach 0000:03:00.0"), as a card would be. The bus has no call for that, so its functions
 * for scanning and plugging are replaced by some that know the ports, and call those for the rest.
 */

static struct sim_port *
find_port_in(const struct sim_port_list *ports, const struct rte_device *dev)
{
	struct sim_port *port;

	TAILQ_FOREACH(port, ports, next)
		if (port->pci != NULL && &port->pci->device == dev)
			return port;
	return NULL;
}

static struct sim_port *
find_port(const struct rte_device *dev)
{
	struct sim_port *port = find_port_in(&sim_ports, dev);

	return port != NULL ? port : find_port_in(&sim_attached, dev);
}

static rte_bus_scan_t bus_scan;

static void
add_removed(const struct sim_port_list *ports)
{
	struct sim_port *port;

	TAILQ_FOREACH(port, ports, next)
		if (port->pci == NULL && !port->stuck)
			function_add(port);
}

static int
hook_scan(void)
{
	int ret = bus_scan();

	add_removed(&sim_ports);
	add_removed(&sim_attached);
	return ret;
}

int
sim_pci_plug(struct sim_port *port)
{
	struct rte_bus *bus = pci_bus();
	int ret;

	if (bus_scan == NULL) {
		bus_scan = bus->scan;
		bus->scan = hook_scan;
		set_plug_hook(bus);
	}
	ret = function_add(port);
	if (ret < 0)
		return ret;
	ret = function_probe(port);
	if (ret < 0)
		function_remove(port);
	return ret;
}

int
sim_pci_unplug(struct sim_port *port)
{
	struct rte_pci_device *dev = port->pci;
	int ret;

	if (port->stuck)
		return -EBUSY;
	if (dev == NULL)
		return 0;
	ret = port->probed ? driver_remove(port, dev) : 0;
	if (ret < 0) {
		SIM_LOG(ERR, "%s: driver %s does not let go of %s: %s", port->name,
			port->driver->driver.name, dev->name, strerror(-ret));
		return ret;
	}
	port->probed = false;
	function_remove(port);
	return 0;
}

void
sim_pci_irq(struct sim_port *port, bool level)
{
	uint64_t count = 1;
	ssize_t n;

	if (level)
		n = write(port->irq_fd, &count, sizeof(count));
	else
		n = read(port->irq_fd, &count, sizeof(count)); /* empty already: the same */
	(void)n;
}

void
sim_pci_message(struct sim_port *port, unsigned int vector)
{
	uint64_t count = 1;

	/* nobody has asked for it, or it is full: then it is readable as well */
	if (vector == 0 || port->queue_fd[vector - 1] < 0 ||
	    write(port->queue_fd[vector - 1], &count, sizeof(count)) < 0)
		return;
}
