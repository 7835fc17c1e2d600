/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* What is around the port: the card's EEPROM, the SFP+ module's, and the LEDs */

#include <errno.h>

#include "ixymin_ethdev.h"

/* 8.2.3.2.2. The EEPROM's serial bus takes some 10 us for a word. The semaphore keeps out the
 * firmware, and other threads and processes, of which any may be killed. */
static int
eeprom_read(const struct ixymin_hw *hw, uint32_t word, uint16_t *value)
{
	int ret;

	if (hw_is_gone(hw))
		return -EIO;
	ixymin_gssr_acquire(hw, IXYMIN_GSSR_SW_EEP);
	reg_write(hw, IXYMIN_EERD, IXYMIN_EERD_START | IXYMIN_EERD_ADDR(word));
	ret = reg_wait_set(hw, IXYMIN_EERD, IXYMIN_EERD_DONE, MS(10));
	*value = IXYMIN_EERD_DATA(reg_read(hw, IXYMIN_EERD));
	ixymin_gssr_release(hw, IXYMIN_GSSR_SW_EEP);
	if (ret < 0)
		IXYMIN_LOG(ERR, hw, "EEPROM word 0x%x not read within 10 ms (EERD 0x%08x)", word,
			   reg_read(hw, IXYMIN_EERD));
	return ret;
}

/* The track id names the image, which has the firmware in it. */
int
ixymin_fw_version_get(struct rte_eth_dev *dev, char *version, size_t size)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	uint16_t low = 0, high = 0;
	int ret;

	ret = eeprom_read(hw, IXYMIN_EEPROM_TRACK_LOW, &low);
	if (ret == 0)
		ret = eeprom_read(hw, IXYMIN_EEPROM_TRACK_HIGH, &high);
	if (ret < 0)
		return ret;
	ret = snprintf(version, size, "0x%08x", (uint32_t)high << 16 | low) + 1;
	return size < (size_t)ret ? ret : 0;
}

int
ixymin_get_eeprom_length(struct rte_eth_dev *dev)
{
	return 2 * IXYMIN_EEC_WORDS(reg_read(ixymin_hw(dev), IXYMIN_EEC));
}

/* May these bytes be read? */
static int
check_range(const struct ixymin_hw *hw, const char *what, uint32_t size,
	    const struct rte_dev_eeprom_info *info)
{
	if (info->offset <= size && info->length <= size - info->offset)
		return 0;
	IXYMIN_LOG(ERR, hw, "%s has %u bytes, %u from %u on are not there", what, size,
		   info->length, info->offset);
	return -EINVAL;
}

int
ixymin_get_eeprom(struct rte_eth_dev *dev, struct rte_dev_eeprom_info *info)
{
	const struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);
	uint32_t end = info->offset + info->length, at;
	uint8_t *bytes = info->data;
	uint16_t word = 0;
	int ret;

	ret = check_range(ixymin_hw(dev), "EEPROM", ixymin_get_eeprom_length(dev), info);
	if (ret < 0)
		return ret;
	info->magic = pci->id.vendor_id | (uint32_t)pci->id.device_id << 16;
	for (at = info->offset; at < end; at++) {
		if (at == info->offset || at % 2 == 0) {
			ret = eeprom_read(ixymin_hw(dev), at / 2, &word);
			if (ret < 0)
				return ret;
		}
		*bytes++ = word >> 8 * (at % 2);
	}
	return 0;
}

/*
 * The module, SFF-8472: two memories of 256 bytes on an I2C bus. One byte is read at a time, since
 * modules are in use that cannot do more.
 */

#define SFP_ID          0xa0 /* I2C address: what the module is */
#define SFP_DIAGNOSTICS 0xa2
#define SFP_PAGE        256
#define SFP_VENDOR      20   /* bytes of SFP_ID: texts */
#define SFP_PART        40
#define   SFP_TEXT      16
#define SFP_MONITORING  92   /* byte of SFP_ID */
#define   SFP_ADDRESS_CHANGE RTE_BIT32(2) /* diagnostics want a command first, which is not sent */
#define SFP_COMPLIANCE  94   /* byte of SFP_ID; 0: no diagnostics */
#define SFP_BUSY_US     MS(40) /* a module that is busy does not answer */
#define I2C_STRETCH_US  MS(1)  /* a module may hold the clock for 0.5 ms */
#define I2C_DELAY_US    5      /* half a clock of 100 kHz */
#define I2C_RELEASED    0x1ff

static void
i2c_put(const struct ixymin_hw *hw, uint32_t line, bool high)
{
	reg_field(hw, IXYMIN_I2CCTL, line, high ? line : 0);
	rte_delay_us_block(I2C_DELAY_US);
}

/* Eight bits and an acknowledge, the highest first. Returns the nine bits that were on the bus, the
 * acknowledge lowest, or an error if the clock stays low. A module pulls down only what is released
 * (1) here. */
static int
i2c_transfer(const struct ixymin_hw *hw, uint32_t bits)
{
	uint32_t in = 0;
	int n, ret;

	for (n = 8; n >= 0; n--) {
		i2c_put(hw, IXYMIN_I2CCTL_DATA_OUT, bits >> n & 1);
		i2c_put(hw, IXYMIN_I2CCTL_CLK_OUT, true);
		ret = reg_wait_set(hw, IXYMIN_I2CCTL, IXYMIN_I2CCTL_CLK_IN, I2C_STRETCH_US);
		if (ret < 0)
			return ret;
		in = in << 1 | !!(reg_read(hw, IXYMIN_I2CCTL) & IXYMIN_I2CCTL_DATA_IN);
		i2c_put(hw, IXYMIN_I2CCTL_CLK_OUT, false);
	}
	return in;
}

static void
i2c_start(const struct ixymin_hw *hw)
{
	i2c_put(hw, IXYMIN_I2CCTL_DATA_OUT, true);
	i2c_put(hw, IXYMIN_I2CCTL_CLK_OUT, true);
	i2c_put(hw, IXYMIN_I2CCTL_DATA_OUT, false);
	i2c_put(hw, IXYMIN_I2CCTL_CLK_OUT, false);
}

static void
i2c_stop(const struct ixymin_hw *hw)
{
	i2c_put(hw, IXYMIN_I2CCTL_DATA_OUT, false);
	i2c_put(hw, IXYMIN_I2CCTL_CLK_OUT, true);
	i2c_put(hw, IXYMIN_I2CCTL_DATA_OUT, true);
}

static bool
i2c_send(const struct ixymin_hw *hw, uint8_t byte)
{
	int in = i2c_transfer(hw, (uint32_t)byte << 1 | 1);

	return in >= 0 && !(in & 1); /* acknowledged */
}

/* Returns the byte or -EIO. */
static int
i2c_try(const struct ixymin_hw *hw, uint8_t address, uint8_t offset)
{
	int in = -EIO;

	i2c_start(hw);
	if (i2c_send(hw, address) && i2c_send(hw, offset)) {
		i2c_put(hw, IXYMIN_I2CCTL_DATA_OUT, true);
		i2c_start(hw);
		if (i2c_send(hw, address | 1))
			in = i2c_transfer(hw, I2C_RELEASED); /* not acknowledged: the last one */
	}
	i2c_stop(hw);
	return in < 0 ? -EIO : in >> 1;
}

/* The semaphore keeps the firmware and other threads off the bus. */
static int
sfp_read(const struct ixymin_hw *hw, uint8_t address, uint8_t offset)
{
	uint64_t deadline = deadline_in(SFP_BUSY_US);
	uint32_t owner;
	int byte;

	if (hw_is_gone(hw))
		return -EIO;
	owner = IXYMIN_GSSR_SW_PHY(IXYMIN_STATUS_LAN_ID(reg_read(hw, IXYMIN_STATUS)));
	ixymin_gssr_acquire(hw, owner);
	for (;;) {
		byte = i2c_try(hw, address, offset);
		if (byte >= 0 || is_over(deadline))
			break;
		i2c_transfer(hw, I2C_RELEASED); /* a module in the midst of a byte ends it */
		i2c_stop(hw);
	}
	ixymin_gssr_release(hw, owner);
	return byte;
}

int
ixymin_get_module_info(struct rte_eth_dev *dev, struct rte_eth_dev_module_info *info)
{
	const struct rte_pci_device *pci = RTE_CLASS_TO_BUS_DEVICE(dev, *pci);
	const struct ixymin_hw *hw = ixymin_hw(dev);
	int compliance, monitoring;

	/* a QSFP+ has another layout, and its four ports share the bus */
	if (!hw->sfp || pci->id.device_id == IXYMIN_DEV_ID_QSFP_SF_QP) {
		IXYMIN_LOG(ERR, hw, "device 0x%04x has no SFP+ cage", pci->id.device_id);
		return -ENOTSUP;
	}
	compliance = sfp_read(hw, SFP_ID, SFP_COMPLIANCE);
	monitoring = sfp_read(hw, SFP_ID, SFP_MONITORING);
	if (compliance < 0 || monitoring < 0) {
		IXYMIN_LOG(ERR, hw, "no SFP+ module answers");
		return -EIO;
	}
	if (compliance == 0 || (monitoring & SFP_ADDRESS_CHANGE)) {
		info->type = RTE_ETH_MODULE_SFF_8079;
		info->eeprom_len = RTE_ETH_MODULE_SFF_8079_LEN;
	} else {
		info->type = RTE_ETH_MODULE_SFF_8472;
		info->eeprom_len = RTE_ETH_MODULE_SFF_8472_LEN;
	}
	return 0;
}

int
ixymin_get_module_eeprom(struct rte_eth_dev *dev, struct rte_dev_eeprom_info *info)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	struct rte_eth_dev_module_info module;
	uint8_t *bytes = info->data;
	uint32_t i, at;
	int ret;

	ret = ixymin_get_module_info(dev, &module);
	if (ret == 0)
		ret = check_range(hw, "module", module.eeprom_len, info);
	if (ret < 0)
		return ret;
	for (i = 0; i < info->length; i++) {
		at = info->offset + i;
		ret = sfp_read(hw, at < SFP_PAGE ? SFP_ID : SFP_DIAGNOSTICS, at % SFP_PAGE);
		if (ret < 0) {
			IXYMIN_LOG(ERR, hw, "the module does not answer for byte %u", at);
			return ret;
		}
		bytes[i] = ret;
	}
	return 0;
}

/* A text of the module's, padded with spaces; a module may hold anything. */
static void
sfp_text(const struct ixymin_hw *hw, uint8_t offset, char *text, uint8_t size)
{
	uint8_t i;
	int byte;

	for (i = 0; i < size; i++) {
		byte = sfp_read(hw, SFP_ID, offset + i);
		text[i] = byte > ' ' && byte <= '~' ? byte : ' ';
	}
	for (; i > 0 && text[i - 1] == ' '; i--)
		;
	text[i] = '\0';
}

/* For the log, if it is wanted: reading the module takes 30 ms. */
void
ixymin_module_log(struct rte_eth_dev *dev)
{
	const struct ixymin_hw *hw = ixymin_hw(dev);
	char vendor[SFP_TEXT + 1], part[SFP_TEXT + 1], version[16];

	if (!rte_log_can_log(ixymin_logtype, RTE_LOG_DEBUG))
		return;
	if (ixymin_fw_version_get(dev, version, sizeof(version)) == 0)
		IXYMIN_LOG(DEBUG, hw, "EEPROM and firmware version %s", version);
	if (!hw->sfp)
		return;
	if (sfp_read(hw, SFP_ID, SFP_COMPLIANCE) < 0) {
		IXYMIN_LOG(DEBUG, hw, "no SFP+ module answers");
		return;
	}
	sfp_text(hw, SFP_VENDOR, vendor, SFP_TEXT);
	sfp_text(hw, SFP_PART, part, SFP_TEXT);
	IXYMIN_LOG(DEBUG, hw, "SFP+ module %s %s", vendor, part);
}

/* All LEDs, since boards differ in which one can be seen, until the next start of the port */
int
ixymin_led_on(struct rte_eth_dev *dev)
{
	reg_field(ixymin_hw(dev), IXYMIN_LEDCTL, IXYMIN_LEDCTL_MODES, IXYMIN_LEDCTL_ON);
	return 0;
}

int
ixymin_led_off(struct rte_eth_dev *dev)
{
	reg_field(ixymin_hw(dev), IXYMIN_LEDCTL, IXYMIN_LEDCTL_MODES, IXYMIN_LEDCTL_OFF);
	return 0;
}
