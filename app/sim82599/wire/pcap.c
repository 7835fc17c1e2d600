/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* Capture files: one is played to the port, another one receives the frames that the port sends. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <pcap/pcap.h>

#include "wire_priv.h"

#define MIN_FRAME 14u

struct capture_frame {
	size_t at;
	uint32_t len;
};

struct capture {
	struct wire wire;
	struct wire_counts counts;
	struct wire_pace pace;
	/* in: the whole file */
	uint8_t *data;
	size_t size, room;
	struct capture_frame *frames;
	size_t nb_frames, frames_room;
	/* out */
	pcap_dumper_t *out;
	bool fresh;          /* frames may be in out's buffer, and not in the file */
	bool idle;           /* no frame came since the last poll */
};

static uint32_t
capture_len(struct wire *w, uint64_t position)
{
	struct capture *capture = (struct capture *)w;

	return capture->frames[position % capture->nb_frames].len;
}

static unsigned int
capture_peek(struct wire *w, struct wire_frame *frames, unsigned int n)
{
	struct capture *capture = (struct capture *)w;
	const struct capture_frame *frame;
	unsigned int due, i;

	if (capture->fresh && capture->idle) {
		pcap_dump_flush(capture->out);
		capture->fresh = false;
	}
	capture->idle = true;
	if (w->pace == NULL)
		return 0;
	due = wire_pace_due(w, n < WIRE_BURST ? n : WIRE_BURST);
	for (i = 0; i < due; i++) {
		frame = &capture->frames[(capture->pace.taken + i) % capture->nb_frames];
		frames[i] = (struct wire_frame){
			.data = capture->data + frame->at, .len = frame->len,
		};
	}
	return due;
}

static void
capture_consume(struct wire *w, unsigned int n)
{
	struct capture *capture = (struct capture *)w;
	unsigned int i;

	for (i = 0; i < n; i++)
		wire_count(&capture->counts.to_nic_bytes, capture_len(w, capture->pace.taken + i));
	wire_count(&capture->counts.to_nic, n);
	wire_count(&capture->pace.taken, n);
}

static unsigned int
capture_send(struct wire *w, const struct wire_frame *frames, unsigned int n)
{
	struct capture *capture = (struct capture *)w;
	struct pcap_pkthdr header;
	unsigned int i;

	if (capture->out != NULL) {
		gettimeofday(&header.ts, NULL);
		for (i = 0; i < n; i++) {
			header.caplen = header.len = frames[i].len;
			pcap_dump((uint8_t *)capture->out, &header, frames[i].data);
		}
		capture->fresh = true;
		capture->idle = false;
	}
	for (i = 0; i < n; i++)
		wire_count(&capture->counts.from_nic_bytes, frames[i].len);
	wire_count(&capture->counts.from_nic, n);
	return n;
}

/* Flush the file, so that a reader of the counts finds the frames in it. After an error, the file
 * may lack any of them. */
static void
capture_counts(struct wire *w, struct wire_counts *counts)
{
	struct capture *capture = (struct capture *)w;

	wire_counts_copy(counts, &capture->counts, wire_pace_done(&capture->pace));
	if (capture->out != NULL &&
	    (pcap_dump_flush(capture->out) != 0 || ferror(pcap_dump_file(capture->out))))
		counts->dropped = counts->from_nic;
}

static void
capture_free(struct wire *w)
{
	struct capture *capture = (struct capture *)w;

	if (capture->out != NULL)
		pcap_dump_close(capture->out);
	free(capture->data);
	free(capture->frames);
	free(capture);
}

static const struct wire_ops capture_ops = {
	.peek = capture_peek,
	.consume = capture_consume,
	.send = capture_send,
	.counts = capture_counts,
	.free = capture_free,
};

/* Copy a frame to the memory, and pad it. */
static bool
capture_add(struct capture *capture, const uint8_t *data, uint32_t len)
{
	uint32_t padded = len < WIRE_MIN_DATA ? WIRE_MIN_DATA : len;
	void *bigger;

	if (capture->room - capture->size < padded) {
		bigger = realloc(capture->data, 2 * capture->room + WIRE_MAX_FRAME);
		if (bigger == NULL)
			return false;
		capture->data = bigger;
		capture->room = 2 * capture->room + WIRE_MAX_FRAME;
	}
	if (capture->nb_frames == capture->frames_room) {
		bigger = realloc(capture->frames,
				 (2 * capture->frames_room + 64) * sizeof(*capture->frames));
		if (bigger == NULL)
			return false;
		capture->frames = bigger;
		capture->frames_room = 2 * capture->frames_room + 64;
	}
	memcpy(capture->data + capture->size, data, len);
	memset(capture->data + capture->size + len, 0, padded - len);
	capture->frames[capture->nb_frames++] = (struct capture_frame){ capture->size, padded };
	capture->size += padded;
	return true;
}

static bool
capture_load_frames(struct capture *capture, pcap_t *pcap, const char *name, struct wire_error *err)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	size_t number;
	int got;

	if (pcap_datalink(pcap) != DLT_EN10MB) {
		const char *type = pcap_datalink_val_to_name(pcap_datalink(pcap));

		return wire_fail(err, EINVAL, "wire: pcap: in=%s: its link type is %s; allowed: "
				 "EN10MB (Ethernet)", name, type != NULL ? type : "unknown");
	}
	while ((got = pcap_next_ex(pcap, &header, &data)) == 1) {
		number = capture->nb_frames + 1;
		if (header->caplen != header->len)
			return wire_fail(err, EINVAL,
					 "wire: pcap: in=%s: frame %zu was captured with %u "
					 "of its %u bytes; allowed: whole frames",
					 name, number, header->caplen, header->len);
		if (header->len < MIN_FRAME || header->len > WIRE_MAX_DATA)
			return wire_fail(err, EINVAL, "wire: pcap: in=%s: frame %zu has %u bytes; "
					 "allowed: %u to %u", name, number, header->len,
					 MIN_FRAME, WIRE_MAX_DATA);
		if (!capture_add(capture, data, header->len))
			return wire_fail(err, ENOMEM, "wire: pcap: in=%s: out of memory", name);
	}
	if (got == PCAP_ERROR)
		return wire_fail(err, EINVAL, "wire: pcap: in=%s: frame %zu: %s; allowed: whole "
				 "files", name, capture->nb_frames + 1, pcap_geterr(pcap));
	return true;
}

static bool
capture_load(struct capture *capture, const char *name, struct wire_error *err)
{
	char message[PCAP_ERRBUF_SIZE];
	FILE *file = fopen(name, "rb");
	pcap_t *pcap;
	bool loaded;

	if (file == NULL)
		return wire_fail(err, errno, "wire: pcap: in=%s: %s; allowed: a file that can be "
				 "read", name, strerror(errno));
	pcap = pcap_fopen_offline(file, message);
	if (pcap == NULL) {
		fclose(file);
		return wire_fail(err, EINVAL, "wire: pcap: in=%s: %s; allowed: a pcap file", name,
				 message);
	}
	loaded = capture_load_frames(capture, pcap, name, err);
	pcap_close(pcap); /* this closes file, too */
	return loaded;
}

static bool
capture_open(struct capture *capture, const char *name, struct wire_error *err)
{
	FILE *file = fopen(name, "wb");
	pcap_t *pcap;

	if (file == NULL)
		return wire_fail(err, errno, "wire: pcap: out=%s: %s; allowed: a file that can "
				 "be written", name, strerror(errno));
	pcap = pcap_open_dead(DLT_EN10MB, 65535);
	if (pcap != NULL) {
		capture->out = pcap_dump_fopen(pcap, file);
		pcap_close(pcap);
	}
	if (capture->out == NULL) {
		fclose(file);
		return wire_fail(err, EIO, "wire: pcap: out=%s: its header cannot be written",
				 name);
	}
	pcap_dump_flush(capture->out); /* the file is valid from now on */
	return true;
}

struct wire *
wire_pcap_create(char *args, struct wire_error *err)
{
	uint64_t loops = 1, rate = WIRE_RATE_UNLIMITED, lossless = 0, start = 1, total;
	const char *in = NULL, *out = NULL;
	struct wire_option options[] = {
		{ "in", wire_parse_text, &in, "a file's name", 0, 0, false },
		{ "out", wire_parse_text, &out, "a file's name", 0, 0, false },
		{ "loops", wire_parse_number, &loops, "0 (no end) to 1000000000",
		  0, 1000000000, false },
		WIRE_OPTION_RATE(&rate),
		WIRE_OPTION_BOOL("start", &start),
		WIRE_OPTION_BOOL("lossless", &lossless), /* must be the last option */
	};
	unsigned int nb_options = sizeof(options) / sizeof(options[0]);
	struct capture *capture;

	if (!wire_parse("pcap", args, options, nb_options, err))
		return NULL;
	if (in == NULL && out == NULL)
		return wire_fail(err, EINVAL, "wire: pcap: no file is named; allowed: in=FILE, "
				 "out=FILE, or both");
	capture = calloc(1, sizeof(*capture));
	if (capture == NULL)
		return wire_fail(err, ENOMEM, "wire: pcap: out of memory");
	capture->wire.ops = &capture_ops;
	capture->wire.source = true;
	capture->wire.lossless = options[nb_options - 1].given ? lossless :
								 rate == WIRE_RATE_UNLIMITED;
	atomic_init(&capture->wire.light, true);
	if ((in != NULL && !capture_load(capture, in, err)) ||
	    (out != NULL && !capture_open(capture, out, err))) {
		capture_free(&capture->wire);
		return NULL;
	}
	if (capture->nb_frames > 0) {
		total = loops > 0 ? loops * capture->nb_frames : UINT64_MAX;
		capture->wire.pace = &capture->pace;
		wire_pace_init(&capture->pace, rate, 1, total, start, capture_len);
	}
	return &capture->wire;
}
