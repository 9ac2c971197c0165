"""The sentences of the problems of terminal commands: their arguments, and their connection to a server."""

from __future__ import annotations

from app.wording import N_, Words

COMMAND_WORDS: dict[str, Words] = {
    # Their connection to a server.
    "client.bad_url": Words(
        N_("“%(url)s” isn't a valid server address."),
        N_("Set SAILPASS_URL to one such as http://127.0.0.1:8000."),
    ),
    "client.unreachable": Words(
        N_("No server answers at %(url)s: %(why)s."),
        N_("Start it there, correct SAILPASS_URL, or leave that out to work without a server."),
    ),
    "client.not_ours": Words(
        N_("The server at %(url)s isn't Sailpass."),
        N_("Correct SAILPASS_URL."),
    ),
    "client.token_needed": Words(
        N_("%(url)s requires a token."),
        N_("Print one with “sailpass token” where that server runs, and set SAILPASS_TOKEN to it."),
    ),
    "client.token_refused": Words(
        N_("%(url)s rejected the token in SAILPASS_TOKEN."),
        N_("Print a new one with “sailpass token” where that server runs."),
    ),
    "client.redirected": Words(
        N_("%(url)s redirects to %(to)s, and tokens don't follow redirects."),
        N_("Set SAILPASS_URL to the final address, without redirects."),
    ),
    "client.other_server": Words(
        N_("A Sailpass server answers at %(url)s, but nothing shows that it uses this command's database."),
        N_("Use --url (SAILPASS_URL) to choose that server, or --data-dir to choose the folder with its database."),
    ),
    "client.stopped_answering": Words(
        N_("The server has stopped answering: %(why)s."),
        N_("The operation is recorded. To check its status, run “sailpass status %(operation)s”."),
    ),
    # Their arguments.
    "command.token_without_url": Words(
        N_("SAILPASS_TOKEN is set, but no server is named that the token is for."),
        N_("Set SAILPASS_URL to that server's address, or unset SAILPASS_TOKEN to use the local server."),
    ),
    "command.insecure_url": Words(
        N_("%(url)s isn't encrypted, so others on the network could read the token."),
        N_("Use an https:// address, or --insecure-http if you trust the whole network in between."),
    ),
    "command.url_with_password": Words(
        N_("A server's address must not contain a user or password: %(url)s."),
        N_("Remove them from SAILPASS_URL, and set SAILPASS_TOKEN to a token of that server."),
    ),
    "command.bad_token": Words(
        N_("SAILPASS_TOKEN contains characters that no token has."),
        N_("Copy the token again, without spaces and line breaks."),
    ),
    "service.ambiguous": Words(
        N_("The container service %(service)s exists in several Regions: %(regions)s."),
        N_("Use --region to choose one."),
    ),
    "repository.ambiguous": Words(
        N_("There is a repository %(repository)s in each of %(regions)s."),
        N_("Use --region to choose one."),
    ),
    "repository.no_service": Words(
        N_("Can't check %(repository)s: there are no container services in %(regions)s."),
        N_("Check the Region with --region."),
    ),
    "service.unknown": Words(
        N_("The container service %(service)s doesn't exist in %(regions)s."),
        N_("See the services there are with “sailpass status”."),
    ),
    "service.unknown_but": Words(
        N_("The container service %(service)s doesn't exist in %(regions)s."),
        N_("Did you mean %(nearest)s?"),
    ),
}
