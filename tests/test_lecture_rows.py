"""Every row of the survey of the five lectures has a test, and every discrepancy is settled.

Rows are numbered by lecture: U (UCL), K (KIT), I (Imperial), L (LIP), M (MLPR). Rows that only tell
a story, or that name something without describing it, are listed as concepts.
"""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "autograd_edu"
LAST = {"U": 50, "K": 85, "I": 28, "L": 44, "M": 66}

CONCEPTS = (
    "U1 U2 U3 U5 U14 U16 U34 U35 U43 U50 "
    "K1 K15 K41 K48 K56 K58 K59 K67 K78 K80 K82 K83 K84 K85 "
    "I1 I23 I24 I26 I27 I28 L1 L3 L7 L11 L23 L42 L43 L44 "
    "M4 M5 M15 M19 M21 M34 M35 M36 M40 M41 M57 M61 M62 M63"
)

ROWS = """
check:
test_the_lectures_forward_difference_takes_one_evaluation_more_than_there_are_inputs  U15 L13

data:
test_standardised_columns_have_mean_zero_and_deviation_one  K66
test_the_full_batch_gradient_is_the_mean_of_those_of_equal_mini_batches  K42

draw:
test_the_example_of_the_lectures  U21 K27

draw_styles:
test_pictures_of_a_thousand_random_graphs_read_back_as_the_graph  U24

graphs:
test_gradients_of_any_graph_are_explained  U9

lecture_networks:
test_a_backward_pass_multiplies_twice_as_often_as_a_forward_pass  K40
test_a_chain_of_sigmoids_loses_a_quarter_of_the_gradient_each_time  U42
test_a_sigmoid_of_many_inputs_saturates  M44
test_a_unit_with_weights_of_variance_one_takes_a_random_walk  M43
test_activation_statistics_by_the_recursion_of_variances  U46 K73 K74 K75
test_activation_statistics_of_six_layers_of_4096_units  U49 K71 K72 L28
test_equal_weights_stay_equal_for_ever  U45 K69 L27 M42
test_imperial_backward  I25 L19
test_imperial_forward  I22
test_imperial_update_of_one_weight  I25
test_input_noise_on_a_linear_model_is_an_l2_penalty_of_its_variance  M50
test_logistic_softmax_and_layers_are_one_table_of_weights  U7
test_penalties_and_their_gradients  I19 M49
test_regularised_logistic_regression_every_bar  K26 K28 K30 K35
test_a_rule_for_initial_weights_has_the_spread_of_its_formula  U47 U48 K70 L29 L30 M45 M46 M47
test_the_hidden_layer_of_two_heads_adds_their_gradients  M60
test_the_two_two_two_network  K36

lecture_statements:
test_a_chain_of_any_length_multiplies_its_local_gradients_from_either_end  U18 U20
test_a_folded_bias_is_a_weight_of_a_constant_input  I5
test_a_general_network_turns_signs_into_a_smooth_function_in_its_hidden_layers  I4
test_a_layer_is_a_map_of_vectors_and_a_network_their_composition  U8
test_a_leaky_slope_above_one_is_piecewise_where_the_maximum_breaks  I10 M10
test_a_multiclass_output_is_a_log_probability  I6
test_a_network_cannot_contain_a_cycle  K4
test_a_node_of_several_inputs_has_a_local_gradient_for_each  U23
test_a_ravine_is_crossed_back_and_forth_and_momentum_goes_along_it  K44 L31 L33 L38
test_a_saturated_sigmoid_has_a_tiny_slope_and_not_zero  L21 K6
test_a_sigmoid_never_overflows_where_both_printed_forms_do  I7 K6
test_a_sigmoid_of_four_nodes_is_the_sigmoid_of_one  U22 U27
test_a_variable_used_in_two_places_gathers_both_gradients  K33
test_activations_at_minus_two_to_two  U36 U37 U38 U39 U41 K7 K8 K9 K11 I9 L24 L25 M7 M8 M9 M11
test_an_inner_product_gives_each_side_the_other_as_gradient  U28 I15
test_elementwise_activations_have_elementwise_gradients  U29
test_elu_is_piecewise_and_imperial_s_maximum_is_another_function  I12
test_for_small_signals_tanh_is_the_identity  I21
test_four_optimisers_all_lower_the_loss_and_their_curves_can_be_compared  K50
test_gradients_have_bars_in_the_tables  K29
test_one_backward_sweep_gives_all_derivatives_where_forward_mode_takes_one_for_each  M20
test_other_weights_make_another_map_of_the_same_function  L6
test_parents_come_before_what_is_made_of_them_and_data_get_gradients_too  U31 U32
test_selu_keeps_the_variance_of_unit_gaussians  M12
test_slopes_of_activations_as_the_exercise_draws_them  I20
test_standardising_makes_the_loss_less_sensitive  K68
test_steps_of_one_sample_a_mini_batch_or_all  I18 L8
test_tanh_is_a_stretched_sigmoid_but_must_not_be_computed_so  I8
test_the_backpropagation_algorithm_taken_literally  K34
test_the_chain_rule_of_two_functions_is_evaluated_at_the_inner_value  U17 K25
test_the_lecture_s_forward_and_backward_loops_give_the_engine_s_gradient  U25 L14
test_the_loss_of_all_samples_with_its_penalty_is_one_objective  K16 K24 I13
test_two_classes_in_the_plane_are_separated  L4

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
test_sub_sampling_is_undone_by_the_log_of_the_fraction_in_the_bias  M55
test_the_mean_of_a_batch_has_the_gradient_of_the_sum_divided_by_its_size  U30 L10
test_the_normal_likelihood_of_the_lecture  K18
test_the_variance_network_s_bars  M58 M59
test_value_and_gradient  K17 K19 K20 K21 L9 L10

matrix_rules:
test_a_product_gives_c_bar_b_transposed_and_a_transposed_c_bar  M22 M23
test_a_sum_passes_its_gradient_to_both  M24
test_an_elementwise_function_multiplies_by_its_slope  M25
test_any_network_s_gradients_are_those_of_the_matrix_rules  M6 M28 M29 U13
test_gradients_of_quadratic_forms  K37
test_masking_masks_the_gradient_too  M26
test_reshaping_and_choosing_put_gradients_back_and_give_the_others_zero  M27
test_sigmoidal_features_are_a_layer  M1 M2
test_the_delta_recursion_of_imperial  I16 I17 I14
test_the_gradient_of_a_product_by_its_vector_is_its_transposed_matrix  K37
test_the_gradient_of_weights_is_exactly_an_outer_product  K38

network_picture:
test_figure_1_of_the_mlpr_notes  M13
test_sizes_activations_and_names_are_written  L5

nn_modules:
test_4096_units_have_about_ten_to_the_1233_masks  K63
test_a_dead_rectifier_gets_gradient_exactly_zero_for_every_sample  U44 L26
test_a_dropped_number_has_gradient_zero_and_the_seed_repeats_the_mask  M51
test_a_fully_connected_layer_has_one_weight_per_connection_and_one_bias_per_output  U10 K5
test_a_hard_threshold_has_gradient_zero_and_cannot_learn  M53
test_a_residual_layer_adds_its_input  M33
test_a_skip_connection_gives_output_and_input  M32
test_an_embedding_is_a_linear_layer_of_a_one_hot_input  M30
test_an_ensemble_of_one_model_repeated_is_the_model  K61 L40
test_attention_pooling_weighs_by_the_match_with_the_query  M39
test_batch_norm_gives_mean_zero_and_variance_one_over_the_batch  L39 M52
test_dropconnect_drops_weights_and_averages_to_the_whole_layer  K65
test_dropout_keeps_the_expectation_and_drops_at_its_rate  K64 L41
test_equality_fires_a_perceptron_unless_it_is_strict  U4 L2
test_linear_layers_collapse_to_one_linear_map  U12 K14
test_maxout_takes_the_larger_of_its_pieces_and_only_the_winner_learns  U40 I11
test_mean_pooling_divides_by_the_length_and_padding_fills_up_to_one  M37
test_no_single_threshold_computes_xor_or_the_corner  I2 M64
test_of_max_pooling_only_the_winner_gets_a_gradient  M38
test_one_threshold_computes_where_x2_is_at_least_x1  M65
test_only_the_row_that_is_looked_up_gets_a_gradient  M31
test_prelu_learns_its_slope_where_the_input_is_negative  K10 M10
test_sequential_is_nested_calls  K12
test_sigmoid_outputs_are_positive_so_all_weight_gradients_of_the_next_unit_have_one_sign  L22 K6
test_the_sigmoid_of_a_logistic_unit_and_logistic_regression_are_one  U6 K2 K3 M3
test_two_layers_of_thresholds_compute_where_x2_is_at_least_the_size_of_x1  M66
test_weights_are_stored_by_output_then_input  U11
test_xor_by_thresholds_in_two_constructions  K13 I3

optim:
test_a_rate_is_slow_or_oscillates_or_diverges  K43 L12
test_nadam_s_first_step_by_hand  L37
test_newton_solves_a_quadratic_in_one_step_and_the_form_without_the_half_stops_half_way  K57
test_the_arithmetic_average_is_the_mean_of_all_gradients  K45
test_the_first_three_iterates  K23 K45 K46 K47 K49 L32 L34 L35 L36
test_weight_decay_adds_to_the_gradient_and_in_adamw_is_taken_from_the_parameter  K79

schedules:
test_a_schedule_gives_the_rates_of_its_formula  K52 K53 K54 K55
test_the_inverse_square_root_is_not_defined_at_zero  K55

steps:
test_the_listing_of_lecture_000_runs  U19
test_the_tables_of_lecture_004  M17

train:
test_a_diagnosis_names_the_first_value_that_is_not_finite  K77
test_a_schedule_sets_the_rate_by_epoch_or_by_step  K51
test_a_small_sample_can_be_learned_by_heart_and_a_hopeless_model_is_told  K77
test_a_validation_set_is_measured_after_every_epoch  K60
test_early_stopping_waits_for_its_patience_and_keeps_the_best  M48
test_snapshots_of_a_cyclic_schedule_make_an_ensemble  K62
test_the_first_loss_of_a_model_that_knows_nothing_is_log_c  K76
test_the_loop_is_forward_backward_update  U33 I18
test_the_moving_average_shows_the_trend  K81
test_the_weights_of_the_first_layer_are_a_picture_for_each_unit  K22

value:
test_a_value_remembers_operation_parents_and_local_gradients  U26 L20
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
    "D15": "optim/adaptive.py: ADADELTA also averages the squared updates",
    "D16": "lecture_statements::test_elu_is_piecewise_and_imperial_s_maximum_is_another_function",
    "D17": "lecture_statements::test_slopes_of_activations_as_the_exercise_draws_them",
    "D18": "optim::test_nesterov_rearranged_follows_the_look_ahead_points",
    "D19": "nn_modules::test_an_embedding_is_a_linear_layer_of_a_one_hot_input",
    "D20": "nn/attention.py: MLPR calls it a special type of RNN, but it is not recurrent",
    "D21": "lecture_networks::test_input_noise_on_a_linear_model_is_an_l2_penalty_of_its_variance",
    "D22": "lecture_networks::test_a_unit_with_weights_of_variance_one_takes_a_random_walk",
    "D23": "lecture_statements::test_importance_of_a_ratio_of_logs",
    "D24": (
        "lecture_statements::"
        "test_one_backward_sweep_gives_all_derivatives_where_forward_mode_takes_one_for_each"
    ),
    "D25": "lectures::test_m18_the_reverse_table",
    "D26": "matrix_rules::test_the_delta_recursion_of_imperial",
    "D27": "lecture_networks::test_a_rule_for_initial_weights_has_the_spread_of_its_formula",
    "D28": "lecture_statements::test_a_sigmoid_never_overflows_where_both_printed_forms_do",
    "D29": "lecture_statements::test_a_leaky_slope_above_one_is_piecewise_where_the_maximum_breaks",
    "D30": "lecture_networks::test_regularised_logistic_regression_every_bar",
    "D31": "lecture_statements::test_activations_at_minus_two_to_two",
    "D32": "lecture_networks::test_imperial_forward",
    "D33": "optim::test_one_step_on_the_worked_example_of_lip",
    "D34": "lecture_statements::test_slopes_of_activations_as_the_exercise_draws_them",
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
    assert missing(set(shown()), set(CONCEPTS.split())) == []


def test_the_survey_has_221_rows_to_build_and_52_concepts():
    assert (len(shown()), len(set(CONCEPTS.split()))) == (221, 52)
    assert not set(shown()) & set(CONCEPTS.split())


def test_a_missing_row_would_be_seen():
    assert missing(set(shown()) - {"K40"}, set(CONCEPTS.split())) == ["K40"]


@pytest.mark.parametrize("test", sorted({test for tests in shown().values() for test in tests}))
def test_the_test_of_a_row_exists(test):
    rows = ", ".join(row for row, tests in shown().items() if test in tests)
    assert exists(test), f"{test} shows {rows} and is gone"


def test_a_test_that_is_gone_would_be_seen():
    assert not exists("losses::test_that_is_gone")
    assert not exists("gone::test_value_and_gradient")


def test_every_discrepancy_is_settled():
    assert list(DISCREPANCIES) == [f"D{i}" for i in range(1, 35)]


@pytest.mark.parametrize("settled", DISCREPANCIES.values(), ids=DISCREPANCIES)
def test_what_settles_a_discrepancy_exists(settled):
    if "::" in settled:
        assert exists(settled)
    else:
        file, words = settled.split(": ", 1)
        assert words in re.sub(r"\s+", " ", (PACKAGE / file).read_text())
