"""When a topic partition stops because too much of it cannot be read."""

from streams.worker.poison import IN_A_ROW, WINDOW, WINDOW_LIMIT, Breaker


def test_fifty_in_a_row_open_it_and_forty_nine_do_not() -> None:
    breaker = Breaker()
    assert [breaker.bad(number) for number in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]


def test_one_good_record_ends_a_row() -> None:
    breaker = Breaker()
    for _ in range(3):
        assert not any(breaker.bad(number) for number in range(IN_A_ROW - 1))
        breaker.row = 0
        breaker.good_seen(1)
    assert not breaker.open


def test_more_than_one_in_a_hundred_opens_it_once_enough_has_been_seen() -> None:
    breaker = Breaker()
    for number in range(2 * WINDOW):
        if number % 99 == 0:
            breaker.bad(number)
        else:
            breaker.row = 0
            breaker.good_seen(1)
        if breaker.open:
            break
    assert WINDOW <= number + 1 < WINDOW + 200


def test_one_in_a_hundred_is_borne() -> None:
    breaker = Breaker()
    for number in range(4 * WINDOW):
        if number % 101 == 0:
            breaker.bad(number)
        else:
            breaker.row = 0
            breaker.good_seen(1)
    assert not breaker.open
    assert WINDOW_LIMIT == WINDOW // 100


def test_resumed_it_counts_afresh_and_stops_again() -> None:
    breaker = Breaker()
    assert any(breaker.bad(number) for number in range(IN_A_ROW))
    breaker.resume(0)
    assert not breaker.open
    assert [breaker.bad(number) for number in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]


def test_what_a_person_lets_through_does_not_stop_it_and_what_follows_does() -> None:
    breaker = Breaker()
    breaker.resume(10 * IN_A_ROW)
    assert not any(breaker.bad(number) for number in range(10 * IN_A_ROW))
    assert [breaker.bad(10 * IN_A_ROW + n) for n in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]
