/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Two devices and a cable between them: each end sees the other's light. */

#include "rig.h"
#include "nic/state.h"

static const uint8_t mac[6] = { 0x02, 0x82, 0x59, 0, 0, 1 };

static struct nic *device[2];
static struct wire *end[2];
static const char spec[2][16] = { "cable=b", "cable=a" };

static struct wire *
make(const char *description, const char *port)
{
	char err[256];
	struct wire *w = wire_create(description, port, mac, err, sizeof(err));

	if (w == NULL)
		fail_msg("%s", err);
	return w;
}

/* Each device is polled by a thread of its own or by the same one, in any order: here b first. */
static void
pass(uint64_t ns)
{
	for (uint64_t until = clock_ns + ns; clock_ns < until; clock_ns += 10 * US)
		for (int i = 1; i >= 0; i--)
			if (device[i] != NULL)
				nic_poll(device[i]);
}

static int
setup(void **state)
{
	(void)state;
	rig_open();
	for (int i = 0; i < 2; i++) {
		struct nic_config config = rig_config();

		config.lan_id = i;
		config.bar = config.host = bar[i];
		device[i] = rig_create(&config);
		end[i] = make(spec[i], i == 0 ? "a" : "b");
		nic_set_wire(device[i], end[i]);
	}
	pass(100 * MS);
	return 0;
}

static int
teardown(void **state)
{
	for (int i = 0; i < 2; i++) {
		nic_free(device[i]);
		wire_free(end[i]);
		device[i] = NULL;
		end[i] = NULL;
	}
	nic = NULL;
	return rig_close(state);
}

/* What a driver sees: LINKS, after a first read, which tells of the time since the last. */
static bool
links_up(struct nic *of)
{
	uint32_t links;

	nic_read(of, NIC_LINKS);
	links = nic_read(of, NIC_LINKS);
	assert_int_equal(!!(links & NIC_LINKS_UP), nic_link_is_up(of));
	return links & NIC_LINKS_UP;
}

static void
set_bits(struct nic *of, uint32_t offset, uint32_t bits)
{
	nic_write(of, offset, nic_read(of, offset) | bits);
}

static void
clear_bits(struct nic *of, uint32_t offset, uint32_t bits)
{
	nic_write(of, offset, nic_read(of, offset) & ~bits);
}

/* The near end, device 0, has lost its light, and was told by its interrupt. */
static void
assert_dark(void)
{
	pass(5 * MS); /* who has nothing to do looks seldom */
	assert_false(links_up(device[0]));
	assert_true(nic_read(device[0], NIC_EICR) & NIC_EICR_LSC);
}

static void
assert_light(void)
{
	pass(100 * MS);
	assert_true(links_up(device[0]));
	assert_true(nic_read(device[0], NIC_EICR) & NIC_EICR_LSC);
	assert_true(links_up(device[1]));
	nic_read(device[1], NIC_EICR);
}

static void
both_ends_come_up(void **state)
{
	(void)state;
	assert_light();
}

/* The far end's laser is switched off, in each of the ways that there are, and on again. */
static void
laser_of_the_far_end(void **state)
{
	static const struct {
		uint32_t reg, bits;
	} off[] = {
		{ NIC_ESDP, NIC_ESDP_SDP3 },
		{ NIC_AUTOC2, 0x70000000 },
		{ NIC_AUTOC2, 0x50000000 }, /* as drivers write it */
		{ NIC_AUTOC2, 0x20000000 },
	};

	(void)state;
	assert_light();
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		set_bits(device[1], off[i].reg, off[i].bits);
		assert_false(links_up(device[1])); /* at once */
		assert_dark();
		pass(1000 * MS);
		assert_false(links_up(device[0]));
		clear_bits(device[1], off[i].reg, off[i].bits);
		assert_light();
	}
	/* both off: the link needs both */
	set_bits(device[0], NIC_ESDP, NIC_ESDP_SDP3);
	set_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	assert_dark();
	clear_bits(device[0], NIC_ESDP, NIC_ESDP_SDP3);
	pass(100 * MS);
	assert_false(links_up(device[0]));
	clear_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	assert_light();
}

/* Off and on again before the near end looks: it has lost its link all the same. */
static void
a_moment_without_light(void **state)
{
	(void)state;
	assert_light();
	set_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	clear_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	assert_dark();
	assert_light();
	nic_write(device[1], NIC_CTRL, NIC_CTRL_RST);
	assert_dark();
	assert_light();
	set_bits(device[1], NIC_AUTOC, NIC_AUTOC_AN_RESTART);
	assert_dark();
	assert_light();
	nic_reset(device[1]);
	assert_dark();
	assert_light();
}

/* No module, a card that was pulled, a reset without end. */
static void
faults_of_the_far_end(void **state)
{
	static const enum nic_fault faults[] = { NIC_FAULT_SFP, NIC_FAULT_GONE, NIC_FAULT_RESET };

	(void)state;
	assert_light();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		nic_set_faults(device[1], 1u << faults[i]);
		if (faults[i] == NIC_FAULT_RESET)
			nic_write(device[1], NIC_CTRL, NIC_CTRL_RST);
		assert_dark();
		pass(1000 * MS);
		assert_false(links_up(device[0]));
		nic_set_faults(device[1], 0);
		nic_read(device[1], NIC_CTRL);
		assert_light();
	}
}

/* The plug is pulled at the far end, or its device goes, or the whole end: all comes back. */
static void
far_end_is_gone(void **state)
{
	(void)state;
	assert_light();
	end[1]->light = false;
	assert_dark();
	assert_false(links_up(device[1]));
	end[1]->light = true;
	assert_light();
	nic_set_wire(device[1], NULL);
	assert_dark();
	nic_set_wire(device[1], end[1]);
	assert_light();
	nic_set_wire(device[1], NULL);
	wire_free(end[1]);
	assert_dark();
	end[1] = make(spec[1], "b");
	pass(100 * MS);
	assert_false(links_up(device[0])); /* no device sends light yet */
	nic_set_wire(device[1], end[1]);
	assert_light();
	nic_free(device[1]);
	device[1] = NULL;
	assert_dark();
}

/* AUTOC.FLU takes the link for up, here; the far end goes by its light. */
static void
forced_link(void **state)
{
	(void)state;
	assert_light();
	set_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	assert_dark();
	set_bits(device[1], NIC_AUTOC, NIC_AUTOC_FLU);
	pass(100 * MS);
	assert_true(links_up(device[1]));
	assert_false(links_up(device[0]));
	set_bits(device[0], NIC_AUTOC, NIC_AUTOC_FLU);
	pass(MS);
	assert_true(links_up(device[0]));
	/* a link that is up stays up when it is forced, and whatever the light does then */
	clear_bits(device[0], NIC_AUTOC, NIC_AUTOC_FLU);
	clear_bits(device[1], NIC_AUTOC, NIC_AUTOC_FLU);
	clear_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	pass(100 * MS);
	assert_light();
	nic_read(device[0], NIC_LINKS);
	set_bits(device[0], NIC_AUTOC, NIC_AUTOC_FLU);
	set_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	pass(MS);
	clear_bits(device[1], NIC_ESDP, NIC_ESDP_SDP3);
	pass(MS);
	assert_true(nic_read(device[0], NIC_LINKS) & NIC_LINKS_STATUS);
	assert_int_equal(nic_read(device[0], NIC_EICR) & NIC_EICR_LSC, 0);
}

/* What comes back from a loop is the own light. */
static void
loop_goes_dark_with_the_own_laser(void **state)
{
	struct wire *loop = make("loop", "c");

	(void)state;
	nic_set_wire(device[0], loop);
	pass(100 * MS);
	assert_true(links_up(device[0]));
	nic_read(device[0], NIC_EICR);
	for (int i = 0; i < 2; i++) {
		uint32_t reg = i == 0 ? NIC_ESDP : NIC_AUTOC2;
		uint32_t bits = i == 0 ? NIC_ESDP_SDP3 : 0x70000000;

		set_bits(device[0], reg, bits);
		pass(100 * MS);
		assert_false(links_up(device[0]));
		assert_true(nic_read(device[0], NIC_EICR) & NIC_EICR_LSC);
		clear_bits(device[0], reg, bits);
		pass(100 * MS);
		assert_true(links_up(device[0]));
		assert_true(nic_read(device[0], NIC_EICR) & NIC_EICR_LSC);
	}
	nic_set_wire(device[0], NULL);
	wire_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ends_come_up),
		TEST(laser_of_the_far_end),
		TEST(a_moment_without_light),
		TEST(faults_of_the_far_end),
		TEST(far_end_is_gone),
		TEST(forced_link),
		TEST(loop_goes_dark_with_the_own_laser),
	};

	return cmocka_run_group_tests_name("cable", tests, NULL, NULL);
}
