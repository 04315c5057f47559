"""Saving and loading: what was written comes back; what is damaged or misfits changes nothing."""

import copy
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time

import pytest

from autograd_edu.errors import StateError
from autograd_edu.nn import MLP, BatchNorm, Conv2d, Dropout, Embedding, Linear, PReLU, Sequential
from autograd_edu.nn.saving import load_state, save_state


def model(seed=0):
    return Sequential(
        Linear(2, 3, seed=seed),
        BatchNorm(3),
        MLP(3, [2, 1], activation=PReLU(), seed=seed + 1),
    )


@pytest.mark.parametrize("suffix", ["json", "npz"])
@pytest.mark.parametrize(
    "make",
    [model, lambda seed=0: Embedding(3, 2, seed=seed), lambda seed=0: Conv2d(1, 2, 2, seed=seed)],
)
def test_what_is_saved_comes_back_bit_for_bit(tmp_path, suffix, make):
    saved, loaded = make(0), make(5)
    assert saved.state_dict() != loaded.state_dict()
    saved.save(tmp_path / f"m.{suffix}")
    loaded.load(tmp_path / f"m.{suffix}")
    assert saved.state_dict() == loaded.state_dict()
    assert [p.data for p in saved.parameters()] == [p.data for p in loaded.parameters()]


def test_running_statistics_are_saved_too(tmp_path):
    saved, loaded = model(), model(5)
    saved.batch([[1.0, 2.0], [3.0, -4.0]])
    saved.save(tmp_path / "m.json")
    loaded.load(tmp_path / "m.json")
    assert loaded.layers[1].running_mean == saved.layers[1].running_mean != [0.0] * 3
    assert [y.data for y in [saved.eval()([1.0, 1.0])]] == [
        y.data for y in [loaded.eval()([1.0, 1.0])]
    ]


def test_the_state_is_plain_numbers_by_name():
    state = MLP(2, [2, 1], seed=0).state_dict()
    assert list(state)[:2] == ["layers.0.neurons.0.w", "layers.0.neurons.0.b"]
    assert len(state["layers.0.neurons.0.w"]) == 2
    assert json.loads(json.dumps(state)) == state


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"]
)
def test_a_copy_is_a_model_of_its_own_that_goes_on_alike(copied):
    own = Sequential(Linear(2, 8, seed=0), Dropout(0.5), MLP(8, [1], seed=1))
    other = copied(own)
    assert other.state_dict() == own.state_dict()
    for x in ([1.0, 2.0], [0.5, -1.0]):
        assert other(x).data == own(x).data, "with the same draws"
    other.parameters()[0].data = 100.0
    assert own.parameters()[0].data != 100.0
    assert other(x).scope == own(x).scope == "layer2/layer0/neuron0"


MISFITS = [
    pytest.param(
        MLP(2, [3, 1], seed=1),
        r"the model does not have layers.0.neurons.2.b",
        id="another width",
    ),
    pytest.param(
        MLP(3, [2, 1], seed=1),
        r"shape \(2,\) in the model and \(3,\)",
        id="another number of inputs",
    ),
    pytest.param(MLP(2, [2, 1], bias=False, seed=1), "lacks layers.0.neurons.0.b", id="no biases"),
]


@pytest.mark.parametrize(("other", "message"), MISFITS)
def test_a_state_of_another_shape_is_refused_and_changes_nothing(other, message):
    own = MLP(2, [2, 1], seed=0)
    before = own.state_dict()
    with pytest.raises(StateError, match=message):
        own.load_state_dict(other.state_dict())
    assert own.state_dict() == before


def test_a_state_with_text_among_its_numbers_changes_nothing():
    own, state = MLP(2, [1], seed=0), MLP(2, [1], seed=1).state_dict()
    before = own.state_dict()
    state["layers.0.neurons.0.b"] = "much"
    with pytest.raises(
        StateError, match=r"layers.0.neurons.0.b in the state is not a number: .*much"
    ):
        own.load_state_dict(state)
    assert own.state_dict() == before


@pytest.mark.parametrize("suffix", ["json", "npz"])
def test_a_file_cut_short_anywhere_is_refused_and_changes_nothing(tmp_path, suffix):
    path, own = tmp_path / f"m.{suffix}", model(5)
    model().save(path)
    whole, before = path.read_bytes(), own.state_dict()
    for length in [0, 1, 20, *random.Random(0).sample(range(len(whole) - 2), 40), len(whole) - 2]:
        path.write_bytes(whole[:length])
        with pytest.raises(StateError):
            own.load(path)
        assert own.state_dict() == before
    path.write_bytes(whole)
    own.load(path)
    assert own.state_dict() != before


def test_an_altered_file_is_refused(tmp_path):
    path = tmp_path / "m.json"
    MLP(1, [1], seed=0).save(path)
    path.write_text(path.read_text().replace('neurons.0.b": 0.0', 'neurons.0.b": 0.5'))
    with pytest.raises(StateError, match="altered after it was written"):
        load_state(path)


def test_files_of_another_kind_are_refused(tmp_path):
    for content, message in (
        ('{"weights": 1}', "'format' must be 'autograd_edu model 1'; got None"),
        ("[1, 2]", "not a saved model"),
        ("hello", "not JSON"),
    ):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(StateError, match=message):
            load_state(tmp_path / "x.json")
    with pytest.raises(StateError, match=r"must end in \.json or \.npz"):
        save_state({}, tmp_path / "x.pickle")
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "missing.json")
    with pytest.raises(FileNotFoundError):
        load_state(tmp_path / "missing.npz")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "m.npz"
    save_state({"a": [1.0]}, path)
    with pytest.raises(StateError, match="not a number or an array of numbers"):
        save_state({"a": [[1.0], [1.0, 2.0]]}, path)
    assert load_state(path) == {"a": [1.0]}
    assert [p.name for p in tmp_path.iterdir()] == ["m.npz"]


WRITER = """
import sys
from autograd_edu.nn.saving import save_state
n = 0
print("ready", flush=True)
while True:
    n += 1
    save_state({"n": n, "w": [float(n)] * 20000}, sys.argv[1])
"""


@pytest.mark.slow
def test_a_process_killed_while_it_writes_leaves_a_file_that_loads(tmp_path):
    path, pick = tmp_path / "state.json", random.Random(0)
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, env={**os.environ}
        )
        process.stdout.readline()
        while not path.exists():
            time.sleep(0.005)
        time.sleep(pick.uniform(0.0, 0.08))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        state = load_state(path)
        assert state["w"] == [float(state["n"])] * 20000
