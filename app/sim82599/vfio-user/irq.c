/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * Interrupts are eventfds of the client: one for the line (INTx), one for MSI, and one for each
 * vector of MSI-X.  The client keeps the tables of addresses and data: it knows what each eventfd
 * means.
 *
 * As with the kernel's VFIO, the line masks itself when it fires. The client unmasks it when the
 * driver may have served the device; a line that is still asserted then fires again.  A masked
 * message stays pending until it is unmasked.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vfio_user.h"

#define WAIT_NS 1000000 /* at most, for a client's descriptor */

/* Number of interrupts of an index, enum { VFIO_PCI_INTX_IRQ_INDEX, ... } */
static const uint32_t irq_counts[VFIO_PCI_NUM_IRQS] = { 1, 1, NIC_MSIX_VECTORS, 1, 1 };

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * A client's descriptor may be of any kind, and the result of poll() may be wrong a moment later. A
 * timer's signal ends an access that blocks nevertheless. The signal is repeated, in case the first
 * one came before the access.
 */

static void
on_timer(int signal)
{
	(void)signal;
}

/* Send the signal every ns; 0 stops it. @return false if there is no timer */
static bool
set_timer(long ns)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec each = { { 0, ns }, { 0, ns } };
	struct sigaction action = { .sa_handler = on_timer };
	static timer_t timer;
	static bool made;

	if (!made)
		made = sigaction(SIGRTMIN, &action, NULL) == 0 &&
		       timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
	return made && timer_settime(timer, 0, &each, NULL) == 0;
}

/* @return 1 if done, 0 if the descriptor is not ready, -1 if the access blocked or is impossible */
static int
transfer(int fd, short direction)
{
	struct pollfd p = { .fd = fd, .events = direction };
	uint64_t value = 1;
	ssize_t n;

	if (poll(&p, 1, 0) != 1)
		return 0;
	if (!(p.revents & direction) || !set_timer(WAIT_NS))
		return -1;
	n = direction == POLLOUT ? write(fd, &value, sizeof(value))
				 : read(fd, &value, sizeof(value));
	set_timer(0);
	return n > 0 ? 1 : -1;
}

static void
signal_fd(int *fd)
{
	if (*fd >= 0 && transfer(*fd, POLLOUT) < 0)
		close_fd(fd); /* the client loses the interrupt, but no more time is lost */
}

void
vfu_irq_init(struct function *f)
{
	struct irqs *irqs = &f->irqs;

	memset(irqs, 0, sizeof(*irqs));
	irqs->intx = irqs->unmask = irqs->msi = irqs->err = irqs->req = -1;
	for (unsigned int i = 0; i < NIC_MSIX_VECTORS; i++)
		irqs->msix[i] = -1;
}

void
vfu_irq_clear(struct function *f)
{
	f->irqs.level = f->irqs.intx_masked = false;
	f->irqs.msi_pending = false;
	f->irqs.msix_pending = 0;
}

void
vfu_irq_release(struct function *f)
{
	struct irqs *irqs = &f->irqs;

	close_fd(&irqs->intx);
	close_fd(&irqs->unmask);
	close_fd(&irqs->msi);
	close_fd(&irqs->err);
	close_fd(&irqs->req);
	for (unsigned int i = 0; i < NIC_MSIX_VECTORS; i++)
		close_fd(&irqs->msix[i]);
	vfu_irq_init(f);
}

/* From the device */

void
vfu_irq_update(struct function *f)
{
	struct irqs *irqs = &f->irqs;
	bool asserted = irqs->level && f->irq_mode == NIC_IRQ_INTX;

	if (asserted && !irqs->intx_masked && !config_intx_disabled(f) && irqs->intx >= 0) {
		irqs->intx_masked = true;
		signal_fd(&irqs->intx);
	}
	if (irqs->msi_pending && f->irq_mode == NIC_IRQ_MSI && config_bus_master(f) &&
	    !irqs->msi_masked && !config_msi_masked(f)) {
		irqs->msi_pending = false;
		signal_fd(&irqs->msi);
	}
	if (irqs->msix_pending != 0 && f->irq_mode == NIC_IRQ_MSIX && config_bus_master(f) &&
	    !config_msix_masked(f)) {
		uint64_t ready = irqs->msix_pending & ~irqs->msix_masked;

		irqs->msix_pending &= ~ready;
		for (; ready != 0; ready &= ready - 1)
			signal_fd(&irqs->msix[__builtin_ctzll(ready)]);
	}
	config_show_interrupts(f, irqs->level, irqs->msi_pending);
}

void
vfu_irq_line(void *function, bool level)
{
	struct function *f = function;

	f->irqs.level = level;
	vfu_irq_update(f);
}

void
vfu_irq_message(void *function, unsigned int vector)
{
	struct function *f = function;

	if (f->irq_mode == NIC_IRQ_MSI)
		f->irqs.msi_pending = true;
	else if (vector < NIC_MSIX_VECTORS)
		f->irqs.msix_pending |= UINT64_C(1) << vector;
	vfu_irq_update(f);
}

/* From the client */

bool
vfu_irq_info(uint32_t index, struct vfio_irq_info *info)
{
	if (index >= VFIO_PCI_NUM_IRQS)
		return false;
	info->count = irq_counts[index];
	info->flags = VFIO_IRQ_INFO_EVENTFD;
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		info->flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	return true;
}

/* The place of an interrupt's eventfd. */
static int *
irq_fd(struct irqs *irqs, uint32_t index, uint32_t i)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return &irqs->intx;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return &irqs->msi;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return &irqs->msix[i];
	case VFIO_PCI_ERR_IRQ_INDEX:
		return &irqs->err;
	default:
		return &irqs->req;
	}
}

static void
irq_set_mask(struct irqs *irqs, uint32_t index, uint32_t i, bool mask)
{
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		irqs->intx_masked = mask;
	else if (index == VFIO_PCI_MSI_IRQ_INDEX)
		irqs->msi_masked = mask;
	else if (index == VFIO_PCI_MSIX_IRQ_INDEX)
		irqs->msix_masked = (irqs->msix_masked & ~(UINT64_C(1) << i)) | (uint64_t)mask << i;
}

/* @return 0 or an errno */
static int
irq_set_fd(struct irqs *irqs, uint32_t action, uint32_t index, uint32_t i, int fd)
{
	int *to = irq_fd(irqs, index, i);

	if (action == VFIO_IRQ_SET_ACTION_UNMASK && index == VFIO_PCI_INTX_IRQ_INDEX)
		to = &irqs->unmask;
	else if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return ENOTSUP;
	close_fd(to);
	*to = fd;
	/* Signal an interrupt that happened before it had an eventfd. */
	if (index == VFIO_PCI_INTX_IRQ_INDEX && action == VFIO_IRQ_SET_ACTION_TRIGGER)
		irqs->intx_masked = false;
	return 0;
}

int
vfu_irq_set(struct function *f, const struct vfio_irq_set *set, const uint8_t *bools,
	int *fds, unsigned int nb_fds)
{
	uint32_t data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	struct irqs *irqs = &f->irqs;
	int ret = 0;

	if (set->index >= VFIO_PCI_NUM_IRQS || (set->flags & ~(data | action)) != 0 ||
	    __builtin_popcount(data) != 1 || __builtin_popcount(action) != 1 ||
	    set->start > irq_counts[set->index] ||
	    set->count > irq_counts[set->index] - set->start ||
	    (data != VFIO_IRQ_SET_DATA_EVENTFD && nb_fds != 0) ||
	    (data == VFIO_IRQ_SET_DATA_EVENTFD && nb_fds != 0 && nb_fds != set->count))
		return EINVAL;
	if (set->count == 0) {
		if (data != VFIO_IRQ_SET_DATA_NONE || action != VFIO_IRQ_SET_ACTION_TRIGGER ||
		    set->start != 0)
			return EINVAL;
		for (uint32_t i = 0; i < irq_counts[set->index]; i++) {
			close_fd(irq_fd(irqs, set->index, i));
			irq_set_mask(irqs, set->index, i, false);
		}
		if (set->index == VFIO_PCI_INTX_IRQ_INDEX)
			close_fd(&irqs->unmask);
		return 0;
	}
	for (uint32_t i = 0; i < set->count && ret == 0; i++) {
		uint32_t irq = set->start + i;

		if (data == VFIO_IRQ_SET_DATA_EVENTFD) {
			ret = irq_set_fd(irqs, action, set->index, irq, nb_fds > 0 ? fds[i] : -1);
			if (ret == 0 && nb_fds > 0)
				fds[i] = -1;
		} else if (data == VFIO_IRQ_SET_DATA_BOOL && !bools[i]) {
			continue;
		} else if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
			signal_fd(irq_fd(irqs, set->index, irq));
		} else {
			irq_set_mask(irqs, set->index, irq, action == VFIO_IRQ_SET_ACTION_MASK);
		}
	}
	vfu_irq_update(f);
	return ret;
}

void
vfu_irq_unmask_event(struct function *f)
{
	int done = transfer(f->irqs.unmask, POLLIN);

	if (done < 0)
		close_fd(&f->irqs.unmask); /* no eventfd, or closed by the client */
	if (done <= 0)
		return;
	f->irqs.intx_masked = false;
	vfu_irq_update(f);
}
