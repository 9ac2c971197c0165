"""The sentences of problems with findings, repositories' lists and principals. Must never decide anything."""

from __future__ import annotations

from app.wording import N_, Words

FINDING_WORDS: dict[str, Words] = {
    "finding.not_found": Words(
        N_("There is no such finding. It may have been repaired meanwhile."),
        N_("Reload the list of findings."),
    ),
    "finding.not_dismissed": Words(
        N_("This finding isn't dismissed."),
        N_("Reload the list of findings."),
    ),
    "finding.no_reason": Words(
        N_("A finding can't be dismissed without a reason."),
        N_("Say why the finding is no problem, so that others understand it later."),
    ),
    "finding.reason_too_long": Words(
        N_("The reason has %(characters)s characters. The limit is %(limit)s."),
        N_("Shorten the reason."),
    ),
    "finding.bad_days": Words(
        N_("A finding can't be dismissed for that long."),
        N_("Choose one of these numbers of days: %(days)s."),
    ),
    "principal.bad_arn": Words(
        N_("“%(value)s” isn't the ARN of an IAM identity or an account ID."),
        N_("Enter the ARN of a role or user, or the 12 digits of an account."),
    ),
    "request.bad_state": Words(
        N_("Repositories can't be filtered by this state."),
        N_("Use one of these: %(states)s."),
    ),
}
