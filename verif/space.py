# What a driver's cases range over: parameters, their classes, and draws that favour the edges.
# SPDX-License-Identifier: Apache-2.0
#
# verif/<module>/sweep.py describes a module with
#
#   COLUMNS    its parameters in the order of cases.inc: size(), signed(), choice(), flag(), number()
#   draw(d)    one legal corner as {name: value}; d is a Draw
#   DERIVED    {name: (labels, function of a corner)}: further classes (optional)
#   EVENTS     {name: meaning}: what the driver counts in Case::seen (optional)
#   CROSSES    tuples of names of columns, derived classes, "stall" or "event" (optional)
#   IMPOSSIBLE {bin: reason}: bins that no legal run can fill, with them their crosses (optional)
#   BATCH      corners of one Verilator build, 50 unless set; 64 at most
#
# A bin is "Name=class"; of a cross "A x B=class x class". Every bin is known before any run.
import importlib.util
import itertools
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True  # the source tree stays as it is
STALLS = ("none", "idle", "stall", "both")  # who waits: nobody, the input, the output
CANDIDATES = 10  # draws of which one becomes a corner
SEAMS = ("in", "out")  # images that follow each other without a gap


class Column:
    """A parameter: its legal range and the classes its values fall into."""

    def __init__(self, name, labels, classify, is_legal):
        self.name, self.labels, self.classify, self.is_legal = name, labels, classify, is_legal


def size(name, low, high, limit=False):
    """A count or width of low..high; `limit`: high is the module's own, so it must be seen."""

    def classify(value):
        if limit and value == high:
            return "limit"
        if value <= 2:
            return str(value)
        return "power" if value & (value - 1) == 0 else "other"

    labels = list(dict.fromkeys(classify(v) for v in [low, high, *range(low, min(high, low + 64))]))
    return Column(name, labels, classify, lambda v: low <= v <= high)


def signed(name, low, high):
    """A number that may be negative."""

    def classify(value):
        return "negative" if value < 0 else "positive" if value > 0 else "0"

    labels = list(dict.fromkeys(classify(v) for v in (low, 0, high) if low <= v <= high))
    return Column(name, labels, classify, lambda v: low <= v <= high)


def number(name, low, high):
    """Its value alone says nothing; a derived class may."""
    return Column(name, [], lambda v: None, lambda v: low <= v <= high)


def choice(name, *values):
    """One class a value."""
    return Column(name, [str(v) for v in values], str, lambda v: v in values)


def flag(name):
    return choice(name, 0, 1)


class Draw:
    """SplitMix64, as in stream_bench.hpp: the same corners on every machine."""

    def __init__(self, seed):
        self.state = seed & (2**64 - 1)

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return z ^ (z >> 31)

    def uniform(self, low, high):
        return low + self.bits() % (high - low + 1)

    def choice(self, values):
        return values[self.bits() % len(values)]

    def percent(self, chance):
        return self.bits() % 100 < chance

    def flag(self):
        return self.bits() % 2

    def size(self, low, high):
        """The ends, 1, 2, powers of two and their neighbours in three of five draws."""
        if low > high:
            raise ValueError(f"nothing between {low} and {high}")
        if self.percent(40):
            return self.uniform(low, high)
        edges = {low, low + 1, high - 1, high}
        edges |= {2**k + d for k in range(high.bit_length() + 1) for d in (-1, 0, 1)}
        return self.choice(sorted(e for e in edges if low <= e <= high))

    def signed(self, low, high):
        """The ends, zero and its neighbours in half of the draws; else any size of number."""
        if self.percent(50):
            return self.choice([v for v in (low, low + 1, -1, 0, 1, high - 1, high) if low <= v <= high])
        span = 2 ** self.uniform(1, max(abs(low), abs(high)).bit_length())
        return self.uniform(max(low, -span), min(high, span))


class Space:
    """The description of one module."""

    def __init__(self, module, root=HERE):
        self.module = module
        path = root / module / "sweep.py"
        if not path.is_file():
            raise FileNotFoundError(f"{module} has no {path.name} under {path.parent}")
        spec = importlib.util.spec_from_file_location(f"sweep_{module}", path)
        text = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(text)
        self.columns = text.COLUMNS
        self.draw = text.draw
        self.derived = getattr(text, "DERIVED", {})
        self.events = getattr(text, "EVENTS", {})
        self.crosses = getattr(text, "CROSSES", ())
        self.impossible = dict(getattr(text, "IMPOSSIBLE", {}))
        self.batch = getattr(text, "BATCH", 50)
        self.classes = {c.name: c.labels for c in self.columns}
        self.classes |= {name: list(labels) for name, (labels, _) in self.derived.items()}
        self.classes["stall"] = list(STALLS)
        self.bins = [f"{n}={label}" for n, labels in self.classes.items() for label in labels]
        self.bins += [f"seam={label}" for label in SEAMS]
        self.classes["event"] = list(self.events)
        self.bins += [f"event={label}" for label in self.events]
        for cross in self.crosses:
            name = " x ".join(cross)
            for labels in itertools.product(*(self.classes[n] for n in cross)):
                self.bins.append(f"{name}={' x '.join(labels)}")
                for n, label in zip(cross, labels):
                    if f"{n}={label}" in self.impossible:
                        self.impossible[self.bins[-1]] = self.impossible[f"{n}={label}"]
        unknown = set(self.impossible) - set(self.bins)
        if unknown:
            raise ValueError(f"{path}: IMPOSSIBLE names no bin: {sorted(unknown)}")

    def row(self, corner):
        """The corner as cases.inc writes it."""
        names = [c.name for c in self.columns]
        if sorted(corner) != sorted(names):
            raise ValueError(f"{self.module}: draw() gives {sorted(corner)}, COLUMNS has {names}")
        for c in self.columns:
            if not c.is_legal(corner[c.name]):
                raise ValueError(f"{self.module}: {c.name} = {corner[c.name]} is out of its range")
        return ", ".join(str(corner[n]) for n in names)

    def corner(self, row):
        values = [int(v) for v in row.split(",")]
        if len(values) != len(self.columns):
            raise ValueError(f"{self.module}: expected {len(self.columns)} parameters, got '{row}'")
        return {c.name: v for c, v in zip(self.columns, values)}

    def corners(self, seed):
        """Rows without repetition; ends when 1,000 draws in a row gave nothing new. Of several draws
        the one that fills the most bins that are still empty comes next."""
        mixed = seed
        for byte in self.module.encode():
            mixed = (mixed ^ byte) * 0x100000001B3
        d = Draw(mixed)
        seen, filled = set(), set()
        misses = 0
        while misses < 1000:
            drawn = [self.draw(d) for _ in range(CANDIDATES)]
            corner = max(drawn, key=lambda c: len(self.bins_of(self.labels(c)) - filled))
            row = self.row(corner)
            misses = misses + CANDIDATES if row in seen else 0
            if misses == 0:
                seen.add(row)
                filled |= self.bins_of(self.labels(corner))
                yield row

    def labels(self, corner):
        """The classes of a corner by name, as far as its parameters say."""
        labels = {c.name: [c.classify(corner[c.name])] for c in self.columns if c.labels}
        return labels | {name: [str(f(corner))] for name, (_, f) in self.derived.items()}

    def bins_of(self, labels):
        """The bins of these classes, and of the crosses that have all of theirs."""
        bins = {f"{name}={label}" for name, found in labels.items() for label in found}
        for cross in self.crosses:
            for found in itertools.product(*(labels.get(n, ()) for n in cross)):
                bins.add(f"{' x '.join(cross)}={' x '.join(found)}")
        return bins

    def hits(self, case):
        """The bins that one case of a record fills."""
        labels = self.labels(self.corner(case["row"]))
        labels["stall"] = [s for s in case["bench"] if s in STALLS]
        labels["event"] = list(case["seen"])
        return self.bins_of(labels) | {f"seam={s}" for s in case["bench"] if s in SEAMS}


def described(root=HERE):
    """The modules that have a description, sorted."""
    return sorted(p.parent.name for p in root.glob("*/sweep.py"))


# A description says `from space import ...`, wherever it is loaded from.
sys.modules.setdefault("space", sys.modules[__name__])
