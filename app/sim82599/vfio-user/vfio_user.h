/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* A PCI function that is served over vfio-user, and the functions that the parts of this program
 * call.  There is one thread; only the handler of SIGBUS interrupts it.
 *
 *   main.c       arguments, start and end
 *   server.c     sockets, and the loop that waits for them and moves the packets
 *   protocol.c   messages
 *   function.c   a function: its creation and end, its BARs and its reset
 *   config.c     PCI configuration space
 *   dma.c        the client's memory
 *   irq.c        interrupts
 *   control.c    commands over the control socket
 */

#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <linux/vfio.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../common/args.h"
#include "../common/ports.h"
#include "../nic/nic.h"
#include "../wire/wire.h"
#include "protocol.h"

#define MAX_FUNCTIONS 16

/* BARs, 9.3.6.1: registers (NIC_BAR_SIZE), IO, MSI-X */
#define BAR_IO_SIZE    32u
#define BAR_MSIX_SIZE  0x4000u
#define BAR_MSIX_PBA   0x2000u

struct function_args {
	struct device_args device; /* the first, see args.h */
	const char *socket;
	unsigned int lan_id;
	bool no_msix;
};

/* PCI configuration space, 9.3 */

#define CONFIG_SIZE 4096

struct config {
	uint8_t space[CONFIG_SIZE];
	uint8_t writable[CONFIG_SIZE];    /* bits that the driver may change */
	uint8_t clearable[CONFIG_SIZE];   /* bits that writing a one clears */
};

/** Set all registers to their reset values. */
void config_reset(struct function *f);
void config_read(struct function *f, uint32_t offset, uint32_t count, uint8_t *data);
void config_write(struct function *f, uint32_t offset, uint32_t count, const uint8_t *data);
/* Bits of the command register, MSI and MSI-X control. */
bool config_memory_enabled(const struct function *f);
bool config_io_enabled(const struct function *f);
bool config_bus_master(const struct function *f);
bool config_intx_disabled(const struct function *f);
bool config_msi_masked(const struct function *f);
bool config_msix_masked(const struct function *f);
/** Show the device's state in its registers: INTx asserted, MSI pending. */
void config_show_interrupts(struct function *f, bool intx, bool msi_pending);

/* The client's memory */

struct dma_range;
struct dma_mirror;
struct mapping;

#define DMA_PAGE  4096u /* mappings have multiples of this */
#define DMA_FILES 64
#define DMA_MAX_RANGES 65535u

struct dma_file {
	uint64_t dev, ino;
	int fd;                   /* -1: this entry is free */
	bool writable;
	uint32_t ranges;          /* number of ranges in it */
	struct mapping *mapping;  /* the whole file */
};

struct dma {
	_Atomic unsigned int epoch;     /* see nic_host_ops */
	struct dma_file files[DMA_FILES];
	struct dma_range *ranges;       /* sorted by address, none overlap */
	uint32_t nb, room;
	struct dma_mirror *mirrors;
	uint32_t nb_mirrors;
	bool refused, refused_write;    /* see dma_refused() */
	uint64_t refused_addr;
	volatile sig_atomic_t broken;   /* see dma_broken() */
};

void dma_init(struct function *f);
/** fd is taken over; -1: the client does not share this memory. @return 0 or an errno */
int dma_map(struct function *f, const struct vfu_dma_map *map, int fd);
/** The device may no longer access memory in the range. @return 0 or an errno */
int dma_unmap(struct function *f, uint64_t addr, uint64_t size);
void dma_unmap_all(struct function *f);
/** nic_host_ops.map */
bool dma_window(void *function, uint64_t addr, uint32_t len, bool write,
		struct nic_window *window);
/** The last refused access since the last call. @return false if there was none */
bool dma_refused(struct function *f, uint64_t *addr, bool *write);
/** Between polls: keep the number of mirrors within bounds. */
void dma_settle(struct function *f);
/** Did a SIGBUS report that a file is shorter than when it was mapped? */
bool dma_broken(const struct function *f);
/** Catch SIGBUS. @return 0 or an errno */
int dma_catch_sigbus(void);

/* Interrupts */

struct irqs {
	int intx, unmask, msi, err, req; /* eventfds, -1: none; the client signals unmask */
	int msix[NIC_MSIX_VECTORS];
	bool intx_masked;                /* it also masks itself when it fires */
	bool level;                      /* of the device's line */
	bool msi_masked, msi_pending;
	uint64_t msix_masked, msix_pending;
};

void vfu_irq_init(struct function *f);
/** After a reset of the device: nothing is pending. The client's set-up stays. */
void vfu_irq_clear(struct function *f);
/** The client is gone. */
void vfu_irq_release(struct function *f);
bool vfu_irq_info(uint32_t index, struct vfio_irq_info *info);
/** Execute SET_IRQS: a checked header, its data and descriptors. @return 0 or an errno */
int vfu_irq_set(struct function *f, const struct vfio_irq_set *set, const uint8_t *bools,
	    int *fds, unsigned int nb_fds);
/** nic_host_ops.irq and .message */
void vfu_irq_line(void *function, bool level);
void vfu_irq_message(void *function, unsigned int vector);
/** Masks, or the mode, have changed: send the interrupts that are allowed now. */
void vfu_irq_update(struct function *f);
/** The unmask eventfd can be read. */
void vfu_irq_unmask_event(struct function *f);

/* The function */

struct function {
	char name[32];
	struct function_args args;
	char *text;               /* of the arguments */
	struct nic_card *card;
	bool owns_card;
	bool two_functions;       /* the card has another one */
	struct nic *nic;
	struct wire *wire;
	uint32_t *bar;
	int trace_fd;
	FILE *report;

	struct config config;
	enum nic_irq_mode irq_mode;
	struct dma dma;
	struct irqs irqs;
	struct nic_host_ops host_ops;
	uint32_t io_addr;         /* IOADDR */
	uint8_t msix_table[NIC_MSIX_VECTORS * 16];

	/* server.c and protocol.c */
	int listen_fd, client_fd;
	bool bound;
	bool version_done;
	uint64_t clients, messages, errors; /* counters */
	struct vfu_message message;
	uint32_t got;             /* received bytes of message */
	struct vfu_reply reply;
	uint32_t reply_size, reply_sent;
	bool asked;               /* the client has not answered a question yet */
	uint64_t refusals;        /* the device's count of refusals at the last question */
	bool closing;             /* once the reply is out */
	bool wire_waits;          /* it has frames that the device does not take now */
	bool hinted;              /* memory without a descriptor was reported */
};

/** Make an empty function, which can be freed. */
void function_init(struct function *f);
/** Create it from its arguments; on the card of the other one, if that is not NULL. @return false
 * after an error message */
bool function_create(struct function *f, struct function *other);
void function_free(struct function *f);
/** Reset it: a function-level reset, or the message. */
void function_reset(struct function *f);
/** The client is gone. */
void function_detach(struct function *f);
/** The size of a region of enum { VFIO_PCI_... }. */
uint64_t region_size(uint32_t region);
/** offset + count must be inside of it. */
void region_read(struct function *f, uint32_t region, uint64_t offset, uint32_t count,
		 uint8_t *data);
void region_write(struct function *f, uint32_t region, uint64_t offset, uint32_t count,
		  const uint8_t *data);

/* The server */

/* A client of the control socket, and the part of its line that was received. */
struct asker {
	int fd;                   /* -1: none */
	char question[256];
	uint32_t len;
};

#define MAX_ASKERS 16

struct server {
	struct function *functions;
	unsigned int nb;
	const char *control;      /* path, or NULL */
	int control_fd;           /* -1: none */
	struct asker askers[MAX_ASKERS];
	unsigned int next_asker;  /* the entry after the one used last */
};

/** @return 0, or a negative errno after an error message */
int server_listen(struct server *s);
/** Run until SIGTERM or SIGINT. */
void server_run(struct server *s);
void server_close(struct server *s);

/** @return the answer, one JSON text, to be freed; NULL: no memory */
char *control_answer(struct server *s, char *question, size_t *size);

#endif /* VFIO_USER_H */
