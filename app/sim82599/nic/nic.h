/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/**
 * A software Intel 82599: one PCI function, seen from the hardware's side.
 *
 * The attachment (the DPDK plugin, the vfio-user server, a unit test) owns the
 * PCI side: it provides the memory of BAR0, translates DMA addresses to host
 * memory, passes on register accesses and carries the interrupt line.  The
 * wire (wire/wire.h) is the network side.  Between them, the device does what
 * the data sheet says (Intel 331520, revision 3.x; numbers such as 8.2.3.8 are
 * its sections).
 *
 * Threads.  Any thread may call any function.  Each device has a lock that
 * serialises the calls; nic_poll() takes it only when there is work, and lets
 * waiting register accesses go first.  nic_read() and nic_write() neither
 * allocate, nor print, nor sleep: they may be called from a signal handler,
 * provided that no caller of these functions can be interrupted by it.
 *
 * BAR0.  The device keeps the value that a driver would read from a register
 * in the BAR memory itself.  So an attachment may let a driver store doorbells
 * (tail registers) there without a call, and tell the device so with
 * nic_set_direct(); all other accesses have side effects and must be passed on.
 */

#ifndef NIC_H
#define NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nic;
struct wire;

#define NIC_BAR_SIZE   0x20000u /* BAR0: 128 KB (9.3.6.1) */
#define NIC_QUEUES     128      /* of each direction (1.3) */
#define NIC_VENDOR_ID  0x8086
#define NIC_DEVICE_ID  0x10fb   /* 82599ES, SFI/SFP+ */

/** The parts that the two functions of one card share: semaphores, EEPROM image. */
struct nic_card;

/** DMA addresses addr to addr + len - 1 are the host memory at mem. */
struct nic_window {
	uint64_t addr, len;
	uint8_t *mem;
};

/** What PCI configuration space enables (9.3.8, 9.3.9). */
enum nic_irq_mode {
	NIC_IRQ_INTX,
	NIC_IRQ_MSI,
	NIC_IRQ_MSIX,
	NIC_IRQ_MSIX_LINE, /* MSI-X for a host that needs vector 0 as a level: by irq() */
};
#define NIC_MSIX_VECTORS 64

/** The PCI side. Called with the device's lock held; must be async-signal-safe. */
struct nic_host_ops {
	/**
	 * Host memory that holds the DMA addresses addr to addr + len - 1: the largest
	 * contiguous piece around them, which may be read and, if write, written.
	 * @return false: the IOMMU refuses.
	 */
	bool (*map)(void *host, uint64_t addr, uint32_t len, bool write,
		    struct nic_window *window);
	/** The value changes when earlier results of map() become invalid. */
	const _Atomic unsigned int *epoch;
	/** The INTx line: a level. */
	void (*irq)(void *host, bool level);
	/** A message of MSI (vector 0) or MSI-X: an edge. NULL if the host has no messages. */
	void (*message)(void *host, unsigned int vector);
};

/** Misbehaviour on request; bit numbers of nic_set_faults(). */
enum nic_fault {
	NIC_FAULT_GONE,      /* card pulled: every read is all-ones, no DMA */
	NIC_FAULT_RESET,     /* CTRL.RST never completes */
	NIC_FAULT_DMA,       /* a request of DMA stays pending: STATUS.GIO stays 1 */
	NIC_FAULT_EEPROM,    /* EEPROM checksum is wrong */
	NIC_FAULT_EERD,      /* EERD.DONE never set */
	NIC_FAULT_SFP,       /* cage empty: nothing answers on I2C, no link */
	NIC_FAULT_LINK,      /* no light: link stays down */
	NIC_FAULT_RXQ,       /* RXDCTL.ENABLE never reads back 1 */
	NIC_FAULT_TXQ,       /* TXDCTL.ENABLE never reads back 1 */
	NIC_FAULT_RX_LEN,    /* every 7th Rx write-back has an impossible length */
	NIC_FAULT_RX_STATUS, /* every 7th Rx write-back has errors and no EOP */
	NIC_FAULT_RX_EOP,    /* no Rx write-back has EOP, all have the length of a full buffer */
	NIC_FAULT_TX_DD,     /* Tx write-backs are lost */
	NIC_FAULT_COUNT
};
/** "gone", "reset", ... in the order of enum nic_fault. */
extern const char *const nic_fault_names[NIC_FAULT_COUNT];

struct nic_config {
	const char *name;         /* for messages; copied */
	volatile void *bar;       /* NIC_BAR_SIZE bytes, zeroed */
	const struct nic_host_ops *host_ops;
	void *host;               /* argument of host_ops */
	struct nic_card *card;
	unsigned int lan_id;      /* 0 or 1: STATUS.LAN_ID, PCI function */
	uint8_t mac[6];
	bool strict;              /* a rule violation is refused, not only counted */
	uint32_t faults;          /* bits of enum nic_fault */
	int trace_fd;             /* a line for every register access; -1: none */
};

/** @return NULL and errno ENOMEM, or the two functions' shared part. */
struct nic_card *nic_card_create(void);
void nic_card_free(struct nic_card *card);

/** Power on. @return NULL with errno ENOMEM or EINVAL. */
struct nic *nic_create(const struct nic_config *config);
void nic_free(struct nic *nic);

/** Plug a cable into the port; NULL unplugs it (the link goes down). */
void nic_set_wire(struct nic *nic, struct wire *wire);

/** A register access by the driver; offset is a byte offset into BAR0. */
uint32_t nic_read(struct nic *nic, uint32_t offset);
void nic_write(struct nic *nic, uint32_t offset, uint32_t value);
/** An access that the 82599 does not support (not 32 bits, or not aligned; 8.1.2): counted. */
void nic_bad_access(struct nic *nic, uint32_t offset, unsigned int size);

/** Is this the offset of a tail register (RDT, TDT)? */
bool nic_is_doorbell(uint32_t offset);
/**
 * Tell the device that doorbell pages (NIC_DOORBELL_PAGES) are mapped through,
 * so that it must watch for queue enables itself.  Head registers in the BAR
 * are then refreshed when a queue runs idle.
 */
void nic_set_direct(struct nic *nic, bool direct);
/** Did the device see a write to a direct page that must be trapped? */
bool nic_wants_trap(const struct nic *nic);
#define NIC_DOORBELL_PAGES { 0x1000, 0x6000, 0x7000, 0xd000 } /* 4 KB each */

/** Serve each enabled queue once. @return 0 if no packet was moved */
unsigned int nic_poll(struct nic *nic);
/**
 * The time at which nic_poll() must be called again even if neither the driver nor the wire does
 * anything: ns of CLOCK_MONOTONIC. It is for attachments that see every register access, and sleep.
 * @return UINT64_MAX if no timer runs
 */
uint64_t nic_wake_at(struct nic *nic);

/** PCI reset (function-level or hot): the device is as after power on. */
void nic_reset(struct nic *nic);

/** PCI command register, bus master enable (9.3.3). It is on after nic_create(); off stops DMA. */
void nic_set_bus_master(struct nic *nic, bool on);

/** Choose the kind of interrupts. It is INTx after nic_create() and nic_reset(). */
void nic_set_irq_mode(struct nic *nic, enum nic_irq_mode mode);

void nic_set_faults(struct nic *nic, uint32_t faults);
uint32_t nic_faults(const struct nic *nic);

/* The state of the device, for telemetry, tests and reports. */

/** Counters since nic_create(); the driver cannot clear them. */
struct nic_counts {
	uint64_t reg_reads, reg_writes;   /* through nic_read()/nic_write() */
	uint64_t rdt_writes, tdt_writes;  /* the trapped ones; also in reg_writes */
	uint64_t rx_packets, rx_bytes;    /* written to host memory; without FCS */
	uint64_t tx_packets, tx_bytes;    /* put on the wire */
	uint64_t rx_filtered;             /* not for this station */
	uint64_t rx_missed;               /* no descriptor, or the queue is not enabled */
	uint64_t rx_disabled;             /* arrived while RXCTRL.RXEN was 0 */
	uint64_t dma_refused;             /* addresses that the host refused */
	uint64_t tx_unsupported;          /* frames with an offload that is not emulated; dropped */
	uint64_t unknown_access;          /* registers that do not exist */
	uint64_t violations;              /* sum over all rules */
	uint64_t irq_line;                /* how often the line was asserted */
	uint64_t messages[NIC_MSIX_VECTORS]; /* MSI (0) and MSI-X */
	uint64_t desc_reads, desc_writes; /* descriptors fetched, written back */
	uint64_t pcie_up, pcie_down;      /* bytes that PCIe would carry, see doc/ */
};
void nic_get_counts(struct nic *nic, struct nic_counts *counts);

/** A programming rule of the data sheet. */
struct nic_rule {
	const char *name, *section, *text;
};
/** @return rule number i and how often it was violated, or NULL past the last. */
const struct nic_rule *nic_get_rule(struct nic *nic, unsigned int i, uint64_t *violated);
/** The first violation's particulars, "" if there was none. */
void nic_get_first_violation(struct nic *nic, char *buf, size_t size);

/**
 * A feature of the 82599 that this device does not emulate (doc/sim82599.md).
 * @return the name of number i, and how often a register write requested it; NULL past the last
 */
const char *nic_get_absent(struct nic *nic, unsigned int i, uint64_t *asked);

bool nic_link_is_up(struct nic *nic);

/** A register of the table. Its value is read without side effects. */
struct nic_reg_info {
	char name[24];            /* "RDT[5]" */
	const char *section;
	uint32_t offset;
};
/** Walk all registers: *cursor starts at 0. @return false past the last. */
bool nic_next_reg(uint32_t *cursor, struct nic_reg_info *info);
/** Walk the registers that were written although they are read-only, or with reserved bits. */
bool nic_next_ill_written(struct nic *nic, uint32_t *cursor, struct nic_reg_info *info,
			  uint64_t *n);
uint32_t nic_peek(struct nic *nic, uint32_t offset);

#endif /* NIC_H */
