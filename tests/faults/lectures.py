"""Faults that break a statement of the lectures. The survey of rows names them: see LECTURES.

Each fault must be noticed by a test that the survey gives for the row.
"""

from __future__ import annotations

from typing import Any

from .fault import Fault


def _forget_inner_gradients() -> None:
    from autograd_edu import Value

    def forgetful(self: Value, *given: Any, rest: Any = Value.backward, **options: Any) -> None:
        rest(self, *given, **options)
        for parent in self.parents:
            if parent.op is not None:
                parent.grad = 0.0

    Value.backward = forgetful  # type: ignore[method-assign]


def _cut_recurrence() -> None:
    from autograd_edu import Value
    from autograd_edu.nn import RecurrentCell

    def forward(self: Any, x: Any, state: Any, rest: Any = RecurrentCell.forward) -> Any:
        return rest(self, x, [v.data if isinstance(v, Value) else v for v in state])

    RecurrentCell.forward = forward  # type: ignore[method-assign]


def _without_hidden_gradients() -> None:
    from autograd_edu.nn import MLP

    def parameters(self: Any) -> Any:
        return self.layers[-1].parameters()

    MLP.parameters = parameters  # type: ignore[method-assign]


TRAINING, STATEMENTS = "test_lecture_training.py::", "test_lecture_statements.py::"
RULES, DESCENT, DIGITS = "test_matrix_rules.py::", "test_lab_descent.py::", "test_lab_digits.py::"

LECTURES = (
    Fault(
        "a neuron multiplies its inputs by its weights in reverse order",
        (
            STATEMENTS + "test_the_rows_of_a_design_matrix_are_samples",
            STATEMENTS
            + "test_a_weighted_vote_of_stumps_is_a_network_with_one_hidden_layer_of_thresholds",
        ),
        "dot(self.w, _A, self.b)",
        "dot(self.w[::-1], _A, self.b)",
        "Neuron.preactivation",
    ),
    Fault(
        "hidden layers have the activation of the output",
        (
            STATEMENTS
            + "test_a_general_network_turns_signs_into_a_smooth_function_in_its_hidden_layers",
            RULES + "test_any_network_s_gradients_are_those_of_the_matrix_rules",
        ),
        "phis[-1] = output",
        "phis[:] = [output] * len(phis)",
        "MLP.__init__",
    ),
    Fault(
        "inner values forget their gradients after the pass",
        (
            STATEMENTS
            + "test_a_value_passes_data_on_and_gradients_back_by_what_it_holds_itself",
        ),
        act=_forget_inner_gradients,
    ),
    Fault(
        "the statistics of a layer's gradients are those of its outputs",
        (TRAINING + "test_gradients_of_a_deep_network_vanish_explode_or_stay",),
        "Moments.of([v.grad for v in vs])",
        "Moments.of([v.data for v in vs])",
        "layer_statistics",
    ),
    Fault(
        "a rectifier lets gradients through below 0",
        (
            "test_lab_depth.py::test_a_large_rate_kills_relus_for_ever_and_no_leaky_one",
            "test_nn_modules.py::"
            "test_a_dead_rectifier_gets_gradient_exactly_zero_for_every_sample",
        ),
        "'where(x > 0, 1, 0)'",
        "'where(x > 0, 1, 1)'",
    ),
    Fault(
        "Glorot's rule ignores fan_out",
        (TRAINING + "test_fan_in_matters_forwards_and_fan_out_backwards",),
        "{'glorot_normal': ('normal', lambda fan_in, fan_out: math.sqrt(2.0 / (fan_in + fan_out))),"
        "_A: _B, _C: _D, _E: _F, _G: _H, _I: _J, _K: _L}",
        "{'glorot_normal': ('normal', lambda fan_in, fan_out: math.sqrt(1.0 / fan_in)),"
        "_A: _B, _C: _D, _E: _F, _G: _H, _I: _J, _K: _L}",
    ),
    Fault(
        "a network does not pass its initialiser on to its layers",
        ("test_lab_weights.py::test_small_weights_stop_a_deep_network_and_not_a_shallow_one",),
        "Layer(_A, _B, activation=_C, init=_D, bias=_E, seed=_F)",
        "Layer(_A, _B, activation=_C, init=None, bias=_E, seed=_F)",
        "MLP.__init__",
    ),
    Fault(
        "gradients of a recurrent network end one step back",
        (
            STATEMENTS
            + "test_a_recurrent_network_unrolled_has_no_cycle_and_its_cell_learns_from_every_step",
        ),
        act=_cut_recurrence,
    ),
    Fault(
        "a network's activation is tanh, whatever was asked for",
        (
            TRAINING
            + "test_a_rectifier_learns_faster_than_tanh_but_not_six_times_and_a_sigmoid_last",
        ),
        "_one_per_layer(activation, len(nouts), 'activation')",
        "_one_per_layer('tanh', len(nouts), 'activation')",
        "MLP.__init__",
    ),
    Fault(
        "the normal likelihood of several numbers leaves out the determinant",
        ("test_losses.py::test_the_multivariate_normal_likelihood_is_that_of_scipy",),
        "0.5 * dot(z, z) + total(logs) + _A",
        "0.5 * dot(z, z) + _A",
        "_normal_of_factor",
    ),
    Fault(
        "only the last layer of a network is trained",
        (
            TRAINING
            + "test_learned_features_fit_what_fixed_features_of_the_same_number_do_not",
            DIGITS + "test_the_pictures_are_the_weights_of_each_hidden_unit_before_and_after",
        ),
        act=_without_hidden_gradients,
    ),
    Fault(
        "a velocity is forgotten after every step",
        (
            DESCENT
            + "test_gradient_descent_is_slow_along_a_ravine_and_momentum_is_quicker",
            TRAINING
            + "test_momentum_overshoots_and_a_step_is_the_old_step_and_a_gradient_step",
        ),
        "gamma * v - self.lr * g",
        "-self.lr * g",
        "Momentum.rule",
    ),
    Fault(
        "RMSProp does not divide by the size of the gradients",
        (
            DESCENT
            + "test_only_rules_that_divide_by_the_size_of_gradients_leave_the_plateau",
        ),
        "theta - self.divide_by_root(self.lr * g, squares)",
        "theta - self.lr * g",
        "RMSProp.rule",
    ),
    Fault(
        "Adam takes no steps",
        (DIGITS + "test_plain_descent_is_last_at_the_same_rate_and_by_less_at_its_own",),
        "theta - self.divide_by_root(self.lr * m_hat, v_hat)",
        "theta",
        "Adam.rule",
    ),
    Fault(
        "gradient descent has one rate for all",
        (DESCENT + "test_the_loss_of_a_network_shows_four_kinds_of_rates",),
        "theta - self.lr * g",
        "theta - 0.1 * g",
        "SGD.rule",
    ),
    Fault(
        "of several models the worst is chosen",
        ("test_selection.py::test_the_model_with_the_smallest_validation_loss_is_chosen",),
        "min(self.losses, key=self.losses.__getitem__)",
        "max(self.losses, key=self.losses.__getitem__)",
        "Selection.best",
    ),
    Fault(
        "copies of pictures are not turned",
        ("test_data.py::test_a_copy_is_the_affine_image_that_scipy_computes",),
        "math.radians(angle)",
        "0.0",
        "augment",
    ),
    Fault(
        "early stopping keeps the latest parameters and not the best",
        ("test_train.py::test_early_stopping_waits_for_its_patience_and_keeps_the_best",),
        "loss < self.best_loss - self.min_gain",
        "True",
        "EarlyStopping.check",
    ),
    Fault(
        "an ensemble ignores the weights of its models",
        ("test_layer_outputs.py::test_a_weighted_ensemble_is_the_weighted_mean_of_the_probabilities",),
        "[dot(self.weights, of_class) for of_class in votes]",
        "[average(of_class) for of_class in votes]",
        "Ensemble.forward",
    ),
    Fault(
        "dropout does not scale up what it keeps",
        (
            "test_layer_outputs.py::"
            "test_of_a_linear_model_the_average_over_masks_is_the_output_of_scaled_weights",
        ),
        "1.0 / (1.0 - self.p)",
        "1.0",
        "keep",
    ),
    Fault(
        "a grid of rates leaves out weight decay",
        ("test_selection.py::test_a_grid_has_the_loss_of_each_rate_with_each_weight_decay",),
        "optimiser(trial.parameters(), rate, weight_decay=decay)",
        "optimiser(trial.parameters(), rate)",
        "grid_search",
    ),
    Fault(
        "the local gradient of tanh is 1",
        (RULES + "test_the_delta_recursion_of_imperial",),
        "4.0 * e / ((1.0 + e) * (1.0 + e))",
        "1.0 + 0.0 * e",
    ),
    Fault(
        "a step skips no parameter",
        ("test_optim.py::test_a_step_skips_the_share_of_parameters_that_was_asked_for",),
        "rng.random(_A) < self.skip",
        "rng.random(_A) < 0.0",
        "Optimiser._keep",
    ),
    Fault(
        "the mean of a batch is that of its first sample",
        (TRAINING + "test_the_gradient_of_a_mini_batch_strays_by_one_over_the_root_of_its_size",),
        "total(list(losses)) * (1.0 / len(losses))",
        "total(list(losses)[:1])",
        "average",
    ),
    Fault(
        "gradient descent moves all parameters by one amount",
        ("test_lab_landscape.py::test_with_positive_inputs_every_step_moves_both_weights_alike",),
        "theta - self.lr * g",
        "theta - self.lr * g.mean()",
        "SGD.rule",
    ),
    Fault(
        "the momentum step is drawn without its length",
        ("test_teaching_plots.py::test_the_arrows_of_a_step_with_momentum_add_up",),
        "start + momentum * np.array(velocity, float)",
        "start + np.array(velocity, float)",
        "momentum_step",
    ),
    Fault(
        "every path is drawn where the first one is",
        (
            TRAINING + "test_every_path_is_drawn_with_its_own_points",
        ),
        "_draw_path(ax, path, colour=_A, name=name)",
        "_draw_path(ax, points[: len(path)], colour=_A, name=name)",
        "trajectories",
    ),
    Fault(
        "a product gives each factor its own number as gradient",
        (
            RULES + "test_transposing_and_reshaping_undo_themselves_in_the_gradient",
            RULES + "test_the_naive_sum_of_n_to_the_fourth_terms_is_a_product_of_n_to_the_third",
        ),
        "operation(numpy='multiply', formula=_A, local_gradients=('b', 'a'), example=_B, symbol=_C,"
        "multiplies=True)",
        "operation(numpy='multiply', formula=_A, local_gradients=('a', 'b'), example=_B, symbol=_C,"
        "multiplies=True)",
    ),
    Fault(
        "an embedding looks up the row before",
        (STATEMENTS + "test_an_embedding_with_an_activation_is_that_of_a_column_and_the_bias",),
        "self.rows[int(index)]",
        "self.rows[int(index) - 1]",
        "Embedding._row",
    ),
    Fault(
        "Gaussian weights are half as large as asked for",
        ("test_lab_landscape.py::test_the_variance_of_a_sum_of_n_weights_is_n",),
        "gauss(rng) * self.sd(fan_in, fan_out)",
        "0.5 * gauss(rng) * self.sd(fan_in, fan_out)",
        "Initialiser.__call__",
    ),
    Fault(
        "the weights of samples are ignored",
        (
            TRAINING
            + "test_a_classifier_of_sub_sampled_data_needs_the_log_of_the_fraction_or_weights",
        ),
        "_look_up(weight, target)",
        "1.0",
        "weighted",
    ),
    Fault(
        "weights are not written on the edges",
        ("test_network_picture.py::test_figure_1_of_the_mlpr_notes",),
        "number if reading.weights == 'written' else ''",
        "''",
    ),
    Fault(
        "a listing has its backward pass before its forward pass",
        ("test_steps.py::test_the_listing_of_lecture_000_runs",),
        "[_imports(results), functions, forward, backward]",
        "[_imports(results), functions, backward, forward]",
        "as_python",
    ),
    Fault(
        "a forward-mode table has values in the place of derivatives",
        ("test_steps.py::test_the_tables_of_lecture_004",),
        "number(tangent[node.index] or 0.0, digits)",
        "number(node.data, digits)",
        "forward_table",
    ),
)  # fmt: skip
