/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The receive packet buffer: what happens to frames for which there is no descriptor, or no
 * receiver. */

#include "rig.h"

#define NB_DESC  128u
#define BUF_SIZE 2048u
#define ARP_QUEUE 5u

/* In host memory: rings of queues 0 and ARP_QUEUE, and their buffers */
#define RING(q) ((q) * 0x1000u)
#define BUFS(q) (0x10000u + (q) * NB_DESC * BUF_SIZE)

static unsigned int sent;         /* frames made, which are numbered */
static unsigned int next[8];      /* descriptor that a queue is expected to fill next */

static void
queue_start(unsigned int q, uint32_t srrctl)
{
	wr(rxq_reg(q, NIC_RDBAL), (uint32_t)(HOST_BASE + RING(q)));
	wr(rxq_reg(q, NIC_RDBAH), (HOST_BASE + RING(q)) >> 32);
	wr(rxq_reg(q, NIC_RDLEN), NB_DESC * 16);
	wr(rxq_reg(q, NIC_SRRCTL), 1u << NIC_SRRCTL_DESCTYPE_SHIFT | 2 | srrctl);
	wr(rxq_reg(q, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
	next[q] = 0;
}

static struct ring_desc *
desc(unsigned int q, unsigned int i)
{
	return (struct ring_desc *)(host + RING(q)) + i % NB_DESC;
}

/* The queue gets n more descriptors. */
static void
refill(unsigned int q, unsigned int n)
{
	uint32_t tail = rd(rxq_reg(q, NIC_RDT));

	for (; n > 0; n--, tail++)
		*desc(q, tail) = (struct ring_desc){
			HOST_BASE + BUFS(q) + tail % NB_DESC * BUF_SIZE, 0,
		};
	wr(rxq_reg(q, NIC_RDT), tail % NB_DESC);
}

static int
setup(void **state)
{
	(void)state;
	rig_start();
	wire.wire.lossless = false;
	rig_link_up();
	rig_receive();
	wr(NIC_ETQF, NIC_ETQF_ENABLE | 0x0806);
	wr(NIC_ETQS, NIC_ETQS_QUEUE_EN | ARP_QUEUE << NIC_ETQS_QUEUE_SHIFT);
	wr(NIC_RQSMR + 4, ARP_QUEUE << 8); /* the counter of its number */
	sent = 0;
	return 0;
}

#define teardown rig_close

/* Bytes without FCS; for ARP_QUEUE or for queue 0 */
static void
frame(uint32_t len, bool arp)
{
	struct frame *f;

	if (wire.in_first == wire.in_end)
		wire.in_first = wire.in_end = 0;
	f = frame_add();
	memset(f->b, (int)(sent % 251), len);
	memcpy(f->b, "\x02\0\0\0\0\1", 6);
	memcpy(f->b + 12, arp ? "\x08\x06" : "\x88\xb5", 2);
	memcpy(f->b + 14, &sent, sizeof(sent));
	f->len = len;
	sent++;
}

/* n of the shortest frames come, and the device takes them. */
static void
come(unsigned int n, bool arp)
{
	for (; n > 0; n--) {
		frame(60, arp);
		if (wire.in_end == MAX_FRAMES || n == 1)
			rig_pass(MS); /* with no queue live, not each poll looks at the wire */
	}
	if (!wire.wire.lossless)
		assert_int_equal(wire.in_first, wire.in_end);
}

/* The next frame of the queue is number n, whole. */
static void
expect(unsigned int q, unsigned int n, uint32_t len)
{
	const uint8_t *b = host + BUFS(q) + next[q] % NB_DESC * BUF_SIZE;
	unsigned int got;

	assert_int_equal(desc(q, next[q])->hi, (uint64_t)len << 32 | 3);
	memcpy(&got, b + 14, sizeof(got));
	assert_int_equal(got, n);
	for (uint32_t i = 18; i < len; i++)
		assert_int_equal(b[i], n % 251);
	next[q]++;
}

static void
nothing_more(unsigned int q)
{
	assert_int_equal(rd(rxq_reg(q, NIC_RDH)), next[q] % NB_DESC);
}

/* 8.2.3.8.7: a queue without descriptors and DROP_EN holds up all that comes behind, however long,
 * and whatever its queue. The wire is not held up. */
static void
head_of_line_blocks(void **state)
{
	(void)state;
	queue_start(0, 0);
	queue_start(ARP_QUEUE, 0);
	refill(0, 100);
	come(3, false);
	come(1, true);
	come(40, false);
	for (unsigned int i = 0; i < 3; i++)
		expect(0, i, 60);
	rig_pass(100 * MS);
	come(20, false);
	nothing_more(0);
	assert_int_equal(rd(NIC_RDH), 3);
	assert_int_equal(counts().rx_missed, 0);
	refill(ARP_QUEUE, 1);
	poll_all();
	expect(ARP_QUEUE, 3, 60);
	for (unsigned int i = 4; i < sent; i++)
		expect(0, i, 60);
	assert_int_equal(counts().rx_packets, sent);
	assert_int_equal(counts().rx_missed, 0);
	assert_int_equal(rd(NIC_RXMPC), 0);
	no_violation();
}

/* 8.2.3.8.7, 8.2.3.27.11: told to drop, it loses its own frames, in its own count. */
static void
told_to_drop_it_does_not(void **state)
{
	uint32_t srrctl;

	(void)state;
	queue_start(0, 0);
	queue_start(ARP_QUEUE, NIC_SRRCTL_DROP_EN);
	srrctl = rd(rxq_reg(ARP_QUEUE, NIC_SRRCTL));
	refill(0, 100);
	come(2, true);
	come(3, false);
	assert_int_equal(rd(NIC_RDH), 3);
	assert_int_equal(rd(NIC_QPRDC + 0x40 * ARP_QUEUE), 2);
	/* either does */
	wr(NIC_QDE, NIC_QDE_WRITE | NIC_QDE_ENABLE | ARP_QUEUE << NIC_QDE_INDEX_SHIFT);
	wr(rxq_reg(ARP_QUEUE, NIC_SRRCTL), srrctl & ~NIC_SRRCTL_DROP_EN);
	come(4, true);
	assert_int_equal(rd(NIC_QPRDC + 0x40 * ARP_QUEUE), 4);
	wr(NIC_QDE, NIC_QDE_READ | ARP_QUEUE << NIC_QDE_INDEX_SHIFT);
	assert_int_equal(rd(NIC_QDE), NIC_QDE_ENABLE | ARP_QUEUE << NIC_QDE_INDEX_SHIFT);
	wr(NIC_QDE, NIC_QDE_READ | (ARP_QUEUE + 1) << NIC_QDE_INDEX_SHIFT);
	assert_int_equal(rd(NIC_QDE), (ARP_QUEUE + 1) << NIC_QDE_INDEX_SHIFT);
	wr(NIC_QDE, NIC_QDE_WRITE | ARP_QUEUE << NIC_QDE_INDEX_SHIFT);
	come(1, true);
	come(1, false);
	assert_int_equal(rd(NIC_QPRDC + 0x40 * ARP_QUEUE), 0);
	assert_int_equal(rd(NIC_RDH), 3);
	/* what waits already is dropped, too, once it is told */
	wr(rxq_reg(ARP_QUEUE, NIC_SRRCTL), srrctl);
	poll_all();
	assert_int_equal(rd(NIC_RDH), 4);
	assert_int_equal(rd(NIC_QPRDC + 0x40 * ARP_QUEUE), 1);
	assert_int_equal(rd(NIC_RXMPC), 0);
	no_violation();
}

/* 8.2.3.23.75: a queue that is not enabled loses its frames; the others go on. */
static void
queue_off_drops(void **state)
{
	(void)state;
	queue_start(0, 0);
	queue_start(ARP_QUEUE, 0);
	refill(0, 100);
	come(7, true);
	come(1, false);
	wr(rxq_reg(ARP_QUEUE, NIC_RXDCTL), 0);
	poll_all();
	assert_int_equal(rd(NIC_RDH), 1);
	assert_int_equal(rd(NIC_QPRDC + 0x40 * ARP_QUEUE), 7);
	assert_int_equal(counts().rx_missed, 7);
}

/* The buffer holds as many bytes as RXPBSIZE says, frames with their FCS; what comes later is lost,
 * not what is in it. */
static void
buffer_full(uint32_t rxpbsize, unsigned int holds)
{
	unsigned int from = sent;

	wr(NIC_RXPBSIZE, rxpbsize);
	come(holds, false);
	assert_int_equal(rd(NIC_EICS) & NIC_EICR_RX_MISS, 0);
	assert_int_equal(rd(NIC_RXMPC), 0);
	come(3, false);
	assert_int_equal(rd(NIC_RXMPC), 3);
	assert_int_equal(rd(NIC_EICS) & NIC_EICR_RX_MISS, NIC_EICR_RX_MISS);
	rd(NIC_EICR);
	for (unsigned int got = 0; got < holds; ) {
		unsigned int n = holds - got < 100 ? holds - got : 100;

		refill(0, n);
		poll_all();
		for (; n > 0; n--, got++)
			expect(0, from + got, 60);
	}
	nothing_more(0);
	assert_int_equal(rd(NIC_GPRC), holds + 3);
	assert_int_equal(rd(NIC_RXDGPC), holds);
}

static void
size_is_as_told(void **state)
{
	(void)state;
	queue_start(0, 0);
	assert_int_equal(rd(NIC_RXPBSIZE), 512 << 10);
	buffer_full(512 << 10, 8192);
	buffer_full(64 << 10, 1024);
	buffer_full(1 << 10, 16);
	buffer_full(1023 << 10, 8192); /* there is no more */
	wr(NIC_RXPBSIZE + 4, 0);      /* of another traffic class */
	buffer_full(512 << 10, 8192);
	assert_int_equal(counts().rx_missed, 15);
	no_violation();
}

/* No room at all, or not for this frame: nothing gets through, though there are descriptors. */
static void
frame_larger_than_the_buffer(void **state)
{
	(void)state;
	queue_start(0, 0);
	refill(0, 100);
	wr(NIC_RXPBSIZE, 1 << 10);
	frame(1020, false);
	frame(1021, false);
	poll_all();
	expect(0, 0, 1020);
	nothing_more(0);
	assert_int_equal(rd(NIC_RXMPC), 1);
	wr(NIC_RXPBSIZE, 0);
	come(5, false);
	wr(NIC_FCTRL, rd(NIC_FCTRL) | NIC_FCTRL_SBP);
	frame(20, false); /* a bad one is not stored, either */
	poll_all();
	nothing_more(0);
	assert_int_equal(rd(NIC_RXMPC), 5);
	assert_int_equal(rd(NIC_GPRC), 7);
	assert_int_equal(counts().rx_missed, 6);
	assert_int_equal(counts().rx_filtered, 1);
}

/* Frames of all sizes, and descriptors that come too slowly: what is received is what a FIFO of
 * bytes would give, over many times its memory. */
static void
fifo_of_all_sizes(void **state)
{
	static uint16_t lens[1 << 16];
	unsigned int first = 0, end = 0, lost = 0, ready = 0, n, i, x = 1;
	static unsigned int numbers[1 << 16];
	uint32_t fill = 0, len;

	(void)state;
	queue_start(0, 0);
	for (unsigned int round = 0; round < 20000; round++) {
		for (n = round / 1000 % 2 ? 20 : 2; n > 0; n--) {
			x = x * 1664525 + 1013904223;
			len = x >> 30 == 0 ? 1514 : 60 + (x >> 8) % (x >> 30 == 1 ? 1455 : 10);
			if (fill + len + 4 <= 512 * 1024) {
				lens[end % (1 << 16)] = (uint16_t)len;
				numbers[end++ % (1 << 16)] = sent;
				fill += len + 4;
			} else {
				lost++;
			}
			frame(len, false);
		}
		poll_all();
		n = round / 1000 % 4 == 2 ? 100 : x >> 16 & 7;
		refill(0, n);
		poll_all();
		for (ready += n; ready > 0 && first < end; ready--, first++) {
			i = first % (1 << 16);
			expect(0, numbers[i], lens[i]);
			fill -= lens[i] + 4u;
		}
		if (ready > 0) { /* all came: take the others back */
			wr(NIC_RDT, (rd(NIC_RDT) + NB_DESC - ready) % NB_DESC);
			ready = 0;
		}
		assert_int_equal(counts().rx_missed, lost);
	}
	assert_true(lost > 1000);
	assert_true(first > 50000);
	assert_int_equal(counts().rx_packets, first);
}

/* Bad frames as short as a wire has them: the most that the buffer can hold, two times over. */
static void
most_frames(void **state)
{
	const unsigned int holds = 512 * 1024 / (14 + 4);

	(void)state;
	queue_start(0, 0);
	wr(NIC_FCTRL, rd(NIC_FCTRL) | NIC_FCTRL_SBP);
	for (unsigned int round = 1; round <= 2; round++) {
		for (unsigned int n = 0; n < holds + 3; n++) {
			frame(14, false);
			if (wire.in_end == MAX_FRAMES)
				poll_all();
		}
		poll_all();
		assert_int_equal(rd(NIC_RXMPC), 3);
		while (counts().rx_packets < round * holds) {
			refill(0, 1);
			poll_all();
		}
		assert_int_equal(nic_wake_at(nic), UINT64_MAX);
		refill(0, 1);
		poll_all();
		assert_int_equal(counts().rx_packets, round * holds);
		wr(NIC_RDT, rd(NIC_RDH)); /* take it back */
	}
}

/* A MAC with link takes what comes, and counts it; without RXEN it goes no further, nor does it
 * come later. */
static void
receiver_off(bool lossless)
{
	wire.wire.lossless = lossless;
	wr(NIC_RXCTRL, 0);
	come(5000, false); /* no queue is live */
	queue_start(0, 0);
	refill(0, 10);
	come(5000, false);
	rig_pass(MS);
	nothing_more(0);
	assert_int_equal(wire.in_end, wire.in_first);
	assert_int_equal(rd(NIC_GPRC), 10000);
	assert_int_equal(rd(NIC_GORCL), 600000);
	assert_int_equal(rd(NIC_TPR), 10000);
	assert_int_equal(rd(NIC_RXDGPC), 0);
	assert_int_equal(rd(NIC_RXMPC), 0);
	assert_int_equal(counts().rx_disabled, 10000);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	poll_all();
	nothing_more(0);
	come(1, false);
	expect(0, sent - 1, 60);
	nothing_more(0);
	/* what came before it was off does go on (8.2.3.8.10) */
	come(9 + 20, false);
	wr(NIC_RXCTRL, 0);
	come(200, false);
	assert_int_equal(wire.in_end, wire.in_first);
	refill(0, 50);
	poll_all();
	for (unsigned int i = 0; i < 29; i++)
		expect(0, sent - 229 + i, 60);
	nothing_more(0);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	poll_all();
	nothing_more(0);
	assert_int_equal(counts().rx_missed, 0);
	assert_int_equal(counts().rx_disabled, 10200);
	no_violation();
}

static void
receiver_off_discards(void **state)
{
	(void)state;
	receiver_off(false);
}

static void
receiver_off_discards_of_a_lossless_wire(void **state)
{
	(void)state;
	receiver_off(true);
}

/* A generator that may lose frames does not wait for a receiver; one that may not, waits for it and
 * for a queue. */
static void
source_waits_if_lossless(void **state)
{
	(void)state;
	wire.wire.source = true;
	wr(NIC_RXCTRL, 0);
	come(100, false);
	assert_int_equal(counts().rx_disabled, 100);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	come(100, false);
	assert_int_equal(counts().rx_missed, 100);
	wire.wire.lossless = true;
	come(100, false);
	rig_pass(MS);
	assert_int_equal(wire.in_end - wire.in_first, 100);
	wr(NIC_RXCTRL, 0);
	queue_start(0, 0);
	refill(0, 99);
	rig_pass(MS);
	assert_int_equal(wire.in_end - wire.in_first, 100);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	rig_pass(MS);
	for (unsigned int i = 0; i < 99; i++)
		expect(0, 200 + i, 60);
	refill(0, 1);
	poll_all();
	expect(0, 299, 60);
	assert_int_equal(wire.in_end, wire.in_first);
	assert_int_equal(counts().rx_disabled, 100);
	assert_int_equal(counts().rx_missed, 100);
}

/* No queue is enabled: a queue loses them, as each that is off, and they do not come later. */
static void
no_queue_at_all(void **state)
{
	(void)state;
	come(10000, false);
	rig_pass(MS);
	assert_int_equal(rd(NIC_QPRDC), 10000);
	assert_int_equal(rd(NIC_GPRC), 10000);
	assert_int_equal(rd(NIC_RXMPC), 0);
	queue_start(0, 0);
	refill(0, 10);
	come(1, false);
	expect(0, 10000, 60);
	nothing_more(0);
}

/* 5.2.5.3.2: a device that may not access host memory still receives, until its buffer is full. */
static void
no_bus_master(void **state)
{
	(void)state;
	queue_start(0, 0);
	refill(0, 100);
	nic_set_bus_master(nic, false);
	come(50, false);
	nothing_more(0);
	nic_set_bus_master(nic, true);
	poll_all();
	for (unsigned int i = 0; i < 50; i++)
		expect(0, i, 60);
	nic_set_bus_master(nic, false);
	come(8192 + 7, false);
	assert_int_equal(counts().rx_missed, 7);
	/* and a card that was pulled does not hold up the other end */
	nic_set_faults(nic, 1u << NIC_FAULT_GONE);
	come(10000, false);
	assert_int_equal(counts().rx_missed, 7);
}

/* The link goes down, and the wire: what the MAC took stays. A reset empties the buffer. */
static void
buffer_without_its_wire(void **state)
{
	(void)state;
	for (int lossless = 1; lossless >= 0; lossless--) {
		wire.wire.lossless = lossless;
		queue_start(0, 0);
		come(30, false);
		nic_set_wire(nic, NULL);
		assert_int_equal(wire.in_end, wire.in_first);
		refill(0, 40);
		poll_all();
		for (unsigned int i = 0; i < 30; i++)
			expect(0, sent - 30 + i, 60);
		nothing_more(0);
		wr(NIC_RXDCTL, 0);
		rig_link_up();
	}
	queue_start(0, 0);
	come(30, false);
	nic_reset(nic);
	rig_link_up();
	rig_receive();
	queue_start(0, 0);
	refill(0, 40);
	poll_all();
	nothing_more(0);
	come(1, false);
	expect(0, sent - 1, 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(head_of_line_blocks),
		TEST(told_to_drop_it_does_not),
		TEST(queue_off_drops),
		TEST(size_is_as_told),
		TEST(frame_larger_than_the_buffer),
		TEST(fifo_of_all_sizes),
		TEST(most_frames),
		TEST(receiver_off_discards),
		TEST(receiver_off_discards_of_a_lossless_wire),
		TEST(source_waits_if_lossless),
		TEST(no_queue_at_all),
		TEST(no_bus_master),
		TEST(buffer_without_its_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
