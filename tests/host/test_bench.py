"""The figures that are shown are those that were measured."""
import os
import sys

from pithtest import TOP

sys.path.insert(0, os.path.join(TOP, "tools"))
import bench_report  # noqa: E402


def test_readme_shows_the_newest_results():
    assert bench_report.readme_split()[1] == bench_report.readme_table(bench_report.latest()), \
        "README.md's figures are not those of bench/results: ./pith bench --record RELEASE"


def test_results_say_where_they_come_from():
    for name in os.listdir(bench_report.RESULTS):
        path = os.path.join(bench_report.RESULTS, name)
        rows = bench_report.load(path)
        assert 998 <= rows["calibrate.nops1000"] <= 1002 and len(rows) > 80, path
