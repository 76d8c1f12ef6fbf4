"""When a topic partition stops because too much of it cannot be read."""

from streams.worker.poison import IN_A_ROW, WINDOW, WINDOW_LIMIT, Breaker


def test_fifty_in_a_row_open_it_and_forty_nine_do_not() -> None:
    breaker = Breaker()
    assert [breaker.bad() for _ in range(IN_A_ROW)] == [False] * (IN_A_ROW - 1) + [True]


def test_one_good_record_ends_a_row() -> None:
    breaker = Breaker()
    for _ in range(3):
        assert not any(breaker.bad() for _ in range(IN_A_ROW - 1))
        breaker.row = 0
        breaker.good_seen(1)
    assert not breaker.open


def test_more_than_one_in_a_hundred_opens_it_once_enough_has_been_seen() -> None:
    breaker = Breaker()
    for number in range(2 * WINDOW):
        if number % 99 == 0:
            breaker.bad()
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
            breaker.bad()
        else:
            breaker.row = 0
            breaker.good_seen(1)
    assert not breaker.open
    assert WINDOW_LIMIT == WINDOW // 100
