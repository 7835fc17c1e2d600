# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""In the guest: a UDP datagram from each of several ports, flows.py SOURCE DESTINATION PORT..."""

import socket
import sys

source, destination, *ports = sys.argv[1:]
for port in ports:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, int(port)))
        s.sendto(b"flow", (destination, 9))
