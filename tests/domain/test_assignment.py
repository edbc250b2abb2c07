from hypothesis import given
from hypothesis import strategies as st

from inboxd.domain.assignment import in_turn, limit, next_of, served

PEOPLE = st.sets(st.integers(1, 6))


def test_the_first_member_is_next_and_then_the_others_in_their_order() -> None:
    queue: list[int] = []
    picked = []
    for _ in range(5):
        queue = in_turn(queue, [1, 2, 3])
        user_id = next_of(queue, {1, 2, 3})
        assert user_id is not None
        picked.append(user_id)
        queue = served(queue, user_id)
    assert picked == [1, 2, 3, 1, 2]


def test_who_cannot_take_one_keeps_the_turn() -> None:
    queue = in_turn([], [1, 2, 3])
    assert next_of(queue, {3, 2}) == 2
    queue = served(queue, 2)
    assert next_of(queue, {3, 2}) == 3
    assert next_of(served(queue, 3), {1, 2, 3}) == 1


def test_who_is_new_comes_after_all_others_and_who_left_is_out() -> None:
    assert in_turn([3, 2, 1], [1, 3, 4]) == [4, 3, 1]
    assert next_of([], {1}) is None
    assert next_of([2, 1], set()) is None


@given(st.lists(st.tuples(PEOPLE, PEOPLE), max_size=30))
def test_nobody_is_served_twice_before_somebody_who_could_have_been_served_throughout(
    rounds: list[tuple[set[int], set[int]]],
) -> None:
    always = set.intersection(*(members & able for members, able in rounds)) if rounds else set()
    queue: list[int] = []
    since: dict[int, list[int]] = {user_id: [] for user_id in always}
    for members, able in rounds:
        queue = in_turn(queue, members)
        user_id = next_of(queue, able & members)
        assert (user_id is None) == (not able & members)
        if user_id is None:
            continue
        for waiting in always - {user_id}:
            if user_id in always:
                assert user_id not in since[waiting]
            since[waiting].append(user_id)
        if user_id in always:
            since[user_id] = []
        queue = served(queue, user_id)
        assert set(queue) == members


def test_a_limit_is_a_positive_number_as_number_or_text() -> None:
    assert [limit({"max_assignment_limit": given}) for given in (3, "4", 0, -1, "", "x", None, True, 2.5)] == [
        3, 4, None, None, None, None, None, None, None,
    ]  # fmt: skip
    assert limit({}) is None
