"""The breadcrumb of a dialog that is shown as a page."""

import pytest

from app.web import links
from app.web.trails import trail_to
from app.wording import Message


@pytest.mark.parametrize(
    "back, trail",
    [
        (links.images("us-east-1", "shop"), [("Containers", "/containers"), ("shop", "/containers/us-east-1/shop")]),
        (links.policy("us-east-1", "a b", "team/app"), [("Containers", "/containers"), ("a b", "/containers/us-east-1/a%20b")]),
        (links.repository("us-east-1", "team/app"), [("Repositories", "/repositories"), ("team/app", "/repositories/us-east-1/team/app")]),
        (links.findings(q="app"), [("Findings", "/findings")]),
        (links.operation("op-1"), [("History", "/history"), ("Operation", "/operations/op-1")]),
        (links.batch("b-1", state="failed"), [("History", "/history"), ("Batch", "/batches/b-1?state=failed")]),
        (links.SIGN_INS, [("Sign-ins", "/sign-ins")]),
        ("/containers", [("Containers", "/containers")]),
        ("/", []),
    ],
)  # fmt: skip
def test_a_dialog_belongs_where_it_leads_back_to(back, trail):
    texts = [
        (crumb.text.text if isinstance(crumb.text, Message) else crumb.text, crumb.url) for crumb in trail_to(back)
    ]
    assert texts == trail
