/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* The receive packet buffer, data sheet 7.1.1 and 8.2.3.8.9: a FIFO of frames, for all queues. rx.c
 * fills and drains it.
 *
 * Each frame uses as many bytes of the buffer as it has with its FCS. In memory it is a header and
 * its bytes, in units of the header's size. A frame does not wrap: a header with length 0 means
 * that the next one is at the start.
 *
 * INTERPRETATION (MISSING): the data sheet does not say in what steps the buffer fills, nor whether
 * a stripped FCS and the device's own notes use room in it. */

#include <errno.h>
#include <stdlib.h>

#include "pktbuf.h"
#include "regs.h"

/* The sum of the sizes of all packet buffers. Traffic classes are not emulated, so number 0 is the
 * only buffer. */
#define BUFFER_SIZE (512u * 1024)

#define UNIT        sizeof(struct rx_frame)
#define MIN_LEN     14u /* the shortest frame of a wire */

/* The shortest frames have the largest share of headers and padding. The buffer holds BUFFER_SIZE /
 * 18 of them, in two units each. Where the memory wraps, less than one frame is unused. */
#define NB_UNITS    ((size_t)65536)
_Static_assert(2 * BUFFER_SIZE / (MIN_LEN + FCS_LEN) + WIRE_MAX_FRAME / UNIT + 2 < NB_UNITS,
	       "the units hold a full packet buffer of frames of any size");
_Static_assert(MIN_LEN <= UNIT && UNIT <= 2 * (MIN_LEN + FCS_LEN),
	       "no frame takes more units for its bytes than the shortest");

static uint32_t
units_of(const struct rx_frame *frame)
{
	return 1 + (frame->len + UNIT - 1) / UNIT;
}

int
packet_buffer_init(struct nic *nic)
{
	nic->buffer.units = malloc(NB_UNITS * UNIT);
	return nic->buffer.units != NULL ? 0 : -ENOMEM;
}

void
packet_buffer_free(struct nic *nic)
{
	free(nic->buffer.units);
}

void
packet_buffer_clear(struct nic *nic)
{
	nic->buffer.first = nic->buffer.end = nic->buffer.fill = 0;
}

/* INTERPRETATION (MISSING): the data sheet does not say what a size above 512 KB means. There is no
 * more memory. */
uint32_t
packet_buffer_size(const struct nic *nic)
{
	uint32_t size = (reg_get(nic, NIC_RXPBSIZE) & NIC_RXPBSIZE_SIZE) >>
			NIC_RXPBSIZE_SIZE_SHIFT << 10;

	return size < BUFFER_SIZE ? size : BUFFER_SIZE;
}

bool
packet_buffer_put(struct nic *nic, const struct rx_frame *frame)
{
	struct packet_buffer *buffer = &nic->buffer;
	struct rx_frame *header;

	if (buffer->fill + frame->len + FCS_LEN > packet_buffer_size(nic))
		return false;
	if (buffer->fill == 0) /* use the units that are in the cache */
		buffer->first = buffer->end = 0;
	if (buffer->end + units_of(frame) > NB_UNITS) {
		if (buffer->end < NB_UNITS)
			buffer->units[buffer->end].len = 0;
		buffer->end = 0;
	}
	header = &buffer->units[buffer->end];
	*header = *frame;
	header->data = memcpy(header + 1, frame->data, frame->len);
	buffer->end += units_of(frame);
	buffer->fill += frame->len + FCS_LEN;
	return true;
}

/* The frame at unit *at; if there is none, *at becomes 0, and it is the frame at the start. */
static const struct rx_frame *
frame_at(const struct packet_buffer *buffer, uint32_t *at)
{
	if (*at == NB_UNITS || buffer->units[*at].len == 0)
		*at = 0;
	return &buffer->units[*at];
}

unsigned int
packet_buffer_peek(struct nic *nic, struct rx_frame *frames, unsigned int n)
{
	const struct packet_buffer *buffer = &nic->buffer;
	uint32_t at = buffer->first, left = buffer->fill;
	unsigned int i;

	for (i = 0; i < n && left > 0; i++) {
		frames[i] = *frame_at(buffer, &at);
		at += units_of(&frames[i]);
		left -= frames[i].len + FCS_LEN;
	}
	return i;
}

void
packet_buffer_drop(struct nic *nic, unsigned int n)
{
	struct packet_buffer *buffer = &nic->buffer;
	const struct rx_frame *frame;

	for (; n > 0; n--) {
		frame = frame_at(buffer, &buffer->first);
		buffer->first += units_of(frame);
		buffer->fill -= frame->len + FCS_LEN;
	}
}
