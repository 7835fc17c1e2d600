/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The programming rules of the data sheet that the device checks: identifier,
 * section, and what a driver has to do. */

#ifndef RULES_H
#define RULES_H

#define NIC_RULES(RULE) \
	RULE(ACCESS_SIZE,    "8.1.2",     "registers are accessed as aligned 32-bit words, or as two of them in aligned 64 bits") \
	RULE(RING_ALIGN,     "8.2.3.8.1", "a ring's base address is 128-byte aligned") \
	RULE(RING_LENGTH,    "8.2.3.8.3", "a ring's length is a multiple of 128 bytes, 128 to 1,048,448") \
	RULE(RING_LIVE,      "8.2.3.8.1", "a ring's base and length, and SRRCTL's buffer sizes and DESCTYPE, do not change while the queue is enabled") \
	RULE(HEAD_LIVE,      "8.2.3.8.4", "a head register is not written while the queue is enabled, but with 0 before the first tail") \
	RULE(TAIL_RANGE,     "8.2.3.8.5", "a tail lies inside the ring") \
	RULE(TAIL_EARLY,     "4.6.7",     "a tail other than 0 is written only after ENABLE reads back 1") \
	RULE(RX_BUFFER,      "8.2.3.8.7", "SRRCTL.BSIZEPACKET is 1 KB to 16 KB") \
	RULE(RX_DESCTYPE,    "8.2.3.8.7", "SRRCTL.DESCTYPE is 0, 1, 2 or 5") \
	RULE(RX_CRC_STRIP,   "8.2.3.8.8", "RDRXCTL.CRCSTRIP equals HLREG0.RXCRCSTRP when RXCTRL.RXEN is set") \
	RULE(TX_TAIL,        "7.2.3.4",   "a transmit tail lies behind the last descriptor of a frame") \
	RULE(TX_ENABLE,      "4.6.8",     "DMATXCTL.TE is set before a transmit queue is enabled") \
	RULE(TX_DTYP,        "7.2.3.2.4", "an advanced transmit descriptor is of type 2 (context) or 3 (data); a frame's are all advanced or all legacy") \
	RULE(TX_LENGTH,      "7.2.3.2.4", "a buffer inside of a frame has 1 byte to 16 KB, a frame 17 bytes to 15.5 KB") \
	RULE(TX_PAYLEN,      "7.2.3.2.4", "PAYLEN is the length of the frame's buffers together, with TSE without headers") \
	RULE(TX_DESCRIPTORS, "7.2.3.4",   "a frame has at most 40 descriptors") \
	RULE(TX_RS,          "7.2.3.2.2", "RS is set only in the last descriptor of a frame") \
	RULE(TX_IFCS,        "7.2.3.2.4", "IFCS is set with padding, checksums, VLAN insertion and segmentation") \
	RULE(TX_CSO,         "7.2.3.2.2", "CSS and CSO of a legacy descriptor lie inside of the frame, CSO behind CSS") \
	RULE(TX_CONTEXT,     "7.2.3.2.3", "IDX is 0 or 1, and names a context that was written to the queue before") \
	RULE(TX_HEADERS,     "7.2.3.2.3", "MACLEN is at least 14, IPLEN 20, and the headers lie inside of the frame; with TSE they are at most 512 bytes") \
	RULE(TX_POPTS,       "7.2.3.2.4", "IXSM is not set for IPv6, TXSM for a known L4T only; with TSE TXSM is set, and IXSM for IPv4") \
	RULE(TX_SCTP,        "7.2.5.3",   "an SCTP packet has a CRC field of 0 and a multiple of 4 bytes") \
	RULE(TX_TSO,         "7.2.4",     "segmentation is of TCP or UDP, with MSS above 0, whole IP and L4 headers, and L4LEN at most 64") \
	RULE(TX_TSO_HEADER,  "7.2.4.1",   "the headers for segmentation lie in at most 4 buffers") \
	RULE(TX_TSO_HLREG,   "7.2.4",     "HLREG0.TXCRCEN and TXPADEN are set with segmentation") \
	RULE(TX_PB_THRESH,   "8.2.3.9.16","TXPBSIZE less TXPBTHRESH is the largest frame at least: MAXFRS with HLREG0.JUMBOEN, else 1518 bytes") \
	RULE(HEAD_WB_WTHRESH,"7.2.3.5.2", "with head write-back, WTHRESH is 0") \
	RULE(HEAD_WB_ALIGN,  "8.2.3.9.11","a head write-back address is 16-byte aligned") \
	RULE(RESERVED_DESC,  "7.2.3.2",   "reserved bits of a descriptor are 0") \
	RULE(RESET_ACCESS,   "4.2.1.6",   "no register but CTRL and STATUS is accessed while a reset is under way") \
	RULE(READ_ONLY,      "8.2.1",     "a read-only register is not written") \
	RULE(RESERVED_BITS,  "8.2.1",     "reserved bits of a register are written with their reset value") \
	RULE(UNKNOWN_REG,    "8.2.2",     "only registers that exist are accessed")

/* What the 82599 has and this device has not, as far as a driver asks for it by a register
 * (ABSENT in regs.def): counted, for whoever wonders why his driver gets nothing of it. */
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
