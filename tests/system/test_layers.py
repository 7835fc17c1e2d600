# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""The files of the software 82599 form layers: each uses only those below it."""

import os
import re

import pytest
from ixymin_tools import simlib

NIC = os.path.join(simlib.ROOT, "app/sim82599/nic")
PUBLIC = "nic.h"  # for attachments; its functions are defined in several files
CIRCLES = {}  # frozenset of files: the reason, which is also a sentence in a header of one of them


def read_all():
    texts = {}
    for name in sorted(os.listdir(NIC)):
        if name.endswith((".c", ".h", ".def")):
            with open(os.path.join(NIC, name)) as f:
                texts[name] = f.read()
    return texts


def code(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def definitions(texts):
    """The .c file of each function that others may call."""
    return {found[2]: name for name, text in texts.items() if name.endswith(".c")
            for found in re.finditer(r"^(.*)\n((?!__)\w+)\([^;{]*\)\n\{", text, re.MULTILINE)
            if not found[1].startswith("static")}


def uses(texts):
    """For each file those whose definitions it uses.  A header stands for the .c file that defines
    what it declares.  What nic.h declares is used where its name is."""
    defined = definitions(texts)
    words = {name: set(re.findall(r"\w+", code(text))) for name, text in texts.items()}
    behind = {}
    for name in (name for name in texts if name.endswith(".h") and name != PUBLIC):
        declarations = re.sub(r"^\{\n.*?^\}|^#define(?:[^\n]*\\\n)*[^\n]*$", "", code(texts[name]),
                              flags=re.MULTILINE | re.DOTALL)
        files = {defined[word] for word in re.findall(r"\w+", declarations) if word in defined}
        assert len(files) <= 1, f"{name} declares functions of {files}"
        behind[name] = files.pop() if files else name
    public = {word for word in words[PUBLIC] if word in defined}
    graph = {behind.get(name, name): set() for name in texts}
    for name, text in texts.items():
        node = behind.get(name, name)
        included = re.findall(r'^#include "([^"/]+)"', text, re.MULTILINE)
        graph[node] |= {behind.get(header, header) for header in included}
        if name != PUBLIC:
            graph[node] |= {defined[word] for word in words[name] & public}
        graph[node].discard(node)
    return graph


def reachable(graph, start):
    seen, todo = set(), [start]
    while todo:
        for name in graph[todo.pop()] - seen:
            seen.add(name)
            todo.append(name)
    return seen


def circles(graph):
    reach = {name: reachable(graph, name) for name in graph}
    return {frozenset(other for other in graph if other in reach[name] and name in reach[other])
            for name in graph if name in reach[name]}


def test_no_circle_between_files():
    graph = uses(read_all())
    assert len(graph) > 20 and graph["access.c"] > {"rx.c", "tx.c", "regs.c"}
    assert circles(graph) == set(CIRCLES)


def test_the_list_in_state_h_is_in_order():
    """From the top to the bottom, and every .c file is there."""
    text = read_all()["state.h"]
    listed = []
    for names in re.findall(r"^ \*   ((?:\w+\.[ch] )+)", text, re.MULTILINE):
        listed += names.split()
    graph = uses(read_all())
    assert {name for name in graph if name.endswith(".c")} <= set(listed)
    assert not [f"{name} uses {other}" for i, name in enumerate(listed)
                for other in listed[:i] if other in graph[name]]


def test_only_public_headers_of_others():
    found = {header for text in read_all().values()
             for header in re.findall(r'^#include "(.*/.*)"', text, re.MULTILINE)}
    assert found == {"../wire/wire.h", "../wire/ring.h"}
    with open(os.path.join(NIC, "../wire/ring.h")) as f:
        assert re.findall(r'^#include "(.*)"', f.read(), re.MULTILINE) == ["wire.h"]


@pytest.mark.parametrize("name, line", [
    ("irq.c", '#include "link.h"'),  # link.c raises interrupts
    ("state.h", '#include "rx.h"'),
    ("rx.c", "void f(struct nic *nic) { nic_peek(nic, 0); }"),  # nic.h's; access.c has the hooks
])
def test_a_circle_is_found(name, line):
    texts = read_all()
    texts[name] = texts[name].replace("\n#include", f"\n{line}\n#include", 1)
    assert any(name in circle for circle in circles(uses(texts)))


def test_every_hook_is_of_a_register_of_the_table():
    """grep NAME finds the row of a register and its hooks; each hook is at one feature."""
    texts = read_all()
    defined = definitions(texts)
    rows = re.findall(r"^(?:REG|RW|RO|MASKED)\((\w+),", texts["regs.def"], re.MULTILINE)
    hooks = re.findall(r"^HOOK\((\w+),\s*(\w+),\s*(\w+)\)$", texts["regs.def"], re.MULTILINE)
    assert len(rows) > 350 and len(hooks) > 50 and len(set(rows)) == len(rows)
    names = [name for name, _, _ in hooks]
    assert sorted(names, key=rows.index) == names, "hooks are in the order of the table"
    assert {hook for _, *pair in hooks for hook in pair} - set(defined) == {"0"}
