# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""What the commands of devtools/ and the tests share.

simlib      runs DPDK programs on software 82599 ports
forwarding  forwards packets between two software ports, and checks them and the statistics
releases    builds the plugins for another release of DPDK
code_lines  counts lines of code
arguments   reads the arguments of a command
commands/   one file for each command; no other file imports them, except for tests
"""
