"""The `sailpass` command and its subcommands. Each is imported when it is run, so that all start fast."""

from __future__ import annotations

import click

from app.commands.lazy import LazyCommand, LazyGroup

COMMANDS = {
    "serve": LazyCommand("app.commands.servers:serve", "Run the console on real AWS, with the usual credential chain."),
    "demo": LazyCommand("app.commands.servers:demo", "Run the sandbox and a console on it, without an AWS account."),
    "sandbox": LazyCommand(
        "app.commands.servers:sandbox", "Run the local AWS endpoint alone, for the AWS CLI, SDKs and tests."
    ),
    "migrate": LazyCommand("app.commands.servers:migrate", "Update the database to the current schema."),
    "doctor": LazyCommand(
        "app.commands.doctor:doctor", "Check this installation and its access to AWS, and print what to fix."
    ),
    "grant": LazyCommand("app.commands.access:grant", "Let SERVICE pull images from each REPOSITORY."),
    "revoke": LazyCommand("app.commands.access:revoke", "Remove SERVICE's access to each REPOSITORY."),
    "repair": LazyCommand(
        "app.commands.batch:repair", "Repair SERVICE's access to each REPOSITORY, or all access that needs repair."
    ),
    "undo": LazyCommand("app.commands.undo:undo", "Undo what OPERATION or BATCH changed."),
    "deploy": LazyCommand("app.commands.deploy:deploy", "Deploy an image of a private repository to SERVICE."),
    "logs": LazyCommand("app.commands.logs:logs", "Show the log of a deployment of SERVICE, oldest lines first."),
    "who-can-pull": LazyCommand("app.commands.readers:who_can_pull", "Show who can pull images from REPOSITORY."),
    "status": LazyCommand(
        "app.commands.status:status",
        "Show all services and running operations, one SERVICE with its repositories, or one OPERATION.",
    ),
    "history": LazyCommand("app.commands.status:history", "List operations, newest first."),
    "why": LazyCommand("app.commands.why:why", "Tell why SERVICE can't pull IMAGE, or why the image doesn't run."),
    "iam-policy": LazyCommand(
        "app.commands.iam_policy:iam_policy", "Print the IAM policy that Sailpass's AWS credentials need, as JSON."
    ),
    "token": LazyCommand("app.commands.signing_in:token", "Create a token for programs and print it once."),
    "session": LazyCommand("app.commands.signing_in:session", "List the signed-in browsers, or end their sessions."),
    "sign-in-link": LazyCommand("app.commands.signing_in:sign_in_link", "Print a new sign-in link."),
    "backup": LazyCommand(
        "app.commands.backups:backup", "Copy the history to FILE, consistent even while the console runs (SQLite)."
    ),
    "restore": LazyCommand(
        "app.commands.backups:restore", "Replace the history with the one in FILE; the current one is kept."
    ),
    "after-restore": LazyCommand(
        "app.commands.backups:after_restore", "Complete a restore made with pg_restore, a snapshot or a copied file."
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sailpass")
def main() -> None:
    """Let Amazon Lightsail container services pull from private Amazon ECR repositories."""


if __name__ == "__main__":
    main()
