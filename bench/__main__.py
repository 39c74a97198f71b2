"""`make bench`: runs all measurements, and writes docs/measurements.md and docs/projection.md."""

from pathlib import Path

from bench import cpu, fleet, projections, reports, sheets, start

PAGE = Path(__file__).parent.parent / "docs" / "measurements.md"
INTRODUCTION = """\
# Measurements

Written by `make bench`. There are no times here, because times depend on the machine. Counts are the same on every
machine; bytes differ by a few, because ids are random; ratios of times vary by a few hundredths. The budgets are
those of [the design](DESIGN.md), section 10.
"""


def main() -> None:
    measured = []
    for measure in (
        sheets.measure,
        sheets.measure_bytes,
        fleet.measure,
        reports.measure,
        cpu.measure,
        start.measure,
    ):
        measured.append(measure().markdown())
        print(f"{measured[-1]}\n", flush=True)
    PAGE.write_text("\n".join([INTRODUCTION, "\n\n".join(measured), ""]), encoding="utf-8")
    projections.main()


if __name__ == "__main__":
    main()
