"""Run one campaign, or all of them: `python -m tests.campaign readings --seed 7 --count 1000`."""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the tests' own helper modules

from . import load, names


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("name", choices=[*names(), "all"])
    parser.add_argument(
        "--seed", type=int, help="of the cases; a fresh one by default, which is printed"
    )
    parser.add_argument(
        "--count", type=int, help="how many cases; by default the size of CI's slice"
    )
    parser.add_argument(
        "--long", action="store_true", help="as many cases as the promises are measured with"
    )
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    failed = False
    for name in names() if options.name == "all" else [options.name]:
        campaign = load(name)
        count = options.count or (campaign.LONG if options.long else campaign.SLICE)
        start = time.perf_counter()
        outcome = campaign.run(seed, count)
        print(
            f"{name} (seed {seed}, count {count}): {outcome}, {time.perf_counter() - start:.1f} s",
            flush=True,
        )
        for failure in outcome.failures[:10]:
            print(f"\n{failure}")
        failed = failed or bool(outcome.failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
