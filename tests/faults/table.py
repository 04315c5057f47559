"""The planted faults. No test noticed most of them once; the others are easy to make.

An entry says what is wrong, which tests must notice, and where it is planted: see `fault.Fault`.
Nothing has to be done here when code moves to another file. When the code itself changes,
`python -m tests.faults --places` says which entries no longer find their place.
"""

from __future__ import annotations

from typing import Any

from .fault import Fault
from .lectures import LECTURES
from .planting import PlantingError


def _broken(name: str) -> None:
    """A public function that only raises."""
    import autograd_edu

    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError(f"{name} is broken on purpose")

    setattr(autograd_edu, name, broken)


def _limited_after_its_length() -> None:
    import numpy as np

    from autograd_edu.optim import Optimiser

    def clipped(self: Any, g: Any, rest: Any = Optimiser.clipped) -> Any:
        largest, self.clip_value = self.clip_value, None
        g, self.clip_value = rest(self, g), largest
        return g if largest is None else np.clip(g, -largest, largest)

    Optimiser.clipped = clipped  # type: ignore[method-assign]


RANDOM_GRAPHS = (
    "test_replay.py::test_replayed_random_graphs_equal_the_eager_engine_in_every_sample[0]",
)
ATTENTION = ("test_matrix_products.py::test_attention_replays_to_the_eager_engines_numbers",)

FUSING = (
    Fault(
        "swapped operands: the second factors come first, twice",
        RANDOM_GRAPHS,
        "np.concatenate([second - 1, second, rest])",
        "np.concatenate([second, second, rest])",
        "_Places.__init__",
    ),
    Fault(
        "dropped consumer: a result used twice is taken into a sum",
        RANDOM_GRAPHS,
        "used == 1",
        "used <= 2",
        "_Trees.__init__",
    ),
    Fault(
        "bias dropped: the other terms of a sum of products",
        RANDOM_GRAPHS,
        "~trees.products[trees.reader]",
        "~np.isin(trees.owner[trees.reader], trees.owner[products])",
        "_Places.__init__",
    ),
    Fault(
        "the products are left out of a sum with several other terms",
        RANDOM_GRAPHS,
        "self.place[both] - 1",
        "0 * self.place[both]",
        "_Places.__init__",
    ),
    Fault(
        "what a guard needs is taken into a sum",
        RANDOM_GRAPHS,
        "[*given.roots, *[i for g in given.guards for i in (g.left, g.right)]]",
        "[*given.roots]",
        "_Trees.__init__",
    ),
    Fault(
        "a constant's first operand is folded as zero",
        RANDOM_GRAPHS,
        "evaluate(_A, [numbers[j] for j in own[i]])",
        "evaluate(_A, [0.0, *[numbers[j] for j in own[i][1:]]])",
        "_folded",
    ),
    Fault(
        "a guard's outcome is inverted",
        RANDOM_GRAPHS,
        "replace(g, left=_A, right=_B)",
        "replace(g, left=_A, right=_B, outcome=not g.outcome)",
        "fused",
    ),
    Fault(
        "origins are one off",
        ("test_replay.py::test_a_planted_gradient_that_is_not_finite_is_located[0]",),
        "new.origins.tolist()",
        "np.roll(new.origins, -1).tolist()",
        "fused",
    ),
)

SCHEDULING = (
    Fault(
        "off-by-one height: an operand no lower than its user",
        RANDOM_GRAPHS,
        "height[i] + 1",
        "height[i]",
        "_facts",
    ),
    Fault(
        "early pull without the readiness check",
        RANDOM_GRAPHS,
        "not done[i] and all(map(is_done, operands[i]))",
        "not done[i]",
        "schedule",
    ),
    Fault(
        "matrices with a bias and without are one group",
        RANDOM_GRAPHS,
        '("matrix" if length else "dot", live[i], length, bias_kind)',
        '("matrix" if length else "dot", live[i], length, 0 if length else bias_kind)',
        "_signatures",
    ),
    Fault(
        "bias or none is no difference",
        RANDOM_GRAPHS,
        '("matrix" if length else "dot", live[i], length, bias_kind)',
        '("matrix" if length else "dot", live[i], length, bias_kind if length else 0)',
        "_signatures",
    ),
    Fault(
        "maps ignore which operands vary",
        RANDOM_GRAPHS,
        '("map", live[i], name, *map(is_fixed, own))',
        '("map", live[i], name)',
        "_signatures",
    ),
    Fault(
        "dot parts: inputs and weights are not told apart",
        ("test_replay.py::test_a_layer_over_several_vectors_is_a_matrix_product[none-False]",),
        "first_is_fixed[b] & ~first_is_fixed[a]",
        "first_is_fixed[b] & False",
        "Dots.__init__",
    ),
)

LIFTING = (
    Fault(
        "the same product twice is lost",
        RANDOM_GRAPHS,
        "single[each.members] = False",
        "single[members] = False",
        "parts_of",
    ),
    Fault(
        "transposed members of a grid",
        RANDOM_GRAPHS,
        "[[slots[column][row] for column in columns] for row in rows]",
        "np.reshape([slots[column][row] for column in columns for row in rows], (len(rows), -1))",
        "matrices",
    ),
    Fault(
        "the holes of a matrix product are added up",
        ATTENTION,
        "group.masked",
        "False",
        "Plan._forward",
    ),
    Fault(
        "a masked operand counts as 0 in a maximum",
        ATTENTION,
        "np.where(real, 0.0, group.op.neutral)",
        "np.where(real, 0.0, 0.0)",
        "_filled",
    ),
    Fault(
        "unsorted members: operands in another order than the members",
        RANDOM_GRAPHS,
        "slots[..., order]",
        "slots",
        "Part.reorder",
    ),
    Fault(
        "padding with the neutral number of another operation",
        RANDOM_GRAPHS,
        "NEUTRAL.index(neutral)",
        "0",
        "_padded",
    ),
    Fault(
        "0.0 and -0.0 are one constant",
        ("test_replay.py::test_operations_alike_but_for_the_sign_of_a_zero_keep_it",),
        "repr(numbers[i])",
        "numbers[i]",
        "_number",
    ),
    Fault(
        "ones omitted: zeros follow what a matrix with a bias reads",
        RANDOM_GRAPHS,
        "table[:] = 1.0",
        "table[:] = 0.0",
        "table_of_values",
    ),
    Fault(
        "a bias of each vector counts as one of the row",
        ("test_replay.py::test_a_layer_over_several_vectors_is_a_matrix_product[vector-True]",),
        "fixed and (slots == slots[:, :1]).all()",
        "fixed",
        "_join_bias",
    ),
    Fault(
        "an argument read in another order is given in its own",
        ("test_replay.py::test_a_layer_over_several_vectors_is_a_matrix_product[none-True]",),
        "None if (np.diff(order) > 0).all() else order",
        "None",
        "Placing.argument",
    ),
)

GOING_BACK = (
    Fault(
        "missing padding: an edge too many for a number without one",
        RANDOM_GRAPHS,
        "np.full((most, count), ZERO, dtype=np.intp)",
        "np.full((most, count), SEED, dtype=np.intp)",
        "_summed",
    ),
    Fault(
        "edges shared where the slope is not 1",
        RANDOM_GRAPHS,
        "(slope.name, slope.number) == ('number', 1.0)",
        "slope.name == 'number'",
        "_passes_on",
    ),
    Fault(
        "sums of runs start one late",
        ("test_replay.py::test_one_number_used_hundreds_of_times_among_many_used_once[inputs]",),
        "np.cumsum(number) - number",
        "np.cumsum(number)",
        "_summed",
    ),
    Fault(
        "dropped consumer: of several that arrived, the last is lost",
        RANDOM_GRAPHS,
        "return rows, edges",
        "return rows, np.append(edges[:-1], edges[-1:] * 0)",
        "_arrived",
    ),
    Fault(
        "a shared upstream need not lie as a matrix wants it",
        ("test_replay.py::test_replayed_random_graphs_equal_the_eager_engine_in_every_sample",),
        'group.kind != "matrix"',
        'group.kind != "x"',
        "_sum",
    ),
    Fault(
        "the gradients of leaves in the order of their rows",
        RANDOM_GRAPHS,
        "slot_at[targets]",
        "targets - targets.min(initial=0)",
        "_leaf_sum",
    ),
    Fault(
        "the blocks' part of the parameters' gradients is too short",
        ("test_replay.py::test_batches_of_any_size_in_any_order_give_the_same_numbers[4]",),
        "self.batch_edges = self.counts[True]",
        "self.batch_edges = self.counts[True] - 1",
        "_through",
    ),
)

RUNNING = (
    Fault(
        "wrong axis: a matrix product's weights get the gradients transposed",
        RANDOM_GRAPHS,
        "_times(flat, inputs.T, out[..., 0])",
        "_times(flat[::-1], inputs.T, out[..., 0])",
        "_through_matrix",
    ),
    Fault(
        "swapped operands: a dot's factors get their own gradients",
        RANDOM_GRAPHS,
        "slopes = inputs, weights, _as_symbol(made, 1.0)",
        "slopes = weights, inputs, _as_symbol(made, 1.0)",
        "written_dot",
    ),
    Fault(
        "the gradient that a program starts from is 2",
        RANDOM_GRAPHS,
        "table[SEED] = 1.0",
        "table[SEED] = 2.0",
        "tables_of_gradients",
    ),
    Fault(
        "a bias is not added to a dot",
        RANDOM_GRAPHS,
        "value + bias",
        "value",
        "written_dot",
    ),
    Fault(
        "a third edge is not added",
        RANDOM_GRAPHS,
        "(partial(np.add, out, column, out) for column in more)",
        "(partial(np.add, out, column, out) for column in more[1:])",
        "_sum_up",
    ),
    Fault(
        "accumulators overwritten between blocks",
        ("test_replay.py::test_batches_of_any_size_in_any_order_give_the_same_numbers[3]",),
        "[a + b for a, b in _A]",
        "[b for a, b in _A]",
        "_run",
    ),
    Fault(
        "stale buffers: the sums over blocks are those of the last block",
        ("test_replay.py::test_batches_of_any_size_in_any_order_give_the_same_numbers[3]",),
        "table[...] = total",
        "pass",
        "_finish",
    ),
    Fault(
        "the fixed table is prepared once only",
        ("test_replay.py::test_batches_of_any_size_in_any_order_give_the_same_numbers[1]",),
        "for call in plan.prepare:\n    call()",
        "if not vars(self).get('once'):\n    self.once = [call() for call in plan.prepare] or [1]",
        "_blocks",
    ),
    Fault(
        "a result without inputs counts once for a batch",
        RANDOM_GRAPHS,
        "passes.gradients[True][SEED] = count",
        "passes.gradients[True][SEED] = 1",
        "_finish",
    ),
    Fault(
        "a guard's sample counts from the block",
        ("test_replay.py::test_a_planted_branch_change_names_comparison_line_and_sample[3]",),
        "self.faults.check_guards(plan, start)",
        "self.faults.check_guards(plan, 0)",
        "_forward",
    ),
    Fault(
        "a fault is computed from another sample",
        (
            (
                "test_replay.py::"
                "test_a_planted_non_finite_result_is_located_by_operation_line_and_sample[0]"
            ),
        ),
        "column[sample]",
        "column[sample - 1]",
        "Faults.locate",
    ),
    Fault(
        "results are handed out in the buffers",
        ("test_replay.py::test_batches_of_any_size_in_any_order_give_the_same_numbers[6]",),
        "_A.copy()",
        "_A",
        "_finish",
    ),
)

CHECK = (
    Fault(
        "a gradient passes if it is the numeric one, however little that is known",
        (
            (
                "test_check_scale.py::"
                "test_equal_numbers_do_not_pass_where_the_numeric_one_is_too_uncertain"
            ),
        ),
        "a == 0.0 == n.value",
        "a == n.value",
        "compare",
    ),
    Fault(
        "the check forgets the error of the numeric side",
        ("test_check_scale.py::test_noise_counts_as_error_of_the_numeric_side",),
        "n.error <= max(SURE, rtol) * scale",
        "True",
        "compare",
    ),
    Fault(
        "the check takes curvature for a corner",
        (
            (
                "test_check_scale.py::"
                "test_a_bend_however_narrow_is_no_corner_at_which_half_the_slope_would_do"
            ),
            (
                "test_check_scale.py::"
                "test_no_slope_between_the_sides_passes_where_a_corner_may_be_a_bend"
            ),
        ),
        "3.0 * (left.error + right.error)",
        "0.03 * (left.error + right.error)",
        "is_corner",
    ),
    Fault(
        "a slope a tenth beside those of a corner passes",
        ("test_check_scale.py::test_at_a_corner_a_hundredth_outside_is_outside",),
        "min(left.value, right.value) < a < max(left.value, right.value)",
        "abs(2.0 * a - left.value - right.value) < 1.2 * abs(left.value - right.value)",
        "at_corner",
    ),
)

TRUST = (
    Fault(
        "an input of a trace is equal to itself alone",
        (
            (
                "test_trace_guards.py::"
                "test_an_input_equals_what_its_number_equals_and_where_keeps_both_branches"
            ),
        ),
        "Condition('==', self, other)",
        "self is other",
        "Given.__eq__",
    ),
    Fault(
        "streams of random numbers are those of the seed, whatever they are for",
        ("test_data.py::test_streams_of_one_seed_are_independent",),
        "f'{purpose} {number}'",
        "f'{number}'",
        "stream",
    ),
    Fault(
        "a file is written where the old one stands",
        (
            (
                "test_files.py::"
                "test_a_file_that_was_there_keeps_its_permissions_and_a_link_stays_a_link"
            ),
        ),
        "target.with_name(_A)",
        "target",
        "write",
    ),
    Fault(
        "nothing is said of numbers that were set after the graph was computed",
        (
            (
                "test_value.py::"
                "test_a_loop_that_never_computes_its_loss_again_is_warned_of_at_every_step"
            ),
        ),
        "warn_of_changes(order)",
        "None",
        "check_pass",
    ),
)

FORMULAS = (
    Fault(
        "a typed formula subtracts the wrong way round",
        ("test_campaign.py::test_a_slice_of_the_campaign_finds_nothing[expressions-fixed]",),
        "(ops.sub.apply, operator.sub)",
        "(ops.sub.apply, lambda a, b: b - a)",
    ),
    Fault(
        "a typed formula is not held against the list of what it may hold",
        ("test_campaign.py::test_a_slice_of_the_campaign_finds_nothing[expressions-fixed]",),
        "_check(text, node, role)",
        "None",
        "_operands_first",
    ),
)

NN = (
    Fault(
        "an ensemble uses only its first model",
        (
            (
                "test_training_statements.py::"
                "test_an_ensemble_is_the_mean_of_the_probabilities_of_all_its_models"
            ),
        ),
        "self.models",
        "self.models[:1]",
        "Ensemble.forward",
    ),
    Fault(
        "a snapshot ensemble uses only its last model",
        ("test_training_statements.py::test_a_snapshot_ensemble_is_the_mean_of_all_its_snapshots",),
        "self.models",
        "self.models[-1:]",
        "Snapshots.ensemble",
    ),
    Fault(
        "sum pooling is doubled",
        ("test_training_statements.py::test_each_pooling_is_what_its_name_says",),
        "lambda xs: total(list(xs))",
        "lambda xs: 2.0 * total(list(xs))",
    ),
    Fault(
        "dropout draws one mask for the whole vector",
        (
            (
                "test_training_statements.py::"
                "test_dropout_draws_a_mask_of_its_own_for_every_number_and_every_call"
            ),
        ),
        "[number * self.keep() for number in x]",
        "(lambda keep: [number * keep for number in x])(self.keep())",
        "Dropout.forward",
    ),
    Fault(
        "dropout drops nothing",
        (
            (
                "test_training_statements.py::"
                "test_dropout_draws_a_mask_of_its_own_for_every_number_and_every_call"
            ),
        ),
        "self.keep()",
        "1.0",
        "Dropout.forward",
    ),
    Fault(
        "dropout still drops in evaluation",
        ("test_training_statements.py::test_random_layers_change_nothing_in_evaluation",),
        "self.active",
        "self.p",
        "Dropout.forward",
    ),
    Fault(
        "a neuron's weights get no gradient",
        (
            "test_training_statements.py::test_a_neuron_adds_its_bias_and_its_weights_learn",
            "test_lecture_networks.py::test_imperial_backward",
        ),
        "dot(self.w, _A, _B)",
        "dot([w.data for w in self.w], _A, _B)",
        "Neuron.preactivation",
    ),
    Fault(
        "a neuron ignores its bias",
        (
            "test_training_statements.py::test_a_neuron_adds_its_bias_and_its_weights_learn",
            "test_matrix_rules.py::test_sigmoidal_features_are_a_layer",
        ),
        "dot(self.w, _A, self.b)",
        "dot(self.w, _A)",
        "Neuron.preactivation",
    ),
    Fault(
        "noise adds nothing",
        (
            "test_training_statements.py::test_noise_has_the_spread_it_was_asked_for",
            (
                "test_lecture_training.py::"
                "test_training_with_noise_on_the_inputs_ends_where_an_l2_penalty_ends"
            ),
        ),
        "self.sd * gauss(self.rng)",
        "0.0 * gauss(self.rng)",
        "Noise.forward",
    ),
    Fault(
        "half of the squared weights count for nothing",
        (
            (
                "test_training_statements.py::"
                "test_penalties_have_the_values_and_slopes_of_their_formulas"
            ),
            (
                "test_lecture_training.py::"
                "test_training_with_noise_on_the_inputs_ends_where_an_l2_penalty_ends"
            ),
        ),
        "0.5 * strength * dot(parameters, parameters)",
        "0.0 * strength * dot(parameters, parameters)",
        "half_l2",
    ),
    Fault(
        "the ε of an RMS norm stands outside the root",
        ("test_training_statements.py::test_the_epsilon_of_an_rms_norm_stands_under_the_root",),
        "sqrt(_A + self.eps)",
        "sqrt(_A) + self.eps",
        "RMSNorm.forward",
    ),
    Fault(
        "the picture of a network cannot be drawn",
        ("test_network_picture.py::test_sizes_activations_and_names_are_written",),
        act=lambda: _broken("draw_network"),
    ),
)

TRAINING = (
    Fault(
        "a mean squared error sums over outputs",
        ("test_training_statements.py::test_a_mean_over_outputs_does_not_grow_with_their_number",),
        "average(_A)",
        "total(_A)",
        "mean_squared_error",
    ),
    Fault(
        "target probabilities may sum to less than 1",
        (
            (
                "test_training_statements.py::"
                "test_target_probabilities_that_do_not_sum_to_one_are_refused"
            ),
        ),
        "1.0 - 1e-6",
        "0.0",
        "_class",
    ),
    Fault(
        "single numbers of a gradient are limited after its length",
        ("test_training_statements.py::test_parts_are_cut_off_before_the_length_is_scaled_down",),
        act=_limited_after_its_length,
    ),
    Fault(
        "the loss of an epoch is the plain mean of unequal batches",
        (
            (
                "test_training_statements.py::"
                "test_the_loss_of_an_epoch_is_the_mean_over_samples_also_where_batches_are_unequal"
            ),
        ),
        "sum(_A) / sum(sizes)",
        "sum(losses) / len(losses)",
    ),
    Fault(
        "a schedule by step begins anew when training is resumed",
        (
            (
                "test_training_statements.py::"
                "test_a_schedule_by_step_goes_on_where_it_was_when_training_is_resumed"
            ),
        ),
        "_A.steps = len(_A.history.step_loss)",
        "_A.steps = 0",
    ),
    Fault(
        "early stopping ignores the validation loss",
        (
            (
                "test_training_statements.py::"
                "test_early_stopping_watches_the_validation_loss_where_there_is_one"
            ),
        ),
        "_A.history.validation or _A.history.loss",
        "_A.history.loss",
    ),
    Fault(
        "what is replayed is not held against the eager engine as training goes on",
        (
            (
                "test_train_trust.py::"
                "test_a_difference_that_begins_late_leads_back_to_the_last_state_that_was_verified"
            ),
        ),
        "_A.engine.difference(_A.theta)",
        "None",
    ),
    Fault(
        "after a difference, training goes on from there and not from the last verified state",
        (
            (
                "test_train_trust.py::"
                "test_a_difference_that_begins_late_leads_back_to_the_last_state_that_was_verified"
            ),
        ),
        "memory.restore()",
        "pass",
        "go_back",
    ),
    Fault(
        "every stream of a seed is the same",
        ("test_data.py::test_streams_of_one_seed_are_independent",),
        'random.Random(f"{purpose} {number}")',
        'random.Random(f"{number}")',
    ),
    Fault(
        "the pieces of maxout start alike",
        ("test_training_statements.py::test_maxout_fits_a_bend",),
        "[Linear(nin, nout, seed=rng, **of_neurons) for _ in range(pieces)]",
        "[Linear(nin, nout, seed=seed, **of_neurons) for _ in range(pieces)]",
    ),
    Fault(
        "a constant column is scaled by what rounding left of its deviation",
        ("test_data.py::test_a_column_that_never_changes_is_only_moved",),
        "sd if _A else 1.0",
        "sd or 1.0",
        "_deviation",
    ),
    Fault(
        "early stopping keeps the best of an earlier run",
        ("test_train.py::test_early_stopping_used_twice_forgets_the_first_run",),
        "self.early.reset()",
        "pass",
    ),
    Fault(
        "the squares of a large gradient overflow in its length",
        ("test_optim.py::test_a_gradient_of_any_size_is_clipped_to_its_direction",),
        "direction = g / largest",
        "direction, largest = g, 1.0",
        "clipped",
    ),
    Fault(
        "a refused checkpoint has changed the model",
        ("test_train.py::test_a_forged_checkpoint_changes_nothing",),
        "copy.deepcopy(self)._load(state)",
        "None",
    ),
)

FOLDING = (
    Fault(
        "a run is folded one value too early",
        ("test_draw_detail.py::test_eight_values_in_a_row_are_folded_and_seven_are_not",),
        "len(members) >= _RUN",
        "len(members) >= _RUN - 1",
        "_fold_runs",
    ),
    Fault(
        "leaves that others use too go into a part",
        (
            "test_draw_detail.py::test_a_leaf_that_sums_and_something_else_use_keeps_its_own_box",
            "test_draw_detail.py::test_a_weight_that_two_layers_share_is_shown_in_the_rows_of_both",
        ),
        "set().union(*users.values()) <= members | others",
        "True",
        "_insides",
    ),
    Fault(
        "a constant that has a label loses its box",
        (
            (
                "test_draw_detail.py::"
                "test_a_plain_number_stands_in_the_formula_and_a_labelled_one_in_a_box"
            ),
            (
                "test_draw_detail.py::"
                "test_a_plain_number_joins_the_only_part_that_uses_it_and_a_labelled_one_does_not"
            ),
        ),
        "graph.order[i].is_constant and not graph.order[i].label and _A and _B",
        "graph.order[i].is_constant and _A and _B",
        "_numbers_in_formulas",
    ),
)

ENGINE = (
    Fault(
        "a pass that control C ends leaves half of its gradients",
        (
            (
                "test_value.py::"
                "test_control_c_at_any_moment_of_a_pass_leaves_the_gradients_of_before_or_of_after"
            ),
        ),
        "BaseException",
        "Exception",
        "Value.backward",
    ),
    Fault(
        "clip gives its lower limit a gradient where that is above the upper one",
        ("test_specification.py::test_the_derivative_for_one_operand_is_the_same_in_every_mode",),
        "'where(x < low, where(low > high, 0, 1), 0)'",
        "'where(x < low, 1, 0)'",
    ),
    Fault(
        "strict_step takes NaN for no step",
        ("test_edges.py::test_where_there_is_no_value_there_is_an_error_or_what_ieee_says",),
        "xp.choose(x > 0.0, 1.0, xp.choose(x <= 0.0, 0.0, x))",
        "xp.choose(x > 0.0, 1.0, 0.0)",
        "strict_step",
    ),
    Fault(
        "the slope of a sigmoid is 0 everywhere",
        ("test_lecture_statements.py::test_a_saturated_sigmoid_has_a_tiny_slope_and_not_zero",),
        "e / ((1.0 + e) * (1.0 + e))",
        "0.0 * e",
    ),
)

HABITS = (
    Fault(
        "a node's _backward sets its parents' gradients and does not add to them",
        ("test_micrograd_habits.py::test_the_pass_stepped_by_hand_is_the_lecture_s",),
        "parent.grad += local * value.grad",
        "parent.grad = local * value.grad",
    ),
    Fault(
        "of several numbers that are not finite, the last is named",
        (
            (
                "test_care.py::"
                "test_of_several_gradients_that_are_not_finite_the_first_of_the_pass_is_named"
            ),
        ),
        "for value in reversed(order):\n    _A",
        "for value in order:\n    _A",
        "_Watch.passed",
    ),
    Fault(
        "a frozen parameter moves by its velocity",
        ("test_freezing.py::test_a_frozen_parameter_does_not_drift_by_its_velocity_or_its_decay",),
        "np.where(kept, theta, new)",
        "new",
    ),
    Fault(
        "frozen parameters are trained like the others",
        (
            (
                "test_freezing.py::"
                "test_fit_trains_the_other_layers_as_if_frozen_ones_were_constants[replay-AdamW]"
            ),
        ),
        "frozen = list(map(_is_constant, self.parameters))",
        "frozen = [False] * len(theta)",
    ),
)

SHARED = (
    Fault(
        "arrays of results have their batch axis last",
        ("test_program_results.py::test_each_result_of_a_batch_has_the_batch_axis_first",),
        "values.T[..., i]",
        "values[i]",
    ),
    Fault(
        "the gradient of an input that samples share is that of the first sample",
        (
            (
                "test_program_results.py::"
                "test_an_input_without_a_batch_axis_is_shared_and_its_gradient_summed"
            ),
        ),
        "rows.sum(axis=1)",
        "rows[:, 0]",
        "_per_argument",
    ),
)

PAPER = (
    Fault(
        "a worksheet shows its answers where they were left out",
        ("test_worksheet.py::test_a_worksheet_keeps_formulas_and_leaves_out_numbers",),
        "if answers:\n    _A",
        "_A",
        "Worksheet.text",
    ),
    Fault(
        "a worksheet asks for local gradients that are plain numbers",
        ("test_worksheet.py::test_a_worksheet_keeps_formulas_and_leaves_out_numbers",),
        "text.slope(node, i) != local",
        "True",
    ),
)

PAGES = (
    Fault(
        "in JavaScript a row's local gradients are in the other order",
        ("test_javascript.py::test_a_row_gives_the_engines_value_and_local_gradients[sub]",),
        "_function(rule, names, rule.slopes)",
        "_function(rule, names, rule.slopes[::-1])",
    ),
    Fault(
        "in JavaScript a minimum is a maximum",
        ("test_javascript.py::test_a_row_gives_the_engines_value_and_local_gradients[minimum]",),
        "'Math.min'",
        "'Math.max'",
    ),
    Fault(
        "in a page, Backward does not add to the gradients of leaves",
        ("test_nudge.py::test_a_forgotten_zero_is_felt",),
        "now.gradients[i] + gradient",
        "gradient",
        script="now.js",
    ),
    Fault(
        "in a page, a step goes up the gradient",
        (
            (
                "test_nudge.py::"
                "test_zero_backward_and_step_in_any_order_equal_the_same_calls_on_the_engine[0]"
            ),
        ),
        "leaves[i] -= rate",
        "leaves[i] += rate",
        script="now.js",
    ),
    Fault(
        "in a page, a leaf that is moved keeps the gradients of before",
        ("test_nudge.py::test_every_leaf_moves_by_mouse_and_by_keys_as_in_the_engine",),
        "    now.zero();\n    now.backward();",
        "    now.backward();",
        script="now.js",
    ),
)

FAULTS: tuple[Fault, ...] = (
    *NN, *TRAINING, *FOLDING, *ENGINE, *CHECK,
    *TRUST, *HABITS, *SHARED, *PAPER, *PAGES,
    *FORMULAS, *FUSING, *SCHEDULING, *LIFTING, *GOING_BACK, *RUNNING, *LECTURES,
)  # fmt: skip


def fault_named(what: str) -> Fault:
    """The entry with this description."""
    for fault in FAULTS:
        if fault.what == what:
            return fault
    raise PlantingError(f"there is no fault {what!r} in the table")
