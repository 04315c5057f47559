"""Every row of the survey of the five lectures has a test, and every discrepancy is settled.

Rows are numbered by lecture: U (UCL), K (KIT), I (Imperial), L (LIP), M (MLPR). Rows that only tell
a story, or that name something without describing it, are listed as concepts. A few that could be
built are left, with the reason.
"""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest
from faults.table import fault_named

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "autograd_edu"
LAST = {"U": 50, "K": 85, "I": 28, "L": 44, "M": 66}

CONCEPTS = "U1 U2 U16 U35 U50 K1 K41 K82 K84 I26 I28 L1 L44 M4 M5"

# Rows that could be built, and why they are not.
LEFT = {
    "U43": "the rows of the operations do not say what is symmetric, vanishes or dies",
    "K85": "the self-test questions belong to a notebook",
    "L11": "random search and Metropolis–Hastings are only named",
    "L23": "how long exp takes depends on the machine",
    "L42": "the data of the comparison with decision trees are not given",
    "L43": "an invariant mass that a network learns would take a longer run than a test may",
    "M19": "how much memory a pass holds is not measured by the package",
    "M63": "how long a network takes depends on the machine, and there is no Gaussian process",
}

ROWS = """
check:
test_the_lectures_forward_difference_takes_one_evaluation_more_than_there_are_inputs  U15 L13

data:
test_a_copy_is_the_affine_image_that_scipy_computes  K60
test_standardised_columns_have_mean_zero_and_deviation_one  K66
test_the_full_batch_gradient_is_the_mean_of_those_of_equal_mini_batches  K42
test_whitened_columns_are_uncorrelated_with_variance_one  K67

draw:
test_the_example_of_the_lectures  U21 K27

draw_styles:
test_pictures_of_a_thousand_random_graphs_read_back_as_the_graph  U24

graphs:
test_gradients_of_any_graph_are_explained  U9

lab_depth:
test_a_large_rate_kills_relus_for_ever_and_no_leaky_one  U44
test_chains_of_single_relus_are_almost_all_broken  U42
test_the_units_that_are_dead_from_the_start_have_no_positive_sum  U44

lab_descent:
test_all_rules_leave_the_saddle_and_plain_descent_is_last  K44
test_four_rates_multiply_theta_by_one_minus_ten_times_the_rate  I24
test_gradient_descent_is_slow_along_a_ravine_and_momentum_is_quicker  K44
test_momentum_is_no_cure_for_noise_at_the_same_rate  K44
test_only_rules_that_divide_by_the_size_of_gradients_leave_the_plateau  K44
test_the_loss_of_a_network_shows_four_kinds_of_rates  K51
test_the_picture_has_the_six_paths_in_four_parts  L38

lab_digits:
test_an_ensemble_is_the_mean_of_all_its_members_and_not_of_one  K61
test_least_squares_on_learned_features_is_as_good_as_the_network  K22
test_plain_descent_is_last_at_the_same_rate_and_by_less_at_its_own  K50
test_the_pictures_are_the_weights_of_each_hidden_unit_before_and_after  K22

lab_landscape:
test_a_network_with_two_units_swapped_has_the_same_cost_and_a_wall_lies_between  M15
test_a_variance_as_an_output_can_be_negative_and_its_square_has_an_extreme_gradient  M62
test_gradients_bypass_activations_in_residual_blocks_and_the_loss_is_no_smoother_here  M34
test_the_variance_of_a_sum_of_n_weights_is_n  M43
test_with_positive_inputs_every_step_moves_both_weights_alike  L22

lab_perceptron:
test_no_unit_computes_xor_but_a_hidden_layer_does  U5 U8

lab_weights:
test_small_weights_stop_a_deep_network_and_not_a_shallow_one  U49

layer_outputs:
test_a_weighted_ensemble_is_the_weighted_mean_of_the_probabilities  L40
test_of_a_linear_model_the_average_over_masks_is_the_output_of_scaled_weights  K64
test_the_average_over_masks_is_that_over_all_masks_and_not_that_of_scaled_weights  K64

learning_rules:
test_adaline_approaches_least_squares_where_no_line_separates_the_classes  L3
test_novikoff_s_bound_on_the_mistakes_holds  I1

lecture_networks:
test_a_backward_pass_multiplies_twice_as_often_as_a_forward_pass  K40
test_a_chain_of_sigmoids_loses_a_quarter_of_the_gradient_each_time  U42
test_a_rule_for_initial_weights_has_the_spread_of_its_formula  U47 U48 K70 L29 L30 M45 M46 M47
test_a_sigmoid_of_many_inputs_saturates  M44
test_activation_statistics_by_the_recursion_of_variances  K73 K74 K75
test_activation_statistics_of_six_layers_of_4096_units  K71 K72 L28
test_equal_weights_stay_equal_for_ever  U45 K69 L27 M42
test_imperial_backward  I25 L19
test_imperial_forward  I22
test_imperial_update_of_one_weight  I25
test_logistic_softmax_and_layers_are_one_table_of_weights  U7
test_penalties_and_their_gradients  M49 I19
test_regularised_logistic_regression_every_bar  K26 K28 K30 K35
test_the_hidden_layer_of_two_heads_adds_their_gradients  M60
test_the_two_two_two_network  K36

lecture_statements:
test_a_chain_of_any_length_multiplies_its_local_gradients_from_either_end  U18 U20
test_a_folded_bias_is_a_weight_of_a_constant_input  I5
test_a_general_network_turns_signs_into_a_smooth_function_in_its_hidden_layers  I4
test_a_leaky_slope_above_one_is_piecewise_where_the_maximum_breaks  I10 M10
test_a_multiclass_output_is_a_log_probability  I6
test_a_node_of_several_inputs_has_a_local_gradient_for_each  U23
test_a_ravine_is_crossed_back_and_forth_and_momentum_goes_along_it  L31
test_a_recurrent_network_unrolled_has_no_cycle_and_its_cell_learns_from_every_step  K4 M40
test_a_saturated_sigmoid_has_a_tiny_slope_and_not_zero  L21 K6
test_a_sigmoid_never_overflows_where_both_printed_forms_do  I7
test_a_sigmoid_of_four_nodes_is_the_sigmoid_of_one  U22 U27
test_a_value_passes_data_on_and_gradients_back_by_what_it_holds_itself  U26
test_a_variable_used_in_two_places_gathers_both_gradients  K33
test_a_weighted_vote_of_stumps_is_a_network_with_one_hidden_layer_of_thresholds  U8
test_activations_at_minus_two_to_two  U36 U37 U38 U39 U41 K7 K9 K11 I9 L24 M7 M8 M9 M11
test_an_embedding_with_an_activation_is_that_of_a_column_and_the_bias  M30
test_an_inner_product_gives_each_side_the_other_as_gradient  U28 I15
test_elementwise_activations_have_elementwise_gradients  U29
test_elu_is_piecewise_and_imperial_s_maximum_is_another_function  I12
test_for_small_signals_tanh_is_the_identity  I21
test_gradients_have_bars_in_the_tables  K29
test_one_backward_sweep_gives_all_derivatives_where_forward_mode_takes_one_for_each  M20
test_other_weights_make_another_map_of_the_same_function  L6 L7
test_parents_come_before_what_is_made_of_them_and_data_get_gradients_too  U31 U32
test_selu_keeps_the_variance_of_unit_gaussians  M12
test_slopes_of_activations_as_the_exercise_draws_them  I20
test_standardising_makes_the_loss_less_sensitive  K68
test_steps_of_one_sample_a_mini_batch_or_all  I18
test_tanh_is_a_stretched_sigmoid_but_must_not_be_computed_so  I8
test_the_backpropagation_algorithm_taken_literally  K34
test_the_chain_rule_of_two_functions_is_evaluated_at_the_inner_value  U17 K25
test_the_lecture_s_forward_and_backward_loops_give_the_engine_s_gradient  U25 L14
test_the_loss_of_all_samples_with_its_penalty_is_one_objective  K16 K24 I13
test_the_rows_of_a_design_matrix_are_samples  U11
test_two_classes_in_the_plane_are_separated  L4

lecture_training:
test_a_classifier_of_sub_sampled_data_needs_the_log_of_the_fraction_or_weights  M55 M57
test_a_fit_of_log_squared_residuals_finds_the_variance_up_to_a_known_factor  M61
test_a_rectifier_learns_faster_than_tanh_but_not_six_times_and_a_sigmoid_last  K8 L25
test_every_path_is_drawn_with_its_own_points  L38
test_fan_in_matters_forwards_and_fan_out_backwards  U46
test_gradients_of_a_deep_network_vanish_explode_or_stay  U42 U46
test_learned_features_fit_what_fixed_features_of_the_same_number_do_not  M2
test_momentum_overshoots_and_a_step_is_the_old_step_and_a_gradient_step  L33
test_more_hidden_units_approximate_a_function_better  K15
test_most_first_weights_end_in_other_minima_of_nearly_the_same_loss  U34
test_the_gap_between_training_and_other_data_grows_with_the_network  K59
test_the_gradient_of_a_mini_batch_strays_by_one_over_the_root_of_its_size  L8
test_the_share_of_dead_rectifiers_depends_on_the_initial_weights_and_outputs_are_positive  L26
test_training_with_noise_on_the_inputs_ends_where_an_l2_penalty_ends  M50

lectures:
test_k32_partial_and_total_derivatives  K32
test_k39_backward_pass_in_vector_form  K39
test_l15_g_is_minus_10_with_gradients_minus_4_3_1  L15 L16
test_l17_one_step_of_a_tenth_lowers_g_by_2_72  L17 L18
test_m14_value_and_derivative  M14
test_m16_the_forward_table  M16
test_m18_the_reverse_table  M18

losses:
test_a_ratio_of_densities_is_a_sigmoid_of_their_log_difference  M54
test_a_weight_of_one_over_f_scales_the_gradient_of_its_class  M56
test_softmax_cross_entropy_in_one_node_or_in_the_lecture_s_parts  U30 K31
test_the_mean_of_a_batch_has_the_gradient_of_the_sum_divided_by_its_size  U30 L10
test_the_multivariate_normal_likelihood_is_that_of_scipy  K18
test_the_variance_network_s_bars  M58 M59
test_value_and_gradient  K17 K19 K20 K21 L9 L10

matrix_rules:
test_a_product_gives_c_bar_b_transposed_and_a_transposed_c_bar  M23
test_a_sum_passes_its_gradient_to_both  M24
test_an_elementwise_function_multiplies_by_its_slope  M25
test_any_network_s_gradients_are_those_of_the_matrix_rules  M6 M28 M29 U13
test_gradients_of_quadratic_forms  K37
test_masking_masks_the_gradient_too  M26
test_reshaping_and_choosing_put_gradients_back_and_give_the_others_zero  M27
test_sigmoidal_features_are_a_layer  M1
test_the_delta_recursion_of_imperial  I16 I17 I14
test_the_gradient_of_a_product_by_its_vector_is_its_transposed_matrix  K37
test_the_gradient_of_weights_is_exactly_an_outer_product  K38
test_the_naive_sum_of_n_to_the_fourth_terms_is_a_product_of_n_to_the_third  M22
test_transposing_and_reshaping_undo_themselves_in_the_gradient  M27

network_picture:
test_figure_1_of_the_mlpr_notes  M13
test_sizes_activations_and_names_are_written  L5

nn_modules:
test_a_convolution_is_the_same_neuron_at_every_place  M35
test_a_dead_rectifier_gets_gradient_exactly_zero_for_every_sample  L26
test_a_dropped_number_has_gradient_zero_and_the_seed_repeats_the_mask  M51
test_a_fully_connected_layer_has_one_weight_per_connection_and_one_bias_per_output  U10 K5
test_a_hard_threshold_has_gradient_zero_and_cannot_learn  M53
test_a_recurrent_network_is_its_cell_repeated  M40
test_a_residual_layer_adds_its_input  M33
test_a_skip_connection_gives_output_and_input  M32
test_attention_is_softmax_of_scaled_products_times_values  M41
test_attention_pooling_weighs_by_the_match_with_the_query  M39
test_batch_norm_gives_mean_zero_and_variance_one_over_the_batch  L39 M52
test_dropconnect_drops_weights_and_averages_to_the_whole_layer  K65
test_dropout_keeps_the_expectation_and_drops_at_its_rate  L41
test_equality_fires_a_perceptron_unless_it_is_strict  U4 L2
test_linear_layers_collapse_to_one_linear_map  U12 K14
test_maxout_takes_the_larger_of_its_pieces_and_only_the_winner_learns  U40 I11
test_mean_pooling_divides_by_the_length_and_padding_fills_up_to_one  M37 M36
test_no_single_threshold_computes_xor_or_the_corner  I2 M64
test_of_max_pooling_only_the_winner_gets_a_gradient  M38
test_one_threshold_computes_where_x2_is_at_least_x1  M65
test_only_the_row_that_is_looked_up_gets_a_gradient  M31
test_prelu_learns_its_slope_where_the_input_is_negative  K10 M10
test_sequential_is_nested_calls  K12
test_sigmoid_outputs_are_positive_so_all_weight_gradients_of_the_next_unit_have_one_sign  L22 K6
test_the_sigmoid_of_a_logistic_unit_and_logistic_regression_are_one  U6 K2 K3 M3
test_two_layers_of_thresholds_compute_where_x2_is_at_least_the_size_of_x1  M66
test_xor_by_thresholds_in_two_constructions  K13 I3

optim:
test_a_rate_is_slow_or_oscillates_or_diverges  K43 L12
test_a_step_skips_the_share_of_parameters_that_was_asked_for  I19
test_adadelta_takes_the_steps_of_pytorch  K48
test_lbfgs_finds_the_minimum_of_rosenbrock  K58
test_nadam_s_first_step_by_hand  L37
test_newton_solves_a_quadratic_in_one_step_and_the_form_without_the_half_stops_half_way  K57
test_skipping_is_not_dropout_because_the_forward_pass_uses_all_weights  I19
test_the_arithmetic_average_is_the_mean_of_all_gradients  K45
test_the_first_three_iterates  K23 K45 K46 K47 K49 L32 L34 L35 L36

plots:
test_a_history_is_drawn_over_epochs_with_its_validation_loss_and_its_lowest_point  K83

replay:
test_a_layer_over_several_vectors_is_a_matrix_product  M21

schedules:
test_a_schedule_gives_the_rates_of_its_formula  K52 K53 K54 K55
test_the_inverse_square_root_is_not_defined_at_zero  K55

selection:
test_a_grid_has_the_loss_of_each_rate_with_each_weight_decay  K79 K80
test_the_model_with_the_smallest_validation_loss_is_chosen  K60

steps:
test_the_listing_of_lecture_000_runs  U19
test_the_tables_of_lecture_004  M17

teaching_plots:
test_a_neuron_fires_as_often_as_the_closed_form_says  U3
test_a_tile_of_a_hidden_unit_shows_its_output_over_the_plane  U14
test_the_arrows_of_a_step_with_momentum_add_up  L33
test_the_doubling_time_of_network_sizes_is_that_of_the_fit  I27
test_the_parabola_bends_as_the_function_and_the_newton_step_is_its_lowest_point  K56

train:
test_a_diagnosis_names_the_first_value_that_is_not_finite  K77
test_a_learning_rate_is_found_between_no_progress_and_divergence  K78
test_a_small_sample_can_be_learned_by_heart_and_a_hopeless_model_is_told  K77
test_early_stopping_waits_for_its_patience_and_keeps_the_best  M48 K60
test_the_first_loss_of_a_model_that_knows_nothing_is_log_c  K76
test_the_loop_is_forward_backward_update  U33 I18 I23
test_the_moving_average_shows_the_trend  K81

training_statements:
test_a_neuron_adds_its_bias_and_its_weights_learn  L19
test_a_snapshot_ensemble_is_the_mean_of_all_its_snapshots  K62
test_an_ensemble_is_the_mean_of_the_probabilities_of_all_its_models  K61 L40
test_dropout_draws_a_mask_of_its_own_for_every_number_and_every_call  K63
test_each_pooling_is_what_its_name_says  M38
test_penalties_have_the_values_and_slopes_of_their_formulas  K60
test_random_layers_change_nothing_in_evaluation  K64

value:
test_a_value_remembers_operation_parents_and_local_gradients  L20
"""

# A discrepancy is settled by a test, "file::test", or by a line of the package that says which form
# the package takes, "file: words".
DISCREPANCIES = {
    "D1": "lecture_networks::test_penalties_and_their_gradients",
    "D2": (
        "optim::"
        "test_an_average_with_eta_takes_the_steps_of_a_velocity_with_eta_times_one_minus_gamma"
    ),
    "D3": "optim::test_the_first_three_iterates",
    "D4": "optim/adaptive.py: a correction",
    "D5": (
        "optim::"
        "test_newton_solves_a_quadratic_in_one_step_and_the_form_without_the_half_stops_half_way"
    ),
    "D6": "optim::test_a_zero_gradient_without_epsilon_leaves_the_parameter",
    "D7": "nn_modules::test_dropout_keeps_the_expectation_and_drops_at_its_rate",
    "D8": "lecture_networks::test_activation_statistics_of_six_layers_of_4096_units",
    "D9": "nn_modules::test_two_layers_of_thresholds_compute_where_x2_is_at_least_the_size_of_x1",
    "D10": (
        "nn_modules::"
        "test_a_fully_connected_layer_has_one_weight_per_connection_and_one_bias_per_output"
    ),
    "D11": "nn_modules::test_weights_are_stored_by_output_then_input",
    "D12": "losses::test_softmax_cross_entropy_in_one_node_or_in_the_lecture_s_parts",
    "D13": "matrix_rules::test_gradients_of_quadratic_forms",
    "D14": "optim::test_the_arithmetic_average_is_the_mean_of_all_gradients",
    "D15": "optim::test_adadelta_takes_the_steps_of_pytorch",
    "D16": "lecture_statements::test_elu_is_piecewise_and_imperial_s_maximum_is_another_function",
    "D17": "lecture_statements::test_slopes_of_activations_as_the_exercise_draws_them",
    "D18": "optim::test_nesterov_rearranged_follows_the_look_ahead_points",
    "D19": (
        "lecture_statements::test_an_embedding_with_an_activation_is_that_of_a_column_and_the_bias"
    ),
    "D20": "nn/attention.py: MLPR calls it a special type of RNN, but it is not recurrent",
    "D21": (
        "lecture_training::test_training_with_noise_on_the_inputs_ends_where_an_l2_penalty_ends"
    ),
    "D22": "lecture_networks::test_a_unit_with_weights_of_variance_one_takes_a_random_walk",
    "D23": "lecture_statements::test_importance_of_a_ratio_of_logs",
    "D24": (
        "lecture_statements::"
        "test_one_backward_sweep_gives_all_derivatives_where_forward_mode_takes_one_for_each"
    ),
    "D25": (
        "lectures::test_m14_the_column_of_local_derivatives_is_not_the_derivative_by_the_input"
    ),
    "D26": "matrix_rules::test_the_delta_recursion_of_imperial",
    "D27": "lecture_networks::test_a_rule_for_initial_weights_has_the_spread_of_its_formula",
    "D28": "lecture_statements::test_a_sigmoid_never_overflows_where_both_printed_forms_do",
    "D29": "lecture_statements::test_a_leaky_slope_above_one_is_piecewise_where_the_maximum_breaks",
    "D30": "lecture_networks::test_regularised_logistic_regression_every_bar",
    "D31": "lecture_statements::test_activations_at_minus_two_to_two",
    "D32": "lecture_networks::test_imperial_forward",
    "D33": "optim::test_one_step_on_the_worked_example_of_lip",
    "D34": "lecture_statements::test_slopes_of_activations_as_the_exercise_draws_them",
    # I18: the update of Imperial lacks its minus.
    "D35": ("lecture_networks::test_the_update_that_imperial_prints_without_its_minus_goes_uphill"),
    # K40: the slide on the cost writes W̄ = h̄zᵀ and h̄ = Wᵀȳ, with indices of two layers.
    "D36": "lecture_networks::test_the_cost_slide_of_kit_mixes_the_indices_of_two_layers",
}

# For rows whose test once did not see that they were broken: the planted faults, described as in
# `tests/faults`, that a test of the row notices.
NOTICED = {
    "a neuron multiplies its inputs by its weights in reverse order": "U8 U11",
    "hidden layers have the activation of the output": "U13 I4",
    "a listing has its backward pass before its forward pass": "U19",
    "inner values forget their gradients after the pass": "U26",
    "the statistics of a layer's gradients are those of its outputs": "U42",
    "a rectifier lets gradients through below 0": "U44 L26",
    "Glorot's rule ignores fan_out": "U46",
    "a network does not pass its initialiser on to its layers": "U49",
    "gradients of a recurrent network end one step back": "K4",
    "the slope of a sigmoid is 0 everywhere": "K6",
    "a network's activation is tanh, whatever was asked for": "K8 L25",
    "the normal likelihood of several numbers leaves out the determinant": "K18",
    "only the last layer of a network is trained": "K22 M2",
    "a velocity is forgotten after every step": "K44 L33",
    "RMSProp does not divide by the size of the gradients": "K44",
    "Adam takes no steps": "K50",
    "gradient descent has one rate for all": "K51",
    "of several models the worst is chosen": "K60",
    "copies of pictures are not turned": "K60",
    "early stopping keeps the latest parameters and not the best": "K60",
    "half of the squared weights count for nothing": "K60 M50",
    "an ensemble uses only its first model": "K61 L40",
    "an ensemble ignores the weights of its models": "L40",
    "a snapshot ensemble uses only its last model": "K62",
    "dropout draws one mask for the whole vector": "K63",
    "dropout drops nothing": "K63",
    "dropout still drops in evaluation": "K64",
    "dropout does not scale up what it keeps": "K64",
    "a grid of rates leaves out weight decay": "K79",
    "the local gradient of tanh is 1": "I14",
    "a step skips no parameter": "I19",
    "the picture of a network cannot be drawn": "L5",
    "the mean of a batch is that of its first sample": "L8",
    "a neuron's weights get no gradient": "L19",
    "gradient descent moves all parameters by one amount": "L22",
    "the momentum step is drawn without its length": "L33",
    "every path is drawn where the first one is": "L38",
    "a neuron ignores its bias": "M1",
    "weights are not written on the edges": "M13",
    "a forward-mode table has values in the place of derivatives": "M17",
    "a product gives each factor its own number as gradient": "M22 M27",
    "an embedding looks up the row before": "M30",
    "sum pooling is doubled": "M38",
    "Gaussian weights are half as large as asked for": "M43",
    "noise adds nothing": "M50",
    "the weights of samples are ignored": "M55",
}


def shown() -> dict[str, list[str]]:
    """The tests of each row."""
    tests: dict[str, list[str]] = {}
    for section in ROWS.strip().split("\n\n"):
        file, *lines = section.splitlines()
        for line in lines:
            name, *rows = line.split()
            for row in rows:
                tests.setdefault(row, []).append(f"{file.removesuffix(':')}::{name}")
    return tests


@lru_cache
def names_in(path: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    if not path.exists():
        return frozenset()
    return frozenset(
        node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
    )


def exists(test: str) -> bool:
    """Whether "file::test" is there."""
    file, _, name = test.partition("::")
    return name in names_in(TESTS / f"test_{file}.py")


def missing(rows: set[str], concepts: set[str]) -> list[str]:
    """The rows of the survey that are neither shown nor a concept."""
    return [
        f"{lecture}{i}"
        for lecture, last in LAST.items()
        for i in range(1, last + 1)
        if f"{lecture}{i}" not in rows | concepts
    ]


def test_every_row_that_can_be_built_has_a_test():
    assert missing(set(shown()), {*CONCEPTS.split(), *LEFT}) == []


def test_a_row_is_shown_or_left_or_a_concept_and_there_are_273():
    kinds = [set(shown()), set(LEFT), set(CONCEPTS.split())]
    assert sum(map(len, kinds)) == sum(LAST.values()) == 273
    assert set.union(*kinds) == {f"{k}{i}" for k, last in LAST.items() for i in range(1, last + 1)}
    assert all(LEFT.values())


def unnoticed(what: str, rows: str) -> list[str]:
    """The rows of which no test is among those that must notice the fault."""
    noticed = {
        test.removeprefix("test_").replace(".py", "") for test in fault_named(what).noticed_by
    }
    return [row for row in rows.split() if not noticed & set(shown()[row])]


@pytest.mark.parametrize(("what", "rows"), NOTICED.items())
def test_a_test_of_the_row_notices_the_fault_that_breaks_it(what, rows):
    """That it does notice is the campaign `faults`; see `test_planted_faults.py`."""
    assert unnoticed(what, rows) == []


def test_a_row_whose_test_does_not_notice_would_be_seen():
    assert unnoticed("sum pooling is doubled", "M38 M39") == ["M39"]


def test_a_missing_row_would_be_seen():
    assert missing(set(shown()) - {"K40"}, {*CONCEPTS.split(), *LEFT}) == ["K40"]


@pytest.mark.parametrize("test", sorted({test for tests in shown().values() for test in tests}))
def test_the_test_of_a_row_exists(test):
    rows = ", ".join(row for row, tests in shown().items() if test in tests)
    assert exists(test), f"{test} shows {rows} and is gone"


def test_a_test_that_is_gone_would_be_seen():
    assert not exists("losses::test_that_is_gone")
    assert not exists("gone::test_value_and_gradient")


def test_every_discrepancy_is_settled():
    assert list(DISCREPANCIES) == [f"D{i}" for i in range(1, 37)]


@pytest.mark.parametrize("settled", DISCREPANCIES.values(), ids=DISCREPANCIES)
def test_what_settles_a_discrepancy_exists(settled):
    if "::" in settled:
        assert exists(settled)
    else:
        file, words = settled.split(": ", 1)
        assert words in re.sub(r"\s+", " ", (PACKAGE / file).read_text())
