/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Secondary processes.  The bus of virtual devices tells a secondary process the names of the
 * primary one's devices.  For a port it then asks the primary process, maps the port's BAR0 at the
 * same address, and has the driver probe a PCI function there, as for a card. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "sim82599.h"

#define MESSAGE "sim82599_port"
#define PATIENCE_S 5

struct question {
	char name[32];
	pid_t pid;
};

struct answer {
	int error;           /* 0 or a negative errno */
	int slot;
	struct rte_pci_addr pci;
	bool adaptive;
	void *at;            /* BAR0; its file comes with the message */
	char driver[64];
};

/* In the primary process */

static void
answer_set(struct answer *answer, const struct question *question, struct rte_mp_msg *msg)
{
	const struct sim_port *port = sim_port_find(&sim_ports, question->name);

	answer->error = -ENODEV;
	if (port == NULL || port->pci == NULL)
		return;
	answer->error = -EUSERS;
	answer->slot = mailbox_join(port->bar.mailbox, question->pid);
	if (answer->slot < 0)
		return;
	answer->error = 0;
	answer->pci = port->args.pci;
	answer->adaptive = port->args.adaptive;
	answer->at = (void *)(uintptr_t)port->bar.driver;
	snprintf(answer->driver, sizeof(answer->driver), "%s", port->driver->driver.name);
	msg->num_fds = 1;
	msg->fds[0] = port->bar.fd;
}

static int
on_question(const struct rte_mp_msg *msg, const void *peer)
{
	struct rte_mp_msg reply = { .name = MESSAGE, .len_param = sizeof(struct answer) };
	struct question question;
	struct answer answer;
	sigset_t old;

	if (msg->len_param != sizeof(question))
		return -EINVAL;
	memcpy(&question, msg->param, sizeof(question));
	question.name[sizeof(question.name) - 1] = '\0';
	memset(&answer, 0, sizeof(answer));
	sim_block_signals(&old);
	pthread_mutex_lock(&sim_mutex);
	answer_set(&answer, &question, &reply);
	pthread_mutex_unlock(&sim_mutex);
	sim_restore_signals(&old);
	memcpy(reply.param, &answer, sizeof(answer));
	return rte_mp_reply(&reply, peer);
}

void
sim_secondary_allow(void)
{
	/* refused where there can be no secondary process (--no-shconf, --in-memory), or there
	 * already */
	rte_mp_action_register(MESSAGE, on_question);
}

/* In a secondary process */

static int
ask(const char *name, struct answer *answer, int *fd)
{
	struct rte_mp_msg msg = { .name = MESSAGE, .len_param = sizeof(struct question) };
	const struct timespec patience = { .tv_sec = PATIENCE_S };
	struct question question = { .pid = getpid() };
	struct rte_mp_reply reply;

	snprintf(question.name, sizeof(question.name), "%s", name);
	memcpy(msg.param, &question, sizeof(question));
	if (rte_mp_request_sync(&msg, &reply, &patience) < 0)
		return -rte_errno;
	if (reply.nb_received != 1) {
		free(reply.msgs);
		return -ETIMEDOUT;
	}
	memcpy(answer, reply.msgs[0].param, sizeof(*answer));
	*fd = reply.msgs[0].num_fds == 1 ? reply.msgs[0].fds[0] : -1;
	free(reply.msgs);
	if (answer->error == 0 && *fd < 0)
		return -EPROTO;
	return answer->error;
}

static int
attach(struct sim_port *port, const struct answer *answer, int fd)
{
	int ret;

	port->args.pci = answer->pci;
	port->args.text = strdup(answer->driver);
	port->args.driver = port->args.text;
	if (port->args.driver == NULL) {
		close(fd);
		return -ENOMEM;
	}
	ret = bar_map_shared(&port->bar, port->name, fd, answer->slot, answer->at);
	if (ret < 0) {
		close(fd);
		SIM_LOG(ERR, "%s: BAR0 cannot be mapped at %p, where the primary process has it: "
			"%s; start this process again, or with --base-virtaddr", port->name,
			answer->at, strerror(-ret));
		return ret;
	}
	ret = bar_attach(&port->bar, NULL, answer->adaptive);
	if (ret < 0) {
		SIM_LOG(ERR, "%s: cannot make its trap handler: %s", port->name, strerror(-ret));
		return ret;
	}
	ret = sim_pci_driver(port);
	return ret < 0 ? ret : sim_pci_plug(port);
}

static void
port_detach(struct sim_port *port)
{
	if (port->bar.driver != NULL)
		mailbox_ask(port->bar.mailbox, port->bar.slot, MAILBOX_LEAVE, 0, 0);
	bar_detach(&port->bar);
	bar_unmap(&port->bar);
	free(port->args.text);
	free(port);
}

int
sim_secondary_probe(const char *name)
{
	struct sim_port *port;
	struct answer answer;
	int ret, fd = -1;

	ret = ask(name, &answer, &fd);
	if (ret < 0) {
		SIM_LOG(ERR, "%s: the primary process does not give it: %s", name,
			ret == -ENODEV ? "it has no such port" :
			ret == -EUSERS ? "too many secondary processes" : strerror(-ret));
		return ret;
	}
	port = sim_port_new(name);
	if (port == NULL) {
		close(fd);
		return -ENOMEM;
	}
	ret = attach(port, &answer, fd);
	if (ret < 0) {
		port_detach(port);
		return ret;
	}
	TAILQ_INSERT_TAIL(&sim_attached, port, next);
	return 0;
}

int
sim_secondary_remove(const char *name)
{
	struct sim_port *port = sim_port_find(&sim_attached, name);
	int ret;

	if (port == NULL)
		return 0;
	ret = sim_pci_unplug(port);
	if (ret < 0)
		return ret;
	TAILQ_REMOVE(&sim_attached, port, next);
	port_detach(port);
	return 0;
}
