"""What speed.py found, as a table and as bars."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = ("llama-cpp-python", "transformers", "torch", "peft")


def conditions(arguments) -> dict:
    """What a figure belongs to: machine, day, commit, the peers' versions."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    commit = subprocess.run(["git", "-C", HERE, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    versions = {}
    for peer in PEERS:
        try:
            versions[peer] = importlib.metadata.version(peer)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": f"{names[0] if names else platform.machine()}, {len(names)} cores",
        "date": datetime.date.today().isoformat(), "commit": commit, "peers": versions,
        "threads": arguments.threads, "samples": arguments.samples}


def figure(work: str, row: dict) -> str:
    return f"{row['seconds']:.3f} s" if work == "start" else f"{row['rate']:.1f} tok/s"


def span(work: str, row: dict) -> str:
    """The range of the samples, in the unit of the figure."""
    if work == "start":
        return f"{1 / row['high']:.3f}–{1 / row['low']:.3f}"
    return f"{row['low']:.1f}–{row['high']:.1f}"


def rivals(rows: list) -> list:
    """The other programs of a match."""
    return [row for row in rows if not row["program"].startswith("libsvft")]


def markdown(entries: list, around: dict) -> str:
    peers = ", ".join(f"{name} {version}" for name, version in around["peers"].items())
    lines = [
        f"{around['processor']}; {around['date']}, commit {around['commit']}; {peers}. "
        f"{around['threads']} threads, medians of {around['samples']} samples in turns (ranges).",
        "",
        "| model | work | format | program | rate | libsvft / it | of the probe | peak MiB "
        "| others' CPU |", "|---|---|---|---|---|---|---|---|---|"]
    for entry in entries:
        work, ours = entry["work"], entry["programs"][0]
        share = f"{100 * entry['share_of_probe']:.0f} % ({entry['probed']})" \
            if "probe" in entry else ""
        for row in entry["programs"]:
            first, theirs = row is ours, row in rivals(entry["programs"])
            lines.append(
                f"| {entry['model']} | {work} | {entry['format']} "
                f"| {row['program']} {row['format']} "
                f"| {figure(work, row)} ({span(work, row)}) "
                f"| {format(ours['rate'] / row['rate'], '.2f') if theirs else ''} "
                f"| {share if first else ''} | {row['peak'] >> 20} | {row['others']:.2f} |")
    return "\n".join(lines) + "\n"


def draw(entries: list, path: Path) -> None:
    """Rates of libsvft as multiples of the best peer's, one bar each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    formats = sorted({entry["format"] for entry in entries})
    colours = dict(zip(formats, pyplot.get_cmap("tab10").colors))
    picture, axes = pyplot.subplots(figsize=(8, 1 + 0.3 * len(entries)))
    for place, entry in enumerate(entries):
        best = max(rivals(entry["programs"]), key=lambda row: row["rate"])
        axes.barh(place, entry["ratio"], color=colours[entry["format"]])
        axes.text(entry["ratio"], place, f" {entry['ratio']:.2f} × {best['program']}", va="center")
    axes.set_yticks(
        range(len(entries)), [f"{e['model']} {e['work']} {e['format']}" for e in entries])
    axes.invert_yaxis()
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlim(0, 1.3 * max(entry["ratio"] for entry in entries))
    axes.set_xlabel("speed of libsvft / speed of the best peer")
    picture.tight_layout()
    picture.savefig(path)
