/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Inside of the device: state, and what its parts call of each other.
 * Everything here is called with the device's lock held.
 *
 *   nic.c     life, lock, register access, trace, direct mode, nic_poll
 *   regs.c    the register table (regs.def) and the hooks that are its behaviour
 *   eeprom.c  EEPROM by EERD and by bit-bang (EEC); SFP+ module over I2C
 *   link.c    AUTOC, LINKS, link timing
 *   irq.c     interrupts: causes, masks, vectors
 *   loopback.c  MAC loopback
 *   pause.c   flow control
 *   stats.c   statistics registers
 *   systim.c  system time
 *   filter.c  which frames are for this station
 *   parse.c   the headers of a received frame
 *   rxcsum.c  its checksums
 *   steer.c   the queue that a received frame goes to: RSS and the filters before it
 *   pktbuf.c  the receive packet buffer
 *   rx.c tx.c the queues
 *   tx_offload.c  what transmit does to a frame: checksums, segmentation, VLAN tag
 *   rules.c   the programming rules and their count
 *   clock.c   the time
 */

#ifndef NIC_PRIV_H
#define NIC_PRIV_H

#include <stdatomic.h>
#include <string.h>

#include "nic.h"
#include "regs.h"
#include "rules.h"
#include "../wire/wire.h"

#define FCS_LEN 4
#define MAX_FRAME 1518 /* with FCS, without jumbo frames (8.2.3.22.8) */
#define TAG_LEN 4 /* a VLAN tag */

/* The descriptors of a queue, latched from its registers when it was enabled. */
struct nic_ring {
	uint64_t base;
	uint32_t size;         /* descriptors */
	uint32_t head;
	uint32_t bad_tail;     /* the tail, if it is outside of the ring; 0: it is inside */
	struct nic_window window;
};

/* A receive queue, latched likewise. */
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
	uint64_t packets;      /* for faults that hit every n-th */
};

/* An offload context, 7.2.3.2.3: as its descriptor was, 0 if there was none. */
struct nic_tx_context {
	uint64_t lo, hi;
};

/* A transmit queue. */
struct nic_txq {
	bool live;
	struct nic_ring ring;
	uint32_t segment;      /* of the frame at the head so many are out (7.2.4) */
	uint32_t open_end;     /* tail that leaves a frame open, as last reported */
	uint32_t seen;         /* descriptors from the head on that were looked at already */
	bool tso_hlreg;        /* TX_TSO_HLREG was reported, and HLREG0 is still so */
	struct nic_tx_context context[2], kept[2]; /* as far as looked at, and at the head */
	uint64_t head_wb;      /* address of head write-back, 0: none */
	uint32_t txdctl;
};

/* The statistics registers, 8.2.3.23: regs.def has their offsets. */
enum nic_stat {
	STAT_NONE = -1, /* of something that is not emulated: always 0 */
	STAT_CRCERRS, STAT_ILLERRC, STAT_ERRBC, STAT_MLFC, STAT_MRFC, STAT_RLEC,
	STAT_LXONTXC, STAT_LXOFFTXC, STAT_LXONRXC, STAT_LXOFFRXC,
	STAT_RXMPC, /* eight, one a packet buffer */
	STAT_PRC64 = STAT_RXMPC + 8, STAT_PRC127, STAT_PRC255, STAT_PRC511, STAT_PRC1023, STAT_PRC1522,
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
	bool extended_vlan;    /* CTRL_EXT: an outer tag goes before the one that counts */
	uint16_t vet, outer_vet; /* types of the tags */
	uint8_t mta_shift;     /* 0xff: MCSTCTRL.MFE off */
	uint16_t nb_rar;
	uint64_t rar[128];     /* 48 bits, as loaded little-endian from the frame */
};

/* 7.1.2: how queues are chosen, in a form that is quick to use; rebuilt with the filters. */
struct nic_steer {
	bool off;              /* all frames go to queue 0 */
	bool filters;          /* some of ETQF or SYNQF is enabled */
	bool plain;            /* IPv4 behind the addresses is no VLAN tag: wire_frame.made holds */
	uint8_t rss_mask;      /* bits of a RETA entry that count; 0: no RSS */
	uint32_t mrqc;
	uint32_t etqf[8], etqs[8], synqf;
	/* the share in the hash of each byte's value, by its place in the input */
	uint32_t toeplitz[36][256];
};

/* A frame in the packet buffer, and what was found out about it. */
struct rx_frame {
	const uint8_t *data;
	uint32_t len;          /* without FCS */
	uint8_t queue;
	uint8_t tag_at;        /* of the VLAN tag; 0: none */
	uint64_t lo, hi;       /* the write-back of its last descriptor (7.1.6.2), without length */
};

/* The receive packet buffer, 7.1.1: a FIFO of frames that wait for a descriptor. Each is a header,
 * and its bytes in the units behind it. Frames that find one at once never see it. */
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
	struct wire *wire;     /* what the MAC sends to and receives from: plugged, or the loopback */
	struct wire *loopback; /* HLREG0.LPBK */

	atomic_int lock, waiters;
	atomic_bool wants_trap;
	atomic_uint faults;
	atomic_bool direct;
	bool bus_master;

	/* rx.c and tx.c keep these for nic_poll() */
	atomic_uint nb_live;   /* enabled queues of both directions */
	uint16_t rx_end, tx_end; /* highest live queue + 1 */
	/* rx.c: frames that the MAC took, of fifo_wire peeked. They still lie on the wire. */
	struct rx_frame fifo[WIRE_BURST];
	uint8_t fifo_wire, fifo_len, fifo_next;
	bool fifo_single;      /* all are for queue 0 */
	struct packet_buffer buffer; /* frames that came before these */
	uint64_t qde[NIC_QUEUES / 64]; /* queues that drop by QDE */
	/* host memory as last looked up, here and in the queues */
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
	_Atomic uint64_t timer_at; /* ns, the first of what timer_update() knows; 0: none */
	atomic_uint idle_polls;
	uint8_t watch;         /* queue to look at next in direct mode */

	/* link.c */
	unsigned int light;    /* as last seen: wire_light(), if the link can come up; else 0 */
	bool link_shines;      /* what the plugged wire knows of the transmitter */
	bool link_up;
	bool link_lost;        /* was down since the last read of LINKS */
	bool link_told;        /* what the plugged wire knows of the link */
	uint64_t link_at;      /* ns, when it comes up; 0: not on its way */

	/* pause.c */
	uint64_t pause_until;  /* ns, nothing is sent until then; 0: no pause */
	uint64_t xoff_at;      /* ns, when to send the next pause frame; 0: not */
	bool xoff;             /* one was sent, and holds */

	/* irq.c */
	enum nic_irq_mode irq_mode;
	bool irq_line;         /* as last told to the host */
	bool irq_queues;       /* IVAR has an entry: some queue has a cause */
	uint64_t irq_ex;       /* causes of vectors 16-63 */
	uint32_t irq_told;     /* causes in EICR that the host was told of, or is about to be */
	uint64_t irq_due;      /* vectors that EITR holds back */
	uint64_t itr_until[NIC_MSIX_VECTORS]; /* ns, when the counter of EITR is 0 */
	uint64_t itr_at;       /* ns, when the first of irq_due may go; 0: none */
	uint64_t tcp_at;       /* ns, when the TCP timer ends; 0: it does not run */
	uint64_t tcp_left;     /* ns, to run once it is enabled */

	/* systim.c */
	uint64_t systim, systim_at; /* what SYSTIM was, and when (ns) */
	uint32_t systim_high;  /* its upper half, latched by the read of the lower */

	/* rules.c */
	uint64_t violated[RULE_COUNT];
	uint64_t absent[ABSENT_COUNT]; /* asked for so often */
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

/* clock.c: ns, CLOCK_MONOTONIC */
uint64_t nic_now(void);

/* Count a violation; the first is kept as text. @return true if the device is
 * strict, and the offending access is to have no effect. */
bool nic_violation(struct nic *nic, enum nic_rule_id rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* nic.c */
void device_reset(struct nic *nic); /* what CTRL.RST does (4.2.1.6) */
void timer_update(struct nic *nic); /* link_at, itr_at, tcp_at, pause_until or xoff_at has changed */
void wire_choose(struct nic *nic);  /* HLREG0.LPBK has changed */

/* loopback.c: a wire whose far end is the MAC itself. @return NULL: no memory */
struct wire *loopback_create(void);
void loopback_clear(struct wire *loopback);
void loopback_free(struct wire *loopback);

/* regs.c */
void regs_reset(struct nic *nic); /* every register to its reset value */
/* count it if this value asks for something that is not emulated */
void reg_count_absent(struct nic *nic, const struct reg *reg, uint32_t value);
/* May a queue be enabled with this ring? name: RD or TD */
bool ring_allowed(struct nic *nic, const char *name, unsigned int q, uint64_t base, uint32_t length);
void rxdctl_changed(struct nic *nic, unsigned int q, uint32_t value);
void txdctl_changed(struct nic *nic, unsigned int q, uint32_t value);

/* eeprom.c */
int eeprom_init(struct nic *nic);            /* @return 0 or -ENOMEM */
void eeprom_free(struct nic *nic);
uint16_t eeprom_word(const struct nic *nic, uint32_t address);
void eeprom_mac(const struct nic *nic, uint8_t mac[6]);
uint32_t eeprom_eerd_write(struct nic *nic, uint32_t value); /* @return the new EERD */
uint32_t eeprom_eec_write(struct nic *nic, uint32_t value); /* @return the new EEC */
uint32_t sfp_i2cctl_write(struct nic *nic, uint32_t value); /* @return the new I2CCTL */

/* link.c */
void link_restart(struct nic *nic);          /* reset, AUTOC.AN_RESTART, wire changed ... */
void link_check(struct nic *nic);            /* has light gone or come, here or there? */
void link_unplug(struct nic *nic);           /* before the plugged wire is another one */
bool link_laser(const struct nic *nic);      /* is it on? */
bool link_receives(const struct nic *nic);   /* does light come in? */
void link_poll(struct nic *nic, uint64_t now);
uint32_t link_links(struct nic *nic, bool peek); /* LINKS */
void link_tell(struct nic *nic);             /* the plugged wire, if it does not know */
uint32_t link_pcs1glsta(const struct nic *nic);
uint32_t link_pcs1ganlp(const struct nic *nic);

/* irq.c */
void irq_reset(struct nic *nic);             /* the registers were reset */
void irq_set_mode(struct nic *nic, enum nic_irq_mode mode);
void irq_raise(struct nic *nic, uint32_t causes); /* bits of EICR */
void irq_pin(struct nic *nic, uint32_t cause); /* one of the SDP pins has risen */
void irq_update(struct nic *nic);            /* what may be sent has changed */
void irq_queue(struct nic *nic, unsigned int q, bool tx);
void irq_poll(struct nic *nic, uint64_t now);

/* The queue has written back descriptors. */
static inline void
irq_rx(struct nic *nic, unsigned int q)
{
	if (nic->irq_queues)
		irq_queue(nic, q, false);
}

static inline void
irq_tx(struct nic *nic, unsigned int q)
{
	if (nic->irq_queues)
		irq_queue(nic, q, true);
}

/* filter.c: L2 filters, 7.1.1; frame is at least 60 bytes. The filters are not stale. */
enum filter_verdict { /* as the status of a write-back has it: DD, PIF */
	FILTER_REFUSED = 0,
	FILTER_EXACT = 0x01,
	FILTER_HASH = 0x81, /* passed by MTA alone */
};
void filter_rebuild(struct nic *nic);
enum filter_verdict filter_address(struct nic *nic, const uint8_t *frame); /* and by VLAN */
enum filter_verdict filter_judge(struct nic *nic, const uint8_t *frame);

static inline enum filter_verdict
filter_frame(struct nic *nic, const uint8_t *frame)
{
	return nic->filter.all_unicast && !(frame[0] & 1) ? FILTER_EXACT : filter_judge(nic, frame);
}

/* pause.c: a frame of type 8808h has come. @return true: it goes no further */
bool pause_receive(struct nic *nic, const uint8_t *frame);
void pause_poll(struct nic *nic, uint64_t now);

/* parse.c: what the headers of a frame say, 7.1.6.2; offsets from its start. Lengths that the
 * headers give are checked against the frame before they are used for an offset. */
struct headers {
	uint32_t type;         /* RX_PTYPE_..., without layer 2's */
	uint16_t ethertype;    /* behind VLAN tags */
	uint8_t outer_tag_at, tag_at; /* VLAN tags; 0: none */
	uint8_t proto;         /* of what comes last, as IP calls it */
	bool fragment;
	uint32_t l3;           /* the (outer) IP header; 0: none */
	uint32_t inner;        /* the IP header in front of L4: l3, or of IPv6 in IPv4 */
	uint32_t l4;           /* TCP, UDP or SCTP header, which is in the frame; 0: none */
	uint32_t l2_end;       /* where layer 3 begins */
	uint32_t l3_end;       /* where the IP headers end that were followed; 0: none */
	uint32_t end;          /* of the inner packet, as its IP header says: any value */
};
void headers_parse(const struct nic *nic, const uint8_t *frame, uint32_t len, struct headers *h);

/* pktbuf.c */
int packet_buffer_init(struct nic *nic);     /* @return 0 or -ENOMEM */
void packet_buffer_free(struct nic *nic);
void packet_buffer_clear(struct nic *nic);
uint32_t packet_buffer_size(const struct nic *nic); /* bytes */
bool packet_buffer_put(struct nic *nic, const struct rx_frame *frame); /* @return false: no room */
/* The first frames, n at the most; valid until they are dropped. @return their number */
unsigned int packet_buffer_peek(struct nic *nic, struct rx_frame *frames, unsigned int n);
void packet_buffer_drop(struct nic *nic, unsigned int n);

/* rxcsum.c: adds what the checksums are worth to its write-back, 7.1.11 */
void rxcsum_frame(struct nic *nic, struct rx_frame *frame, const struct headers *h);

/* steer.c: sets frame's queue, and RSS type and hash in its write-back */
void steer_rebuild(struct nic *nic);
void steer_frame(const struct nic *nic, struct rx_frame *frame, const struct headers *h);

/* systim.c; TIMINCA must not change between the two */
void systim_set(struct nic *nic, uint64_t value);
uint64_t systim_get(const struct nic *nic);

/* rx.c, tx.c: the enable bit rises or falls (8.2.3.8.6, 8.2.3.9.10) */
void rxq_enable(struct nic *nic, unsigned int q);
void rxq_disable(struct nic *nic, unsigned int q);
void txq_enable(struct nic *nic, unsigned int q, uint32_t txdctl);
void txq_disable(struct nic *nic, unsigned int q);
/* Head write-back of a queue as its registers have it now (8.2.3.9.11, 8.2.3.9.12), with TXDCTL as
 * it is to be. @return false: strict, and against a rule */
bool txq_head_wb(struct nic *nic, unsigned int q, uint32_t txdctl);
/* descriptors that the driver has given come from its cache: fetch the next ones all at once */
void rx_prefetch(struct nic *nic);
void tx_prefetch(struct nic *nic);
void rx_reset(struct nic *nic);   /* forget all frames that wait for a descriptor */
void rx_leave(struct nic *nic);   /* keep them, but leave none of them on the wire */
unsigned int rx_poll(struct nic *nic, bool dma); /* dma: host memory may be accessed */
unsigned int tx_poll(struct nic *nic);

/* stats.c: the read hooks of statistics registers */
reg_read_hook read_stat, read_stat_low, read_stat_high;
/* so many frames and bytes, without FCS ... */
void stats_rx_total(struct nic *nic, uint32_t nb, uint64_t bytes); /* of all */
void stats_rx_right(struct nic *nic, uint32_t nb, uint64_t bytes); /* of those, without an error */
void stats_rx_good(struct nic *nic, uint32_t nb, uint64_t bytes);  /* of those, for us */
void stats_tx_good(struct nic *nic, uint32_t nb, uint64_t bytes);

/* ... and of each: its size class (64, 65-127, 128-255, 256-511, 512-1023, 1024 and more; with
 * FCS), and whether it is for many.
 * INTERPRETATION (MISSING): whether frames that the filters refuse have a size class is not
 * said; a good packet is elsewhere one that passed them. */
static inline void
stats_frames(uint64_t *classes, uint64_t *broadcast, uint64_t *multicast, const uint8_t *frame,
	     uint32_t len_fcs, uint32_t nb)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	unsigned int log2 = 31 - __builtin_clz(len_fcs | 64);

	classes[len_fcs <= 64 ? 0 : log2 > 10 ? 5 : log2 - 5] += nb;
	if (frame[0] & 1)
		*(memcmp(frame, all, sizeof(all)) == 0 ? broadcast : multicast) += nb;
}

static inline void
stats_rx_frames(struct nic *nic, const uint8_t *frame, uint32_t len_fcs, uint32_t nb)
{
	stats_frames(&nic->stat[STAT_PRC64], &nic->stat[STAT_BPRC], &nic->stat[STAT_MPRC], frame,
		     len_fcs, nb);
}

static inline void
stats_tx_frames(struct nic *nic, const uint8_t *frame, uint32_t len_fcs, uint32_t nb)
{
	stats_frames(&nic->stat[STAT_PTC64], &nic->stat[STAT_BPTC], &nic->stat[STAT_MPTC], frame,
		     len_fcs, nb);
}

/* irq.c: hooks of 8.2.3.5 and of the TCP timer */
reg_read_hook read_eicr, read_eics, read_eitr;
reg_write_hook write_eicr, write_eics, write_eics_ex, write_eims, write_eimc, write_eiam,
	       write_eitr, write_ivar, write_gpie, write_tcptimer;

#endif /* NIC_PRIV_H */
