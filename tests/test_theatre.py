"""The training theatre: a recorded run on a page, with the numbers that the model had then."""

import copy
import itertools
import time

import pytest

from autograd_edu import data, nn, optim, train
from autograd_edu.errors import OperandError, TrainingError
from autograd_edu.train import Callback, Recording, fit

LOSS = nn.losses.binary_cross_entropy_with_logits


class Models(Callback):
    """A copy of the model after some epochs, kept apart from the recording."""

    def __init__(self, epochs):
        self.epochs, self.models = epochs, {}

    def after_epoch(self, run):
        if run.epoch in self.epochs:
            twin = copy.deepcopy(run.model)
            for own, number in zip(twin.parameters(), run.theta.tolist(), strict=True):
                own.data = number
            self.models[run.epoch] = twin


@pytest.fixture(scope="module")
def recorded():
    """A small run on the moons: the recording, copies of the model at five epochs, the history."""
    model, recording = nn.MLP(2, [6, 5, 1], activation="tanh", seed=1), Recording()
    kept = Models([1, 9, 30, 129, 300])
    history = fit(
        model, LOSS, data.moons(60, 0.1, seed=1), optim.Adam(model.parameters(), 0.05),
        epochs=300, callbacks=[recording, kept], progress=False,
    )  # fmt: skip
    return recording, kept.models, history


def go_to(page, recording, epoch):
    k = [frame.epoch for frame in recording.frames].index(epoch)
    page.locator("[data-part=slider]").fill(str(k))
    return page.locator("[data-part=status]").text_content()


def test_frames_are_spaced_by_logarithm_from_before_training_to_its_end(recorded):
    recording, _, history = recorded
    epochs = [frame.epoch for frame in recording.frames]
    assert epochs[:5] == [0, 1, 2, 3, 4]
    assert epochs[-1] == 300
    assert all(a < b <= max(a + 1, 1.14 * a) for a, b in itertools.pairwise(epochs))
    assert recording.losses == history.loss


def test_numbers_at_five_epochs_are_those_of_the_model_then(show, recorded):
    recording, models, history = recorded
    points, page = data.moons(60, 0.1, seed=1), show(recording.html)
    assert len(models) == 5
    for epoch, model in models.items():
        pairs = zip(points.xs, points.ys, strict=True)
        right = sum((model(x).data > 0) == (y == 1) for x, y in pairs)
        told = go_to(page, recording, epoch)
        assert told.startswith(f"Epoch {epoch}: loss {float(f'{history.loss[epoch - 1]:.4g}'):g}")
        assert told.endswith(f"{right} of 60 points right")
    assert go_to(page, recording, 0).startswith("Epoch 0: before training")


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_the_page_computes_the_network_as_the_engine_does(show, activation):
    model, recording = nn.MLP(2, [3, 2, 1], activation=activation, seed=3), Recording()
    adam = optim.Adam(model.parameters(), 0.01)
    fit(model, LOSS, data.moons(10), adam, epochs=2, callbacks=[recording], progress=False)
    code = recording.html.rsplit("<script>", 1)[1].split("startTheatre((s")[0]
    ending = """
        const layers = layersOf(Float64Array.from(p), [2, 3, 2, 1]);
        return unitsAt(x.map(number => [number]), layers).at(-1)[0][0];"""
    run = "([code, p, x]) => new Function('p', 'x', code)(p, x)"
    last = list(recording.frames[-1].parameters)
    for x in ([0.5, -0.25], [-1.5, 2.0]):
        given = show("<p>").evaluate(run, [code.removeprefix("(() => {") + ending, last, x])
        assert given == pytest.approx(model(x).data, rel=1e-12)


@pytest.mark.slow
def test_the_moons_take_less_than_two_megabytes_and_a_notebook_far_less(recorded):
    model, recording = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1), Recording()
    assert len(model.parameters()) == 337
    adam = optim.Adam(model.parameters(), 0.01)
    fit(model, LOSS, data.moons(100), adam, epochs=3000, callbacks=[recording], progress=False)
    assert 50 <= len(recording.frames) <= 70
    assert len(recording.html.encode()) < 400_000
    assert len(recording._repr_html_().encode()) < 70_000


class Timed(Recording):
    """A recording that knows how long it has kept the training waiting."""

    seconds = 0.0

    def after_epoch(self, run):
        begin = time.process_time()
        super().after_epoch(run)
        self.seconds += time.process_time() - begin


@pytest.mark.slow
def test_the_recording_takes_little_of_the_training():
    model, recording = nn.MLP(2, [16, 16, 1], activation="tanh", seed=1), Timed()
    adam, begin = optim.Adam(model.parameters(), 0.01), time.process_time()
    fit(model, LOSS, data.moons(100), adam, epochs=1500, callbacks=[recording], progress=False)
    assert 0.0 < recording.seconds < 0.1 * (time.process_time() - begin)


def test_keys_and_play_move_through_the_epochs(show, recorded):
    recording, _, _ = recorded
    page, last = show(recording.html, clock=True), len(recording.frames) - 1
    slider = page.locator("[data-part=slider]")
    assert slider.input_value() == str(last)
    slider.press("Home")
    assert "Epoch 0" in slider.get_attribute("aria-valuetext")
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(120 * 3)
    assert slider.input_value() == "3"
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    assert slider.input_value() == "3"


def test_without_scripts_it_is_the_curve_of_the_loss(show, recorded):
    page = show(recorded[0].html, java_script_enabled=False)
    assert page.get_by_role("img", name="Loss from").count() == 1
    assert page.locator("svg").bounding_box()["width"] > 200
    for part in ("slider", "play", "screen", "units"):
        assert not page.locator(f"[data-part={part}]").is_visible()


@pytest.mark.parametrize("width", [375, 800, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_its_pictures_are_not_empty(show, recorded, width, scheme):
    page = show(recorded[0].html, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    colours = """canvas => new Set(new Uint32Array(canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    for part in ("screen", "units"):
        assert page.locator(f"[data-part={part}]").evaluate(colours) > 20
    ground = page.locator(".autograd-theatre").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme]


def test_the_page_is_written_to_a_file(tmp_path, recorded):
    path = recorded[0].save(tmp_path / "theatre.html")
    assert path.read_text(encoding="utf-8") == recorded[0].html


def test_what_the_theatre_cannot_show_is_refused_before_training():
    points = data.moons(10)
    for model, message in [
        (nn.MLP(3, [1], seed=0), "a model of 2 inputs and 1 output; got 3 and 1"),
        (nn.MLP(2, [2], seed=0), "a model of 2 inputs and 1 output; got 2 and 2"),
        (nn.Sequential(nn.Linear(2, 1, seed=0)), "needs an MLP; got Sequential"),
        (nn.MLP(2, [2, 1], activation=lambda x: x * x, seed=0), "cannot show the activation"),
    ]:
        with pytest.raises(OperandError, match=message):
            fit(model, LOSS, points, optim.SGD(model.parameters(), 0.1), epochs=1, progress=False,
                callbacks=[Recording()])  # fmt: skip
    with pytest.raises(TrainingError, match="nothing is recorded yet"):
        train.Recording().html
    assert Recording()._repr_html_() is None
