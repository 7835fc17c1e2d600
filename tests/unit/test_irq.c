/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Interrupts: causes, masks, vectors and moderation, as Linux's ixgbe and net_ixgbe set them up.
 * Time is what the test says it is. */

#include "rig.h"
#include "nic/irq.h"

#define ALL       0xffffffffu
#define RING      0x1000u
#define BUFS      0x2000u
#define NB_DESC   8u

static int
setup(void **state)
{
	(void)state;
	rig_start();
	wire.wire.lossless = false;
	return 0;
}

static int
teardown(void **state)
{
	uint64_t broken = counts().violations;

	rig_close(state);
	assert_int_equal(broken, 0);
	return 0;
}

/* So many messages of this vector, and none of others, since the last call. */
static void
expect_messages(unsigned int vector, unsigned int n)
{
	for (unsigned int v = 0; v < NIC_MSIX_VECTORS; v++)
		if (messages[v] != (v == vector ? n : 0))
			fail_msg("vector %u: %u messages, vector %u expected to have %u", v,
				 messages[v], vector, n);
	memset(messages, 0, sizeof(messages));
}

static void
pass(uint64_t ns)
{
	clock_ns += ns;
	nic_poll(nic);
}

/* 8.2.3.5.16 */
static void
map_queue(unsigned int q, bool tx, unsigned int vector)
{
	unsigned int shift = q % 2 * 16 + tx * 8;
	uint32_t offset = NIC_IVAR + q / 2 * 4;

	wr(offset, (rd(offset) & ~(0xffu << shift)) | (NIC_IVAR_ALLOC_VAL | vector) << shift);
}

/* What Linux's ixgbe and net_ixgbe write for MSI-X; ethtool -S and the like aside. */
static void
linux_msix(unsigned int misc_vector)
{
	nic_set_irq_mode(nic, NIC_IRQ_MSIX);
	wr(NIC_EIAM_EX, ALL);
	wr(NIC_EIAM_EX + 4, ALL);
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX | NIC_GPIE_PBA_SUPPORT | NIC_GPIE_OCD | NIC_GPIE_EIAME);
	wr(NIC_IVAR_MISC, (NIC_IVAR_ALLOC_VAL | misc_vector) << 8);
	wr(NIC_EIAC, 0x4000ffff);
}

static void
causes_of_queues(void **state)
{
	(void)state;
	irq_rx(nic, 0); /* IVAR is empty */
	assert_int_equal(rd(NIC_EICR), 0);
	map_queue(0, false, 3);
	map_queue(0, true, 4);
	map_queue(1, false, 5);
	map_queue(127, true, 15);
	irq_rx(nic, 0);
	assert_int_equal(rd(NIC_EICR), 1 << 3);
	irq_tx(nic, 0);
	irq_rx(nic, 1);
	irq_tx(nic, 1); /* not valid */
	irq_rx(nic, 127);
	assert_int_equal(rd(NIC_EICR), 1 << 4 | 1 << 5);
	irq_tx(nic, 127);
	assert_int_equal(rd(NIC_EICR), 1 << 15);
	/* without MULTIPLE_MSIX there are 16 causes of queues */
	map_queue(2, false, 0x21);
	irq_rx(nic, 2);
	assert_int_equal(rd(NIC_EICR), 1 << 1);
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	irq_rx(nic, 2);
	assert_int_equal(rd(NIC_EICR), 0); /* with it, vector 33 has no bit */
	for (unsigned int i = 0; i < 64; i++)
		wr(NIC_IVAR + 4 * i, 0);
	irq_rx(nic, 0);
	assert_int_equal(rd(NIC_EICR), 0);
	assert_int_equal(line_rises, 0); /* all was masked */
}

static void
line_follows_pending_causes(void **state)
{
	(void)state;
	map_queue(0, false, 0);
	wr(NIC_EIMS, 1);
	irq_rx(nic, 0);
	assert_true(line);
	irq_rx(nic, 0);
	wr(NIC_EICS, NIC_EICR_LSC); /* masked */
	wr(NIC_EICR, NIC_EICR_LSC);
	assert_true(line);
	assert_int_equal(rd(NIC_EICS), 1); /* a look that clears nothing */
	assert_true(line);
	assert_int_equal(rd(NIC_EICR), 1);
	assert_false(line);
	irq_rx(nic, 0);
	assert_true(line);
	wr(NIC_EIMC, 1);
	assert_false(line);
	wr(NIC_EIMS, 1);
	assert_true(line);
	wr(NIC_EICR, 1);
	assert_false(line);
	assert_int_equal(line_rises, 3);
	/* a mode without a line takes it back */
	irq_rx(nic, 0);
	assert_true(line);
	nic_set_irq_mode(nic, NIC_IRQ_MSI);
	assert_false(line);
	expect_messages(0, 1); /* and says it in its own way */
	nic_reset(nic);
	assert_false(line);
	wr(NIC_EIMS, NIC_EICR_LSC);
	wr(NIC_EICS, NIC_EICR_LSC);
	assert_true(line); /* INTx again */
	expect_messages(0, 0);
}

/* Linux: EIAM masks the queues as EICR is read, NAPI unmasks them when it is done. */
static void
msi_with_auto_mask_on_read(void **state)
{
	(void)state;
	nic_set_irq_mode(nic, NIC_IRQ_MSI);
	map_queue(0, false, 0);
	map_queue(0, true, 0);
	wr(NIC_EIAM, NIC_EICR_RTX);
	wr(NIC_EIMS, NIC_EICR_RTX | NIC_EICR_LSC);
	irq_rx(nic, 0);
	irq_tx(nic, 0);
	expect_messages(0, 1);
	wr(NIC_EICS, NIC_EICR_LSC); /* another cause is news */
	expect_messages(0, 1);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC | 1);
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_LSC);
	assert_int_equal(rd(NIC_EIMS_EX), 0);
	irq_rx(nic, 0);
	expect_messages(0, 0);
	wr(NIC_EICS, NIC_EICR_LSC);
	expect_messages(0, 1);
	wr(NIC_EIMS, NIC_EICR_RTX); /* what came meanwhile is said now */
	expect_messages(0, 1);
	wr(NIC_EICR, 1); /* a write masks, too */
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_LSC);
	wr(NIC_EIMS, NIC_EICR_RTX);
	expect_messages(0, 0);
	/* EIAME leaves the masking to MSI-X messages, and there are none */
	wr(NIC_GPIE, NIC_GPIE_EIAME);
	irq_rx(nic, 0);
	expect_messages(0, 1);
	rd(NIC_EICR);
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_RTX | NIC_EICR_LSC);
	/* only MSI-X has vectors, whatever GPIE says */
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	wr(NIC_IVAR_MISC, (NIC_IVAR_ALLOC_VAL | 7) << 8);
	map_queue(0, false, 6);
	irq_rx(nic, 0);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(0, 2);
}

/* The driver's handler in Linux's self test. @return what it read, if it was called */
static uint32_t
self_test_handler(enum nic_irq_mode mode)
{
	uint32_t causes = 0;

	if (mode == NIC_IRQ_INTX ? line : messages[0] > 0) {
		messages[0] = 0;
		causes = rd(NIC_EICR);
	}
	return causes;
}

/* ethtool -t: each cause comes if it is not masked, and does not if it is. */
static void
ethtool_self_test(void **state)
{
	static const enum nic_irq_mode modes[] = { NIC_IRQ_INTX, NIC_IRQ_MSI, NIC_IRQ_MSIX };

	(void)state;
	for (unsigned int m = 0; m < 3; m++) {
		nic_reset(nic);
		nic_set_irq_mode(nic, modes[m]);
		wr(NIC_EIMC, ALL);
		for (uint32_t mask = 1; mask < 1 << 10; mask <<= 1) {
			uint32_t others = ~mask & 0x7fff;

			wr(NIC_EIMC, others);
			wr(NIC_EICS, others);
			assert_int_equal(self_test_handler(modes[m]) & mask, 0);
			wr(NIC_EIMS, mask);
			wr(NIC_EICS, mask);
			assert_true(self_test_handler(modes[m]) & mask);
			wr(NIC_EIMC, others);
			wr(NIC_EICS, others);
			assert_int_equal(self_test_handler(modes[m]), 0);
		}
		wr(NIC_EIMC, ALL);
	}
}

/* Vectors 0-15: cleared and masked by their message, said again after unmasking. */
static void
msix_queue_vectors(void **state)
{
	(void)state;
	linux_msix(2);
	map_queue(0, false, 0);
	map_queue(0, true, 0);
	map_queue(1, false, 1);
	wr(NIC_EIMS_EX, ALL);
	irq_rx(nic, 0);
	expect_messages(0, 1);
	assert_int_equal(nic_peek(nic, NIC_EICR), 0);
	assert_int_equal(rd(NIC_EIMS), 0xfffe);
	assert_int_equal(rd(NIC_EIMS_EX), 0xfffffffe);
	irq_tx(nic, 0);
	irq_rx(nic, 0);
	expect_messages(0, 0);
	irq_rx(nic, 1);
	expect_messages(1, 1);
	assert_int_equal(rd(NIC_EICR), 1); /* OCD: the queues' bits stay */
	wr(NIC_EIMS_EX, 1);
	expect_messages(0, 1);
	assert_int_equal(rd(NIC_EICR), 0);
	wr(NIC_EIMS, 1);
	expect_messages(0, 0);
	wr(NIC_EICS, 1); /* Linux's watchdog */
	expect_messages(0, 1);
	wr(NIC_EIMS, 3);
	wr(NIC_EICS_EX, 2);
	expect_messages(1, 1);
	/* net_ixgbe's way to switch off */
	wr(NIC_EIMS, 3);
	wr(NIC_EIMC_EX, ALL);
	wr(NIC_EIMC_EX + 4, ALL);
	irq_rx(nic, 0);
	irq_rx(nic, 1);
	expect_messages(0, 0);
	assert_int_equal(rd(NIC_EIMS), 0);
	/* without EIAME the message leaves the mask, without EIAC the cause */
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	wr(NIC_EIAC, 2);
	wr(NIC_EICR, 0x7fffffff);
	wr(NIC_EIMS, 3);
	irq_rx(nic, 0);
	irq_rx(nic, 0);
	irq_rx(nic, 0);
	expect_messages(0, 1);
	assert_int_equal(nic_peek(nic, NIC_EICR), 1);
	irq_rx(nic, 1);
	irq_rx(nic, 1);
	expect_messages(1, 2);
	assert_int_equal(rd(NIC_EIMS), 3);
}

/* Vectors 16-63 have no bit in EICR; EIMS, EIAM and their _EX share only bits 15:0. */
static void
msix_high_vectors(void **state)
{
	static const unsigned int vectors[] = { 16, 20, 31, 32, 63 };

	(void)state;
	linux_msix(2);
	wr(NIC_EIMS, 0x7fff0000);
	for (unsigned int i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		unsigned int v = vectors[i];
		uint32_t offset = v / 32 * 4, bit = 1u << v % 32;

		map_queue(3, true, v);
		irq_tx(nic, 3);
		expect_messages(v, 0);
		wr(NIC_EIMS_EX + offset, bit);
		expect_messages(v, 1);
		assert_int_equal(rd(NIC_EIMS_EX + offset) & bit, 0); /* masked by the message */
		irq_tx(nic, 3);
		irq_tx(nic, 3);
		expect_messages(v, 0);
		wr(NIC_EIMS_EX + offset, bit);
		expect_messages(v, 1);
		wr(NIC_EICS_EX + offset, bit);
		expect_messages(v, 0);
		wr(NIC_EIMS_EX + offset, bit);
		expect_messages(v, 1);
		wr(NIC_EIAM_EX + offset, ~bit);
		wr(NIC_EIMS_EX + offset, bit);
		irq_tx(nic, 3);
		irq_tx(nic, 3); /* always cleared by its message */
		expect_messages(v, 2);
		wr(NIC_EIAM_EX + offset, ALL);
		wr(NIC_EIMC_EX + offset, bit);
		irq_tx(nic, 3);
		expect_messages(v, 0);
		assert_int_equal(rd(NIC_EICR), 0);
		assert_int_equal(rd(NIC_EIMS), 0x7fff0000);
	}
}

/* LSC: Linux looks through EICS, clears by writing, and unmasks with the rest. */
static void
msix_other_causes(void **state)
{
	(void)state;
	linux_msix(5);
	wr(NIC_EIAM, 0);
	assert_int_equal(rd(NIC_EIAM_EX), 0xffff0000); /* the queues' bits are the same */
	wr(NIC_EIAC, 0x4000ffff); /* all that it has */
	wr(NIC_EIMS, NIC_EICR_LSC | NIC_EICR_RX_MISS);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(5, 1);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(5, 0);
	assert_int_equal(rd(NIC_EICS), NIC_EICR_LSC); /* EIAC has no say in bits 29:16 */
	irq_raise(nic, NIC_EICR_RX_MISS);
	expect_messages(5, 1);
	wr(NIC_EICR, NIC_EICR_LSC | NIC_EICR_RX_MISS);
	assert_int_equal(rd(NIC_EICS), 0);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(5, 1);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC);
	wr(NIC_EIAM, NIC_EICR_LSC);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(5, 1);
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_RX_MISS);
	/* a message of another cause takes none away that is masked */
	map_queue(0, false, 5);
	map_queue(1, false, 40);
	irq_rx(nic, 0);
	irq_rx(nic, 1);
	irq_raise(nic, NIC_EICR_RX_MISS);
	expect_messages(5, 1);
	wr(NIC_IVAR_MISC, (NIC_IVAR_ALLOC_VAL | 40) << 8);
	expect_messages(40, 1);
	wr(NIC_EIMS, 1 << 5);
	expect_messages(5, 1);
	wr(NIC_EIMS_EX + 4, 1 << 8);
	expect_messages(40, 1);
	/* no vector: nothing is said, until there is one */
	rd(NIC_EICR);
	wr(NIC_IVAR_MISC, 0);
	wr(NIC_EIMS, NIC_EICR_LSC);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(5, 0);
	wr(NIC_IVAR_MISC, (NIC_IVAR_ALLOC_VAL | 63) << 8);
	expect_messages(63, 1);
}

/* One vector for all, as before GPIE is written */
static void
msix_single_vector(void **state)
{
	(void)state;
	nic_set_irq_mode(nic, NIC_IRQ_MSIX);
	map_queue(0, false, 9);
	wr(NIC_EIMS, 1 << 9 | NIC_EICR_LSC);
	irq_rx(nic, 0);
	expect_messages(0, 1);
	irq_raise(nic, NIC_EICR_LSC);
	expect_messages(0, 1);
	assert_int_equal(rd(NIC_EICR), 1 << 9 | NIC_EICR_LSC);
	irq_rx(nic, 0);
	expect_messages(0, 1);
}

/* The attachment to DPDK: net_ixgbe with Rx interrupts, the link's on vector 0 */
static void
msix_with_a_line(void **state)
{
	(void)state;
	linux_msix(0);
	nic_set_irq_mode(nic, NIC_IRQ_MSIX_LINE);
	map_queue(0, false, 1);
	wr(NIC_EIMS, NIC_EICR_LSC | NIC_EICR_RTX);
	irq_rx(nic, 0);
	expect_messages(1, 1);
	assert_false(line);
	irq_raise(nic, NIC_EICR_LSC);
	assert_true(line);
	assert_int_equal(rd(NIC_EIMS) & NIC_EICR_LSC, NIC_EICR_LSC);
	wr(NIC_EIMC, 0xffff0000);
	assert_false(line);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC);
	wr(NIC_EIMS, NIC_EICR_LSC | NIC_EICR_RTX);
	assert_false(line);
	irq_rx(nic, 0);
	expect_messages(1, 1);
	/* without GPIE it is the line for all */
	nic_reset(nic);
	nic_set_irq_mode(nic, NIC_IRQ_MSIX_LINE);
	map_queue(0, false, 1);
	wr(NIC_EIMS, 2);
	irq_rx(nic, 0);
	assert_true(line);
	expect_messages(0, 0);
}

#define ITR(units) ((units) << NIC_EITR_INTERVAL_SHIFT)
#define UNIT       UINT64_C(2048)

static void
moderation(void **state)
{
	(void)state;
	linux_msix(63);
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX); /* no masking, to have less to write */
	map_queue(0, false, 30);
	wr(NIC_EIMS_EX, ALL);
	wr(NIC_MORE_EITR + 4 * (30 - 24), ITR(100) | NIC_EITR_CNT_WDIS);
	assert_int_equal(rd(NIC_MORE_EITR + 4 * (30 - 24)), ITR(100));
	irq_rx(nic, 0);
	expect_messages(30, 1); /* the counter was 0: at once */
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
	assert_int_equal(rd(NIC_MORE_EITR + 4 * (30 - 24)),
			 ITR(100) | 25 << NIC_EITR_COUNTER_SHIFT);
	irq_rx(nic, 0);
	irq_rx(nic, 0);
	assert_int_equal(nic_wake_at(nic), clock_ns + 100 * UNIT);
	pass(100 * UNIT - 1);
	expect_messages(30, 0);
	pass(1);
	expect_messages(30, 1);
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
	pass(50 * UNIT);
	irq_rx(nic, 0);
	expect_messages(30, 0);
	assert_int_equal(rd(NIC_MORE_EITR + 4 * (30 - 24)),
			 ITR(100) | 12 << NIC_EITR_COUNTER_SHIFT);
	/* masked meanwhile: it is not said; unmasked: it is, if the time has come */
	wr(NIC_EIMC_EX, 1u << 30);
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
	pass(50 * UNIT);
	expect_messages(30, 0);
	wr(NIC_EIMS_EX, 1u << 30);
	expect_messages(30, 1);
	/* the interval changes, the counter goes on, unless it is written, too */
	irq_rx(nic, 0);
	wr(NIC_MORE_EITR + 4 * (30 - 24), ITR(0) | NIC_EITR_CNT_WDIS);
	expect_messages(30, 0);
	wr(NIC_MORE_EITR + 4 * (30 - 24), ITR(10));
	expect_messages(30, 1);
	wr(NIC_MORE_EITR + 4 * (30 - 24), ITR(10) | 20 << NIC_EITR_COUNTER_SHIFT);
	irq_rx(nic, 0);
	pass(79 * UNIT);
	expect_messages(30, 0);
	pass(UNIT);
	expect_messages(30, 1);
	/* GPIE.EIMEN: what software sets does not wait */
	wr(NIC_EICS_EX, 1u << 30);
	expect_messages(30, 0);
	pass(10 * UNIT);
	expect_messages(30, 1);
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX | NIC_GPIE_EIMEN);
	wr(NIC_EICS_EX, 1u << 30);
	expect_messages(30, 1);
}

/* Each vector has its own counter. */
static void
moderation_of_several(void **state)
{
	(void)state;
	linux_msix(0);
	wr(NIC_GPIE, NIC_GPIE_MULTIPLE_MSIX);
	for (unsigned int v = 1; v < 4; v++) {
		map_queue(v, false, v);
		wr(NIC_EITR + 4 * v, ITR(10 * v) | NIC_EITR_CNT_WDIS);
	}
	wr(NIC_EIMS, NIC_EICR_RTX);
	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int v = 1; v < 4; v++)
			irq_rx(nic, v);
	assert_int_equal(messages[1] + messages[2] + messages[3], 3);
	memset(messages, 0, sizeof(messages));
	for (unsigned int v = 1; v < 4; v++) {
		assert_int_equal(nic_wake_at(nic), clock_ns + 10 * UNIT);
		pass(10 * UNIT);
		expect_messages(v, 1);
	}
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
}

/* The line is moderated by EITR[0] when it line_rises, not when it falls. */
static void
moderation_of_the_line(void **state)
{
	(void)state;
	map_queue(0, false, 7);
	wr(NIC_EITR, ITR(50) | NIC_EITR_CNT_WDIS);
	wr(NIC_EIMS, NIC_EICR_RTX);
	irq_rx(nic, 0);
	assert_true(line);
	rd(NIC_EICR);
	assert_false(line);
	irq_rx(nic, 0);
	assert_false(line);
	pass(50 * UNIT - 1);
	assert_false(line);
	pass(1);
	assert_true(line);
	rd(NIC_EICR);
	irq_rx(nic, 0);
	assert_int_equal(rd(NIC_EICR), 1 << 7); /* seen without having been told */
	pass(100 * UNIT);
	assert_false(line);
	assert_int_equal(line_rises, 2);
	/* a cause that joins those of the line does not count as another rise */
	irq_rx(nic, 0);
	assert_true(line);
	pass(30 * UNIT);
	wr(NIC_EIMS, NIC_EICR_LSC);
	irq_raise(nic, NIC_EICR_LSC);
	pass(20 * UNIT);
	rd(NIC_EICR);
	irq_rx(nic, 0);
	assert_true(line);
	/* a reset stops the counter */
	nic_reset(nic);
	assert_false(line);
	wr(NIC_EIMS, NIC_EICR_LSC);
	wr(NIC_EICS, NIC_EICR_LSC);
	assert_true(line);
}

/* 8.2.3.15.2 */
static void
tcp_timer(void **state)
{
	const uint32_t run = NIC_TCPTIMER_KICK_START | NIC_TCPTIMER_COUNT_EN;

	(void)state;
	linux_msix(0);
	wr(NIC_IVAR_MISC, NIC_IVAR_ALLOC_VAL | 17);
	wr(NIC_EIMS, NIC_EICR_TCP_TIMER);
	wr(NIC_EIAM, 0);
	wr(NIC_TCPTIMER, run | 5);
	assert_int_equal(rd(NIC_TCPTIMER), NIC_TCPTIMER_COUNT_EN | 5);
	pass(5 * MS - 1);
	expect_messages(17, 0);
	pass(1);
	expect_messages(17, 1); /* EIAC has cleared it */
	assert_int_equal(rd(NIC_EICS), 0);
	pass(100 * MS);
	expect_messages(17, 0);
	/* again and again, with a pause */
	wr(NIC_TCPTIMER, run | NIC_TCPTIMER_LOOP | 3);
	for (int i = 0; i < 4; i++) {
		pass(3 * MS);
		expect_messages(17, 1);
	}
	pass(2 * MS);
	wr(NIC_TCPTIMER, NIC_TCPTIMER_LOOP | 3);
	pass(100 * MS);
	expect_messages(17, 0);
	wr(NIC_TCPTIMER, NIC_TCPTIMER_COUNT_EN | NIC_TCPTIMER_LOOP | 3);
	pass(MS - 1);
	expect_messages(17, 0);
	pass(1);
	expect_messages(17, 1);
	/* at once, and over */
	wr(NIC_TCPTIMER, NIC_TCPTIMER_COUNT_EN | NIC_TCPTIMER_FINISH | 3);
	expect_messages(17, 1);
	pass(100 * MS);
	expect_messages(17, 0);
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
	/* a reset stops it */
	wr(NIC_TCPTIMER, run | 5);
	nic_reset(nic);
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
}

static void
module_comes(void **state)
{
	(void)state;
	wr(NIC_EIMS, NIC_EICR_GPI_SDP2);
	nic_set_faults(nic, 1u << NIC_FAULT_SFP);
	nic_set_faults(nic, 0);
	assert_int_equal(rd(NIC_EICR), 0); /* not enabled */
	wr(NIC_GPIE, 1u << 2);
	nic_set_faults(nic, 1u << NIC_FAULT_SFP);
	assert_int_equal(rd(NIC_EICR), 0);
	nic_set_faults(nic, 0);
	assert_true(line);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_GPI_SDP2);
	nic_set_faults(nic, 1u << NIC_FAULT_LINK);
	nic_set_faults(nic, 0);
	assert_int_equal(rd(NIC_EICR), 0);
}

static void
no_message_without_bus_master(void **state)
{
	(void)state;
	linux_msix(0);
	map_queue(0, false, 1);
	wr(NIC_EIMS, 2);
	nic_set_bus_master(nic, false);
	irq_rx(nic, 0);
	expect_messages(1, 0);
	nic_set_bus_master(nic, true);
	expect_messages(1, 1);
	/* nor from a card that is not there */
	wr(NIC_EIMS, 2);
	nic_set_faults(nic, 1u << NIC_FAULT_GONE);
	irq_rx(nic, 0);
	expect_messages(1, 0);
	nic_set_faults(nic, 0);
	expect_messages(1, 1);
	nic_set_irq_mode(nic, NIC_IRQ_INTX);
	wr(NIC_EIMS, NIC_EICR_LSC);
	irq_raise(nic, NIC_EICR_LSC);
	assert_true(line);
	nic_set_faults(nic, 1u << NIC_FAULT_GONE);
	assert_false(line);
}

/* The queues themselves: a frame in, a frame out, frames that find no room */
static void
frames_come(unsigned int n)
{
	struct frame *f;

	while (n-- > 0) {
		f = frame_add();
		memset(f->b, 0, 60);
		memcpy(f->b, "\x02\x82\x59\0\0\1", 6);
		f->len = 60;
	}
}

static void
queues_interrupt(void **state)
{
	uint64_t *desc = (uint64_t *)(host + RING);

	(void)state;
	rig_link_up();
	linux_msix(0);
	map_queue(0, false, 1);
	map_queue(0, true, 2);
	wr(NIC_EIMS_EX, 6);
	wr(NIC_HLREG0, rd(NIC_HLREG0) | NIC_HLREG0_RXCRCSTRP);
	wr(NIC_RDRXCTL, rd(NIC_RDRXCTL) | NIC_RDRXCTL_CRCSTRIP);
	wr(NIC_RDBAL, (uint32_t)HOST_BASE + RING);
	wr(NIC_RDBAH, HOST_BASE >> 32);
	wr(NIC_RDLEN, NB_DESC * 16);
	wr(NIC_SRRCTL, 1u << NIC_SRRCTL_DESCTYPE_SHIFT | 2);
	for (unsigned int i = 0; i < NB_DESC; i++)
		desc[2 * i] = HOST_BASE + BUFS + i * 2048;
	wr(NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	pass(0);
	expect_messages(1, 0);
	wr(NIC_RDT, 4);
	frames_come(3);
	pass(0);
	expect_messages(1, 1);
	assert_int_equal(desc[5] & 1, 1);
	/* one more descriptor, and a packet buffer with room for 16 frames */
	wr(NIC_RXPBSIZE, 1 << NIC_RXPBSIZE_SIZE_SHIFT);
	frames_come(1 + 16);
	wr(NIC_EIMS, NIC_EICR_RX_MISS | 2);
	pass(0);
	expect_messages(1, 1);
	pass(100 * MS);
	expect_messages(1, 0);
	frames_come(2);
	pass(0);
	assert_int_equal(rd(NIC_RXMPC), 2);
	assert_int_equal(rd(NIC_EICS) & NIC_EICR_RX_MISS, NIC_EICR_RX_MISS);
	expect_messages(0, 1);

	wr(NIC_TDBAL, (uint32_t)HOST_BASE + 2 * RING);
	wr(NIC_TDBAH, HOST_BASE >> 32);
	wr(NIC_TDLEN, NB_DESC * 16);
	wr(NIC_DMATXCTL, rd(NIC_DMATXCTL) | NIC_DMATXCTL_TE);
	wr(NIC_TXDCTL, NIC_TXDCTL_ENABLE);
	desc = (uint64_t *)(host + 2 * RING);
	for (unsigned int i = 0; i < 2; i++) {
		desc[2 * i] = HOST_BASE + BUFS;
		desc[2 * i + 1] = 60 | 0x2bu << 24 | 3u << 20 | UINT64_C(60) << 46;
	}
	desc[1] &= ~(UINT64_C(1) << 27); /* RS in the second only */
	wr(NIC_TDT, 1);
	pass(0);
	expect_messages(2, 0); /* nothing was written back */
	wr(NIC_TDT, 2);
	pass(0);
	expect_messages(2, 1);
	assert_int_equal(desc[3] >> 32 & 1, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(causes_of_queues),
		TEST(line_follows_pending_causes),
		TEST(msi_with_auto_mask_on_read),
		TEST(ethtool_self_test),
		TEST(msix_queue_vectors),
		TEST(msix_high_vectors),
		TEST(msix_other_causes),
		TEST(msix_single_vector),
		TEST(msix_with_a_line),
		TEST(moderation),
		TEST(moderation_of_several),
		TEST(moderation_of_the_line),
		TEST(tcp_timer),
		TEST(module_comes),
		TEST(no_message_without_bus_master),
		TEST(queues_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
