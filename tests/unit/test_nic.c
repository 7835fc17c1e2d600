/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The register side of the software 82599: what a driver finds behind each address. */

#include <unistd.h>

#include "rig.h"
#include "nic/filter.h"
#include "nic/stats.h"
#include "nic/state.h"

#define ALL 0xffffffffu

static struct nic *other; /* the second function of the card */

static struct nic *
create(unsigned int lan_id, bool strict, int trace_fd)
{
	struct nic_config config = rig_config();

	config.bar = config.host = bar[lan_id];
	config.lan_id = lan_id;
	config.strict = strict;
	config.trace_fd = trace_fd;
	memcpy(config.mac, (const uint8_t[6]){ 0x02, 0x82, 0x59, 0x90, 0x00, lan_id }, 6);
	return rig_create(&config);
}

static int
setup(void **state)
{
	(void)state;
	rig_open();
	nic = create(0, false, -1);
	other = create(1, false, -1);
	return 0;
}

static int
teardown(void **state)
{
	nic_free(other);
	return rig_close(state);
}

/* The rows of the table, as they are written down. */
struct row {
	const char *name;
	uint32_t offset, stride, count, reset, readable, writable, self;
	int access;
};

static const struct row rows[] = {
#define REG(name_, offset_, stride_, count_, access_, reset_, read_, write_, self_, section) \
	{ #name_, offset_, stride_, count_, reset_, read_, write_, self_, REG_##access_ },
#define MORE(name_, offset_, stride_, count_, first) \
	{ .name = #name_, .offset = offset_, .stride = stride_, .count = count_ },
#define ALIAS(name_, offset_, stride_, count_) \
	{ .name = #name_, .offset = offset_, .stride = stride_, .count = count_ },
#define STAT(name_, offset_, stride_, count_, stat, section) \
	{ .name = #name_, .offset = offset_, .stride = stride_, .count = count_, \
	  .readable = ALL, .access = REG_RC },
#define STAT64(name_, low, high, stride_, count_, stat, section) \
	STAT(name_, low, stride_, count_, stat, section) \
	STAT(name_, high, stride_, count_, stat, section)
#include "nic/regs.def"
};
#define NB_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Nothing but memory: it has no hooks. */
static bool
is_plain(const char *name)
{
	static const char *const hooked[] = {
#define REG(...)
#define MORE(...)
#define ALIAS(...)
#define STAT(...)
#define STAT64(...)
#define HOOK(name, read, write) #name,
#include "nic/regs.def"
	};

	for (size_t k = 0; k < sizeof(hooked) / sizeof(hooked[0]); k++)
		if (strcmp(hooked[k], name) == 0)
			return false;
	return true;
}

static void
table_is_sound(void **state)
{
	static const char *owner[NIC_BAR_SIZE / 4];
	struct reg_at at;
	uint32_t offset;

	(void)state;
	for (size_t r = 0; r < NB_ROWS; r++) {
		assert_true(rows[r].count == 1 || rows[r].stride >= 4);
		for (uint32_t i = 0; i < rows[r].count; i++) {
			offset = rows[r].offset + i * rows[r].stride;
			assert_true(offset % 4 == 0 && offset < NIC_BAR_SIZE);
			if (owner[offset / 4] != NULL)
				fail_msg("%s and %s share 0x%05x", owner[offset / 4], rows[r].name,
					 offset);
			owner[offset / 4] = rows[r].name;
			assert_true(reg_find(offset, &at));
		}
		/* self-clearing bits that stay are mistakes */
		assert_int_equal(rows[r].reset & rows[r].self, 0);
		assert_int_equal(rows[r].self & ~rows[r].writable, 0);
		if (rows[r].access == REG_RO || rows[r].access == REG_RC)
			assert_int_equal(rows[r].writable, 0);
	}
	for (offset = 0; offset < NIC_BAR_SIZE; offset += 4)
		assert_int_equal(reg_find(offset, &at), owner[offset / 4] != NULL);
	assert_false(reg_find(NIC_BAR_SIZE, &at));
}

/* Registers that drivers write and that have no reserved bits here, each for a reason. */
static const char *const no_reserved_bits[] = {
	/* each bit has a meaning: addresses, bit arrays, numbers, keys, times */
	"PFCTOP", "FCTTV", "GSCL_2", "PBACLR", "PBACL", "EICS_EX", "EIMS_EX", "EIMC_EX", "EIAM_EX",
	"EITRSEL", "MTA", "RAL", "MPSAR", "VFTA", "RSSRK", "SAQF", "DAQF", "SDPQF", "ETQF", "RDBAL",
	"RDBAH", "TDBAL", "TDBAH", "TDWBAH", "TXLLQ", "IPSTXSALT", "IPSTXKEY", "FCPTRL", "FCPTRH",
	"TEOFF", "TSOFF", "REOFF", "RSOFF", "FCPARAM", "FDIRIPV6", "FDIRIPSA", "FDIRIPDA",
	"FDIRPORT", "FDIRVLAN", "FDIRDIP4M", "FDIRSIP4M", "FDIRTCPM", "FDIRUDPM", "FDIRHKEY",
	"FDIRSKEY", "FDIRIP6M", "FDIRSCTPM", "AUTOC", "IP4AT", "IP6AT", "MFUTP", "BMCIP", "MIPAF",
	"MMAL", "RXMTRL", "SYSTIM", "TIMINCA", "TIMADJ", "TRGTTIM", "FREQOUT", "PFMBICR", "PFMBIMR",
	"PFMBMEM", "VFRE", "VFTE", "VMECM", "VMTXSW", "VLVFB", "UTA", "VMRVLAN", "VMRVM", "WQBR_RX",
	"WQBR_TX",
	/* the rest can only be read, and is what the device says there */
	"EERD", "MSRWD",
	/* a one clears something, and drivers write ones everywhere to clear all */
	"EIMC", "WUS",
	/* registers of several forms in one row */
	"LSECTX", "LSECRX", "IPSRX", "FHFT", "FHFT_EXT", "FTFT", "FLEX_MNG",
	/* no public source tells the bits */
	"CORESPARE", "CORECTL", "GCR", "GTV", "FUNCTAG", "GLT", "GSCL_3", "GSCL_4", "GSCL_5",
	"PHYADR", "PHYDAT", "PHYCTL", "PCIEECCCTL", "CIAA", "CIAD", "PCIE_DIAG", "CDQ_MBR",
	"PCIESPARE", "ECC_STATUS", "MISC_REG", "BAR_CTRL", "ECC_CTRL", "LLITHRESH", "RFVAL",
	"RDDCC", "DRECCCTL", "DROPEN", "STARCTRL", "TIPG", "LBDRPEN", "RTTBCNRM", "RTTBCNRS",
	"RTTBCNRD", "RTTDTECC", "RTTBCNCR", "RTTBCNAC", "RTTBCNIDX", "RTTBCNCP", "RTTBCNTG",
	"RTTBCNRTT", "FCD_ID", "FCSMAC", "PCS1GCFIG", "MACA", "APAE", "ARD", "AIS", "MLADD", "TREG",
	"SERDESC", "MACS", "AUTOC3", "MDFTC1", "MDFTC2", "KRPCSFC", "SMADARCTL", "SGMIIC", "MPVC",
	"FCAMACL", "FCAMACH", "ATLASCTL", "MANC", "MFVAL", "MANC2H", "MDEF", "MDEF_EXT", "METF",
	"HSMC0R", "HSMC1R", "FWSTS", "SWSR", "LSWFW", "TSAUXC", "TSSDP", "RDSTATCTL", "RIC_DW",
	"RDMAM", "RDMAD", "RXBUFCTRL", "TDHMPN2", "TXDESCIC", "TIC_DW2", "TXBUFCTRL", "RXDBUECC",
	"TXDBUECC", "RXDBUEST", "TXDBUEST", "PBTXECC", "PBRXECC", "RXFECCERR0",
};
#define NB_NO_RESERVED (sizeof(no_reserved_bits) / sizeof(no_reserved_bits[0]))

/* RESERVED_BITS sees what the table says is reserved: no row may leave it open by mistake. Each
 * reserved bit of each register is written, alone, over what is there: that breaks the rule, and
 * changes nothing. */
static void
reserved_bits_are_known(void **state)
{
	bool listed[NB_NO_RESERVED] = { false };
	size_t k;

	(void)state;
	for (size_t r = 0; r < NB_ROWS; r++) {
		const struct row *row = &rows[r];
		const uint32_t reserved = ~(row->readable | row->writable);
		uint32_t offset = row->offset + (row->count - 1) * row->stride, before;

		if (row->writable == 0)
			continue;
		for (k = 0; k < NB_NO_RESERVED && strcmp(no_reserved_bits[k], row->name) != 0; k++)
			;
		if ((reserved != 0) == (k < NB_NO_RESERVED))
			fail_msg("%s: reserved 0x%08x, %s", row->name, reserved,
				 k < NB_NO_RESERVED ? "listed" : "and no reason given");
		if (k < NB_NO_RESERVED)
			listed[k] = true;
		for (uint32_t bit = 1; bit != 0 && is_plain(row->name); bit <<= 1) {
			uint64_t broken = violations("RESERVED_BITS");

			if (!(reserved & bit))
				continue;
			before = rd(offset);
			wr(offset, row->access == REG_W1C ? bit : before ^ bit);
			if (violations("RESERVED_BITS") != broken + 1 || rd(offset) != before)
				fail_msg("%s bit 0x%08x: 0x%08x, then 0x%08x", row->name, bit,
					 before, rd(offset));
		}
	}
	for (k = 0; k < NB_NO_RESERVED; k++)
		if (!listed[k])
			fail_msg("%s is not in the table", no_reserved_bits[k]);
}

/* Bits that public programs are known to write, and the data sheet reserves. */
static void
reserved_bits_of_some_registers(void **state)
{
	static const struct { uint32_t offset, right, wrong; } writes[] = {
		{ NIC_RETA, 0x0f0e0d0c, 0x1f0e0d0c },            /* entries have 4 bits */
		{ NIC_RETA + 4 * 31, 0x00010203, 0x00010280 },
		{ 0x05c00, 0x01020304, 0x10000000 },             /* its second address */
		{ NIC_DTXMXSZRQ, 0x00000fff, 0x0000ffff },
		{ NIC_RDRXCTL, 0x06008802, 0x06008803 },         /* bit 0 is not CRC stripping */
		{ NIC_RDRXCTL, 0x06008802, 0x06000002 },         /* these are 1 after reset */
		{ NIC_HLREG0, 0x08012c0f, 0x0801000f },
		{ NIC_SRRCTL, 0x1a000402, 0x1a008002 },
		{ NIC_TXDCTL, 0x00080824, 0x00080884 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		uint64_t broken = counts().violations;

		wr(writes[i].offset, writes[i].right);
		assert_int_equal(counts().violations, broken);
		assert_int_equal(rd(writes[i].offset) & ~NIC_RDRXCTL_DMAIDONE,
				 writes[i].right & ~NIC_RDRXCTL_DMAIDONE);
		wr(writes[i].offset, writes[i].wrong);
		assert_int_equal(violations("RESERVED_BITS"), i + 1);
		assert_int_equal(counts().violations, i + 1);
	}
}

static void
queue_registers_are_numbered_through(void **state)
{
	struct reg_at at;
	char name[24];

	(void)state;
	for (unsigned int q = 0; q < NIC_QUEUES; q++) {
		assert_true(reg_find(rxq_reg(q, NIC_RDT), &at));
		assert_string_equal(at.reg->name, "RDT");
		assert_int_equal(at.i, q);
		assert_true(nic_is_doorbell(rxq_reg(q, NIC_RDT)));
		assert_false(nic_is_doorbell(rxq_reg(q, NIC_RDH)));
		assert_true(reg_find(txq_reg(q, NIC_TDT), &at));
		assert_int_equal(at.i, q);
		assert_true(nic_is_doorbell(txq_reg(q, NIC_TDT)));
		assert_false(nic_is_doorbell(txq_reg(q, NIC_TXDCTL)));
	}
	assert_int_equal(rxq_reg(64, NIC_RDT), 0xd018);
	assert_int_equal(txq_reg(127, NIC_TDT), 0x7fd8);
	assert_true(reg_find(0x12300, &at));
	assert_string_equal(reg_name(&at, name, sizeof(name)), "EITR[24]");
	assert_true(reg_find(NIC_CTRL, &at));
	assert_string_equal(reg_name(&at, name, sizeof(name)), "CTRL");
}

static void
walk_meets_each_register_once(void **state)
{
	struct nic_reg_info info;
	uint32_t cursor = 0, last = 0, n = 0, tails = 0;

	(void)state;
	while (nic_next_reg(&cursor, &info)) {
		assert_true(n++ == 0 || info.offset > last);
		last = info.offset;
		tails += strncmp(info.name, "RDT[", 4) == 0;
		assert_int_not_equal(info.offset, 0x00004); /* second address of CTRL */
		assert_int_not_equal(info.offset, 0x02100); /* second address of SRRCTL */
	}
	assert_int_equal(tails, NIC_QUEUES);
	assert_true(n > 4000);
}

static void
plain_registers_keep_their_writable_bits(void **state)
{
	unsigned int nb_rw = 0, nb_ro = 0;

	(void)state;
	for (size_t r = 0; r < NB_ROWS; r++) {
		const struct row *row = &rows[r];
		uint32_t offset = row->offset + (row->count - 1) * row->stride, value = 0xa5a5a5a5;

		if (row->readable == 0 || !is_plain(row->name))
			continue;
		if (row->access == REG_RW) {
			uint32_t shown = row->readable | row->reset;

			assert_int_equal(rd(row->offset), row->reset);
			wr(offset, value);
			assert_int_equal(rd(offset), ((row->reset & ~row->writable) |
				(value & row->writable & ~row->self)) & shown);
			wr(offset, ~value);
			assert_int_equal(rd(offset), ((row->reset & ~row->writable) |
				(~value & row->writable & ~row->self)) & shown);
			nb_rw++;
		} else if (row->access == REG_RO) {
			uint64_t before = violations("READ_ONLY");

			wr(offset, ~row->reset);
			assert_int_equal(rd(offset), row->reset & row->readable);
			assert_int_equal(violations("READ_ONLY"), before + 1);
			nb_ro++;
		}
	}
	assert_true(nb_rw > 100 && nb_ro > 10); /* most of the table */
	nic_reset(nic);
	assert_int_equal(rd(NIC_HLREG0), 0x08012c0b);
	assert_int_equal(rd(NIC_TXPBTHRESH), 0x96);
	assert_int_equal(rd(NIC_TXPBTHRESH + 4), 0);
}

static void
aliases_are_the_same_register(void **state)
{
	static const struct { uint32_t one, two, a, b; } pairs[] = {
		{ NIC_SRRCTL, 0x02100, 0x02000402, 0x0a000404 },
		{ NIC_SRRCTL + 15 * 0x40, 0x0213c, 0x1a000203, 0x02003f1f },
		{ NIC_DCA_RXCTRL + 3 * 0x40, 0x0220c, 0x01000200, 0xff00a0e0 },
		{ NIC_RETA + 4 * 31, 0x05c7c, 0x04030201, 0x08090a0b },
		{ NIC_RSSRK + 4 * 9, 0x05ca4, 0x04000000, 0xffffffff },
		{ NIC_MRQC, 0x05818, 0x00330001, 0x00030005 },
		{ NIC_PSRTYPE + 4 * 15, 0x054bc, 0x20000010, 0x40001000 },
		{ NIC_RAL + 8 * 15, 0x05478, 0x04000000, 0x08000001 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		wr(pairs[i].one, pairs[i].a);
		assert_int_equal(rd(pairs[i].two), pairs[i].a);
		wr(pairs[i].two, pairs[i].b);
		assert_int_equal(rd(pairs[i].one), pairs[i].b);
	}
	wr(0x05404, NIC_RAH_AV | 0x1234);
	assert_int_equal(rd(NIC_RAH), NIC_RAH_AV | 0x1234);
	wr(0x00004, NIC_CTRL_GIO_DIS);
	assert_int_equal(rd(NIC_CTRL), NIC_CTRL_GIO_DIS);
	assert_int_equal(rd(NIC_STATUS) & NIC_STATUS_GIO, 0);
	assert_int_equal(counts().violations, 0);
}

static void
unknown_and_odd_accesses_are_counted(void **state)
{
	struct nic_counts counts;
	char text[160];

	(void)state;
	assert_int_equal(rd(0x1fffc), 0);
	wr(0x1fffc, 1);
	assert_int_equal(rd(0x1fffc), 0);
	assert_int_equal(violations("UNKNOWN_REG"), 3);
	assert_int_equal(rd(2), 0);
	assert_int_equal(rd(NIC_BAR_SIZE), 0);
	nic_bad_access(nic, 0, 2);
	assert_int_equal(violations("ACCESS_SIZE"), 3);
	nic_get_counts(nic, &counts);
	assert_int_equal(counts.unknown_access, 3);
	assert_int_equal(counts.violations, 6);
	assert_int_equal(counts.reg_reads, 2);
	assert_int_equal(counts.reg_writes, 1);
	nic_get_first_violation(nic, text, sizeof(text));
	assert_string_equal(text, "UNKNOWN_REG (8.2.2): offset 0x1fffc");
}

static void
strict_device_refuses_reserved_bits(void **state)
{
	(void)state;
	wr(NIC_CTRL_EXT, 0x10000001);
	assert_int_equal(rd(NIC_CTRL_EXT), 0x10000000);
	assert_int_equal(violations("RESERVED_BITS"), 1);
	nic_free(nic);
	nic = create(0, true, -1);
	wr(NIC_CTRL_EXT, 0x10000001);
	assert_int_equal(rd(NIC_CTRL_EXT), 0);
	assert_int_equal(violations("RESERVED_BITS"), 1);
}

static void
registers_that_were_written_against_rules_are_named(void **state)
{
	static const struct {
		const char *name;
		uint64_t n;
	} expected[] = { { "CTRL_EXT", 2 }, { "LINKS", 1 }, { "QPTC[1]", 1 } };
	struct nic_reg_info info;
	uint32_t cursor = 0;
	unsigned int i = 0;
	uint64_t n;

	(void)state;
	wr(NIC_CTRL_EXT, 0x10000000);
	assert_false(nic_next_ill_written(nic, &cursor, &info, &n));
	wr(NIC_CTRL_EXT, 0x10000001);
	wr(NIC_CTRL_EXT, 0x00000001);
	wr(NIC_LINKS, 1);
	wr(0x06070, 1); /* QPTC[1] at its second address */
	for (cursor = 0; nic_next_ill_written(nic, &cursor, &info, &n); i++) {
		assert_true(i < 3);
		assert_string_equal(info.name, expected[i].name);
		assert_int_equal(n, expected[i].n);
	}
	assert_int_equal(i, 3);
	assert_int_equal(violations("RESERVED_BITS"), 2);
	assert_int_equal(violations("READ_ONLY"), 2);
}

static uint16_t
eerd(struct nic *n, uint16_t address)
{
	uint32_t value;

	nic_write(n, NIC_EERD, address << 2 | 1);
	value = nic_read(n, NIC_EERD);
	assert_true(value & NIC_EERD_DONE);
	return value >> 16;
}

static uint16_t
eeprom_checksum(struct nic *n)
{
	uint16_t sum = 0, section;

	for (uint16_t i = 0; i <= 0x3f; i++)
		sum += eerd(n, i);
	for (uint16_t i = 3; i < 0xf; i++) {
		section = eerd(n, i);
		for (uint16_t j = 1; section != 0xffff && j <= eerd(n, section); j++)
			sum += eerd(n, section + j);
	}
	return sum;
}

static void
eeprom_by_eerd(void **state)
{
	uint16_t section;

	(void)state;
	assert_true(rd(NIC_EEC) & NIC_EEC_PRES);
	assert_true(rd(NIC_EEC) & NIC_EEC_ARD);
	assert_int_equal(eeprom_checksum(nic), 0xbaba);
	assert_int_equal(eeprom_checksum(other), 0xbaba);
	assert_int_equal(eerd(nic, 0x3fff), 0xffff);
	assert_int_equal(eerd(nic, 8192), 0xffff); /* there is no such word; it is not word 0 */
	for (int port = 0; port < 2; port++) {
		section = eerd(nic, 0x09 + port);
		assert_int_equal(eerd(nic, section + 1), 0x8202);
		assert_int_equal(eerd(nic, section + 2), 0x9059);
		assert_int_equal(eerd(nic, section + 3), port << 8);
	}
	assert_int_equal(rd(NIC_RAL), 0x90598202);
	assert_int_equal(rd(NIC_RAH), NIC_RAH_AV);
	nic_set_faults(nic, 1u << NIC_FAULT_EEPROM);
	assert_int_not_equal(eeprom_checksum(nic), 0xbaba);
	assert_int_equal(eeprom_checksum(other), 0xbaba);
	nic_set_faults(nic, 1u << NIC_FAULT_EERD);
	wr(NIC_EERD, 1);
	assert_int_equal(rd(NIC_EERD) & NIC_EERD_DONE, 0);
}

static void
spi_out(uint32_t bits, int n)
{
	uint32_t eec = rd(NIC_EEC);

	while (n-- > 0) {
		eec = bits >> n & 1 ? eec | NIC_EEC_DI : eec & ~NIC_EEC_DI;
		wr(NIC_EEC, eec);
		wr(NIC_EEC, eec | NIC_EEC_SK);
		wr(NIC_EEC, eec);
	}
}

static uint32_t
spi_in(int n)
{
	uint32_t eec = rd(NIC_EEC) & ~NIC_EEC_DI, bits = 0;

	while (n-- > 0) {
		wr(NIC_EEC, eec | NIC_EEC_SK);
		bits = bits << 1 | !!(rd(NIC_EEC) & NIC_EEC_DO);
		wr(NIC_EEC, eec);
	}
	return bits;
}

static void
spi_select(bool select)
{
	uint32_t eec = rd(NIC_EEC) & ~(NIC_EEC_CS | NIC_EEC_SK | NIC_EEC_DI);

	wr(NIC_EEC, select ? eec : eec | NIC_EEC_CS);
}

static void
eeprom_by_bit_bang(void **state)
{
	uint32_t bytes;

	(void)state;
	/* without the grant nothing is clocked */
	spi_select(true);
	spi_out(0x03, 8);
	spi_out(0x3f * 2, 16);
	assert_int_equal(spi_in(16), 0);
	wr(NIC_EEC, rd(NIC_EEC) | NIC_EEC_REQ);
	assert_true(rd(NIC_EEC) & NIC_EEC_GNT);
	spi_select(false);
	spi_select(true);
	spi_out(0x05, 8);
	assert_int_equal(spi_in(8), 0); /* ready */
	spi_select(false);
	for (uint16_t i = 0; i <= 0x70; i++) {
		spi_select(true);
		spi_out(0x03, 8);
		spi_out(i * 2, 16);
		bytes = spi_in(16);
		assert_int_equal((bytes >> 8 | bytes << 8) & 0xffff, eerd(nic, i));
		/* the next word follows by itself */
		bytes = spi_in(16);
		assert_int_equal((bytes >> 8 | bytes << 8) & 0xffff, eerd(nic, i + 1));
		spi_select(false);
	}
	wr(NIC_EEC, rd(NIC_EEC) & ~NIC_EEC_REQ);
	assert_false(rd(NIC_EEC) & NIC_EEC_GNT);
	assert_int_equal(counts().violations, 0);
}

/* One command to the EEPROM, nothing but its first bits. */
static void
spi_command(uint8_t command)
{
	spi_select(true);
	spi_out(command, 8);
	spi_select(false);
}

/* Write n words; the EEPROM takes a word's low byte first. */
static void
spi_write(uint16_t address, const uint16_t *words, int n)
{
	spi_select(true);
	spi_out(0x02, 8);
	spi_out(address * 2, 16);
	while (n-- > 0) {
		spi_out((*words >> 8 | *words << 8) & 0xffff, 16);
		words++;
	}
	spi_select(false);
}

static uint8_t
spi_status(void)
{
	uint8_t status;

	spi_select(true);
	spi_out(0x05, 8);
	status = spi_in(8);
	spi_select(false);
	return status;
}

static void
eeprom_written_by_bit_bang(void **state)
{
	uint16_t words[40], mac[3] = { 0x1102, 0x3322, 0x5544 }, sum;

	(void)state;
	for (int i = 0; i < 40; i++)
		words[i] = 0x1234 + i;
	wr(NIC_EEC, rd(NIC_EEC) | NIC_EEC_REQ);
	spi_select(false);
	spi_write(0x80, words, 1); /* not enabled */
	assert_int_equal(eerd(nic, 0x80), 0xffff);
	spi_command(0x06);
	assert_int_equal(spi_status(), 0x02);
	spi_command(0x04);
	assert_int_equal(spi_status(), 0);
	spi_command(0x06);
	spi_write(0x80, words, 3);
	assert_int_equal(spi_status(), 0); /* done, and disabled again */
	for (int i = 0; i < 3; i++)
		assert_int_equal(eerd(other, 0x80 + i), 0x1234 + i); /* there is one for both */
	assert_int_equal(eerd(nic, 0x83), 0xffff);
	spi_write(0x83, words, 1);
	assert_int_equal(eerd(nic, 0x83), 0xffff);
	/* A page has 32 words. A longer write continues at its start; drivers test for that. */
	spi_command(0x06);
	spi_write(0x100, words, 40);
	assert_int_equal(eerd(nic, 0x100), 0x1234 + 32);
	assert_int_equal(eerd(nic, 0x107), 0x1234 + 39);
	assert_int_equal(eerd(nic, 0x108), 0x1234 + 8);
	assert_int_equal(eerd(nic, 0x120), 0xffff);
	/* as far as EEC says: 8192 words */
	assert_int_equal(rd(NIC_EEC) >> NIC_EEC_SIZE_SHIFT & 0xf, 7);
	spi_command(0x06);
	spi_write(8191, words, 1);
	assert_int_equal(eerd(nic, 8191), 0x1234);
	/* another MAC address, and the checksum to it: in use from the next reset on */
	spi_command(0x06);
	spi_write(eerd(nic, 0x09) + 1, mac, 3);
	sum = eerd(nic, 0x3f) + 0xbaba - eeprom_checksum(nic);
	spi_command(0x06);
	spi_write(0x3f, &sum, 1);
	assert_int_equal(eeprom_checksum(nic), 0xbaba);
	assert_int_equal(rd(NIC_RAL), 0x90598202);
	nic_reset(nic);
	assert_int_equal(rd(NIC_RAL), 0x33221102);
	assert_int_equal(rd(NIC_RAH), NIC_RAH_AV | 0x5544);
	assert_int_equal(nic_read(other, NIC_RAL), 0x90598202);
	/* a pointer to nowhere: there is no address behind it, and no sum over it */
	wr(NIC_EEC, rd(NIC_EEC) | NIC_EEC_REQ);
	spi_select(false);
	spi_command(0x06);
	words[0] = 0xfff0;
	spi_write(0x09, words, 1);
	nic_reset(nic);
	assert_int_equal(rd(NIC_RAL), ALL);
	nic_free(nic);
	nic = create(0, false, -1);
	assert_non_null(nic);
	assert_int_equal(counts().violations, 0);
}

/* What drivers show of a card: its part number (PBA), and the image's track id. */
static void
eeprom_identity(void **state)
{
	uint16_t at, word;
	char text[16] = "";

	(void)state;
	assert_int_equal(eerd(nic, 0x15), 0xfafa);
	at = eerd(nic, 0x16);
	for (int i = 1; i < eerd(nic, at); i++) {
		word = eerd(nic, at + i);
		text[2 * i - 2] = word >> 8;
		text[2 * i - 1] = word;
	}
	assert_string_equal(text, "SIM599-001");
	assert_int_equal((uint32_t)eerd(nic, 0x2e) << 16 | eerd(nic, 0x2d), 0x80000001);
	assert_int_equal(eerd(nic, 0x2c), 0x0083);
	/* none of these: sensors, alternate, SAN and iSCSI addresses */
	assert_int_equal(eerd(nic, 0x26), 0xffff);
	assert_int_equal(eerd(nic, 0x27), 0xffff);
	assert_int_equal(eerd(nic, 0x28), 0xffff);
	assert_int_equal(eerd(nic, 0x37), 0xffff);
}

/* The two lines: clock and data, as the master lets them. */
static void
i2c_lines(bool clock, bool data)
{
	wr(NIC_I2CCTL, (clock ? NIC_I2CCTL_CLK_OUT : 0) | (data ? NIC_I2CCTL_DATA_OUT : 0));
}

static bool
i2c_data(void)
{
	assert_true(rd(NIC_I2CCTL) & NIC_I2CCTL_CLK_IN);
	return rd(NIC_I2CCTL) & NIC_I2CCTL_DATA_IN;
}

static void
i2c_start(void)
{
	i2c_lines(false, true);
	i2c_lines(true, true);
	i2c_lines(true, false);
	i2c_lines(false, false);
}

static void
i2c_stop(void)
{
	i2c_lines(false, false);
	i2c_lines(true, false);
	i2c_lines(true, true);
}

/* @return what the line was while the clock was high */
static bool
i2c_bit(bool out)
{
	bool in;

	i2c_lines(false, out);
	i2c_lines(true, out);
	in = i2c_data();
	i2c_lines(false, out);
	return in;
}

/* @return true if it was acknowledged */
static bool
i2c_write(uint8_t byte)
{
	for (int bit = 7; bit >= 0; bit--)
		i2c_bit(byte >> bit & 1);
	return !i2c_bit(true);
}

static uint8_t
i2c_read(bool ack)
{
	uint8_t byte = 0;

	for (int bit = 0; bit < 8; bit++)
		byte = byte << 1 | i2c_bit(true);
	assert_int_equal(i2c_bit(!ack), !ack); /* the module lets the line to the master */
	return byte;
}

/* All 256 bytes of one of the module's devices. */
static void
sfp_read(uint8_t device, uint8_t *memory)
{
	for (unsigned int i = 0; i < 256; i++) {
		i2c_start();
		assert_true(i2c_write(device));
		assert_true(i2c_write(i));
		i2c_start();
		assert_true(i2c_write(device | 1));
		memory[i] = i2c_read(false);
		i2c_stop();
	}
}

static uint8_t
sum_of(const uint8_t *from, unsigned int n)
{
	uint8_t sum = 0;

	while (n-- > 0)
		sum += *from++;
	return sum;
}

static void
sfp_diagnostics(void **state)
{
	uint8_t id[256], diag[256];

	(void)state;
	sfp_read(0xa0, id);
	assert_int_equal(id[95], sum_of(&id[64], 31));
	/* implemented, without change of address; a revision is given */
	assert_int_equal(id[92] & 0x44, 0x40);
	assert_int_not_equal(id[94], 0);
	sfp_read(0xa2, diag);
	assert_int_equal(diag[95], sum_of(diag, 95));
	/* in the dark: no receive power, loss of signal, alarm and warning */
	assert_int_equal(diag[104] << 8 | diag[105], 0);
	assert_int_equal(diag[110], 0x02);
	assert_int_equal(diag[113], 0x40);
	assert_int_equal(diag[117], 0x40);
	nic_set_wire(nic, &wire.wire);
	sfp_read(0xa2, diag);
	for (int i = 0; i < 5; i++) { /* all values are between their warning limits */
		int16_t high = diag[8 * i + 4] << 8 | diag[8 * i + 5];
		int16_t low = diag[8 * i + 6] << 8 | diag[8 * i + 7];
		int16_t value = diag[96 + 2 * i] << 8 | diag[97 + 2 * i];

		assert_true(i == 0 ? low < value && value < high :
			    (uint16_t)low < (uint16_t)value && (uint16_t)value < (uint16_t)high);
	}
	assert_int_equal(diag[110] | diag[112] | diag[113] | diag[116] | diag[117], 0);
	wr(NIC_ESDP, rd(NIC_ESDP) | NIC_ESDP_SDP3); /* laser off */
	sfp_read(0xa2, diag);
	assert_int_equal(diag[102] << 8 | diag[103], 0);
	assert_int_equal(diag[110], 0x80);
	assert_int_equal(diag[112], 0x05);
}

static void
sfp_over_i2c(void **state)
{
	uint8_t module[256], sum = 0;

	(void)state;
	assert_int_equal(rd(NIC_I2CCTL), 0xf);
	sfp_read(0xa0, module);
	assert_int_equal(module[0], 3);
	assert_int_equal(module[3], 0x10);
	assert_int_equal(module[6], 0);
	assert_memory_equal(&module[0x25], "\x00\x1b\x21", 3);
	for (int i = 0; i < 63; i++)
		sum += module[i];
	assert_int_equal(module[63], sum);
	/* one byte after the other, acknowledged by the master */
	i2c_start();
	assert_true(i2c_write(0xa0));
	assert_true(i2c_write(20));
	i2c_start();
	assert_true(i2c_write(0xa1));
	for (int i = 20; i < 36; i++)
		assert_int_equal(i2c_read(i < 35), module[i]);
	assert_int_equal(i2c_read(false), 0xff); /* not acknowledged: it has stopped */
	i2c_stop();
	/* no PHY in the module */
	i2c_start();
	assert_false(i2c_write(0xac));
	i2c_stop();
	i2c_start();
	assert_true(i2c_write(0xa0));
	i2c_stop();
	/* the cage is empty */
	assert_true(rd(NIC_ESDP) & NIC_ESDP_SDP2);
	nic_set_faults(nic, 1u << NIC_FAULT_SFP);
	i2c_start();
	assert_false(i2c_write(0xa0));
	i2c_stop();
	assert_false(rd(NIC_ESDP) & NIC_ESDP_SDP2);
}

static void
semaphores_are_the_cards(void **state)
{
	(void)state;
	assert_int_equal(nic_peek(nic, NIC_SWSM), 0);
	assert_int_equal(rd(NIC_SWSM) & NIC_SWSM_SMBI, 0); /* ours */
	assert_true(nic_read(other, NIC_SWSM) & NIC_SWSM_SMBI);
	wr(NIC_SWSM, NIC_SWSM_SMBI | NIC_SWSM_SWESMBI);
	assert_int_equal(rd(NIC_SWSM), NIC_SWSM_SMBI | NIC_SWSM_SWESMBI);
	wr(NIC_GSSR, 0x2);
	assert_int_equal(nic_read(other, NIC_GSSR), 0x2);
	wr(NIC_SWSM, 0);
	assert_int_equal(nic_read(other, NIC_SWSM) & NIC_SWSM_SMBI, 0); /* theirs */
	assert_true(rd(NIC_SWSM) & NIC_SWSM_SMBI);
	/* a function's reset leaves them alone */
	wr(NIC_CTRL, NIC_CTRL_RST);
	assert_int_equal(nic_read(other, NIC_GSSR), 0x2);
	assert_int_equal(rd(NIC_STATUS) >> NIC_STATUS_LAN_ID_SHIFT & 3, 0);
	assert_int_equal(nic_read(other, NIC_STATUS) >> NIC_STATUS_LAN_ID_SHIFT & 3, 1);
}

/* @return ms until the link is up */
static uint64_t
link_wait(void)
{
	uint64_t start = clock_ns;

	while (!nic_link_is_up(nic)) {
		assert_true(clock_ns < start + 1000 * MS);
		rig_pass(10 * US);
	}
	return (clock_ns - start) / MS;
}

static void
reset_clears_itself_and_the_rest(void **state)
{
	(void)state;
	wr(NIC_RXPBSIZE, 0x400);
	wr(NIC_RAL, 0x12345678);
	wr(NIC_EIMS, NIC_EICR_LSC);
	wr(NIC_EICS, NIC_EICR_LSC);
	assert_true(line);
	nic->stat[STAT_GPRC] = 5;
	wr(NIC_CTRL, NIC_CTRL_RST | NIC_CTRL_GIO_DIS);
	nic->rst_until = UINT64_MAX;
	assert_int_equal(rd(NIC_CTRL), NIC_CTRL_RST);
	nic->rst_until = clock_ns + 1000;
	clock_ns += 999;
	assert_int_equal(rd(NIC_CTRL), NIC_CTRL_RST);
	clock_ns += 1;
	assert_int_equal(rd(NIC_CTRL), 0);
	assert_true(rd(NIC_STATUS) & NIC_STATUS_GIO);
	assert_int_equal(counts().violations, 0);
	rd(NIC_RXPBSIZE); /* too early */
	assert_int_equal(violations("RESET_ACCESS"), 1);
	rig_pass(MS);
	assert_int_equal(rd(NIC_RXPBSIZE), 0x80000);
	assert_int_equal(rd(NIC_RAL), 0x90598202);
	assert_int_equal(rd(NIC_EIMS), 0);
	assert_int_equal(rd(NIC_GPRC), 0);
	assert_false(line);
	assert_int_equal(violations("RESET_ACCESS"), 1);
	/* it takes the link down, but masks that first */
	nic_set_wire(nic, &wire.wire);
	link_wait();
	rd(NIC_EICR);
	wr(NIC_EIMS, NIC_EICR_LSC);
	line_changes = 0;
	nic_reset(nic);
	assert_false(nic_link_is_up(nic));
	assert_int_equal(line_changes, 0);
	assert_int_equal(rd(NIC_EICR), 0);
	nic_set_wire(nic, NULL);
	/* a reset that does not end */
	nic_set_faults(nic, 1u << NIC_FAULT_RESET);
	wr(NIC_CTRL, NIC_CTRL_LRST);
	rig_pass(2 * MS);
	assert_true(rd(NIC_CTRL) & NIC_CTRL_LRST);
}

static void
link_comes_after_a_while(void **state)
{
	(void)state;
	assert_int_equal(rd(NIC_LINKS) & NIC_LINKS_UP, 0);
	rig_pass(30 * MS); /* no wire, no link */
	assert_int_equal(rd(NIC_LINKS) & NIC_LINKS_UP, 0);
	wr(NIC_EIMS, NIC_EICR_LSC);
	rd(NIC_EICR);
	assert_false(line);
	nic_set_wire(nic, &wire.wire);
	assert_true(link_wait() >= 19);
	assert_true(line);
	assert_int_equal(wire.link_calls, 1);
	assert_true(rd(NIC_STATUS) & NIC_STATUS_LINKUP);
	assert_int_equal(rd(NIC_LINKS), 0x70000000); /* was down since the last read */
	assert_int_equal(rd(NIC_LINKS), 0x70000080);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC);
	assert_false(line);
	assert_int_equal(rd(NIC_EICR), 0);
	/* a restart takes it down, and tells so */
	wr(NIC_AUTOC, rd(NIC_AUTOC) | NIC_AUTOC_AN_RESTART);
	assert_int_equal(rd(NIC_AUTOC) & NIC_AUTOC_AN_RESTART, 0);
	assert_false(nic_link_is_up(nic));
	assert_true(line);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC);
	assert_true(link_wait() >= 19);
	/* again, though never read while it was down */
	assert_int_equal(rd(NIC_LINKS), 0x70000000);
	rd(NIC_EICR);
	/* laser off and on */
	wr(NIC_ESDP, rd(NIC_ESDP) | NIC_ESDP_SDP3);
	assert_false(nic_link_is_up(nic));
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC);
	rig_pass(30 * MS);
	assert_false(nic_link_is_up(nic));
	wr(NIC_ESDP, rd(NIC_ESDP) & ~NIC_ESDP_SDP3);
	assert_true(link_wait() >= 19);
	/* the far end goes dark, which only polling can notice */
	wire.wire.light = false;
	rig_pass(MS);
	assert_false(nic_link_is_up(nic));
	wire.wire.light = true;
	assert_true(link_wait() >= 19);
	/* or, by who sleeps until then, the next poll */
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
	wire.wire.light = false;
	nic_poll(nic);
	assert_false(nic_link_is_up(nic));
	wire.wire.light = true;
	link_wait();
	/* faults */
	nic_set_faults(nic, 1u << NIC_FAULT_LINK);
	assert_false(nic_link_is_up(nic));
	nic_set_faults(nic, 0);
	link_wait();
	/* no backplane here */
	wr(NIC_AUTOC, NIC_AUTOC_AN_RESTART | NIC_AUTOC_LMS_10G_PARALLEL);
	rig_pass(30 * MS);
	assert_false(nic_link_is_up(nic));
	wr(NIC_AUTOC, NIC_AUTOC_AN_RESTART | NIC_AUTOC_LMS_10G_SERIAL);
	link_wait();
	nic_set_wire(nic, NULL);
	assert_false(nic_link_is_up(nic));
	assert_int_equal(wire.link_calls, 14);
	assert_int_equal(counts().violations, 0);
}

static void
link_at_1g(void **state)
{
	(void)state;
	nic_set_wire(nic, &wire.wire);
	wr(NIC_AUTOC, NIC_AUTOC_AN_RESTART | NIC_AUTOC_LMS_1G);
	assert_int_equal(rd(NIC_PCS1GLSTA), 0);
	link_wait();
	rd(NIC_LINKS);
	assert_int_equal(rd(NIC_LINKS), NIC_LINKS_UP | NIC_LINKS_SPEED_1G | NIC_LINKS_STATUS);
	assert_int_equal(rd(NIC_PCS1GLSTA), NIC_PCS1GLSTA_LINK_OK | NIC_PCS1GLSTA_SYNC_OK);
	assert_int_equal(rd(NIC_PCS1GANLP), 0);
	wr(NIC_AUTOC, NIC_AUTOC_AN_RESTART | NIC_AUTOC_LMS_1G_AN);
	link_wait();
	assert_true(rd(NIC_PCS1GLSTA) & NIC_PCS1GLSTA_AN_COMPLETE);
	assert_int_equal(rd(NIC_PCS1GANLP), NIC_PCS1GANLP_FD | NIC_PCS1GANLP_PAUSE);
	assert_int_equal(counts().violations, 0);
}

static void
link_up_by_force(void **state)
{
	(void)state;
	rig_pass(30 * MS);
	assert_false(nic_link_is_up(nic)); /* no wire */
	wr(NIC_AUTOC, rd(NIC_AUTOC) | NIC_AUTOC_FLU);
	nic_poll(nic);
	assert_true(nic_link_is_up(nic));
	wr(NIC_AUTOC, rd(NIC_AUTOC) & ~NIC_AUTOC_FLU);
	assert_false(nic_link_is_up(nic));
	wr(NIC_AUTOC, NIC_AUTOC_FLU | NIC_AUTOC_LMS_10G_PARALLEL); /* without light, in any mode */
	nic_poll(nic);
	assert_true(nic_link_is_up(nic));
	nic_reset(nic);
	rig_pass(30 * MS);
	assert_false(nic_link_is_up(nic));
	/* where light is there, but no partner for the mode, and where the link is on its way */
	nic_set_wire(nic, &wire.wire);
	wr(NIC_AUTOC, NIC_AUTOC_AN_RESTART | NIC_AUTOC_LMS_10G_PARALLEL);
	rig_pass(30 * MS);
	assert_false(nic_link_is_up(nic));
	wr(NIC_AUTOC, NIC_AUTOC_FLU | NIC_AUTOC_LMS_10G_PARALLEL);
	nic_poll(nic);
	assert_true(nic_link_is_up(nic));
	assert_int_equal(wire.link_calls, 1);
	wr(NIC_AUTOC, NIC_AUTOC_FLU | NIC_AUTOC_LMS_10G_SERIAL); /* it is up already */
	assert_int_equal(wire.link_calls, 1);
}

static void
interrupt_is_a_level(void **state)
{
	(void)state;
	wr(NIC_EICS, NIC_EICR_LSC | 1);
	assert_int_equal(nic_peek(nic, NIC_EICR), NIC_EICR_LSC | 1);
	assert_int_equal(line_changes, 0); /* masked */
	wr(NIC_EIMS, NIC_EICR_LSC);
	wr(NIC_EIMS, 1);
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_LSC | 1);
	assert_int_equal(rd(NIC_EIMS_EX), 1); /* the same bits */
	assert_true(line);
	wr(NIC_EICR, NIC_EICR_LSC); /* write 1 to clear: the other cause stays */
	assert_true(line);
	assert_int_equal(nic_peek(nic, NIC_EICR), 1);
	wr(NIC_EIMC_EX, 1);
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_LSC);
	assert_false(line);
	wr(NIC_EIMS_EX, 3);
	assert_int_equal(rd(NIC_EIMS), NIC_EICR_LSC | 3);
	assert_true(line);
	wr(NIC_EIMC, ALL);
	assert_int_equal(rd(NIC_EIMS), 0);
	assert_int_equal(rd(NIC_EIMS_EX), 0);
	assert_false(line);
	assert_int_equal(rd(NIC_EICR), 1);
	assert_int_equal(rd(NIC_EICR), 0);
	wr(NIC_EICS_EX, 4);
	assert_int_equal(nic_peek(nic, NIC_EICR), 4);
	/* GPIE.OCD: a read clears only the other causes */
	wr(NIC_EICS, NIC_EICR_LSC);
	wr(NIC_GPIE, NIC_GPIE_OCD);
	assert_int_equal(rd(NIC_EICR), NIC_EICR_LSC | 4);
	assert_int_equal(rd(NIC_EICR), 4);
	/* EIAM: a read masks */
	wr(NIC_GPIE, 0);
	wr(NIC_EIAM, 4);
	wr(NIC_EIMS, 6);
	rd(NIC_EICR);
	assert_int_equal(rd(NIC_EIMS), 2);
	assert_int_equal(line_changes, 6);
	assert_int_equal(counts().violations, 0);
}

static void
statistics_clear_stick_and_latch(void **state)
{
	(void)state;
	nic->stat[STAT_GPRC] = 3;
	assert_int_equal(nic_peek(nic, NIC_GPRC), 3);
	assert_int_equal(rd(NIC_GPRC), 3);
	assert_int_equal(rd(NIC_GPRC), 0);
	nic->stat[STAT_GPRC] = UINT64_C(0x100000001);
	assert_int_equal(rd(NIC_GPRC), ALL); /* sticks */
	nic->stat[STAT_GORC] = UINT64_C(0xf12345678);
	assert_int_equal(nic_peek(nic, NIC_GORCL), 0x12345678);
	assert_int_equal(rd(NIC_GORCL), 0x12345678);
	nic->stat[STAT_GORC] += 64; /* a frame comes in between the two reads */
	assert_int_equal(rd(NIC_GORCH), 0xf);
	assert_int_equal(rd(NIC_GORCH), 0);
	assert_int_equal(rd(NIC_GORCL), 64);
	nic->stat[STAT_GORC] = UINT64_C(1) << 36;
	assert_int_equal(rd(NIC_GORCL), ALL);
	assert_int_equal(rd(NIC_GORCH), 0xf);
	for (unsigned int i = 0; i < 16; i++) {
		nic->stat[STAT_QPRC + i] = 100 + i;
		nic->stat[STAT_QBRC + i] = (UINT64_C(1) << 32) + i;
		nic->stat[STAT_QPRDC + i] = 200 + i;
		nic->stat[STAT_QPTC + i] = 300 + i;
		nic->stat[STAT_QBTC + i] = (UINT64_C(2) << 32) + i;
	}
	for (unsigned int i = 0; i < 16; i++) {
		assert_int_equal(rd(0x01030 + 0x40 * i), 100 + i);
		assert_int_equal(rd(0x01034 + 0x40 * i), i);
		assert_int_equal(rd(0x01038 + 0x40 * i), 1);
		assert_int_equal(rd(0x01430 + 0x40 * i), 200 + i);
		assert_int_equal(rd(i % 2 ? 0x06030 + 0x40 * i : 0x08680 + 4 * i), 300 + i);
		assert_int_equal(rd(i % 2 ? 0x08680 + 4 * i : 0x06030 + 0x40 * i), 0);
		assert_int_equal(rd(0x08700 + 8 * i), i);
		assert_int_equal(rd(0x08704 + 8 * i), 2);
	}
	nic->stat[STAT_RXMPC] = 7;
	assert_int_equal(rd(0x03fa0), 7);
	assert_int_equal(rd(0x03fa4), 0);
	assert_int_equal(rd(NIC_FDIRUSTAT), 0);
	assert_int_equal(counts().violations, 0);
	wr(NIC_GPRC, 1);
	assert_int_equal(violations("READ_ONLY"), 1);
}

/* A good frame in each direction, its length with FCS */
static void
count_frame(const uint8_t *frame, uint32_t len_fcs)
{
	stats_rx_frames(nic, frame, len_fcs, 1);
	stats_rx_total(nic, 1, len_fcs - FCS_LEN);
	stats_rx_right(nic, 1, len_fcs - FCS_LEN);
	stats_rx_good(nic, 1, len_fcs - FCS_LEN);
	stats_tx_frames(nic, frame, len_fcs, 1);
	stats_tx_good(nic, 1, len_fcs - FCS_LEN);
}

static void
frames_are_counted_by_size_and_cast(void **state)
{
	static const struct { uint32_t len, rx, tx; } sizes[] = {
		{ 64, NIC_PRC64, NIC_PTC64 },
		{ 65, NIC_PRC127, NIC_PTC127 }, { 127, NIC_PRC127, NIC_PTC127 },
		{ 128, NIC_PRC255, NIC_PTC255 }, { 511, NIC_PRC511, NIC_PTC511 },
		{ 1023, NIC_PRC1023, NIC_PTC1023 }, { 1024, NIC_PRC1522, NIC_PTC1522 },
		{ 9728, NIC_PRC1522, NIC_PTC1522 },
	};
	uint8_t frame[14] = { 0x02 };
	uint32_t total = 0;

	(void)state;
	wr(NIC_HLREG0, rd(NIC_HLREG0) | NIC_HLREG0_RXCRCSTRP);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		count_frame(frame, sizes[i].len);
		assert_int_equal(rd(sizes[i].rx), 1);
		assert_int_equal(rd(sizes[i].tx), 1);
		total += sizes[i].len;
	}
	stats_rx_total(nic, 1, 100 - FCS_LEN);
	stats_rx_right(nic, 1, 100 - FCS_LEN);
	assert_int_equal(rd(NIC_GPRC), 8);
	assert_int_equal(rd(NIC_TPR), 9);
	assert_int_equal(rd(NIC_RXNFGPC), 9);
	assert_int_equal(rd(NIC_GORCL), total - 8 * FCS_LEN); /* the CRC is stripped */
	assert_int_equal(rd(NIC_TORL), total + 100);
	assert_int_equal(rd(NIC_GPTC), 8);
	assert_int_equal(rd(NIC_TPT), 8);
	assert_int_equal(rd(NIC_GOTCL), total);
	wr(NIC_HLREG0, rd(NIC_HLREG0) & ~NIC_HLREG0_RXCRCSTRP);
	frame[0] = 0x01;
	count_frame(frame, 64);
	assert_int_equal(rd(NIC_GORCL), 64);
	assert_int_equal(rd(NIC_MPRC), 1);
	assert_int_equal(rd(NIC_MPTC), 1);
	memset(frame, 0xff, 6);
	count_frame(frame, 64);
	assert_int_equal(rd(NIC_MPRC), 0);
	assert_int_equal(rd(NIC_BPRC), 1);
	assert_int_equal(rd(NIC_MPTC), 0);
	assert_int_equal(rd(NIC_BPTC), 1);
}

static bool
accepts(const char *mac, unsigned int vlan)
{
	uint8_t frame[64] = { 0 };
	unsigned int b[6];

	assert_int_equal(sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]),
			 6);
	for (int i = 0; i < 6; i++)
		frame[i] = b[i];
	if (vlan != 0) {
		frame[12] = 0x81;
		frame[14] = vlan >> 8;
		frame[15] = vlan;
	}
	if (nic->filter.stale)
		filter_rebuild(nic);
	return filter_judge(nic, frame) != FILTER_REFUSED;
}

static void
filters_follow_their_registers(void **state)
{
	(void)state;
	assert_true(accepts("02:82:59:90:00:00", 0));
	assert_false(accepts("02:82:59:90:00:01", 0));
	assert_false(accepts("ff:ff:ff:ff:ff:ff", 0));
	/* exact: the last of the 128, only when valid */
	wr(NIC_RAL + 8 * 127, 0x33221100);
	wr(NIC_RAH + 8 * 127, 0x5544);
	assert_false(accepts("00:11:22:33:44:55", 0));
	wr(NIC_RAH + 8 * 127, NIC_RAH_AV | 0x5544);
	assert_true(accepts("00:11:22:33:44:55", 0));
	wr(0x05404, rd(0x05404) & ~NIC_RAH_AV);
	assert_false(accepts("02:82:59:90:00:00", 0));
	/* broadcast, unicast and multicast promiscuous: each its own */
	wr(NIC_FCTRL, NIC_FCTRL_BAM);
	assert_true(accepts("ff:ff:ff:ff:ff:ff", 0));
	assert_false(accepts("01:00:5e:00:00:01", 0));
	wr(NIC_FCTRL, NIC_FCTRL_UPE);
	assert_true(accepts("02:00:00:00:00:07", 0));
	assert_false(accepts("ff:ff:ff:ff:ff:ff", 0));
	assert_false(accepts("01:00:5e:00:00:01", 0));
	wr(NIC_FCTRL, NIC_FCTRL_MPE);
	assert_false(accepts("02:00:00:00:00:07", 0));
	assert_true(accepts("01:00:5e:00:00:01", 0));
	assert_true(accepts("ff:ff:ff:ff:ff:ff", 0));
	/* VLAN: after all of these */
	wr(NIC_VLNCTRL, rd(NIC_VLNCTRL) | NIC_VLNCTRL_VFE);
	assert_true(accepts("01:00:5e:00:00:01", 0));
	assert_false(accepts("01:00:5e:00:00:01", 0x123));
	wr(NIC_VFTA + 4 * (0x123 / 32), 1u << 0x123 % 32);
	assert_true(accepts("01:00:5e:00:00:01", 0x123));
	assert_false(accepts("01:00:5e:00:00:01", 0x122));
	assert_int_equal(counts().violations, 0);
}

static void
multicast_table_is_indexed_by_mo(void **state)
{
	/* upper 16 bits of 01:00:5e:01:aa:c5, the last two bytes, are 0xc5aa */
	static const unsigned int hash[4] = { 0xc5a, 0x8b5, 0x16a, 0x5aa };

	(void)state;
	for (unsigned int mo = 0; mo < 4; mo++) {
		for (unsigned int i = 0; i < 128; i++)
			wr(NIC_MTA + 4 * i, 0);
		wr(NIC_MCSTCTRL, NIC_MCSTCTRL_MFE | mo);
		assert_false(accepts("01:00:5e:01:aa:c5", 0));
		wr(NIC_MTA + 4 * (hash[mo] / 32), 1u << hash[mo] % 32);
		assert_true(accepts("01:00:5e:01:aa:c5", 0));
		assert_false(accepts("01:00:5e:01:aa:c6", 0));
		assert_false(accepts("00:00:5e:01:aa:c5", 0)); /* not for unicast */
		wr(NIC_MCSTCTRL, mo);
		assert_false(accepts("01:00:5e:01:aa:c5", 0));
	}
}

/* Ring and buffer registers of receive queue q and transmit queue q. */
static void
queue_prepare(unsigned int q)
{
	wr(NIC_DMATXCTL, rd(NIC_DMATXCTL) | NIC_DMATXCTL_TE);
	wr(NIC_RDRXCTL, rd(NIC_RDRXCTL) | NIC_RDRXCTL_CRCSTRIP);
	wr(NIC_HLREG0, rd(NIC_HLREG0) | NIC_HLREG0_RXCRCSTRP);
	wr(rxq_reg(q, NIC_RDBAL), (uint32_t)HOST_BASE);
	wr(rxq_reg(q, NIC_RDBAH), HOST_BASE >> 32);
	wr(rxq_reg(q, NIC_RDLEN), 64 * 16);
	wr(rxq_reg(q, NIC_SRRCTL), 2 | 1u << NIC_SRRCTL_DESCTYPE_SHIFT);
	wr(txq_reg(q, NIC_TDBAL), (uint32_t)HOST_BASE + 0x8000);
	wr(txq_reg(q, NIC_TDBAH), HOST_BASE >> 32);
	wr(txq_reg(q, NIC_TDLEN), 64 * 16);
}

static void
queues_are_enabled_and_disabled(void **state)
{
	static const unsigned int queues[] = { 0, 63, 64, 127 };

	(void)state;
	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		unsigned int q = queues[i];
		uint32_t rxdctl = rxq_reg(q, NIC_RXDCTL), txdctl = txq_reg(q, NIC_TXDCTL);

		queue_prepare(q);
		wr(rxq_reg(q, NIC_RDT), 0);
		wr(txq_reg(q, NIC_TDT), 0);
		wr(rxdctl, NIC_RXDCTL_ENABLE | NIC_RXDCTL_SWFLSH);
		wr(txdctl, NIC_TXDCTL_ENABLE | NIC_TXDCTL_SWFLSH);
		assert_int_equal(rd(rxdctl), NIC_RXDCTL_ENABLE);
		assert_int_equal(rd(txdctl), NIC_TXDCTL_ENABLE);
		assert_true(nic->rxq[q].live && nic->txq[q].live);
		wr(rxq_reg(q, NIC_RDH), 0);
		wr(rxq_reg(q, NIC_RDT), 63);
		assert_int_equal(rd(rxq_reg(q, NIC_RDT)), 63);
		nic->rxq[q].ring.head = 5;
		nic->txq[q].ring.head = 6;
		assert_int_equal(rd(rxq_reg(q, NIC_RDH)), 5);
		assert_int_equal(rd(txq_reg(q, NIC_TDH)), 6);
		assert_int_equal(counts().violations, 0);
		wr(rxdctl, 0);
		wr(txdctl, 0);
		assert_int_equal(rd(rxdctl), 0);
		assert_int_equal(rd(txdctl), 0);
		assert_false(nic->rxq[q].live || nic->txq[q].live);
		assert_int_equal(rd(rxq_reg(q, NIC_RDT)), 0);
	}
	assert_int_equal(nic->nb_live, 0);
}

static void
queue_rules(void **state)
{
	(void)state;
	queue_prepare(3);
	wr(rxq_reg(3, NIC_RDT), 5);
	wr(txq_reg(3, NIC_TDT), 5);
	assert_int_equal(violations("TAIL_EARLY"), 2);
	assert_int_equal(rd(rxq_reg(3, NIC_RDT)), 5);
	wr(rxq_reg(3, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
	wr(txq_reg(3, NIC_TXDCTL), NIC_TXDCTL_ENABLE);
	assert_int_equal(rd(rxq_reg(3, NIC_RDT)), 0); /* a queue starts empty */
	assert_int_equal(rd(txq_reg(3, NIC_TDT)), 0);
	wr(rxq_reg(3, NIC_RDLEN), 64 * 16); /* no change */
	assert_int_equal(violations("RING_LIVE"), 0);
	wr(rxq_reg(3, NIC_RDLEN), 128 * 16);
	wr(txq_reg(3, NIC_TDBAL), 0);
	wr(0x02100 + 4 * 3, rd(rxq_reg(3, NIC_SRRCTL)) | NIC_SRRCTL_DROP_EN); /* no size */
	assert_int_equal(violations("RING_LIVE"), 2);
	wr(0x02100 + 4 * 3, 4);                                               /* packets' buffers */
	wr(0x02100 + 4 * 3, 4 | 2u << NIC_SRRCTL_BSIZEHEADER_SHIFT);          /* headers' */
	assert_int_equal(violations("RING_LIVE"), 4);
	wr(rxq_reg(3, NIC_RDT), 8);
	wr(rxq_reg(3, NIC_RDH), 0);
	wr(txq_reg(3, NIC_TDH), 1);
	assert_int_equal(violations("HEAD_LIVE"), 2);
	assert_int_equal(rd(txq_reg(3, NIC_TDH)), 0);
	/* a base that is only 64-byte aligned is seen, and kept */
	wr(rxq_reg(5, NIC_RDBAL), 0x40);
	assert_int_equal(rd(rxq_reg(5, NIC_RDBAL)), 0x40);
	/* a queue with a bad ring does not come up */
	wr(rxq_reg(4, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
	assert_int_equal(rd(rxq_reg(4, NIC_RXDCTL)), 0);
	assert_int_equal(violations("RING_LENGTH"), 1);
	/* a reset ends them all */
	nic_reset(nic);
	assert_int_equal(nic->nb_live, 0);
	assert_int_equal(rd(rxq_reg(3, NIC_RXDCTL)), 0);
}

/* 8.2.3.8.8: RDRXCTL.CRCSTRIP and HLREG0.RXCRCSTRP may be written in any order, and queues enabled
 * between: what they are when the receiver is turned on counts. */
static void
crc_strip_is_judged_when_the_receiver_starts(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		const bool rdrxctl = i & 1, hlreg0 = i & 2, strict = i & 4;

		nic_free(nic);
		nic = create(0, strict, -1);
		queue_prepare(0); /* sets both */
		wr(NIC_RDRXCTL, rd(NIC_RDRXCTL) & ~NIC_RDRXCTL_CRCSTRIP);
		wr(rxq_reg(0, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
		assert_int_equal(rd(rxq_reg(0, NIC_RXDCTL)), NIC_RXDCTL_ENABLE);
		if (rdrxctl)
			wr(NIC_RDRXCTL, rd(NIC_RDRXCTL) | NIC_RDRXCTL_CRCSTRIP);
		if (!hlreg0)
			wr(NIC_HLREG0, rd(NIC_HLREG0) & ~NIC_HLREG0_RXCRCSTRP);
		assert_int_equal(counts().violations, 0);
		wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
		assert_int_equal(violations("RX_CRC_STRIP"), rdrxctl != hlreg0);
		assert_int_equal(rd(NIC_RXCTRL), !strict || rdrxctl == hlreg0);
		wr(NIC_RXCTRL, NIC_RXCTRL_RXEN); /* is on already */
		assert_int_equal(violations("RX_CRC_STRIP"), (rdrxctl != hlreg0) << strict);
		wr(NIC_RXCTRL, 0);
		assert_int_equal(counts().violations, (rdrxctl != hlreg0) << strict);
	}
}

/* 8.2.3.9.11 and 8.2.3.9.12 do not forbid to turn head write-back on and off while the queue runs.
 * The address is judged when it is used: with the queue, or later. */
static void
head_write_back_is_set_at_any_time(void **state)
{
	const uint32_t at = (uint32_t)HOST_BASE + 0x10000;

	(void)state;
	for (unsigned int strict = 0; strict < 2; strict++) {
		nic_free(nic);
		nic = create(0, strict, -1);
		queue_prepare(0);
		wr(txq_reg(0, NIC_TXDCTL), NIC_TXDCTL_ENABLE);
		wr(txq_reg(0, NIC_TDWBAH), HOST_BASE >> 32);
		wr(txq_reg(0, NIC_TDWBAL), at | NIC_TDWBAL_HEAD_WB_EN);
		assert_int_equal(nic->txq[0].head_wb, HOST_BASE + 0x10000);
		assert_int_equal(counts().violations, 0);
		wr(txq_reg(0, NIC_TDWBAL), at);
		assert_int_equal(nic->txq[0].head_wb, 0);
		wr(txq_reg(0, NIC_TDWBAL), at | 8 | NIC_TDWBAL_HEAD_WB_EN);
		assert_int_equal(violations("HEAD_WB_ALIGN"), 1);
		assert_int_equal(nic->txq[0].head_wb, strict ? 0 : HOST_BASE + 0x10008);
		wr(txq_reg(0, NIC_TDWBAL), at | NIC_TDWBAL_HEAD_WB_EN);
		assert_int_equal(nic->txq[0].head_wb, HOST_BASE + 0x10000);
		wr(txq_reg(0, NIC_TXDCTL), NIC_TXDCTL_ENABLE | 1 << NIC_TXDCTL_WTHRESH_SHIFT);
		assert_int_equal(violations("HEAD_WB_WTHRESH"), 1);
		assert_int_equal(rd(txq_reg(0, NIC_TXDCTL)), NIC_TXDCTL_ENABLE |
				 (strict ? 0 : 1 << NIC_TXDCTL_WTHRESH_SHIFT));
		assert_int_equal(counts().violations, 2);
	}
}

/* What Linux's ixgbe writes to registers in `ethtool -t`, and must find there: so much holds on
 * silicon. All patterns, masked by "writes", read back what of them is in "holds". */
static void
linux_register_test(void **state)
{
	static const struct { uint32_t offset, stride, count, holds, writes; } tests[] = {
		{ 0x03220, 0, 1, 0x8007fff0, 0x8007fff0 },      /* FCRTL */
		{ 0x03260, 0, 1, 0x8007fff0, 0x8007fff0 },      /* FCRTH */
		{ 0x03008, 0, 1, ALL, ALL },                    /* PFCTOP */
		{ 0x05088, 0, 1, 0, 0 },                        /* VLNCTRL */
		{ 0x01000, 0x40, 4, 0xffffff80, 0xffffff80 },   /* RDBAL */
		{ 0x01004, 0x40, 4, ALL, ALL },                 /* RDBAH */
		{ 0x01008, 0x40, 4, 0x000fff80, 0x000fffff },   /* RDLEN */
		{ 0x01018, 0x40, 4, 0x0000ffff, 0x0000ffff },   /* RDT, of enabled queues */
		{ 0x03200, 0, 1, ALL, ALL },                    /* FCTTV */
		{ 0x06000, 0x40, 4, 0xffffff80, ALL },          /* TDBAL */
		{ 0x06004, 0x40, 4, ALL, ALL },                 /* TDBAH */
		{ 0x06008, 0x40, 4, 0x000fff80, 0x000fff80 },   /* TDLEN */
		{ 0x03000, 0, 1, 1, 1 },                        /* RXCTRL */
		{ 0x05400, 8, 16, ALL, ALL },                   /* RAL */
		{ 0x05404, 8, 16, 0x8001ffff, 0x800cffff },     /* RAH */
		{ 0x05200, 4, 128, ALL, ALL },                  /* MTA */
	};
	static const uint32_t patterns[] = { 0x5a5a5a5a, 0xa5a5a5a5, 0, ALL };
	const uint32_t toggle = 0x7ffff30f;
	uint32_t before;

	(void)state;
	before = rd(NIC_STATUS) & toggle;
	wr(NIC_STATUS, toggle);
	assert_int_equal(rd(NIC_STATUS) & toggle, before);
	for (size_t t = 0; t < sizeof(tests) / sizeof(tests[0]); t++) {
		for (unsigned int q = 0; q < 4 && tests[t].offset == NIC_RDT; q++)
			wr(rxq_reg(q, NIC_RXDCTL), NIC_RXDCTL_ENABLE);
		for (uint32_t i = 0; i < tests[t].count; i++) {
			uint32_t offset = tests[t].offset + i * tests[t].stride;

			for (int p = 0; p < 4; p++) {
				before = rd(offset);
				wr(offset, patterns[p] & tests[t].writes);
				assert_int_equal(rd(offset),
						 patterns[p] & tests[t].writes & tests[t].holds);
				wr(offset, before);
			}
		}
		for (unsigned int q = 0; q < 4 && tests[t].offset == NIC_RDT; q++)
			wr(rxq_reg(q, NIC_RXDCTL), 0);
	}
	/* what it does that the data sheet forbids: write STATUS, enable queues without a ring, and
	 * the receiver with what RDRXCTL and HLREG0 are after reset */
	assert_int_equal(violations("READ_ONLY"), 1);
	assert_int_equal(violations("RING_LENGTH"), 4);
	assert_int_equal(violations("RX_CRC_STRIP"), 2);
	assert_int_equal(violations("RESERVED_BITS"), 3 * 16); /* bits 18 and 19 of RAH */
	assert_int_equal(violations("READ_ONLY") + violations("RING_LENGTH") +
			 violations("RX_CRC_STRIP") + violations("RESERVED_BITS") +
			 violations("TAIL_EARLY"), counts().violations);
}

/* There is no wire and no light: with HLREG0.LPBK and AUTOC.FLU, frames come back. They fill the
 * rings many times. */
static void
mac_loopback(void **state)
{
	struct desc {
		uint64_t lo, hi;
	} *rx = (struct desc *)host, *tx = (struct desc *)&host[0x8000];
	uint8_t *from = &host[0xa000], *to = &host[0x1000];
	uint32_t head = 0;

	(void)state;
	queue_prepare(0);
	wr(NIC_FCTRL, NIC_FCTRL_BAM);
	wr(NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	wr(NIC_TXDCTL, NIC_TXDCTL_ENABLE);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	wr(NIC_HLREG0, rd(NIC_HLREG0) | NIC_HLREG0_LPBK);
	wr(NIC_AUTOC, rd(NIC_AUTOC) | NIC_AUTOC_FLU);
	memset(from, 0xff, 512);
	memset(&from[512], 0xaa, 512);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 60; i++, head = (head + 1) % 64) {
			rx[head] = (struct desc){ HOST_BASE + (to - host), 0 };
			tx[head] = (struct desc){ HOST_BASE + (from - host),
						  UINT64_C(1024) << 46 | 0x2b300000 | 1024 };
		}
		memset(to, 0, 1024);
		wr(NIC_RDT, head);
		wr(NIC_TDT, head);
		poll_all();
		assert_int_equal(rd(NIC_RDH), head);
		assert_int_equal(rd(NIC_TDH), head);
		assert_int_equal(rx[(head + 63) % 64].hi >> 32 & 0xffff, 1024);
		assert_true(rx[(head + 63) % 64].hi & tx[(head + 63) % 64].hi >> 32 & 1);
		assert_memory_equal(to, from, 1024);
	}
	assert_int_equal(rd(NIC_GPRC), 600);
	assert_int_equal(rd(NIC_GPTC), 600);
	assert_int_equal(rd(NIC_BPRC), 600);
	assert_int_equal(rd(NIC_RXMPC), 0);
	/* the far end of the cable sees no link, and no frames */
	nic_set_wire(nic, &wire.wire);
	tx[head] = (struct desc){ HOST_BASE + (from - host), UINT64_C(64) << 46 | 0x2b300000 | 64 };
	wr(NIC_TDT, (head + 1) % 64);
	nic_poll(nic);
	assert_true(nic_link_is_up(nic));
	assert_int_equal(wire.link_calls, 0);
	/* no loopback: what was under way is lost, the cable has us back */
	wr(NIC_HLREG0, rd(NIC_HLREG0) & ~NIC_HLREG0_LPBK);
	assert_int_equal(wire.link_calls, 1);
	wr(NIC_HLREG0, rd(NIC_HLREG0) | NIC_HLREG0_LPBK);
	nic_poll(nic);
	assert_int_equal(rd(NIC_GPRC), 0);
	assert_int_equal(counts().violations, 0);
}

/* Both queues 0 enabled on a wire, the link up. */
static void
traffic_prepare(void)
{
	struct { uint64_t lo, hi; } *rx = (void *)host;

	for (int i = 0; i < 64; i++)
		rx[i].lo = HOST_BASE + 0x1000;
	wire.wire.lossless = false;
	nic_set_wire(nic, &wire.wire);
	queue_prepare(0);
	wr(NIC_FCTRL, NIC_FCTRL_UPE | NIC_FCTRL_MPE | NIC_FCTRL_BAM);
	wr(NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	wr(NIC_TXDCTL, NIC_TXDCTL_ENABLE);
	wr(NIC_RXCTRL, NIC_RXCTRL_RXEN);
	link_wait();
}

static unsigned int
frames_waiting(void)
{
	return wire.in_end - wire.in_first;
}

/* A frame for us, of the shortest length */
static uint8_t *
frame_comes(void)
{
	struct frame *f = frame_add();

	memset(f->b, 0, 60);
	f->b[0] = 0x02;
	f->len = 60;
	return f->b;
}

/* A MAC control frame comes in. */
static void
control_frame(const char *to, uint8_t opcode, uint16_t quanta)
{
	uint8_t *frame = frame_comes();

	memcpy(frame, to, 6);
	memcpy(frame + 12, "\x88\x08\0", 3);
	frame[15] = opcode;
	frame[16] = quanta >> 8;
	frame[17] = quanta & 0xff;
	nic_poll(nic);
	assert_int_equal(frames_waiting(), 0);
}

#define PAUSE_MAC "\x01\x80\xc2\x00\x00\x01"

static void
received_pause_stops_transmission(void **state)
{
	struct { uint64_t lo, hi; } *tx = (void *)&host[0x8000];
	(void)state;
	traffic_prepare();
	wr(NIC_RDT, 63);
	/* nobody minds: an ordinary frame, but counted */
	control_frame(PAUSE_MAC, 1, 100);
	assert_int_equal(rd(NIC_LXOFFRXCNT), 1);
	assert_int_equal(rd(NIC_GPRC), 1);
	assert_int_equal(nic->pause_until, 0);
	wr(NIC_MFLCN, NIC_MFLCN_DPF); /* has no effect without RFCE */
	control_frame(PAUSE_MAC, 1, 100);
	assert_int_equal(rd(NIC_GPRC), 1);
	wr(NIC_MFLCN, NIC_MFLCN_RFCE);
	control_frame(PAUSE_MAC, 1, 1);
	assert_int_equal(rd(NIC_GPRC), 1);
	wr(NIC_MFLCN, NIC_MFLCN_RFCE | NIC_MFLCN_DPF);
	assert_int_equal(rd(NIC_LXOFFRXCNT), 2);
	/* 65535 quanta of 51.2 ns */
	control_frame(PAUSE_MAC, 1, 0xffff);
	assert_int_equal(nic->pause_until, clock_ns + 3355392);
	assert_int_equal(rd(NIC_TFCS) & 1, 0);
	tx[0].lo = HOST_BASE;
	tx[0].hi = UINT64_C(60) << 46 | 0x2b300000 | 60;
	wr(NIC_TDT, 1);
	nic_poll(nic);
	assert_int_equal(wire.nb_out, 0);
	control_frame(PAUSE_MAC, 1, 0); /* XON */
	nic_poll(nic);
	assert_int_equal(rd(NIC_TFCS) & 1, 1);
	assert_int_equal(wire.nb_out, 1);
	/* the time is over */
	control_frame("\x02\x82\x59\x90\x00\x00", 1, 1000); /* to us alone is as good */
	assert_int_not_equal(nic->pause_until, 0);
	tx[1].lo = HOST_BASE;
	tx[1].hi = UINT64_C(60) << 46 | 0x2b300000 | 60;
	wr(NIC_TDT, 2);
	assert_int_equal(nic_wake_at(nic), clock_ns + 51200);
	clock_ns += 51199;
	nic_poll(nic);
	nic_poll(nic);
	assert_int_equal(wire.nb_out, 1);
	clock_ns += 1;
	nic_poll(nic); /* a device that was not polled for long gets one turn to be told again */
	assert_int_equal(wire.nb_out, 1);
	control_frame("\x02\x82\x59\x90\x00\x00", 1, 1000);
	nic_poll(nic);
	assert_int_equal(wire.nb_out, 1);
	clock_ns += 51200;
	nic_poll(nic);
	nic_poll(nic);
	assert_int_equal(wire.nb_out, 2);
	assert_int_equal(rd(NIC_LXOFFRXCNT), 3);
	assert_int_equal(rd(NIC_LXONRXCNT), 1);
	assert_int_equal(rd(NIC_GPRC), 0); /* all discarded */
	/* other control frames: not pauses, passed only with PMCF */
	control_frame(PAUSE_MAC, 2, 7);
	control_frame("\x02\x00\x00\x00\x00\x07", 1, 7);
	assert_int_equal(rd(NIC_GPRC), 0);
	wr(NIC_MFLCN, NIC_MFLCN_RFCE | NIC_MFLCN_DPF | NIC_MFLCN_PMCF);
	control_frame(PAUSE_MAC, 2, 7);
	assert_int_equal(rd(NIC_GPRC), 1);
	assert_int_equal(rd(NIC_LXOFFRXCNT), 0);
	assert_int_equal(nic->pause_until, 0);
	/* a runt that would be one, though it is stored */
	wr(NIC_FCTRL, rd(NIC_FCTRL) | NIC_FCTRL_SBP);
	memcpy(frame_comes(), PAUSE_MAC "\x02\0\0\0\0\x07\x88\x08\0\x01\xff\xff", 18);
	wire.in[wire.in_end - 1].len = 59;
	nic_poll(nic);
	assert_int_equal(rd(NIC_RUC), 1);
	assert_int_equal(rd(NIC_LXOFFRXCNT), 0);
	assert_int_equal(nic->pause_until, 0);
	/* the link goes down: the pause is over */
	control_frame(PAUSE_MAC, 1, 0xffff);
	wr(NIC_AUTOC, rd(NIC_AUTOC) | NIC_AUTOC_AN_RESTART);
	assert_int_equal(nic->pause_until, 0);
	assert_int_equal(counts().violations, 0);
}

/* So many frames of 64 bytes come. */
static void
frames_come(unsigned int n)
{
	wire.in_first = wire.in_end = 0;
	for (unsigned int i = 0; i < n; i++)
		frame_comes();
	poll_all();
}

/* The driver gives n more descriptors. */
static void
descriptors(unsigned int n)
{
	struct { uint64_t lo, hi; } *rx = (void *)host;

	for (int i = 0; i < 64; i++)
		rx[i].lo = HOST_BASE + 0x1000;
	wr(NIC_RDT, (rd(NIC_RDT) + n) % 64);
	poll_all();
}

/* 8.2.3.3.3, 8.2.3.3.4: by how full the packet buffer is. */
static void
full_packet_buffer_sends_pause(void **state)
{
	(void)state;
	traffic_prepare();
	wr(NIC_RXPBSIZE, 8 << NIC_RXPBSIZE_SIZE_SHIFT); /* 128 frames */
	wr(NIC_FCTTV, 0xffff); /* 3.4 ms */
	wr(NIC_FCRTV, 0xffdf); /* again after 32 quanta, 1.6 us */
	wr(NIC_FCRTL, NIC_FCRTL_XONE | 0x400); /* 16 frames */
	wr(NIC_FCRTH, NIC_FCRTH_FCEN | 0x1000); /* 64 frames */
	/* without flow control, what there is no room for is lost */
	frames_come(130);
	rig_pass(MS);
	assert_int_equal(rd(NIC_RXMPC), 2);
	assert_int_equal(wire.nb_out, 0);
	assert_int_equal(nic_wake_at(nic), UINT64_MAX);
	descriptors(63);
	descriptors(63);
	descriptors(1);
	assert_int_equal(rd(NIC_GPRC), 130);
	assert_int_equal(rd(NIC_RXDGPC), 127);
	/* with it, XOFF above the threshold, with one frame in the buffer already */
	wr(NIC_FCCFG, NIC_FCCFG_TFCE_LINK);
	rd(NIC_GPTC);
	frames_come(63);
	rig_pass(MS);
	assert_int_equal(wire.nb_out, 0);
	frame_comes();
	nic_poll(nic);
	for (unsigned int n = 1; n < 3; n++) { /* and again, before it is over */
		assert_int_equal(wire.nb_out, n);
		assert_int_equal(nic_wake_at(nic), clock_ns + 1638);
		clock_ns += 1637;
		nic_poll(nic);
		assert_int_equal(wire.nb_out, n);
		clock_ns += 1;
		nic_poll(nic);
	}
	assert_int_equal(wire.nb_out, 3);
	/* the other end of a cable may go on in spite of it */
	frames_come(70);
	assert_int_equal(rd(NIC_RXMPC), 7);
	assert_int_equal(frames_waiting(), 0);
	/* a wire without such an end does not */
	wire.wire.source = true;
	frames_come(1);
	rig_pass(MS);
	assert_int_equal(frames_waiting(), 1);
	assert_int_equal(rd(NIC_RXMPC), 0);
	assert_true(nic->xoff_at <= clock_ns + 1638);
	assert_int_equal(wire.out[wire.nb_out - 1].len, 60);
	assert_memory_equal(wire.out[wire.nb_out - 1].b,
			    PAUSE_MAC "\x02\x82\x59\x90\x00\x00\x88\x08\x00\x01\xff\xff", 18);
	assert_int_equal(nic->stat[STAT_LXOFFTXC], wire.nb_out);
	assert_int_equal(rd(NIC_GPTC), wire.nb_out);
	assert_int_equal(rd(NIC_PTC64), wire.nb_out);
	assert_int_equal(rd(NIC_MPTC), wire.nb_out);
	assert_int_equal(rd(NIC_LXOFFTXC), wire.nb_out);
	/* 128 frames less 62: above the low threshold */
	descriptors(62);
	assert_int_equal(rd(NIC_LXONTXC), 0);
	assert_int_equal(frames_waiting(), 1);
	/* 17 frames, and 16: XON, and the wire goes on */
	descriptors(49);
	assert_int_equal(nic->buffer.fill, 17 * 64);
	assert_int_equal(rd(NIC_LXONTXC), 0);
	descriptors(1);
	assert_int_equal(rd(NIC_LXONTXC), 1);
	assert_memory_equal(wire.out[wire.nb_out - 1].b + 16, "\0\0", 2);
	assert_int_equal(frames_waiting(), 0);
	assert_int_equal(nic->buffer.fill, 17 * 64);
	/* a lossless wire needs no pause: what there is no descriptor for waits there */
	wire.wire.lossless = true;
	wire.nb_out = 0;
	descriptors(17);
	frames_come(200);
	rig_pass(MS);
	assert_int_equal(wire.nb_out, 0);
	assert_int_equal(rd(NIC_RXMPC), 0);
	/* priority flow control is not emulated */
	wire.wire.lossless = false;
	wr(NIC_FCCFG, 2 << 3);
	frames_come(200);
	rig_pass(MS);
	assert_int_equal(wire.nb_out, 0);
	assert_true(rd(NIC_RXMPC) > 0);
	assert_int_equal(counts().violations, 0);
}

/* A burst that would not fit: a generator stops in the middle of it, and nothing is lost. */
static void
pause_comes_in_time(void **state)
{
	(void)state;
	traffic_prepare();
	wr(NIC_RXPBSIZE, 8 << NIC_RXPBSIZE_SIZE_SHIFT);
	wr(NIC_FCTTV, 0xffff);
	wr(NIC_FCRTV, 0x8000);
	wr(NIC_FCRTL, NIC_FCRTL_XONE | 0x400);
	wr(NIC_FCRTH, NIC_FCRTH_FCEN | 0x1000);
	wr(NIC_FCCFG, NIC_FCCFG_TFCE_LINK);
	wire.wire.source = true;
	for (unsigned int i = 0; i < 60; i++) {
		memcpy(frame_comes() + 12, "\x88\xb5", 2);
		wire.in[i].len = 1514;
	}
	poll_all();
	assert_int_equal(wire.nb_out, 1);
	assert_int_equal(nic->buffer.fill, 3 * 1518);
	descriptors(30);
	rig_pass(MS);
	assert_in_range(nic->buffer.fill, 0x1000, 3 * 1518);
	descriptors(30);
	rig_pass(MS);
	assert_int_equal(frames_waiting(), 0);
	assert_int_equal(rd(NIC_RXMPC), 0);
	assert_int_equal(rd(NIC_RXDGPC), 60);
	assert_int_equal(rd(NIC_LXONTXC), 1);
	assert_int_equal(counts().violations, 0);
}

static void
direct_queue_enable_is_noticed(void **state)
{
	(void)state;
	/* with no queue live */
	queue_prepare(5);
	nic_set_direct(nic, true);
	bar[0][rxq_reg(5, NIC_RXDCTL) / 4] = NIC_RXDCTL_ENABLE;
	for (int i = 0; i < NIC_QUEUES; i++)
		nic_poll(nic);
	assert_true(nic->rxq[5].live);
	assert_true(nic_wants_trap(nic));
	nic_set_direct(nic, false);
	wr(rxq_reg(5, NIC_RXDCTL), 0);
	/* with one */
	queue_prepare(0);
	queue_prepare(100);
	wr(txq_reg(100, NIC_TXDCTL), NIC_TXDCTL_ENABLE);
	nic->txq[100].ring.head = 9;
	nic_set_direct(nic, true);
	assert_int_equal(bar[0][txq_reg(100, NIC_TDH) / 4], 9);
	assert_false(nic_wants_trap(nic));
	/* as a driver with the page mapped does: enable, tail */
	bar[0][rxq_reg(0, NIC_RXDCTL) / 4] = NIC_RXDCTL_ENABLE;
	bar[0][rxq_reg(0, NIC_RDT) / 4] = 63;
	bar[0][txq_reg(100, NIC_TXDCTL) / 4] = 0;
	for (int i = 0; i < NIC_QUEUES; i++)
		nic_poll(nic);
	assert_true(nic_wants_trap(nic));
	assert_true(nic->rxq[0].live);
	assert_false(nic->txq[100].live);
	assert_int_equal(bar[0][rxq_reg(0, NIC_RDT) / 4], 63);
	/* the way back to trapping misses nothing, though no poll came in between */
	bar[0][rxq_reg(100, NIC_RXDCTL) / 4] = NIC_RXDCTL_ENABLE;
	bar[0][rxq_reg(100, NIC_RDT) / 4] = 7;
	nic_set_direct(nic, false);
	assert_false(nic_wants_trap(nic));
	assert_true(nic->rxq[100].live);
	assert_int_equal(rd(rxq_reg(100, NIC_RDT)), 7);
	/* an enable that the device does not grant reads back 0 */
	nic_set_faults(nic, 1u << NIC_FAULT_TXQ);
	nic_set_direct(nic, true);
	bar[0][txq_reg(100, NIC_TXDCTL) / 4] = NIC_TXDCTL_ENABLE;
	for (int i = 0; i < NIC_QUEUES; i++)
		nic_poll(nic);
	assert_int_equal(bar[0][txq_reg(100, NIC_TXDCTL) / 4], 0);
	assert_true(nic_wants_trap(nic));
	assert_int_equal(counts().violations, 0);
}

static void
faults_of_queues_and_a_gone_card(void **state)
{
	(void)state;
	queue_prepare(0);
	nic_set_faults(nic, 1u << NIC_FAULT_RXQ | 1u << NIC_FAULT_TXQ);
	wr(NIC_RXDCTL, NIC_RXDCTL_ENABLE);
	wr(NIC_TXDCTL, NIC_TXDCTL_ENABLE);
	assert_int_equal(rd(NIC_RXDCTL), 0);
	assert_int_equal(rd(NIC_TXDCTL), 0);
	nic_set_faults(nic, 1u << NIC_FAULT_GONE);
	assert_int_equal(nic_faults(nic), 1u << NIC_FAULT_GONE);
	wr(NIC_LEDCTL, 0);
	assert_int_equal(rd(NIC_LEDCTL), ALL);
	assert_int_equal(rd(NIC_STATUS), ALL);
	assert_int_equal(nic_peek(nic, NIC_LEDCTL), ALL);
	nic_set_faults(nic, 0);
	assert_int_equal(rd(NIC_LEDCTL), 0x05040100);
}

static void
waits_of_drivers_end(void **state)
{
	(void)state;
	wr(NIC_SECRXCTRL, NIC_SECRXCTRL_RX_DIS);
	assert_true(rd(NIC_SECRXSTAT) & NIC_SECRXSTAT_RDY);
	wr(NIC_SECRXCTRL, 0);
	assert_false(rd(NIC_SECRXSTAT) & NIC_SECRXSTAT_RDY);
	wr(NIC_SECTXCTRL, NIC_SECTXCTRL_TX_DIS);
	assert_true(rd(NIC_SECTXSTAT) & NIC_SECTXSTAT_RDY);
	assert_true(rd(NIC_RDRXCTL) & NIC_RDRXCTL_DMAIDONE);
	wr(NIC_RDRXCTL, rd(NIC_RDRXCTL) & ~NIC_RDRXCTL_DMAIDONE);
	assert_true(rd(NIC_RDRXCTL) & NIC_RDRXCTL_DMAIDONE);
	wr(NIC_FDIRCTRL, 1);
	assert_true(rd(NIC_FDIRCTRL) & NIC_FDIRCTRL_INIT_DONE);
	assert_int_equal(rd(NIC_FDIRFREE), 8191);
	wr(NIC_FDIRCTRL, NIC_FDIRCTRL_PERFECT | 3);
	assert_int_equal(rd(NIC_FDIRFREE), 8191);
	wr(NIC_FDIRCMD, 1); /* add a filter */
	assert_int_equal(rd(NIC_FDIRCMD) & 3, 0);
	wr(NIC_MSCA, NIC_MSCA_MDI_CMD | 0x0c000000);
	assert_int_equal(rd(NIC_MSCA), 0x0c000000);
	assert_int_equal(rd(NIC_MSRWD) >> 16, 0xffff);
	assert_int_not_equal(rd(NIC_ANLP1) & 0xf0000, 0);
	assert_int_equal(rd(NIC_EEMNGCTL) & 0xc0000, 0xc0000);
	assert_int_equal(counts().violations, 0);
}

static void
system_time(void **state)
{
	uint64_t value;
	uint32_t low, high;

	(void)state;
	assert_int_equal(rd(NIC_SYSTIM), 0);
	assert_int_equal(rd(NIC_SYSTIM + 4), 0);
	wr(NIC_SYSTIM, 0xffffff00);
	wr(NIC_SYSTIM + 4, 5);
	assert_int_equal(rd(NIC_SYSTIM), 0xffffff00); /* no increment */
	/* as Linux's ixgbe and net_ixgbe have it: 6.4 ns, shifted left by 21 */
	wr(NIC_TIMINCA, 1 << 24 | 0xcccccc);
	clock_ns += 5 * MS;
	low = rd(NIC_SYSTIM);
	high = rd(NIC_SYSTIM + 4);
	value = ((uint64_t)high << 32 | low) - UINT64_C(0x5ffffff00);
	assert_in_range(value >> 21, 5 * MS - 10, 5 * MS);
	/* the halves stay together, however late the upper one is read */
	clock_ns += 5 * US;
	assert_true(nic_peek(nic, NIC_SYSTIM + 4) > high);
	assert_int_equal(rd(NIC_SYSTIM + 4), high);
	wr(NIC_TIMINCA, 0); /* it stands still, where it was */
	low = rd(NIC_SYSTIM);
	assert_true(rd(NIC_SYSTIM + 4) > high);
	assert_int_equal(rd(NIC_SYSTIM), low);
	nic_reset(nic);
	assert_int_equal(rd(NIC_SYSTIM + 4), 0);
	assert_int_equal(counts().violations, 0);
}

/* A driver that finds them off does not offer them. */
static void
security_is_fused_off(void **state)
{
	(void)state;
	assert_true(rd(NIC_SECTXSTAT) & NIC_SECTXSTAT_OFF_DIS);
	assert_true(rd(NIC_SECRXSTAT) & NIC_SECRXSTAT_OFF_DIS);
	wr(NIC_SECTXCTRL, 0);
	wr(NIC_SECRXCTRL, 0);
	assert_int_equal(rd(NIC_SECTXCTRL), 1);
	assert_int_equal(rd(NIC_SECRXCTRL), 1);
	assert_true(rd(NIC_SECTXSTAT) & NIC_SECTXSTAT_OFF_DIS);
	assert_true(rd(NIC_SECRXSTAT) & NIC_SECRXSTAT_OFF_DIS);
	assert_int_equal(counts().violations, 0);
}

static uint64_t
asked_for(enum nic_absent feature)
{
	uint64_t n;

	assert_non_null(nic_get_absent(nic, feature, &n));
	return n;
}

static void
what_is_absent_is_counted(void **state)
{
	uint64_t n, all = 0;

	(void)state;
	wr(NIC_FDIRCTRL, 0); /* reset values, and bits that ask for nothing */
	wr(NIC_RSCCTL, 0xc);
	wr(NIC_MRQC, 1); /* RSS is there */
	wr(NIC_SRRCTL, 0x02000002);
	wr(NIC_RTTDCS, 0x00c00040);
	wr(NIC_ETQF, NIC_ETQF_ENABLE | 0x0806);
	for (unsigned int i = 0; nic_get_absent(nic, i, &n) != NULL; i++)
		all += n;
	assert_int_equal(all, 0);
	wr(NIC_FDIRCTRL, 1);
	wr(NIC_FDIRCTRL, 2);
	assert_int_equal(asked_for(ABSENT_FLOW_DIRECTOR), 2);
	wr(rxq_reg(100, NIC_RSCCTL), 1); /* of a queue that lies apart */
	assert_int_equal(asked_for(ABSENT_RSC), 1);
	wr(0x02200, 0x0000a220); /* DCA_RXCTRL, where the 82598 has it */
	assert_int_equal(asked_for(ABSENT_DCA), 1);
	wr(NIC_ETQF + 4, NIC_ETQF_ENABLE | 1u << 26 | 0x0806); /* of one pool */
	wr(NIC_ETQF + 8, NIC_ETQF_ENABLE | 1u << 19 | 0x0806); /* of one priority */
	assert_int_equal(asked_for(ABSENT_POOLS_AND_CLASSES), 2);
	assert_string_equal(nic_get_absent(nic, ABSENT_RSC, &n), "RSC");
	assert_null(nic_get_absent(nic, ABSENT_COUNT, &n));
	nic_reset(nic); /* as all that is counted for whoever looks from outside */
	assert_int_equal(asked_for(ABSENT_FLOW_DIRECTOR), 2);
	assert_int_equal(counts().violations, 0);
}

static void
trace_has_a_line_for_each_access(void **state)
{
	char text[256] = "";
	unsigned long long ns;
	int fd[2], end = 0;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	nic_free(nic);
	nic = create(0, false, fd[1]);
	wr(NIC_MTA + 4 * 5, 0x1234);
	rd(0x1fff0);
	assert_true(read(fd[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(sscanf(text,
				"%llu W MTA[5] 0x05214 0x00001234\n%*u R ? 0x1fff0 0x00000000%n",
				&ns, &end),
			 1);
	assert_string_equal(text + end, "\n");
	close(fd[0]);
	close(fd[1]);
}

static void
bad_configurations_are_refused(void **state)
{
	struct nic_config config = rig_config();

	(void)state;
	config.lan_id = 2;
	assert_null(nic_create(&config));
	config.lan_id = 0;
	config.card = NULL;
	assert_null(nic_create(&config));
	nic_free(NULL);
	for (int i = 0; i < NIC_FAULT_COUNT; i++)
		assert_non_null(nic_fault_names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(table_is_sound),
		TEST(reserved_bits_are_known),
		TEST(reserved_bits_of_some_registers),
		TEST(queue_registers_are_numbered_through),
		TEST(walk_meets_each_register_once),
		TEST(plain_registers_keep_their_writable_bits),
		TEST(aliases_are_the_same_register),
		TEST(unknown_and_odd_accesses_are_counted),
		TEST(strict_device_refuses_reserved_bits),
		TEST(registers_that_were_written_against_rules_are_named),
		TEST(eeprom_by_eerd),
		TEST(eeprom_by_bit_bang),
		TEST(eeprom_written_by_bit_bang),
		TEST(eeprom_identity),
		TEST(sfp_over_i2c),
		TEST(sfp_diagnostics),
		TEST(semaphores_are_the_cards),
		TEST(reset_clears_itself_and_the_rest),
		TEST(link_comes_after_a_while),
		TEST(link_at_1g),
		TEST(link_up_by_force),
		TEST(interrupt_is_a_level),
		TEST(statistics_clear_stick_and_latch),
		TEST(frames_are_counted_by_size_and_cast),
		TEST(filters_follow_their_registers),
		TEST(multicast_table_is_indexed_by_mo),
		TEST(queues_are_enabled_and_disabled),
		TEST(queue_rules),
		TEST(crc_strip_is_judged_when_the_receiver_starts),
		TEST(head_write_back_is_set_at_any_time),
		TEST(linux_register_test),
		TEST(mac_loopback),
		TEST(received_pause_stops_transmission),
		TEST(full_packet_buffer_sends_pause),
		TEST(pause_comes_in_time),
		TEST(direct_queue_enable_is_noticed),
		TEST(faults_of_queues_and_a_gone_card),
		TEST(waits_of_drivers_end),
		TEST(system_time),
		TEST(security_is_fused_off),
		TEST(what_is_absent_is_counted),
		TEST(trace_has_a_line_for_each_access),
		TEST(bad_configurations_are_refused),
	};

	return cmocka_run_group_tests_name("nic", tests, NULL, NULL);
}
