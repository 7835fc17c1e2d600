/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/*
 * The sockets, and the loop.  Every doorbell is a message. So the loop has work only when a
 * descriptor can be read, or at the time that a device names; it sleeps in between, and leaves the
 * processor to the virtual machine.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vfio_user.h"

#define MESSAGES     64         /* from one client before the next one is served */
#define PACE_NS      50000      /* interval of polls if a wire generates frames */
#define IDLE_NS      20000000   /* longest interval of polls: light may come */

static volatile sig_atomic_t quit;

static void
on_quit(int signal)
{
	(void)signal;
	quit = 1;
}

/* The current message is completed; the loop ends within IDLE_NS. */
static void
catch_signals(void)
{
	struct sigaction end = { .sa_handler = on_quit, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGPIPE, &ignore, NULL); /* a client's eventfd may be a pipe without a reader */
}

/* Sockets */

static int
listen_at(const char *name, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "%s: socket %s: its path is too long; allowed: %zu bytes\n", name,
			path, sizeof(addr.sun_path) - 1);
		return -1;
	}
	strcpy(addr.sun_path, path);
	/* A socket without a listener is left over from an earlier run. connect() fails with
	 * ECONNREFUSED for other files, too. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 &&
	    errno == ECONNREFUSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
			listen(fd, SOMAXCONN) < 0)) {
		error = errno;
		close(fd);
		errno = error;
		fd = -1;
	}
	if (fd < 0)
		fprintf(stderr, "%s: socket %s: %s; allowed: a path for a new socket\n", name, path,
			strerror(errno));
	return fd;
}

int
server_listen(struct server *s)
{
	catch_signals(); /* a program that waits for the socket may end us at once */
	for (unsigned int i = 0; i < s->nb; i++) {
		struct function *f = &s->functions[i];

		f->listen_fd = listen_at(f->name, f->args.socket);
		if (f->listen_fd < 0)
			return -1;
	}
	if (s->control != NULL) {
		s->control_fd = listen_at("control", s->control);
		if (s->control_fd < 0)
			return -1;
	}
	return 0;
}

static void
client_close(struct function *f, const char *why)
{
	if (why != NULL)
		fprintf(stderr, "%s: disconnected the client: %s\n", f->name, why);
	for (unsigned int i = 0; i < f->message.nb_fds; i++)
		close(f->message.fds[i]);
	f->message.nb_fds = 0;
	close(f->client_fd);
	f->client_fd = -1;
	f->got = f->reply_size = f->reply_sent = 0;
	f->closing = f->asked = false;
	function_detach(f);
}

static void
asker_close(struct asker *asker)
{
	if (asker->fd >= 0)
		close(asker->fd);
	asker->fd = -1;
	asker->len = 0;
}

void
server_close(struct server *s)
{
	for (unsigned int i = 0; i < s->nb; i++) {
		struct function *f = &s->functions[i];

		if (f->client_fd >= 0)
			client_close(f, NULL);
		if (f->listen_fd >= 0) {
			close(f->listen_fd);
			unlink(f->args.socket);
		}
	}
	for (unsigned int i = 0; i < MAX_ASKERS; i++)
		asker_close(&s->askers[i]);
	if (s->control_fd >= 0) {
		close(s->control_fd);
		unlink(s->control);
	}
}

/* Messages */

static void
send_reply(struct function *f)
{
	const uint8_t *reply = (const uint8_t *)&f->reply;
	ssize_t n;

	while (f->reply_sent < f->reply_size) {
		n = send(f->client_fd, reply + f->reply_sent, f->reply_size - f->reply_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return; /* continue when the socket has room again */
		if (n < 0) {
			client_close(f, NULL);
			return;
		}
		f->reply_sent += n;
	}
	f->reply_size = f->reply_sent = 0;
	if (f->closing)
		client_close(f, "a message has a wrong size, so the next one cannot be found");
}

/* Store descriptors that came with a part of the message. @return false if there are too many */
static bool
take_fds(struct function *f, struct msghdr *msg)
{
	struct vfu_message *m = &f->message;
	bool fit = !(msg->msg_flags & MSG_CTRUNC);
	unsigned int n;
	int fd;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (unsigned int i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (m->nb_fds < VFU_MAX_FDS) {
				m->fds[m->nb_fds++] = fd;
			} else {
				close(fd);
				fit = false;
			}
		}
	}
	return fit;
}

/* Receive more of the message, up to size. @return false if there is nothing now */
static bool
receive(struct function *f, uint32_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
	/* header and payload are not contiguous */
	struct vfu_message *m = &f->message;
	uint32_t header = sizeof(m->header);
	struct iovec iov = { .iov_len = size - f->got };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t n;

	iov.iov_base = f->got < header ? (uint8_t *)&m->header + f->got
				       : m->data + (f->got - header);
	do {
		n = recvmsg(f->client_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		client_close(f, NULL);
		return false;
	}
	f->got += n;
	if (take_fds(f, &msg))
		return true;
	client_close(f, "a message came with too many descriptors");
	return false;
}

/* @return false if the rest of it has not come, or the client is gone */
static bool
one_message(struct function *f)
{
	struct vfu_message *m = &f->message;

	while (f->got < sizeof(m->header))
		if (!receive(f, sizeof(m->header)))
			return false;
	if (vfu_check_header(&m->header) != 0) {
		f->errors++;
		f->closing = true;
		f->reply_size = vfu_error(&m->header, vfu_check_header(&m->header), &f->reply);
	} else {
		while (f->got < m->header.size)
			if (!receive(f, m->header.size))
				return false;
		f->got = 0;
		f->reply_size = vfu_execute(f, m, &f->reply);
	}
	send_reply(f);
	return f->client_fd >= 0 && f->reply_size == 0;
}

static void
serve(struct function *f)
{
	if (f->reply_size > 0)
		send_reply(f);
	for (int i = 0; i < MESSAGES && f->client_fd >= 0 && f->reply_size == 0; i++)
		if (!one_message(f))
			break;
}

static void
accept_client(struct function *f)
{
	f->client_fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	f->clients += f->client_fd >= 0;
}

/* The control socket */

/* If there is no room, disconnect the oldest client: an idle client must not block others. */
static void
accept_asker(struct server *s)
{
	int fd = accept4(s->control_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	asker_close(&s->askers[s->next_asker]);
	s->askers[s->next_asker].fd = fd;
	s->next_asker = (s->next_asker + 1) % MAX_ASKERS;
}

static void
answer(struct server *s, struct asker *asker)
{
	char *text;
	size_t size;
	ssize_t n;

	n = recv(asker->fd, asker->question + asker->len, sizeof(asker->question) - 1 - asker->len,
		 MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		asker->len += n;
		if (memchr(asker->question, '\n', asker->len) == NULL &&
		    asker->len < sizeof(asker->question) - 1)
			return;
	}
	if (n >= 0) {
		asker->question[asker->len] = '\0';
		asker->question[strcspn(asker->question, "\r\n")] = '\0';
		text = control_answer(s, asker->question, &size);
		if (text != NULL)
			(void)!send(asker->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		free(text);
	}
	asker_close(asker);
}

/* The loop */

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* The time until a function must be polled again, in ns */
static uint64_t
time_left(struct server *s)
{
	uint64_t now = now_ns(), left = IDLE_NS, at;

	for (unsigned int i = 0; i < s->nb; i++) {
		struct function *f = &s->functions[i];

		/* The device may not be allowed to do the work that was due at the last poll. */
		at = nic_wake_at(f->nic);
		if (at <= now)
			at = now + PACE_NS;
		if (at - now < left)
			left = at - now;
		if (left > PACE_NS && f->client_fd >= 0 && wire_is_running(f->wire) &&
		    nic_link_is_up(f->nic))
			left = PACE_NS;
	}
	return left;
}

enum { POLL_CLIENT, POLL_WIRE, POLL_UNMASK, POLL_EACH };

static void
poll_fill(struct server *s, struct pollfd *p)
{
	for (unsigned int i = 0; i < s->nb; i++, p += POLL_EACH) {
		struct function *f = &s->functions[i];

		p[POLL_CLIENT].fd = f->client_fd >= 0 ? f->client_fd : f->listen_fd;
		p[POLL_CLIENT].events = f->reply_size > 0 ? POLLOUT : POLLIN;
		p[POLL_WIRE].fd = f->wire_waits ? -1 : wire_fd(f->wire);
		p[POLL_WIRE].events = POLLIN;
		p[POLL_UNMASK].fd = f->irqs.unmask;
		p[POLL_UNMASK].events = POLLIN;
	}
	for (unsigned int i = 0; i < MAX_ASKERS; i++)
		*p++ = (struct pollfd){ .fd = s->askers[i].fd, .events = POLLIN };
	*p = (struct pollfd){ .fd = s->control_fd, .events = POLLIN };
}

static void
poll_serve(struct server *s, const struct pollfd *p)
{
	for (unsigned int i = 0; i < s->nb; i++, p += POLL_EACH) {
		struct function *f = &s->functions[i];

		/* The device may be able to receive these frames after a message of the driver. */
		f->wire_waits = p[POLL_WIRE].revents != 0;
		if (p[POLL_UNMASK].revents != 0 && p[POLL_UNMASK].fd == f->irqs.unmask)
			vfu_irq_unmask_event(f);
		if (p[POLL_CLIENT].revents == 0)
			continue;
		if (f->client_fd < 0)
			accept_client(f);
		else
			serve(f);
	}
	for (unsigned int i = 0; i < MAX_ASKERS; i++, p++)
		if (p->revents != 0)
			answer(s, &s->askers[i]);
	if (p->revents != 0)
		accept_asker(s);
}

/*
 * On a bus, the IOMMU reports a request of the device that it refuses.  Here the client has the
 * IOMMU, so it is asked for the byte at the address. There is one question at a time, and none for
 * descriptors that were only prefetched.
 */
static void
tell_refusal(struct function *f)
{
	uint8_t message[sizeof(struct vfu_header) + 24];
	struct nic_counts counts;
	uint64_t addr;
	bool write;
	size_t size;

	if (!dma_refused(f, &addr, &write))
		return;
	nic_get_counts(f->nic, &counts);
	if (counts.dma_refused == f->refusals || f->client_fd < 0 || f->asked || f->reply_size > 0)
		return;
	f->refusals = counts.dma_refused;
	size = vfu_ask(addr, write, message);
	f->asked = send(f->client_fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

/* @return true if a packet was moved */
static bool
move_packets(struct server *s)
{
	bool moved = false;

	for (unsigned int i = 0; i < s->nb; i++) {
		struct function *f = &s->functions[i];

		dma_settle(f);
		if (nic_poll(f->nic) > 0) {
			f->wire_waits = false;
			moved = true;
		}
		tell_refusal(f);
		if (dma_broken(f) && f->client_fd >= 0)
			client_close(f, "a file of its memory has become shorter");
	}
	return moved;
}

void
server_run(struct server *s)
{
	struct pollfd fds[MAX_FUNCTIONS * POLL_EACH + MAX_ASKERS + 1] = { 0 };
	struct timespec wait;
	bool moved = false;
	uint64_t left;

	prctl(PR_SET_TIMERSLACK, 1000); /* else a wait takes at least 50 us more */

	while (!quit) {
		poll_fill(s, fds);
		left = moved ? 0 : time_left(s);
		wait = (struct timespec){ .tv_nsec = left };
		if (ppoll(fds, s->nb * POLL_EACH + MAX_ASKERS + 1, &wait, NULL) >= 0)
			poll_serve(s, fds);
		moved = move_packets(s);
	}
}
