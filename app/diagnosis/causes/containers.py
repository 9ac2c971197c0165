"""Causes other than access: containers, health checks, deployments. Plain data."""

from __future__ import annotations

from typing import Final

from app.diagnosis.causes.cause import Cause, other
from app.diagnosis.check_result import Check
from app.diagnosis.fix_kinds import Fix
from app.wording import N_

CAUSES: Final[dict[str, Cause]] = {
    "container.exited": other(
        Check.CONTAINER,
        N_("The container %(container)s started and ended"),
        N_("The image was pulled, so this isn't an access problem. In its log: %(line)s"),
        Fix.READ_LOG,
        Fix.REDEPLOY,
        container="web",
        line="Error: Cannot find module '/app/server.js'",
    ),
    "container.missing_variable": other(
        Check.CONTAINER,
        N_("The container %(container)s ended because the environment variable %(detail)s isn't set"),
        N_("The image was pulled, so this isn't an access problem. Set the variable in the deployment."),
        Fix.SET_VARIABLE,
        container="web",
        detail="DATABASE_URL",
    ),
    "container.command_not_found": other(
        Check.CONTAINER,
        N_("The command of the container %(container)s can't be run"),
        N_(
            "The image was pulled. The program, or the interpreter in a script's first line, "
            "isn't in it or isn't executable: %(line)s"
        ),
        Fix.SET_COMMAND,
        Fix.READ_LOG,
        container="web",
        line='exec: "nodejs": executable file not found in $PATH',
    ),
    "health.port": other(
        Check.CONTAINER,
        N_("Nothing answers on port %(port)s of the container %(container)s"),
        N_("The program listens on another port than the public endpoint names."),
        Fix.SET_HEALTH_CHECK,
        container="web",
        port=80,
        detail="3000",
    ),
    "health.localhost": other(
        Check.CONTAINER,
        N_("The container %(container)s listens on localhost only"),
        N_(
            "Let the program listen on 0.0.0.0, so that the health check reaches it: "
            "by an option of its command, or by a variable that it reads, such as HOST."
        ),
        Fix.SET_COMMAND,
        Fix.SET_VARIABLE,
        Fix.REDEPLOY,
        container="web",
    ),
    "health.host": other(
        Check.CONTAINER,
        N_("The program in %(container)s refuses the host that the health check asks for"),
        N_(
            "The health check asks for the container's address. Let the program accept any host, "
            "at least on this path: by a setting, or by a variable that it reads, such as ALLOWED_HOSTS."
        ),
        Fix.SET_VARIABLE,
        Fix.REDEPLOY,
        container="web",
    ),
    "health.path": other(
        Check.CONTAINER,
        N_("The health check of %(container)s gets status %(detail)s from %(path)s"),
        N_("Healthy are %(codes)s. Correct the path, or the codes that count as success."),
        Fix.SET_HEALTH_CHECK,
        container="web",
        detail="404",
        path="/healthz",
        codes="200-399",
    ),
    "health.status": other(
        Check.CONTAINER,
        N_("The program in %(container)s fails at the health check (status %(detail)s from %(path)s)"),
        N_("The image was pulled and runs. Its log shows what fails."),
        Fix.READ_LOG,
        Fix.SET_HEALTH_CHECK,
        container="web",
        detail="500",
        path="/",
    ),
    "container.took_too_long": other(
        Check.CONTAINER,
        N_("The container %(container)s didn't become ready in time"),
        N_("It started too slowly, or doesn't answer on the public endpoint's port. Nothing points to access."),
        Fix.READ_LOG,
        Fix.SET_HEALTH_CHECK,
        Fix.RAISE_POWER,
        container="web",
        port=80,
    ),
    "deployment.in_progress": other(
        Check.CONTAINER,
        N_("Deployment %(version)s is still in progress"),
        N_("Lightsail takes several minutes until a deployment is active or fails."),
        Fix.WAIT,
        version=7,
    ),
    "deployment.outdated": other(
        Check.CONTAINER,
        N_("Deployment %(version)s couldn't pull the image, and nothing that can be read prevents the pull now"),
        N_("Access was probably added, or the image restored, after that deployment. Deploy again."),
        Fix.REDEPLOY,
        version=7,
    ),
    "deployment.unexplained": other(
        Check.CONTAINER,
        N_("Deployment %(version)s failed, and its log is gone"),
        N_("Lightsail keeps logs for about 3 days. Nothing wrong was found now; deploy again, then check again."),
        Fix.REDEPLOY,
        version=7,
    ),
}  # fmt: skip
