/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The ixymin authors
 */

/* MAC loopback (HLREG0.LPBK): a wire whose far end is the MAC itself. */

#ifndef LOOPBACK_H
#define LOOPBACK_H

struct wire;

struct wire *loopback_create(void); /* @return NULL: no memory */
void loopback_clear(struct wire *loopback);
void loopback_free(struct wire *loopback);

#endif /* LOOPBACK_H */
