# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""In the guest: one UDP datagram of each of N flows, flows.py SOURCE DESTINATION N."""

import socket
import sys

source, destination, count = sys.argv[1:]
for i in range(int(count)):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 20000 + i))
        s.sendto(b"flow", (destination, 9))
