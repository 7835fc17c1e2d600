/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Offsets of the registers (NIC_RDT, ...) from the rows of regs.def, bits, and
 * the table that the rows become. */

#ifndef REGS_H
#define REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nic;

/* NIC_name: offset of a register, of its element 0 if there are several.
 * A 36-bit counter has two: NIC_nameL and NIC_nameH. */
enum {
#define REG(name, offset, ...) NIC_##name = offset,
#define STAT(name, offset, ...) NIC_##name = offset,
#define STAT64(name, low, high, ...) NIC_##name##L = low, NIC_##name##H = high,
#define MORE(name, offset, ...) NIC_MORE_##name = offset,
#define ALIAS(...)
#include "regs.def"
};

/* A register of receive queue q: reg is its offset in queue 0; 8.2.3.8. */
static inline uint32_t
rxq_reg(unsigned int q, uint32_t reg)
{
	return q < 64 ? reg + 0x40 * q : reg - 0x1000 + 0xd000 + 0x40 * (q - 64);
}

/* A register of transmit queue q; 8.2.3.9. */
static inline uint32_t
txq_reg(unsigned int q, uint32_t reg)
{
	return reg + 0x40 * q;
}

/* CTRL, 8.2.3.1.1 */
#define NIC_CTRL_GIO_DIS        (1u << 2)
#define NIC_CTRL_LRST           (1u << 3)
#define NIC_CTRL_RST            (1u << 26)
/* STATUS, 8.2.3.1.2 */
#define NIC_STATUS_LAN_ID_SHIFT 2
#define NIC_STATUS_LINKUP       (1u << 7)
#define NIC_STATUS_GIO          (1u << 19)
/* CTRL_EXT, 8.2.3.1.3 */
#define NIC_CTRL_EXT_VLAN       (1u << 26)  /* every frame has an outer VLAN tag */
/* EXVET, 8.2.3.1.7 */
#define NIC_EXVET_OUTER_SHIFT   16
/* ESDP, 8.2.3.1.4: the board decides what the pins do; here it is as on Intel's SFP+ cards */
#define NIC_ESDP_SDP2           (1u << 2)   /* module present */
#define NIC_ESDP_SDP3           (1u << 3)   /* laser off */
/* I2CCTL, 8.2.3.1.5 */
#define NIC_I2CCTL_CLK_IN       (1u << 0)
#define NIC_I2CCTL_CLK_OUT      (1u << 1)
#define NIC_I2CCTL_DATA_IN      (1u << 2)
#define NIC_I2CCTL_DATA_OUT     (1u << 3)
/* EEC, 8.2.3.2.1 */
#define NIC_EEC_SK              (1u << 0)
#define NIC_EEC_CS              (1u << 1)
#define NIC_EEC_DI              (1u << 2)
#define NIC_EEC_DO              (1u << 3)
#define NIC_EEC_REQ             (1u << 6)
#define NIC_EEC_GNT             (1u << 7)
#define NIC_EEC_PRES            (1u << 8)
#define NIC_EEC_ARD             (1u << 9)
#define NIC_EEC_ADDR_SIZE       (1u << 10)
#define NIC_EEC_SIZE_SHIFT      11
/* EERD, 8.2.3.2.2 */
#define NIC_EERD_START          (1u << 0)
#define NIC_EERD_DONE           (1u << 1)
#define NIC_EERD_ADDR_SHIFT     2
#define NIC_EERD_ADDR           0x3fffu
#define NIC_EERD_DATA_SHIFT     16
/* FCRTL, 8.2.3.3.3, FCRTH, 8.2.3.3.4, TFCS, 8.2.3.3.6, FCCFG, 8.2.3.3.7 */
#define NIC_FCRTL_XONE          (1u << 31)
#define NIC_FCRTL_RTL           0x0007ffe0u /* bytes */
#define NIC_FCRTH_RTH           0x0007ffe0u /* bytes */
#define NIC_FCRTH_FCEN          (1u << 31)
#define NIC_TFCS_TC_XON0        (1u << 0)
#define NIC_FCCFG_TFCE          (3u << 3)
#define NIC_FCCFG_TFCE_LINK     (1u << 3)
/* SWSM, 8.2.3.4.11 */
#define NIC_SWSM_SMBI           (1u << 0)
#define NIC_SWSM_SWESMBI        (1u << 1)
/* EICR and related registers, 8.2.3.5.1 */
#define NIC_EICR_RTX            0x0000ffffu
#define NIC_EICR_FLOW_DIR       (1u << 16)
#define NIC_EICR_RX_MISS        (1u << 17)
#define NIC_EICR_LSC            (1u << 20)
#define NIC_EICR_GPI_SDP1       (1u << 25)
#define NIC_EICR_GPI_SDP2       (1u << 26)
#define NIC_EICR_TCP_TIMER      (1u << 30)
/* EITR, 8.2.3.5.12 */
#define NIC_EITR_INTERVAL_SHIFT 3
#define NIC_EITR_INTERVAL       (0x1ffu << NIC_EITR_INTERVAL_SHIFT)
#define NIC_EITR_LLI_MOD        (1u << 15)
#define NIC_EITR_CREDIT         (0x1fu << 16)
#define NIC_EITR_COUNTER_SHIFT  21
#define NIC_EITR_COUNTER        (0x7fu << NIC_EITR_COUNTER_SHIFT)
#define NIC_EITR_CNT_WDIS       (1u << 31)
/* IVAR, 8.2.3.5.16: one byte a cause */
#define NIC_IVAR_ALLOC_VAL      0x80u
#define NIC_IVAR_ALLOC          0x3fu
/* GPIE, 8.2.3.5.18 */
#define NIC_GPIE_MULTIPLE_MSIX  (1u << 4)
#define NIC_GPIE_OCD            (1u << 5)
#define NIC_GPIE_EIMEN          (1u << 6)
#define NIC_GPIE_EIAME          (1u << 30)
#define NIC_GPIE_PBA_SUPPORT    (1u << 31)
/* TCPTIMER, 8.2.3.15.2 */
#define NIC_TCPTIMER_DURATION   0xffu       /* ms */
#define NIC_TCPTIMER_KICK_START (1u << 8)
#define NIC_TCPTIMER_COUNT_EN   (1u << 9)
#define NIC_TCPTIMER_FINISH     (1u << 10)
#define NIC_TCPTIMER_LOOP       (1u << 11)
/* FCTRL, 8.2.3.7.1 */
#define NIC_FCTRL_SBP           (1u << 1)
#define NIC_FCTRL_MPE           (1u << 8)
#define NIC_FCTRL_UPE           (1u << 9)
#define NIC_FCTRL_BAM           (1u << 10)
/* VLNCTRL, 8.2.3.7.2 */
#define NIC_VLNCTRL_VET         0x0000ffffu
#define NIC_VLNCTRL_CFI         (1u << 28)
#define NIC_VLNCTRL_CFIEN       (1u << 29)
#define NIC_VLNCTRL_VFE         (1u << 30)
/* MCSTCTRL, 8.2.3.7.3 */
#define NIC_MCSTCTRL_MO         0x3u
#define NIC_MCSTCTRL_MFE        (1u << 2)
/* PSRTYPE, 8.2.3.7.4 */
#define NIC_PSRTYPE_TCP         (1u << 4)
#define NIC_PSRTYPE_UDP         (1u << 5)
#define NIC_PSRTYPE_IPV4        (1u << 8)
#define NIC_PSRTYPE_IPV6        (1u << 9)
#define NIC_PSRTYPE_L2          (1u << 12)
/* RXCSUM, 8.2.3.7.5 */
#define NIC_RXCSUM_IPPCSE       (1u << 12)
#define NIC_RXCSUM_PCSD         (1u << 13)
/* RAH, 8.2.3.7.9 */
#define NIC_RAH_AV              (1u << 31)
/* MRQC, 8.2.3.7.12 */
#define NIC_MRQC_MRQE           0x0000000fu
#define   NIC_MRQC_MRQE_RSS     0x1u
#define NIC_MRQC_TCP_IPV4       (1u << 16)
#define NIC_MRQC_IPV4           (1u << 17)
#define NIC_MRQC_IPV6           (1u << 20)
#define NIC_MRQC_TCP_IPV6       (1u << 21)
#define NIC_MRQC_UDP_IPV4       (1u << 22)
#define NIC_MRQC_UDP_IPV6       (1u << 23)
/* SYNQF, 8.2.3.7.20 */
#define NIC_SYNQF_ENABLE        (1u << 0)
#define NIC_SYNQF_QUEUE_SHIFT   1
/* ETQF, 8.2.3.7.21 */
#define NIC_ETQF_ETYPE          0x0000ffffu
#define NIC_ETQF_ENABLE         (1u << 31)
/* ETQS, 8.2.3.7.22 */
#define NIC_ETQS_QUEUE_SHIFT    16
#define NIC_ETQS_QUEUE_EN       (1u << 31)
/* RDLEN, 8.2.3.8.3, and TDLEN, 8.2.3.9.7 */
#define NIC_RDLEN_LEN           0x000fff80u
/* RXDCTL, 8.2.3.8.6 */
#define NIC_RXDCTL_ENABLE       (1u << 25)
#define NIC_RXDCTL_SWFLSH       (1u << 26)
#define NIC_RXDCTL_VME          (1u << 30)
/* RXPBSIZE, 8.2.3.8.9 */
#define NIC_RXPBSIZE_SIZE       0x000ffc00u
#define NIC_RXPBSIZE_SIZE_SHIFT 10          /* KB */

/* QDE, 8.2.3.27.11 */
#define NIC_QDE_ENABLE          (1u << 0)
#define NIC_QDE_INDEX_SHIFT     8
#define NIC_QDE_WRITE           (1u << 16)
#define NIC_QDE_READ            (1u << 17)

/* SRRCTL, 8.2.3.8.7 */
#define NIC_SRRCTL_BSIZEPACKET  0x0000001fu /* KB */
#define NIC_SRRCTL_BSIZEHEADER_SHIFT 8       /* 64 bytes */
#define NIC_SRRCTL_BSIZEHEADER  0x00003f00u
#define NIC_SRRCTL_DESCTYPE_SHIFT 25
#define NIC_SRRCTL_DESCTYPE     (7u << NIC_SRRCTL_DESCTYPE_SHIFT)
#define NIC_SRRCTL_DROP_EN      (1u << 28)
/* RDRXCTL, 8.2.3.8.8 */
#define NIC_RDRXCTL_CRCSTRIP    (1u << 1)
#define NIC_RDRXCTL_DMAIDONE    (1u << 3)
/* RXCTRL, 8.2.3.8.10 */
#define NIC_RXCTRL_RXEN         (1u << 0)
/* DMATXCTL, 8.2.3.9.2 */
#define NIC_DMATXCTL_TE         (1u << 0)
#define NIC_DMATXCTL_GDV        (1u << 3)
#define NIC_DMATXCTL_VT_SHIFT   16
/* TXDCTL, 8.2.3.9.10 */
#define NIC_TXDCTL_PTHRESH      0x0000007fu
#define NIC_TXDCTL_HTHRESH_SHIFT 8
#define NIC_TXDCTL_WTHRESH_SHIFT 16
#define NIC_TXDCTL_WTHRESH      (0x7fu << NIC_TXDCTL_WTHRESH_SHIFT)
#define NIC_TXDCTL_ENABLE       (1u << 25)
#define NIC_TXDCTL_SWFLSH       (1u << 26)
/* TDWBAL, 8.2.3.9.11 */
#define NIC_TDWBAL_HEAD_WB_EN   (1u << 0)
/* SECTXCTRL, SECRXCTRL and their status, 8.2.3.12 */
#define NIC_SECTXCTRL_TX_DIS    (1u << 1)
#define NIC_SECTXSTAT_RDY       (1u << 0)
#define NIC_SECTXSTAT_OFF_DIS   (1u << 1)   /* fused off */
#define NIC_SECRXCTRL_RX_DIS    (1u << 1)
#define NIC_SECRXSTAT_RDY       (1u << 0)
#define NIC_SECRXSTAT_OFF_DIS   (1u << 1)
/* FDIRCTRL, 8.2.3.21.1 */
#define NIC_FDIRCTRL_PBALLOC    0x3u
#define NIC_FDIRCTRL_INIT_DONE  (1u << 3)
#define NIC_FDIRCTRL_PERFECT    (1u << 4)
/* PCS1GLSTA, 8.2.3.22.3, and PCS1GANLP, 8.2.3.22.5 */
#define NIC_PCS1GLSTA_LINK_OK   (1u << 0)
#define NIC_PCS1GLSTA_SYNC_OK   (1u << 4)
#define NIC_PCS1GLSTA_AN_COMPLETE (1u << 16)
#define NIC_PCS1GANLP_FD        (1u << 5)
#define NIC_PCS1GANLP_PAUSE     (3u << 7)   /* symmetric and asymmetric */
/* TIMINCA, 8.2.3.26.12 */
#define NIC_TIMINCA_VALUE       0x00ffffffu
#define NIC_TIMINCA_PERIOD_SHIFT 24
/* HLREG0, 8.2.3.22.8 */
#define NIC_HLREG0_TXCRCEN      (1u << 0)
#define NIC_HLREG0_RXCRCSTRP    (1u << 1)
#define NIC_HLREG0_JUMBOEN      (1u << 2)
#define NIC_HLREG0_TXPADEN      (1u << 10)
#define NIC_HLREG0_LPBK         (1u << 15)
#define NIC_HLREG0_RXLNGTHERREN (1u << 27)
/* MSCA, 8.2.3.22.11 */
#define NIC_MSCA_MDI_CMD        (1u << 30)
/* MAXFRS, 8.2.3.22.13 */
#define NIC_MAXFRS_MFS_SHIFT    16
/* MFLCN, 8.2.3.22.34 */
#define NIC_MFLCN_PMCF          (1u << 0)
#define NIC_MFLCN_DPF           (1u << 1)
#define NIC_MFLCN_RPFCE         (1u << 2)
#define NIC_MFLCN_RFCE          (1u << 3)
/* AUTOC2, 8.2.3.22.22 */
#define NIC_AUTOC2_LINK_DISABLE (7u << 28)

/* AUTOC, 8.2.3.22.19 */
#define NIC_AUTOC_FLU           (1u << 0)
#define NIC_AUTOC_AN_RESTART    (1u << 12)
#define NIC_AUTOC_LMS_SHIFT     13
#define NIC_AUTOC_LMS           (7u << NIC_AUTOC_LMS_SHIFT)
#define NIC_AUTOC_LMS_1G        (0u << NIC_AUTOC_LMS_SHIFT) /* no auto-negotiation */
#define NIC_AUTOC_LMS_10G_PARALLEL (1u << NIC_AUTOC_LMS_SHIFT)
#define NIC_AUTOC_LMS_1G_AN     (2u << NIC_AUTOC_LMS_SHIFT) /* clause 37 */
#define NIC_AUTOC_LMS_10G_SERIAL (3u << NIC_AUTOC_LMS_SHIFT)
#define NIC_AUTOC_LMS_SGMII     (5u << NIC_AUTOC_LMS_SHIFT)
/* LINKS, 8.2.3.22.20 */
#define NIC_LINKS_KX_AN_COMP    (1u << 31)
#define NIC_LINKS_UP            (1u << 30)
#define NIC_LINKS_SPEED_1G      (2u << 28)
#define NIC_LINKS_SPEED_10G     (3u << 28)
#define NIC_LINKS_STATUS        (1u << 7)   /* link up, no change since the last read */

/* ROW_name: number of a row in the table. */
enum reg_row {
#define REG(name, ...)    ROW_##name,
#define MORE(name, ...)   ROW_MORE_##name,
#define ALIAS(name, ...)  ROW_ALIAS_##name,
#define STAT(name, ...)   ROW_##name,
#define STAT64(name, ...) ROW_##name##L, ROW_##name##H,
#include "regs.def"
	ROW_COUNT
};

/* How a driver may access a register, in the data sheet's terms. */
enum reg_access { REG_RW, REG_RO, REG_RC, REG_W1C, REG_WO };

struct reg;
/* @return the value of a read of element i, before masking; a peek has no side effects */
typedef uint32_t reg_read_hook(struct nic *nic, const struct reg *reg, unsigned int i, bool peek);
/* @return the value that element i keeps after a write; before is the register's value before it,
 * value has the writable bits of the write */
typedef uint32_t reg_write_hook(struct nic *nic, const struct reg *reg, unsigned int i,
				uint32_t before, uint32_t value);

/* A row of the table: a register, a part of one, or the second addresses of one. */
struct reg {
	const char *name;
	uint32_t offset;
	uint16_t stride, count;
	uint16_t first;          /* number of the row's element 0 in its register */
	uint16_t parent;         /* row that describes the register; itself if this does */
	bool alias;              /* the parent's elements, at second addresses */
	enum reg_access access;
	uint32_t reset, readable, writable, self_clearing;
	int stat;                /* counter of enum nic_stat, or STAT_NONE */
	const char *section;
};

/* An offset in BAR0 looked up: element i of a register, kept at offset. */
struct reg_at {
	const struct reg *reg;
	unsigned int i;
	uint32_t offset;
};

/* @return false: the 82599 has no such register */
bool reg_find(uint32_t offset, struct reg_at *at);
/* "RDT[5]"; @return buf */
const char *reg_name(const struct reg_at *at, char *buf, size_t size);
/* Set each register to its reset value, except for those that the EEPROM sets. */
void regs_reset(struct nic *nic);

#endif /* REGS_H */
