"""The coverage gate: branches 90 % overall, 100 % where a wrong branch costs most.

Run after pytest with `--cov`; prints what is missing and exits 1 below the gate.
"""

import io
import json
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import coverage

OVERALL_MIN = 90.0
COMPLETE = ("core/**/rules.py", "core/*/rules.py", "core/audit/*.py", "core/governance/*.py")


def main() -> int:
    """Return 0 when the gate holds, 1 otherwise."""
    measured = coverage.Coverage()
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(path))
        report = json.loads(path.read_text(encoding="utf-8"))
    total = report["totals"]["percent_covered"]
    faults = [f"overall {total:.1f} %, at least {OVERALL_MIN:.0f} % is asked"] * (
        total < OVERALL_MIN
    )
    for name, entry in sorted(report["files"].items()):
        complete = any(fnmatch(name, pattern) for pattern in COMPLETE)
        if complete and entry["summary"]["percent_covered"] < 100:
            lines, branches = entry["missing_lines"], entry.get("missing_branches", [])
            faults.append(f"{name}: lines {lines}, branches {branches} are not covered")
    out = io.StringIO()
    print(f"coverage: {total:.1f} % with branches", file=out)
    for fault in faults:
        print(f"coverage gate: {fault}", file=out)
    sys.stdout.write(out.getvalue())
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
