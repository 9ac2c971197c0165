import pickle

from app.errors import Problem


def test_a_problem_survives_the_way_to_another_process():
    problem = Problem(
        "aws.access_denied",
        retryable=True,
        effect_unknown=True,
        aws_code="AccessDenied",
        aws_message="no",
        request_id="4b8e",
        details=[("dead", {"principal": "AROA"})],
        action="ecr:SetRepositoryPolicy",
    )
    arrived = pickle.loads(pickle.dumps(problem))
    assert (type(arrived), str(arrived), arrived.to_json()) == (Problem, str(problem), problem.to_json())
