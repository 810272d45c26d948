"""`./jalon test` and `./jalon lint`: what is run, and how it is summed up."""

import os
from pathlib import Path

import pytest

from launcher import lint, testing
from launcher.backing import Throwaway
from launcher.lint import Check
from launcher.paths import Project
from launcher.testing import Stage


def test_everything_is_run_in_three_stages(tmp_path: Path) -> None:
    for name in ("e2e", "concurrency"):
        (tmp_path / "tests" / name).mkdir(parents=True)
    stages = testing.stages(tmp_path, [], 4)
    assert [stage.name for stage in stages] == ["unit", "concurrency", "e2e"]
    shared = ("--dist", "worksteal", "-n")
    assert stages[0].arguments == ("tests", "--ignore=tests/concurrency", "--ignore=tests/e2e", *shared, "4")
    assert stages[1].arguments == ("tests/concurrency", *shared, "4")
    assert stages[2].arguments == ("tests/e2e", *shared, "3")
    assert testing.stages(tmp_path, [], 2)[2].arguments == ("tests/e2e",)
    assert testing.stages(tmp_path, [], 32)[1].arguments[-1] == "4", "each race opens many connections"


def test_given_arguments_replace_the_stages(tmp_path: Path) -> None:
    given = ["tests/rcp", "-k", "quorum"]
    assert testing.stages(tmp_path, given, 4) == [Stage("tests", tuple(given))]


def test_the_browser_is_needed_only_by_its_tests() -> None:
    def packages(extra: list[str]) -> set[str]:
        return {need.package for need in testing.needs(extra)}

    assert "chromium" in packages([])
    assert "chromium" in packages(["tests/e2e/test_way.py"])
    assert "chromium" not in packages(["tests/rcp"])


def test_tests_see_nothing_of_the_callers_configuration(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_DATABASE_URL_FILE", "/run/secrets/production")
    monkeypatch.setenv("JALON_EMAIL_URL", "smtp://real.example.org")
    monkeypatch.setenv("CI", "true")
    made = testing.test_environment(project, Throwaway({"JALON_DATABASE_URL": "postgresql://ours"}, project.private))
    assert made["JALON_DATABASE_URL"] == "postgresql://ours"
    assert "JALON_DATABASE_URL_FILE" not in made
    assert made["JALON_EMAIL_URL"].startswith("file:///")
    assert made["JALON_DEBUG"] == "0"
    assert made["CI"] == "true"


def test_the_bench_may_load_the_fictitious_hospital(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JALON_DEMO", "0")
    made = testing.bench_environment(project, Throwaway({}, project.private))
    assert made["JALON_DEMO"] == "1" and made["JALON_DEBUG"] == "0"


def test_the_summary_names_what_failed() -> None:
    outcomes = [(Stage("unit", ()), 0, 61.0), (Stage("e2e", ()), 1, 9.0), (Stage("concurrency", ()), 5, 1.0)]
    text = testing.summary(outcomes)
    assert "unit         passed (61 s)" in text
    assert "e2e          FAILED (9 s)" in text
    assert "concurrency  FAILED: no test found (1 s)" in text


def test_every_check_is_run_even_after_one_fails(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.logs.mkdir()
    commands = {"first": ["false"], "second": ["sh", "-c", "echo wrong line 12; exit 3"], "third": ["true"]}
    checks = [Check(name, command) for name, command in commands.items()]
    results = lint.run_side_by_side(project, checks, dict(os.environ), at_once=2)
    assert [(result.check.name, result.code) for result in results] == [("first", 1), ("second", 3), ("third", 0)]
    assert "wrong line 12" in capsys.readouterr().out
    assert lint.table(results).count("FAILED") == 2


def test_lint_covers_what_the_house_enforces(project: Project) -> None:
    commands = [" ".join(map(str, check.command)) for check in lint.checks(project)]
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports", "djlint", "makemigrations --check"):
        assert any(tool in command for command in commands), tool
    assert any("lintmigrations" in command for command in commands)
    assert any("check --deploy --fail-level WARNING" in command for command in commands)
