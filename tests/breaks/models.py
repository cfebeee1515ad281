"""How the rules of models are broken: who may change one, what is taken in, and whose template is lost by it."""

from __future__ import annotations

from breaks.kind import Break

CHOOSING = "unit/service/test_choosing.py"
TRYING = "unit/vision/test_trying.py"

BREAKS = [
    Break(
        "P16",
        "a probe that stays in the memory of what looked at it",
        (("vision/apart_worker.py", "        kept.forget()\n", "        pass\n"),),
        "unit/vision/test_apart.py::test_p16_what_it_is_not_asked_about_it_forgets",
    ),
    Break(
        "P16",
        "a service's pictures looked at by a process without limits",
        (("vision/apart_worker.py", "    confine(limits, loaded() + SCRATCH)\n", ""),),
        "unit/vision/test_apart.py::test_p16_its_process_may_write_no_file_and_has_limits",
    ),
    Break(
        "P21",
        "a model that anybody of the house changes",
        (("policy/rules.py", 'Remodel: (*_KEEPER, has_role("controller"), ', "Remodel: (*_KEEPER, "),),
        "unit/gallery/test_twins.py::test_p21_only_a_controller_has_templates_made_anew",
    ),
    Break(
        "P24",
        "a model that is used without an impact assessment",
        (("policy/rules.py", 'has_role("controller"), an_assessed_model)', 'has_role("controller"))'),),
        "unit/gallery/test_twins.py::test_p24_a_grant_for_one_model_keeps_no_template_of_another",
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
        (("service/scaling.py", "if not card.thresholds:", "if False:"),),
        f"{CHOOSING}::test_p22_a_model_without_thresholds_is_not_used",
    ),
    Break(
        "P24",
        "templates of two models under one contract",
        (("gallery/twins.py", "if twin.template.contract != contract:", "if False:"),),
        "unit/gallery/test_twins.py::test_p24_a_grant_for_one_model_keeps_no_template_of_another",
    ),
    Break(
        "P5",
        "a new template of somebody who has withdrawn",
        (
            ("gallery/twins.py", '        t.bases.c.state.in_(("pending", "live")),\n', ""),
            (
                "gallery/twins.py",
                "    except NoBasis:\n        return False",
                "    except NoBasis:\n        return True",
            ),
        ),
        "unit/gallery/test_twins.py::test_p5_nobody_who_has_withdrawn_gets_a_new_template",
    ),
    Break(
        "P24",
        "templates with mirror images under the contract of those without",
        (("vision/contract.py", 'mirrored = FLIPPED if flip else ""', 'mirrored = ""'),),
        "unit/vision/test_engine.py::test_the_contract_needs_no_model_and_changes_with_every_term",
    ),
    Break(
        "P22",
        "thresholds of plain templates for those with mirror images",
        (
            (
                "service/scaling.py",
                "told = card.calibration_flipped if flip else card.calibration",
                "told = card.calibration",
            ),
            ("service/scaling.py", "    if flip:\n", "    if False:\n"),
        ),
        "unit/service/test_scaling.py::test_p22_thresholds_of_plain_templates_say_nothing_of_those_with_the_mirror_image",
    ),
    Break(
        "P6",
        "a server that goes on holding the old model's vectors",
        (("service/choosing.py", 'if context.settings.index.engine == "milvus":', "if False:"),),
        f"{CHOOSING}::test_p6_no_server_goes_on_holding_the_old_vectors",
    ),
]
