"""How the rules of models are broken: who may change one, what is taken in, and whose template is lost by it."""

from __future__ import annotations

from breaks.kind import Break

CHOOSING = "unit/service/test_choosing.py"
TRYING = "unit/vision/test_trying.py"

BREAKS = [
    Break(
        "P24",
        "a model that is used without an impact assessment",
        (("policy/rules.py", 'has_role("controller"), an_assessed_model)', 'has_role("controller"))'),),
        f"{CHOOSING}::test_p24_a_model_that_was_not_assessed_is_not_used",
    ),
    Break(
        "P24",
        "a model that comes by the configuration alone",
        (
            (
                "policy/comparing.py",
                '    if facts.model_on:\n        return None\n    return errors.Refused(\n        "The model',
                '    if True:\n        return None\n    return errors.Refused(\n        "The model',
            ),
        ),
        f"{CHOOSING}::test_p24_nor_where_the_configuration_was_changed_by_hand",
    ),
    Break(
        "P22",
        "a model whose manifest lies about its templates",
        (("vision/trying_worker.py", "if raw.shape[1] != card.dimension:", "if False:"),),
        f"{TRYING}::test_p22_a_model_that_is_not_what_it_is_said_to_be[dimension]",
    ),
    Break(
        "P22",
        "a model of which nobody says how often it is wrong",
        (("service/choosing.py", "if not card.thresholds:", "if False:"),),
        f"{CHOOSING}::test_p22_a_model_without_thresholds_is_not_used",
    ),
]
