"""The searches of `make test` for a sequence of acts after which something is wrong, much longer: what officers do to
sheets, what they and members do at two sheets of an alliance, and what goes wrong while news is told.

What fails is told as it was found. `make test` with the same seed looks for the shortest sequence that does.
"""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

import tests.conftest  # noqa: F401 - its profile has no deadlines
from bench.commit import ROOT
from local.sheets import Fault, SheetsServer
from tests.torture.figures import Figures

DURING = "an act between the read and the write of a sync"
LENGTH = 12
"""Operations of a sequence, about."""
MOST_TOLD = 1_500
"""Characters of a failure."""
AT_AN_OFFICE = 5
"""Sequences of acts on one sheet for each sequence at an office with two, which is longer and checked at each step."""


def sheets(operations: int, number: int) -> Figures:
    """About as many `operations`, in sequences of acts of officers between syncs, and between the read and the write of
    a sync; and a fifth as many sequences of officers at two sheets, members and programs."""
    sequences = max(operations // LENGTH, 1)
    _search(sequences * 20)  # the test divides it
    from tests.sync import test_any_edit
    from tests.sync.test_any_office import AnyOffice

    figures = Figures()

    class Office(AnyOffice):
        @invariant()
        def count(self) -> None:
            figures.operations += 1

    long = settings(
        max_examples=max(sequences // AT_AN_OFFICE, 1),
        stateful_step_count=30,
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    with _counted_faults(figures), _counted(test_any_edit.Play, "run", figures):
        _tried(figures, seed(number)(test_any_edit.test_any_steps))
    with _counted_faults(figures):
        _tried(figures, lambda: run_state_machine_as_test(seed(number)(Office), settings=long))
    return figures


def news(operations: int, number: int) -> Figures:
    """About as many `operations`, in sequences of runs that tell the news to two webhooks, one of which is in
    trouble."""
    _search(max(operations // LENGTH, 1))
    from tests.services import test_any_news

    figures, playing = Figures(), test_any_news.playing

    @contextmanager
    def played() -> Iterator[Any]:
        with playing() as play:
            yield play
        for kind in chain(*play.touched.values()):
            figures.suffer(kind)

    with patch.object(test_any_news, "playing", played), _counted(test_any_news.Play, "step", figures):
        _tried(figures, seed(number)(test_any_news.test_any_faults))
    return figures


def _search(sequences: int) -> None:
    """The modules of the tests take it when they are imported."""
    settings.register_profile(
        "long", settings.get_profile("house"), max_examples=sequences, phases=[Phase.generate], database=None
    )
    settings.load_profile("long")


def _tried(figures: Figures, test: Callable[[], object]) -> None:
    try:
        test()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        figures.found["differences"].append(_told(error))


@contextmanager
def _counted(played: type, method: str, figures: Figures) -> Iterator[None]:
    """Each call is as many operations as it is given steps."""
    do = getattr(played, method)

    def counted(self: object, given: Any) -> None:
        figures.operations += len(given) if isinstance(given, list) else 1
        do(self, given)

    with patch.object(played, method, counted):
        yield


@contextmanager
def _counted_faults(figures: Figures) -> Iterator[None]:
    """Those of Google, and acts between the read and the write of a sync: as many as happened. A sync that has nothing
    to write meets none, and forgets them."""
    inject, meanwhile, forget = SheetsServer.inject, SheetsServer.meanwhile, SheetsServer.forget_faults
    waiting: Counter[Fault] = Counter()

    def injected(server: SheetsServer, *faults: Fault) -> None:
        waiting.update(faults)
        inject(server, *faults)

    def forgotten(server: SheetsServer) -> None:
        for fault, times in (waiting - Counter(server._site.faults)).items():
            figures.suffer(f"Google: {fault.kind}", times)
        waiting.clear()
        forget(server)

    def acted(server: SheetsServer, act: Callable[[], object], match: str = "") -> None:
        def happened() -> object:
            figures.suffer(DURING)
            return act()

        meanwhile(server, happened, match)

    with (
        patch.object(SheetsServer, "inject", injected),
        patch.object(SheetsServer, "meanwhile", acted),
        patch.object(SheetsServer, "forget_faults", forgotten),
    ):
        yield


def _told(error: Exception) -> str:
    """The end of the traceback, with the sequence that Hypothesis tells below it."""
    return "".join(traceback.format_exception(error)).replace(f"{ROOT}/", "")[-MOST_TOLD:]
