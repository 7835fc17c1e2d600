/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The programming rules of the data sheet that the device checks: identifier,
 * section, and what a driver must do. */

#ifndef RULES_H
#define RULES_H

#define NIC_RULES(RULE) \
	RULE(ACCESS_SIZE, "8.1.2", \
	     "a register access must be an aligned 32-bit word, or an aligned 64-bit pair of two " \
	     "registers") \
	RULE(RING_ALIGN, "8.2.3.8.1", \
	     "the base address of a ring must be 128-byte aligned") \
	RULE(RING_LENGTH, "8.2.3.8.3", \
	     "the length of a ring must be a multiple of 128 bytes, from 128 to 1,048,448") \
	RULE(RING_LIVE, "8.2.3.8.1", \
	     "while a queue is enabled, its ring's base and length, and SRRCTL's buffer sizes " \
	     "and DESCTYPE, must not change") \
	RULE(HEAD_LIVE, "8.2.3.8.4", \
	     "while a queue is enabled, its head register must not be written, except with 0 " \
	     "before the first tail") \
	RULE(TAIL_RANGE, "8.2.3.8.5", \
	     "a tail must be inside the ring") \
	RULE(TAIL_EARLY, "4.6.7", \
	     "a tail other than 0 must not be written before ENABLE reads as 1") \
	RULE(RX_BUFFER, "8.2.3.8.7", \
	     "SRRCTL.BSIZEPACKET must be 1 KB to 16 KB") \
	RULE(RX_DESCTYPE, "8.2.3.8.7", \
	     "SRRCTL.DESCTYPE must be 0, 1, 2 or 5") \
	RULE(RX_CRC_STRIP, "8.2.3.8.8", \
	     "RDRXCTL.CRCSTRIP must be equal to HLREG0.RXCRCSTRP when RXCTRL.RXEN is set") \
	RULE(TX_TAIL, "7.2.3.4", \
	     "a transmit tail must point behind the last descriptor of a frame") \
	RULE(TX_ENABLE, "4.6.8", \
	     "DMATXCTL.TE must be set before a transmit queue is enabled") \
	RULE(TX_DTYP, "7.2.3.2.4", \
	     "an advanced transmit descriptor must have type 2 (context) or 3 (data), and a " \
	     "frame must not mix advanced and legacy descriptors") \
	RULE(TX_LENGTH, "7.2.3.2.4", \
	     "a buffer of a frame must have 1 byte to 16 KB, and a frame 17 bytes to 15.5 KB") \
	RULE(TX_PAYLEN, "7.2.3.2.4", \
	     "PAYLEN must be the sum of the lengths of the frame's buffers; with TSE it must not " \
	     "include the headers") \
	RULE(TX_DESCRIPTORS, "7.2.3.4", \
	     "a frame must have at most 40 descriptors") \
	RULE(TX_RS, "7.2.3.2.2", \
	     "RS must be set only in the last descriptor of a frame") \
	RULE(TX_IFCS, "7.2.3.2.4", \
	     "IFCS must be set for padding, checksums, VLAN insertion and segmentation") \
	RULE(TX_CSO, "7.2.3.2.2", \
	     "CSS and CSO of a legacy descriptor must be inside the frame, and CSO behind CSS") \
	RULE(TX_CONTEXT, "7.2.3.2.3", \
	     "IDX must be 0 or 1, and name a context that was written to the queue before") \
	RULE(TX_HEADERS, "7.2.3.2.3", \
	     "MACLEN must be at least 14 and IPLEN at least 20; the headers must be inside the " \
	     "frame, and with TSE have at most 512 bytes") \
	RULE(TX_POPTS, "7.2.3.2.4", \
	     "IXSM must not be set for IPv6, and TXSM only for a known L4T; with TSE, TXSM must " \
	     "be set, and for IPv4 IXSM too") \
	RULE(TX_SCTP, "7.2.5.3", \
	     "an SCTP packet must have a CRC field of 0, and a length that is a multiple of 4 " \
	     "bytes") \
	RULE(TX_TSO, "7.2.4", \
	     "segmentation must be of TCP or UDP, with MSS above 0, complete IP and L4 headers, " \
	     "and L4LEN at most 64") \
	RULE(TX_TSO_HEADER, "7.2.4.1", \
	     "the headers for segmentation must be in at most 4 buffers") \
	RULE(TX_TSO_HLREG, "7.2.4", \
	     "HLREG0.TXCRCEN and TXPADEN must be set for segmentation") \
	RULE(TX_PB_THRESH, "8.2.3.9.16", \
	     "TXPBSIZE minus TXPBTHRESH must be at least the largest frame: MAXFRS with " \
	     "HLREG0.JUMBOEN, else 1518 bytes") \
	RULE(HEAD_WB_WTHRESH, "7.2.3.5.2", \
	     "WTHRESH must be 0 with head write-back") \
	RULE(HEAD_WB_ALIGN, "8.2.3.9.11", \
	     "a head write-back address must be 16-byte aligned") \
	RULE(RESERVED_DESC, "7.2.3.2", \
	     "reserved bits of a descriptor must be 0") \
	RULE(RESET_ACCESS, "4.2.1.6", \
	     "during a reset, only CTRL and STATUS may be accessed") \
	RULE(READ_ONLY, "8.2.1", \
	     "a read-only register must not be written") \
	RULE(RESERVED_BITS, "8.2.1", \
	     "reserved bits of a register must be written with their reset value") \
	RULE(UNKNOWN_REG, "8.2.2", \
	     "only registers that exist may be accessed")

/* Features of the 82599 that this device lacks, and that a driver requests through a register
 * (ABSENT in regs.def). The device counts the requests, so that a user can find out why a driver
 * does not get a feature. */
#define NIC_ABSENT(FEATURE) \
	FEATURE(RSC) \
	FEATURE(FLOW_DIRECTOR) \
	FEATURE(FIVE_TUPLE) \
	FEATURE(LOW_LATENCY) \
	FEATURE(POOLS_AND_CLASSES) \
	FEATURE(POOLS) \
	FEATURE(MIRRORING) \
	FEATURE(DCB) \
	FEATURE(PRIORITY_FLOW_CONTROL) \
	FEATURE(RATE_LIMIT) \
	FEATURE(DCA) \
	FEATURE(MACSEC) \
	FEATURE(IPSEC) \
	FEATURE(FCOE) \
	FEATURE(TIME_STAMPS) \
	FEATURE(WAKE_UP) \
	FEATURE(MANAGEMENT)

enum nic_absent {
#define FEATURE(id) ABSENT_##id,
	NIC_ABSENT(FEATURE)
#undef FEATURE
	ABSENT_COUNT
};

enum nic_rule_id {
#define RULE(id, section, text) RULE_##id,
	NIC_RULES(RULE)
#undef RULE
	RULE_COUNT
};

#endif /* RULES_H */
