"""The sentences of the problems of reaching AWS: credentials, permissions, settings, the network, this machine.

A key such as `aws.access_denied/session_policy` holds the sentences of a code for one value of its `reason`.
"""

from __future__ import annotations

from app.wording import N_, Words

AWS_WORDS: dict[str, Words] = {
    # Credentials.
    "aws.no_credentials": Words(
        N_("No AWS credentials were found."),
        N_(
            "Sign in on the machine that runs Sailpass (for example with aws configure or aws sso login), then try again."
        ),
    ),
    "aws.partial_credentials": Words(
        N_("The AWS credentials are incomplete: an access key or its secret is missing."),
        N_("Set both parts of the access key on the machine that runs Sailpass, then try again."),
    ),
    "aws.malformed_credentials": Words(
        N_("%(source)s contains a line break, a space or another character that can't be part of it."),
        N_("Set it without that character on the machine that runs Sailpass, then try again."),
    ),
    "aws.expired_token": Words(
        N_("The AWS credentials have expired."),
        N_("Renew them on the machine that runs Sailpass, then try again. Sailpass reloads them automatically."),
    ),
    "aws.sign_in_expired": Words(
        N_("The AWS sign-in of this machine has expired."),
        N_("Run aws sso login (or aws login) on the machine that runs Sailpass, then try again."),
    ),
    "aws.bad_credentials": Words(
        N_("AWS rejected the credentials in %(region)s."),
        N_("Check that the access key is active and that the Region is enabled in your account."),
    ),
    "aws.credentials_unavailable": Words(
        N_("The source of the AWS credentials returned an error or no credentials (%(answer)s)."),
        N_("Check the role, program or metadata service that the AWS profile %(profile)s names, then try again."),
    ),
    "aws.credentials_slow": Words(
        N_("The source of the AWS credentials did not answer within %(seconds)s seconds."),
        N_("Check the role, program or metadata service that your AWS profile names, then try again."),
    ),
    "aws.credentials_refused": Words(
        N_("AWS refused %(action)s, which provides the AWS credentials (%(answer)s)."),
        N_("Check what your AWS profile names: its account, role and sign-in. Then try again."),
    ),
    "aws.mfa_needed": Words(
        N_("The AWS profile %(profile)s asks for an MFA code, which a server can't enter."),
        N_(
            "Use a profile without mfa_serial, such as one of AWS IAM Identity Center, or export temporary credentials with aws configure export-credentials."
        ),
    ),
    "aws.role_refused": Words(
        N_("AWS refused %(action)s for the role %(role)s."),
        N_("Allow it in the role's trust policy and for the identity that assumes the role, then try again."),
    ),
    "aws.role_duration": Words(
        N_("AWS refused %(action)s for the role %(role)s: the session duration is too long."),
        N_("Lower duration_seconds in the AWS profile, or raise the role's maximum session duration."),
    ),
    # Settings.
    "aws.no_profile": Words(
        N_("There is no AWS profile named %(profile)s."),
        N_("Set AWS_PROFILE to a profile that exists on the machine that runs Sailpass, or create this one."),
    ),
    "aws.bad_config": Words(
        N_("The AWS settings of this machine can't be used (%(answer)s)."),
        N_("Check the AWS_ variables and the AWS profile on the machine that runs Sailpass, then try again."),
    ),
    "aws.bad_config_file": Words(
        N_("The AWS configuration file %(path)s can't be read."),
        N_("Correct the file, then try again."),
    ),
    "aws.bad_config_file/line": Words(
        N_("Line %(line)s of the AWS configuration file %(path)s can't be read."),
        N_("Correct that line, then try again."),
    ),
    "aws.bad_config_file/bom": Words(
        N_(
            "Line %(line)s of the AWS configuration file %(path)s begins with a byte order mark, which AWS tools can't read."
        ),
        N_("Save the file as UTF-8 without a byte order mark, then try again."),
    ),
    "aws.bad_setting": Words(
        N_("The value of %(setting)s is not a number."),
        N_("Correct it on the machine that runs Sailpass, then try again."),
    ),
    "aws.ca_missing": Words(
        N_("%(setting)s names the file %(path)s, which does not exist."),
        N_("Correct or unset %(setting)s on the machine that runs Sailpass, then try again."),
    ),
    "aws.ca_unusable": Words(
        N_("%(setting)s names %(path)s, which can't be used as a certificate bundle (%(why)s)."),
        N_("Correct or unset %(setting)s on the machine that runs Sailpass, then try again."),
    ),
    "aws.no_such_endpoint": Words(
        N_("%(setting)s is set, but %(title)s has no %(kind)s endpoint in %(region)s."),
        N_("Unset %(setting)s on the machine that runs Sailpass, then try again."),
    ),
    "aws.no_region": Words(
        N_("No AWS Region is set."),
        N_("Set AWS_REGION, or SAILPASS_REGIONS to the Regions that you use."),
    ),
    "aws.unknown_region": Words(
        N_("There is no AWS Region %(region)s."),
        N_("Correct SAILPASS_REGIONS or AWS_REGION. Nearest names: %(nearest)s."),
    ),
    "aws.no_lightsail": Words(
        N_("Amazon Lightsail isn't available in %(region)s."),
        N_("Correct SAILPASS_REGIONS or AWS_REGION. Nearest names: %(nearest)s."),
    ),
    # Permissions: which policy denies, and what can be done about it.
    "aws.access_denied": Words(
        N_("Your AWS permissions do not allow %(action)s on %(resource)s."),
        N_("Allow this action in IAM. The Permissions page has the policy."),
    ),
    "aws.access_denied/explicit_deny": Words(
        N_("An explicit deny refuses %(action)s on %(resource)s."),
        N_("Find the policy with that Deny and change it. Allowing the action elsewhere doesn't help."),
    ),
    "aws.access_denied/identity_deny": Words(
        N_("An explicit deny in an IAM policy of this identity refuses %(action)s on %(resource)s."),
        N_("Change or remove that Deny in IAM. Allowing the action elsewhere doesn't help."),
    ),
    "aws.access_denied/service_control_policy": Words(
        N_("A service control policy of your AWS organization refuses %(action)s on %(resource)s."),
        N_("Ask the administrator of the organization to allow it. An IAM policy can't."),
    ),
    "aws.access_denied/resource_control_policy": Words(
        N_("A resource control policy of your AWS organization refuses %(action)s on %(resource)s."),
        N_("Ask the administrator of the organization for an exception. An IAM policy can't allow it."),
    ),
    "aws.access_denied/permissions_boundary": Words(
        N_("The permissions boundary of this identity refuses %(action)s on %(resource)s."),
        N_("Ask who manages the permissions boundary to allow the action in it. Another IAM policy can't."),
    ),
    "aws.access_denied/session_policy": Words(
        N_("The session policy of these credentials refuses %(action)s on %(resource)s."),
        N_("Create the session with a session policy that allows the action, or without one."),
    ),
    "aws.access_denied/vpc_endpoint_policy": Words(
        N_("The policy of a VPC endpoint refuses %(action)s on %(resource)s."),
        N_("Ask who manages the VPC endpoint to allow the action in its policy. An IAM policy can't."),
    ),
    "aws.access_denied/resource_policy": Words(
        N_("The policy of the resource itself refuses %(action)s on %(resource)s."),
        N_("Change the resource's policy so that it allows this identity. An IAM policy may not be enough."),
    ),
    "aws.clock_wrong": Words(
        N_("AWS refused the request because the clock of this machine is wrong."),
        N_("Set the clock of the machine that runs Sailpass by a time server, then try again."),
    ),
    # The network, and invalid answers.
    "aws.throttled": Words(
        N_("AWS is throttling %(action)s for this account."),
        N_("Try again in a minute; other programs that call AWS in this account share the limit."),
    ),
    "aws.unreachable": Words(
        N_("Can't reach AWS at %(endpoint)s."),
        N_("Check the network of the machine that runs Sailpass, then try again."),
    ),
    "aws.slow": Words(
        N_("AWS did not answer %(action)s in time."),
        N_("Try again in a minute; if it stays so, look at the AWS Health Dashboard for %(region)s."),
    ),
    "aws.call_lost": Words(
        N_("A call to AWS in %(region)s did not end within %(seconds)s seconds."),
        N_("Check the network and the name resolution of the machine that runs Sailpass, then try again."),
    ),
    "aws.failed": Words(
        N_("AWS failed to do %(action)s: %(answer)s."),
        N_("Try again in a minute; if it stays so, look at the AWS Health Dashboard for %(region)s."),
    ),
    "aws.bad_answer": Words(
        N_("The answer to %(action)s from %(endpoint)s was incomplete or damaged."),
        N_("Try again in a minute. If it happens again, check the network and any proxy in between."),
    ),
    "aws.proxy": Words(
        N_("The proxy %(endpoint)s cannot be used to reach AWS."),
        N_("Check HTTPS_PROXY and NO_PROXY on the machine that runs Sailpass, then try again."),
    ),
    "aws.not_trusted": Words(
        N_("The certificate of %(endpoint)s is not trusted."),
        N_("If a proxy inspects your traffic, set AWS_CA_BUNDLE to its certificate. Otherwise, don't continue."),
    ),
    "aws.not_aws": Words(
        N_("The server at %(endpoint)s isn't AWS."),
        N_("Check AWS_ENDPOINT_URL and any proxy on the machine that runs Sailpass."),
    ),
    "aws.region_setup": Words(
        N_("AWS is still setting up your account in %(region)s."),
        N_("Wait a few minutes, then try again."),
    ),
    "aws.region_disabled": Words(
        N_("Your account may not use this service in %(region)s yet."),
        N_("Enable the region under Account in the AWS console, wait a few minutes, then try again."),
    ),
    "aws.refused": Words(
        N_("AWS rejected the request %(action)s (%(answer)s)."),
        N_("Read AWS's message below. If it is about nothing that you entered, report it."),
    ),
    "aws.unknown": Words(
        N_("AWS answered %(action)s with an unknown error: %(answer)s."),
        N_("Read AWS's message below, then try again or report it."),
    ),
    # This machine.
    "host.out_of_files": Words(
        N_("The server has no free file descriptors."),
        N_("Close unused connections or raise the limit (ulimit -n). Sailpass tries again automatically."),
    ),
    "host.out_of_memory": Words(
        N_("The server has no free memory."),
        N_("Give the server more memory, or stop other programs. Sailpass tries again automatically."),
    ),
    "host.out_of_threads": Words(
        N_("The server can't start another thread or process."),
        N_("Raise the limit (ulimit -u, or the container's pids limit). Sailpass tries again automatically."),
    ),
    "host.out_of_connections": Words(
        N_("All connections to AWS are in use."),
        N_("Wait a few seconds. Sailpass tries again automatically."),
    ),
}
