/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The queues of the software 82599, driven through its registers and host memory alone, as a
 * driver would. */

#include "rig.h"

#define RX_RING    0x10000u
#define TX_RING    0x40000u
#define HEAD_WB    0x7f000u
#define RX_BUFS    0x80000u
#define TX_BUFS    0x200000u
#define BUF_SIZE   4096u
#define NB_DESC    64u

static void
create(uint32_t faults, bool strict)
{
	struct nic_config config = rig_config();

	config.faults = faults;
	config.strict = strict;
	nic = rig_create(&config);
	rig_link_up();
	rig_receive();
	reg_set(NIC_HLREG0, NIC_HLREG0_TXPADEN);
	reg_set(NIC_DMATXCTL, NIC_DMATXCTL_TE);
}

static int
setup(void **state)
{
	(void)state;
	rig_open();
	create(0, false);
	return 0;
}

#define teardown rig_close

static void
again(uint32_t faults, bool strict)
{
	nic_free(nic);
	create(faults, strict);
}

static struct ring_desc *
rx_desc(unsigned int i)
{
	return (struct ring_desc *)(host + RX_RING) + i;
}

static struct ring_desc *
tx_desc(unsigned int i)
{
	return (struct ring_desc *)(host + TX_RING) + i;
}

static void
rx_rearm(unsigned int i)
{
	*rx_desc(i) = (struct ring_desc){ HOST_BASE + RX_BUFS + i * BUF_SIZE, 0 };
}

/* desctype 1: advanced, one buffer; 0: legacy */
static void
rx_start(unsigned int q, unsigned int desctype, unsigned int buf_kb)
{
	for (unsigned int i = 0; i < NB_DESC; i++)
		rx_rearm(i);
	nic_write(nic, rxq_reg(q, NIC_RDBAL), (uint32_t)(HOST_BASE + RX_RING));
	nic_write(nic, rxq_reg(q, NIC_RDBAH), (HOST_BASE + RX_RING) >> 32);
	nic_write(nic, rxq_reg(q, NIC_RDLEN), NB_DESC * 16);
	nic_write(nic, rxq_reg(q, NIC_SRRCTL), desctype << 25 | buf_kb);
	nic_write(nic, rxq_reg(q, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
}

static void
tx_start(unsigned int q)
{
	nic_write(nic, txq_reg(q, NIC_TDBAL), (uint32_t)(HOST_BASE + TX_RING));
	nic_write(nic, txq_reg(q, NIC_TDBAH), (HOST_BASE + TX_RING) >> 32);
	nic_write(nic, txq_reg(q, NIC_TDLEN), NB_DESC * 16);
	nic_write(nic, txq_reg(q, NIC_TXDCTL), NIC_TXDCTL_ENABLE);
}

/* A frame in which every byte but the type depends on its place and on seed. */
static void
frame_in(uint32_t len, uint8_t seed)
{
	struct frame *frame = frame_add();

	for (uint32_t i = 0; i < len; i++)
		frame->b[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
	frame->b[0] = 0x02;
	memcpy(frame->b + 12, "\x88\xb5", 2); /* a type; what is below 1536 would be a length */
	frame->len = len;
}

/* cmd: bits of the descriptor's upper quadword beside length, type and PAYLEN */
#define CMD_EOP  (UINT64_C(1) << 24)
#define CMD_IFCS (UINT64_C(1) << 25)
#define CMD_RS   (UINT64_C(1) << 27)
#define CMD_DEXT (UINT64_C(1) << 29)
#define DTYP_DATA (UINT64_C(3) << 20)
#define DTYP_CTXT (UINT64_C(2) << 20)
#define WHOLE (CMD_EOP | CMD_IFCS | CMD_RS)

static uint8_t *
tx_put(unsigned int i, uint32_t len, uint32_t paylen, uint64_t cmd)
{
	uint8_t *buf = host + TX_BUFS + i * BUF_SIZE;

	for (uint32_t k = 0; k < len; k++)
		buf[k] = (uint8_t)(i * 13 + k * 3 + (k >> 8));
	*tx_desc(i) = (struct ring_desc){
		HOST_BASE + TX_BUFS + i * BUF_SIZE,
		len | DTYP_DATA | CMD_DEXT | cmd | (uint64_t)paylen << 46,
	};
	return buf;
}

static void
rx_writes_frame_and_status(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(60, 1);
	frame_in(1514, 2);
	poll_all();
	assert_memory_equal(host + RX_BUFS, wire.in[0].b, 60);
	assert_memory_equal(host + RX_BUFS + BUF_SIZE, wire.in[1].b, 1514);
	assert_int_equal(host[RX_BUFS + 60], 0); /* not a byte more */
	assert_int_equal(rx_desc(0)->hi, UINT64_C(60) << 32 | 3);
	assert_int_equal(rx_desc(1)->hi, UINT64_C(1514) << 32 | 3);
	assert_int_equal(rx_desc(2)->hi, 0);
	assert_int_equal(nic_read(nic, NIC_RDH), 2);
	assert_int_equal(counts().rx_packets, 2);
	assert_int_equal(counts().rx_bytes, 1574);
	assert_int_equal(counts().violations, 0);
	assert_int_equal(nic_read(nic, NIC_QPRC), 2);
	assert_int_equal(nic_read(nic, NIC_QPRC), 0);
}

static void
rx_wraps(void **state)
{
	unsigned int tail = NB_DESC - 1, next = 0;

	(void)state;
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, tail);
	for (unsigned int round = 0; round < 5; round++) {
		wire.in_first = wire.in_end = 0;
		for (unsigned int i = 0; i < 50; i++)
			frame_in(60 + i, (uint8_t)(round * 50 + i));
		poll_all();
		assert_int_equal(wire.in_first, 50);
		for (unsigned int i = 0; i < 50; i++) {
			assert_memory_equal(host + RX_BUFS + next * BUF_SIZE, wire.in[i].b, 60 + i);
			assert_int_equal(rx_desc(next)->hi >> 32, 60 + i);
			rx_rearm(next);
			next = (next + 1) % NB_DESC;
		}
		tail = (tail + 50) % NB_DESC;
		nic_write(nic, NIC_RDT, tail);
	}
	assert_int_equal(nic_read(nic, NIC_RDH), 250 % NB_DESC);
}

static void
rx_stops_at_tail_and_loses_nothing(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, 10);
	for (unsigned int i = 0; i < 25; i++)
		frame_in(60, (uint8_t)i);
	poll_all();
	assert_int_equal(counts().rx_packets, 10);
	assert_int_equal(rx_desc(9)->hi & 1, 1);
	assert_int_equal(rx_desc(10)->hi, 0);
	nic_write(nic, NIC_RDT, 40);
	poll_all();
	assert_int_equal(counts().rx_packets, 25);
	assert_memory_equal(host + RX_BUFS + 24 * BUF_SIZE, wire.in[24].b, 60);
	assert_int_equal(counts().rx_missed, 0);
}

static void
rx_without_descriptors_waits(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	wire.wire.lossless = false;
	frame_in(60, 1);
	rig_pass(100 * MS); /* however long it takes */
	assert_int_equal(counts().rx_missed, 0);
	nic_write(nic, NIC_SRRCTL, nic_read(nic, NIC_SRRCTL) | NIC_SRRCTL_DROP_EN);
	frame_in(60, 2);
	nic_poll(nic); /* at once */
	assert_int_equal(counts().rx_missed, 2);
	assert_int_equal(nic_read(nic, NIC_RXMPC), 0);
	assert_int_equal(nic_read(nic, NIC_QPRDC), 2);
	assert_int_equal(counts().rx_packets, 0);
}

static void
rx_scatters_over_small_buffers(void **state)
{
	(void)state;
	rx_start(0, 1, 1);
	nic_write(nic, NIC_HLREG0, nic_read(nic, NIC_HLREG0) | NIC_HLREG0_JUMBOEN);
	nic_write(nic, NIC_MAXFRS, 9728u << 16);
	nic_write(nic, NIC_RDT, 2);
	frame_in(3000, 9);
	poll_all();
	assert_int_equal(counts().rx_packets, 0); /* two descriptors are not enough */
	nic_write(nic, NIC_RDT, 3);
	poll_all();
	assert_memory_equal(host + RX_BUFS, wire.in[0].b, 1024);
	assert_memory_equal(host + RX_BUFS + BUF_SIZE, wire.in[0].b + 1024, 1024);
	assert_memory_equal(host + RX_BUFS + 2 * BUF_SIZE, wire.in[0].b + 2048, 952);
	assert_int_equal(rx_desc(0)->hi, UINT64_C(1024) << 32 | 1);
	assert_int_equal(rx_desc(1)->hi, UINT64_C(1024) << 32 | 1);
	assert_int_equal(rx_desc(2)->hi, UINT64_C(952) << 32 | 3);
}

static void
rx_length_limit(void **state)
{
	(void)state;
	rx_start(0, 1, 4);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(1514, 1);
	frame_in(1515, 2);
	frame_in(1518, 3); /* a full frame with a VLAN tag */
	memcpy(wire.in[2].b + 12, "\x81\x00\x00\x05", 4);
	frame_in(1519, 4);
	memcpy(wire.in[3].b + 12, "\x81\x00\x00\x05", 4);
	frame_in(59, 5);
	poll_all();
	assert_int_equal(counts().rx_packets, 2);
	assert_int_equal(nic_read(nic, NIC_ROC), 2);
	assert_int_equal(nic_read(nic, NIC_RUC), 1);
	/* 8.2.3.23.28, 8.2.3.23.47: the bad ones count among all, not among the good */
	assert_int_equal(nic_read(nic, NIC_TPR), 5);
	assert_int_equal(nic_read(nic, NIC_TORL), 1514 + 1515 + 1518 + 1519 + 59 + 5 * 4);
	assert_int_equal(nic_read(nic, NIC_RXNFGPC), 2);
	assert_int_equal(nic_read(nic, NIC_RXNFGBCL), 1514 + 1518 + 2 * 4);
	assert_int_equal(nic_read(nic, NIC_GPRC), 2);
}

static void
rx_vlan_filter_holds_when_promiscuous(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(60, 1);
	memcpy(wire.in[0].b + 12, "\x81\x00\x00\x05", 4);
	poll_all();
	assert_int_equal(counts().rx_packets, 1);
	nic_write(nic, NIC_VLNCTRL, nic_read(nic, NIC_VLNCTRL) | NIC_VLNCTRL_VFE);
	for (unsigned int i = 0; i < 2; i++) {
		frame_in(60, 1);
		memcpy(wire.in[wire.in_end - 1].b + 12, "\x81\x00\x00\x05", 4);
		poll_all();
		assert_int_equal(counts().rx_packets, 1 + i);
		nic_write(nic, NIC_VFTA, 1 << 5);
	}
	assert_int_equal(counts().rx_filtered, 1);
}

static void
rx_legacy_write_back(void **state)
{
	(void)state;
	rx_start(0, 0, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(77, 1);
	poll_all();
	/* only the upper quadword is written */
	assert_int_equal(rx_desc(0)->lo, HOST_BASE + RX_BUFS);
	assert_int_equal(rx_desc(0)->hi, UINT64_C(3) << 32 | 77);
}

static void
rx_keeps_crc_when_told(void **state)
{
	/* the CRC-32 of "123456789" is known; a frame must be longer, so check the residue:
	 * the CRC of a frame with its FCS is a constant */
	uint32_t crc = ~0u;

	(void)state;
	nic_write(nic, NIC_HLREG0, nic_read(nic, NIC_HLREG0) & ~NIC_HLREG0_RXCRCSTRP);
	nic_write(nic, NIC_RDRXCTL, nic_read(nic, NIC_RDRXCTL) & ~NIC_RDRXCTL_CRCSTRIP);
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(60, 1);
	poll_all();
	assert_int_equal(rx_desc(0)->hi >> 32, 64);
	for (int i = 0; i < 64; i++) {
		crc ^= host[RX_BUFS + i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	assert_int_equal(crc, 0xdebb20e3);
}

static void
rx_packet_types(void **state)
{
	static const struct {
		const char *what;
		uint8_t head[60];
		uint32_t ptype;
	} cases[] = {
		{ "ARP", { [12] = 0x08, 0x06 }, 0 },
		{ "IPv4 UDP", { [12] = 0x08, 0x00, 0x45, [23] = 17 }, 0x210 },
		{ "IPv4 TCP", { [12] = 0x08, 0x00, 0x45, [23] = 6 }, 0x110 },
		{ "IPv4 SCTP", { [12] = 0x08, 0x00, 0x45, [23] = 132 }, 0x410 },
		{ "IPv4 ICMP", { [12] = 0x08, 0x00, 0x45, [23] = 1 }, 0x010 },
		{ "IPv4 options UDP", { [12] = 0x08, 0x00, 0x46, [23] = 17 }, 0x230 },
		{ "IPv4 fragment", { [12] = 0x08, 0x00, 0x45, [20] = 0x20, [23] = 17 }, 0x010 },
		{ "VLAN IPv4 TCP", { [12] = 0x81, 0x00, 0, 5, 0x08, 0x00, 0x45, [27] = 6 }, 0x110 },
		{ "IPv6 TCP, too short for its header",
		  { [12] = 0x86, 0xdd, 0x60, [20] = 6 }, 0x040 },
	};

	(void)state;
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame *frame = frame_add();

		memcpy(frame->b, cases[i].head, 60);
		frame->len = 60;
	}
	poll_all();
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (rx_desc(i)->lo != cases[i].ptype)
			fail_msg("%s: 0x%llx, not 0x%x", cases[i].what,
				 (unsigned long long)rx_desc(i)->lo, cases[i].ptype);
}

static void
rx_refuses_foreign_memory(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	rx_desc(1)->lo = HOST_BASE + HOST_SIZE - 8;
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(60, 1);
	frame_in(60, 2);
	poll_all();
	assert_int_equal(counts().rx_packets, 1);
	assert_int_equal(counts().dma_refused, 1);
	assert_int_equal(rx_desc(1)->hi, 0);
	/* the queue stands still, and its head tells where; so it does when it is then disabled */
	assert_int_equal(nic_read(nic, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
	assert_int_equal(nic_read(nic, NIC_RDH), 1);
	nic_write(nic, NIC_RXDCTL, 0);
	assert_int_equal(nic_read(nic, NIC_RDH), 1);
}

static void
memory_that_goes_is_not_touched(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(60, 1);
	poll_all();
	assert_int_equal(counts().rx_packets, 1);
	host_size = RX_BUFS;
	epoch++;
	frame_in(60, 2);
	poll_all();
	assert_int_equal(counts().rx_packets, 1);
	assert_int_equal(counts().dma_refused, 1);
}

static void
tails_outside_the_ring(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	nic_write(nic, NIC_RDT, NB_DESC);
	nic_write(nic, NIC_TDT, NB_DESC + 1);
	wire.room = 1;
	frame_in(60, 1);
	poll_all();
	assert_int_equal(violations("TAIL_RANGE"), 2);
	assert_int_equal(counts().rx_packets, 0);
	assert_int_equal(wire.nb_out, 1);
	nic_write(nic, NIC_RDT, 1);
	poll_all();
	assert_int_equal(counts().rx_packets, 1);
}

/* A transmit tail that the head never meets: hardware goes round and round, and sends what it
 * finds. With strict=1 it is refused. */
static void
tx_tail_outside_the_ring_never_stops(void **state)
{
	(void)state;
	for (unsigned int size = 8; size <= NB_DESC; size += 8) {
		uint8_t *bufs[NB_DESC];

		again(0, false);
		for (unsigned int i = 0; i < size; i++)
			bufs[i] = tx_put(i, 60 + i, 60 + i, WHOLE);
		/* the last frame of a round has three buffers, the third at the ring's start */
		tx_put(size - 2, 60 + size - 2, 3 * 60 + 2 * size - 3, CMD_IFCS);
		tx_put(size - 1, 60 + size - 1, 3 * 60 + 2 * size - 3, CMD_IFCS);
		nic_write(nic, NIC_TDBAL, (uint32_t)(HOST_BASE + TX_RING));
		nic_write(nic, NIC_TDBAH, (HOST_BASE + TX_RING) >> 32);
		nic_write(nic, NIC_TDLEN, size * 16);
		nic_write(nic, NIC_TXDCTL, NIC_TXDCTL_ENABLE);
		nic_write(nic, NIC_TDT, size);
		wire.room = 5 * size;
		poll_all();
		assert_int_equal(wire.nb_out, 5 * size);
		for (unsigned int i = 0, d = 0; i < wire.nb_out; i++) {
			assert_memory_equal(wire.out[i].b, bufs[d], 60);
			assert_int_equal(wire.out[i].len,
					 d == size - 2 ? 3 * 60 + 2 * size - 3 : 60 + d);
			d = d == size - 2 ? 1 : d + 1;
		}
		assert_int_equal(violations("TAIL_RANGE"), 1);
		/* the driver comes to its senses: all up to its tail, and no more */
		nic_write(nic, NIC_TDT, 2);
		wire.room = 2 * size;
		poll_all();
		assert_in_range(wire.nb_out, 5 * size + 1, 6 * size);
		assert_int_equal(nic_read(nic, NIC_TDH), 2);
		/* and loses them again: told once more */
		nic_write(nic, NIC_TDT, size);
		wire.room = 1;
		poll_all();
		assert_int_equal(violations("TAIL_RANGE"), 2);
		assert_int_equal(counts().violations, 2);
	}
	again(0, true);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	nic_write(nic, NIC_TDT, NB_DESC);
	poll_all();
	assert_int_equal(violations("TAIL_RANGE"), 1);
	assert_int_equal(wire.nb_out, 0);
}

static void
ring_of_any_alignment(void **state)
{
	struct ring_desc desc = { HOST_BASE + RX_BUFS, 0 };

	(void)state;
	memcpy(host + RX_RING + 8, &desc, sizeof(desc));
	nic_write(nic, NIC_RDBAL, (uint32_t)(HOST_BASE + RX_RING + 8));
	nic_write(nic, NIC_RDBAH, (HOST_BASE + RX_RING) >> 32);
	nic_write(nic, NIC_RDLEN, NB_DESC * 16);
	nic_write(nic, NIC_SRRCTL, 1 << 25 | 2);
	nic_write(nic, NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	nic_write(nic, NIC_RDT, 1);
	frame_in(60, 1);
	poll_all();
	assert_int_equal(violations("RING_ALIGN"), 1);
	memcpy(&desc, host + RX_RING + 8, sizeof(desc));
	assert_int_equal(desc.hi, UINT64_C(60) << 32 | 3);
}

/* The registers have no bits for what is below 128 bytes: a length that is no multiple of that is
 * rounded down. */
static void
ring_of_any_length(void **state)
{
	(void)state;
	for (unsigned int strict = 0; strict < 2; strict++) {
		again(0, strict);
		rx_start(0, 1, 2);
		nic_write(nic, NIC_RXDCTL, 0);
		nic_write(nic, NIC_RDLEN, 9 * 16);
		nic_write(nic, NIC_RXDCTL, NIC_RXDCTL_ENABLE);
		tx_start(0);
		nic_write(nic, NIC_TXDCTL, 0);
		nic_write(nic, NIC_TDLEN, 15 * 16);
		nic_write(nic, NIC_TXDCTL, NIC_TXDCTL_ENABLE);
		assert_int_equal(violations("RING_LENGTH"), 2);
		assert_int_equal(nic_read(nic, NIC_RXDCTL), strict ? 0 : NIC_RXDCTL_ENABLE);
		assert_int_equal(nic_read(nic, NIC_TXDCTL), strict ? 0 : NIC_TXDCTL_ENABLE);
	}
	again(0, false);
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RXDCTL, 0);
	nic_write(nic, NIC_RDLEN, 9 * 16);
	nic_write(nic, NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	for (unsigned int i = 0; i < 20; i++) {
		frame_in(60, i);
		nic_write(nic, NIC_RDT, (i + 1) % 8);
		poll_all();
		assert_int_equal(counts().rx_packets, i + 1);
		assert_int_equal(rx_desc(i % 8)->hi & 1, 1);
		rx_rearm(i % 8);
	}
	assert_int_equal(rx_desc(8)->hi, 0);
}

/* DESCTYPE has three reserved values: the queue runs, with one buffer. */
static void
ring_of_any_descriptor_type(void **state)
{
	static const unsigned int reserved[] = { 3, 4, 6, 7 };

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		again(0, i % 2);
		rx_start(0, reserved[i / 2], 2);
		assert_int_equal(violations("RX_DESCTYPE"), 1);
		assert_int_equal(nic_read(nic, NIC_RXDCTL), i % 2 ? 0 : NIC_RXDCTL_ENABLE);
		nic_write(nic, NIC_RDT, 1);
		frame_in(60, 1);
		poll_all();
		assert_int_equal(rx_desc(0)->hi, i % 2 ? 0 : UINT64_C(60) << 32 | 3);
	}
}

static void
ring_rules_at_enable(void **state)
{
	(void)state;
	for (unsigned int length = 0; length < 128; length += 127) {
		again(0, false);
		nic_write(nic, NIC_RDLEN, length);
		nic_write(nic, NIC_RXDCTL, NIC_RXDCTL_ENABLE);
		assert_int_equal(violations("RING_LENGTH"), 1);
		assert_int_equal(nic_read(nic, NIC_RXDCTL) & NIC_RXDCTL_ENABLE, 0);
	}
	again(0, true);
	rx_start(3, 1, 2);
	assert_true(nic_read(nic, rxq_reg(3, NIC_RXDCTL)) & NIC_RXDCTL_ENABLE);
	nic_write(nic, NIC_DMATXCTL, nic_read(nic, NIC_DMATXCTL) & ~NIC_DMATXCTL_TE);
	tx_start(0);
	assert_true(violations("TX_ENABLE") == 1);
	assert_int_equal(nic_read(nic, NIC_TXDCTL) & NIC_TXDCTL_ENABLE, 0);
}

static void
tx_sends_on_every_queue(void **state)
{
	static const unsigned int queues[] = { 0, 1, 63, 64, 127 };

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		uint8_t *buf;

		tx_start(queues[i]);
		buf = tx_put(0, 100 + i, 100 + i, WHOLE);
		nic_write(nic, txq_reg(queues[i], NIC_TDT), 1);
		poll_all();
		assert_int_equal(wire.nb_out, i + 1);
		assert_int_equal(wire.out[i].len, 100 + i);
		assert_memory_equal(wire.out[i].b, buf, 100 + i);
		assert_int_equal(tx_desc(0)->hi >> 32 & 1, 1);
		assert_int_equal(nic_read(nic, txq_reg(queues[i], NIC_TDH)), 1);
	}
	assert_int_equal(counts().violations, 0);
	assert_int_equal(nic_read(nic, NIC_QPTC), 5); /* TQSM maps all queues to counter 0 */
	assert_int_equal(nic_read(nic, NIC_GPTC), 5);
}

static void
tx_writes_back_only_where_asked(void **state)
{
	(void)state;
	tx_start(0);
	for (unsigned int i = 0; i < 40; i++)
		tx_put(i, 60, 60, CMD_EOP | CMD_IFCS | (i == 31 ? CMD_RS : 0));
	nic_write(nic, NIC_TDT, 40);
	poll_all();
	assert_int_equal(wire.nb_out, 40);
	for (unsigned int i = 0; i < 40; i++)
		assert_int_equal(tx_desc(i)->hi >> 32 & 1, i == 31);
}

static void
tx_gathers_and_pads(void **state)
{
	uint8_t *a, *b, *c, expect[300];

	(void)state;
	tx_start(0);
	a = tx_put(0, 100, 300, CMD_IFCS);
	b = tx_put(1, 150, 300, CMD_IFCS);
	c = tx_put(2, 50, 300, WHOLE);
	memcpy(expect, a, 100);
	memcpy(expect + 100, b, 150);
	memcpy(expect + 250, c, 50);
	nic_write(nic, NIC_TDT, 2);
	poll_all();
	assert_int_equal(wire.nb_out, 0); /* not yet whole */
	nic_write(nic, NIC_TDT, 3);
	poll_all();
	assert_int_equal(wire.out[0].len, 300);
	assert_memory_equal(wire.out[0].b, expect, 300);

	a = tx_put(3, 20, 20, WHOLE);
	memset(expect, 0, 60);
	memcpy(expect, a, 20);
	nic_write(nic, NIC_TDT, 4);
	poll_all();
	assert_int_equal(wire.out[1].len, 60);
	assert_memory_equal(wire.out[1].b, expect, 60);
}

static void
tx_legacy_and_context(void **state)
{
	uint8_t *buf = tx_put(1, 80, 0, 0);

	(void)state;
	tx_start(0);
	*tx_desc(0) = (struct ring_desc){ 0, DTYP_CTXT | CMD_DEXT | CMD_RS };
	tx_desc(1)->hi = 80 | WHOLE;
	nic_write(nic, NIC_TDT, 2);
	poll_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(wire.out[0].len, 80);
	assert_memory_equal(wire.out[0].b, buf, 80);
	assert_int_equal(tx_desc(0)->hi >> 32 & 1, 1);
	assert_int_equal(tx_desc(1)->hi >> 32 & 1, 1);
	assert_int_equal(counts().desc_writes, 2); /* each once: the driver may use it again */
	assert_int_equal(nic_read(nic, NIC_TDH), 2);
}

static void
tx_head_write_back(void **state)
{
	uint32_t *head = (uint32_t *)(host + HEAD_WB);

	(void)state;
	nic_write(nic, NIC_TDWBAL, (uint32_t)(HOST_BASE + HEAD_WB) | 1);
	nic_write(nic, NIC_TDWBAH, (HOST_BASE + HEAD_WB) >> 32);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	tx_put(1, 60, 60, WHOLE);
	nic_write(nic, NIC_TDT, 2);
	poll_all();
	assert_int_equal(*head, 2);
	assert_int_equal(tx_desc(1)->hi >> 32 & 1, 0); /* instead of DD */
}

static void
tx_waits_for_the_wire(void **state)
{
	(void)state;
	tx_start(0);
	wire.room = 3;
	for (unsigned int i = 0; i < 10; i++)
		tx_put(i, 60 + i, 60 + i, WHOLE);
	nic_write(nic, NIC_TDT, 10);
	poll_all();
	assert_int_equal(wire.nb_out, 3);
	assert_int_equal(nic_read(nic, NIC_TDH), 3);
	assert_int_equal(tx_desc(3)->hi >> 32 & 1, 0);
	wire.room = 20;
	poll_all();
	assert_int_equal(wire.nb_out, 10);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(wire.out[i].len, 60 + i);
}

static void
tx_bad_descriptors(void **state)
{
	static const struct {
		const char *rule;
		uint64_t hi;
	} cases[] = {
		{ "TX_DTYP", 60 | UINT64_C(1) << 20 | CMD_DEXT | WHOLE | UINT64_C(60) << 46 },
		{ "TX_LENGTH", 0 },
		{ "TX_LENGTH", 0 | DTYP_DATA | CMD_DEXT | CMD_IFCS },
		{ "TX_LENGTH", 65535 | DTYP_DATA | CMD_DEXT | WHOLE | UINT64_C(65535) << 46 },
		{ "TX_LENGTH", 16 | DTYP_DATA | CMD_DEXT | WHOLE | UINT64_C(16) << 46 },
		{ "TX_PAYLEN", 60 | DTYP_DATA | CMD_DEXT | WHOLE | UINT64_C(61) << 46 },
		{ "RESERVED_DESC",
		  60 | DTYP_DATA | CMD_DEXT | WHOLE | 1 << 16 | UINT64_C(60) << 46 },
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(0, true);
		tx_start(0);
		tx_put(0, 60, 60, 0);
		tx_desc(0)->hi = cases[i].hi;
		nic_write(nic, NIC_TDT, 1);
		poll_all();
		if (violations(cases[i].rule) != 1 || counts().violations != 1)
			fail_msg("case %u: not one violation of %s", i, cases[i].rule);
	}
	again(0, false);
	tx_start(0);
	for (unsigned int i = 0; i < 41; i++)
		tx_put(i, 20, 820, CMD_IFCS | (i == 40 ? CMD_EOP : 0));
	nic_write(nic, NIC_TDT, 41);
	poll_all();
	assert_int_equal(violations("TX_DESCRIPTORS"), 1);
	assert_int_equal(wire.nb_out, 0);
}

static void
tx_refuses_foreign_memory(void **state)
{
	(void)state;
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	tx_put(1, 60, 60, WHOLE);
	tx_desc(1)->lo = HOST_BASE - 1;
	nic_write(nic, NIC_TDT, 2);
	poll_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(counts().dma_refused, 1);
	assert_int_equal(tx_desc(1)->hi >> 32 & 1, 0);
	assert_int_equal(nic_read(nic, NIC_TXDCTL), NIC_TXDCTL_ENABLE);
	assert_int_equal(nic_read(nic, NIC_TDH), 1); /* it stands still there */
	nic_write(nic, NIC_TXDCTL, 0);
	assert_int_equal(nic_read(nic, NIC_TDH), 1);
}

static void
tx_refused_head_write_back_stops_the_queue(void **state)
{
	(void)state;
	nic_write(nic, NIC_TDWBAL, (uint32_t)(HOST_BASE + HOST_SIZE) | 1);
	nic_write(nic, NIC_TDWBAH, (HOST_BASE + HOST_SIZE) >> 32);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	nic_write(nic, NIC_TDT, 1);
	poll_all();
	tx_put(1, 60, 60, WHOLE);
	nic_write(nic, NIC_TDT, 2);
	poll_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(counts().dma_refused, 1);
	assert_int_equal(nic_read(nic, NIC_TDH), 1);
}

static void
disabled_queue_does_nothing(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	nic_write(nic, NIC_RXDCTL, 0);
	nic_write(nic, NIC_TXDCTL, 0);
	assert_int_equal(nic_read(nic, NIC_RXDCTL) & NIC_RXDCTL_ENABLE, 0);
	bar[0][NIC_RDT / 4] = 5;
	bar[0][NIC_TDT / 4] = 1;
	frame_in(60, 1);
	rig_pass(MS);
	assert_int_equal(rx_desc(0)->hi, 0);
	assert_int_equal(wire.nb_out, 0);
	assert_int_equal(nic_read(nic, NIC_QPRDC), 1); /* and it does not come later */
	nic_write(nic, NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	assert_int_equal(nic_read(nic, NIC_RDT), 0);
	nic_write(nic, NIC_RDT, 5);
	poll_all();
	assert_int_equal(rx_desc(0)->hi, 0);
	frame_in(60, 2);
	poll_all();
	assert_int_equal(rx_desc(0)->hi & 1, 1);
}

static void
direct_doorbells(void **state)
{
	(void)state;
	rx_start(0, 1, 2);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	nic_set_direct(nic, true);
	bar[0][NIC_RDT / 4] = 5;
	bar[0][NIC_TDT / 4] = 1;
	frame_in(60, 1);
	poll_all();
	assert_int_equal(counts().rx_packets, 1);
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(bar[0][NIC_RDH / 4], 1); /* refreshed, as the queue is idle */
	assert_int_equal(bar[0][NIC_TDH / 4], 1);
	assert_false(nic_wants_trap(nic));
	bar[0][NIC_RXDCTL / 4] &= ~NIC_RXDCTL_ENABLE; /* a disable that was not trapped */
	frame_in(60, 2);
	poll_all();
	assert_true(nic_wants_trap(nic));
	assert_int_equal(counts().rx_packets, 1);
}

static void
faults_in_write_backs(void **state)
{
	unsigned int bad = 0;

	(void)state;
	again(1u << NIC_FAULT_RX_LEN, false);
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	for (unsigned int i = 0; i < 28; i++)
		frame_in(60, (uint8_t)i);
	poll_all();
	for (unsigned int i = 0; i < 28; i++)
		bad += (rx_desc(i)->hi >> 32 & 0xffff) != 60;
	assert_int_equal(bad, 4);

	again(1u << NIC_FAULT_RX_EOP, false);
	rx_start(0, 1, 2);
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	frame_in(60, 0);
	poll_all();
	assert_int_equal(rx_desc(0)->hi >> 32 & 0xffff, 2048);
	assert_int_equal(rx_desc(0)->hi & 3, 1);

	again(1u << NIC_FAULT_TX_DD, false);
	tx_start(0);
	tx_put(0, 60, 60, WHOLE);
	nic_write(nic, NIC_TDT, 1);
	poll_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(tx_desc(0)->hi >> 32 & 1, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rx_writes_frame_and_status),
		TEST(rx_wraps),
		TEST(rx_stops_at_tail_and_loses_nothing),
		TEST(rx_without_descriptors_waits),
		TEST(rx_scatters_over_small_buffers),
		TEST(rx_length_limit),
		TEST(rx_vlan_filter_holds_when_promiscuous),
		TEST(rx_legacy_write_back),
		TEST(rx_keeps_crc_when_told),
		TEST(rx_packet_types),
		TEST(rx_refuses_foreign_memory),
		TEST(memory_that_goes_is_not_touched),
		TEST(tails_outside_the_ring),
		TEST(tx_tail_outside_the_ring_never_stops),
		TEST(ring_of_any_alignment),
		TEST(ring_of_any_length),
		TEST(ring_of_any_descriptor_type),
		TEST(ring_rules_at_enable),
		TEST(tx_sends_on_every_queue),
		TEST(tx_writes_back_only_where_asked),
		TEST(tx_gathers_and_pads),
		TEST(tx_legacy_and_context),
		TEST(tx_head_write_back),
		TEST(tx_waits_for_the_wire),
		TEST(tx_bad_descriptors),
		TEST(tx_refuses_foreign_memory),
		TEST(tx_refused_head_write_back_stops_the_queue),
		TEST(disabled_queue_does_nothing),
		TEST(direct_doorbells),
		TEST(faults_in_write_backs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
