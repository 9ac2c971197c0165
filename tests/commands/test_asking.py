"""How a command ends that could not do its work."""

import pytest

from app.client.api import RequestRefused
from app.client.exit_codes import Exit
from app.commands.options import told
from app.errors import Problem

NO_CREDENTIALS = RequestRefused(502, {"code": "aws.no_credentials", "message": "No AWS credentials were found."})


@pytest.mark.parametrize("error", [NO_CREDENTIALS, Problem("aws.no_credentials")])
@pytest.mark.parametrize("failed", [Exit.FAILED, Exit.UNDETERMINED])
def test_a_command_chooses_its_status_for_work_that_could_not_be_done(error, failed):
    with pytest.raises(SystemExit) as ended, told(failed=failed):
        raise error
    assert ended.value.code == failed


def test_wrong_usage_keeps_its_status():
    with pytest.raises(SystemExit) as ended, told(failed=Exit.UNDETERMINED):
        raise RequestRefused(404, {"code": "service.not_found", "message": "There is no such service."})
    assert ended.value.code == Exit.WRONG_USAGE
