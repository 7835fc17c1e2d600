/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What the software 82599 tells about received frames, and where it puts them: queues, hashes,
 * checksums, VLAN tags, pieces. Frames are built here byte by byte, sums by the book. */

#include <arpa/inet.h>
#include <sys/mman.h>

#include "rig.h"

#define BUFS      0x100000u
#define BUF_SIZE  4096u
#define NB_DESC   64u
#define NB_RINGS  16u

/* upper quadword of a write-back */
#define DD    0x1u
#define EOP   0x2u
#define VP    0x8u
#define UDPCS 0x10u
#define L4CS  0x20u
#define IPCS  0x40u
#define PIF   0x80u
#define VEXT  0x200u
#define UDPV  0x400u
#define HBO   0x800000u
#define RXE   0x20000000u
#define TCPE  0x40000000u
#define IPE   0x80000000u
#define LEN(n) ((uint64_t)(n) << 32)
#define VLAN(tag) ((uint64_t)(tag) << 48)

static int
setup(void **state)
{
	(void)state;
	rig_start();
	rig_link_up();
	rig_receive();
	return 0;
}

#define teardown rig_close

/*
 * Rings: each in use has a number of its own, whatever its queue
 */

static struct ring_desc *
desc(unsigned int ring, unsigned int i)
{
	return (struct ring_desc *)(host + ring * 0x1000) + i;
}

static uint8_t *
buf(unsigned int ring, unsigned int i)
{
	return host + BUFS + (ring * NB_DESC + i) * BUF_SIZE;
}

/* tail: descriptors for the device */
static void
rx_start(unsigned int ring, unsigned int q, uint32_t srrctl, uint32_t rxdctl, unsigned int tail)
{
	assert_true(ring < NB_RINGS);
	for (unsigned int i = 0; i < NB_DESC; i++)
		*desc(ring, i) = (struct ring_desc){ HOST_BASE + (buf(ring, i) - host), 0 };
	nic_write(nic, rxq_reg(q, NIC_RDBAL), (uint32_t)(HOST_BASE + ring * 0x1000));
	nic_write(nic, rxq_reg(q, NIC_RDBAH), (HOST_BASE + ring * 0x1000) >> 32);
	nic_write(nic, rxq_reg(q, NIC_RDLEN), NB_DESC * 16);
	nic_write(nic, rxq_reg(q, NIC_SRRCTL), srrctl);
	nic_write(nic, rxq_reg(q, NIC_RXDCTL), NIC_RXDCTL_ENABLE | rxdctl);
	nic_write(nic, rxq_reg(q, NIC_RDT), tail);
}

#define ADVANCED (1u << NIC_SRRCTL_DESCTYPE_SHIFT)
#define ADVANCED_2K (ADVANCED | 2)

static void
rx_start_simple(void)
{
	rx_start(0, 0, ADVANCED_2K, 0, NB_DESC - 1);
}

/*
 * Frames
 */

/* The Internet checksum, RFC 1071, word by word, over len bytes and a sum to begin with */
static uint16_t
inet_sum(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? p[i] << 8 : p[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint32_t
get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* A new frame for the device: addresses and nothing else */
static struct frame *
frame_new(void)
{
	struct frame *f = frame_add();

	memset(f, 0, sizeof(*f));
	memcpy(f->b, "\x02\x82\x59\0\0\1\x02\x82\x59\0\0\2", 12);
	f->len = 12;
	return f;
}

static void
add16(struct frame *f, uint32_t value)
{
	put16(f->b + f->len, value);
	f->len += 2;
}

static void
add_bytes(struct frame *f, const void *bytes, uint32_t len)
{
	memcpy(f->b + f->len, bytes, len);
	f->len += len;
}

/* The length is of all after this header; frame_end() puts it and the checksum. */
static void
add_ipv4(struct frame *f, const char *src, const char *dst, uint8_t proto, uint32_t options,
	 uint32_t frag)
{
	uint8_t *ip;

	add16(f, 0x0800);
	f->l3 = f->len;
	ip = f->b + f->len;
	ip[0] = (uint8_t)(0x45 + options / 4);
	put16(ip + 4, 0x1234);
	put16(ip + 6, frag);
	ip[8] = 64;
	ip[9] = proto;
	assert_int_equal(inet_pton(AF_INET, src, ip + 12), 1);
	assert_int_equal(inet_pton(AF_INET, dst, ip + 16), 1);
	memset(ip + 20, 1, options); /* no operation */
	f->len += 20 + options;
}

/* ethertype: false behind another IP header */
static void
add_ipv6(struct frame *f, const char *src, const char *dst, uint8_t next, bool ethertype)
{
	uint8_t *ip;

	if (ethertype)
		add16(f, 0x86dd);
	f->l3 = f->len;
	ip = f->b + f->len;
	ip[0] = 0x60;
	ip[6] = next;
	ip[7] = 64;
	assert_int_equal(inet_pton(AF_INET6, src, ip + 8), 1);
	assert_int_equal(inet_pton(AF_INET6, dst, ip + 24), 1);
	f->len += 40;
}

/* L4 header without checksum, and payload */
static void
add_l4(struct frame *f, uint8_t proto, uint32_t sport, uint32_t dport, uint32_t payload)
{
	uint8_t *p = f->b + f->len;

	f->l4 = f->len;
	put16(p, sport);
	put16(p + 2, dport);
	switch (proto) {
	case 6:
		p[12] = 0x50;
		p[13] = 0x10;
		f->len += 20;
		break;
	case 17:
		put16(p + 4, 8 + payload);
		f->len += 8;
		break;
	case 132:
		f->len += 12;
		break;
	}
	for (uint32_t i = 0; i < payload; i++)
		f->b[f->len++] = (uint8_t)(i * 37 + 5);
}

static uint32_t
crc32c(const uint8_t *p, uint32_t len)
{
	uint32_t crc = ~0u;

	while (len-- > 0) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Where the L4 checksum is, by protocol */
static uint32_t
csum_at(uint8_t proto)
{
	return proto == 6 ? 16 : 6;
}

/* Lengths and checksums, from the inside out; then padding. l4: proto, or 0: no checksum there */
static void
frame_end(struct frame *f, uint8_t proto)
{
	uint8_t *ip = f->b + f->l3, *l4 = f->b + f->l4;
	uint32_t len = f->len - f->l4, crc, sum = proto + len;
	uint16_t csum;

	if (ip[0] >> 4 == 4) {
		put16(ip + 2, f->len - f->l3);
		put16(ip + 10, inet_sum(0, ip, (ip[0] & 15) * 4));
	} else if (f->l3 != 0) {
		put16(ip + 4, f->len - f->l3 - 40);
	}
	if (proto == 132) {
		crc = crc32c(l4, len);
		memcpy(l4 + 8, &crc, 4);
	} else if (proto != 0) {
		if (ip[0] >> 4 == 4)
			sum += (uint16_t)~inet_sum(0, ip + 12, 8);
		else
			sum += (uint16_t)~inet_sum(0, ip + 8, 32);
		csum = inet_sum(sum, l4, len);
		put16(l4 + csum_at(proto), csum == 0 ? 0xffff : csum);
	}
	if (f->len < 60)
		f->len = 60;
}

static struct frame *
ipv4_l4(uint8_t proto, uint32_t payload)
{
	struct frame *f = frame_new();

	add_ipv4(f, "198.18.0.1", "198.19.0.2", proto, 0, 0);
	add_l4(f, proto, 1000, 2000, payload);
	frame_end(f, proto);
	return f;
}

static struct frame *
ipv6_l4(uint8_t proto, uint32_t payload)
{
	struct frame *f = frame_new();

	add_ipv6(f, "2001:db8::1", "2001:db8::2", proto, true);
	add_l4(f, proto, 1000, 2000, payload);
	frame_end(f, proto);
	return f;
}

static struct frame *
arp(void)
{
	struct frame *f = frame_new();

	add16(f, 0x0806);
	f->len = 60;
	return f;
}

/*
 * RSS
 */

/* The key and the vectors that Microsoft has published for RSS. */
static const uint8_t ms_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	const char *dst;
	uint16_t dport;
	const char *src;
	uint16_t sport;
	uint32_t ip_hash, l4_hash;
} ms_vectors[] = {
	{ "161.142.100.80", 1766, "66.9.149.187", 2794, 0x323e8fc2, 0x51ccc178 },
	{ "65.69.140.83", 4739, "199.92.111.2", 14230, 0xd718262a, 0xc626b0ea },
	{ "12.22.207.184", 38024, "24.19.198.95", 12898, 0xd2d0a5de, 0x5c2b394a },
	{ "209.142.163.6", 2217, "38.27.205.30", 48228, 0x82989176, 0xafc7327f },
	{ "202.188.127.2", 1303, "153.39.163.191", 44251, 0x5d1809c5, 0x10e828a2 },
	{ "3ffe:2501:200:3::1", 1766, "3ffe:2501:200:1fff::7", 2794, 0x2cc18cd5, 0x40207d3d },
	{ "ff02::1", 4739, "3ffe:501:8::260:97ff:fe40:efab", 14230, 0x0f0c461c, 0xdde51bbf },
	{ "fe80::200:f8ff:fe21:67cf", 38024, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251,
	  0x4b61e985, 0x02d1feef },
};

#define RSS_IP  (NIC_MRQC_IPV4 | NIC_MRQC_IPV6)
#define RSS_TCP (NIC_MRQC_TCP_IPV4 | NIC_MRQC_TCP_IPV6)
#define RSS_UDP (NIC_MRQC_UDP_IPV4 | NIC_MRQC_UDP_IPV6)

/* The queue that each entry of RETA leads to: neighbours, and entries 16 or 64 apart, differ. */
static unsigned int
reta_queue(uint32_t hash, unsigned int queues)
{
	unsigned int i = hash % 128;

	return (i + i / 16) % queues;
}

/* PCSD: the hash is written back. */
static void
rss_start(uint32_t fields, unsigned int queues)
{
	for (unsigned int i = 0; i < 40; i += 4)
		nic_write(nic, NIC_RSSRK + i, ms_key[i] | ms_key[i + 1] << 8 | ms_key[i + 2] << 16 |
			  (uint32_t)ms_key[i + 3] << 24);
	for (unsigned int i = 0; i < 128; i += 4)
		nic_write(nic, NIC_RETA + i,
			  reta_queue(i, queues) | reta_queue(i + 1, queues) << 8 |
			  reta_queue(i + 2, queues) << 16 | reta_queue(i + 3, queues) << 24);
	nic_write(nic, NIC_RXCSUM, NIC_RXCSUM_PCSD);
	nic_write(nic, NIC_MRQC, fields | NIC_MRQC_MRQE_RSS);
}

static void
rss_frame(unsigned int v, uint8_t proto, uint32_t frag)
{
	struct frame *f = frame_new();

	if (strchr(ms_vectors[v].src, ':') == NULL)
		add_ipv4(f, ms_vectors[v].src, ms_vectors[v].dst, proto, 0, frag);
	else
		add_ipv6(f, ms_vectors[v].src, ms_vectors[v].dst, proto, true);
	add_l4(f, proto, ms_vectors[v].sport, ms_vectors[v].dport, v % 2 == 0 ? 18 : 4);
	frame_end(f, proto);
}

static void
rss_hashes_as_published(void **state)
{
	static const struct {
		const char *what;
		uint32_t fields;
		uint8_t proto;
		bool l4;
		uint32_t type4, type6;
	} cases[] = {
		{ "TCP", RSS_TCP | RSS_UDP | RSS_IP, 6, true, 1, 3 },
		{ "UDP", RSS_TCP | RSS_UDP | RSS_IP, 17, true, 7, 8 },
		{ "TCP hashed as IP", RSS_UDP | RSS_IP, 6, false, 2, 5 },
		{ "UDP hashed as IP", RSS_TCP | RSS_IP, 17, false, 2, 5 },
		{ "SCTP", RSS_TCP | RSS_UDP | RSS_IP, 132, false, 2, 5 },
		{ "ICMP", RSS_TCP | RSS_UDP | RSS_IP, 1, false, 2, 5 },
	};
	unsigned int nb = sizeof(ms_vectors) / sizeof(ms_vectors[0]);

	(void)state;
	for (unsigned int q = 0; q < 16; q++)
		rx_start(q, q, ADVANCED_2K, 0, NB_DESC - 1);
	for (unsigned int c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		rss_start(cases[c].fields, 16);
		for (unsigned int v = 0; v < nb; v++) {
			uint32_t hash = cases[c].l4 ? ms_vectors[v].l4_hash : ms_vectors[v].ip_hash;
			bool v6 = strchr(ms_vectors[v].src, ':') != NULL;
			unsigned int q = reta_queue(hash, 16);
			unsigned int at = nic_read(nic, rxq_reg(q, NIC_RDH));
			uint64_t lo;

			wire.in_first = wire.in_end = 0;
			rss_frame(v, cases[c].proto, 0);
			poll_all();
			assert_int_equal(desc(q, at)->hi & DD, DD);
			lo = desc(q, at)->lo;
			if (lo >> 32 != hash || (lo & 15) != (v6 ? cases[c].type6 : cases[c].type4))
				fail_msg("%s, vector %u: 0x%llx", cases[c].what, v,
					 (unsigned long long)lo);
		}
	}
	assert_int_equal(counts().violations, 0);
}

/* Each type is off when its bit is; what is not hashed goes to queue 0, without a hash. */
static void
rss_only_what_is_enabled(void **state)
{
	static const struct {
		uint32_t fields;
		unsigned int vector;
		uint8_t proto;
		uint32_t type;
	} cases[] = {
		{ RSS_TCP, 1, 6, 1 }, { RSS_TCP, 1, 17, 0 },
		{ RSS_TCP, 6, 6, 3 }, { RSS_TCP, 6, 17, 0 },
		{ RSS_UDP, 1, 17, 7 }, { RSS_UDP, 1, 6, 0 },
		{ RSS_UDP, 6, 17, 8 }, { RSS_UDP, 6, 6, 0 },
		{ NIC_MRQC_IPV4, 1, 6, 2 }, { NIC_MRQC_IPV4, 6, 6, 0 },
		{ NIC_MRQC_IPV6, 6, 6, 5 }, { NIC_MRQC_IPV6, 1, 6, 0 },
		{ 0, 1, 6, 0 },
	};

	(void)state;
	rx_start(0, 0, ADVANCED_2K, 0, NB_DESC - 1);
	for (unsigned int c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		rss_start(cases[c].fields, 1);
		wire.in_first = wire.in_end = 0;
		rss_frame(cases[c].vector, cases[c].proto, 0);
		poll_all();
		assert_int_equal(desc(0, c)->lo & 15, cases[c].type);
		assert_int_equal(desc(0, c)->lo >> 32 != 0, cases[c].type != 0);
	}
}

static void
rss_of_fragments_tunnels_and_others(void **state)
{
	struct frame *f;

	(void)state;
	rss_start(RSS_TCP | RSS_UDP | RSS_IP, 1);
	rx_start_simple();
	rss_frame(0, 6, 0x2000); /* first fragment, with a whole TCP header */
	f = frame_new();         /* IPv6 in IPv4: by the outer header */
	add_ipv4(f, ms_vectors[0].src, ms_vectors[0].dst, 41, 0, 0);
	add_ipv6(f, ms_vectors[5].src, ms_vectors[5].dst, 6, false);
	add_l4(f, 6, ms_vectors[5].sport, ms_vectors[5].dport, 0);
	arp();
	f = frame_new();         /* a VLAN tag changes nothing */
	add16(f, 0x8100);
	add16(f, 5);
	add_ipv4(f, ms_vectors[0].src, ms_vectors[0].dst, 6, 8, 0); /* nor do options */
	add_l4(f, 6, ms_vectors[0].sport, ms_vectors[0].dport, 0);
	f->len = 80;
	f = frame_new();         /* nor extension headers */
	add_ipv6(f, ms_vectors[5].src, ms_vectors[5].dst, 0, true);
	add_bytes(f, "\x3c\0\0\0\0\0\0\0", 8);
	add_bytes(f, "\x06\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	add_l4(f, 6, ms_vectors[5].sport, ms_vectors[5].dport, 0);
	f = frame_new();         /* an IPv6 fragment */
	add_ipv6(f, ms_vectors[5].src, ms_vectors[5].dst, 44, true);
	add_bytes(f, "\x06\0\0\1\0\0\0\0", 8);
	add_l4(f, 6, ms_vectors[5].sport, ms_vectors[5].dport, 0);
	poll_all();
	assert_int_equal(desc(0, 0)->lo, (uint64_t)0x323e8fc2 << 32 | 0x10 | 2);
	assert_int_equal(desc(0, 1)->lo, (uint64_t)0x323e8fc2 << 32 | 0x150 | 2);
	assert_int_equal(desc(0, 2)->lo, 0);
	assert_int_equal(desc(0, 3)->lo, (uint64_t)0x51ccc178 << 32 | 0x130 | 1);
	assert_int_equal(desc(0, 4)->lo, (uint64_t)0x40207d3d << 32 | 0x1c0 | 3);
	assert_int_equal(desc(0, 5)->lo, (uint64_t)0x2cc18cd5 << 32 | 0x0c0 | 5);
}

static void
rss_modes(void **state)
{
	/* MRQE, and the queue for a hash whose RETA entry is 15 */
	static const uint8_t cases[][2] = {
		{ 0, 0 }, { 1, 15 }, { 2, 0 }, { 3, 0 }, { 4, 15 }, { 5, 15 }, { 8, 0 }, { 10, 3 },
		{ 11, 1 }, { 12, 0 }, { 13, 0 },
	};

	(void)state;
	for (unsigned int q = 0; q < 16; q++)
		rx_start(q, q, ADVANCED_2K, 0, NB_DESC - 1);
	rss_start(RSS_IP, 16);
	for (unsigned int i = 0; i < 128; i += 4)
		nic_write(nic, NIC_RETA + i, 0xffffffff); /* the upper bits do not count */
	for (unsigned int c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		unsigned int q = cases[c][1], at = nic_read(nic, rxq_reg(q, NIC_RDH));

		nic_write(nic, NIC_MRQC, RSS_IP | cases[c][0]);
		wire.in_first = wire.in_end = 0;
		rss_frame(0, 6, 0);
		poll_all();
		assert_int_equal(nic_read(nic, rxq_reg(q, NIC_RDH)), at + 1);
		assert_int_equal(desc(q, at)->lo & 15, q != 0 ? 2 : 0);
	}
}

/*
 * Queues
 */

static void
filters_choose_queues_of_all_128(void **state)
{
	struct frame *f;

	(void)state;
	rx_start(0, 0, ADVANCED_2K, 0, NB_DESC - 1);
	rx_start(1, 127, ADVANCED_2K, 0, NB_DESC - 1);
	rx_start(2, 64, ADVANCED_2K, 0, NB_DESC - 1);
	nic_write(nic, NIC_ETQF + 4 * 3, NIC_ETQF_ENABLE | 0x0806);
	nic_write(nic, NIC_ETQS + 4 * 3, NIC_ETQS_QUEUE_EN | 127u << NIC_ETQS_QUEUE_SHIFT);
	nic_write(nic, NIC_ETQF + 4 * 5, NIC_ETQF_ENABLE | 0x88f7);
	nic_write(nic, NIC_SYNQF, NIC_SYNQF_ENABLE | 64 << NIC_SYNQF_QUEUE_SHIFT);
	arp();
	f = frame_new();
	add16(f, 0x88f7);
	f->len = 60;
	f = ipv4_l4(6, 0);
	f->b[f->l4 + 13] = 0x02;
	f = ipv4_l4(6, 0);
	f->b[f->l4 + 13] = 0x12;
	nic_write(nic, NIC_ETQF, NIC_ETQF_ENABLE | 0x86dd); /* no packet type: it has one */
	nic_write(nic, NIC_ETQS, NIC_ETQS_QUEUE_EN | 64u << NIC_ETQS_QUEUE_SHIFT);
	ipv6_l4(17, 30);
	poll_all();
	assert_int_equal(desc(2, 1)->lo, 0x240);
	assert_int_equal(desc(1, 0)->hi & DD, DD);
	assert_int_equal(desc(1, 0)->lo, 0x8030);
	assert_int_equal(desc(0, 0)->lo, 0x8050); /* its queue is not enabled */
	assert_int_equal(desc(2, 0)->hi & DD, DD);
	assert_int_equal(desc(2, 0)->lo, 0x110);
	assert_int_equal(desc(0, 1)->lo, 0x110);  /* SYN with ACK */
	assert_int_equal(counts().rx_packets, 5);
}

/* Order is kept within a queue, however a burst is mixed; the counters follow RQSMR. */
static void
bursts_are_shared_out(void **state)
{
	unsigned int got[4] = { 0 }, total = 0;

	(void)state;
	for (unsigned int q = 0; q < 4; q++)
		rx_start(q, q, ADVANCED_2K, 0, NB_DESC - 1);
	rss_start(RSS_UDP, 4);
	nic_write(nic, NIC_RQSMR, 0x03020100);
	for (unsigned int i = 0; i < 60; i++) {
		struct frame *f = ipv4_l4(17, 18);

		put16(f->b + f->l4, i % 7);
		f->b[59] = (uint8_t)i;
	}
	poll_all();
	for (unsigned int q = 0; q < 4; q++) {
		int last = -1;

		while (desc(q, got[q])->hi & DD) {
			assert_int_equal(reta_queue(desc(q, got[q])->lo >> 32, 4), q);
			assert_true(buf(q, got[q])[59] > last);
			last = buf(q, got[q])[59];
			assert_memory_equal(buf(q, got[q]), wire.in[last].b, 60);
			got[q]++;
		}
		assert_int_equal(nic_read(nic, NIC_QPRC + 0x40 * q), got[q]);
		assert_int_equal(nic_read(nic, rxq_reg(q, NIC_RDH)), got[q]);
		total += got[q];
	}
	assert_int_equal(total, 60);
	assert_true(got[0] < 60);
}

/* Frames of ETQF's queue 1 and others', of queue 0, in turn */
static void
two_queues(unsigned int tail0, unsigned int tail1, uint32_t srrctl1)
{
	rx_start(0, 0, ADVANCED_2K, 0, tail0);
	rx_start(1, 1, srrctl1, 0, tail1);
	nic_write(nic, NIC_ETQF, NIC_ETQF_ENABLE | 0x0806);
	nic_write(nic, NIC_ETQS, NIC_ETQS_QUEUE_EN | 1u << NIC_ETQS_QUEUE_SHIFT);
	for (unsigned int i = 0; i < 5; i++) {
		arp();
		ipv4_l4(17, 18);
	}
}

/* 8.2.3.8.7: without DROP_EN, a queue that is full keeps those behind it in the packet buffer. */
static void
full_queue_blocks_the_others(void **state)
{
	(void)state;
	two_queues(NB_DESC - 1, 2, ADVANCED_2K);
	poll_all();
	assert_int_equal(nic_read(nic, rxq_reg(1, NIC_RDH)), 2);
	assert_int_equal(nic_read(nic, NIC_RDH), 2); /* what came before the third ARP */
	nic_write(nic, rxq_reg(1, NIC_RDT), 4);
	poll_all();
	assert_int_equal(nic_read(nic, NIC_RDH), 4);
	nic_write(nic, rxq_reg(1, NIC_RDT), 5);
	poll_all();
	assert_int_equal(counts().rx_packets, 10);
	assert_int_equal(counts().rx_missed, 0);
}

/* With DROP_EN it loses its own only (on a wire that does not wait). */
static void
full_queue_drops_when_told(void **state)
{
	(void)state;
	wire.wire.lossless = false;
	nic_write(nic, NIC_RQSMR, 0x00000500);
	two_queues(NB_DESC - 1, 2, ADVANCED_2K | NIC_SRRCTL_DROP_EN);
	poll_all();
	assert_int_equal(nic_read(nic, rxq_reg(1, NIC_RDH)), 2);
	assert_int_equal(nic_read(nic, NIC_RDH), 5);
	assert_int_equal(counts().rx_missed, 3);
	assert_int_equal(nic_read(nic, NIC_QPRDC + 0x40 * 5), 3);
	assert_int_equal(nic_read(nic, NIC_RXMPC), 0);
}

/* 8.2.3.23.75: a queue that is not enabled loses its frames, on any wire, and holds up nobody. */
static void
disabled_queue_drops(void **state)
{
	(void)state;
	nic_write(nic, NIC_RQSMR, 0x00000500);
	two_queues(NB_DESC - 1, 2, ADVANCED_2K);
	nic_write(nic, rxq_reg(1, NIC_RXDCTL), 0);
	poll_all();
	assert_int_equal(nic_read(nic, NIC_RDH), 5);
	assert_int_equal(counts().rx_missed, 5);
	assert_int_equal(nic_read(nic, NIC_QPRDC + 0x40 * 5), 5);
	assert_int_equal(nic_read(nic, NIC_RXMPC), 0);
}

/* A queue whose buffer is not the driver's to give stands still, and the other goes on. */
static void
bad_buffer_stops_its_queue_only(void **state)
{
	(void)state;
	wire.wire.lossless = false;
	two_queues(NB_DESC - 1, NB_DESC - 1, ADVANCED_2K | NIC_SRRCTL_DROP_EN);
	desc(1, 1)->lo = HOST_BASE + HOST_SIZE - 8;
	poll_all();
	assert_int_equal(counts().dma_refused, 1);
	assert_int_equal(nic_read(nic, NIC_RDH), 5);
	assert_int_equal(desc(1, 0)->hi & DD, DD);
	assert_int_equal(desc(1, 1)->hi, 0);
	assert_int_equal(counts().rx_packets, 6);
	assert_int_equal(counts().rx_missed, 4);
}

/* What does not fit as a whole is not there in pieces. */
static void
bad_second_buffer(void **state)
{
	(void)state;
	rx_start(0, 0, ADVANCED | 1, 0, NB_DESC - 1);
	desc(0, 2)->lo = HOST_BASE + HOST_SIZE;
	ipv4_l4(17, 30);
	ipv4_l4(17, 1400);
	poll_all();
	assert_int_equal(counts().dma_refused, 1);
	assert_int_equal(counts().rx_packets, 1);
	assert_int_equal(desc(0, 0)->hi & DD, DD);
	assert_int_equal(desc(0, 1)->hi, 0);
}

/* PIF (7.1.5): only what the hash of multicast addresses has let in */
static void
inexact_filter_is_told(void **state)
{
	static const uint8_t groups[3][6] = {
		{ 0x01, 0, 0x5e, 0, 0, 1 }, { 0x01, 0, 0x5e, 0, 0, 1 },
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};

	(void)state;
	rx_start_simple();
	memcpy(arp()->b, groups[0], 6); /* MPE */
	poll_all();
	nic_write(nic, NIC_FCTRL, NIC_FCTRL_BAM);
	nic_write(nic, NIC_MCSTCTRL, NIC_MCSTCTRL_MFE);
	nic_write(nic, NIC_MTA, 1 << 16); /* 47:36 of 01-00-5e-00-00-01 are 010h */
	memcpy(arp()->b, groups[1], 6);
	memcpy(arp()->b, groups[2], 6);
	arp();
	poll_all();
	assert_int_equal(desc(0, 0)->hi, LEN(60) | DD | EOP);
	assert_int_equal(desc(0, 1)->hi, LEN(60) | DD | EOP | PIF);
	assert_int_equal(desc(0, 2)->hi, LEN(60) | DD | EOP);
	assert_int_equal(desc(0, 3)->hi, LEN(60) | DD | EOP);
}

/*
 * Checksums, 7.1.11
 */

/* The write-back of the only frame there is; then everything is as before. */
static struct ring_desc
received(const char *what)
{
	struct ring_desc wb;

	rx_start(0, 0, ADVANCED_2K, 0, NB_DESC - 1);
	assert_int_equal(wire.in_end - wire.in_first, 1);
	poll_all();
	wb = *desc(0, 0);
	nic_write(nic, NIC_RXDCTL, 0);
	if (!(wb.hi & DD))
		fail_msg("%s: not received", what);
	wire.in_first = wire.in_end = 0;
	return wb;
}

static void
expect(const char *what, uint64_t status)
{
	struct frame f = wire.in[wire.in_first];
	uint64_t hi = received(what).hi;

	if (hi != (LEN(f.len) | DD | EOP | status))
		fail_msg("%s: 0x%llx, not 0x%llx", what, (unsigned long long)hi,
			 (unsigned long long)(LEN(f.len) | DD | EOP | status));
}

/* Whole, and then with each byte changed that a checksum covers: the error must show. */
static void
checksums_good_and_bad(void **state)
{
	static const struct {
		uint8_t proto;
		uint32_t cs;
	} protos[] = { { 6, L4CS }, { 17, L4CS | UDPCS }, { 132, L4CS } };
	/* below 60 bytes; the plain frame; odd; not in blocks of 64, and large */
	static const uint32_t payloads[] = { 1, 18, 31, 200, 1001, 1400 };

	(void)state;
	for (unsigned int p = 0; p < 3; p++) {
		for (unsigned int k = 0; k < 6; k++) {
			struct frame *f = ipv4_l4(protos[p].proto, payloads[k]);
			uint32_t end = f->l3 + get16(f->b + f->l3 + 2);
			/* all bytes of short ones, some of long ones */
			uint32_t step = payloads[k] > 31 ? 13 : 1;

			expect("IPv4", IPCS | protos[p].cs);
			for (uint32_t at = f->l3; at < end; at += step) {
				uint32_t l4 = protos[p].cs;

				if (at == f->l3 || at == f->l3 + 2 || at == f->l3 + 3 ||
				    at == f->l3 + 6 || at == f->l3 + 7 || at == f->l3 + 9)
					continue; /* version, length, fragment, protocol */
				if (protos[p].proto == 17 && (at == f->l4 + 4 || at == f->l4 + 5))
					continue;
				f = ipv4_l4(protos[p].proto, payloads[k]);
				f->b[at] ^= 0x10;
				if (at >= f->l4)
					expect("IPv4, changed in L4", IPCS | l4 | TCPE);
				else if (at >= f->l3 + 12 && protos[p].proto != 132)
					expect("IPv4, changed address", IPCS | IPE | l4 | TCPE);
				else
					expect("IPv4, changed", IPCS | IPE | l4);
			}
			f = ipv4_l4(protos[p].proto, payloads[k]);
			f->b[end - 1] ^= 0x80;
			expect("IPv4, changed at the end", IPCS | protos[p].cs | TCPE);
			f = ipv6_l4(protos[p].proto, payloads[k]);
			expect("IPv6", protos[p].cs);
			f = ipv6_l4(protos[p].proto, payloads[k]);
			f->b[f->l4 + 1] ^= 0x80;
			expect("IPv6, changed in L4", protos[p].cs | TCPE);
			f = ipv6_l4(protos[p].proto, payloads[k]);
			f->b[f->l3 + 23] ^= 1;
			expect("IPv6, changed address",
			       protos[p].cs | (protos[p].proto == 132 ? 0 : TCPE));
		}
	}
}

/* What follows the datagram is no part of it. */
static void
longer_than_the_datagram(void **state)
{
	struct frame *f;

	(void)state;
	rx_start_simple();
	f = ipv4_l4(17, 18);
	memset(f->b + f->len, 0x55, 9);
	f->len += 9;
	poll_all();
	assert_int_equal(desc(0, 0)->hi, LEN(69) | DD | EOP | IPCS | L4CS | UDPCS);
}

/* A device as new, and what it says of some frames of one length, and counts. */
struct said {
	struct ring_desc wb[4][8];
	uint64_t queue[4], sizes[6], good, good_bytes, total, long_frames, errors, filtered;
};

static struct said
said_of(uint32_t payload, uint32_t mrqc, uint32_t vlnctrl, uint32_t fctrl, bool made)
{
	struct nic_config config = rig_config();
	struct said said;

	nic_free(nic);
	memset(bar, 0, sizeof(bar));
	nic = rig_create(&config);
	rig_link_up();
	rig_receive();
	wire.made = made;
	rss_start(mrqc, 4);
	nic_write(nic, NIC_VLNCTRL, vlnctrl);
	nic_write(nic, NIC_FCTRL, fctrl);
	for (unsigned int q = 0; q < 4; q++) {
		nic_write(nic, NIC_RQSMR + q / 4 * 4, 0x03020100);
		rx_start(q, q, ADVANCED_2K, 0, NB_DESC - 1);
	}
	for (unsigned int i = 0; i < 8; i++) {
		struct frame *f = frame_new();

		add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 0, 0);
		add_l4(f, 17, 1000 + i, 2000, payload);
		frame_end(f, 17);
	}
	poll_all();
	for (unsigned int q = 0; q < 4; q++) {
		memcpy(said.wb[q], desc(q, 0), sizeof(said.wb[q]));
		said.queue[q] = nic_read(nic, NIC_QPRC + 0x40 * q);
	}
	for (unsigned int i = 0; i < 6; i++)
		said.sizes[i] = nic_read(nic, NIC_PRC64 + 4 * i);
	said.good = nic_read(nic, NIC_GPRC);
	said.good_bytes = nic_read(nic, NIC_GORCL);
	said.total = nic_read(nic, NIC_TPR);
	said.long_frames = nic_read(nic, NIC_ROC);
	said.errors = nic_read(nic, NIC_XEC);
	said.filtered = counts().rx_filtered;
	return said;
}

/* A wire may say that it made frames itself and knows that they are good: what is said of them and
 * counted is as if each had been looked at. */
static void
made_by_the_wire(void **state)
{
	static const struct {
		uint32_t payload, mrqc, vlnctrl, fctrl;
	} cases[] = {
		{ 18, 0, 0x8100, NIC_FCTRL_UPE },
		{ 101, RSS_UDP | RSS_IP, 0x8100, NIC_FCTRL_UPE },
		{ 18, 0, 0x0800, NIC_FCTRL_UPE }, /* what IPv4 is called elsewhere is a tag */
		{ 18, RSS_UDP, 0x8100 | NIC_VLNCTRL_VFE, 0 },
		{ 1480, 0, 0x8100, NIC_FCTRL_UPE }, /* too long */
	};
	struct said looked_at, made;

	(void)state;
	for (unsigned int c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		looked_at = said_of(cases[c].payload, cases[c].mrqc, cases[c].vlnctrl,
				    cases[c].fctrl, false);
		made = said_of(cases[c].payload, cases[c].mrqc, cases[c].vlnctrl, cases[c].fctrl,
			       true);
		assert_memory_equal(&made, &looked_at, sizeof(made));
		assert_int_equal(made.long_frames, cases[c].payload == 1480 ? 8 : 0);
		assert_int_equal(made.good, 8 - made.long_frames);
	}
}

static void
checksums_of_all_shapes(void **state)
{
	struct frame *f;

	(void)state;
	arp();
	expect("ARP", 0);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 6, 40, 0);
	add_l4(f, 6, 1, 2, 33);
	frame_end(f, 6);
	expect("IPv4 options", IPCS | L4CS);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 40, 0);
	add_l4(f, 17, 1, 2, 33);
	frame_end(f, 17);
	f->b[f->l3 + 30] ^= 1;
	expect("a changed IPv4 option", IPCS | IPE | L4CS | UDPCS);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 1, 0, 0);
	add_l4(f, 1, 1, 2, 33);
	frame_end(f, 0);
	expect("ICMP", IPCS);
	f = frame_new();
	add16(f, 0x8100);
	add16(f, 0x6005);
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 0, 0);
	add_l4(f, 17, 1, 2, 1);
	frame_end(f, 17);
	expect("VLAN", VP | IPCS | L4CS | UDPCS);
	f = ipv4_l4(17, 1);
	memset(f->b + 43, 0xee, 60 - 43);
	expect("padding that is not zero", IPCS | L4CS | UDPCS);
	f = ipv4_l4(6, 3);
	f->b[f->len++] = 0xee;
	expect("bytes behind the packet", IPCS | L4CS);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 6, 0, 0x2000);
	add_l4(f, 6, 1, 2, 40);
	frame_end(f, 0);
	expect("fragment", IPCS);
	for (uint32_t frag = 1; frag <= 0x2000; frag *= 2) { /* that seems to be a whole datagram */
		f = frame_new();
		add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 0, frag);
		add_l4(f, 17, 1, 2, 40);
		frame_end(f, 17);
		expect("UDP fragment", IPCS);
	}
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 6, 0, 0x4000);
	add_l4(f, 6, 1, 2, 40);
	frame_end(f, 6);
	expect("DF is no fragment", IPCS | L4CS);
	f = frame_new();
	add_ipv6(f, "2001:db8::1", "2001:db8::2", 0, true);
	add_bytes(f, "\x2b\0\1\4\0\0\0\0" "\x3c\0\0\0\0\0\0\0"
		  "\x11\1\1\4\0\0\0\0\1\6\0\0\0\0\0\0", 32);
	add_l4(f, 17, 1, 2, 9);
	frame_end(f, 17);
	expect("IPv6 hop-by-hop, empty routing, destination options", L4CS | UDPCS);
	f = frame_new();
	add_ipv6(f, "2001:db8::1", "2001:db8::2", 43, true);
	add_bytes(f, "\x06\2\0\1\0\0\0\0\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\3", 24);
	add_l4(f, 6, 1, 2, 9);
	frame_end(f, 6);
	expect("IPv6 routing header with an address", 0);
	f = frame_new();
	add_ipv6(f, "2001:db8::1", "2001:db8::2", 44, true);
	add_bytes(f, "\x11\0\0\1\0\0\0\0", 8);
	add_l4(f, 17, 1, 2, 9);
	frame_end(f, 17);
	expect("IPv6 fragment", 0);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 41, 0, 0);
	add_ipv6(f, "2001:db8::1", "2001:db8::2", 6, false);
	add_l4(f, 6, 1, 2, 9);
	frame_end(f, 6);
	put16(f->b + 16, f->len - 14);
	put16(f->b + 24, inet_sum(0, f->b + 14, 20));
	expect("IPv6 in IPv4", IPCS | L4CS);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 4, 0, 0);
	f->len = 100;
	frame_end(f, 0);
	expect("IPv4 in IPv4", IPCS);
	f = ipv4_l4(6, 30);
	put16(f->b + f->l3 + 2, 71);
	put16(f->b + f->l3 + 10, 0);
	put16(f->b + f->l3 + 10, inet_sum(0, f->b + f->l3, 20));
	expect("more than there is", IPCS);
	f = ipv4_l4(17, 30);
	put16(f->b + f->l4 + 4, 39);
	expect("UDP longer than IP", IPCS);
	f = ipv4_l4(17, 30);
	put16(f->b + f->l4 + 4, 7);
	expect("UDP shorter than its header", IPCS);
	f = ipv4_l4(17, 30); /* UDP's last 2 bytes are not its datagram's */
	put16(f->b + f->l4 + 4, 36);
	f->b[f->len - 2] = f->b[f->len - 1] = 0;
	put16(f->b + f->l4 + 6, 0);
	put16(f->b + f->l4 + 6, inet_sum((uint16_t)~inet_sum(17 + 36, f->b + f->l3 + 12, 8),
					 f->b + f->l4, 36));
	f->b[f->len - 1] = 0xee;
	expect("UDP shorter than IP", IPCS | L4CS | UDPCS);
	f = ipv4_l4(17, 30); /* its checksum is that of a datagram that fills IP's payload */
	put16(f->b + f->l4 + 4, 36);
	put16(f->b + f->l4 + 6, get16(f->b + f->l4 + 6) + 2);
	expect("UDP with another's checksum", IPCS | L4CS | UDPCS | TCPE);
	f = ipv4_l4(17, 100);
	put16(f->b + f->l3 + 10, 0);
	put16(f->b + f->l4 + 6, 0);
	memset(f->b + f->l4 + 8, 0, 100);
	frame_end(f, 17);
	f->b[f->len - 1] = 1;
	expect("one in zeros", IPCS | L4CS | UDPCS | TCPE);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 6, 40, 0);
	frame_end(f, 0);
	expect("nothing but an IPv4 header", IPCS);
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 6, 40, 0);
	frame_end(f, 0);
	f->len--;
	expect("not even that", 0);
	f = ipv4_l4(6, 30);
	f->b[f->l3] = 0x44;
	expect("IPv4 with a header too short", 0);
	f = ipv4_l4(6, 30);
	f->b[f->l3] = 0x4f;
	f->len = 60;
	expect("IPv4 options that are not there", 0);
}

/* UDP's checksum need not be there over IPv4; by erratum 44 silicon says that it is wrong. One that
 * comes to 0 is sent as ffffh and good. */
static void
zero_udp_checksums(void **state)
{
	struct frame *f = ipv4_l4(17, 30);

	(void)state;
	put16(f->b + f->l4 + 6, 0);
	expect("no checksum", IPCS | L4CS | UDPCS | TCPE);
	f = ipv4_l4(17, 18);
	put16(f->b + f->l4 + 6, 0);
	expect("no checksum, 64 bytes", IPCS | L4CS | UDPCS | TCPE);
	f = frame_new();
	add_ipv4(f, "0.0.0.0", "0.0.0.0", 17, 0, 0);
	add_l4(f, 17, 0xffff - 17 - 20, 0, 2);
	put16(f->b + f->l4 + 8, 0);
	frame_end(f, 17);
	assert_int_equal(get16(f->b + f->l4 + 6), 0xffff);
	expect("a checksum of 0", IPCS | L4CS | UDPCS);
}

/* 7.1.13: with PCSD = 0 and IPPCSE, a fragment has its sum and identification in place of a hash */
static void
fragments_are_summed(void **state)
{
	struct ring_desc wb;
	struct frame *f;

	(void)state;
	for (unsigned int k = 0; k < 5; k++) {
		uint16_t sum;

		nic_write(nic, NIC_RXCSUM, k == 3 ? 0 : NIC_RXCSUM_IPPCSE);
		if (k == 4)
			reg_set(NIC_RXCSUM, NIC_RXCSUM_PCSD);
		f = frame_new();
		add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 8, k == 1 ? 0x2005 : 0x2000);
		add_l4(f, 17, 1, 2, 48);
		put16(f->b + f->l4 + 6, k == 2 ? 0 : 0x7777);
		frame_end(f, 0);
		sum = (uint16_t)~inet_sum(0, f->b + f->l4, 56);
		wb = received("fragment");
		assert_int_equal(wb.hi, LEN(14 + 28 + 56) | DD | EOP | IPCS | (k == 0 ? UDPV : 0));
		assert_int_equal(wb.lo & 0xffffffff, 0x30);
		assert_int_equal(wb.lo >> 32, k >= 3 ? 0 : (uint32_t)sum << 16 | 0x1234);
	}
	nic_write(nic, NIC_RXCSUM, NIC_RXCSUM_IPPCSE);
	ipv4_l4(17, 60);
	assert_int_equal(received("whole").lo, 0x210);
	/* the fragment is IPv6, in a whole packet of IPv4 */
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 41, 0, 0);
	add_ipv6(f, "2001:db8::1", "2001:db8::2", 44, false);
	add_bytes(f, "\x11\0\0\1\0\0\0\0", 8);
	add_l4(f, 17, 1, 2, 9);
	frame_end(f, 0);
	assert_int_equal(received("IPv6 fragment in IPv4").lo, 0xd0);
}

/*
 * VLAN tags, 7.1.1.2 and 7.4
 */

static struct frame *
tagged(uint32_t type, uint32_t tag)
{
	struct frame *f = frame_new();

	if (type != 0) {
		add16(f, type);
		add16(f, tag);
	}
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 0, 0);
	add_l4(f, 17, 1, 2, 40);
	frame_end(f, 17);
	return f;
}

#define GOOD_UDP (IPCS | L4CS | UDPCS)

/* RXDCTL.VME: queue by queue, also while it runs */
static void
vlan_tags_are_stripped(void **state)
{
	struct frame *f;

	(void)state;
	rx_start(0, 0, ADVANCED_2K, NIC_RXDCTL_VME, NB_DESC - 1);
	f = tagged(0x8100, 0xe123);
	tagged(0, 0);
	tagged(0x88a8, 5); /* not VLNCTRL's type */
	poll_all();
	assert_int_equal(desc(0, 0)->hi, VLAN(0xe123) | LEN(f->len - 4) | DD | EOP | VP | GOOD_UDP);
	assert_int_equal(desc(0, 0)->lo, 0x210);
	assert_memory_equal(buf(0, 0), f->b, 12);
	assert_memory_equal(buf(0, 0) + 12, f->b + 16, f->len - 16);
	assert_int_equal(buf(0, 0)[f->len - 4], 0);
	assert_int_equal(desc(0, 1)->hi, LEN(f->len - 4) | DD | EOP | GOOD_UDP);
	assert_int_equal(desc(0, 2)->hi, LEN(f->len) | DD | EOP);
	assert_int_equal(nic_read(nic, NIC_QBRCL), 3 * f->len - 8); /* as in memory */
	nic_write(nic, NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	nic_write(nic, NIC_VLNCTRL, 0x88a8);
	tagged(0x88a8, 5);
	tagged(0x8100, 5);
	poll_all();
	assert_int_equal(desc(0, 3)->hi, LEN(f->len) | DD | EOP | VP | GOOD_UDP);
	assert_memory_equal(buf(0, 3), wire.in[3].b, f->len);
	assert_int_equal(desc(0, 4)->hi, LEN(f->len) | DD | EOP);
	assert_int_equal(counts().violations, 0);
}

/* A tag is stripped, too, where the FCS stays, which is that of the frame on the wire. */
static void
vlan_tag_goes_and_fcs_stays(void **state)
{
	struct frame *f;
	uint32_t crc = ~0u;

	(void)state;
	nic_write(nic, NIC_HLREG0, nic_read(nic, NIC_HLREG0) & ~NIC_HLREG0_RXCRCSTRP);
	nic_write(nic, NIC_RDRXCTL, nic_read(nic, NIC_RDRXCTL) & ~NIC_RDRXCTL_CRCSTRIP);
	rx_start(0, 0, ADVANCED_2K, NIC_RXDCTL_VME, NB_DESC - 1);
	f = tagged(0x8100, 7);
	poll_all();
	assert_int_equal(desc(0, 0)->hi, VLAN(7) | LEN(f->len) | DD | EOP | VP | GOOD_UDP);
	for (uint32_t i = 0; i < f->len; i++) {
		crc ^= f->b[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	assert_memory_equal(buf(0, 0) + f->len - 4, &crc, 4);
	assert_memory_equal(buf(0, 0) + 12, f->b + 16, f->len - 16);
}

static void
vlan_filter(void **state)
{
	(void)state;
	rx_start_simple();
	reg_set(NIC_VLNCTRL, NIC_VLNCTRL_VFE);
	nic_write(nic, NIC_VFTA + 4 * (0xabc / 32), 1u << 0xabc % 32);
	tagged(0x8100, 0xabc);
	tagged(0x8100, 0xfabc); /* priority and CFI are not looked at */
	tagged(0x8100, 0xabd);
	tagged(0, 0);
	poll_all();
	assert_int_equal(counts().rx_packets, 3);
	assert_int_equal(counts().rx_filtered, 1);
	reg_set(NIC_VLNCTRL, NIC_VLNCTRL_CFIEN);
	tagged(0x8100, 0xeabc);
	tagged(0x8100, 0xfabc);
	poll_all();
	assert_int_equal(counts().rx_packets, 4);
	assert_int_equal(desc(0, 3)->hi & (DD | VP), DD | VP);
	assert_int_equal(get16(buf(0, 3) + 14), 0xeabc);
	reg_set(NIC_VLNCTRL, NIC_VLNCTRL_CFI);
	tagged(0x8100, 0xeabc);
	tagged(0x8100, 0xfabc);
	poll_all();
	assert_int_equal(counts().rx_packets, 5);
	assert_int_equal(counts().rx_filtered, 3);
	assert_int_equal(get16(buf(0, 4) + 14), 0xfabc);
}

/* CTRL_EXT.Extended_VLAN: the outer tag is EXVET's, and stays; the inner one is all the rest's. */
static void
double_vlan(void **state)
{
	struct frame *f[3];

	(void)state;
	reg_set(NIC_CTRL_EXT, NIC_CTRL_EXT_VLAN);
	nic_write(nic, NIC_EXVET, 0x88a80000);
	reg_set(NIC_VLNCTRL, NIC_VLNCTRL_VFE);
	nic_write(nic, NIC_VFTA, 1u << 9);
	rx_start(0, 0, ADVANCED_2K, NIC_RXDCTL_VME, NB_DESC - 1);
	for (unsigned int i = 0; i < 3; i++) {
		f[i] = frame_new();
		add16(f[i], 0x88a8);
		add16(f[i], 7);
		if (i != 1) {
			add16(f[i], 0x8100);
			add16(f[i], 9 + i);
		}
		add_ipv4(f[i], "198.18.0.1", "198.19.0.2", 17, 0, 0);
		add_l4(f[i], 17, 1, 2, 40);
		frame_end(f[i], 17);
	}
	poll_all();
	assert_int_equal(counts().rx_packets, 2); /* VLAN 11 is filtered */
	assert_int_equal(desc(0, 0)->hi, VLAN(9) | LEN(f[0]->len - 4) | DD | EOP | VP | VEXT |
			 GOOD_UDP);
	assert_memory_equal(buf(0, 0), f[0]->b, 16);
	assert_memory_equal(buf(0, 0) + 16, f[0]->b + 20, f[0]->len - 20);
	assert_int_equal(desc(0, 1)->hi, LEN(f[1]->len) | DD | EOP | VEXT | GOOD_UDP);
}

/*
 * Large frames and bad ones, pieces, formats
 */

static void
jumbo_frames_in_pieces(void **state)
{
	static const uint32_t payloads[] = { 9728 - 4 - 42, WIRE_MAX_FRAME - 4 - 42 };
	unsigned int at = 0, used = 0;

	(void)state;
	reg_set(NIC_HLREG0, NIC_HLREG0_JUMBOEN);
	rss_start(RSS_UDP, 1);
	rx_start(0, 0, ADVANCED | 1, 0, NB_DESC - 1);
	for (unsigned int k = 0; k < 2; k++) {
		struct frame *f;
		uint32_t left;

		/* the last that MAXFRS lets pass, and one that is larger */
		nic_write(nic, NIC_MAXFRS, (payloads[k] + 46) << NIC_MAXFRS_MFS_SHIFT);
		ipv4_l4(17, payloads[k] + 1 > WIRE_MAX_FRAME - 46 ? 14000 : payloads[k]);
		f = ipv4_l4(17, payloads[k]);
		poll_all();
		for (unsigned int i = wire.in_first = 0; i < wire.in_end; i++) {
			f = &wire.in[i];
			for (left = f->len; left > 0; at++) {
				uint32_t len = left < 1024 ? left : 1024;

				assert_int_equal(desc(0, at)->hi, LEN(len) |
						 (left > len ? DD : DD | EOP | GOOD_UDP));
				assert_memory_equal(buf(0, at), f->b + f->len - left, len);
				left -= len;
				assert_int_equal(desc(0, at)->lo & 0xffffffff, 0x217);
				used++;
			}
		}
		wire.in_first = wire.in_end = 0;
	}
	assert_int_equal(used, 10 + 10 + 14 + 16);
	nic_write(nic, NIC_MAXFRS, 9728u << NIC_MAXFRS_MFS_SHIFT);
	ipv4_l4(17, 9728 - 46 + 1); /* only a tag may make it longer */
	poll_all();
	assert_int_equal(nic_read(nic, NIC_ROC), 1);
	assert_int_equal(counts().violations, 0);
}

/* 8.2.3.7.1: SBP stores what the MAC finds wrong, with RXE; else it is only counted. */
static void
bad_frames(void **state)
{
	(void)state;
	rx_start_simple();
	rss_start(RSS_UDP | RSS_IP, 1);
	for (unsigned int sbp = 0; sbp < 2; sbp++) {
		struct frame *f;

		if (sbp)
			reg_set(NIC_FCTRL, NIC_FCTRL_SBP);
		ipv4_l4(17, 30)->len = 59;
		f = frame_new(); /* an 802.3 length that is the data's, or padded to 46 */
		add16(f, 80);
		f->len = 94;
		f = frame_new();
		add16(f, 3);
		f->len = 60;
		f = frame_new(); /* and one that is not */
		add16(f, 79);
		f->len = 94;
		f = frame_new();
		add16(f, 47);
		f->len = 60;
		ipv4_l4(17, 1480);
		poll_all();
		assert_int_equal(nic_read(nic, NIC_RUC), 1);
		assert_int_equal(nic_read(nic, NIC_RLEC), 2);
		assert_int_equal(nic_read(nic, NIC_ROC), 1);
		assert_int_equal(nic_read(nic, NIC_GPRC), 2);
		assert_int_equal(counts().rx_packets, sbp ? 2 + 5 : 2);
	}
	assert_int_equal(desc(0, 2)->hi, LEN(59) | DD | EOP | RXE);
	assert_int_equal(desc(0, 2)->lo, 0);
	assert_int_equal(desc(0, 3)->hi, LEN(94) | DD | EOP);
	assert_int_equal(desc(0, 5)->hi, LEN(94) | DD | EOP | RXE);
	nic_write(nic, NIC_HLREG0, nic_read(nic, NIC_HLREG0) & ~NIC_HLREG0_RXLNGTHERREN);
	add16(frame_new(), 79);
	wire.in[wire.in_end - 1].len = 94;
	poll_all();
	assert_int_equal(desc(0, 7)->hi, LEN(94) | DD | EOP);
	assert_int_equal(nic_read(nic, NIC_RLEC), 0);
}

/* A frame as short as a wire may have it is read no further than it goes. */
static void
shortest_bad_frame(void **state)
{
	struct frame *f = frame_new();

	(void)state;
	reg_set(NIC_FCTRL, NIC_FCTRL_SBP);
	reg_set(NIC_VLNCTRL, NIC_VLNCTRL_VFE);
	rx_start_simple();
	add16(f, 0x8100);
	poll_all();
	assert_int_equal(counts().rx_packets, 0); /* VLAN 0 is not in the table */
	nic_write(nic, NIC_VFTA, 1);
	f = frame_new();
	add16(f, 0x8100);
	poll_all();
	assert_int_equal(desc(0, 0)->hi, LEN(14) | DD | EOP | RXE);
	assert_memory_equal(buf(0, 0), f->b, 14);
	assert_int_equal(buf(0, 0)[14], 0);
}

/* 7.1.5: all of it in other places, nothing of the lower quadword */
static void
legacy_format(void **state)
{
	struct frame *f;

	(void)state;
	nic_write(nic, NIC_RXCSUM, NIC_RXCSUM_IPPCSE);
	rx_start(0, 0, 2, NIC_RXDCTL_VME, NB_DESC - 1);
	f = tagged(0x8100, 0xe123);
	f->b[f->len - 1] ^= 1;
	f->b[f->l3 + 8] ^= 1;
	f = frame_new();
	add_ipv4(f, "198.18.0.1", "198.19.0.2", 17, 0, 0x2000);
	add_l4(f, 17, 1, 2, 48);
	frame_end(f, 0);
	reg_set(NIC_FCTRL, NIC_FCTRL_SBP);
	ipv4_l4(17, 1)->len = 50;
	poll_all();
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(desc(0, i)->lo, HOST_BASE + (buf(0, i) - host));
	assert_int_equal(desc(0, 0)->hi,
			 (wire.in[0].len - 4) | UINT64_C(0xc0) << 40 | VLAN(0xe123) |
			 (uint64_t)(DD | EOP | VP | GOOD_UDP) << 32);
	assert_int_equal(desc(0, 1)->hi, f->len | (uint64_t)(DD | EOP | IPCS) << 32 |
			 (uint64_t)(uint16_t)~inet_sum(0, f->b + f->l4, 56) << 16);
	assert_int_equal(desc(0, 2)->hi, 50 | (uint64_t)(DD | EOP) << 32 | UINT64_C(1) << 40);
}

#define HDR(n) ((uint64_t)(n) << 21)
#define SPH    UINT64_C(0x80000000)
#define SPLIT  (2u << NIC_SRRCTL_DESCTYPE_SHIFT)
#define ALWAYS (5u << NIC_SRRCTL_DESCTYPE_SHIFT)

/* 7.1.10: header split, buffers of 1 KB */
static void
headers_are_split(void **state)
{
	static const struct {
		const char *what;
		uint32_t type, header_size, psrtype;
		uint8_t proto;
		uint32_t payload;
		uint32_t in_header, lo, error;
	} cases[] = {
		{ "UDP", SPLIT, 128, NIC_PSRTYPE_UDP, 17, 200, 42, SPH | HDR(42), 0 },
		{ "TCP", SPLIT, 128, NIC_PSRTYPE_UDP | NIC_PSRTYPE_TCP,
		  6, 200, 54, SPH | HDR(54), 0 },
		{ "in pieces", SPLIT, 128, NIC_PSRTYPE_UDP, 17, 1100, 42, SPH | HDR(42), 0 },
		{ "payload of one buffer", SPLIT, 128, NIC_PSRTYPE_UDP,
		  17, 1024, 42, SPH | HDR(42), 0 },
		{ "no payload", SPLIT, 128, NIC_PSRTYPE_UDP, 17, 0, 42, SPH | HDR(42), 0 },
		{ "IPv4", SPLIT, 128, NIC_PSRTYPE_IPV4 | NIC_PSRTYPE_L2,
		  6, 200, 34, SPH | HDR(34), 0 },
		{ "IPv6", SPLIT, 128, NIC_PSRTYPE_IPV6, 46, 200, 54, SPH | HDR(54), 0 },
		{ "layer 2", SPLIT, 128, NIC_PSRTYPE_L2 | NIC_PSRTYPE_UDP,
		  6, 200, 14, SPH | HDR(14), 0 },
		{ "none that PSRTYPE names", SPLIT, 128, NIC_PSRTYPE_UDP, 6, 200, 0, 0, 0 },
		{ "no room", SPLIT, 0, NIC_PSRTYPE_UDP, 17, 200, 0, SPH | HDR(42), HBO },
		{ "always: all of a short one", ALWAYS, 256, NIC_PSRTYPE_UDP,
		  17, 200, 242, HDR(242), 0 },
		{ "always: headers", ALWAYS, 128, NIC_PSRTYPE_UDP, 17, 200, 42, SPH | HDR(42), 0 },
		{ "always: unknown", ALWAYS, 128, NIC_PSRTYPE_UDP, 6, 200, 128, HDR(128), 0 },
		{ "always: no room", ALWAYS, 64, NIC_PSRTYPE_IPV4,
		  60, 200, 64, SPH | HDR(74), HBO },
	};

	(void)state;
	for (unsigned int c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		uint8_t *header = host + 0x80000;
		struct frame *f;
		unsigned int d = 0;
		uint32_t left, len;

		memset(header, 0, 0x1000);
		nic_write(nic, NIC_PSRTYPE, cases[c].psrtype);
		rx_start(0, 0, cases[c].type | cases[c].header_size / 64 << 8 | 1, 0, 0);
		desc(0, 0)->hi = HOST_BASE + 0x80000;
		nic_write(nic, NIC_RDT, NB_DESC - 1);
		wire.in_first = wire.in_end = 0;
		if (cases[c].proto == 46) { /* IPv6 with UDP, which PSRTYPE does not name */
			f = ipv6_l4(17, cases[c].payload);
		} else if (cases[c].proto == 60) { /* with all options there may be */
			f = frame_new();
			add_ipv4(f, "198.18.0.1", "198.19.0.2", 6, 40, 0);
			add_l4(f, 6, 1, 2, cases[c].payload);
			frame_end(f, 6);
		} else {
			f = ipv4_l4(cases[c].proto, cases[c].payload);
		}
		poll_all();
		assert_memory_equal(header, f->b, cases[c].in_header);
		assert_int_equal(header[cases[c].in_header], 0);
		left = f->len - cases[c].in_header;
		do {
			len = left < 1024 ? left : 1024;
			left -= len;
			if ((desc(0, d)->lo & 0xffe00000) != (d == 0 ? cases[c].lo : 0) ||
			    (desc(0, d)->hi & ~(uint64_t)GOOD_UDP) !=
			    (LEN(len) | (left > 0 ? DD : DD | EOP | cases[c].error)))
				fail_msg("%s, descriptor %u: 0x%llx 0x%llx", cases[c].what, d,
					 (unsigned long long)desc(0, d)->lo,
					 (unsigned long long)desc(0, d)->hi);
			assert_memory_equal(buf(0, d), f->b + (f->len - left - len), len);
			d++;
		} while (left > 0);
		assert_int_equal(desc(0, d)->hi, 0);
		nic_write(nic, NIC_RXDCTL, 0);
	}
}

static void
bad_header_buffer_stops_the_queue(void **state)
{
	(void)state;
	nic_write(nic, NIC_PSRTYPE, NIC_PSRTYPE_UDP);
	rx_start(0, 0, SPLIT | 2 << 8 | 2, 0, 0);
	desc(0, 0)->hi = HOST_BASE + HOST_SIZE - 40;
	nic_write(nic, NIC_RDT, NB_DESC - 1);
	ipv4_l4(17, 200);
	poll_all();
	assert_int_equal(counts().dma_refused, 1);
	assert_int_equal(desc(0, 0)->hi, HOST_BASE + HOST_SIZE - 40);
	assert_int_equal(counts().rx_packets, 0);
}

/* Whatever headers say, nothing behind the frame is read. */
static void
hostile_headers(void **state)
{
	static const uint16_t types[] = {
		0x0800, 0x0800, 0x86dd, 0x86dd, 0x8100, 0x88a8, 20, 0x0806,
	};
	static const uint8_t protos[] = { 6, 17, 132, 41, 0, 43, 44, 60, 50, 51, 4, 1 };
	uint32_t x = 82599, page = 0x4000, head;
	uint8_t *map;

	(void)state;
	map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(map != MAP_FAILED && mprotect(map + page, page, PROT_NONE) == 0);
	wire.page_end = map + page;
	nic_write(nic, NIC_SYNQF, NIC_SYNQF_ENABLE);
	reg_set(NIC_CTRL_EXT, NIC_CTRL_EXT_VLAN);
	nic_write(nic, NIC_EXVET, 0x88a80000);
	nic_write(nic, NIC_PSRTYPE, 0xe0001332);
	reg_set(NIC_FCTRL, NIC_FCTRL_SBP);
	for (unsigned int round = 0; round < 20000; round++) {
		struct frame *f;

		if (round % 4000 == 0) {
			rss_start(round % 8000 ? 0x01ff0000 : 0, 1);
			if (round % 8000 != 0)
				nic_write(nic, NIC_RXCSUM, NIC_RXCSUM_IPPCSE);
			nic_write(nic, NIC_RXDCTL, 0);
			rx_start(0, 0, (round < 8000 ? SPLIT : ADVANCED) | 2 << 8 | 2,
				 NIC_RXDCTL_VME, 0);
		}
		wire.in_first = wire.in_end = 0;
		f = frame_new();
		for (unsigned int i = 12; i < 256; i++) {
			x = x * 1664525 + 1013904223;
			f->b[i] = x >> 24 < 0x80 ? 0 : (uint8_t)(x >> 16);
		}
		f->len = 14 + (x >> 8) % 120;
		put16(f->b + 12, types[x >> 16 & 7]);
		put16(f->b + 16, types[x >> 12 & 3]);
		f->b[14] = (x & 1 ? 0x40 : 0x60) | (x >> 3 & 15);
		f->b[20] = f->b[23] = protos[x % 12];
		f->b[54] = f->b[34] = protos[x / 12 % 12];
		put16(f->b + 18, f->len - 54);
		head = nic_read(nic, NIC_RDH);
		*desc(0, head) =
			(struct ring_desc){ HOST_BASE + BUFS, HOST_BASE + BUFS + BUF_SIZE };
		nic_write(nic, NIC_RDT, (head + 1) % NB_DESC);
		poll_all();
		assert_int_equal(wire.in_first, 1);
	}
	assert_true(counts().rx_packets > 10000);
	assert_int_equal(counts().dma_refused, 0);
	assert_int_equal(counts().violations, 0);
	wire.page_end = NULL;
	munmap(map, 2 * page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rss_hashes_as_published),
		TEST(rss_only_what_is_enabled),
		TEST(rss_of_fragments_tunnels_and_others),
		TEST(rss_modes),
		TEST(filters_choose_queues_of_all_128),
		TEST(bursts_are_shared_out),
		TEST(full_queue_blocks_the_others),
		TEST(full_queue_drops_when_told),
		TEST(disabled_queue_drops),
		TEST(bad_buffer_stops_its_queue_only),
		TEST(bad_second_buffer),
		TEST(inexact_filter_is_told),
		TEST(checksums_good_and_bad),
		TEST(longer_than_the_datagram),
		TEST(made_by_the_wire),
		TEST(checksums_of_all_shapes),
		TEST(zero_udp_checksums),
		TEST(fragments_are_summed),
		TEST(vlan_tags_are_stripped),
		TEST(vlan_tag_goes_and_fcs_stays),
		TEST(vlan_filter),
		TEST(double_vlan),
		TEST(jumbo_frames_in_pieces),
		TEST(bad_frames),
		TEST(shortest_bad_frame),
		TEST(legacy_format),
		TEST(headers_are_split),
		TEST(bad_header_buffer_stops_the_queue),
		TEST(hostile_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
