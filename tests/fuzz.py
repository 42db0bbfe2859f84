"""Coverage-guided fuzzing of the parsers, by atheris: `python tests/fuzz.py PARSER [SECONDS]`; not run by `make test`.

    pip install atheris
    for parser in $(python tests/fuzz.py); do python tests/fuzz.py $parser 60 || break; done

A finding is left as `crash-…`; give it a case in tests/parse/ and mend the parser.
"""

import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
with atheris.instrument_imports(include=["generator"]):
    from parsers import PARSERS


def main() -> None:
    """Fuzz one parser, or name all."""
    if len(sys.argv) < 2:
        print("\n".join(PARSERS))
        return
    parser, seconds = PARSERS[sys.argv[1]], sys.argv[2] if len(sys.argv) > 2 else "60"
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(parser.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=512", "-max_len=4096", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, corpus], parser.try_out)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
