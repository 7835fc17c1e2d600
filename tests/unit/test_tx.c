/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What transmit does to frames: checksums, segmentation, VLAN tags. Each frame that comes out is
 * compared with one that the test makes by itself, its checksums computed byte by byte. */

#include "rig.h"
#include "nic/csum.h"

#define TX_RING    0x10000u
#define HEAD_WB    0x20000u
#define TX_BUFS    0x40000u
#define NB_DESC    64u

static unsigned int tail;      /* the next descriptor */
static uint32_t next_buf;      /* offset of the next buffer in TX_BUFS */

static void
queue_start(unsigned int q, uint32_t txdctl)
{
	nic_write(nic, txq_reg(q, NIC_TDBAL), (uint32_t)(HOST_BASE + TX_RING));
	nic_write(nic, txq_reg(q, NIC_TDBAH), (HOST_BASE + TX_RING) >> 32);
	nic_write(nic, txq_reg(q, NIC_TDLEN), NB_DESC * 16);
	nic_write(nic, txq_reg(q, NIC_TXDCTL), NIC_TXDCTL_ENABLE | txdctl);
	tail = 0;
}

static void
create(bool strict)
{
	struct nic_config config = rig_config();

	next_buf = 0;
	config.strict = strict;
	nic = rig_create(&config);
	rig_link_up();
	reg_set(NIC_HLREG0, NIC_HLREG0_TXCRCEN | NIC_HLREG0_TXPADEN);
	reg_set(NIC_DMATXCTL, NIC_DMATXCTL_TE);
	queue_start(0, 0);
}

static int
setup(void **state)
{
	(void)state;
	rig_open();
	create(false);
	return 0;
}

#define teardown rig_close

static void
again(bool strict)
{
	nic_free(nic);
	create(strict);
}

/* Descriptors, 7.2.3.2 */

#define CMD_EOP   (UINT64_C(1) << 24)
#define CMD_IFCS  (UINT64_C(1) << 25)
#define CMD_IC    (UINT64_C(1) << 26)
#define CMD_RS    (UINT64_C(1) << 27)
#define CMD_DEXT  (UINT64_C(1) << 29)
#define CMD_VLE   (UINT64_C(1) << 30)
#define CMD_TSE   (UINT64_C(1) << 31)
#define DTYP_DATA (UINT64_C(3) << 20)
#define DTYP_CTXT (UINT64_C(2) << 20)
#define MAC_SEC   (UINT64_C(1) << 18)
#define IDX1      (UINT64_C(1) << 36)
#define CC        (UINT64_C(1) << 39)
#define IXSM      (UINT64_C(1) << 40)
#define TXSM      (UINT64_C(1) << 41)
#define IPSEC     (UINT64_C(1) << 42)
#define DATA      (DTYP_DATA | CMD_DEXT | CMD_IFCS)
#define TSO       (DATA | IXSM | TXSM | CMD_TSE)
#define IPV4      (UINT64_C(1) << 10)
#define L4T(n)    ((uint64_t)(n) << 11)
#define UDP       L4T(0)
#define TCP       L4T(1)
#define SCTP      L4T(2)
#define FCOE      (UINT64_C(1) << 15)

static struct ring_desc *
desc(unsigned int i)
{
	return (struct ring_desc *)(host + TX_RING) + i % NB_DESC;
}

static bool
done(unsigned int i)
{
	return desc(i)->hi >> 32 & 1;
}

static void
put_desc(uint64_t lo, uint64_t hi)
{
	*desc(tail) = (struct ring_desc){ lo, hi };
	tail = (tail + 1) % NB_DESC;
}

static void
put_context(uint64_t tucmd, uint32_t maclen, uint32_t iplen, uint32_t l4len, uint32_t mss,
	    uint32_t tag)
{
	put_desc(iplen | maclen << 9 | (uint64_t)tag << 16,
		 DTYP_CTXT | CMD_DEXT | tucmd | (uint64_t)l4len << 40 | (uint64_t)mss << 48);
}

/* The frame in buffers of the given lengths (the last takes what is left), with the fields hi of
 * its descriptors. @return where the first is */
static uint8_t *
put_split(const uint8_t *frame, uint32_t len, uint64_t hi, uint32_t paylen, const uint32_t *lens,
	  unsigned int nb)
{
	uint8_t *first = NULL, *buf;
	uint32_t n;

	for (unsigned int k = 0; k <= nb; k++, frame += n, len -= n) {
		n = k < nb ? lens[k] : len;
		if (TX_BUFS + next_buf + n > HOST_SIZE)
			next_buf = 0;
		buf = host + TX_BUFS + next_buf;
		next_buf += n + 3; /* any alignment, and not next to each other */
		memcpy(buf, frame, n);
		if (first == NULL)
			first = buf;
		put_desc(HOST_BASE + (uint64_t)(buf - host),
			 n | hi | (k == nb ? CMD_EOP | CMD_RS : 0) | (uint64_t)paylen << 46);
	}
	return first;
}

static uint8_t *
put_frame(const uint8_t *frame, uint32_t len, uint64_t hi)
{
	return put_split(frame, len, hi, len, NULL, 0);
}

static void
send_all(void)
{
	nic_write(nic, NIC_TDT, tail);
	poll_all();
}

/* Packets, and checksums after the letter of their standards */

struct packet {
	bool ipv6;
	uint8_t proto;    /* 6, 17, 132 */
	uint32_t options; /* bytes of IPv4 options or IPv6 extension headers */
	uint32_t tcp_options;
	uint32_t payload;
	uint16_t id, flags;
	uint32_t seq;
};

static uint32_t
ip_len(const struct packet *p)
{
	return (p->ipv6 ? 40 : 20) + p->options;
}

static uint32_t
l4_len(const struct packet *p)
{
	return p->proto == 6 ? 20 + p->tcp_options : p->proto == 17 ? 8 : 12;
}

static uint32_t
headers(const struct packet *p)
{
	return 14 + ip_len(p) + l4_len(p);
}

static void
be(uint8_t *p, uint64_t value, unsigned int bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

/* RFC 1071, the sum as it stands there */
static uint32_t
naive_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? p[i] * 256u : p[i];
	while (sum > 0xffff)
		sum = sum % 0x10000 + sum / 0x10000;
	return sum;
}

/* by polynomial division */
static uint32_t
naive_crc32c(const uint8_t *p, uint32_t len)
{
	uint32_t crc = 0xffffffff;

	for (; len > 0; len--, p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc % 2 ? crc / 2 ^ 0x82f63b78 : crc / 2;
	}
	return ~crc;
}

static uint32_t
pseudo(const uint8_t *frame, const struct packet *p, uint32_t len)
{
	uint32_t sum =
		p->ipv6 ? naive_sum(frame + 14 + 8, 32, 0) : naive_sum(frame + 14 + 12, 8, 0);

	return naive_sum(NULL, 0, sum + p->proto + len);
}

/* The packet with n bytes of its payload, from byte from on; checksums are 0. @return length */
static uint32_t
build(uint8_t *to, const struct packet *p, uint32_t from, uint32_t n)
{
	uint8_t *ip = to + 14, *l4 = ip + ip_len(p);
	uint32_t l3 = l4_len(p) + n;

	memset(to, 0, headers(p));
	memcpy(to, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	be(to + 12, p->ipv6 ? 0x86dd : 0x0800, 2);
	if (p->ipv6) {
		ip[0] = 0x60;
		be(ip + 4, p->options + l3, 2);
		ip[6] = p->options > 0 ? 60 : p->proto;
		ip[7] = 64;
		for (unsigned int i = 8; i < 40; i++)
			ip[i] = (uint8_t)(0xf0 + i * 5);
		if (p->options > 0) {
			ip[40] = p->proto;
			ip[41] = (uint8_t)(p->options / 8 - 1);
			for (unsigned int i = 42; i < 40 + p->options; i++)
				ip[i] = (uint8_t)(i % 7);
		}
	} else {
		ip[0] = (uint8_t)(0x45 + p->options / 4);
		be(ip + 2, 20 + p->options + l3, 2);
		be(ip + 4, p->id, 2);
		ip[8] = 64;
		ip[9] = p->proto;
		memcpy(ip + 12, "\xc0\xa8\x00\x01\xc0\xa8\x00\xc7", 8);
		memset(ip + 20, 1, p->options); /* NOP */
	}
	be(l4, 0xc001, 2);
	be(l4 + 2, 80, 2);
	if (p->proto == 6) {
		be(l4 + 4, p->seq, 4);
		be(l4 + 8, 0x01020304, 4);
		be(l4 + 12, l4_len(p) / 4 << 12 | p->flags, 2);
		be(l4 + 14, 0xfaf0, 2);
		memset(l4 + 20, 1, p->tcp_options);
	} else if (p->proto == 17) {
		be(l4 + 4, l3, 2);
	} else {
		be(l4 + 4, 0xcafef00d, 4);
	}
	for (uint32_t i = 0; i < n; i++)
		l4[l4_len(p) + i] = (uint8_t)((from + i) * 29 + ((from + i) >> 7) + 0x80);
	return headers(p) + n;
}

static uint8_t *
l4_csum(uint8_t *frame, const struct packet *p)
{
	return frame + 14 + ip_len(p) + (p->proto == 6 ? 16 : p->proto == 17 ? 6 : 8);
}

/* What a driver leaves in the checksum field: the pseudo-header's sum, for TSO without length. */
static void
seed(uint8_t *frame, const struct packet *p, uint32_t len, bool tso)
{
	if (p->proto != 132)
		be(l4_csum(frame, p), pseudo(frame, p, tso ? 0 : len - 14 - ip_len(p)), 2);
}

/* The checksums as they have to be; the fields are 0 before. */
static void
finish(uint8_t *frame, const struct packet *p, uint32_t len)
{
	uint8_t *l4 = frame + 14 + ip_len(p);
	uint32_t l4_bytes = len - 14 - ip_len(p), crc, sum;

	if (!p->ipv6)
		be(frame + 14 + 10, naive_sum(frame + 14, ip_len(p), 0) ^ 0xffff, 2);
	if (p->proto == 132) {
		crc = naive_crc32c(l4, l4_bytes);
		for (unsigned int i = 0; i < 4; i++)
			l4[8 + i] = (uint8_t)(crc >> 8 * i); /* RFC 9260, appendix A */
		return;
	}
	sum = naive_sum(l4, l4_bytes, pseudo(frame, p, l4_bytes)) ^ 0xffff;
	be(l4_csum(frame, p), sum == 0 && p->proto == 17 ? 0xffff : sum, 2);
}

static uint64_t
tucmd(const struct packet *p)
{
	return (p->ipv6 ? 0 : IPV4) | (p->proto == 6 ? TCP : p->proto == 17 ? UDP : SCTP);
}

static uint64_t
popts(const struct packet *p)
{
	return p->ipv6 ? TXSM : IXSM | TXSM;
}

static void
came_out(unsigned int i, const uint8_t *expect, uint32_t len)
{
	assert_true(i < wire.nb_out);
	for (uint32_t k = 0; k < len && k < wire.out[i].len; k++)
		if (wire.out[i].b[k] != expect[k])
			fail_msg("frame %u byte %u: 0x%02x, not 0x%02x", i, k, wire.out[i].b[k],
				 expect[k]);
	if (len < 60) { /* padded */
		assert_int_equal(wire.out[i].len, 60);
		for (uint32_t k = len; k < 60; k++)
			assert_int_equal(wire.out[i].b[k], 0);
	} else {
		assert_int_equal(wire.out[i].len, len);
	}
}

/* Every segment of the message, from frame i on. @return how many */
static unsigned int
segments_came_out(unsigned int i, const struct packet *p, uint32_t mss, uint32_t first_mask,
		  uint32_t mid_mask, uint32_t last_mask)
{
	uint8_t expect[WIRE_MAX_FRAME];
	struct packet seg = *p;
	unsigned int nb = (p->payload + mss - 1) / mss;
	uint32_t n, len;

	for (unsigned int k = 0; k < nb; k++) {
		n = p->payload - k * mss < mss ? p->payload - k * mss : mss;
		seg.id = (uint16_t)(p->id + k);
		seg.seq = p->seq + k * mss;
		seg.flags = p->flags;
		if (nb > 1)
			seg.flags &= k == 0 ? first_mask : k + 1 < nb ? mid_mask : last_mask;
		len = build(expect, &seg, k * mss, n);
		finish(expect, &seg, len);
		came_out(i + k, expect, len);
	}
	return nb;
}

static uint8_t message[1 << 18 | 1 << 10];

/* The context and the descriptors of a segmentation. */
static void
put_message(const struct packet *p, uint32_t mss, const uint32_t *lens, unsigned int nb)
{
	uint32_t len = build(message, p, 0, p->payload);

	seed(message, p, len, true);
	/* the length fields are the hardware's business */
	be(message + 14 + (p->ipv6 ? 4 : 2), 0, 2);
	if (p->proto == 17)
		be(message + 14 + ip_len(p) + 4, 0, 2);
	put_context(tucmd(p), 14, ip_len(p), l4_len(p), mss, 0);
	put_split(message, len, DATA | CMD_TSE | popts(p), p->payload, lens, nb);
}

static void
checksums_of_the_standards(void **state)
{
	/* RFC 1071, 3; the IPv4 header that many explain the checksum with; RFC 3720, B.4 */
	static const uint8_t rfc1071[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	static const uint8_t ipv4[] = {
		0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61,
		0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
	};
	static const struct {
		uint8_t byte;
		uint32_t crc;
	} iscsi[] = { { 0x00, 0x8a9136aa }, { 0xff, 0x62a8ab43 } };
	uint8_t bytes[2100];
	uint16_t sum = csum_fold(csum_sum(rfc1071, sizeof(rfc1071)));

	(void)state;
	assert_memory_equal(&sum, "\xdd\xf2", 2);
	assert_int_equal(csum_fold(csum_sum(ipv4, sizeof(ipv4))), 0xffff);
	assert_int_equal(~csum_crc32c(0xffffffff, "123456789", 9), ~0u & 0xe3069283);
	for (unsigned int i = 0; i < 2; i++) {
		memset(bytes, iscsi[i].byte, 32);
		assert_int_equal((uint32_t)~csum_crc32c(0xffffffff, bytes, 32), iscsi[i].crc);
	}
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 193 + (i >> 5));
	for (uint32_t len = 0; len < 2048; len++) {
		uint8_t expect[2];

		be(expect, naive_sum(bytes + len % 9, len, 0), 2);
		sum = csum_fold(csum_sum(bytes + len % 9, len));
		assert_memory_equal(&sum, expect, 2);
		assert_int_equal((uint32_t)~csum_crc32c(0xffffffff, bytes + len % 9, len),
				 naive_crc32c(bytes + len % 9, len));
	}
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(csum_fold(csum_sum(bytes, 2048)), 0xffff);
	assert_int_equal(csum_fold(UINT64_C(0xffffffffffffffff)), 0xffff);
}

static const struct packet kinds[] = {
	{ .proto = 6, .flags = 0x018, .id = 7 },
	{ .proto = 6, .options = 40, .tcp_options = 40, .flags = 0x010 },
	{ .proto = 17 },
	{ .proto = 17, .options = 4 },
	{ .proto = 132 },
	{ .ipv6 = true, .proto = 6, .tcp_options = 12 },
	{ .ipv6 = true, .proto = 6, .options = 24 },
	{ .ipv6 = true, .proto = 17 },
	{ .ipv6 = true, .proto = 17, .options = 8 },
	{ .ipv6 = true, .proto = 132 },
};
#define NB_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void
tx_inserts_checksums(void **state)
{
	static const uint32_t payloads[] = { 0, 1, 2, 3, 18, 19, 255, 1399, 1400, 8000, 9600 };
	uint8_t frame[WIRE_MAX_FRAME], expect[WIRE_MAX_FRAME], *buf;

	(void)state;
	for (unsigned int k = 0; k < NB_KINDS; k++) {
		for (unsigned int i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
			struct packet p = kinds[k];
			uint32_t len;

			wire.nb_out = 0;
			p.payload = p.proto == 132 ? payloads[i] & ~3u : payloads[i];
			len = build(frame, &p, 0, p.payload);
			memcpy(expect, frame, len);
			finish(expect, &p, len);
			seed(frame, &p, len, false);
			put_context(tucmd(&p), 14, ip_len(&p), 0, 0, 0);
			buf = put_frame(frame, len, DATA | popts(&p));
			send_all();
			came_out(0, expect, len);
			assert_int_equal(wire.nb_out, 1);
			assert_memory_equal(buf, frame, len); /* the driver's own is not changed */
		}
	}
	no_violation();
	assert_int_equal(counts().tx_unsupported, 0);
}

/* Nothing of the frame is lost or counted twice where it is split, also in the middle of a
 * 16-bit word. */
static void
tx_checksums_over_buffers(void **state)
{
	struct packet p = { .proto = 6, .payload = 101, .tcp_options = 4 };
	uint8_t frame[200], expect[200];
	uint32_t len = build(frame, &p, 0, p.payload);

	(void)state;
	memcpy(expect, frame, len);
	finish(expect, &p, len);
	seed(frame, &p, len, false);
	for (uint32_t at = 1; at < len - 2; at++) {
		uint32_t lens[] = { at, 1 };

		wire.nb_out = 0;
		put_context(tucmd(&p), 14, ip_len(&p), 0, 0, 0);
		put_split(frame, len, DATA | IXSM | TXSM, len, lens, 2);
		send_all();
		came_out(0, expect, len);
	}
	no_violation();
}

static void
tx_inserts_only_what_is_asked_for(void **state)
{
	struct packet p = { .proto = 17, .payload = 33 };
	uint8_t frame[200], expect[200], whole[200];
	uint32_t len = build(frame, &p, 0, p.payload);

	(void)state;
	be(l4_csum(frame, &p), 0x1234, 2);
	memcpy(whole, frame, len);
	be(l4_csum(whole, &p), 0, 2);
	finish(whole, &p, len);
	put_context(IPV4 | UDP, 14, 20, 0, 0, 0);
	put_frame(frame, len, DATA | IXSM);
	memcpy(expect, frame, len);
	memcpy(expect + 24, whole + 24, 2);
	send_all();
	came_out(0, expect, len);
	/* a context without IPV4 serves for L4 over IPv4, too; Linux's ixgbe does it */
	seed(frame, &p, len, false);
	put_context(UDP, 14, 20, 0, 0, 0);
	put_frame(frame, len, DATA | TXSM);
	memcpy(expect, frame, len);
	memcpy(l4_csum(expect, &p), l4_csum(whole, &p), 2);
	send_all();
	came_out(1, expect, len);
	no_violation();
}

/* A sum that comes out as 0 is sent as FFFFh for UDP, which would else have none (RFC 768). */
static void
tx_zero_udp_checksum(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct packet p = { .proto = i == 0 ? 17 : 6, .payload = 2 };
		uint8_t frame[100], expect[100];
		uint32_t len = build(frame, &p, 0, 2);

		be(frame + len - 2, 0, 2);
		memcpy(expect, frame, len);
		finish(expect, &p, len);
		memcpy(frame + len - 2, l4_csum(expect, &p), 2); /* makes the sum all ones */
		memcpy(expect, frame, len);
		finish(expect, &p, len);
		assert_memory_equal(l4_csum(expect, &p), i == 0 ? "\xff\xff" : "\0\0", 2);
		seed(frame, &p, len, false);
		put_context(tucmd(&p), 14, 20, 0, 0, 0);
		put_frame(frame, len, DATA | IXSM | TXSM);
		send_all();
		came_out(i, expect, len);
	}
}

/* IPLEN that reaches to an inner L4 header, and a checksum field by which the driver takes off
 * what is not the outer IP header: Linux's ixgbe sends tunnels like that. */
static void
tx_adjusted_ip_checksum(void **state)
{
	struct packet p = { .proto = 6, .payload = 10 };
	uint8_t outer[20 + 24], frame[200], expect[200];
	uint32_t len, extra = sizeof(outer) - 20;

	(void)state;
	len = build(frame, &p, 0, p.payload);
	memmove(frame + 14 + sizeof(outer), frame + 14, len - 14);
	len += sizeof(outer);
	memset(outer, 0, sizeof(outer));
	memcpy(outer, "\x45\0\0\x60\0\x09\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02", 20);
	memset(outer + 20, 0x5a, extra);
	be(outer + 2, len - 14, 2);
	memcpy(frame + 14, outer, sizeof(outer));
	memcpy(expect, frame, len);
	be(expect + 24, naive_sum(outer, 20, 0) ^ 0xffff, 2);
	/* the complement of the sum of the rest, inner IP header included */
	be(frame + 24, naive_sum(frame + 34, extra + 20, 0) ^ 0xffff, 2);
	put_context(IPV4 | TCP, 14, 20 + extra + 20, 0, 0, 0);
	put_frame(frame, len, DATA | IXSM);
	send_all();
	came_out(0, expect, len);
	no_violation();
}

/* An L4 checksum is where MACLEN and IPLEN together say, also if one of them is too small, which is
 * a violation. Beyond the frame nothing is inserted, however the lengths are. */
static void
tx_checksum_behind_odd_lengths(void **state)
{
	static const uint32_t maclens[] = { 0, 1, 13, 14, 33, 34 };
	static const uint32_t bad[][2] = {
		{ 0, 0 }, { 0, 11 }, { 14, 12 }, { 127, 511 }, { 14, 60 }, { 70, 9 },
	};
	uint8_t frame[200], expect[200];
	struct packet p;
	uint32_t len;

	(void)state;
	for (unsigned int i = 0; i < 2 * NB_KINDS * 6; i++) {
		const uint32_t maclen = maclens[i / 2 % 6];
		const bool strict = i % 2;

		again(strict);
		p = kinds[i / 2 / 6];
		p.payload = 16;
		len = build(frame, &p, 0, p.payload);
		memcpy(expect, frame, len);
		finish(expect, &p, len);
		seed(frame, &p, len, false);
		if (!p.ipv6)
			memcpy(frame + 24, expect + 24, 2);
		put_context(tucmd(&p), maclen, 14 + ip_len(&p) - maclen, 0, 0, 0);
		put_frame(frame, len, DATA | TXSM);
		send_all();
		assert_int_equal(violations("TX_HEADERS"),
				 maclen < 14 || 14 + ip_len(&p) - maclen < 20);
		assert_int_equal(counts().violations, violations("TX_HEADERS"));
		assert_int_equal(wire.nb_out, !strict || counts().violations == 0);
		if (wire.nb_out > 0)
			came_out(0, expect, len);
	}
	p = kinds[0];
	p.payload = 16;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		again(false);
		len = build(frame, &p, 0, p.payload);
		put_context(IPV4 | TCP, bad[i][0], bad[i][1], 0, 0, 0);
		put_frame(frame, len, DATA | IXSM | TXSM);
		send_all();
		assert_int_equal(violations("TX_HEADERS"), 1);
		assert_int_equal(wire.out[0].len, len);
		if (bad[i][0] + bad[i][1] > len - 20 && bad[i][1] < 12)
			came_out(0, frame, len);
	}
}

/* 7.2.3.2.2: the legacy format has reserved bits, too. */
static void
tx_reserved_bits_of_legacy_descriptors(void **state)
{
	static const unsigned int reserved[] = { 28, 31, 33, 34, 35, 36, 37, 38, 39 };
	uint8_t frame[64] = { 2 };

	(void)state;
	for (unsigned int i = 0; i < 2 * sizeof(reserved) / sizeof(reserved[0]); i++) {
		again(i % 2);
		put_frame(frame, 64, CMD_IFCS);
		desc(0)->hi = 64 | CMD_EOP | CMD_IFCS | CMD_RS | UINT64_C(1) << reserved[i / 2];
		send_all();
		assert_int_equal(violations("RESERVED_DESC"), 1);
		assert_int_equal(wire.nb_out, i % 2 == 0);
	}
}

static void
tx_legacy_checksum(void **state)
{
	static const struct {
		uint32_t css, cso;
		unsigned int violations;
		bool inserted;
	} cases[] = {
		{ 34, 50, 0, true }, { 34, 50 + 51, 0, true }, { 34, 120, 1, false },
		{ 34, 119, 1, false }, { 34, 118, 0, true }, { 130, 140, 1, false },
		{ 50, 34, 1, true },
	};
	uint8_t frame[120], expect[120];

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		again(false);
		for (unsigned int k = 0; k < sizeof(frame); k++)
			frame[k] = (uint8_t)(k * 77 + i);
		memcpy(expect, frame, sizeof(frame));
		if (cases[i].inserted)
			be(expect + cases[i].cso, 0xffff ^
			   naive_sum(frame + cases[i].css, sizeof(frame) - cases[i].css, 0), 2);
		put_desc(HOST_BASE + TX_BUFS, sizeof(frame) | CMD_EOP | CMD_IFCS | CMD_IC | CMD_RS |
			 cases[i].cso << 16 | (uint64_t)cases[i].css << 40);
		memcpy(host + TX_BUFS, frame, sizeof(frame));
		send_all();
		came_out(0, expect, sizeof(frame));
		assert_int_equal(violations("TX_CSO"), cases[i].violations);
		assert_int_equal(counts().violations, cases[i].violations);
		assert_true(done(0));
	}
}

static void
tag_in(uint8_t *frame, uint32_t len, uint32_t at, uint32_t type, uint32_t tag)
{
	memmove(frame + at + 4, frame + at, len - at);
	be(frame + at, type, 2);
	be(frame + at + 2, tag, 2);
}

static void
tx_inserts_vlan_tags(void **state)
{
	struct packet p = { .proto = 6, .payload = 20 };
	uint8_t frame[200], expect[200], tagged[200];
	uint32_t len = build(frame, &p, 0, p.payload);

	(void)state;
	memcpy(expect, frame, len);
	finish(expect, &p, len);
	seed(frame, &p, len, false);
	memcpy(tagged, expect, len);
	tag_in(tagged, len, 12, 0x8100, 0xe123);
	/* advanced: the tag of the context, together with checksums and in two buffers */
	put_context(IPV4 | TCP, 14, 20, 0, 0, 0xe123);
	put_split(frame, len, DATA | CMD_VLE | IXSM | TXSM, len, (uint32_t[]){ 13 }, 1);
	/* legacy: its own */
	put_frame(expect, len, 0);
	desc(tail - 1)->hi = len | CMD_EOP | CMD_IFCS | CMD_VLE | CMD_RS | UINT64_C(0xe123) << 48;
	send_all();
	/* another ethertype */
	nic_write(nic, NIC_DMATXCTL, (nic_read(nic, NIC_DMATXCTL) & 0xffff) | 0x88a80000);
	put_frame(expect, len, DATA | CMD_VLE);
	send_all();
	came_out(0, tagged, len + 4);
	came_out(1, tagged, len + 4);
	be(tagged + 12, 0x88a8, 2);
	came_out(2, tagged, len + 4);
	/* a frame that only its tag makes long enough is not padded further; PAYLEN is without */
	put_frame(expect, 56, DATA | CMD_VLE);
	put_frame(expect, 55, DATA | CMD_VLE);
	send_all();
	came_out(3, tagged, 60);
	came_out(4, tagged, 59);
	assert_int_equal(nic_read(nic, NIC_GPTC), 5);
	assert_int_equal(nic_read(nic, NIC_GOTCL), 3 * (len + 8) + 64 + 64);
	no_violation();
}

/* 7.4.5: the outer tag comes from the driver, the inner one goes behind it. */
static void
tx_double_vlan(void **state)
{
	struct packet p = { .proto = 17, .payload = 60 };
	uint8_t frame[200], expect[200];
	uint32_t len = build(frame, &p, 0, p.payload);

	(void)state;
	nic_write(nic, NIC_DMATXCTL, nic_read(nic, NIC_DMATXCTL) | NIC_DMATXCTL_GDV);
	nic_write(nic, NIC_EXVET, 0x91000000);
	tag_in(frame, len, 12, 0x9100, 5);
	memcpy(expect, frame, len + 4);
	tag_in(expect, len + 4, 16, 0x8100, 6);
	put_context(UDP, 18, 20, 0, 0, 6);
	put_frame(frame, len + 4, DATA | CMD_VLE);
	send_all();
	came_out(0, expect, len + 8);
	no_violation();
}

/* Two contexts a queue, which stay from frame to frame, and go with the queue. */
static void
tx_contexts_last(void **state)
{
	uint8_t frame[64] = { 2 };

	(void)state;
	queue_start(1, 0);
	put_context(0, 14, 20, 0, 0, 100);
	put_context(IDX1, 14, 20, 0, 0, 101);
	put_frame(frame, 64, DATA | CMD_VLE | IDX1);
	put_frame(frame, 64, DATA | CMD_VLE);
	put_frame(frame, 64, DATA | IDX1); /* nothing asked for */
	put_context(0, 14, 20, 0, 0, 102);
	put_frame(frame, 64, DATA | CMD_VLE | IDX1);
	put_frame(frame, 64, DATA | CMD_VLE | CC);
	nic_write(nic, txq_reg(1, NIC_TDT), tail);
	poll_all();
	assert_int_equal(wire.nb_out, 5);
	assert_memory_equal(wire.out[0].b + 12, "\x81\0\0\x65", 4);
	assert_memory_equal(wire.out[1].b + 12, "\x81\0\0\x64", 4);
	assert_int_equal(wire.out[2].len, 64);
	assert_memory_equal(wire.out[3].b + 12, "\x81\0\0\x65", 4);
	assert_memory_equal(wire.out[4].b + 12, "\x81\0\0\x66", 4);
	no_violation();
	nic_write(nic, txq_reg(1, NIC_TXDCTL), 0);
	queue_start(1, 0);
	put_frame(frame, 64, DATA | CMD_VLE);
	nic_write(nic, txq_reg(1, NIC_TDT), tail);
	poll_all();
	assert_int_equal(violations("TX_CONTEXT"), 1);
}

/* A frame that waits for the wire is sent with the context that was before it in the ring, even
 * though the device has seen the next one. */
static void
tx_contexts_wait_for_the_wire(void **state)
{
	uint8_t frame[64] = { 2 };

	(void)state;
	wire.room = 0;
	for (unsigned int i = 0; i < 10; i++) {
		put_context(i % 2 ? IDX1 : 0, 14, 20, 0, 0, 200 + i);
		put_frame(frame, 64, DATA | CMD_VLE | (i % 2 ? IDX1 : 0));
		put_frame(frame, 64, DATA | CMD_VLE | (i % 2 ? IDX1 : 0));
	}
	send_all();
	for (unsigned int n = 0; n < 20; n++) {
		assert_int_equal(wire.nb_out, n);
		assert_int_equal(nic_read(nic, NIC_TDH), n == 0 ? 1 : n / 2 * 3 + (n % 2 ? 2 : 1));
		wire.room = 1;
		poll_all();
		poll_all();
	}
	assert_int_equal(wire.nb_out, 20);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(wire.out[i].b[15], 200 + i / 2);
	no_violation();
}

static void
tx_segments_messages(void **state)
{
	static const struct {
		uint32_t mss, payload;
	} cases[] = {
		{ 1460, 1460 * 5 }, { 1460, 1460 * 5 + 1 }, { 1460, 1460 * 5 - 1 }, { 1000, 999 },
		{ 1000, 1 }, { 1, 40 }, { 7, 100 }, { 8960, 65000 }, { 536, 20000 },
	};

	(void)state;
	for (unsigned int k = 0; k < NB_KINDS; k++) {
		for (unsigned int i = 0;
		     kinds[k].proto != 132 && i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct packet p = kinds[k];
			uint32_t lens[5] = { headers(&p) };

			p.payload = cases[i].payload;
			p.id = 0xfffe;      /* both wrap */
			p.seq = 0xffffff00;
			lens[1] = lens[2] = lens[3] = lens[4] = 16384;
			wire.nb_out = 0;
			wire.room = MAX_FRAMES;
			put_message(&p, cases[i].mss, lens, 1 + p.payload / 16385);
			send_all();
			assert_int_equal(wire.nb_out, segments_came_out(0, &p, cases[i].mss, 0xff6,
									0xff6, 0xf7f));
			assert_true(done(tail - 1));
		}
	}
	no_violation();
}

/* The headers in up to four buffers, with payload in the last of them, payload in crumbs; the
 * ring wraps in the middle. */
static void
tx_segments_from_any_buffers(void **state)
{
	static const uint32_t splits[][20] = {
		{ 14, 20, 32 }, { 1, 13, 52 }, { 10, 24, 31, 2 }, { 100 },
		{ 65, 3, 1, 1, 1, 200, 5, 1400, 1, 2 },
		{ 66, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
	};
	struct packet p = { .proto = 6, .tcp_options = 12, .payload = 5001, .flags = 0x019,
			    .seq = 5 };

	(void)state;
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
			unsigned int nb = 0;

			while (nb < 20 && splits[i][nb] > 0)
				nb++;
			wire.nb_out = 0;
			put_message(&p, 700, splits[i], nb);
			send_all();
			assert_int_equal(wire.nb_out,
					 segments_came_out(0, &p, 700, 0xff6, 0xff6, 0xf7f));
		}
	}
	no_violation();
}

static void
tx_segments_tcp_flags(void **state)
{
	struct packet p = { .proto = 6, .payload = 400, .flags = 0x1ff };

	(void)state;
	put_message(&p, 100, NULL, 0);
	send_all();
	segments_came_out(0, &p, 100, 0xff6, 0xff6, 0xf7f); /* as after reset */
	nic_write(nic, NIC_DTXTCPFLGL, 0x0aaa | 0x0155 << 16);
	nic_write(nic, NIC_DTXTCPFLGH, 0x0f0f);
	put_message(&p, 100, NULL, 0);
	p.payload = 100;
	put_message(&p, 100, NULL, 0); /* one segment: as they are */
	send_all();
	assert_int_equal(wire.nb_out, 9);
	p.payload = 400;
	segments_came_out(4, &p, 100, 0xaaa, 0x155, 0xf0f);
	p.payload = 100;
	segments_came_out(8, &p, 100, 0, 0, 0);
	no_violation();
}

static void
tx_segments_with_vlan(void **state)
{
	struct packet p = { .proto = 17, .payload = 150 };
	uint8_t expect[200];
	uint32_t len;

	(void)state;
	put_message(&p, 100, NULL, 0);
	desc(tail - 2)->lo |= 0x0abc << 16;
	desc(tail - 1)->hi |= CMD_VLE;
	send_all();
	assert_int_equal(wire.nb_out, 2);
	for (unsigned int i = 0; i < 2; i++, p.id++) {
		len = build(expect, &p, i * 100, i == 0 ? 100 : 50);
		finish(expect, &p, len);
		tag_in(expect, len, 12, 0x8100, 0x0abc);
		came_out(i, expect, len + 4);
	}
	no_violation();
}

/* The largest message there is, and what the statistics make of it. */
static void
tx_segments_the_largest(void **state)
{
	struct packet p = { .proto = 6, .payload = (1 << 18) - 1, .id = 3 };
	uint32_t lens[16];
	unsigned int nb;

	(void)state;
	for (unsigned int i = 0; i < 16; i++)
		lens[i] = i == 0 ? 54 : 16384;
	put_message(&p, 1460, lens, 16);
	send_all();
	nb = segments_came_out(0, &p, 1460, 0xff6, 0xff6, 0xf7f);
	assert_int_equal(nb, 180);
	assert_int_equal(wire.nb_out, nb);
	assert_int_equal(nic_read(nic, NIC_GPTC), nb);
	assert_int_equal(nic_read(nic, NIC_QPTC), nb);
	assert_int_equal(nic_read(nic, NIC_GOTCL), (1 << 18) - 1 + nb * 58);
	assert_int_equal(counts().tx_packets, nb);
	assert_int_equal(nic_read(nic, NIC_TDH), 18);
	no_violation();
}

/* However little the wire takes at a time, each segment is sent once, and the message is done
 * with its last. */
static void
tx_segments_wait_for_the_wire(void **state)
{
	struct packet p = { .proto = 6, .payload = 4500, .flags = 0x008, .seq = 99 };
	struct packet other = { .ipv6 = true, .proto = 17, .payload = 2000 };
	static const unsigned int rooms[] = { 1, 2, 3, 5, 7, 11, 13, 40, 200 };

	(void)state;
	for (unsigned int i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		again(false);
		wire.room = 0;
		put_message(&p, 100, (uint32_t[]){ 54, 1000 }, 2);     /* 0-3: 45 segments */
		put_message(&other, 300, (uint32_t[]){ 62 }, 1);       /* 4-6: 7 */
		put_message(&p, 1000, NULL, 0);                        /* 7-8: 5 */
		send_all();
		while (wire.nb_out < 57) {
			unsigned int before = wire.nb_out, head = nic_read(nic, NIC_TDH);

			/* a context may be done with before the frame behind it */
			assert_in_range(head, before < 45 ? 1 : before < 52 ? 4 : 7,
					before < 45 ? 1 : before < 52 ? 5 : 8);
			assert_int_equal(done(3), before >= 45);
			assert_int_equal(done(6), before >= 52);
			assert_false(done(8));
			wire.room = rooms[i];
			nic_poll(nic);
			assert_in_range(wire.nb_out, before + 1, before + rooms[i]);
			wire.room = 0;
			nic_poll(nic); /* in vain */
		}
		segments_came_out(0, &p, 100, 0xff6, 0xff6, 0xf7f);
		segments_came_out(45, &other, 300, 0, 0, 0);
		segments_came_out(52, &p, 1000, 0xff6, 0xff6, 0xf7f);
		wire.room = 10;
		poll_all();
		assert_int_equal(wire.nb_out, 57);
		assert_true(done(3) && done(6) && done(8));
		assert_int_equal(counts().desc_writes, 3);
		no_violation();
	}
}

static void
tx_segments_and_head_write_back(void **state)
{
	struct packet p = { .proto = 6, .payload = 4500 };
	uint32_t *head = (uint32_t *)(host + HEAD_WB);

	(void)state;
	nic_write(nic, NIC_TXDCTL, 0);
	nic_write(nic, NIC_TDWBAL, (uint32_t)(HOST_BASE + HEAD_WB) | 1);
	nic_write(nic, NIC_TDWBAH, (HOST_BASE + HEAD_WB) >> 32);
	queue_start(0, 0);
	wire.room = 44;
	put_message(&p, 100, (uint32_t[]){ 54, 1000 }, 2);
	send_all();
	assert_int_equal(wire.nb_out, 44);
	assert_int_equal(*head, 0);
	wire.room = 1;
	poll_all();
	assert_int_equal(*head, 4);
	assert_false(done(3));
	segments_came_out(0, &p, 100, 0xff6, 0xff6, 0xf7f);
	no_violation();
	nic_write(nic, NIC_TXDCTL, 0);
	queue_start(0, 1 << NIC_TXDCTL_WTHRESH_SHIFT);
	assert_int_equal(violations("HEAD_WB_WTHRESH"), 1);
}

/* 7.2.3.5.1: with WTHRESH the descriptors are written back whether they have RS or not. */
static void
tx_write_back_with_wthresh(void **state)
{
	struct packet p = { .proto = 6, .payload = 300 };
	uint8_t frame[64] = { 2 };

	(void)state;
	nic_write(nic, NIC_TXDCTL, 0);
	queue_start(0, 4 << NIC_TXDCTL_WTHRESH_SHIFT);
	put_message(&p, 100, (uint32_t[]){ 54, 100 }, 2);
	put_frame(frame, 64, DATA);
	for (unsigned int i = 0; i < tail; i++)
		desc(i)->hi &= ~CMD_RS;
	send_all();
	assert_int_equal(wire.nb_out, 4);
	for (unsigned int i = 0; i < tail; i++)
		assert_true(done(i));
	no_violation();
}

/* 7.2.3.2.5: of a descriptor that is written back only DD changes. So a ring that was filled once
 * can be sent again, by its tail alone. */
static void
tx_write_back_sets_only_dd(void **state)
{
	struct packet p = { .proto = 6, .payload = 300 };
	struct ring_desc before[NB_DESC];
	uint8_t frame[64] = { 2 };
	unsigned int round, i;

	(void)state;
	put_message(&p, 100, (uint32_t[]){ 54, 100 }, 2);   /* context, three buffers */
	desc(0)->hi |= CMD_RS;                              /* reserved there, and obeyed */
	put_desc(HOST_BASE + TX_BUFS + 0x8000,              /* legacy, with every field */
		 64 | 40 << 16 | CMD_EOP | CMD_IFCS | CMD_IC | CMD_RS | CMD_VLE |
		 UINT64_C(14) << 40 | UINT64_C(0x123) << 48);
	while (tail < NB_DESC - 1)
		put_frame(frame, 64, DATA);
	memcpy(before, desc(0), sizeof(before));
	for (round = 0; round < 3; round++) {
		send_all();
		for (i = 0; i < NB_DESC - 1; i++) {
			bool rs = before[i].hi & CMD_RS;

			assert_int_equal(desc(i)->lo, before[i].lo);
			assert_int_equal(desc(i)->hi, before[i].hi | (uint64_t)rs << 32);
		}
		/* the last descriptor holds no frame: pass it over, and send the ring again */
		*desc(NB_DESC - 1) = (struct ring_desc){ HOST_BASE + TX_BUFS, DATA | CMD_EOP };
		nic_write(nic, NIC_TDT, 0);
		poll_all();
	}
	assert_int_equal(wire.nb_out, 3 * (3 + NB_DESC - 1 - 4)); /* with three segments */
}

/* 7.2.3.2.2: a descriptor without data between frames is passed over, and not written back. */
static void
tx_null_descriptors(void **state)
{
	uint8_t frame[64] = { 2 };

	(void)state;
	put_frame(frame, 0, DATA);
	put_frame(frame, 64, DATA);
	put_frame(frame, 0, 0);
	put_frame(frame, 0, DATA);
	send_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(nic_read(nic, NIC_TDH), 4);
	assert_true(done(1));
	assert_false(done(0) || done(2) || done(3));
	no_violation();
	/* within a frame it is none: nothing goes out, not even with all bits 0 */
	put_desc(HOST_BASE + TX_BUFS, 0);
	put_frame(frame, 64, DATA);
	send_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(violations("TX_LENGTH"), 1);
}

static void
tx_jumbo(void **state)
{
	const uint32_t whole = WIRE_MAX_FRAME - 4;
	uint8_t frame[WIRE_MAX_FRAME];

	(void)state;
	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 3 + (i >> 8));
	put_frame(frame, 9724, DATA);
	put_split(frame, 9724, DATA, 9724, (uint32_t[]){ 1, 9000, 1 }, 3);
	send_all();
	came_out(0, frame, 9724);
	came_out(1, frame, 9724);
	no_violation();
	put_frame(frame, whole, DATA);
	put_split(frame, whole, DATA, whole, (uint32_t[]){ 15000 }, 1);
	send_all();
	came_out(2, frame, whole);
	came_out(3, frame, whole);
	no_violation();
	put_context(0, 14, 20, 0, 0, 1);
	put_frame(frame, whole - 3, DATA | CMD_VLE); /* the tag makes it too long */
	send_all();
	assert_int_equal(wire.nb_out, 4);
	assert_int_equal(violations("TX_LENGTH"), 1);
}

/* 8.2.3.9.16: room above the threshold, by the registers when a queue is enabled: whatever frames
 * come, it is told once. It changes nothing, as on silicon; with strict=1 the queue stays off. */
static void
tx_threshold_of_the_packet_buffer(void **state)
{
	static const struct {
		uint32_t size, thresh, maxfrs; /* KB, KB, bytes; 0: no jumbo frames */
		bool violates;
	} cases[] = {
		{ 160, 150, 0, false }, { 160, 158, 0, false }, { 160, 159, 0, true },
		{ 160, 160, 0, true }, { 40, 150, 0, true },
		{ 160, 150, 9728, false }, { 160, 150, 10240, false }, { 160, 150, 10241, true },
		{ 160, 144, 15872, false }, { 160, 145, 15872, true },
	};
	uint8_t frame[12000] = { 2 };

	(void)state;
	for (unsigned int i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const bool strict = i % 2, violates = cases[i / 2].violates;

		again(strict);
		nic_write(nic, NIC_TXDCTL, 0);
		nic_write(nic, NIC_TXPBSIZE, cases[i / 2].size << 10);
		nic_write(nic, NIC_TXPBTHRESH, cases[i / 2].thresh);
		if (cases[i / 2].maxfrs != 0) {
			reg_set(NIC_HLREG0, NIC_HLREG0_JUMBOEN);
			nic_write(nic, NIC_MAXFRS, cases[i / 2].maxfrs << NIC_MAXFRS_MFS_SHIFT);
		}
		queue_start(0, 0);
		assert_int_equal(nic_read(nic, NIC_TXDCTL),
				 strict && violates ? 0 : NIC_TXDCTL_ENABLE);
		for (unsigned int k = 0; k < 3; k++)
			put_frame(frame, sizeof(frame), DATA);
		if (!strict || !violates) {
			send_all();
			assert_int_equal(wire.nb_out, 3);
		}
		if (violations("TX_PB_THRESH") != violates || counts().violations != violates)
			fail_msg("case %u: %u violations", i / 2,
				 (unsigned int)counts().violations);
	}
}

static void
tx_unsupported_offloads(void **state)
{
	uint8_t frame[100] = { 2 };

	(void)state;
	put_context(FCOE | L4T(3), 14, 20, 0, 0, 0);
	put_frame(frame, 100, DATA | TXSM | CC);
	put_frame(frame, 100, DATA | IPSEC);
	put_frame(frame, 100, DATA | MAC_SEC);
	put_frame(frame, 100, DATA | 1 << 19); /* time stamp: as if that were not enabled */
	send_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(counts().tx_unsupported, 3);
	for (unsigned int i = 1; i < 5; i++)
		assert_true(done(i));
	no_violation();
}

/* Each rule by one that breaks it: counted once, even if the wire makes the device look at it
 * again and again; with strict=1 the frame is not sent. */
static void
tx_rules(void **state)
{
	struct packet p4 = { .proto = 6, .payload = 300 };
	struct packet p6 = { .ipv6 = true, .proto = 6, .payload = 300 };
	struct packet sctp = { .proto = 132, .payload = 301 };
	const struct {
		const char *rule;
		const struct packet *packet;
		uint64_t tucmd;
		uint32_t maclen, iplen, l4len, mss;
		uint64_t hi;
		uint32_t paylen;
		bool stuck; /* also when not strict */
	} cases[] = {
		{ "TX_HEADERS", &p4, IPV4 | TCP, 13, 20, 0, 0, DATA | IXSM, 0, false },
		{ "TX_HEADERS", &p4, IPV4 | TCP, 14, 19, 0, 0, DATA | TXSM, 0, false },
		{ "TX_HEADERS", &p4, IPV4 | TCP, 14, 341, 0, 0, DATA | IXSM, 0, false },
		{ "TX_HEADERS", &p4, IPV4 | TCP, 14, 321, 0, 0, DATA | TXSM, 0, false },
		{ "TX_HEADERS", &p4, IPV4 | TCP, 14, 340, 21, 10, TSO, 0, true },
		{ "TX_POPTS", &p6, TCP, 14, 40, 0, 0, DATA | IXSM, 0, false },
		{ "TX_POPTS", &p4, IPV4 | L4T(3), 14, 20, 0, 0, DATA | TXSM, 0, false },
		{ "TX_POPTS", &p4, IPV4 | TCP, 14, 20, 20, 100, DATA | TXSM | CMD_TSE, 300, false },
		{ "TX_POPTS", &p4, IPV4 | TCP, 14, 20, 20, 100, DATA | IXSM | CMD_TSE, 300, false },
		{ "TX_SCTP", &sctp, IPV4 | SCTP, 14, 20, 0, 0, DATA | TXSM, 0, false },
		{ "TX_CONTEXT", &p4, IDX1, 14, 20, 0, 0, DATA | CMD_VLE, 0, false },
		{ "TX_CONTEXT", &p4, IDX1, 14, 20, 0, 0, DATA | CC, 0, false },
		{ "TX_CONTEXT", &p4, 0, 14, 20, 0, 0, DATA | CMD_VLE | IDX1 << 1, 0, false },
		{ "TX_CONTEXT", &p4, IDX1, 14, 20, 20, 100, TSO, 300, true },
		{ "TX_TSO", &p4, IPV4 | TCP, 14, 20, 20, 0, TSO, 300, true },
		{ "TX_TSO", &p4, IPV4 | TCP, 14, 20, 0, 100, TSO, 320, true },
		{ "TX_TSO", &p4, IPV4 | TCP, 14, 20, 68, 100, TSO, 252, true },
		{ "TX_TSO", &p4, IPV4 | SCTP, 14, 20, 20, 100, TSO, 300, true },
		{ "TX_TSO", &p6, TCP, 14, 36, 20, 100, DATA | TXSM | CMD_TSE, 304, true },
		{ "TX_PAYLEN", &p4, IPV4 | TCP, 14, 20, 20, 100, TSO, 301, false },
		{ "TX_IFCS", &p4, IPV4 | TCP, 14, 20, 0, 0, (DATA & ~CMD_IFCS) | IXSM, 0, false },
		{ "TX_IFCS", &p4, 0, 14, 20, 0, 0, (DATA & ~CMD_IFCS) | CMD_VLE, 0, false },
		{ "RESERVED_DESC", &p4, CMD_RS, 14, 20, 0, 0, DATA, 0, false },
		{ "RESERVED_DESC", &p4, 0, 14, 20, 0, 0, DATA | UINT64_C(1) << 43, 0, false },
	};

	(void)state;
	for (unsigned int i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const bool strict = i % 2;
		uint8_t frame[600];
		uint32_t len = build(frame, cases[i / 2].packet, 0, cases[i / 2].packet->payload);

		again(strict);
		wire.room = 0;
		put_context(cases[i / 2].tucmd, cases[i / 2].maclen, cases[i / 2].iplen,
			    cases[i / 2].l4len, cases[i / 2].mss, 0);
		put_split(frame, len, cases[i / 2].hi,
			  cases[i / 2].paylen > 0 ? cases[i / 2].paylen : len, NULL, 0);
		send_all();
		for (unsigned int k = 0; k < 5; k++) {
			wire.room = 1;
			nic_poll(nic);
		}
		if (violations(cases[i / 2].rule) != 1)
			fail_msg("case %u: %u violations of %s", i / 2,
				 (unsigned int)violations(cases[i / 2].rule), cases[i / 2].rule);
		/* a context that strict made void is itself one that was never written */
		if (counts().violations != 1)
			fail_msg("case %u: more than %s", i / 2, cases[i / 2].rule);
		if (cases[i / 2].stuck || (strict && !(cases[i / 2].tucmd & CMD_RS)))
			assert_int_equal(wire.nb_out, 0);
		else
			assert_true(wire.nb_out > 0);
	}
}

static void
tx_rules_of_several_descriptors(void **state)
{
	struct packet p = { .proto = 6, .payload = 300 };
	uint8_t frame[64] = { 2 };

	(void)state;
	put_message(&p, 100, (uint32_t[]){ 10, 10, 10, 10 }, 4);
	send_all();
	assert_int_equal(violations("TX_TSO_HEADER"), 1);
	segments_came_out(0, &p, 100, 0xff6, 0xff6, 0xf7f);

	again(false);
	nic_write(nic, NIC_HLREG0, nic_read(nic, NIC_HLREG0) & ~NIC_HLREG0_TXPADEN);
	for (unsigned int i = 0; i < 3; i++)
		put_message(&p, 100, NULL, 0);
	send_all();
	assert_int_equal(violations("TX_TSO_HLREG"), 1); /* once, until the register is right */
	assert_int_equal(wire.nb_out, 9);
	reg_set(NIC_HLREG0, NIC_HLREG0_TXPADEN);
	put_message(&p, 100, NULL, 0);
	send_all();
	nic_write(nic, NIC_HLREG0, nic_read(nic, NIC_HLREG0) & ~NIC_HLREG0_TXCRCEN);
	put_message(&p, 100, NULL, 0);
	send_all();
	assert_int_equal(violations("TX_TSO_HLREG"), 2);
	assert_int_equal(wire.nb_out, 15);

	again(false);
	put_split(frame, 64, DATA, 64, (uint32_t[]){ 10 }, 1);
	desc(0)->hi |= CMD_RS;
	nic_write(nic, NIC_TDT, 1);
	poll_all();
	poll_all();
	send_all();
	assert_int_equal(violations("TX_RS"), 1);
	assert_int_equal(violations("TX_TAIL"), 1);
	assert_int_equal(counts().violations, 2);
	assert_int_equal(wire.nb_out, 1);
	assert_true(done(0) && done(1));

	put_context(0, 14, 20, 0, 0, 0);
	send_all();
	poll_all();
	assert_int_equal(violations("TX_TAIL"), 2);

	again(false);
	put_split(frame, 64, DATA, 64, (uint32_t[]){ 10 }, 1);
	desc(1)->hi = 54 | CMD_EOP | CMD_IFCS;
	send_all();
	assert_int_equal(violations("TX_DTYP"), 1);
	assert_int_equal(wire.nb_out, 0);

	again(false);
	put_context(0, 14, 20, 0, 0, 0);
	put_frame(frame, 64, DATA | CMD_VLE | CMD_TSE);
	desc(tail - 1)->hi = 17 << 10 | DATA | CMD_TSE;
	send_all();
	assert_int_equal(violations("TX_LENGTH"), 1);
	assert_int_equal(wire.nb_out, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(checksums_of_the_standards),
		TEST(tx_inserts_checksums),
		TEST(tx_checksums_over_buffers),
		TEST(tx_inserts_only_what_is_asked_for),
		TEST(tx_zero_udp_checksum),
		TEST(tx_adjusted_ip_checksum),
		TEST(tx_checksum_behind_odd_lengths),
		TEST(tx_reserved_bits_of_legacy_descriptors),
		TEST(tx_legacy_checksum),
		TEST(tx_inserts_vlan_tags),
		TEST(tx_double_vlan),
		TEST(tx_contexts_last),
		TEST(tx_contexts_wait_for_the_wire),
		TEST(tx_segments_messages),
		TEST(tx_segments_from_any_buffers),
		TEST(tx_segments_tcp_flags),
		TEST(tx_segments_with_vlan),
		TEST(tx_segments_the_largest),
		TEST(tx_segments_wait_for_the_wire),
		TEST(tx_segments_and_head_write_back),
		TEST(tx_write_back_with_wthresh),
		TEST(tx_write_back_sets_only_dd),
		TEST(tx_null_descriptors),
		TEST(tx_jumbo),
		TEST(tx_threshold_of_the_packet_buffer),
		TEST(tx_unsupported_offloads),
		TEST(tx_rules),
		TEST(tx_rules_of_several_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
