# SPDX-License-Identifier: Apache-2.0
"""What the figures of ./dev bench are made of, without measuring anything."""

import unittest
from unittest import mock

from driver import baseline, chart, comparison, figures, report, works
from driver.programs import BUILD, PROGRAMS, ROOT
from driver.works import Work

AWAIT = Work("await/1", "await a child", works.TASKS, "limit")
BYTES = Work("memory/x", "bytes", works.MEMORY, "limit", unit="bytes")


def samples(work, **values):
    """E.g. samples(AWAIT, creche=[10, 12], limit=[5, 6])."""
    made = figures.Samples()
    for program, of_rounds in values.items():
        for round_number, value in enumerate(of_rounds):
            made.add(work.name, program, work.metric, round_number, value)
    return made


def run_of(work, measured, missing=(), failed=None):
    programs = [p for p in PROGRAMS if p.name in ("creche", "limit", "asio")]
    return report.Run(measured, [work], programs, dict.fromkeys(missing, "no header"),
                      failed or {}, ["on a machine"])


class FiguresTest(unittest.TestCase):
    def test_reads_the_lines_of_programs(self):
        text = "rate\t125000\t/s\ncpu\t3100.5\tns\ncalls\t-\tcalls\n"
        self.assertEqual(figures.parse_lines(text), {"rate": 125000, "cpu": 3100.5})

    def test_reads_google_benchmark_in_its_unit(self):
        one = {"name": "BM_X", "real_time": 2.5, "time_unit": "us"}
        self.assertEqual(figures.parse_google_benchmark({"benchmarks": [one]}), 2500)

    def test_a_benchmark_that_failed_is_no_figure(self):
        one = {"name": "BM_X", "error_occurred": True, "error_message": "broken"}
        with self.assertRaisesRegex(ValueError, "broken"):
            figures.parse_google_benchmark({"benchmarks": [one]})

    def test_ratios_pair_the_values_of_a_round(self):
        # The second round was disturbed, and so was everyone in it.
        measured = samples(AWAIT, creche=[10, 40, 11], limit=[5, 20, 5.5])
        self.assertEqual(measured.ratio("await/1", "creche", "limit", works.VALUE), 2)

    def test_there_is_no_ratio_to_nothing(self):
        measured = samples(AWAIT, creche=[10], limit=[0])
        self.assertIsNone(measured.ratio("await/1", "creche", "limit", works.VALUE))
        self.assertIsNone(measured.ratio("await/1", "creche", "asio", works.VALUE))

    def test_numbers_have_three_digits(self):
        shown = [figures.number(v) for v in (12345.6, 345.6, 34.56, 3.456, 0, 0.0312)]
        self.assertEqual(shown, ["12,346", "346", "34.6", "3.46", "0.00", "0.0312"])


class ReportTest(unittest.TestCase):
    def test_creche_in_figures_and_others_in_multiples(self):
        run = run_of(AWAIT, samples(AWAIT, creche=[10, 12, 14], limit=[5, 6, 7]))
        self.assertEqual(report.ratio_table(run, run.works)[-1],
                         "| await a child | **12.0** (10.0–14.0) | 0.50× |")

    def test_what_is_missing_is_named(self):
        run = run_of(AWAIT, samples(AWAIT, creche=[10]), missing=["asio"])
        self.assertIn("Boost.Asio: missing**, no header", report.markdown(run))
        self.assertTrue(report.ratio_table(run, run.works)[-1].endswith("| missing |"))

    def test_what_failed_is_named(self):
        run = run_of(AWAIT, samples(AWAIT, creche=[10]),
                     failed={("await/1", "limit"): "exit status 3"})
        self.assertIn("failed: await/1 of limit: exit status 3", report.markdown(run))
        self.assertIn("| failed |", report.markdown(run))

    def test_the_picture_is_xml(self):
        import xml.etree.ElementTree as xml
        run = run_of(AWAIT, samples(AWAIT, creche=[10], limit=[5], asio=[3000]))
        picture = xml.fromstring(chart.draw(run))
        texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
        self.assertIn("0.5", texts)
        self.assertIn("300", texts)


class BaselineTest(unittest.TestCase):
    KNOWN = {"await/1": {"reference": "limit", "ratio": 2.0}}

    def worse(self, work, known, **values):
        return baseline.regressions(samples(work, **values), [work], known)[0]

    def test_as_fast_as_before_is_fine(self):
        self.assertEqual(self.worse(AWAIT, self.KNOWN, creche=[10] * 3, limit=[5] * 3), [])

    def test_slower_in_all_rounds_is_a_regression_by_name(self):
        (line,) = self.worse(AWAIT, self.KNOWN, creche=[15] * 3, limit=[5] * 3)
        self.assertIn("await/1: 3.00 times limit, was 2.00", line)

    def test_one_round_near_the_baseline_makes_the_others_noise(self):
        self.assertEqual(
            self.worse(AWAIT, self.KNOWN, creche=[15, 15, 10], limit=[5] * 3), [])

    def test_bytes_are_exact(self):
        known = {"memory/x": {"reference": "limit", "ratio": 2.0}}
        self.assertEqual(self.worse(BYTES, known, creche=[101], limit=[50]), [])
        self.assertEqual(len(self.worse(BYTES, known, creche=[104], limit=[50])), 1)

    def test_what_was_not_measured_is_named(self):
        unknown = baseline.regressions(samples(AWAIT, creche=[10]), [AWAIT], self.KNOWN)[1]
        self.assertEqual(unknown, ["await/1: limit was not measured"])

    def test_makes_what_it_reads(self):
        measured = samples(AWAIT, creche=[10], limit=[5])
        self.assertEqual(baseline.make(measured, [AWAIT]), self.KNOWN)


class ComparisonTest(unittest.TestCase):
    NOW, BEFORE = (p for p in PROGRAMS if p.name in ("creche", "creche-clang"))

    def compare(self, work, now, before):
        measured = samples(work, **{"creche": now, "creche-clang": before})
        return comparison.compare(measured, [work], self.NOW, self.BEFORE)

    def test_shows_medians_and_the_ratios_of_the_rounds(self):
        # The second round was disturbed, and so were both in it.
        table, slower = self.compare(AWAIT, [11, 44, 11], [10, 40, 11])
        self.assertEqual(
            table.splitlines()[-1],
            "| await a child | 11.0 | 11.0 | 1.100 | 1.000–1.100 |")
        self.assertEqual(slower, [])

    def test_slower_in_nearly_all_rounds_is_slower(self):
        table, slower = self.compare(AWAIT, [11, 11, 11, 11, 9], [10] * 5)
        self.assertEqual(slower, ["await/1"])
        self.assertIn("1.100 **slower**", table)

    def test_slower_by_less_than_the_noise_is_not(self):
        self.assertEqual(self.compare(AWAIT, [10.3] * 5, [10] * 5)[1], [])

    def test_a_byte_more_is_more(self):
        self.assertEqual(self.compare(BYTES, [101] * 5, [100] * 5)[1], ["memory/x"])


class WorksTest(unittest.TestCase):
    def test_names_are_unique_and_references_exist(self):
        names = [work.name for work in works.WORKS]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual({work.reference for work in works.WORKS},
                             {program.name for program in PROGRAMS})

    def test_every_section_has_an_explanation(self):
        self.assertEqual({work.section for work in works.WORKS}, set(works.SECTIONS))


class ProgramsTest(unittest.TestCase):
    def test_what_is_another_one_again_is_built_without_it(self):
        by_name = {program.name: program for program in PROGRAMS}
        with (mock.patch("driver.programs._build_creche") as build_creche,
              mock.patch("driver.programs.run") as run):
            by_name["creche-epoll"].build()
            by_name["uring-multishot"].build()
        build_creche.assert_called_once_with(ROOT, BUILD / "creche", [])
        self.assertIn(BUILD / "uring", run.call_args.args)


if __name__ == "__main__":
    unittest.main()
