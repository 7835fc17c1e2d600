# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The ixymin authors

"""Which programs do shell scripts, Python files and indented lines of documents start?

shell(text), document(text) and python(files) find what each command begins with: the name of a
program, or its path.  python() leaves out paths below a folder that is known only at run time:
files that this repository has, builds or unpacks.  Where the text does not tell what is started,
an Unknown is raised: then write it so that a reader can tell, too.
"""

import ast
import re


class Unknown(Exception):
    """It cannot be told which program is started."""


# what POSIX's shell does itself
BUILTINS = set(""". : [ alias bg break cd command continue echo eval exec exit export false fg
    getopts hash jobs kill local printf pwd read readonly return set shift test times trap true type
    ulimit umask unalias unset wait""".split())
KEYWORDS = set("if then else elif fi while until do done ! { } esac time".split())
# programs, and functions of ours, that start what follows: how many words stand before that
STARTERS = {"as_root": 0, "chroot": 1, "command": 0, "env": 0, "exec": 0, "flock": 1, "nice": 0,
            "setpriv": 0, "sudo": 0, "unshare": 0}
WITH_VALUE = {("flock", "-w"), ("nice", "-n"), ("setpriv", "--pdeathsig"), ("sudo", "-u")}


class Shell:
    """The simple commands of a script, each a list of words without their quotes."""

    def __init__(self, text, heredoc_of=None):
        self.text, self.at = text, 0
        self.heredocs = []
        if heredoc_of is None:
            self.found, self.functions = [], set()
            self.script(None)
        else:  # only what is substituted
            self.found, self.functions = heredoc_of.found, heredoc_of.functions
            self.quoted(None)

    def next(self, count=1):
        piece = self.text[self.at:self.at + count]
        self.at += count
        return piece

    def ahead(self, what):
        return self.text.startswith(what, self.at)

    def script(self, end):
        """Scan to the end of the text, or of a substitution that closes with end."""
        words, word, drop, cases, pattern, depth = [], None, False, 0, False, 0

        def finish_word():
            nonlocal words, word, drop, cases, pattern
            if word is None:
                return
            if drop:  # a file that is read or written
                drop = False
            elif pattern and word == "esac":
                cases, pattern = cases - 1, False
            else:
                words.append(word)
            word = None
            if len(words) == 3 and words[0] == "case" and words[2] == "in":
                words, cases, pattern = [], cases + 1, True

        def finish_command():
            nonlocal words
            finish_word()
            if words and not pattern:
                self.found.append(words)
            words = []

        while self.at < len(self.text):
            if word is None and self.ahead("#"):
                self.at = (self.text + "\n").index("\n", self.at)
                continue
            c = self.next()
            if c == "\\":
                c = self.next()
                word = word if c == "\n" else (word or "") + c
            elif c == "'":
                close = (self.text + "'").index("'", self.at)
                word = (word or "") + self.text[self.at:close]
                self.at = close + 1
            elif c == '"':
                word = (word or "") + self.quoted('"')
            elif c == "$":
                word = (word or "") + self.dollar()
            elif c == end and not depth and not pattern:
                break
            elif c == "`":
                self.script("`")
                word = (word or "") + "$"
            elif c in " \t":
                finish_word()
            elif c in "<>":
                if word is not None and word.isdigit():
                    word = None
                finish_word()
                if c == "<" and self.ahead("<"):
                    self.at += 1
                    self.heredocs.append(re.compile(r"-?\s*(\S+)").match(self.text, self.at)[1])
                elif self.ahead(">") or self.ahead("&"):
                    self.at += 1
                drop = True
            elif c == "(":
                if word is not None and re.match(r"\s*\)", self.text[self.at:]):
                    self.functions.add(word)
                    self.at = self.text.index(")", self.at) + 1
                    word, words = None, []
                    continue
                finish_command()
                depth += not pattern
            elif c == ")":
                finish_command()
                if pattern:
                    pattern = False
                else:
                    depth -= 1
            elif c in ";&|\n":
                finish_command()
                if c == ";" and self.ahead(";"):
                    self.at += 1
                    pattern = cases > 0
                if c == "\n":
                    self.skip_heredocs()
            else:
                word = (word or "") + c
        finish_command()

    def quoted(self, end):
        """The inside of double quotes, up to end."""
        value = ""
        while self.at < len(self.text):
            c = self.next()
            if c == end:
                break
            if c == "\\":
                c = self.next()
                value += c if c in '"\\$`' else "\\" + c
            elif c == "$":
                value += self.dollar()
            elif c == "`":
                self.script("`")
                value += "$"
            else:
                value += c
        return value

    def dollar(self):
        """After a $. @return "$", with the name of a plain variable; commands in it are found."""
        if self.ahead("(("):  # arithmetic
            depth = 0
            while depth := depth + {"(": 1, ")": -1}.get(self.next(), 0):
                pass
        elif self.ahead("("):
            self.at += 1
            self.script(")")
        elif self.ahead("{"):
            self.at += 1
            self.quoted("}")
        else:
            name = re.compile(r"\w+|[@*#?!$-]").match(self.text, self.at)
            self.at += len(name[0]) if name else 0
            return "$" + (name[0] if name else "")
        return "$"

    def skip_heredocs(self):
        for word in self.heredocs:
            plain = re.sub(r"['\"\\]", "", word)
            last = re.compile(rf"^\t*{re.escape(plain)}$|\Z", re.MULTILINE)
            close = last.search(self.text, self.at)
            if plain == word:  # substitutions in it are made
                Shell(self.text[self.at:close.start()], self)
            self.at = close.end()
        self.heredocs = []


def started(words, functions):
    """The programs that a command of a shell starts: more than one for `env ... nice ...`."""
    while words and (words[0] in KEYWORDS or re.match(r"\w+=", words[0])):
        if re.match(r"CC=[^$]", words[0]):  # meson's compiler
            yield words[0][3:]
        words = words[1:]
    if not words or words[0] == "for":
        return
    name = words[0]
    if name in STARTERS:
        before, rest = STARTERS[name], words[1:]
        while rest:
            if rest[0] == "--":
                rest = rest[1:]
                break
            if (name, rest[0]) in WITH_VALUE:
                rest = rest[2:]
            elif rest[0].startswith("-") or name == "env" and "=" in rest[0]:
                rest = rest[1:]
            else:
                break
        if name == "flock" and rest and rest[0].isdigit():
            before = len(rest)  # a file that is open
        yield from started(rest[before:], functions)
    if name in ("sh", "/bin/sh") and len(words) > 2 and words[1] == "-c":
        yield from shell(words[2])
    if name in BUILTINS or name in functions or name == "$@":
        return
    if name.startswith("$") and "/" not in name or not name:
        raise Unknown(f"what does '{' '.join(words)}' start?")
    yield name


def shell(text):
    scanned = Shell(text)
    interpreter = re.match(r"#!\s*(\S+)", text)
    if interpreter:
        yield interpreter[1]
    for words in scanned.found:
        yield from started(words, scanned.functions)


def document(text):
    """What is to be typed: indented blocks of Markdown, but for drawings, which have bars."""
    text = re.sub("<!--.*?-->", "", text, flags=re.DOTALL)
    for block in re.findall(r"(?:^(?: {4}|\t).*\n)+", text, re.MULTILINE):
        if re.search(r"^\s*\|", block, re.MULTILINE):
            continue
        # line by line: words that explain a command may have an apostrophe
        for line in block.replace("\\\n", " ").splitlines():
            yield from shell(line.strip())


STARTS = {"run", "Popen", "call", "check_call", "check_output"}  # of subprocess


class Module:
    def __init__(self, name, text):
        self.name, self.tree = name, ast.parse(text)
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                child.parent = node
        self.tree.module = self

    def nodes(self, kind):
        return (node for node in ast.walk(self.tree) if isinstance(node, kind))


def enclosing(node, *kinds):
    while not isinstance(node, kinds + (ast.Module,)):
        node = node.parent
    return node


def last_name(node):
    """subprocess.run -> run, Program -> Program"""
    return getattr(node, "attr", None) or getattr(node, "id", None)


class Python:
    """Follows the first word of what is given to subprocess to where it is written."""

    def __init__(self, files):
        self.modules = [Module(name, text) for name, text in files.items()]
        self.assigned, self.returned, self.called = {}, {}, {}
        for module in self.modules:
            for node in module.nodes((ast.Assign, ast.Return, ast.Call, ast.withitem)):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        self.note(target, node.value)
                elif isinstance(node, ast.Return) and node.value is not None:
                    function = enclosing(node, ast.FunctionDef, ast.Lambda)
                    self.returned.setdefault(getattr(function, "name", None), []).append(node.value)
                elif isinstance(node, ast.Call):
                    self.called.setdefault(last_name(node.func), []).append(node)

    def note(self, target, value, index=None):
        if isinstance(target, ast.Tuple):
            for i, part in enumerate(target.elts):
                if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
                    self.note(part, value.elts[i])
                else:
                    self.note(part, value, i)
        elif last_name(target):
            self.assigned.setdefault(last_name(target), []).append((target, value, index))

    def all(self):
        """@return {name of a program or its path: where it is started}."""
        found = {}
        for module in self.modules:
            for node in module.nodes(ast.Call):
                f = node.func
                if isinstance(f, ast.Attribute) and last_name(f.value) in ("subprocess", "os"):
                    if last_name(f.value) == "subprocess" and f.attr in STARTS:
                        self.seen = set()
                        for program in self.first(node.args[0]):
                            found.setdefault(program, f"{module.name}:{node.lineno}")
                    elif f.attr == "system" or f.attr.startswith(("exec", "posix_spawn", "spawn")):
                        raise Unknown(f"{module.name}:{node.lineno}: os.{f.attr} is not followed, "
                                      "subprocess is")
        return found

    def unknown(self, node):
        return Unknown(f"{enclosing(node).module.name}:{node.lineno}: which program is "
                       f"'{ast.unparse(node)}'?")

    def first(self, node, index=None):
        """The programs that a list of words begins with; index: of a tuple of such lists."""
        if (node, index) in self.seen:
            return set()
        self.seen.add((node, index))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.Tuple) and index is not None:
            return self.first(node.elts[index])
        if isinstance(node, (ast.List, ast.Tuple)):
            return self.of_words(node.elts)
        if isinstance(node, ast.Starred):
            return self.first(node.value, index)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.of_words(self.terms(node))
        if isinstance(node, ast.IfExp):
            return self.first(node.body, index) | self.first(node.orelse, index)
        if isinstance(node, ast.BoolOp):
            return set().union(*(self.first(value, index) for value in node.values))
        if is_path(node):
            return set()
        if isinstance(node, ast.Call) and last_name(node.func) in self.returned:
            values = self.returned[last_name(node.func)]
            return set().union(*(self.first(value, index) for value in values))
        if isinstance(node, ast.Call) and last_name(node.func) in ("list", "str"):
            return self.first(node.args[0], index)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable":
            return {"/usr/bin/python3"}
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.of_name(node, index)
        raise self.unknown(node)

    @staticmethod
    def terms(node):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return Python.terms(node.left) + Python.terms(node.right)
        return [node]

    def of_words(self, words):
        """The first word, and that after a list that ends with --, as of WITH_US."""
        if not words:
            return set()
        found = self.first(words[0])
        value = words[0].value if isinstance(words[0], ast.Starred) else words[0]
        lists = [value] + [v for _, v, _ in self.assigned.get(last_name(value) or "", [])]
        if any(isinstance(v, ast.List) and v.elts and isinstance(v.elts[-1], ast.Constant)
               and v.elts[-1].value == "--" for v in lists):
            found = found | self.of_words(words[1:])
        return found

    def of_name(self, node, index):
        name = last_name(node)
        function = enclosing(node, ast.FunctionDef) if isinstance(node, ast.Name) else None
        if isinstance(function, ast.FunctionDef):
            arguments = [a.arg for a in function.args.args]
            if name in arguments:
                return self.of_calls(function, arguments.index(name), index)
            if function.args.vararg and function.args.vararg.arg == name:
                return self.of_calls(function, len(arguments), index)
            inside = [a for a in self.assigned.get(name, [])
                      if enclosing(a[0], ast.FunctionDef) is function]
            if inside:
                return set().union(*(self.first(value, i) for _, value, i in inside))
        # of a module, or of objects, which are not told apart
        outside = [a for a in self.assigned.get(name, []) if is_global(a[0])]
        if not outside:
            raise self.unknown(node)
        return set().union(*(self.first(value, i) for _, value, i in outside))

    def of_calls(self, function, position, index):
        """What callers give for an argument."""
        parent = function.parent
        method = isinstance(parent, ast.ClassDef)
        if method:
            position -= 1
        if method and function.name == "__init__":
            calls = self.called.get(parent.name, []) + [
                call for call in self.called.get("__init__", [])
                if parent.name in map(last_name, enclosing(call, ast.ClassDef).bases)]
        else:
            calls = [call for call in self.called.get(function.name, []) if same(call, function)]
        given = [call.args[position] for call in calls if position < len(call.args)]
        if not given:
            raise Unknown(f"{enclosing(function).module.name}:{function.lineno}: who calls "
                          f"{function.name}()?")
        return set().union(*(self.first(argument, index) for argument in given))


def is_path(node):
    """Is it a file's path that begins with a folder which only the run knows?"""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.path.join":
        return not isinstance(node.args[0], ast.Constant)
    if isinstance(node, ast.JoinedStr):
        return isinstance(node.values[0], ast.FormattedValue) and "/" in ast.unparse(node)
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def is_global(target):
    """Is what is assigned a variable of a module, or an object's?"""
    function = enclosing(target, ast.FunctionDef)
    return isinstance(target, ast.Attribute) or isinstance(function, ast.Module) or any(
        target.id in node.names for node in ast.walk(function) if isinstance(node, ast.Global))


def same(call, function):
    """Is it this function that is called? run() of a module is not that of another, and neither is
    subprocess.run() or a method of that name."""
    caller, owner = enclosing(call).module, enclosing(function).module
    if isinstance(function.parent, ast.ClassDef):
        return isinstance(call.func, ast.Attribute) and last_name(call.func.value) != "subprocess"
    if isinstance(call.func, ast.Name):
        imported = {alias.name for node in caller.nodes(ast.ImportFrom) if node.module == owner.name
                    for alias in node.names}
        return caller is owner or call.func.id in imported
    return caller is not owner and last_name(call.func.value) == owner.name


def python(files):
    """files: {module's name: text}. @return {program: where it is started}"""
    return Python(files).all()
