from saccade.core.vocabulary import UNTOLD_CONTOURS, Vocabularies, key_of


def test_each_field_counts_the_names_of_its_own_list() -> None:
    lists = Vocabularies.of({"semantic": ["road", "sky"], "instances": ["car"], "joints": ["nose"]})
    assert lists.names("instances.labels") == lists.names("label") == lists.names("labels") == ("car",)
    assert lists.names("semantic") == lists.names("semantic_scores") == ("road", "sky")
    assert lists.names("instances.keypoints") == lists.names("pose_visible") == ("nose",)
    assert lists.names("contours") == ()
    assert key_of("person.centre") is None


def test_one_list_stands_for_all_fields_that_are_labelled_but_joints() -> None:
    both = Vocabularies.of(["a", "b"], {"instances.boxes", "semantic", "instances.keypoints", "person.centre"})
    assert both == {"instances": ("a", "b"), "semantic": ("a", "b")}
    assert Vocabularies.of(["a"], ()) == {"instances": ("a",)}
    assert Vocabularies.of((), {"semantic"}) == {}


def test_the_main_list_is_that_of_objects_before_that_of_pixels() -> None:
    assert Vocabularies.of({"semantic": ["sky"], "instances": ["car"]}).main == ("car",)
    assert Vocabularies.of({"semantic": ["sky"], "contours": UNTOLD_CONTOURS}).main == ("sky",)
    assert Vocabularies({}).main == ()


def test_plain_values_come_back_as_they_were() -> None:
    for lists in ({"instances": ("a",)}, {"semantic": ("a",)}, {"instances": ("a",), "semantic": ("a", "b")}, {}):
        assert Vocabularies.of(Vocabularies(lists).plain()) == lists
