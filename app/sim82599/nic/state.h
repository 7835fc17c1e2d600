/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The state of the device, which all files in nic/ share, and access to its registers' values.
 * All functions that use it are called with the device's lock held.
 *
 * Each other file is one feature, with the hooks of its registers. Its header has the functions
 * that other files call. A file uses only files below it (tests/system/test_layers.py):
 *
 *   nic.c     nic.h: create and destroy, the poll of the device, its state for telemetry
 *   access.c  a register access: lock, trace, table, hooks
 *   direct.c  doorbells that are written without a trap
 *   device.c  reset, the choice of the wire; CTRL, STATUS, FRTIMER, HLREG0
 *   eeprom.c  EEPROM by EERD and by bit-bang (EEC); SFP+ module over I2C; semaphores
 *   link.c    AUTOC, LINKS, link timing
 *   rx.c tx.c the queues
 *   tx_offload.c  changes to transmitted frames: checksums, segmentation, VLAN tag
 *   rxcsum.c  the checksums of a received frame
 *   filter.c  the filters, which choose the frames for this station
 *   pause.c   flow control
 *   steer.c   the choice of a queue for a received frame: RSS and the filters before it
 *   parse.c   the headers of a received frame
 *   pktbuf.c  the receive packet buffer
 *   stats.c   statistics registers
 *   irq.c     interrupts: causes, masks, vectors
 *   systim.c  system time
 *   loopback.c  MAC loopback
 *   absent.c  features that are not emulated: requests, and registers that drivers wait for
 *   desc.c    descriptors, rings, host memory; the registers of a ring
 *   regs.c    the register table (regs.def)
 *   rules.c   violations of the programming rules (rules.h)
 *   timer.c   the time at which the device must run next
 *   lock.h    the device's lock
 *   clock.c   the time
 *   csum.c    checksums
 */

#ifndef STATE_H
#define STATE_H

#include <stdatomic.h>
#include <string.h>

#include "nic.h"
#include "rules.h"
#include "../wire/wire.h"

#define FCS_LEN 4
#define MAX_FRAME 1518 /* with FCS, without jumbo frames (8.2.3.22.8) */
#define TAG_LEN 4 /* a VLAN tag */

/* The ring of a queue. Its registers are latched when the queue is enabled. */
struct nic_ring {
	uint64_t base;
	uint32_t size;         /* descriptors */
	uint32_t head;
	uint32_t bad_tail;     /* a tail outside of the ring; 0: it is inside */
	struct nic_window window;
};

/* A receive queue. Its registers are latched likewise. */
struct nic_rxq {
	bool live;
	bool legacy;           /* SRRCTL.DESCTYPE 0: 8-byte legacy write-back */
	struct nic_ring ring;
	uint32_t buf_size;     /* bytes, SRRCTL.BSIZEPACKET */
	bool split;            /* SRRCTL.DESCTYPE 2 or 5: headers go to a buffer of their own */
	bool split_always;     /* 5: that buffer is used for any packet */
	uint32_t header_size;  /* bytes of it, SRRCTL.BSIZEHEADER */
	bool strip;            /* RXDCTL.VME: VLAN tags go to the descriptor */
	uint32_t rxdctl;       /* as last seen, to notice direct writes */
	uint64_t packets;      /* for faults of every n-th packet */
};

/* An offload context, 7.2.3.2.3: a copy of its descriptor, 0 if there was none. */
struct nic_tx_context {
	uint64_t lo, hi;
};

/* A transmit queue. */
struct nic_txq {
	bool live;
	struct nic_ring ring;
	uint32_t segment;      /* segments of the frame at the head that were sent (7.2.4) */
	uint32_t open_end;     /* last tail that was reported because a frame has no end */
	uint32_t seen;         /* descriptors from the head on that were checked */
	bool tso_hlreg;        /* TX_TSO_HLREG was reported, and HLREG0 has not changed */
	struct nic_tx_context context[2], kept[2]; /* after checked ones; at the head */
	uint64_t head_wb;      /* address of head write-back, 0: none */
	uint32_t txdctl;
};

/* The statistics registers, 8.2.3.23: regs.def has their offsets. */
enum nic_stat {
	STAT_NONE = -1, /* for a feature that is not emulated: always 0 */
	STAT_CRCERRS, STAT_ILLERRC, STAT_ERRBC, STAT_MLFC, STAT_MRFC, STAT_RLEC,
	STAT_LXONTXC, STAT_LXOFFTXC, STAT_LXONRXC, STAT_LXOFFRXC,
	STAT_RXMPC, /* eight, one for each packet buffer */
	STAT_PRC64 = STAT_RXMPC + 8, STAT_PRC127, STAT_PRC255, STAT_PRC511, STAT_PRC1023,
	STAT_PRC1522,
	STAT_GPRC, STAT_BPRC, STAT_MPRC, STAT_GPTC, STAT_GORC, STAT_GOTC,
	STAT_RNBC, STAT_RUC, STAT_RFC, STAT_ROC, STAT_RJC, STAT_MNGPRC, STAT_MNGPDC,
	STAT_TORC, STAT_TPR, STAT_TPT,
	STAT_PTC64, STAT_PTC127, STAT_PTC255, STAT_PTC511, STAT_PTC1023, STAT_PTC1522,
	STAT_MPTC, STAT_BPTC, STAT_MSPDC, STAT_XEC, STAT_FCCRC,
	STAT_RXNFGPC, STAT_RXNFGBC, STAT_RXDGPC, STAT_RXDGBC, STAT_TXDGPC, STAT_TXDGBC,
	STAT_SSVPC, STAT_LDPCEC,
	/* sixteen of each; queues are mapped to them by RQSMR and TQSM */
	STAT_QPRC,
	STAT_QBRC = STAT_QPRC + 16,
	STAT_QPRDC = STAT_QBRC + 16,
	STAT_QPTC = STAT_QPRDC + 16,
	STAT_QBTC = STAT_QPTC + 16,
	STAT_COUNT = STAT_QBTC + 16
};

/* 7.1.1: the L2 filters in a form that is quick to test; rebuilt when stale. */
struct nic_filter {
	bool stale;            /* a filter register was written */
	bool promisc, allmulti, broadcast;
	bool all_unicast;      /* promiscuous, and no VLAN is filtered */
	bool extended_vlan;    /* CTRL_EXT: an outer tag precedes the one that is filtered */
	uint16_t vet, outer_vet; /* types of the tags */
	uint8_t mta_shift;     /* 0xff: MCSTCTRL.MFE off */
	uint16_t nb_rar;
	uint64_t rar[128];     /* 48 bits, as loaded little-endian from the frame */
};

/* 7.1.2: the rules that choose queues, in a form that is quick to use; rebuilt with the filters. */
struct nic_steer {
	bool off;              /* all frames go to queue 0 */
	bool filters;          /* a filter of ETQF or SYNQF is enabled */
	bool plain;            /* IPv4 behind the addresses is no VLAN tag: wire_frame.made holds */
	uint8_t rss_mask;      /* significant bits of a RETA entry; 0: no RSS */
	uint32_t mrqc;
	uint32_t etqf[8], etqs[8], synqf;
	/* the contribution of a byte to the hash, by its position in the input and its value */
	uint32_t toeplitz[36][256];
};

/* A frame in the packet buffer, and the result of parsing it. */
struct rx_frame {
	const uint8_t *data;
	uint32_t len;          /* without FCS */
	uint8_t queue;
	uint8_t tag_at;        /* of the VLAN tag; 0: none */
	uint64_t lo, hi;       /* the write-back of its last descriptor (7.1.6.2), without length */
};

/* The receive packet buffer, 7.1.1: a FIFO of frames that wait for a descriptor. A frame has a
 * header in one unit, and its bytes in the next units. A frame that finds a descriptor at once is
 * not copied to it. */
struct packet_buffer {
	struct rx_frame *units;
	uint32_t first, end;   /* units: the first frame's header, and behind the last frame */
	uint32_t fill;         /* bytes of frames, with FCS */
};

#define EEPROM_WORDS 8192 /* as EEC.SIZE says */

struct nic_card {
	atomic_uint swsm, gssr;        /* 8.2.3.4.11, 8.2.3.4.14 */
	_Atomic uint16_t eeprom[EEPROM_WORDS]; /* 6.1 */
};

struct nic {
	volatile uint32_t *bar;
	struct nic_config config;
	char name[64];
	struct wire *plugged;  /* into the port, or NULL */
	struct wire *wire;     /* the MAC sends to and receives from it: plugged, or the loopback */
	struct wire *loopback; /* HLREG0.LPBK */

	atomic_int lock, waiters;
	atomic_bool wants_trap;
	atomic_uint faults;
	atomic_bool direct;
	bool bus_master;

	/* rx.c and tx.c keep these for nic_poll() */
	atomic_uint nb_live;   /* enabled queues of both directions */
	uint16_t rx_end, tx_end; /* highest live queue + 1 */
	/* rx.c: frames that the MAC took, peeked from fifo_wire. They are still on the wire. */
	struct rx_frame fifo[WIRE_BURST];
	uint8_t fifo_wire, fifo_len, fifo_next;
	bool fifo_single;      /* all are for queue 0 */
	struct packet_buffer buffer; /* frames that came before these */
	uint64_t qde[NIC_QUEUES / 64]; /* queues that drop by QDE */
	/* the windows of host memory that were used last, here and in the queues */
	unsigned int epoch;
	struct nic_window rx_buffers, tx_buffers, tx_heads;
	struct nic_filter filter;
	struct nic_steer steer;
	struct nic_rxq rxq[NIC_QUEUES];
	struct nic_txq txq[NIC_QUEUES];
	uint64_t stat[STAT_COUNT];
	uint32_t stat_high[STAT_COUNT]; /* upper half, latched by the read of the lower */
	struct nic_counts counts;

	/* nic.c */
	uint64_t rst_until;    /* ns, CTRL.RST reads 1 until then */
	uint64_t reset_until;  /* ns, no register may be accessed until then; 0: no reset */
	_Atomic uint64_t timer_at; /* ns, the first of the times in timer_update(); 0: none */
	atomic_uint idle_polls;
	uint8_t watch;         /* queue to look at next in direct mode */

	/* link.c */
	unsigned int light;    /* as last seen: wire_light(), if the link can come up; else 0 */
	bool link_shines;      /* the transmitter's state that the plugged wire was told */
	bool link_up;
	bool link_lost;        /* it was down since the last read of LINKS */
	bool link_told;        /* the link's state that the plugged wire was told */
	uint64_t link_at;      /* ns, the time at which it comes up; 0: it does not */

	/* pause.c */
	uint64_t pause_until;  /* ns, nothing is sent until then; 0: no pause */
	bool pause_late;       /* that time was over at the last poll */
	uint64_t xoff_at;      /* ns, the time to send the next pause frame; 0: none */
	bool xoff;             /* a pause frame was sent, and is in effect */

	/* irq.c */
	enum nic_irq_mode irq_mode;
	bool irq_line;         /* as last told to the host */
	bool irq_queues;       /* IVAR has an entry: some queue has a cause */
	uint64_t irq_ex;       /* causes of vectors 16-63 */
	uint32_t irq_told;     /* causes in EICR that were signalled, or are about to be */
	uint64_t irq_due;      /* vectors that EITR holds back */
	uint64_t itr_until[NIC_MSIX_VECTORS]; /* ns, when the counter of EITR is 0 */
	uint64_t itr_at;       /* ns, the time to send the first of irq_due; 0: none */
	uint64_t tcp_at;       /* ns, when the TCP timer ends; 0: it does not run */
	uint64_t tcp_left;     /* ns, to run once it is enabled */

	/* systim.c */
	uint64_t systim, systim_at; /* a value of SYSTIM, and its time (ns) */
	uint32_t systim_high;  /* its upper half, latched by the read of the lower */

	/* rules.c */
	uint64_t violated[RULE_COUNT];
	uint64_t absent[ABSENT_COUNT]; /* number of requests by register writes */
	char first_violation[160];
	uint32_t ill_written[NIC_BAR_SIZE / 4]; /* registers, against READ_ONLY or RESERVED_BITS */

	struct nic_eeprom_bus *eeprom; /* bit-bang state, eeprom.c */
	struct nic_sfp_bus *sfp;       /* I2C state, eeprom.c */
};

static inline uint32_t
reg_get(const struct nic *nic, uint32_t offset)
{
	return nic->bar[offset >> 2];
}

static inline void
reg_put(struct nic *nic, uint32_t offset, uint32_t value)
{
	nic->bar[offset >> 2] = value;
}

/* Of a frame: a 16-bit field. */
static inline uint32_t
be16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return __builtin_bswap16(value);
}

static inline void
put_be16(uint8_t *p, uint32_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

static inline bool
has_fault(const struct nic *nic, enum nic_fault fault)
{
	return nic->faults >> fault & 1;
}

#endif /* STATE_H */
