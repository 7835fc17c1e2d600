/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The registers and descriptors of the 82599 that this driver uses, under their names in the data
 * sheet (Intel 331520) and in its order, but for filter tables that are only cleared. A bit stands
 * indented below its register. Numbers such as 8.2.3.1 are sections of the data sheet. */

#ifndef IXYMIN_REGS_H
#define IXYMIN_REGS_H

#include <stdint.h>

#include <rte_bitops.h>
#include <rte_byteorder.h>

#include "ixymin_compat.h"

#define IXYMIN_BAR_SIZE        0x20000 /* 8.1 */
#define IXYMIN_GONE            UINT32_MAX /* what a device that is gone reads as */

/* Limits of the hardware */
#define IXYMIN_RX_QUEUES       128     /* 1.3 */
#define IXYMIN_TX_QUEUES       64      /* 8.2.3.9.15: MTQC 0, no DCB, no virtualization */
#define IXYMIN_RX_VECTORS      63      /* 7.3.4: of 64; vector 0 is that of the link */
#define IXYMIN_RING_MAX        4096
#define IXYMIN_RING_MIN        64      /* two batches of IXYMIN_BATCH */
#define IXYMIN_RING_MULTIPLE   8       /* 8.2.3.8.3: RDLEN counts in 128 bytes */
#define IXYMIN_RING_ALIGN_BYTES 128    /* 7.1.9, 7.2.3.3 */
#define IXYMIN_MAC_ADDRS       128     /* 7.1.1.1.1 */
#define IXYMIN_FRAME_MAX       9728    /* with FCS: the largest jumbo frame, 1.3 */
#define IXYMIN_RX_BUF_MIN      1024u   /* 8.2.3.8.7: 1 to 16 KB */
#define IXYMIN_RX_BUF_MAX      16384u
#define IXYMIN_RX_TAGS_MAX     8       /* 8.2.3.22.13: bytes of VLAN tags on top of MAXFRS */
#define IXYMIN_PACKET_BUFFERS  8       /* of each direction */
#define IXYMIN_HIGH_WATER_MAX_KB 502   /* of 512: one largest frame still fits */
#define IXYMIN_TX_LEN_MIN      17      /* 7.2.3.2.4: hardware pads from here on */
#define IXYMIN_TX_LEN_MAX      IXYMIN_FRAME_MAX /* without FCS, with a VLAN tag */
#define IXYMIN_TX_SEGS_MAX     40      /* 7.2.3.4: data descriptors of a packet */
#define IXYMIN_TX_SEG_LEN_MAX  16384   /* 7.2.3.2.4: bytes of a data descriptor */
#define IXYMIN_TX_CONTEXTS     2       /* 7.2.3.2.3: of a queue */
#define IXYMIN_TSO_PAYLEN_MAX  0x3ffff /* 7.2.3.2.4: bytes of TCP data to be segmented */
#define IXYMIN_TSO_L4LEN_MAX   64      /* 7.2.3.2.3 */

/* 9.3.3.2 Device ID */
#define IXYMIN_DEV_ID_KX4              0x10f7
#define IXYMIN_DEV_ID_COMBO_BACKPLANE  0x10f8  /* KX4, KR or CX4 */
#define IXYMIN_DEV_ID_CX4              0x10f9
#define IXYMIN_DEV_ID_SFP              0x10fb  /* SFI: X520 and kin */
#define IXYMIN_DEV_ID_XAUI_LOM         0x10fc
#define IXYMIN_DEV_ID_SFP_EM           0x1507  /* extended mezzanine */
#define IXYMIN_DEV_ID_KX4_MEZZ         0x1514
#define IXYMIN_DEV_ID_KR               0x1517
#define IXYMIN_DEV_ID_T3_LOM           0x151c  /* 10GBASE-T */
#define IXYMIN_DEV_ID_SFP_FCOE         0x1529
#define IXYMIN_DEV_ID_BACKPLANE_FCOE   0x152a
#define IXYMIN_DEV_ID_SFP_SF_QP        0x154a  /* four ports */
#define IXYMIN_DEV_ID_SFP_SF2          0x154d
#define IXYMIN_DEV_ID_82599EN_SFP      0x1557
#define IXYMIN_DEV_ID_QSFP_SF_QP       0x1558  /* QSFP+, four ports */

/* 8.2.3.1.1 Device Control */
#define IXYMIN_CTRL                    0x00000
#define   IXYMIN_CTRL_GIO_DIS          RTE_BIT32(2)  /* PCIe master disable */
#define   IXYMIN_CTRL_RST              RTE_BIT32(26) /* clears itself */
/* 8.2.3.1.2 Device Status */
#define IXYMIN_STATUS                  0x00008
#define   IXYMIN_STATUS_LAN_ID(status) ((status) >> 2 & 1) /* which port of the card */
#define   IXYMIN_STATUS_GIO            RTE_BIT32(19) /* PCIe master still enabled */
/* 8.2.3.1.3 Extended Device Control */
#define IXYMIN_CTRL_EXT                0x00018
#define   IXYMIN_CTRL_EXT_NS_DIS       RTE_BIT32(16) /* no snoop disable */
#define   IXYMIN_CTRL_EXT_EXTENDED_VLAN RTE_BIT32(26) /* double VLAN */
#define   IXYMIN_CTRL_EXT_DRV_LOAD     RTE_BIT32(28) /* tells the firmware: a driver is here */
/* 8.2.3.1.4 Extended Software Definable Pins */
#define IXYMIN_ESDP                    0x00020
#define   IXYMIN_ESDP_SDP3             RTE_BIT32(3)  /* wired to TX_DISABLE of the SFP+ */

/* 8.2.3.1.5 I2C Control: both lines are open drain, 1 lets go of them */
#define IXYMIN_I2CCTL                  0x00028
#define   IXYMIN_I2CCTL_CLK_IN         RTE_BIT32(0)
#define   IXYMIN_I2CCTL_CLK_OUT        RTE_BIT32(1)
#define   IXYMIN_I2CCTL_DATA_IN        RTE_BIT32(2)
#define   IXYMIN_I2CCTL_DATA_OUT       RTE_BIT32(3)
/* 8.2.3.1.6 LED Control: four LEDs, eight bits each */
#define IXYMIN_LEDCTL                  0x00200
#define   IXYMIN_LEDCTL_MODES          0x8f8f8f8f    /* mode and blink of all */
#define   IXYMIN_LEDCTL_ON             0x0e0e0e0e
#define   IXYMIN_LEDCTL_OFF            0x0f0f0f0f

/* 8.2.3.1.7 Extended VLAN Ether Type */
#define IXYMIN_EXVET                   0x05078       /* of the outer tag, in the upper half */
#define   IXYMIN_TPID_SHIFT            16

/* 8.2.3.2.1 EEPROM Control */
#define IXYMIN_EEC                     0x10010
#define   IXYMIN_EEC_PRES              RTE_BIT32(8)  /* there is an EEPROM */
#define   IXYMIN_EEC_ARD               RTE_BIT32(9)  /* auto-read done */
#define   IXYMIN_EEC_WORDS(eec)        (UINT32_C(64) << ((eec) >> 11 & 0xf)) /* its size */
/* 8.2.3.2.2 EEPROM Read */
#define IXYMIN_EERD                    0x10014
#define   IXYMIN_EERD_START            RTE_BIT32(0)
#define   IXYMIN_EERD_DONE             RTE_BIT32(1)
#define   IXYMIN_EERD_ADDR(word)       ((uint32_t)(word) << 2)
#define   IXYMIN_EERD_DATA(eerd)       ((eerd) >> 16)
/* 6.2: words of the EEPROM */
#define   IXYMIN_EEPROM_TRACK_LOW      0x2d          /* which image of Intel's it is */
#define   IXYMIN_EEPROM_TRACK_HIGH     0x2e

/* 8.2.3.3 Flow control, thresholds in bytes */
#define IXYMIN_FCTTV(n)                (0x03200 + 4 * (n)) /* pause time, of two packet buffers */
#define IXYMIN_FCRTL(n)                (0x03220 + 4 * (n)) /* low threshold */
#define   IXYMIN_FCRT_KB_SHIFT         10
#define   IXYMIN_FCRTL_XONE            RTE_BIT32(31) /* send XON */
#define IXYMIN_FCRTH(n)                (0x03260 + 4 * (n)) /* high threshold */
#define   IXYMIN_FCRTH_FCEN            RTE_BIT32(31) /* send XOFF */
#define   IXYMIN_FCRTH_NO_PAUSE        (IXYMIN_RXPBSIZE_512KB - 0x6000)
#define IXYMIN_FCRTV                   0x032a0       /* send XOFF again so long before its end */
#define IXYMIN_FCCFG                   0x03d00
#define   IXYMIN_FCCFG_TFCE_LINK       RTE_BIT32(3)  /* pause frames may be sent */

/* 8.2.3.4.11 Software Semaphore */
#define IXYMIN_SWSM                    0x10140
#define   IXYMIN_SWSM_SMBI             RTE_BIT32(0)  /* reading sets it */
#define   IXYMIN_SWSM_SWESMBI          RTE_BIT32(1)
/* 8.2.3.4.12 PCIe Control Extended */
#define IXYMIN_GCR_EXT                 0x11050
#define   IXYMIN_GCR_EXT_BUFFERS_CLEAR RTE_BIT32(30) /* drops what DMA is pending */
/* 8.2.3.4.14 Software/Firmware Synchronization */
#define IXYMIN_GSSR                    0x10160
#define   IXYMIN_GSSR_SW_EEP           RTE_BIT32(0)  /* the EEPROM */
#define   IXYMIN_GSSR_SW_PHY(lan)      RTE_BIT32(1 + (lan)) /* I2C of a port */
#define   IXYMIN_GSSR_SW_MAC_CSR       RTE_BIT32(3)  /* the link registers */
#define   IXYMIN_GSSR_FW(sw)           ((sw) << 5)   /* the firmware owns it */

/* 8.2.3.5 Interrupts */
#define IXYMIN_EICR                    0x00800       /* causes; reading clears */
#define   IXYMIN_EICR_LSC              RTE_BIT32(20) /* link status change */
#define IXYMIN_EIAC                    0x00810       /* causes that a message clears */
#define   IXYMIN_EIAC_VECTORS          0xfffe        /* 1 to 15; those of 16 to 63 always do */
#define IXYMIN_EIMS                    0x00880       /* mask set */
#define IXYMIN_EIMC                    0x00888       /* mask clear */
#define   IXYMIN_EIMC_ALL              0x7fffffff
#define IXYMIN_GPIE                    0x00898       /* general purpose interrupt enable */
#define   IXYMIN_GPIE_MULTIPLE_MSIX    RTE_BIT32(4)  /* causes and vectors by IVAR */
#define   IXYMIN_GPIE_OCD              RTE_BIT32(5)  /* reading EICR leaves queues' causes */
#define   IXYMIN_GPIE_PBA_SUPPORT      RTE_BIT32(31) /* set with MSI-X */
#define IXYMIN_IVAR(q)                 (0x00900 + 4 * ((q) / 2)) /* of queue q and its twin */
#define   IXYMIN_IVAR_RX(q, v)         ((0x80 | (v)) << 16 * ((q) % 2)) /* valid, vector v */
#define IXYMIN_IVAR_MISC               0x00a00       /* vector of all causes but queues */
#define   IXYMIN_IVAR_MISC_OTHER       RTE_BIT32(15) /* valid, vector 0 */
/* The same of vectors, with MULTIPLE_MSIX: a bit each, of vectors 32n to 32n + 31 */
#define IXYMIN_EICS_EX(n)              (0x00a90 + 4 * (n)) /* cause set */
#define IXYMIN_EIMS_EX(n)              (0x00aa0 + 4 * (n))
#define IXYMIN_EIMC_EX(n)              (0x00ab0 + 4 * (n))
#define IXYMIN_EITR(v)                 /* throttling of a vector */ \
	((v) < 24 ? 0x00820 + 4 * (v) : 0x12300 + 4 * ((v) - 24))
#define   IXYMIN_EITR_20US             (10 << 3)     /* INTERVAL, in 2.048 us */

/* 8.2.3.7 Receive filters */
#define IXYMIN_RXCSUM                  0x05000
#define   IXYMIN_RXCSUM_PCSD           RTE_BIT32(13) /* RSS hash, no fragment checksum */
#define IXYMIN_FCTRL                   0x05080
#define   IXYMIN_FCTRL_MPE             RTE_BIT32(8)  /* multicast promiscuous */
#define   IXYMIN_FCTRL_UPE             RTE_BIT32(9)  /* unicast promiscuous */
#define   IXYMIN_FCTRL_BAM             RTE_BIT32(10) /* accept broadcast */
#define IXYMIN_VLNCTRL                 0x05088
#define   IXYMIN_VLNCTRL_VET           0xffff        /* type of a tag, or of the inner one */
#define   IXYMIN_VLNCTRL_VFE           RTE_BIT32(30) /* use VFTA */
#define IXYMIN_MCSTCTRL                0x05090
#define   IXYMIN_MCSTCTRL_MFE          RTE_BIT32(2)  /* use MTA; MO = 0: address bits 47:36 */
#define IXYMIN_MTA(n)                  (0x05200 + 4 * (n)) /* multicast table */
#define   IXYMIN_FILTER_WORDS          128           /* of MTA, PFUTA and VFTA */
#define IXYMIN_RAL(n)                  (0x0a200 + 8 * (n)) /* receive address */
#define IXYMIN_RAH(n)                  (0x0a204 + 8 * (n))
#define   IXYMIN_RAH_AV                RTE_BIT32(31) /* address valid */
#define IXYMIN_MPSAR(n)                (0x0a600 + 4 * (n)) /* two for each receive address */
#define   IXYMIN_MPSAR_POOL0           RTE_BIT32(0)
#define IXYMIN_VFTA(n)                 (0x0a000 + 4 * (n)) /* VLAN filter table */
#define IXYMIN_MRQC                    0x0ec80       /* multiple receive queues */
#define   IXYMIN_MRQC_MRQE_RSS         1
#define   IXYMIN_MRQC_TCP_IPV4         RTE_BIT32(16)
#define   IXYMIN_MRQC_IPV4             RTE_BIT32(17)
#define   IXYMIN_MRQC_IPV6             RTE_BIT32(20)
#define   IXYMIN_MRQC_TCP_IPV6         RTE_BIT32(21)
#define   IXYMIN_MRQC_UDP_IPV4         RTE_BIT32(22)
#define   IXYMIN_MRQC_UDP_IPV6         RTE_BIT32(23)
#define IXYMIN_RSSRK                   0x0eb80       /* RSS key */
#define   IXYMIN_RSS_KEY_BYTES         40
#define IXYMIN_RETA                    0x0eb00       /* redirection table */
#define   IXYMIN_RETA_ENTRIES          128           /* of one byte */
#define   IXYMIN_RSS_QUEUES            16            /* since an entry has four bits */
#define IXYMIN_PFUTA(n)                (0x0f400 + 4 * (n)) /* 8.2.3.27.12 unicast table */
#define IXYMIN_FTQF(n)                 (0x0e600 + 4 * (n)) /* 8.2.3.7.19 five-tuple filters */
#define   IXYMIN_FIVE_TUPLES           128
#define IXYMIN_PFVLVF(n)               (0x0f100 + 4 * (n)) /* 8.2.3.27.15 VLANs of pools */
#define   IXYMIN_POOL_VLANS            64
#define IXYMIN_PFVLVFB(n)              (0x0f200 + 4 * (n)) /* two for each of these */

/* 8.2.3.8 Receive DMA. The registers of queues 0 to 63, and of 64 to 127, are 40h apart. */
#define IXYMIN_RXQ(q) \
	((q) < 64 ? 0x01000 + 0x40 * (q) : 0x0d000 + 0x40 * ((q) - 64))
#define IXYMIN_RDBAL(q)                (IXYMIN_RXQ(q) + 0x00) /* base address, low */
#define IXYMIN_RDBAH(q)                (IXYMIN_RXQ(q) + 0x04)
#define IXYMIN_RDLEN(q)                (IXYMIN_RXQ(q) + 0x08) /* bytes */
#define IXYMIN_DCA_RXCTRL(q)           (IXYMIN_RXQ(q) + 0x0c) /* 8.2.3.11.1 */
#define   IXYMIN_DCA_RXCTRL_RESERVED   RTE_BIT32(12)     /* 4.6.7: clear it */
#define   IXYMIN_DCA_RXCTRL_WRO        (RTE_BIT32(13) | RTE_BIT32(15)) /* relaxed ordering */
#define IXYMIN_SRRCTL(q)               (IXYMIN_RXQ(q) + 0x14)
#define   IXYMIN_SRRCTL_BSIZE_SHIFT    10                /* BSIZEPACKET, in KB */
#define   IXYMIN_SRRCTL_ADV_ONE_BUFFER (UINT32_C(1) << 25) /* DESCTYPE */
#define   IXYMIN_SRRCTL_DROP_EN        RTE_BIT32(28)     /* drop if there is no descriptor */
#define IXYMIN_RDH(q)                  (IXYMIN_RXQ(q) + 0x10) /* head */
#define IXYMIN_RDT(q)                  (IXYMIN_RXQ(q) + 0x18) /* tail */
#define IXYMIN_RXDCTL(q)               (IXYMIN_RXQ(q) + 0x28)
#define   IXYMIN_RXDCTL_ENABLE         RTE_BIT32(25)     /* reads back 1 once the queue is live */
#define   IXYMIN_RXDCTL_VME            RTE_BIT32(30)     /* strip VLAN tags */
#define IXYMIN_RDRXCTL                 0x02f00
#define   IXYMIN_RDRXCTL_CRCSTRIP      RTE_BIT32(1)
#define   IXYMIN_RDRXCTL_DMAIDONE      RTE_BIT32(3)      /* DMA initialization done */
#define   IXYMIN_RDRXCTL_RSCFRSTSIZE   (UINT32_C(0x1f) << 17) /* must be 0 */
#define   IXYMIN_RDRXCTL_RSCACKC       RTE_BIT32(25)     /* must be 1 */
#define   IXYMIN_RDRXCTL_FCOE_WRFIX    RTE_BIT32(26)     /* must be 1 */
#define IXYMIN_RXPBSIZE(n)             (0x03c00 + 4 * (n)) /* packet buffers */
#define   IXYMIN_RXPBSIZE_512KB        0x80000
#define IXYMIN_RXCTRL                  0x03000
#define   IXYMIN_RXCTRL_RXEN           RTE_BIT32(0)
/* 8.2.3.12.5, 8.2.3.12.6 Security block, which all received packets pass */
#define IXYMIN_SECRXCTRL               0x08d00
#define   IXYMIN_SECRXCTRL_RX_DIS      RTE_BIT32(1)
#define IXYMIN_SECRXSTAT               0x08d04
#define   IXYMIN_SECRXSTAT_RDY         RTE_BIT32(0)      /* data path is empty */

/* 8.2.3.9 Transmit DMA */
#define IXYMIN_DTXMXSZRQ               0x08100           /* bytes requested at a time, in 256 B */
#define   IXYMIN_DTXMXSZRQ_MAX         0xfff
#define IXYMIN_DMATXCTL                0x04a80
#define   IXYMIN_DMATXCTL_TE           RTE_BIT32(0)
#define   IXYMIN_DMATXCTL_GDV          RTE_BIT32(3)      /* double VLAN */
#define   IXYMIN_DMATXCTL_VT           (UINT32_C(0xffff) << IXYMIN_TPID_SHIFT)
#define IXYMIN_TXQ(q)                  (0x06000 + 0x40 * (q))
#define IXYMIN_TDBAL(q)                (IXYMIN_TXQ(q) + 0x00) /* base address, low */
#define IXYMIN_TDBAH(q)                (IXYMIN_TXQ(q) + 0x04)
#define IXYMIN_TDLEN(q)                (IXYMIN_TXQ(q) + 0x08) /* bytes */
#define IXYMIN_DCA_TXCTRL(q)           (IXYMIN_TXQ(q) + 0x0c) /* 8.2.3.11.2 */
#define   IXYMIN_DCA_TXCTRL_DESC_WRO   RTE_BIT32(11)     /* relaxed ordering of write-backs */
#define IXYMIN_TDH(q)                  (IXYMIN_TXQ(q) + 0x10) /* head */
#define IXYMIN_TDT(q)                  (IXYMIN_TXQ(q) + 0x18) /* tail */
#define IXYMIN_TXDCTL(q)               (IXYMIN_TXQ(q) + 0x28)
#define   IXYMIN_TXDCTL_PTHRESH(n)     (n)               /* prefetch if fewer are on the chip */
#define   IXYMIN_TXDCTL_HTHRESH(n)     ((n) << 8)        /* and at least n are in memory */
#define   IXYMIN_TXDCTL_ENABLE         RTE_BIT32(25)     /* reads back 1 once the queue is live */
#define IXYMIN_TXPBSIZE(n)             (0x0cc00 + 4 * (n))
#define   IXYMIN_TXPBSIZE_160KB        0x28000
#define IXYMIN_TXPBTHRESH(n)           (0x04950 + 4 * (n)) /* KB: buffer less one frame */
#define   IXYMIN_TXPBTHRESH_150KB      150

/* 8.2.3.10 Transmit arbiter */
#define IXYMIN_RTTDCS                  0x04900
#define   IXYMIN_RTTDCS_ARBDIS         RTE_BIT32(6)
#define IXYMIN_RTTDQSEL                0x04904           /* the queue that the next are about */
#define IXYMIN_RTTDT1C                 0x04908           /* credits; 0: none */
#define IXYMIN_RTTBCNRC                0x04984           /* rate limiter; 0: none */

/* 8.2.3.22 MAC and link */
#define IXYMIN_HLREG0                  0x04240
#define   IXYMIN_HLREG0_TXCRCEN        RTE_BIT32(0)
#define   IXYMIN_HLREG0_RXCRCSTRP      RTE_BIT32(1)
#define   IXYMIN_HLREG0_JUMBOEN        RTE_BIT32(2)      /* MAXFRS decides, not 1518 */
#define   IXYMIN_HLREG0_TXPADEN        RTE_BIT32(10)
#define   IXYMIN_HLREG0_LPBK           RTE_BIT32(15)     /* MAC loopback */
#define IXYMIN_MAXFRS                  0x04268
#define   IXYMIN_MAXFRS_MFS(len)       ((len) << 16)     /* with FCS, without VLAN tag */
#define IXYMIN_MFLCN                   0x04294
#define   IXYMIN_MFLCN_PMCF            RTE_BIT32(0)      /* MAC control frames pass */
#define   IXYMIN_MFLCN_DPF             RTE_BIT32(1)      /* pause frames do not */
#define   IXYMIN_MFLCN_RFCE            RTE_BIT32(3)      /* pause frames are obeyed */
#define IXYMIN_AUTOC                   0x042a0
#define   IXYMIN_AUTOC_FLU             RTE_BIT32(0)      /* force link up */
#define   IXYMIN_AUTOC_AN_RESTART      RTE_BIT32(12)     /* restarts the link; clears itself */
#define   IXYMIN_AUTOC_LMS             (UINT32_C(7) << 13) /* link mode select */
#define   IXYMIN_AUTOC_LMS_10G_NO_AN   (UINT32_C(1) << 13)
#define   IXYMIN_AUTOC_LMS_10G_SERIAL  (UINT32_C(3) << 13)
#define IXYMIN_LINKS                   0x042a4
#define   IXYMIN_LINKS_UP              RTE_BIT32(30)
#define   IXYMIN_LINKS_SPEED(links)    ((links) >> 28 & 3)
#define     IXYMIN_LINKS_SPEED_100M    1
#define     IXYMIN_LINKS_SPEED_1G      2
#define     IXYMIN_LINKS_SPEED_10G     3
#define IXYMIN_AUTOC2                  0x042a8
#define   IXYMIN_AUTOC2_SERIAL         (UINT32_C(3) << 16) /* what 10G serial is */
#define   IXYMIN_AUTOC2_SERIAL_SFI     (UINT32_C(2) << 16)
#define   IXYMIN_AUTOC2_LINK_DISABLE   (UINT32_C(7) << 28)
#define IXYMIN_MMNGC                   0x042d0
#define   IXYMIN_MMNGC_MNG_VETO        RTE_BIT32(0)      /* management forbids link changes */

/* 8.2.3.23 Statistics: clear when read, stick at their maximum. L, H: of a 36-bit counter the lower
 * part, to be read first, and the upper one. */
#define IXYMIN_LXONTXC                 0x03f60
#define IXYMIN_LXOFFTXC                0x03f68
#define IXYMIN_RXMPC                   0x03fa0
#define IXYMIN_CRCERRS                 0x04000
#define IXYMIN_ILLERRC                 0x04004
#define IXYMIN_ERRBC                   0x04008
#define IXYMIN_MSPDC                   0x04010
#define IXYMIN_MLFC                    0x04034
#define IXYMIN_MRFC                    0x04038
#define IXYMIN_RLEC                    0x04040
#define IXYMIN_PRC64                   0x0405c
#define IXYMIN_PRC127                  0x04060
#define IXYMIN_PRC255                  0x04064
#define IXYMIN_PRC511                  0x04068
#define IXYMIN_PRC1023                 0x0406c
#define IXYMIN_PRC1522                 0x04070
#define IXYMIN_GPRC                    0x04074
#define IXYMIN_BPRC                    0x04078
#define IXYMIN_MPRC                    0x0407c
#define IXYMIN_GPTC                    0x04080
#define IXYMIN_GORCL                   0x04088
#define IXYMIN_GORCH                   0x0408c
#define IXYMIN_GOTCL                   0x04090
#define IXYMIN_GOTCH                   0x04094
#define IXYMIN_RUC                     0x040a4
#define IXYMIN_RFC                     0x040a8
#define IXYMIN_ROC                     0x040ac
#define IXYMIN_RJC                     0x040b0
#define IXYMIN_MNGPRC                  0x040b4
#define IXYMIN_MNGPDC                  0x040b8
#define IXYMIN_TORL                    0x040c0
#define IXYMIN_TORH                    0x040c4
#define IXYMIN_TPR                     0x040d0
#define IXYMIN_TPT                     0x040d4
#define IXYMIN_PTC64                   0x040d8
#define IXYMIN_PTC127                  0x040dc
#define IXYMIN_PTC255                  0x040e0
#define IXYMIN_PTC511                  0x040e4
#define IXYMIN_PTC1023                 0x040e8
#define IXYMIN_PTC1522                 0x040ec
#define IXYMIN_MPTC                    0x040f0
#define IXYMIN_BPTC                    0x040f4
#define IXYMIN_XEC                     0x04120
#define IXYMIN_LXONRXCNT               0x041a4
#define IXYMIN_LXOFFRXCNT              0x041a8
#define IXYMIN_MNGPTC                  0x0cf90
/* Sixteen sets of counters for all queues */
#define IXYMIN_QPRC(n)                 (0x01030 + 0x40 * (n)) /* packets received */
#define IXYMIN_QBRCL(n)                (0x01034 + 0x40 * (n)) /* bytes received */
#define IXYMIN_QBRCH(n)                (0x01038 + 0x40 * (n))
#define IXYMIN_QPRDC(n)                (0x01430 + 0x40 * (n)) /* packets dropped, DROP_EN */
#define IXYMIN_QPTC(n)                 (0x08680 + 4 * (n))    /* packets transmitted */
#define IXYMIN_QBTCL(n)                (0x08700 + 8 * (n))    /* bytes transmitted */
#define IXYMIN_QBTCH(n)                (0x08704 + 8 * (n))
/* Which set a queue has: maps of eight bits for each queue */
#define IXYMIN_RQSMR(n)                (0x02300 + 4 * (n))    /* Rx queues 4n to 4n + 3 */
#define IXYMIN_TQSM(n)                 (0x08600 + 4 * (n))

/* 7.1.6 Advanced receive descriptor */
union ixymin_rx_desc {
	struct {
		rte_le64_t pkt_addr;
		rte_le64_t hdr_addr; /* 0: it lies over DD */
	} read;
	struct {
		rte_le32_t info;     /* RSS type, packet type */
		rte_le32_t rss_hash;
		RTE_ATOMIC(rte_le64_t) status; /* status and errors, length, VLAN tag */
	} wb;
};
#define IXYMIN_RXD_INFO_RSS_TYPE       0xf           /* 0: no hash */
/* Packet type: headers that were found */
#define IXYMIN_RXD_INFO_IPV4           RTE_BIT32(4)
#define IXYMIN_RXD_INFO_IPV4E          RTE_BIT32(5)  /* ... with options */
#define IXYMIN_RXD_INFO_IPV6           RTE_BIT32(6)
#define IXYMIN_RXD_INFO_IPV6E          RTE_BIT32(7)  /* ... with extension headers */
#define IXYMIN_RXD_INFO_TCP            RTE_BIT32(8)
#define IXYMIN_RXD_INFO_UDP            RTE_BIT32(9)
#define IXYMIN_RXD_INFO_SCTP           RTE_BIT32(10)
#define IXYMIN_RXD_DD                  RTE_BIT32(0)  /* descriptor done */
#define IXYMIN_RXD_EOP                 RTE_BIT32(1)  /* end of packet */
#define IXYMIN_RXD_VP                  RTE_BIT32(3)  /* has a VLAN tag, or had it before it came */
#define IXYMIN_RXD_UDPCS               RTE_BIT32(4)  /* UDP checksum was checked */
#define IXYMIN_RXD_L4CS                RTE_BIT32(5)  /* UDP, TCP or SCTP checksum was checked */
#define IXYMIN_RXD_IPCS                RTE_BIT32(6)  /* IPv4 checksum was checked */
#define IXYMIN_RXD_VEXT                RTE_BIT32(9)  /* has an outer VLAN tag */
#define IXYMIN_RXD_RXE                 RTE_BIT32(29) /* MAC error */
#define IXYMIN_RXD_L4E                 RTE_BIT32(30) /* checksum that L4CS names is wrong */
#define IXYMIN_RXD_IPE                 RTE_BIT32(31) /* IPv4 checksum is wrong */
#define IXYMIN_RXD_LEN(status)         ((uint16_t)((status) >> 32))
#define IXYMIN_RXD_VLAN(status)        ((uint16_t)((status) >> 48)) /* if it was stripped */

/* 7.2.3.2.4 Advanced transmit data descriptor, 7.2.3.2.3 context descriptor */
union ixymin_tx_desc {
	struct {
		rte_le64_t buffer_addr;
		rte_le32_t cmd_type_len;
		rte_le32_t olinfo_status;
	} read;
	struct {
		rte_le64_t reserved;
		rte_le32_t reserved2;
		RTE_ATOMIC(rte_le32_t) status;
	} wb;
	struct {
		rte_le32_t vlan_macip_lens;
		rte_le32_t ipsec;
		rte_le32_t tucmd;
		rte_le32_t mss_l4len_idx;
	} context;
};
#define IXYMIN_TXD_DTYP_CONTEXT        (UINT32_C(2) << 20)
#define IXYMIN_TXD_DTYP_DATA           (UINT32_C(3) << 20)
#define IXYMIN_TXD_EOP                 RTE_BIT32(24)
#define IXYMIN_TXD_IFCS                RTE_BIT32(25)
#define IXYMIN_TXD_RS                  RTE_BIT32(27) /* report status: write DD back */
#define IXYMIN_TXD_DEXT                RTE_BIT32(29) /* advanced format */
#define IXYMIN_TXD_VLE                 RTE_BIT32(30) /* insert a VLAN tag */
#define IXYMIN_TXD_TSE                 RTE_BIT32(31) /* segment */
#define IXYMIN_TXD_IDX_SHIFT           4             /* of the context, also there */
#define IXYMIN_TXD_IXSM                RTE_BIT32(8)  /* insert the IP checksum */
#define IXYMIN_TXD_TXSM                RTE_BIT32(9)  /* insert the L4 checksum */
#define IXYMIN_TXD_PAYLEN_SHIFT        14
#define IXYMIN_TXD_STAT_DD             RTE_BIT32(0)
#define IXYMIN_TXC_MACLEN_SHIFT        9             /* above IPLEN */
#define IXYMIN_TXC_VLAN_SHIFT          16
#define IXYMIN_TXC_IPV4                RTE_BIT32(10)
#define IXYMIN_TXC_L4T_UDP             (UINT32_C(0) << 11)
#define IXYMIN_TXC_L4T_TCP             (UINT32_C(1) << 11)
#define IXYMIN_TXC_L4T_SCTP            (UINT32_C(2) << 11)
#define IXYMIN_TXC_L4T_NONE            (UINT32_C(3) << 11) /* reserved */
#define IXYMIN_TXC_L4LEN_SHIFT         8
#define IXYMIN_TXC_MSS_SHIFT           16

#endif /* IXYMIN_REGS_H */
