# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The arguments of a command. A message about a wrong one names it, its value and what is
allowed.
"""

import argparse
import math


class Parser(argparse.ArgumentParser):
    """Messages of one line, like those of the commands that are shell scripts."""

    def __init__(self, name, description, epilog=None):
        super().__init__(prog=name, description=description, epilog=epilog,
                         formatter_class=argparse.RawDescriptionHelpFormatter)

    def parse_args(self, words):
        arguments, wrong = self.parse_known_args(words)
        if wrong:
            options = [option for action in self._actions for option in action.option_strings]
            self.error(f"'{wrong[0]}' is wrong; allowed: {', '.join(options)}")
        return arguments

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def wrong(text, allowed):
    """@return what the type of an argument raises."""
    return argparse.ArgumentTypeError(f"'{text}' is wrong; allowed: {allowed}")


def whole_number(least, most=10**9, step=1):
    """@return the type of an argument that is a whole number."""
    def convert(text):
        value = int(text) if text.isdecimal() else -1
        if not least <= value <= most or value % step != 0:
            raise wrong(text, f"{'multiples of ' + str(step) + ', ' if step > 1 else ''}"
                        f"{least} to {most}")
        return value
    return convert


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not (math.isfinite(value) and value > 0):
        raise wrong(text, "a number above 0")
    return value


def packets(text):
    """'100M' -> 100000000"""
    scale = {"k": 1000, "M": 1000000}.get(text[-1:], 1)
    number = text[:-1] if scale > 1 else text
    if not number.isdecimal() or int(number) == 0:
        raise wrong(text, "a number of packets above 0, such as 500k or 100M")
    return int(number) * scale


def output_file(text):
    """A file that can be written. It is there afterwards."""
    try:
        with open(text, "a"):
            return text
    except OSError as error:
        raise wrong(text, f"a file that can be written ({error.strerror})") from None
