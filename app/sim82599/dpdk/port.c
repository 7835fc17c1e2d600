/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

#include <stdlib.h>
#include <string.h>

#include "sim82599.h"

int sim82599_logtype;
struct sim_port_list sim_ports = TAILQ_HEAD_INITIALIZER(sim_ports);
struct sim_port_list sim_attached = TAILQ_HEAD_INITIALIZER(sim_attached);
pthread_mutex_t sim_mutex = PTHREAD_MUTEX_INITIALIZER;

struct sim_port *
sim_port_new(const char *name)
{
	struct sim_port *port = calloc(1, sizeof(*port));

	if (port == NULL) {
		SIM_LOG(ERR, "%s: no memory for the port", name);
		return NULL;
	}
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->trace_fd = port->irq_fd = -1;
	for (unsigned int i = 0; i < SIM_QUEUE_VECTORS; i++)
		port->queue_fd[i] = -1;
	port->thread_info.core = -1;
	return port;
}

struct sim_port *
sim_port_find(const struct sim_port_list *ports, const char *name)
{
	struct sim_port *port;

	TAILQ_FOREACH(port, ports, next)
		if (strcmp(port->name, name) == 0)
			return port;
	return NULL;
}

struct sim_port *
sim_port_in_slot(const struct rte_pci_addr *addr)
{
	struct sim_port *port;

	TAILQ_FOREACH(port, &sim_ports, next)
		if (port->args.pci.domain == addr->domain && port->args.pci.bus == addr->bus &&
		    port->args.pci.devid == addr->devid)
			return port;
	return NULL;
}
