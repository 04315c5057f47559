"""Plant faults of the table and say which tests notice: `python -m tests.faults [WORDS …]`.

With words, plant only the faults whose description contains one of them. `--places` only asks
whether each fault finds its place. `--in FILE …` runs whole test files instead of the tests that
the table names, to find out which tests notice.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from faults.fault import ask
from faults.planting import PlantingError
from faults.table import FAULTS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument(
        "--places", action="store_true", help="only say which faults do not find their place"
    )
    parser.add_argument(
        "--in", dest="files", nargs="+", help="tests to run instead of those that the table names"
    )
    options = parser.parse_args()
    chosen = [
        f for f in FAULTS if not options.words or any(word in f.what for word in options.words)
    ]
    unnoticed = 0
    for fault in chosen:
        if options.places:
            try:
                said = f"in {fault.place() or 'the imported package'}"
            except PlantingError as error:
                said, unnoticed = f"NOT PLANTED: {error}", unnoticed + 1
            print(f"{fault.what}: {said}", flush=True)
            continue
        answer = ask(["--plant", fault.what], options.files or fault.noticed_by)
        said = answer.problem or ", ".join(answer.failed) or "NOT NOTICED"
        unnoticed += not answer.failed
        print(f"{answer.seconds:5.1f} s  {fault.what}: {said}", flush=True)
    verb = "found their place" if options.places else "noticed"
    print(f"{len(chosen) - unnoticed} of {len(chosen)} {verb}")
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
