# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""One file for each command of devtools/ that is written in Python. It has

PREPARE         what has to run first: "setup" or "build" of devtools/, or None
parser()        the command's arguments, an arguments.Parser
run(arguments)  does the work; @return the exit code
"""
