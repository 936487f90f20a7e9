from lastseen.model.counting import counted, people


def test_counted_groups_thousands_and_minds_the_singular():
    assert counted(1, "event") == "1 event"
    assert counted(4567, "event") == "4,567 events"
    assert people(1) == "1 person"
    assert people(2) == "2 people"
