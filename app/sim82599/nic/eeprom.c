/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The two small memories of a card that drivers read: the EEPROM, through EERD
 * (data sheet 8.2.3.2.2) or bit by bit through EEC (8.2.3.2.1, an SPI device),
 * and the SFP+ module's, bit by bit through I2CCTL (8.2.3.1.5; SFF-8472). */

#include <errno.h>
#include <stdlib.h>

#include "nic_priv.h"

/* EEPROM words, data sheet 6.1 */
#define EEPROM_LAN_CORE0     0x09 /* pointers; one a function */
#define EEPROM_FIRMWARE      0x0f
#define EEPROM_SAN_MAC       0x28
#define EEPROM_SFP_INIT      0x2b
#define EEPROM_CAPABILITIES  0x2c
#define EEPROM_CHECKSUM      0x3f
#define EEPROM_CHECKSUM_SUM  0xbaba
#define EEPROM_NONE          0xffff
/* Where the sections that pointers point to are put */
#define SECTION_FIRMWARE     0x40
#define SECTION_PATCH        0x48
#define SECTION_SFP          0x50
#define SECTION_SFP_DATA     0x58
#define SECTION_LAN_CORE0    0x60
#define SECTION_LAN_CORE1    0x68

/* SPI commands, of the 25xx family of EEPROMs */
#define SPI_READ 0x03
#define SPI_RDSR 0x05

struct nic_eeprom_bus {
	uint32_t clocks;  /* rising edges since chip select */
	uint8_t command;
	uint16_t address; /* in bytes */
	uint32_t in;
};

enum i2c_state { I2C_IDLE, I2C_DEVICE, I2C_OFFSET, I2C_WRITE, I2C_READ };

#define SFP_DEVICE 0xa0 /* the only one: a module without diagnostics */

struct nic_sfp_bus {
	enum i2c_state state;
	uint8_t bits;     /* of this byte that were clocked, the ninth acknowledges */
	uint8_t in, out;
	uint8_t offset;
	bool nack;        /* of the master, for a byte that it read */
	bool low;         /* the module pulls the data line */
	uint8_t memory[256];
};

/* Sum of the words that the checksum covers, 6.1: 0x00 to 0x3e and the
 * sections behind the pointers 0x03 to 0x0e. */
static uint16_t
eeprom_sum(const uint16_t *word)
{
	uint16_t sum = 0, section, i;

	for (i = 0; i < EEPROM_CHECKSUM; i++)
		sum += word[i];
	for (i = 0x03; i < EEPROM_FIRMWARE; i++) {
		if (word[i] == EEPROM_NONE)
			continue;
		section = word[i];
		for (uint16_t j = 1; j <= word[section]; j++)
			sum += word[section + j];
	}
	return sum;
}

static void
eeprom_set_checksum(struct nic_card *card)
{
	card->eeprom[EEPROM_CHECKSUM] = EEPROM_CHECKSUM_SUM - eeprom_sum(card->eeprom);
}

struct nic_card *
nic_card_create(void)
{
	struct nic_card *card = calloc(1, sizeof(*card));
	uint16_t *word;

	if (card == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	word = card->eeprom;
	memset(word, 0xff, sizeof(card->eeprom));
	word[0x00] = word[0x01] = word[0x02] = 0;
	word[EEPROM_LAN_CORE0] = SECTION_LAN_CORE0;
	word[EEPROM_LAN_CORE0 + 1] = SECTION_LAN_CORE1;
	word[EEPROM_FIRMWARE] = SECTION_FIRMWARE;
	word[EEPROM_SFP_INIT] = SECTION_SFP;
	word[EEPROM_CAPABILITIES] = 0x0081;
	/* firmware 7: drivers refuse SFI devices with a patch version of 5 or less */
	word[SECTION_FIRMWARE + 4] = SECTION_PATCH;
	word[SECTION_PATCH + 7] = 7;
	/* how to set up the SFI for a module: SR/LR on port 0 and on port 1, nothing to write */
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

/* Base ID fields of SFF-8472, table 3.1: a 10GBASE-SR module. */
static void
sfp_init(uint8_t *memory)
{
	uint8_t sum = 0;

	memory[0] = 0x03;  /* SFP or SFP+ */
	memory[1] = 0x04;
	memory[2] = 0x07;  /* LC */
	memory[3] = 0x10;  /* 10GBASE-SR */
	memory[11] = 0x06; /* 64B/66B */
	memory[12] = 103;  /* x 100 Mbit/s */
	memory[16] = 8;    /* x 10 m of OM2 */
	memcpy(&memory[20], "sim82599        ", 16);
	memory[37] = 0x00; /* Intel's OUI: some drivers take no other */
	memory[38] = 0x1b;
	memory[39] = 0x21;
	memcpy(&memory[40], "SOFT-SR         1.0 ", 20);
	memory[60] = 850 >> 8;
	memory[61] = 850 & 0xff;
	for (int i = 0; i < 63; i++)
		sum += memory[i];
	memory[63] = sum;
	memcpy(&memory[68], "0000000000000001260101  ", 24);
	sum = 0;
	for (int i = 64; i < 95; i++)
		sum += memory[i];
	memory[95] = sum;
}

int
eeprom_init(struct nic *nic)
{
	struct nic_card *card = nic->config.card;
	uint16_t section = card->eeprom[EEPROM_LAN_CORE0 + nic->config.lan_id];
	const uint8_t *mac = nic->config.mac;

	nic->eeprom = calloc(1, sizeof(*nic->eeprom));
	nic->sfp = calloc(1, sizeof(*nic->sfp));
	if (nic->eeprom == NULL || nic->sfp == NULL) {
		eeprom_free(nic);
		return -ENOMEM;
	}
	for (int i = 0; i < 3; i++)
		card->eeprom[section + 1 + i] = mac[2 * i] | mac[2 * i + 1] << 8;
	eeprom_set_checksum(card);
	sfp_init(nic->sfp->memory);
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

uint16_t
eeprom_word(const struct nic *nic, uint32_t address)
{
	uint16_t word = address < EEPROM_WORDS ? nic->config.card->eeprom[address] : EEPROM_NONE;

	if (address == EEPROM_CHECKSUM && has_fault(nic, NIC_FAULT_EEPROM))
		word = ~word;
	return word;
}

uint32_t
eeprom_eerd_write(struct nic *nic, uint32_t value)
{
	uint32_t address = value >> NIC_EERD_ADDR_SHIFT & NIC_EERD_ADDR;

	value &= NIC_EERD_ADDR << NIC_EERD_ADDR_SHIFT;
	if (has_fault(nic, NIC_FAULT_EERD))
		return value;
	return value | NIC_EERD_DONE | (uint32_t)eeprom_word(nic, address) << NIC_EERD_DATA_SHIFT;
}

/* What the EEPROM puts out after the falling edge that follows so many clocks. */
static bool
spi_out(const struct nic *nic, const struct nic_eeprom_bus *bus)
{
	uint32_t bit, byte;
	uint16_t word;

	/* the status register is 0: ready, not write enabled */
	if (bus->command != SPI_READ || bus->clocks < 24)
		return false;
	bit = bus->clocks - 24;
	byte = (bus->address + bit / 8) & 0xffff;
	word = eeprom_word(nic, byte / 2);
	return word >> (byte % 2 * 8 + 7 - bit % 8) & 1;
}

uint32_t
eeprom_eec_write(struct nic *nic, uint32_t value)
{
	struct nic_eeprom_bus *bus = nic->eeprom;
	uint32_t before = reg_get(nic, NIC_EEC);
	bool rise = (value & ~before) & NIC_EEC_SK;
	bool fall = (before & ~value) & NIC_EEC_SK;

	/* INTERPRETATION (MISSING): how long the grant takes; here none else wants it. */
	value &= ~NIC_EEC_GNT;
	if (!(value & NIC_EEC_REQ))
		return value & ~NIC_EEC_DO;
	value |= NIC_EEC_GNT;
	if (value & NIC_EEC_CS) { /* not selected: the pin is active low */
		memset(bus, 0, sizeof(*bus));
		return value & ~NIC_EEC_DO;
	}
	if (rise) {
		bus->clocks++;
		bus->in = bus->in << 1 | !!(value & NIC_EEC_DI);
		if (bus->clocks == 8)
			bus->command = bus->in;
		else if (bus->clocks == 24)
			bus->address = bus->in;
	} else if (fall) {
		value &= ~NIC_EEC_DO;
		if (spi_out(nic, bus))
			value |= NIC_EEC_DO;
	}
	return value;
}

/* A byte and its acknowledge are through, and the clock is low again. */
static void
i2c_next_byte(struct nic_sfp_bus *bus)
{
	switch (bus->state) {
	case I2C_DEVICE:
		if ((bus->in & 0xfe) != SFP_DEVICE)
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
		bus->out = bus->memory[bus->offset++];
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
			   (bus->state != I2C_DEVICE || (bus->in & 0xfe) == SFP_DEVICE);
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
sfp_i2cctl_write(struct nic *nic, uint32_t value)
{
	struct nic_sfp_bus *bus = nic->sfp;
	uint32_t before = reg_get(nic, NIC_I2CCTL);
	bool data = value & NIC_I2CCTL_DATA_OUT, data_before = before & NIC_I2CCTL_DATA_OUT;
	bool clock = value & NIC_I2CCTL_CLK_OUT, clock_before = before & NIC_I2CCTL_CLK_OUT;

	if (has_fault(nic, NIC_FAULT_SFP)) {
		bus->state = I2C_IDLE;
		bus->low = false;
	} else if (clock && clock_before && data != data_before) {
		/* data changes while the clock is high: start (falls) or stop (rises) */
		bus->state = data ? I2C_IDLE : I2C_DEVICE;
		bus->bits = 0;
		bus->low = false;
	} else if (clock && !clock_before) {
		i2c_clock_rose(bus, data && !bus->low);
	} else if (!clock && clock_before && bus->bits > 0) {
		i2c_clock_fell(bus);
	}
	/* open drain: a line is high if nobody pulls it */
	value &= ~(NIC_I2CCTL_CLK_IN | NIC_I2CCTL_DATA_IN);
	if (clock)
		value |= NIC_I2CCTL_CLK_IN;
	if (data && !bus->low)
		value |= NIC_I2CCTL_DATA_IN;
	return value;
}
