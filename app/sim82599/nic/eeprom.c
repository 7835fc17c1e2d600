/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The two small memories of a card. The EEPROM is read through EERD (data sheet
 * 8.2.3.2.2), and read and written bit by bit through EEC (8.2.3.2.1, an SPI device). The
 * memory of the SFP+ module is read bit by bit through I2CCTL (8.2.3.1.5; SFF-8472). */

#include <errno.h>
#include <stdlib.h>

#include "eeprom.h"
#include "link.h"

/* EEPROM words, data sheet 6.1 */
#define EEPROM_LAN_CORE0     0x09 /* pointers, one for each function */
#define EEPROM_FIRMWARE      0x0f
#define EEPROM_PBA           0x15 /* two words: a guard, and a pointer to the text */
#define   EEPROM_PBA_GUARD     0xfafa
#define EEPROM_SFP_INIT      0x2b
#define EEPROM_CAPABILITIES  0x2c
#define   EEPROM_CAPS_ANY_SFP  0x0001 /* a driver need not refuse unknown modules */
#define   EEPROM_CAPS_NO_FCOE  0x0002
#define   EEPROM_CAPS_CROSSTALK 0x0080 /* no false link without a module: no workaround needed */
#define EEPROM_TRACK_ID      0x2d /* two words, low one first */
#define EEPROM_CHECKSUM      0x3f
#define EEPROM_CHECKSUM_SUM  0xbaba
#define EEPROM_NONE          0xffff
/* The places of the sections that pointers point to */
#define SECTION_FIRMWARE     0x40
#define SECTION_PATCH        0x48
#define SECTION_SFP          0x50
#define SECTION_SFP_DATA     0x58
#define SECTION_LAN_CORE0    0x60
#define SECTION_LAN_CORE1    0x68
#define SECTION_PBA          0x70

#define PBA_TEXT             "SIM599-001"
#define TRACK_ID             0x80000001u /* bit 31: the words are in this order */

/* SPI commands, of the 25xx family of EEPROMs; bit 1 of its status: write enabled */
#define SPI_WRITE 0x02
#define SPI_READ  0x03
#define SPI_WRDI  0x04
#define SPI_RDSR  0x05
#define SPI_WREN  0x06
#define SPI_PAGE  64u /* bytes; a longer write continues at the start of its page */

struct nic_eeprom_bus {
	uint32_t clocks;  /* rising edges since chip select */
	uint8_t command;
	uint16_t address; /* in bytes */
	uint32_t in;
	bool write_enabled;
};

enum i2c_state { I2C_IDLE, I2C_DEVICE, I2C_OFFSET, I2C_WRITE, I2C_READ };

#define SFP_DEVICE 0xa0 /* A0h: identification; A2h: diagnostics */

struct nic_sfp_bus {
	enum i2c_state state;
	uint8_t bits;     /* bits of this byte that were clocked; the ninth acknowledges */
	uint8_t in, out;
	uint8_t page, offset;
	bool nack;        /* the master did not acknowledge a byte that it read */
	bool low;         /* the module pulls the data line */
	uint8_t memory[2][256]; /* A0h, A2h */
};

/* A driver may have written any value there, also to pointers. */
static uint16_t
card_word(const struct nic_card *card, uint32_t address)
{
	return address < EEPROM_WORDS ? card->eeprom[address] : EEPROM_NONE;
}

/* Sum of the words that the checksum covers, 6.1: 0x00 to 0x3e and the
 * sections behind the pointers 0x03 to 0x0e. */
static uint16_t
eeprom_sum(const struct nic_card *card)
{
	uint32_t section, length;
	uint16_t sum = 0;

	for (uint32_t i = 0; i < EEPROM_CHECKSUM; i++)
		sum += card_word(card, i);
	for (uint32_t i = 0x03; i < EEPROM_FIRMWARE; i++) {
		section = card_word(card, i);
		length = card_word(card, section);
		for (uint32_t j = 1; length != EEPROM_NONE && j <= length; j++)
			sum += card_word(card, section + j);
	}
	return sum;
}

static void
eeprom_set_checksum(struct nic_card *card)
{
	card->eeprom[EEPROM_CHECKSUM] = EEPROM_CHECKSUM_SUM - eeprom_sum(card);
}

struct nic_card *
nic_card_create(void)
{
	struct nic_card *card = calloc(1, sizeof(*card));
	_Atomic uint16_t *word;

	if (card == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	word = card->eeprom;
	for (unsigned int i = 0; i < EEPROM_WORDS; i++)
		word[i] = EEPROM_NONE;
	word[0x00] = word[0x01] = word[0x02] = 0;
	word[EEPROM_LAN_CORE0] = SECTION_LAN_CORE0;
	word[EEPROM_LAN_CORE0 + 1] = SECTION_LAN_CORE1;
	word[EEPROM_FIRMWARE] = SECTION_FIRMWARE;
	word[EEPROM_SFP_INIT] = SECTION_SFP;
	word[EEPROM_CAPABILITIES] =
		EEPROM_CAPS_ANY_SFP | EEPROM_CAPS_NO_FCOE | EEPROM_CAPS_CROSSTALK;
	word[EEPROM_PBA] = EEPROM_PBA_GUARD;
	word[EEPROM_PBA + 1] = SECTION_PBA;
	word[SECTION_PBA] = 1 + sizeof(PBA_TEXT) / 2; /* words, including this one */
	for (unsigned int i = 0; i < sizeof(PBA_TEXT) / 2; i++)
		word[SECTION_PBA + 1 + i] = PBA_TEXT[2 * i] << 8 | PBA_TEXT[2 * i + 1];
	word[EEPROM_TRACK_ID] = TRACK_ID & 0xffff;
	word[EEPROM_TRACK_ID + 1] = TRACK_ID >> 16;
	/* firmware 7: drivers refuse SFI devices with a patch version of 5 or less */
	word[SECTION_FIRMWARE + 4] = SECTION_PATCH;
	word[SECTION_PATCH + 7] = 7;
	/* the SFI set-up of modules: SR/LR on port 0 and on port 1, with no values to write */
	word[SECTION_SFP + 1] = 5;
	word[SECTION_SFP + 2] = SECTION_SFP_DATA;
	word[SECTION_SFP + 3] = 6;
	word[SECTION_SFP + 4] = SECTION_SFP_DATA;
	word[SECTION_LAN_CORE0] = word[SECTION_LAN_CORE1] = 3; /* words: the MAC address */
	eeprom_set_checksum(card);
	return card;
}

void
nic_card_free(struct nic_card *card)
{
	free(card);
}

static uint8_t
sum8(const uint8_t *from, unsigned int n)
{
	uint8_t sum = 0;

	while (n-- > 0)
		sum += *from++;
	return sum;
}

/* Base and extended ID fields of SFF-8472, table 3.1: a 10GBASE-SR module. */
static void
sfp_init_id(uint8_t *memory)
{
	memory[0] = 0x03;  /* SFP or SFP+ */
	memory[1] = 0x04;
	memory[2] = 0x07;  /* LC */
	memory[3] = 0x10;  /* 10GBASE-SR */
	memory[11] = 0x06; /* 64B/66B */
	memory[12] = 103;  /* x 100 Mbit/s */
	memory[16] = 8;    /* x 10 m of OM2 */
	memcpy(&memory[20], "sim82599        ", 16);
	memory[37] = 0x00; /* Intel's OUI: some drivers refuse others */
	memory[38] = 0x1b;
	memory[39] = 0x21;
	memcpy(&memory[40], "SOFT-SR         1.0 ", 20);
	put_be16(&memory[60], 850); /* nm */
	memory[63] = sum8(memory, 63);
	memory[65] = 0x1a; /* has pins for loss of signal, transmit fault, transmit disable */
	memcpy(&memory[68], "0000000000000001260101  ", 24);
	memory[92] = 0x68; /* diagnostics, calibrated by the module, average receive power */
	memory[93] = 0xb0; /* with flags, and the states of the pins */
	memory[94] = 0x05; /* revision 11.0 */
	memory[95] = sum8(&memory[64], 31);
}

/* Diagnostics, SFF-8472 table 3.15 on: the constant ones. */
static void
sfp_init_diagnostics(uint8_t *memory)
{
	/* alarm high and low, warning high and low */
	static const uint16_t thresholds[][4] = {
		{ 75 * 256, (uint16_t)(-5 * 256), 70 * 256, 0 }, /* 1/256 degree C */
		{ 36300, 29700, 34600, 31300 },                 /* 0.1 mV */
		{ 5900, 2000, 5400, 2500 },                     /* laser bias, 2 uA */
		{ 8000, 1500, 7000, 2000 },                     /* transmit power, 0.1 uW */
		{ 10000, 300, 8000, 500 },                      /* receive power */
	};

	for (unsigned int i = 0; i < 5; i++)
		for (unsigned int j = 0; j < 4; j++)
			put_be16(&memory[8 * i + 2 * j], thresholds[i][j]);
	put_be16(&memory[68], 0x3f80); /* 1.0, the only factor of the receive power */
	for (unsigned int i = 76; i < 92; i += 4)
		put_be16(&memory[i], 0x0100); /* slope 1, offset 0 */
	memory[95] = sum8(memory, 95);
	put_be16(&memory[96], 35 * 256);
	put_be16(&memory[98], 33000);
}

/* The other diagnostics: the laser, and the light of the far end. */
static void
sfp_diagnose(const struct nic *nic, uint8_t *memory)
{
	bool laser = link_laser(nic);
	bool light = link_receives(nic);

	put_be16(&memory[100], laser ? 3500 : 0);
	put_be16(&memory[102], laser ? 5000 : 0);
	put_be16(&memory[104], light ? 4500 : 0);
	memory[110] = (laser ? 0 : 0x80) | (light ? 0 : 0x02);
	/* alarms and warnings: bias low, transmit power low; receive power low */
	memory[112] = memory[116] = laser ? 0 : 0x05;
	memory[113] = memory[117] = light ? 0 : 0x40;
}

int
eeprom_init(struct nic *nic)
{
	struct nic_card *card = nic->config.card;
	uint32_t section = card->eeprom[EEPROM_LAN_CORE0 + nic->config.lan_id];
	const uint8_t *mac = nic->config.mac;

	nic->eeprom = calloc(1, sizeof(*nic->eeprom));
	nic->sfp = calloc(1, sizeof(*nic->sfp));
	if (nic->eeprom == NULL || nic->sfp == NULL) {
		eeprom_free(nic);
		return -ENOMEM;
	}
	for (int i = 0; i < 3 && section + 1 + i < EEPROM_WORDS; i++)
		card->eeprom[section + 1 + i] = mac[2 * i] | mac[2 * i + 1] << 8;
	eeprom_set_checksum(card);
	sfp_init_id(nic->sfp->memory[0]);
	sfp_init_diagnostics(nic->sfp->memory[1]);
	return 0;
}

void
eeprom_free(struct nic *nic)
{
	free(nic->eeprom);
	free(nic->sfp);
	nic->eeprom = NULL;
	nic->sfp = NULL;
}

static uint16_t
eeprom_word(const struct nic *nic, uint32_t address)
{
	uint16_t word = card_word(nic->config.card, address);

	if (address == EEPROM_CHECKSUM && has_fault(nic, NIC_FAULT_EEPROM))
		word = ~word;
	return word;
}

static void
eeprom_mac(const struct nic *nic, uint8_t mac[6])
{
	uint32_t section = eeprom_word(nic, EEPROM_LAN_CORE0 + nic->config.lan_id);
	uint16_t word;

	for (unsigned int i = 0; i < 3; i++) {
		word = eeprom_word(nic, section + 1 + i);
		mac[2 * i] = word;
		mac[2 * i + 1] = word >> 8;
	}
}

/* 8.2.3.7.8 */
void
eeprom_load(struct nic *nic)
{
	uint8_t mac[6];

	eeprom_mac(nic, mac);
	reg_put(nic, NIC_RAL, mac[0] | mac[1] << 8 | mac[2] << 16 | (uint32_t)mac[3] << 24);
	reg_put(nic, NIC_RAH, mac[4] | mac[5] << 8 | NIC_RAH_AV);
}

uint32_t
write_eerd(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	uint32_t address = value >> NIC_EERD_ADDR_SHIFT & NIC_EERD_ADDR;

	if (!(value & NIC_EERD_START))
		return value;
	value &= NIC_EERD_ADDR << NIC_EERD_ADDR_SHIFT;
	if (has_fault(nic, NIC_FAULT_EERD))
		return value;
	return value | NIC_EERD_DONE | (uint32_t)eeprom_word(nic, address) << NIC_EERD_DATA_SHIFT;
}

/* The EEPROM's output after a falling edge, by the number of clocks before it. */
static bool
spi_out(const struct nic *nic, const struct nic_eeprom_bus *bus)
{
	uint32_t bit, byte;

	if (bus->command == SPI_RDSR && bus->clocks >= 8)
		return bus->write_enabled && bus->clocks % 8 == 6;
	if (bus->command != SPI_READ || bus->clocks < 24)
		return false;
	bit = bus->clocks - 24;
	byte = (bus->address + bit / 8) % (2 * EEPROM_WORDS);
	return eeprom_word(nic, byte / 2) >> (byte % 2 * 8 + 7 - bit % 8) & 1;
}

/* The EEPROM receives a bit. */
static void
spi_in(struct nic *nic, struct nic_eeprom_bus *bus, bool bit)
{
	_Atomic uint16_t *word;
	unsigned int shift;

	bus->clocks++;
	bus->in = bus->in << 1 | bit;
	if (bus->clocks == 8)
		bus->command = bus->in;
	else if (bus->clocks == 24)
		bus->address = bus->in;
	else if (bus->command == SPI_WRITE && bus->write_enabled && bus->clocks > 24 &&
		 bus->clocks % 8 == 0) {
		word = &nic->config.card->eeprom[bus->address % (2 * EEPROM_WORDS) / 2];
		shift = bus->address % 2 * 8;
		*word = (*word & ~(0xff << shift)) | (bus->in & 0xff) << shift;
		bus->address = (bus->address & ~(SPI_PAGE - 1)) | ((bus->address + 1) % SPI_PAGE);
	}
}

/* Chip select rises: this ends a command, and starts a write, which takes no time here. */
static void
spi_deselect(struct nic_eeprom_bus *bus)
{
	bool enabled = bus->write_enabled;

	if (bus->clocks >= 8)
		enabled = bus->command == SPI_WREN ||
			  (enabled && bus->command != SPI_WRDI && bus->command != SPI_WRITE);
	*bus = (struct nic_eeprom_bus){ .write_enabled = enabled };
}

uint32_t
write_eec(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	struct nic_eeprom_bus *bus = nic->eeprom;
	bool rise = (value & ~before) & NIC_EEC_SK;
	bool fall = (before & ~value) & NIC_EEC_SK;

	/* INTERPRETATION (MISSING): the data sheet does not say how long the grant takes. Here
	 * there is no other requester. */
	value &= ~NIC_EEC_GNT;
	if (!(value & NIC_EEC_REQ))
		return value & ~NIC_EEC_DO;
	value |= NIC_EEC_GNT;
	if (value & NIC_EEC_CS) { /* not selected: the pin is active low */
		spi_deselect(bus);
		return value & ~NIC_EEC_DO;
	}
	if (rise) {
		spi_in(nic, bus, value & NIC_EEC_DI);
	} else if (fall) {
		value &= ~NIC_EEC_DO;
		if (spi_out(nic, bus))
			value |= NIC_EEC_DO;
	}
	return value;
}

/* A byte and its acknowledge are complete, and the clock is low again. */
static void
i2c_next_byte(struct nic_sfp_bus *bus)
{
	switch (bus->state) {
	case I2C_DEVICE:
		bus->page = bus->in >> 1 & 1;
		if ((bus->in & 0xfc) != SFP_DEVICE)
			bus->state = I2C_IDLE;
		else
			bus->state = bus->in & 1 ? I2C_READ : I2C_OFFSET;
		break;
	case I2C_OFFSET:
		bus->offset = bus->in;
		bus->state = I2C_WRITE;
		break;
	case I2C_WRITE: /* the module is write protected */
		bus->offset++;
		break;
	case I2C_READ:
		if (bus->nack)
			bus->state = I2C_IDLE;
		break;
	case I2C_IDLE:
		break;
	}
	bus->bits = 0;
	if (bus->state == I2C_READ)
		bus->out = bus->memory[bus->page][bus->offset++];
}

/* The module changes its data line while the clock is low. */
static void
i2c_clock_fell(struct nic_sfp_bus *bus)
{
	if (bus->bits == 9)
		i2c_next_byte(bus);
	if (bus->state == I2C_READ)
		bus->low = bus->bits < 8 && !(bus->out >> (7 - bus->bits) & 1);
	else
		bus->low = bus->bits == 8 && bus->state != I2C_IDLE &&
			   (bus->state != I2C_DEVICE || (bus->in & 0xfc) == SFP_DEVICE);
}

static void
i2c_clock_rose(struct nic_sfp_bus *bus, bool data)
{
	if (bus->bits < 8)
		bus->in = bus->in << 1 | data;
	else
		bus->nack = data;
	bus->bits++;
}

uint32_t
write_i2cctl(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before,
	     uint32_t value)
{
	struct nic_sfp_bus *bus = nic->sfp;
	bool data = value & NIC_I2CCTL_DATA_OUT, data_before = before & NIC_I2CCTL_DATA_OUT;
	bool clock = value & NIC_I2CCTL_CLK_OUT, clock_before = before & NIC_I2CCTL_CLK_OUT;

	if (has_fault(nic, NIC_FAULT_SFP)) {
		bus->state = I2C_IDLE;
		bus->low = false;
	} else if (clock && clock_before && data != data_before) {
		/* data changes while the clock is high: start (falls) or stop (rises) */
		bus->state = data ? I2C_IDLE : I2C_DEVICE;
		sfp_diagnose(nic, bus->memory[1]);
		bus->bits = 0;
		bus->low = false;
	} else if (clock && !clock_before) {
		i2c_clock_rose(bus, data && !bus->low);
	} else if (!clock && clock_before && bus->bits > 0) {
		i2c_clock_fell(bus);
	}
	/* open drain: a line is high unless a device pulls it low */
	value &= ~(NIC_I2CCTL_CLK_IN | NIC_I2CCTL_DATA_IN);
	if (clock)
		value |= NIC_I2CCTL_CLK_IN;
	if (data && !bus->low)
		value |= NIC_I2CCTL_DATA_IN;
	return value;
}

/*
 * The semaphores, 8.2.3.4
 */

/* SMBI: a read sets it. A reader that got 0 owns the semaphore. */
uint32_t
read_swsm(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	atomic_uint *swsm = &nic->config.card->swsm;

	return peek ? atomic_load(swsm) : atomic_fetch_or(swsm, NIC_SWSM_SMBI);
}

/* SWESMBI is always granted: there is no firmware that holds it. */
uint32_t
write_swsm(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	atomic_store(&nic->config.card->swsm, value);
	return value;
}

uint32_t
read_gssr(struct nic *nic, const struct reg *reg, unsigned int i, bool peek)
{
	return atomic_load(&nic->config.card->gssr);
}

uint32_t
write_gssr(struct nic *nic, const struct reg *reg, unsigned int i, uint32_t before, uint32_t value)
{
	atomic_store(&nic->config.card->gssr, value);
	return value;
}
