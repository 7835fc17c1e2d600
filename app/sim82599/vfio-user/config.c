/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* PCI configuration space of an 82599, data sheet 9.3 and 9.4. VPD, ARI and SR-IOV are not
 * emulated. */

#include <linux/pci_regs.h>
#include <string.h>

#include "vfio_user.h"

/* Offsets of the capabilities */
#define CAP_PM    0x40
#define CAP_MSI   0x50
#define CAP_MSIX  0x70
#define CAP_EXP   0xa0
#define EXT_AER   0x100
#define EXT_DSN   0x140

/* Offsets in the capability of 64-bit MSI with mask bits */
#define MSI_MASK     (CAP_MSI + PCI_MSI_MASK_64)
#define MSI_PENDING  (CAP_MSI + PCI_MSI_PENDING_64)

/* size bytes at offset: the reset value, the bits that can be written, and the bits that are
 * cleared by writing a one */
static const struct {
	uint16_t offset, size;
	uint32_t value, writable, clearable;
} rows[] = {
	{ PCI_VENDOR_ID, 2, NIC_VENDOR_ID, 0, 0 },
	{ PCI_DEVICE_ID, 2, NIC_DEVICE_ID, 0, 0 },
	{ PCI_COMMAND, 2, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	  PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE, 0 },
	{ PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0, 0xf900 },
	{ PCI_REVISION_ID, 1, 0x01, 0, 0 },
	{ PCI_CLASS_DEVICE, 2, 0x0200, 0, 0 }, /* Ethernet */
	{ PCI_CACHE_LINE_SIZE, 1, 0, 0xff, 0 },
	/* 9.3.6.1: registers, 128 KB; IO; MSI-X, 16 KB */
	{ PCI_BASE_ADDRESS_0, 4, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
	  ~(NIC_BAR_SIZE - 1), 0 },
	{ PCI_BASE_ADDRESS_1, 4, 0, 0xffffffff, 0 },
	{ PCI_BASE_ADDRESS_2, 4, PCI_BASE_ADDRESS_SPACE_IO, ~(BAR_IO_SIZE - 1), 0 },
	{ PCI_BASE_ADDRESS_4, 4, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH,
	  ~(BAR_MSIX_SIZE - 1), 0 },
	{ PCI_BASE_ADDRESS_5, 4, 0, 0xffffffff, 0 },
	{ PCI_SUBSYSTEM_VENDOR_ID, 2, NIC_VENDOR_ID, 0, 0 },
	{ PCI_SUBSYSTEM_ID, 2, 0x0003, 0, 0 },
	{ PCI_CAPABILITY_LIST, 1, CAP_PM, 0, 0 },
	{ PCI_INTERRUPT_LINE, 1, 0, 0xff, 0 },

	/* 9.3.7: version 3, PME from D0 and D3hot; leaving D3hot resets the function */
	{ CAP_PM, 2, PCI_CAP_ID_PM | CAP_MSI << 8, 0, 0 },
	{ CAP_PM + PCI_PM_PMC, 2,
	  0x0003 | PCI_PM_CAP_DSI | PCI_PM_CAP_PME_D0 | PCI_PM_CAP_PME_D3hot, 0, 0 },
	{ CAP_PM + PCI_PM_CTRL, 2, 1 << 13, PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE,
	  PCI_PM_CTRL_PME_STATUS },

	/* 9.3.8: one message, 64-bit address, mask bit */
	{ CAP_MSI, 2, PCI_CAP_ID_MSI | CAP_MSIX << 8, 0, 0 },
	{ CAP_MSI + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_64BIT | PCI_MSI_FLAGS_MASKBIT,
	  PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 0 },
	{ CAP_MSI + PCI_MSI_ADDRESS_LO, 4, 0, 0xfffffffc, 0 },
	{ CAP_MSI + PCI_MSI_ADDRESS_HI, 4, 0, 0xffffffff, 0 },
	{ CAP_MSI + PCI_MSI_DATA_64, 2, 0, 0xffff, 0 },
	{ MSI_MASK, 4, 0, 1, 0 },

	/* 9.3.9: 64 vectors in BAR 4 */
	{ CAP_MSIX, 2, PCI_CAP_ID_MSIX | CAP_EXP << 8, 0, 0 },
	{ CAP_MSIX + PCI_MSIX_FLAGS, 2, NIC_MSIX_VECTORS - 1,
	  PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 0 },
	{ CAP_MSIX + PCI_MSIX_TABLE, 4, 4, 0, 0 },
	{ CAP_MSIX + PCI_MSIX_PBA, 4, BAR_MSIX_PBA | 4, 0, 0 },

	/* 9.3.10: version 2 endpoint, function-level reset; 5 GT/s, 8 lanes */
	{ CAP_EXP, 2, PCI_CAP_ID_EXP, 0, 0 },
	{ CAP_EXP + PCI_EXP_FLAGS, 2, 2, 0, 0 },
	{ CAP_EXP + PCI_EXP_DEVCAP, 4,
	  PCI_EXP_DEVCAP_FLR | PCI_EXP_DEVCAP_RBER | 7 << 9 | 3 << 6 | 2, 0, 0 },
	{ CAP_EXP + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_READRQ_512B | PCI_EXP_DEVCTL_NOSNOOP_EN |
	  PCI_EXP_DEVCTL_RELAX_EN, 0x7eff, 0 },
	{ CAP_EXP + PCI_EXP_DEVSTA, 2, 0, 0, 0x000f },
	{ CAP_EXP + PCI_EXP_LNKCAP, 4, 7 << 15 | 1 << 12 | 1 << 10 | 8 << 4 | 2, 0, 0 },
	{ CAP_EXP + PCI_EXP_LNKCTL, 2, 0, 0x00cb, 0 },
	{ CAP_EXP + PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_SLC | 8 << 4 | 2, 0, 0 },
	{ CAP_EXP + PCI_EXP_DEVCAP2, 4, PCI_EXP_DEVCAP2_COMP_TMOUT_DIS | 0xf, 0, 0 },
	{ CAP_EXP + PCI_EXP_DEVCTL2, 2, 0, 0x001f, 0 },
	{ CAP_EXP + PCI_EXP_LNKCTL2, 2, 2, 0x000f, 0 },

	/* 9.4.2: errors, none of which happens here */
	{ EXT_AER, 4, PCI_EXT_CAP_ID_ERR | 1 << 16 | EXT_DSN << 20, 0, 0 },
	{ EXT_AER + PCI_ERR_UNCOR_MASK, 4, 0, 0x001ff010, 0 },
	{ EXT_AER + PCI_ERR_UNCOR_SEVER, 4, 0x00062010, 0x001ff010, 0 },
	{ EXT_AER + PCI_ERR_COR_MASK, 4, PCI_ERR_COR_ADV_NFAT, 0x000031c1, 0 },
	{ EXT_AER + PCI_ERR_CAP, 4, PCI_ERR_CAP_ECRC_GENC | PCI_ERR_CAP_ECRC_CHKC,
	  PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE, 0 },

	/* 9.4.3: the serial number, from the MAC address; the last capability */
	{ EXT_DSN, 4, PCI_EXT_CAP_ID_DSN | 1 << 16, 0, 0 },
};

static uint32_t
get(const struct function *f, uint32_t offset, uint32_t size)
{
	uint32_t value = 0;

	memcpy(&value, f->config.space + offset, size);
	return value;
}

static void
put_bits(struct function *f, uint32_t offset, uint8_t bits, bool set)
{
	uint8_t *byte = &f->config.space[offset];

	*byte = set ? *byte | bits : *byte & ~bits;
}

static enum nic_irq_mode
irq_mode(const struct function *f)
{
	if (get(f, CAP_MSIX + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_ENABLE)
		return NIC_IRQ_MSIX;
	if (get(f, CAP_MSI + PCI_MSI_FLAGS, 2) & PCI_MSI_FLAGS_ENABLE)
		return NIC_IRQ_MSI;
	return NIC_IRQ_INTX;
}

/* Apply the registers' values to the function. */
static void
config_apply(struct function *f)
{
	enum nic_irq_mode mode = irq_mode(f);

	nic_set_bus_master(f->nic, config_bus_master(f));
	if (mode != f->irq_mode) {
		f->irq_mode = mode;
		nic_set_irq_mode(f->nic, mode);
	}
	vfu_irq_update(f);
}

void
config_reset(struct function *f)
{
	struct config *c = &f->config;
	const uint8_t *mac = f->args.device.mac;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(c->space + rows[i].offset, &rows[i].value, rows[i].size);
		memcpy(c->writable + rows[i].offset, &rows[i].writable, rows[i].size);
		memcpy(c->clearable + rows[i].offset, &rows[i].clearable, rows[i].size);
	}
	if (f->args.no_msix) {
		c->space[CAP_MSI + PCI_CAP_LIST_NEXT] = CAP_EXP;
		memset(c->space + CAP_MSIX, 0, PCI_CAP_MSIX_SIZEOF);
		memset(c->writable + CAP_MSIX, 0, PCI_CAP_MSIX_SIZEOF);
	}
	/* 9.3.4: a card of two functions; 9.3.6: INTA for the first, INTB for the second */
	c->space[PCI_HEADER_TYPE] = f->two_functions ? 0x80 : 0;
	c->space[PCI_INTERRUPT_PIN] = 1 + f->args.lan_id;
	/* EUI-64: the MAC's two halves with FFFF between, the first byte last */
	memcpy(c->space + EXT_DSN + 4, (uint8_t[8]){ mac[5], mac[4], mac[3], 0xff, 0xff, mac[2],
						     mac[1], mac[0] }, 8);
	config_apply(f);
}

void
config_read(struct function *f, uint32_t offset, uint32_t count, uint8_t *data)
{
	memcpy(data, f->config.space + offset, count);
}

void
config_write(struct function *f, uint32_t offset, uint32_t count, const uint8_t *data)
{
	struct config *c = &f->config;
	uint32_t power = get(f, CAP_PM + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK, i, at;
	bool flr = false;

	for (i = 0; i < count; i++) {
		at = offset + i;
		c->space[at] = (c->space[at] & ~c->writable[at]) | (data[i] & c->writable[at]);
		c->space[at] &= ~(data[i] & c->clearable[at]);
		if (at == CAP_EXP + PCI_EXP_DEVCTL + 1)
			flr = data[i] & PCI_EXP_DEVCTL_BCR_FLR >> 8;
	}
	/* 4.2.1.5, 5.2.4: initiate function-level reset; D3hot to D0 */
	if (flr || (power == 3 &&
		    (get(f, CAP_PM + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK) == 0))
		function_reset(f);
	else
		config_apply(f);
}

static bool
in_d0(const struct function *f)
{
	return (get(f, CAP_PM + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK) == 0;
}

bool
config_memory_enabled(const struct function *f)
{
	return in_d0(f) && (get(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY);
}

bool
config_io_enabled(const struct function *f)
{
	return in_d0(f) && (get(f, PCI_COMMAND, 2) & PCI_COMMAND_IO);
}

bool
config_bus_master(const struct function *f)
{
	return in_d0(f) && (get(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER);
}

bool
config_intx_disabled(const struct function *f)
{
	return get(f, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE;
}

bool
config_msi_masked(const struct function *f)
{
	return get(f, MSI_MASK, 4) & 1;
}

bool
config_msix_masked(const struct function *f)
{
	return get(f, CAP_MSIX + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_MASKALL;
}

void
config_show_interrupts(struct function *f, bool intx, bool msi_pending)
{
	put_bits(f, PCI_STATUS, PCI_STATUS_INTERRUPT, intx);
	put_bits(f, MSI_PENDING, 1, msi_pending);
}
