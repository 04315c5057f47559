"""The training theatre: a recorded run on a page, with the numbers that the model had then."""

import copy
import itertools
import time

import pytest

from autograd_edu import data, nn, optim, train
from autograd_edu.errors import OperandError, OptionError, TrainingError
from autograd_edu.train import Callback, Recording, fit

COLOURS = """canvas => new Set(new Uint32Array(canvas.getContext("2d")
    .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
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


def small_run(model, loss, points, epochs=20, **options):
    """A short training that is recorded by ``fit(record=True)``."""
    adam = optim.Adam(model.parameters(), 0.02)
    return fit(
        model, loss, points, adam, epochs=epochs, record=True, progress=False, **options
    ).recording


def test_frames_are_spaced_by_logarithm_from_before_training_to_its_end(recorded):
    recording, _, history = recorded
    epochs = [frame.epoch for frame in recording.frames]
    assert epochs[:5] == [0, 1, 2, 3, 4]
    assert epochs[-1] == 300
    assert all(a < b <= max(a + 1, 1.14 * a) for a, b in itertools.pairwise(epochs))
    assert recording.losses == history.loss


class GoesBack(Callback):
    """Once, after ten epochs, the run goes on from the fourth, as after a replay that was wrong.

    ``thetas`` are the parameters at the end of each epoch that counts.
    """

    def __init__(self):
        self.done, self.thetas = False, {}

    def before_epoch(self, run):
        if run.epoch == 10 and not self.done:
            self.done = True
            history = run.history
            for entries in (history.loss, history.step_loss, history.lr, history.seconds):
                del entries[4:]

    def after_epoch(self, run):
        self.thetas[run.epoch] = run.theta.tolist()


def test_frames_of_epochs_that_are_trained_again_are_replaced():
    model, recording, back = nn.MLP(2, [3, 1], seed=0), Recording(), GoesBack()
    adam = optim.Adam(model.parameters(), 0.01)
    fit(model, LOSS, data.moons(20), adam, epochs=20, progress=False,
        callbacks=[back, recording])  # fmt: skip
    shown = {frame.epoch: frame.parameters for frame in recording.frames[1:]}
    assert list(shown) == sorted(shown)
    assert shown == {epoch: back.thetas[epoch] for epoch in shown}


def test_numbers_at_five_epochs_are_those_of_the_model_then(show, recorded):
    recording, models, history = recorded
    points, page = data.moons(60, 0.1, seed=1), show(recording.html)
    assert len(models) == 5
    for epoch, model in models.items():
        pairs = zip(points.xs, points.ys, strict=True)
        right = sum((model(x).data > 0) == (y == 1) for x, y in pairs)
        told = go_to(page, recording, epoch)
        assert told.startswith(f"Epoch {epoch}: loss {float(f'{history.loss[epoch - 1]:.4g}'):g}")
        assert told.endswith(f"{right} of 60 samples right")
    assert go_to(page, recording, 0).startswith("Epoch 0: before training")


def digits(x):
    return pytest.approx(x, rel=1e-3, abs=1e-12)


def test_the_card_of_a_unit_has_the_values_and_gradients_of_the_model_then(show, recorded):
    recording, models, _ = recorded
    points, page = data.moons(60, 0.1, seed=1), show(recording.html)
    page.get_by_role("spinbutton").fill("7")
    page.get_by_role("spinbutton").press("Enter")
    page.get_by_role("button", name="Unit 4 of layer 2").click()
    for epoch, model in models.items():
        go_to(page, recording, epoch)
        model.zero_grad()
        LOSS(model(points.xs[6]), points.ys[6]).backward()
        hidden = [h.data for h in model.layers[0](points.xs[6])]
        neuron = model.layers[1].neurons[3]
        rows = page.locator("[data-part=card] tbody tr").all()
        assert len(rows) == 7
        for row, w, x in zip(rows, neuron.w, hidden, strict=False):
            weight, given, product, gradient = map(float, row.locator("td").all_text_contents())
            assert (weight, given, product) == (digits(w.data), digits(x), digits(w.data * x))
            assert gradient == digits(w.grad)
        assert float(rows[6].locator("td").last.text_content()) == digits(neuron.b.grad)
        output = float(page.locator("[data-part=card] .value").nth(1).text_content())
        assert output == digits(neuron(hidden).data)


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_a_product_opens_the_steps_from_its_weight_to_the_loss(show, recorded, layer):
    recording, models, _ = recorded
    points, page, model = data.moons(60, 0.1, seed=1), show(recording.html), models[30]
    go_to(page, recording, 30)
    page.get_by_role("button", name=f"Unit 1 of layer {layer}").click()
    page.get_by_role("button", name="w₂·").click()
    model.zero_grad()
    y = LOSS(model(points.xs[0]), points.ys[0])
    y.backward()
    steps = page.locator(".autograd-stepper")
    assert f"L = {y.data:.4g}" in steps.locator("[data-part=status]").text_content()
    row = steps.locator("tr", has=page.get_by_role("rowheader", name="w", exact=True))
    value, gradient = row.locator("td").all_text_contents()[:2]
    w = model.layers[layer - 1].neurons[0].w[1]
    assert (float(value), float(gradient)) == (digits(w.data), digits(w.grad))
    page.get_by_role("button", name="Close these steps").click()
    assert steps.count() == 0


def test_several_outputs_have_cards_and_steps_of_their_own(show):
    model = nn.MLP(2, [4, 3], activation="relu", seed=1)
    points = data.blobs(30, ((-1, -1), (1, 1), (-1, 1.2)))
    loss = nn.losses.softmax_cross_entropy
    page = show(small_run(model, loss, points).html)
    model.zero_grad()
    loss(model(points.xs[0]), points.ys[0]).backward()
    for unit in range(3):
        page.get_by_role("button", name=f"Unit {unit + 1} of layer 2").click()
        page.get_by_role("button", name="w₃·").click()
        steps, w = page.locator(".autograd-stepper"), model.layers[1].neurons[unit].w[2]
        row = steps.locator("tr", has=page.get_by_role("rowheader", name="w", exact=True))
        gradient = row.locator("td").nth(1).text_content()
        assert float(gradient) == digits(w.grad)


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "gelu"])
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
    assert len(recording.html.encode()) < 500_000
    assert len(recording._repr_html_().encode()) < 90_000


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
    for part in ("slider", "play", "screen", "units", "sample"):
        assert not page.locator(f"[data-part={part}]").is_visible()


@pytest.mark.parametrize("width", [375, 800, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_its_pictures_are_not_empty(show, recorded, width, scheme):
    page = show(recorded[0].html, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for part in ("screen", "units"):
        assert page.locator(f"[data-part={part}]").evaluate(COLOURS) > 20
    ground = page.locator(".autograd-theatre").evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme]


def test_the_page_is_written_to_a_file(tmp_path, recorded):
    path = recorded[0].save(tmp_path / "theatre.html")
    assert path.read_text(encoding="utf-8") == recorded[0].html


def sine():
    return (
        nn.MLP(1, [5, 1], activation="tanh", seed=1),
        nn.losses.half_squared_error,
        (data.noisy_function(n=30)),
    )


def pictures():
    shown = [[(i * j) % 5 / 4 for j in range(16)] for i in range(24)]
    points = data.Dataset(shown, [i % 3 for i in range(24)], "pictures", 3)
    return nn.MLP(16, [20, 3], seed=1), nn.losses.softmax_cross_entropy, points


def three_inputs():
    xs = [[a / 3, b / 3, a * b / 9] for a in range(4) for b in range(4)]
    return (
        nn.MLP(3, [4, 2], seed=1),
        nn.losses.mean_squared_error,
        (data.Dataset(xs, [[x[0] - x[1], x[2]] for x in xs])),
    )


def xor():
    return (
        nn.MLP(2, [4, 1], activation="tanh", seed=1),
        nn.losses.half_squared_error,
        (data.truth_table("xor")),
    )


def standardised():
    points = data.circles(20)
    _, scale = data.standardise(points.xs)
    layers = nn.Linear(2, 4, seed=0), nn.Apply("tanh"), nn.Layer(4, 1, nonlin=False, seed=0)
    return nn.Sequential(nn.Standardiser(scale.mean, scale.sd), *layers), LOSS, points


@pytest.mark.parametrize("make", [sine, pictures, three_inputs, xor, standardised])
def test_each_kind_of_data_has_a_theatre_with_the_model_s_answers(show, make):
    model, loss, points = make()
    recording = small_run(model, loss, points)
    page = show(recording.html)
    outputs = [nn.layers.as_list(model(x)) for x in points.xs]
    told = page.locator("[data-part=status]").text_content()
    if points.classes > 2:
        right = sum(max(range(3), key=lambda k: y[k].data) == t
                    for y, t in zip(outputs, points.ys, strict=True))  # fmt: skip
        assert told.endswith(f"{right} of {len(points)} samples right")
    elif points.classes:
        middle = getattr(loss, "threshold", None)
        middle = 0.5 if middle is None else middle
        right = sum((y[0].data > middle) == (t == 1)
                    for y, t in zip(outputs, points.ys, strict=True))  # fmt: skip
        assert told.endswith(f"{right} of {len(points)} samples right")
    else:
        pairs = [
            abs(y.data - t)
            for ys, ts in zip(outputs, points.ys, strict=True)
            for y, t in zip(ys, nn.layers.as_list(ts), strict=True)
        ]
        assert float(told.rsplit(" ", 1)[1]) == digits(sum(pairs) / len(pairs))
    page.get_by_role("spinbutton").fill("3")
    page.get_by_role("spinbutton").press("Enter")
    mine = page.locator("[data-part=about]").text_content()
    assert float(mine.rsplit(" ", 1)[1]) == digits(loss(model(points.xs[2]), points.ys[2]).data)
    for part in ("screen", "units"):
        assert page.locator(f"[data-part={part}]").evaluate(COLOURS) > 5
    page.get_by_label("gradients of the sample").check()
    page.get_by_role("button", name="Unit 1 of layer 1").click()
    assert page.locator("[data-part=card]").is_visible()


def test_a_click_chooses_a_sample(show, recorded):
    points, page = data.moons(60, 0.1, seed=1), show(recorded[0].html)
    xs, ys = zip(*points.xs, strict=True)
    edge = 0.15 * max(max(xs) - min(xs), max(ys) - min(ys))
    box = page.locator("[data-part=screen]").bounding_box()
    x, y = points.xs[41]
    across = (x - min(xs) + edge) / (max(xs) - min(xs) + 2 * edge)
    down = (max(ys) + edge - y) / (max(ys) - min(ys) + 2 * edge)
    place = {"x": across * box["width"], "y": down * box["height"]}
    page.locator("[data-part=screen]").click(position=place)
    assert page.get_by_role("spinbutton").input_value() == "42"


def test_a_unit_and_its_steps_are_reached_by_keys_alone(show, recorded):
    page = show(recorded[0].html)
    focused = "document.activeElement.getAttribute('aria-label') || document.activeElement.text"
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Unit 1 of layer 1"
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate(focused) == "Unit 4 of layer 1"  # layer 2 has 5 units, layer 1 has 6
    page.keyboard.press("Enter")
    assert "unit 4 of layer 1" in page.locator("[data-part=card]").text_content()
    row = page.get_by_role("button", name="w₁·x₁")
    while not row.evaluate("button => button === document.activeElement"):
        assert page.evaluate("document.activeElement !== document.body")
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "From w₂·x₂" in page.locator("[data-part=from]").text_content()
    page.keyboard.press("Enter")  # on the button that closes the steps, which has the focus
    assert page.locator(".autograd-stepper").count() == 0


def test_dragging_along_the_curve_moves_through_the_epochs(show, recorded):
    page = show(recorded[0].html)
    box = page.locator("[data-part=curve]").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 1, box["y"] + 50)
    page.mouse.up()
    assert page.locator("[data-part=slider]").input_value() in ("0", "1")  # both stand at 1


def test_fit_gives_the_recording_with_its_history(tmp_path):
    model = nn.MLP(2, [3, 1], seed=0)
    adam = optim.Adam(model.parameters(), 0.01)
    points, test = data.moons(40).split()
    history = fit(model, LOSS, points, adam, epochs=9, progress=False, record=True, validation=test)
    assert history.recording.losses == history.loss
    assert history.recording.validation == history.validation
    assert history.recording.save(tmp_path / "theatre.html").stat().st_size > 10_000
    history.save(tmp_path / "history.json")
    assert train.History.load(tmp_path / "history.json").recording is None
    assert fit(model, LOSS, points, adam, epochs=1, progress=False).recording is None
    with pytest.raises(OptionError, match="record must be True, False or 'live'; got 'film'"):
        fit(model, LOSS, points, adam, record="film")


def test_in_a_notebook_a_live_recording_updates_one_display(monkeypatch):
    import IPython

    shown = []
    kernel = type("Shell", (), {"kernel": None})()
    monkeypatch.setattr(IPython, "get_ipython", lambda: kernel)
    monkeypatch.setattr(
        "IPython.display.display",
        lambda it, display_id, update: shown.append((display_id, update, it._repr_html_())),
    )
    model = nn.MLP(2, [3, 1], seed=0)
    adam = optim.Adam(model.parameters(), 0.01)

    def slow(_):
        time.sleep(0.03)

    fit(model, LOSS, data.moons(20), adam, epochs=30, progress=False, record="live",
        callbacks=[slow])  # fmt: skip
    assert len({display for display, _, _ in shown}) == 1
    assert [update for _, update, _ in shown] == [False] + [True] * (len(shown) - 1)
    assert 2 <= len(shown) <= 6  # at least half a second apart, and one at the end
    assert '"epochs":[0,1]' in shown[0][2]
    assert ",30]" in shown[-1][2]


def test_a_page_that_is_drawn_anew_keeps_what_its_reader_chose(show, recorded):
    page = show(recorded[0].html)
    page.evaluate("globalThis.autogradTheatres = { run: "
                  "{ at: 2, sample: 4, unit: { k: 0, j: 1 }, follows: false } }")  # fmt: skip
    again = recorded[0].html.replace('"name":""', '"name":"run"')
    page.evaluate("""html => {
        const part = document.createRange().createContextualFragment(html);
        document.body.replaceChildren(part);
    }""", again)  # fmt: skip
    assert page.locator("[data-part=slider]").input_value() == "2"
    assert page.get_by_role("spinbutton").input_value() == "5"
    assert "unit 2 of layer 1" in page.locator("[data-part=card]").text_content()


def test_what_the_theatre_cannot_show_is_refused_before_training():
    points = data.moons(10)
    unknown = nn.MLP(2, [2, 1], activation=lambda x: x * x, seed=0)
    skip = nn.Sequential(nn.Residual(nn.Linear(2, 2)), nn.Linear(2, 1))
    for model, loss, message in [
        (nn.MLP(3, [1], seed=0), LOSS, "the model takes 3 numbers; a sample has 2"),
        (unknown, LOSS, "cannot show the activation"),
        (skip, LOSS, "shows an MLP, .*; this Sequential has Residual in it"),
        (nn.RNN(2, 2), LOSS, "shows an MLP, .*; got RNN"),
        (nn.MLP(2, [1]), lambda y, t: y if y > 0 else -y, "cannot show this loss: it has branches"),
    ]:
        with pytest.raises(OperandError, match=message):
            fit(model, loss, points, optim.SGD(model.parameters(), 0.1), epochs=1, progress=False,
                record=True)  # fmt: skip
    with pytest.raises(TrainingError, match="nothing is recorded yet"):
        train.Recording().html
    assert Recording()._repr_html_() is None
