"""The sheet of invitations: whoever scans a code comes to the address that is printed below it, and to no other."""

from __future__ import annotations

import pytest

from codes import codes_of
from countenance.reports.invited import render_sheet

SECRETS = ("A" * 43, "b-_9" * 10 + "xyz", "0" * 43)


@pytest.mark.parametrize(
    "base", ["https://faces.club.example", "https://f.example/somewhere/deep", "http://10.0.0.7:80"]
)
def test_p3_each_code_of_the_sheet_reads_as_its_own_invitation_s_address(base: str) -> None:
    addresses = [(f"I{number}", f"{base}/guest/{secret}") for number, secret in enumerate(SECRETS, start=1)]
    sheet = render_sheet("Rowing Club", "Summer <party>", "2027-02-14", addresses)
    assert codes_of(sheet) == [address for _, address in addresses]
    assert all(f">{address}<" in sheet for _, address in addresses)
