"""How the rules on authorities' orders, suppliers and paused sources are broken (P8 to P11, P26)."""

from __future__ import annotations

from breaks.kind import Break

PAGES = "web/test_orders.py"
ORDERS = "unit/service/test_orders.py"
EXECUTING = "unit/service/test_executing.py"
STOPPING = "unit/service/test_stopping.py"
SUPPLIERS = "robust/test_suppliers.py"

RISEN = '("complied", "stay"): ("stayed",),'
"""A step out of the state in which an order ends."""

STRICTEST = "return sa.exists().where(in_force(*OUT_OF_SEARCH), on_subject()).correlate(t.subjects)"
MILDEST = """stays = t.orders.alias()
    return sa.and_(
        sa.exists().where(in_force(*OUT_OF_SEARCH), on_subject()).correlate(t.subjects),
        ~sa.exists().where(stays.c.state == "stayed", on_subject(stays)).correlate(t.subjects),
    )"""
"""One stayed order frees whomever another one still binds."""

BREAKS = [
    Break(
        "P8",
        "an order that binds with one approval",
        (("policy/approving.py", "APPROVERS = 2\n", "APPROVERS = 1\n"),),
        f"{ORDERS}::test_p8_two_different_approvers_are_needed",
    ),
    Break(
        "P8",
        "an order that its proposer may approve",
        (("service/orders.py", "not_by=(AccountId(row.proposed_by or 0),)", "not_by=()"),),
        f"{ORDERS}::test_p8_two_different_approvers_are_needed",
    ),
    Break(
        "P8",
        "an order that is changed after it was approved",
        (("rights/orders.py", "{name: getattr(scope, name) for name in scope.kinds}", "scope.kinds"),),
        f"{ORDERS}::test_p8_an_order_that_was_changed_has_no_approvals_any_more",
    ),
    Break(
        "P8",
        "a stay that one account signs",
        (("service/orders.py", "return max(quorum(connection, ours, now), then, 1)", "return 1"),),
        f"{ORDERS}::test_p8_a_stay_needs_two_accounts_with_the_same_document_and_a_revival_one",
    ),
    Break(
        "P8",
        "an order that one account carries alone, once it has revoked the others",
        (("policy/gather.py", "LATELY = 30 * DAY", "LATELY = -1"),),
        f"{ORDERS}::test_p8_nobody_is_the_only_one_by_revoking_the_others",
    ),
    Break(
        "P8",
        "a stay that needs only as many as are left",
        (("service/orders.py", "ours, now), then, 1)", "ours, now), 1)"),),
        f"{ORDERS}::test_p8_a_stay_needs_as_many_as_there_were_when_the_order_bound",
    ),
    Break(
        "P8",
        "a step that the table of an order's life does not hold",
        (("rights/orders.py", '    ("in-force", "comply")', f"    {RISEN}\n" + '    ("in-force", "comply")'),),
        "unit/rights/test_order_steps.py::test_p8_the_table_holds_nothing_else",
    ),
    Break(
        "P8",
        "an order in force whose people are still found until it is executed",
        (("policy/bearing.py", 'OUT_OF_SEARCH = ("quarantine", "erase")', 'OUT_OF_SEARCH = ("quarantine",)'),),
        f"{ORDERS}::test_p8_an_order_binds_with_its_second_approval_and_at_once",
    ),
    Break(
        "P8",
        "an order that is executed without its approvals",
        (("service/executing.py", "            self._check_approved(connection, row)\n", ""),),
        f"{EXECUTING}::test_p8_an_order_put_into_force_by_a_database_tool_is_not_executed",
    ),
    Break(
        "P9",
        "an order that leaves out who lives nobody knows where",
        (("policy/bearing.py", '            is_unknown(territory),\n', ""),),
        f"{ORDERS}::test_p9_unknown_residence_is_in_scope_of_every_territory_order",
    ),
    Break(
        "P8",
        "a corrected territory that undoes an order",
        (("service/moving.py", "    if freed:\n", "    if False:\n"),),
        f"{ORDERS}::test_p8_a_corrected_territory_takes_nobody_out_of_an_order",
    ),
    Break(
        "P8",
        "a supplier that is another one in capitals",
        (("registry/names.py", 'unicodedata.normalize("NFKC", name).casefold()', "name"),),
        f"{ORDERS}::test_p8_a_supplier_is_the_same_in_whatever_way_its_name_is_written",
    ),
    Break(
        "P9",
        "a code that is no country",
        (("policy/territories.py", "return found is not None and found[1] in COUNTRIES", "return found is not None"),),
        f"{ORDERS}::test_p9_a_code_that_is_no_country_is_refused_and_counts_as_unknown_where_it_stands",
    ),
    Break(
        "P10",
        "a stopped folder under another name",
        (("service/sources.py", 'keep_from_bound(connection, context.organisation, values["root"], ', "str("),),
        f"{STOPPING}::test_p10_what_an_order_stopped_is_not_collected_under_another_name",
    ),
    Break(
        "P10",
        "an enrolment against an order to stop",
        (("policy/rules.py", "    if not orders:\n        return None\n", "    return None\n"),),
        f"{STOPPING}::test_p10_nobody_in_its_territory_is_enrolled",
    ),
    Break(
        "P10",
        "an order to stop that leaves running work alone",
        (("gallery/keeping.py", "    _still_ingestible(into)\n    lines = ", "    lines = "),),
        f"{STOPPING}::test_p10_an_order_that_comes_while_photos_are_looked_at_binds_them_too",
    ),
    Break(
        "P10",
        "an order to stop that leaves its people in other sources",
        (("gallery/keeping.py", "if match.subject not in stopped and", "if"),),
        f"{STOPPING}::test_p10_its_people_are_forgotten_in_other_sources",
    ),
    Break(
        "P11",
        "an execution that erases whom a hold keeps",
        (
            ("rights/reach.py", "subjects_of(order).where(~bearing.held())", "subjects_of(order)"),
            ("policy/bearing.py", "mine, person, ~held()", "mine, person"),
        ),
        f"{EXECUTING}::test_p11_whoever_a_hold_keeps_is_in_no_search_and_is_erased_when_it_is_lifted",
    ),
    Break(
        "P11",
        "several orders of which the mildest wins",
        (("policy/bearing.py", STRICTEST, MILDEST),),
        f"{ORDERS}::test_p11_of_several_orders_the_strictest_wins",
    ),
    Break(
        "P26",
        "a supplier without a manifest",
        (("ingest/provenance.py", "return (MANIFEST, words, lacking) if lacking else None", "return None"),),
        f"{SUPPLIERS}::test_p26_a_supplier_without_a_manifest_pauses_the_source",
    ),
    Break(
        "P26",
        "a paused source that one account releases",
        (("service/releasing.py", "missing = max(APPROVERS - len(signed), 0)", "missing = 0"),),
        f"{SUPPLIERS}::test_p26_two_accounts_release_a_paused_source_for_its_rights_holder",
    ),
    Break(
        "P26",
        "a release that accepts every mark from then on",
        (("ingest/provenance.py", "None or MANIFEST in self.accepted:", "None or self.accepted:"),),
        f"{SUPPLIERS}::test_p26_a_release_is_for_that_source_and_that_cause_alone",
    ),
    Break(
        "P8",
        "a draft that records what it counts",
        (("service/orders.py", "raise _Foreseen(reach(connection", "return (reach(connection"),),
        f"{PAGES}::test_p8_the_counts_are_shown_before_anything_is_recorded",
    ),
    Break(
        "P8",
        "a draft that somebody else records",
        (("service/drafting.py", 'if content is None or content["by"] != context.account:', "if content is None:"),),
        f"{PAGES}::test_p8_a_draft_is_recorded_by_whoever_made_it_and_as_it_was_counted",
    ),
    Break(
        "P8",
        "an execution that a stolen cookie begins",
        (("policy/desk.py", '"account-revoked", "order-execute"}', '"account-revoked"}'),),
        f"{PAGES}::test_p8_two_others_approve_it_each_signing_in_person_and_it_is_executed_and_certified",
    ),
    Break(
        "P3",
        "another organisation that is shown what waits here",
        (
            (
                "service/waiting.py",
                "        if self._context.party != self._context.organisation:\n            return agreements\n",
                "",
            ),
        ),
        f"{PAGES}::test_p3_another_organisation_signs_its_own_agreements_and_sees_nothing_else",
    ),
]  # fmt: skip
