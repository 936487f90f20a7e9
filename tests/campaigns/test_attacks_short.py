import pytest

from campaigns.attacks.__main__ import KINDS, SHORT, play
from campaigns.attacks.scene import Broke, scene


@pytest.mark.parametrize("attack", SHORT, ids=lambda attack: attack.__name__)
def test_the_attack_is_held(attack):
    assert play(attack) is None


def test_an_attack_that_takes_access_from_somebody_at_work_is_noticed():
    with scene() as stage:
        worker = next(one for one in stage.portal.world.people.values() if one.kind == "daily")
        stage.portal.respond(
            "PUT",
            "/api/2.0/people/status/Terminated",
            headers={"Authorization": f"Bearer {stage.portal.api_key}"},
            body=f'{{"userIds": ["{worker.id}"]}}'.encode(),
        )
        with pytest.raises(Broke, match="lost access"):
            stage.judge()


def test_every_attack_has_a_name_of_its_own():
    names = [attack.__name__ for attacks in KINDS.values() for attack in attacks]
    assert len(names) == len(set(names)) > 40
